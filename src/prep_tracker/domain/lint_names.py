"""Find names that lead nowhere: facts never asked, events and tasks that are not there, circles."""

from __future__ import annotations

from collections.abc import Iterator

from prep_tracker.domain.days import parse_day
from prep_tracker.domain.lint_finding import Finding, Spot, conditions, near, points, spots
from prep_tracker.domain.protocol import BUILT_IN_EVENTS, Avoid, Daily, Do, Fact, Protocol
from prep_tracker.domain.terms import Point, Scalar, When

TOLD = "told"
_SHOWN = 40


def name_findings(protocol: Protocol) -> Iterator[Finding]:
    """Yield what is named but not there, what is there but never used, and tasks that wait for one another."""
    yield from _declared(protocol)
    facts = {fact.id: fact for fact in protocol.facts}
    used: set[str] = set()
    for spot, step in spots(protocol.steps):
        for when, place in conditions(step.when, spot / "when"):
            if when.fact is not None:
                used.add(when.fact)
                yield from _on_fact(when, place, facts)
        for key, point in points(step):
            used |= {point.event} if point.event else set()
            yield from _point(point, spot / key, protocol)
        if isinstance(step, Avoid | Daily) and step.until is not None:
            used.add(step.until)
            yield from _until(step.until, spot / "until", protocol)
    yield from _point(protocol.clearance_due, Spot(("clearance_due",)), protocol)
    used |= {protocol.clearance_due.event} if protocol.clearance_due.event else set()
    asked = {"facts": [fact.id for fact in protocol.facts], "events": [event.id for event in protocol.events]}
    for group, names in asked.items():
        for number, name in enumerate(names):
            if name not in used:
                yield Spot((group, number)).note(
                    "unused", f"{name} is asked, but no step depends on it", "Use it, or remove it."
                )
    yield from _circles(protocol)


def _declared(protocol: Protocol) -> Iterator[Finding]:
    for number, fact in enumerate(protocol.facts):
        twice = next((one for one in fact.options if fact.options.count(one) > 1), None)
        if twice is not None:
            yield Spot(("facts", number, "options")).fault(
                "option-twice", f"the option {twice} comes twice", "Remove one of them."
            )
    for number, event in enumerate(protocol.events):
        if event.id in BUILT_IN_EVENTS or event.id == TOLD:
            yield Spot(("events", number, "id")).fault(
                "reserved-event", f"{event.id} is there already", "Use it without listing it, or take another name."
            )


def _on_fact(when: When, spot: Spot, facts: dict[str, Fact]) -> Iterator[Finding]:
    fact = facts.get(when.fact or "")
    if fact is None:
        yield (spot / "fact").fault(
            "unknown-fact",
            f"the fact {when.fact} is never asked",
            f"Add it to facts, or mend its name.{near(when.fact or '', facts)}",
        )
        return
    values = (
        ((spot / "is", when.is_),)
        if when.in_ is None
        else tuple((spot / "in" / number, value) for number, value in enumerate(when.in_))
    )
    for place, value in values:
        if not _fits(fact, value):
            yield place.fault("wrong-answer", f"{fact.id} can never be {_show(value)}", _mend(fact, value))


def _fits(fact: Fact, value: Scalar | None) -> bool:
    match fact.type:
        case "yes-no":
            return isinstance(value, bool)
        case "one-of" | "many-of":
            return isinstance(value, str) and value in fact.options
        case "number":
            return isinstance(value, int) and not isinstance(value, bool)
        case "date":
            return isinstance(value, str) and _is_day(value)
        case "text":
            return isinstance(value, str)


def _is_day(text: str) -> bool:
    try:
        parse_day(text)
    except ValueError:
        return False
    return True


def _mend(fact: Fact, value: Scalar | None) -> str:
    match fact.type:
        case "yes-no":
            return "Write true or false, without quotes."
        case "one-of" | "many-of":
            return f"Write one of {', '.join(fact.options)}.{near(str(value), fact.options)}"
        case "number":
            return "Write a whole number, without quotes."
        case "date":
            return "Write the day as 2026-12-18."
        case "text":
            return "Put the text in quotes."


def _show(value: Scalar | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _point(point: Point, spot: Spot, protocol: Protocol) -> Iterator[Finding]:
    events = BUILT_IN_EVENTS | {event.id for event in protocol.events}
    if point.event is not None and point.event not in events:
        yield (spot / "event").fault(
            "unknown-event",
            f"there is no event {point.event}",
            f"Add it to events, or write {' or '.join(sorted(BUILT_IN_EVENTS))}.{near(point.event, events)}",
        )
    tasks = {step.id for step in protocol.steps if isinstance(step, Do)}
    if point.done is not None and point.done not in tasks:
        there = any(step.id == point.done for step in protocol.steps)
        what = f"{point.done} is no task that is done once" if there else f"there is no step {point.done}"
        yield (spot / "done").fault("unknown-task", what, f"Name a step of kind do.{near(point.done, tasks)}")


def _until(until: str, spot: Spot, protocol: Protocol) -> Iterator[Finding]:
    ends = {"healed", TOLD, *(event.id for event in protocol.events)}
    if until not in ends:
        yield spot.fault(
            "unknown-event",
            f"nothing called {until} can end this",
            f"Write healed, told, or an event of this protocol.{near(until, ends)}",
        )


def _circles(protocol: Protocol) -> Iterator[Finding]:
    """Yield tasks that can never get a date, since each counts from when another was done, and so back to itself."""
    waits = {step.id: {point.done for _, point in points(step) if point.done} for step in protocol.steps}
    for spot, step in spots(protocol.steps):
        reached: set[str] = set()
        ahead = set(waits[step.id])
        while ahead:
            name = ahead.pop()
            if name not in reached:
                reached.add(name)
                ahead |= waits.get(name, set())
        if step.id in reached:
            others = f", by way of {', '.join(sorted(reached - {step.id}))}" if reached != {step.id} else ""
            yield spot.fault("circle", f"it waits for itself{others}", "Let one of them count from the procedure.")
