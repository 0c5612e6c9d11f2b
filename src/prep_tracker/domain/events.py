"""Say what happened to a procedure, for systems that want to be told: the types of events, and what each holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, get_args

from prep_tracker.domain import entries as e
from prep_tracker.domain.standing import level_on

if TYPE_CHECKING:
    from prep_tracker.domain.plan import Checklist

EventType = Literal[
    "procedure.booked",
    "procedure.moved",
    "procedure.standing_changed",
    "procedure.ended",
    "item.marked",
    "exposure.reported",
    "review.needed",
]
EVENTS: tuple[EventType, ...] = get_args(EventType)
UNDOABLE = frozenset({"procedure.moved", "procedure.standing_changed"})
"""Events that say from what to what: one that goes back undoes the one before it, while nobody has been told."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. ``entry`` is the number of the entry by which it did; None: a day began.

    ``details`` are what only those get whom the clinic has cleared for more than ids.
    """

    type: EventType
    version: int
    entry: int | None
    details: Mapping[str, Any]


def happened(before: Checklist | None, after: Checklist, new: Sequence[e.Entry], day: int) -> tuple[Event, ...]:
    """List what new entries brought about, in their order, then how it all stands; ``before`` is None for a booking."""
    events = [event for entry in new if (event := _said(before, after, entry)) is not None]
    last = new[-1].seq
    if before is None:
        details = {**_day(after), "standing": level_on(after, day)}
        events.insert(0, Event("procedure.booked", after.record.version, new[0].seq, details))
    elif after.record.ended is None and level_on(before, day) != level_on(after, day):
        events.append(_stands(after, level_on(before, day), level_on(after, day), last))
    events += [
        Event("review.needed", after.record.version, last, {"step": step, "products": list(products)})
        for step, products in _undecided(after).items()
        if set(products) - set(_undecided(before).get(step, ()) if before else ())
    ]
    return tuple(events)


def turned(checklist: Checklist, from_day: int, day: int) -> Event | None:
    """Say that a procedure stands otherwise than on ``from_day``, because days have passed; None: it does not."""
    was, stands = level_on(checklist, from_day), level_on(checklist, day)
    return None if was == stands else _stands(checklist, was, stands, None)


def turns(checklist: Checklist) -> tuple[int, ...]:
    """List the days on which it may stand otherwise than the day before if nothing more is said, in their order."""
    if checklist.record.ended is not None:
        return ()
    found = {day for day in checklist.projection if day is not None}
    return tuple(sorted({*found, checklist.record.on + 1}))


def _said(before: Checklist | None, after: Checklist, entry: e.Entry) -> Event | None:
    version = after.record.version
    match entry:
        case e.Moved():
            old = {} if before is None else _day(before)
            new = {"on": entry.on.isoformat(), "at": entry.start}
            return Event("procedure.moved", version, entry.seq, {"before": old, "after": new})
        case e.Ended():
            return Event("procedure.ended", version, entry.seq, {"state": entry.state})
        case e.Marked():
            on = None if entry.on is None else entry.on.isoformat()
            return Event("item.marked", version, entry.seq, {"step": entry.step, "mark": entry.mark, "on": on})
        case e.Exposed():
            details = {"to": entry.to, "on": entry.on.isoformat(), "kind": entry.special}
            return Event("exposure.reported", version, entry.seq, details)
        case e.Withdrawn() if before is not None:
            if any(mark.seq == entry.entry for marks in before.record.marks.values() for mark in marks):
                return Event("item.marked", version, entry.seq, {"withdrawn": entry.entry})
            if any(contact.seq == entry.entry for contact in before.record.contacts):
                return Event("exposure.reported", version, entry.seq, {"withdrawn": entry.entry})
    return None


def _stands(checklist: Checklist, was: str, stands: str, entry: int | None) -> Event:
    details = {"before": was, "after": stands}
    return Event("procedure.standing_changed", checklist.record.version, entry, details)


def _undecided(checklist: Checklist) -> dict[str, tuple[int, ...]]:
    return {item.rule.step.id: item.undecided for item in checklist.items if item.undecided}


def _day(checklist: Checklist) -> dict[str, Any]:
    return {"on": date.fromordinal(checklist.record.on).isoformat(), "at": checklist.record.start}
