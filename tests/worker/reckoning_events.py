"""Reckon what a clinic's system has to be told of a life, and in which order, and hold what arrived against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from prep_tracker.domain import entries as e
from prep_tracker.domain.plan import Checklist
from prep_tracker.domain.standing import level_on
from tests.worker.lives import MINUTE, Life
from tests.worker.naps import asleep_between, awake_from
from tests.worker.post import Attempt
from tests.worker.reckoning import Fault, Rows, first_instant, wall

UNDO = timedelta(minutes=2)
ATTEMPTS = 13
Key = tuple[str, int | None, str]


@dataclass(frozen=True, slots=True)
class Due:
    """Something that happened at an instant, of which the clinic's system is to be told; from what to what it went."""

    at: datetime
    key: Key
    before: object = None
    after: object = None


def faults_of_events(life: Life, rows: Rows) -> Iterator[Fault]:
    """Hold what was told against what happened: all of it, in its order, and the last word is the truth."""
    told = [one for one in life.attempts if one.channel == "webhook"]
    yield from _order(told)
    if life.history[-1].is_here:
        yield from ((("stuck", f"{row['topic']} {row['status']}")) for row in rows if row["status"] == "planned")
    yield from _lost(life, rows, told)
    if all(then.is_told for then in life.history):
        yield from _standing(life, rows, told)


def _order(told: list[Attempt]) -> Iterator[Fault]:
    """Hold that a later one is not tried while an earlier one waits, and that versions never go back."""
    version, over, now = 0, set[str](), ""
    for one in told:
        if one.id in over:
            yield "order", f"{one.at}: {one.key} comes again after a later one"
        if one.id != now:
            over.add(now)
            now = one.id
        if one.event["data"]["version"] < version:
            yield "order", f"{one.at}: {one.key} comes after version {version}"
        version = one.event["data"]["version"]


def happened(life: Life) -> list[Due]:
    """List what happened, in its order: what each entry says, how the procedure then stands, and what is to review."""
    found: list[Due] = []
    before: Checklist | None = None
    known = 0
    for then in life.history:
        new = then.entries[known:]
        if not new:
            continue
        known = len(then.entries)
        after, day = life.plan(then.entries), wall(then.at, life.zone).date().toordinal()
        found += [due for entry in new if (due := _said(before, after, entry, then.entries)) is not None]
        if before is not None and after.record.ended is None:
            was, stands = level_on(before, day), level_on(after, day)
            if was != stands:
                found.append(Due(then.at, ("procedure.standing_changed", new[-1].seq, ""), was, stands))
        open_before = {(i.rule.step.id, n) for i in before.items for n in i.undecided} if before else set()
        steps = {i.rule.step.id for i in after.items for n in i.undecided if (i.rule.step.id, n) not in open_before}
        found += [Due(then.at, ("review.needed", new[-1].seq, step)) for step in sorted(steps)]
        before = after
    return found


def _said(before: Checklist | None, after: Checklist, entry: e.Entry, entries: tuple[e.Entry, ...]) -> Due | None:
    match entry:
        case e.Booked():
            return Due(entry.at, ("procedure.booked", entry.seq, ""))
        case e.Moved() if before is not None:
            was, to = ((one.record.on, one.record.start) for one in (before, after))
            return Due(entry.at, ("procedure.moved", entry.seq, ""), was, to)
        case e.Ended():
            return Due(entry.at, ("procedure.ended", entry.seq, ""))
        case e.Marked():
            return Due(entry.at, ("item.marked", entry.seq, ""))
        case e.Exposed():
            return Due(entry.at, ("exposure.reported", entry.seq, ""))
        case e.Withdrawn():
            kind = {e.Marked: "item.marked", e.Exposed: "exposure.reported"}.get(type(entries[entry.entry - 1]))
            return None if kind is None else Due(entry.at, (kind, entry.seq, ""), entry.entry, None)
    return None


def _lost(life: Life, rows: Rows, told: list[Attempt]) -> Iterator[Fault]:
    arrived = {one.key for one in told if one.arrived}
    tried = {one.key for one in told}
    parked = {one.key for one in told if sum(other.id == one.id for other in told) >= ATTEMPTS}
    waiting = {row["body"]["entry"] for row in rows if row["status"] == "planned"}
    all_due = happened(life)
    undone = _undone(life, [due for due in all_due if due.key not in tried], all_due, told)
    for due in all_due:
        was_off = not all(then.is_told for then in life.history if then.at >= due.at or then is life.then(due.at))
        gone = not life.history[-1].is_here and due.key[1] in waiting
        taken = due.key[0] == "procedure.standing_changed" and due.key not in tried and _began_unseen(life, due.at)
        if due.key not in arrived | parked | undone and not was_off and not gone and not taken:
            yield "event lost", f"{due.at}: {due.key}"


def _began_unseen(life: Life, at: datetime) -> bool:
    """Say whether a day began about then while the worker slept, which may have taken a change back before it was told.

    How it stood in the end must have been told all the same.
    """
    day = wall(at, life.zone).toordinal()
    return any((begin := first_instant(day + n, 0, life.zone)) != awake_from(begin) for n in range(-2, 3))


def _undone(life: Life, never: list[Due], every: list[Due], told: list[Attempt]) -> set[Key]:
    """Give what nobody was told because it was taken back before its time had come."""
    found: set[Key] = set()
    open_: dict[str, list[Due]] = {}
    for due in every:
        kind = due.key[0]
        if kind in {"procedure.moved", "procedure.standing_changed"}:
            stack = open_.setdefault(kind, [])
            if due not in never:
                stack.clear()
            elif stack and (stack[-1].before, stack[-1].after) == (due.after, due.before):
                first = stack.pop()
                if _in_time(first, due, told):
                    found |= {first.key, due.key}
            else:
                stack.append(due)
        elif due.before is not None and due in never:
            first = next(one for one in every if one.key == (kind, due.before, ""))
            if first in never and _in_time(first, due, told):
                found |= {first.key, due.key}
    del life
    return found


def _in_time(first: Due, back: Due, told: list[Attempt]) -> bool:
    """Say whether something was taken back within two minutes, or before the worker could have told it."""
    free = awake_from(first.at + UNDO)
    if back.at <= free:
        return True
    runs: dict[str, list[datetime]] = {}
    for one in told:
        runs.setdefault(one.id, []).append(one.at)
    return any(times[0] <= free and times[-1] >= min(free, back.at) and len(times) > 1 for times in runs.values())


def _standing(life: Life, rows: Rows, told: list[Attempt]) -> Iterator[Fault]:
    """Each change begins where the last one ended; whenever all is quiet, the last one told is how it stands."""
    stands: Any = None
    changes: list[tuple[datetime, Any]] = []
    seen: set[str] = set()
    for one in told:
        if not one.arrived or one.id in seen:
            continue
        seen.add(one.id)
        data = one.event["data"]
        if one.event["type"] == "procedure.booked":
            stands = data["standing"]
        elif one.event["type"] == "procedure.standing_changed":
            if data["before"] != stands:
                yield "chain", f"{one.at}: from {data['before']} to {data['after']}, but {stands} was told before"
            stands = data["after"]
        changes.append((one.at, stands))
    for now in [*(then.at for then in life.history[1:]), life.until]:
        then = life.then(now - timedelta(microseconds=1))
        is_quiet = now - then.at > 5 * MINUTE and not asleep_between(now - 5 * MINUTE, now)
        is_quiet = is_quiet and not any(_runs(told, one.id)[0] < now < _runs(told, one.id)[1] for one in told)
        is_quiet = is_quiet and not any(row["status"] == "planned" and row["created_at"] < now for row in rows)
        checklist = life.plan(then.entries)
        if is_quiet and checklist.record.ended is None and then.is_here:
            last = next((level for at, level in reversed(changes) if at < now), None)
            level = level_on(checklist, wall(now, life.zone).date().toordinal())
            if last != level:
                yield "standing", f"{now}: it is {level}, and {last} was told"


def _runs(told: list[Attempt], id_: str) -> tuple[datetime, datetime]:
    times = [one.at for one in told if one.id == id_]
    return times[0], times[-1]
