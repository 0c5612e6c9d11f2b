"""Reckon slowly what may be said to a patient at an instant and what must have been, and hold a life against it.

What a day is to remind of is the oracle's of the domain; hours are read off the wall clock where the patient lives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate, islice
from typing import Any
from zoneinfo import ZoneInfo

from tests.domain import oracle_reminders as oracle
from tests.worker.lives import DAY, MINUTE, SECOND, Life, Then
from tests.worker.naps import asleep_between, awake_from
from tests.worker.post import Attempt, outcome_at

AGAIN = tuple(accumulate(timedelta(seconds=n) for n in (5, 30, 120, 600, 1800, 3600, 7200, 14400)))
"""So long after the first attempt come the others, as docs/messages.md has it."""
CHASE_DAYS = 3
LEASE = 60 * SECOND
Fault = tuple[str, str]
Rows = Sequence[Mapping[str, Any]]


def wall(at: datetime, zone: str) -> datetime:
    """Read the clock on the wall."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def first_instant(day: int, minute: int, zone: str) -> datetime:
    """Find the first instant at which the clock on the wall shows a minute of a day, or has leapt over it."""
    wanted = datetime.combine(date.fromordinal(day), datetime.min.time()) + MINUTE * minute
    about = wanted.replace(tzinfo=UTC)
    offsets = [about - wall(about + DAY * n, zone).replace(tzinfo=UTC) + DAY * n for n in (-1, 1)]
    shown = [about + offset for offset in offsets if wall(about + offset, zone) == wanted]
    return min(shown, default=about + offsets[0])


@cache
def hours(at: str, quiet: tuple[str, str] | None) -> tuple[int, int] | None:
    """Give from and until which minute of a day a patient may be written to; None: at none."""
    loud = [True] * 1440
    if quiet is not None:
        rest, wake = map(_minute, quiet)
        loud = [not (rest <= m < wake) if rest < wake else wake <= m < rest for m in range(1440)]
    begin = _minute(at)
    return (begin, next((m for m in range(begin, 1440) if not loud[m]), 1440)) if loud[begin] else None


def _minute(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


def hours_of(then: Then) -> tuple[int, int] | None:
    """Give the hours of a clinic, as it then had set them."""
    if not then.settings.get("reminders", True):
        return None
    quiet = then.settings.get("quiet", {"from": "21:00", "to": "08:00"})
    return hours(then.settings.get("remind_at", "09:00"), None if quiet is None else (quiet["from"], quiet["to"]))


def lines(life: Life, then: Then, day: int) -> set[tuple[str, str]]:
    """Give what a patient is to be reminded of on a day, by what had been said by then, as kinds and steps."""
    key = (len(then.entries), day)
    if key not in life.reminders:
        life.reminders[key] = {(kind, step) for kind, step, _ in oracle.lines(life.plan(then.entries), day, CHASE_DAYS)}
    return life.reminders[key]


def has_begun(life: Life, then: Then, at: datetime) -> bool:
    """Say whether an instant lies after the begin of the procedure, on its day."""
    record = life.plan(then.entries).record
    begin = datetime.combine(date.fromordinal(record.on), datetime.min.time())
    return record.start is not None and wall(at, life.zone) >= begin + MINUTE * _minute(record.start)


def fault_of(life: Life, one: Attempt) -> Fault | None:
    """Say what is wrong with a message at the instant at which it was handed over; None: nothing is."""
    then, told = one.then, f"{one.channel} {one.at} day {date.fromordinal(one.day)}"
    if not then.is_here or one.channel not in then.ways:
        return "consent", told
    if then.ways[one.channel] != one.to:
        return "address", told
    span, local = hours_of(then), wall(one.at, then.zone)
    if span is None or not span[0] <= local.hour * 60 + local.minute < span[1]:
        return "hour", f"{told}: {local:%H:%M} is not in {span}"
    record = life.plan(then.entries).record
    if not lines(life, then, one.day):
        return "day", f"{told}: there is nothing to be said"
    if one.day == record.on and has_begun(life, then, one.at):
        return "hour", f"{told}: it has begun"
    if one.day < record.on and one.channel == "email" and one.language == "en":
        on = date.fromordinal(record.on)
        if f"{on.day} {on:%B} {on.year}" not in one.text:
            return "words", f"{told}: it speaks of another day than {on}"
    return None


def faults_of_messages(life: Life, rows: Rows) -> Iterator[Fault]:
    """Hold every message to the patient against what held when it was handed over."""
    mine = [one for one in life.attempts if one.channel != "webhook"]
    ids: dict[tuple[str, int], str] = {}
    for number, one in enumerate(mine):
        fault = fault_of(life, one)
        if fault is not None:
            yield fault
        if ids.setdefault((one.channel, one.day), one.id) != one.id:
            yield "twice", f"{one.channel} {one.at}: this day has had another"
        before = {other.day for other in mine[:number]} - {one.day}
        most = max(_most(then) for then in (one.then, *life.between(one.at - DAY, one.at)))
        # Whether it is one too many is looked at when it is planned; it may be tried again on another plan.
        tried = [one, *(other for other in mine[:number] if other.id == one.id)]
        if len(before) >= most and all(other.day != life.plan(other.then.entries).record.on - 1 for other in tried):
            yield "cap", f"{one.at}: number {len(before) + 1} of {most}"
        if any(other.id == one.id and other.outcome == "sent" for other in mine[:number]):
            yield "again", f"{one.at}: it was sent before, and nobody died"
    last = {one.id: one for one in mine if one.arrived}
    for row in rows:
        if row["id"] not in last or row["status"] != "sent":
            continue
        one = last[row["id"]]
        if row["day"].toordinal() != one.day:
            yield "hour", f"{one.at}: it is for {row['day']}"
        said = {(line["kind"], line["step"] or "") for line in row["body"]["lines"]}
        if said != lines(life, one.then, one.day):
            yield "words", f"{one.at}: {said ^ lines(life, one.then, one.day)}"


def _most(then: Then) -> int:
    return int(then.settings.get("most_messages", 20))


def lost_messages(life: Life, rows: Rows) -> Iterator[Fault]:
    """List the reminders that were due while the plan had them and could have been sent, and were not."""
    arrived = {(one.channel, one.day) for one in life.attempts if one.arrived}
    ends = [then.at for then in life.history[1:]] + [life.until]
    for then, end in zip(life.history, ends, strict=True):
        span = hours_of(then)
        if span is None or not then.is_here or not any(then.ways.values()) or end <= then.at:
            continue
        days = range(wall(then.at, then.zone).toordinal(), wall(end, then.zone).toordinal() + 1)
        for day in days:
            wanted = [way for way, to in then.ways.items() if to and (way, day) not in arrived]
            due_at = first_instant(day, span[0], then.zone)
            if wanted and then.at < due_at <= end:
                yield from _lost(life, rows, then, day, due_at, wanted)


def _lost(life: Life, rows: Rows, due: Then, day: int, due_at: datetime, ways: list[str]) -> Iterator[Fault]:
    """Say which ways to send what was due on a day were open, and were not used."""
    at = awake_from(due_at)
    then = life.then(at)
    span = hours_of(then)
    if at > life.until or span is None or not then.is_here or then.zone != due.zone or not lines(life, due, day):
        return
    end = first_instant(day, span[1], then.zone)
    first = first_instant(day, span[0], then.zone)
    if not first <= at < end or not lines(life, then, day):
        return
    if first < due_at:
        return  # the clinic has changed its hour since, to one that had passed
    record = life.plan(then.entries).record
    if day == record.on and record.start is not None:
        end = min(end, first_instant(day, _minute(record.start), life.zone))
        if at >= end:
            return
    if any(row["created_at"] < due_at and row["day"].toordinal() >= day for row in rows if row["day"]):
        return  # a later day was spoken of before, where the patient lived then
    for way in ways:
        if not then.ways.get(way) or not _could(life, way, at, end):
            continue
        if not _is_one_too_many(life, rows, then, day, due_at):
            yield "lost", f"{way} {date.fromordinal(day)} due at {due_at}, at {at}: {sorted(lines(life, then, day))}"


def _could(life: Life, way: str, at: datetime, end: datetime) -> bool:
    """Say whether a message could be sent: at once, or at an attempt later on until which nothing changed."""
    tried = [one for one in life.attempts if one.channel == way and at <= one.at < end]
    if any(one.outcome == "died" for one in tried):
        if tried[-1].outcome == "retry":
            return False  # it waits for so long as the other side asked for, or longer each time
        until = tried[-1].at + LEASE + SECOND
        return until < min(end, life.until) and _steady(life, at, until) and outcome_at(life, way, until) == "sent"
    if outcome_at(life, way, at) != "retry":
        return outcome_at(life, way, at) == "sent"
    for after in AGAIN:
        if at + after >= min(end, life.until) or not _steady(life, at, at + after):
            return False
        if outcome_at(life, way, at + after) != "retry":
            return outcome_at(life, way, at + after) == "sent"
    return False


def _steady(life: Life, begin: datetime, end: datetime) -> bool:
    return not asleep_between(begin, end) and not any(begin < then.at <= end for then in life.history)


def _is_one_too_many(life: Life, rows: Rows, then: Then, day: int, due_at: datetime) -> bool:
    """Say whether the clinic's most is reached by what there was and what is to come."""
    record = life.plan(then.entries).record
    before = {row["day"] for row in rows if row["day"] and row["created_at"] < due_at}
    after = (d for d in range(day, record.on + 60) if lines(life, then, d))
    room = _most(then) - len(before)
    return day != record.on - 1 and (room <= 0 or next(islice(after, room, None), None) is not None)
