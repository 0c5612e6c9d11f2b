"""Say which reminder is due at which instant. Everything follows from the plan: nothing is stored but what was sent.

A digest is all that a patient is reminded of on one day. Its day is a civil day of the clinic, its hour one of the wall
clock where the patient lives. ``digests`` never asks for the time; whoever sends compares instants.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from prep_tracker.domain.points import MINUTES_A_DAY
from prep_tracker.domain.standing import who

if TYPE_CHECKING:
    from prep_tracker.domain.items import Item
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.domain.remind import RemindKind

AGAIN = (0, 3, 7, 14, 28, 56, 112)
"""So many days after something first waits for the patient they are reminded of it: ever less often."""
SOON = 4
A_WHILE = timedelta(hours=1)
ENDLESS = date.max.toordinal()
STILL_TO_DO = frozenset({"open", "unknown", "late"})
WAITING = frozenset({"unknown", "late"})
"""A review that is late waits for the same answer as before."""
BY_WEIGHT: tuple[RemindKind, ...] = ("last-day", "late", "answer", "today", "aftercare", "tomorrow", "day-before")
"""Of one step only the weightiest is said on one day."""


class Line(NamedTuple):
    """One thing in a digest: what of, which step (empty: the procedure itself), and the day that it speaks of.

    That day is for ``tomorrow`` and ``today`` the first, for ``answer``, ``late`` and ``last-day`` the last on which
    acting helps, for ``aftercare`` the last one in force, or None while nobody knows it. ``fact`` is what is asked.
    """

    kind: RemindKind
    step: str
    on: int | None
    fact: str | None = None


Said = tuple["RemindKind", str, "int | None", "str | None"]
"""A line as it is collected: most are for days that nobody asks about."""


@dataclass(frozen=True, slots=True)
class Sending:
    """How a clinic reminds a patient. Times are of the wall clock in ``zone``, an IANA name.

    ``quiet`` is from when until when nobody is disturbed, also over midnight. ``most`` is how many digests a procedure
    has at most, the one on the day before not counted. ``chase_days``: so long before it is due a task is mentioned.
    """

    zone: str
    at: str = "09:00"
    quiet: tuple[str, str] | None = ("21:00", "08:00")
    most: int = 20
    chase_days: int = 3
    active: bool = True


@dataclass(frozen=True, slots=True)
class Digest:
    """What a patient is reminded of on one day, from ``due_at`` and before ``not_after``."""

    day: int
    due_at: datetime
    not_after: datetime
    lines: tuple[Line, ...]


def digests(checklist: Checklist, sending: Sending, from_day: int, *, sent: int = 0) -> tuple[Digest, ...]:
    """List the digests from a day on, one a day at most, in their order; ``sent`` have gone out before.

    What there may be at most is kept for the day before, the day and what follows; there is always one the day before.
    """
    eve = checklist.record.on - 1
    found = list(_all(checklist, sending, from_day))
    early = [digest for digest in found if digest.day < eve]
    late = found[len(early) :]
    early = early[: max(0, sending.most - sent - len(late))]
    left = sending.most - sent - len(early)
    return (*early, *(digest for number, digest in enumerate(late) if number < left or digest.day == eve))


def next_at(
    checklist: Checklist, sending: Sending, from_day: int, now: datetime, *, said: bool = False
) -> datetime | None:
    """Give the next instant at which a digest may be due, whatever was sent before; None: nothing more is due.

    ``said``: something is said just now, so one whose hour has passed may have become due. It comes a while later,
    when more may have been said, and before its time is over.
    """
    # Mostly it is one of the next days; the others are as much work again and again, at every booking and mark.
    for last_day in (from_day + SOON, ENDLESS):
        for digest in _all(checklist, sending, from_day, last_day):
            if digest.due_at > now:
                return digest.due_at
            if said and digest.not_after > now:
                return now + min(A_WHILE, (digest.not_after - now) / 2)
    return None


def digest_of(checklist: Checklist, sending: Sending, day: int) -> Digest | None:
    """Give the digest of one day, if that day has any."""
    return next((digest for digest in _all(checklist, sending, day, day) if digest.day == day), None)


def instant(day: int, minutes: int, zone: str) -> datetime:
    """Give the instant of a time of the wall clock, as minutes of a civil day; 1440 is the midnight that ends it.

    A time that the clock leaps over moves forward by as much; of one that comes twice the first counts.
    """
    local = datetime.combine(date.fromordinal(day), datetime.min.time(), ZoneInfo(zone)) + timedelta(minutes=minutes)
    return local.replace(fold=0).astimezone(UTC)


def _all(checklist: Checklist, sending: Sending, from_day: int, last_day: int = ENDLESS) -> Iterator[Digest]:
    record = checklist.record
    if not sending.active or (record.ended is not None and record.ended.state != "completed"):
        return
    if record.ended is not None:
        from_day = max(from_day, record.on + 1)
    by_day = _collect(checklist, sending, from_day, last_day)
    for day in sorted(by_day):
        span = _span(checklist, sending, day)
        if span is not None:
            yield Digest(day, *span, _sorted(by_day[day]))


def _span(checklist: Checklist, sending: Sending, day: int) -> tuple[datetime, datetime] | None:
    """Give from when and until when a digest of a day may go out; on the procedure day not after it has begun."""
    begin, end = _minutes(sending.at), MINUTES_A_DAY
    if sending.quiet is not None and sending.quiet[0] != sending.quiet[1]:
        rest, wake = (_minutes(time) for time in sending.quiet)
        if wake < rest:
            begin, end = (wake if begin < wake or begin >= rest else begin), rest
        elif rest <= begin < wake:
            begin = wake
        elif begin < rest:
            end = rest
    due_at, not_after = instant(day, begin, sending.zone), instant(day, end, sending.zone)
    record = checklist.record
    if day == record.on and record.start is not None:
        not_after = min(not_after, instant(day, _minutes(record.start), checklist.calendar.zone))
    return (due_at, not_after) if due_at < not_after else None


def _sorted(said: list[Said]) -> tuple[Line, ...]:
    """Order a day's lines, and leave out what is said more weightily of the same step or question."""
    best: dict[tuple[str, str | None], Line] = {}
    for one in sorted(said, key=lambda one: BY_WEIGHT.index(one[0])):
        best.setdefault((one[1], one[3]), Line(*one))
    first = [line for line in best.values() if not line.step]
    return (*first, *(line for line in best.values() if line.step))


def _collect(checklist: Checklist, sending: Sending, from_day: int, last_day: int) -> dict[int, list[Said]]:
    record = checklist.record
    eve = record.on - 1
    by_day: dict[int, list[Said]] = {}
    if from_day <= eve <= last_day:
        by_day[eve] = [("day-before", "", record.on, None)]
    for item in checklist.items:
        kinds = item.rule.remind
        if not kinds or who(item) != "patient":
            continue
        id_ = item.rule.step.id
        for day, kind, on in _of_item(checklist, sending, item, from_day, last_day):
            if from_day <= day <= last_day and kind in kinds:
                by_day.setdefault(day, []).append((kind, id_, on, None))
    days = [day for day in _again(record.booked_on, record.on + 1, eve) if from_day <= day <= last_day]
    if checklist.open_facts and days:
        asking = {item.rule.step.id for item in checklist.items if "answer" in item.rule.remind}
        for fact, step in checklist.open_facts:
            if fact.by == "patient" and step in asking:
                for day in days:
                    by_day.setdefault(day, []).append(("answer", step, record.on, fact.id))
    return by_day


def _of_item(
    checklist: Checklist, sending: Sending, item: Item, from_day: int, last_day: int
) -> Iterator[tuple[int, RemindKind, int | None]]:
    """Yield on which day what may be said of an item, and the day that it speaks of; a day may come twice.

    Only the days from ``from_day`` to ``last_day`` are looked at; the day before or after may come along.
    """
    on, start, step = checklist.record.on, checklist.record.booked_on, item.rule.step
    opens, states = item.opens, item.state_on
    for first, end, kind in _spans(item, on):
        for day in _again(first, end, on - 1):
            if from_day <= day <= last_day:
                yield day, kind, _act_by(item, day, on)
    if opens is None:
        return
    # What is to be done after the procedure is not spoken of before.
    later = step.kind == "do" and item.due is not None and item.due > on
    if not item.reviewing:
        if opens <= on and not later:
            shown = opens
            if step.kind == "do" and step.opens is None:
                shown = (item.due or on) - sending.chase_days
            if shown > start and from_day <= shown <= last_day + 1 and states(shown) in STILL_TO_DO:
                yield shown - 1, "tomorrow", shown
                yield shown, "today", shown
        last = item.last_chance
        if last is not None and from_day <= last <= last_day and not item.settled and states(last) in STILL_TO_DO:
            yield last, "last-day", last
        is_near = from_day < on <= last_day + 1
        if is_near and "day-before" in item.rule.remind and not later and states(on) in STILL_TO_DO:
            yield on - 1, "day-before", on
    if item.closes is None or item.closes > on:
        first = max(opens, on + 1)
        if from_day <= first <= last_day and states(first) in STILL_TO_DO:
            yield first, "aftercare", item.closes


def _spans(item: Item, on: int) -> Iterator[tuple[int, int, RemindKind]]:
    """Yield from when until when, the end not included, an item waits for an answer or is late, up to the day."""
    is_task = item.rule.step.kind in {"do", "daily"}
    waiting: int | None = None
    for day, state in (*item.timeline, (on + 1, "over")):
        if waiting is not None and (state not in WAITING or is_task or day > on):
            yield waiting, min(day, on + 1), "late" if is_task else "answer"
            waiting = None
        if waiting is None and state in WAITING and day <= on:
            waiting = day


@lru_cache(1024)
def _again(first: int, end: int, eve: int) -> tuple[int, ...]:
    """Give the days on which something is asked that waits from ``first`` to before ``end``; always on the eve."""
    days = tuple(first + days for days in AGAIN if first + days < end)
    return (*days, eve) if eve not in days and first <= eve < end else days


def _act_by(item: Item, day: int, on: int) -> int:
    return item.last_chance if item.last_chance is not None and item.last_chance >= day else on


def _minutes(time: str) -> int:
    hour, minute = time.split(":")
    return int(hour) * 60 + int(minute)
