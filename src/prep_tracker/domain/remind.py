"""Say of what a step may remind the patient, and of what it does where its protocol says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from prep_tracker.domain.protocol import Avoid, Daily, Do, Note, Step
    from prep_tracker.domain.terms import Point, When

RemindKind = Literal["tomorrow", "today", "answer", "late", "last-day", "day-before", "aftercare"]
KINDS: tuple[RemindKind, ...] = get_args(RemindKind)
Kinds = frozenset[RemindKind]
NONE: Kinds = frozenset()
ANSWER: Kinds = frozenset({"answer"})
WINDOW: Kinds = frozenset({"tomorrow", "today", "answer", "day-before"})
DEFAULTS: Mapping[str, Kinds] = {
    "avoid": frozenset({"tomorrow", "answer", "last-day", "aftercare"}),
    "do": frozenset({"today", "late", "last-day", "day-before", "aftercare"}),
    "daily": frozenset({"tomorrow", "late", "last-day", "aftercare"}),
    "gate": frozenset({"answer"}),
    "review": frozenset({"answer"}),
    "note": frozenset({"today", "answer", "aftercare"}),
}
"""By kind of step, as far as they can come."""
FROM_A_POINT: Kinds = frozenset({"answer", "day-before", "aftercare"})
"""Of what an avoid step that begins at a point reminds: "nothing to eat after midnight" belongs to the day before."""


def kinds_of(step: Step) -> Kinds:
    """Give the kinds of reminders that a step asks for, or has by default."""
    can = possible(step)
    if step.remind is not None:
        return frozenset(step.remind) & can
    usual = FROM_A_POINT if step.kind == "avoid" and step.from_ is not None else DEFAULTS[step.kind]
    return (usual | ANSWER) & can


def possible(step: Step) -> Kinds:
    """Give the kinds of reminders that can ever come for a step; what staff or clinicians do comes to no patient.

    Whatever the step, an answer may be missing on which it depends whether it applies.
    """
    return _of_kind(step) | (ANSWER if _asks(step.when) else NONE)


def _asks(when: When | None) -> bool:
    if when is None:
        return False
    return when.fact is not None or any(map(_asks, (*(when.all_ or ()), *(when.any_ or ()), when.not_)))


def _of_kind(step: Step) -> Kinds:
    match step.kind:
        case "avoid":
            return _of_avoid(step)
        case "do":
            return _of_task(step) if step.by == "patient" else NONE
        case "daily":
            return _of_daily(step)
        case "gate":
            return frozenset({"answer", "day-before"}) if step.by == "patient" else NONE
        case "review":
            return frozenset({"answer", "day-before"}) if step.of else NONE
        case _:
            return _of_note(step)


def _of_avoid(step: Avoid) -> Kinds:
    found: set[RemindKind] = set()
    if step.days_before is not None:
        found |= WINDOW | {"last-day"}
    elif step.from_ is not None:
        found |= WINDOW
    if step.days_after is not None or step.until is not None:
        found.add("aftercare")
    return frozenset(found)


def _of_task(step: Do) -> Kinds:
    lead = step.lead_days or 0
    if step.due is not None and _may_follow(step.due) and not lead:
        after: Kinds = frozenset({"aftercare", "last-day"})
        return after if not _counts_from_record(step.due) else frozenset(KINDS) - {"answer"}
    found: set[RemindKind] = {"today", "last-day", "day-before"}
    if step.opens is not None:
        found.add("tomorrow")
    # What is due on the very last day is never late: from the next day on it is too late.
    if not lead if step.due is None else step.due.days is None or -step.due.days > lead:
        found.add("late")
    return frozenset(found)


def _of_daily(step: Daily) -> Kinds:
    found: set[RemindKind] = {"day-before"}
    if step.from_ is not None:
        found |= {"tomorrow", "today"}
    if step.start_by is not None:
        found |= {"late", "last-day"}
    if step.until is not None or (step.to is not None and _may_follow(step.to)):
        found.add("aftercare")
    return frozenset(found)


def _of_note(step: Note) -> Kinds:
    found: set[RemindKind] = {"day-before"}
    if step.at is not None:
        found |= {"tomorrow", "today"}
    if step.confirm:
        found.add("answer")
    if any(point is not None and _may_follow(point) for point in (step.at, step.to)):
        found.add("aftercare")
    return frozenset(found)


def _may_follow(point: Point) -> bool:
    """Say whether a point may lie after the procedure day."""
    count = point.days or point.months or point.business_days or point.hours or point.minutes or 0
    return _counts_from_record(point) or count > 0


def _counts_from_record(point: Point) -> bool:
    return point.event is not None or point.done is not None
