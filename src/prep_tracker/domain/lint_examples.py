"""Find what the examples of a protocol speak of without its being there: such an example would prove nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from prep_tracker.domain.lexicon import Lexicon
from prep_tracker.domain.lint_finding import Finding, Spot, near
from prep_tracker.domain.protocol import BUILT_IN_EVENTS, Protocol
from prep_tracker.domain.worked import Expected, Saying

_ABOUT_STEPS = ("since", "done", "kept", "safe", "unsafe", "opened", "waived", "understood")


def example_findings(protocol: Protocol, lexicon: Lexicon) -> Iterator[Finding]:
    """Yield the names of steps, facts, events and classes in examples that lead nowhere."""
    steps = frozenset(step.id for step in protocol.steps)
    for number, example in enumerate(protocol.examples):
        spot = Spot(("examples", number))
        yield from _expected(example.expect, spot / "expect", steps)
        for place, one in enumerate(example.said):
            yield from _said(one, spot / "said" / place, protocol, steps, lexicon)


def _expected(expect: Expected, spot: Spot, steps: Collection[str]) -> Iterator[Finding]:
    for key in ("states", "opens", "closes"):
        yield from _there(_places(getattr(expect, key), spot / key), steps, "step")


def _said(one: Saying, spot: Spot, protocol: Protocol, steps: Collection[str], lexicon: Lexicon) -> Iterator[Finding]:
    for key in _ABOUT_STEPS:
        yield from _there(_places(getattr(one, key), spot / key), steps, "step")
    yield from _there(_places(one.answers, spot / "answers"), {fact.id for fact in protocol.facts}, "fact")
    events = BUILT_IN_EVENTS | {event.id for event in protocol.events}
    yield from _there(_places(one.events, spot / "events"), events, "event")
    classes = {*lexicon.classes, *lexicon.entries}
    yield from _there(_places(one.product, spot / "product"), classes, "class")
    contacts = [(spot / key, name) for key, name in (("exposed", one.exposed), ("kind", one.kind)) if name is not None]
    yield from _there(contacts, classes, "class")


def _places(names: Iterable[str], spot: Spot) -> list[tuple[Spot, str]]:
    """Give each name with its place: its key, or its number in a list."""
    return [(spot / (name if isinstance(names, dict) else number), name) for number, name in enumerate(names)]


def _there(names: Iterable[tuple[Spot, str]], known: Collection[str], what: str) -> Iterator[Finding]:
    for spot, name in names:
        if name not in known:
            message = f"the example speaks of the {what} {name}, which is not there"
            yield spot.fault("unknown-in-example", message, f"Mend the name.{near(name, known)}")
