"""Collect what a patient reads of a protocol."""

from collections.abc import Iterator

from prep_tracker.domain.protocol import Daily, Gate, Protocol, Step
from prep_tracker.domain.terms import Text


def texts_of(step: Step) -> Iterator[Text]:
    """Yield every text of one step that reaches the patient, in the order of reading."""
    yield step.title
    if isinstance(step, Gate):
        yield step.ask
    if isinstance(step, Daily) and step.again:
        yield step.again
    if step.detail:
        yield step.detail


def texts_in(protocol: Protocol) -> Iterator[Text]:
    """Yield every text of a protocol: its names, its questions, its steps."""
    yield protocol.title
    if protocol.summary:
        yield protocol.summary
    yield from (fact.ask for fact in protocol.facts)
    yield from (event.ask for event in protocol.events)
    for step in protocol.steps:
        yield from texts_of(step)
