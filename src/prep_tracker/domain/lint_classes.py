"""Find classes that mean nothing here, and medicines that a patient would be told to stop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prep_tracker.domain.lexicon import Lexicon
from prep_tracker.domain.lint_finding import Finding, Spot, conditions, near, spots
from prep_tracker.domain.protocol import Avoid, Daily, Protocol, Review


def class_findings(protocol: Protocol, lexicon: Lexicon) -> Iterator[Finding]:
    """Yield unknown classes, kinds that are none, and what ``prescribed`` may not say."""
    for spot, step in spots(protocol.steps):
        for when, place in conditions(step.when, spot / "when"):
            if when.uses is not None:
                yield from _known(((place / "uses", when.uses),), lexicon)
        if isinstance(step, Avoid | Daily | Review):
            yield from _known(_numbered(spot / "of", step.of), lexicon)
        if isinstance(step, Avoid):
            yield from _known(_numbered(spot / "except", step.except_), lexicon)
            yield from _known(((spot / "longer" / name, name) for name in step.longer), lexicon)
            yield from _kinds(step, spot, lexicon)
            yield from _prescribed(step, spot / "prescribed", lexicon)


def _numbered(spot: Spot, names: Iterable[str]) -> Iterator[tuple[Spot, str]]:
    return ((spot / number, name) for number, name in enumerate(names))


def _known(names: Iterable[tuple[Spot, str]], lexicon: Lexicon) -> Iterator[Finding]:
    for spot, name in names:
        if name not in lexicon:
            yield spot.fault(
                "unknown-class",
                f"the lexicon has no {name}",
                f"Use a name of the lexicon.{near(name, (*lexicon.classes, *lexicon.entries))}",
            )


def _kinds(step: Avoid, spot: Spot, lexicon: Lexicon) -> Iterator[Finding]:
    """Yield what stands under ``longer`` or ``except`` without being a kind of what is avoided."""
    avoided = lexicon.members(step.of)
    of = " or ".join(step.of)
    for name in step.longer:
        if name in lexicon and name not in avoided:
            yield (spot / "longer" / name).fault(
                "no-kind", f"{name} is no kind of {of}", "Add it to of, or write a kind of what is avoided."
            )
    for place, name in _numbered(spot / "except", step.except_):
        if name in lexicon and name not in avoided:
            yield place.fault("no-kind", f"{name} is no kind of {of}: it was never avoided", "Remove it from except.")
    if not frozenset(step.of) - lexicon.members(step.except_):
        yield (spot / "except").fault("nothing-left", "nothing is left to avoid", "Take something out of except.")


def _prescribed(step: Avoid, spot: Spot, lexicon: Lexicon) -> Iterator[Finding]:
    if step.prescribed is None:
        return
    meant = lexicon.members(step.of) - lexicon.members(step.except_)
    systemic = sorted(name for name in meant if lexicon.is_systemic(name))
    if step.prescribed == "stop" and systemic:
        yield spot.fault(
            "stops-a-medicine",
            f"{systemic[0]} acts on the whole body: nobody may be told to stop it without a clinician",
            "Write review, or wait; or put it under except.",
        )
    elif not any(lexicon.is_medicine(name) for name in meant) and step.prescribed != "stop":
        yield spot.note(
            "no-medicine", f"nothing here is a medicine, so {step.prescribed} changes nothing", "Remove the line."
        )
