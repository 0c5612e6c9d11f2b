"""Lay the steps that are done: one task, and the same thing every day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prep_tracker.domain.items import Change, Item, State, timeline
from prep_tracker.domain.points import Moment, resolve
from prep_tracker.domain.protocol import Daily, Do

if TYPE_CHECKING:
    from prep_tracker.domain.days import Calendar
    from prep_tracker.domain.protocol import AtLeast
    from prep_tracker.domain.record import Record
    from prep_tracker.domain.rules import Rule

FAR = 10**7
"""A day beyond every calendar."""


def undated(rule: Rule, record: Record) -> Item:
    """Lay a step whose event or task is not recorded yet: no dates, and no word about the standing."""
    return Item(
        rule,
        timeline(record.booked_on, [(record.booked_on, "upcoming")]),
        provisional=True,
        silent=True,
        counted=False,
    )


def lay_do(rule: Rule, record: Record, calendar: Calendar) -> Item:
    """Lay one task: open, late after it is due, short once the lead before the procedure can no longer be kept."""
    step = rule.step
    assert isinstance(step, Do)  # noqa: S101 - the caller picks the function by kind
    on, start, lead = record.on, record.booked_on, step.lead_days or 0
    due = Moment(on - max(1, lead)) if step.due is None else resolve(step.due, record, calendar)
    opens = Moment(start) if step.opens is None else resolve(step.opens, record, calendar)
    if due is None or opens is None:
        return undated(rule, record)
    aftercare = due.day > on and step.lead_days is None
    last = FAR if aftercare else on - lead
    earliest = opens.day if step.opens is not None else -FAR
    oldest = -FAR if step.valid_days is None else on - step.valid_days
    valid = sorted(d.on for d in record.done.get(step.id, ()) if d.on >= earliest and d.on >= oldest)
    if not valid and record.assumed_from is not None and not aftercare:
        valid = [max(record.assumed_from, opens.day)]
    moments = tuple(m for m in (due, opens) if m.time or m.part or m.to_follow)
    item = Item(rule, (), opens=opens.day, due=due.day, closes=due.day if aftercare else on, moments=moments)
    item.silent = aftercare or due.to_follow or opens.to_follow
    item.counted = not item.silent and due.day < on  # what is due on the day itself keeps nobody from being ready
    item.last_chance = due.day if aftercare else last
    if valid and valid[0] <= last:
        item.settled = True
        gone: list[Change] = [(due.day + 1, "over")] if aftercare else []
        item.timeline = timeline(start, [(start, "done"), *gone])
    elif valid:
        item.bound = item.bound_ask = valid[0] + lead
        item.shorts = ((start, item.bound - on, item.bound - on),)
        item.timeline = timeline(start, [(start, "short")])
    elif aftercare:
        item.timeline = timeline(start, [(start, "upcoming"), (opens.day, "open"), (due.day + 1, "over")])
    else:
        changes: list[Change] = [(start, "upcoming"), (opens.day, "open")]
        if due.day < last:
            changes.append((max(due.day, opens.day - 1) + 1, "late"))
        item.timeline = timeline(start, [*changes, (last + 1, "short")])
        # Every further day without it moves the first possible procedure day by one.
        item.shorts = tuple((last + n, n, n) for n in range(1, max(lead, 1) + 1))
        item.open_ask = True
    return item


def lay_daily(rule: Rule, record: Record, calendar: Calendar) -> Item:
    """Lay a daily step. Only days up to the procedure day count for the standing."""
    step = rule.step
    assert isinstance(step, Daily)  # noqa: S101 - the caller picks the function by kind
    on, start = record.on, record.booked_on
    first = Moment(start) if step.from_ is None else resolve(step.from_, record, calendar)
    by = None if step.start_by is None else resolve(step.start_by, record, calendar)
    if first is None or (step.start_by is not None and by is None):
        return undated(rule, record)
    end = Moment(FAR)
    if step.to is not None:
        end = resolve(step.to, record, calendar) or end
    elif step.until in record.events:
        end = Moment(record.events[step.until or ""])
    marks = {day: kept for day, (_, kept) in record.kept.get(step.id, {}).items() if day >= first.day}
    moments = tuple(m for m in (first, end, by) if m is not None and (m.time or m.part or m.to_follow))
    item = Item(rule, (), opens=first.day, due=None, moments=moments, counted=False)
    item.closes = None if end.day == FAR else end.day
    item.days_done = sum(marks.values())
    item.silent = (step.at_least is None and by is None) or first.to_follow or end.to_follow or first.day > on
    after_end: State = "over"
    changes: list[Change] = [(start, "upcoming"), (first.day, "open")]
    if step.at_least is not None:
        last = min(end.day, on if step.to is not None else on - 1)
        item.shorts = _missing(step.at_least, marks, first.day, last, record)
        if not item.shorts:
            after_end = "done"
            item.settled = True
        item.last_chance = last
    if by is not None:
        _start_by(item, marks, first.day, by.day, record)
        if not _started(marks, first.day, by.day, record) and first.day < by.day:
            changes.append((first.day + 1, "late"))
            if by.day < end.day:
                changes.append((by.day + 1, "open"))
    item.shorts = tuple(s for s in item.shorts if s[0] <= on)
    if item.shorts:
        # Missed days stay missed: short holds to the procedure day, also where the window ends before it.
        changes = [c for c in changes if c[0] < item.shorts[0][0]]
        changes += [(max(start, item.shorts[0][0]), "short"), (max(end.day, on) + 1, "over")]
    else:
        changes.append((end.day + 1, after_end))
    item.timeline = timeline(start, [c for c in changes if c[0] < FAR])
    return item


def _missing(
    rule: AtLeast, marks: dict[int, bool], first: int, last: int, record: Record
) -> tuple[tuple[int, int, int], ...]:
    """Say from which day how many kept days are missing: a past day without a mark counts as not kept."""
    begin = max(first, last - rule.of_last + 1)
    kept = sum(1 for day, value in marks.items() if value and begin <= day <= last)
    free = [day for day in range(begin, last + 1) if day not in marks]
    if record.assumed_from is not None:
        kept += sum(1 for day in free if day >= record.assumed_from)
        free = []
    result: list[tuple[int, int, int]] = []
    left = kept + len(free)
    if left < rule.kept:
        result.append((-FAR, rule.kept - left, rule.kept - left))
    for day in free:
        left -= 1
        if left < rule.kept:
            result.append((day + 1, rule.kept - left, rule.kept - left))
    return tuple(result)


def _started(marks: dict[int, bool], first: int, by: int, record: Record) -> int | None:
    """Give the day of the first use, or None; it may have been too late."""
    days = [day for day, kept in marks.items() if kept]
    if record.assumed_from is not None and not any(d <= by for d in days):
        days.append(next(d for d in range(max(first, record.assumed_from), FAR) if marks.get(d) is not False))
    return min(days, default=None)


def _start_by(item: Item, marks: dict[int, bool], first: int, by: int, record: Record) -> None:
    began = _started(marks, first, by, record)
    if began is not None:
        began = max(began, first)
        if began > by:
            item.shorts = tuple(sorted((*item.shorts, (record.booked_on, began - by, began - by))))
        return
    # A day that was marked as missed is no start any more, also today's.
    item.last_chance = next((day for day in range(by, first - 1, -1) if day not in marks), None)
    begin = record.booked_on if item.last_chance is None else item.last_chance + 1
    late: list[tuple[int, int, int]] = []
    for day in range(begin, max(by + 1, record.on) + 1):
        missing = next(d for d in range(max(day, first), FAR) if d not in marks) - by
        late.append((day, missing, missing))
    item.shorts = tuple(sorted((*item.shorts, *late)))
