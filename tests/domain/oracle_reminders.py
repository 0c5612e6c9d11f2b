"""Say day by day what a patient is to be reminded of, from the words of docs/protocols.md, slowly.

Which state an item has on a day is held against an oracle of its own elsewhere; here it is looked up.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from prep_tracker.domain.items import Item
from prep_tracker.domain.plan import Checklist
from prep_tracker.domain.protocol import Step
from prep_tracker.domain.reminders import Sending

AGAIN = {0, 3, 7, 14, 28, 56, 112}
BY_DEFAULT = {
    "avoid": {"tomorrow", "answer", "last-day", "aftercare"},
    "do": {"today", "late", "last-day", "day-before", "aftercare"},
    "daily": {"tomorrow", "late", "last-day", "aftercare"},
    "gate": {"answer"},
    "review": {"answer"},
    "note": {"today", "answer", "aftercare"},
}
HEAVIER = ["last-day", "late", "answer", "today", "aftercare", "tomorrow", "day-before"]


def asked(step: Step) -> set[str]:
    """Give the kinds of reminders of a step; what can never come does no harm here."""
    if step.remind is not None:
        return set(step.remind)
    found = set(BY_DEFAULT[step.kind])
    if step.kind == "avoid" and step.from_ is not None:
        found = found - {"tomorrow", "last-day"} | {"day-before"}
    if step.kind == "avoid" and step.from_ is None and step.days_before is None:
        found = {"aftercare"}  # it asks nothing before the procedure
    if step.kind == "daily" and step.start_by is None:
        found -= {"last-day"}  # to have kept enough days is no matter of one day
    return found


def is_patients(item: Item) -> bool:
    """Say whether it is the patient who acts."""
    step = item.rule.step
    if item.undecided:
        return False
    if step.kind == "gate":
        return step.by == "patient" and item.timeline[0][1] != "closed"
    if step.kind == "do":
        return step.by == "patient"
    return bool(step.of) if step.kind == "review" else True


def waits(item: Item, day: int) -> str | None:
    """Say what an item waits for on a day: an answer, or to be done although it is late."""
    state = item.state_on(day)
    if item.rule.step.kind in {"do", "daily"}:
        return "late" if state == "late" else None
    return "answer" if state in {"unknown", "late"} else None


def still_to_do(item: Item, day: int) -> bool:
    return item.state_on(day) in {"open", "unknown", "late"}


def of_item(checklist: Checklist, item: Item, day: int, chase_days: int) -> set[str]:
    """Give the kinds that an item is spoken of on a day, before the step says which of them it wants."""
    on, booked = checklist.record.on, checklist.record.booked_on
    step, found = item.rule.step, set[str]()
    waiting = waits(item, day)
    if waiting and booked <= day <= on:
        since = day
        while since > booked and waits(item, since - 1) == waiting:
            since -= 1
        if day - since in AGAIN or day == on - 1:
            found.add(waiting)
    if item.opens is None:
        return found
    after = step.kind == "do" and item.due is not None and item.due > on
    if not item.reviewing:
        shown = item.opens
        if step.kind == "do" and step.opens is None and item.due is not None:
            shown = item.due - chase_days
        if item.opens <= on and shown > booked and not after and still_to_do(item, shown):
            found |= {"tomorrow"} if day == shown - 1 else {"today"} if day == shown else set()
        if day == item.last_chance and not item.settled and still_to_do(item, day):
            found.add("last-day")
        if day == on - 1 and not after and still_to_do(item, on):
            found.add("day-before")
    first = max(item.opens, on + 1)
    if day == first and (item.closes is None or item.closes > on) and still_to_do(item, first):
        found.add("aftercare")
    return found


def lines(checklist: Checklist, day: int, chase_days: int) -> set[tuple[str, str, str | None]]:
    """Give what a patient is reminded of on a day, as kind, step and fact; of one step only the weightiest."""
    record = checklist.record
    found: set[tuple[str, str, str | None]] = {("day-before", "", None)} if day == record.on - 1 else set()
    wanting = set()
    for item in checklist.items:
        wanted = asked(item.rule.step)
        if item.rule.step.remind is None or "answer" in wanted:
            wanting.add(item.rule.step.id)
        if is_patients(item):
            kinds = of_item(checklist, item, day, chase_days) & wanted
            if kinds:
                found.add((min(kinds, key=HEAVIER.index), item.rule.step.id, None))
    for fact, step in checklist.open_facts:
        since = day - record.booked_on
        its_day = since in AGAIN or day == record.on - 1
        if fact.by == "patient" and step in wanting and its_day and 0 <= since <= record.on - record.booked_on:
            found.add(("answer", step, fact.id))
    if record.ended is not None:
        return found if record.ended.state == "completed" and day > record.on else set()
    return found


def instant_of(day: date, minutes: int, zone: str) -> datetime:
    """Find the instant of a time of the wall clock by walking through the minutes of three days."""
    wanted = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
    at = datetime.combine(day - timedelta(days=1), datetime.min.time(), UTC)
    before = at
    for _ in range(3 * 24 * 60 + 60):
        local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        if local == wanted:
            return at
        if local > wanted:  # the clock has leapt over it: as late after the leap as it would have been without
            last = before.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            return before + (wanted - last)
        before = at
        at += timedelta(minutes=1)
    raise AssertionError(wanted)


def span(sending: Sending, checklist: Checklist, day: int) -> tuple[datetime, datetime] | None:
    """Give from when and until when a digest may go out: minutes of the day that are not quiet, from its hour on."""

    def minute(time: str) -> int:
        return int(time[:2]) * 60 + int(time[3:])

    loud = [True] * 1440
    if sending.quiet is not None and sending.quiet[0] != sending.quiet[1]:
        rest, wake = map(minute, sending.quiet)
        loud = [not (rest <= m < wake) if rest < wake else wake <= m < rest for m in range(1440)]
    begin = minute(sending.at)
    if not loud[begin]:
        rest, wake = map(minute, sending.quiet or ("", ""))
        begin = wake
    if begin == 1440 or not loud[begin]:
        return None
    end = next((m for m in range(begin, 1440) if not loud[m]), 1440)
    on = date.fromordinal(day)
    due_at, not_after = (instant_of(on, m, sending.zone) for m in (begin, end))
    if day == checklist.record.on and checklist.record.start is not None:
        not_after = min(not_after, instant_of(on, minute(checklist.record.start), checklist.calendar.zone))
    return (due_at, not_after) if due_at < not_after else None
