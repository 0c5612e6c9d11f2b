"""Write a procedure's days as iCalendar (RFC 5545): days as whole days, the procedure itself as an instant in UTC.

Events, not tasks: the calendars people have show no tasks. No time zones inside: two widespread readers take those
wrongly, and an instant in UTC needs none. Titles say nothing about health unless the clinic wants them to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from prep_tracker.domain.explain import Phrase

if TYPE_CHECKING:
    from prep_tracker.domain.items import Item
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.exports.sayings import Words

DOMAIN = "prep-tracker"
LASTS = timedelta(hours=1)
"""How long a procedure is shown to take: protocols do not say."""
LONGEST = 15
"""What lasts so many days is shown whole: two weeks before a procedure, and its day. Of what lasts longer only the
first day is shown, and said to be that, or it would bury everything else."""
EDITION = 2
"""Which way of writing calendars this is. Whoever changes what is written adds one, or calendars keep the old one."""
REFRESH = timedelta(hours=6)
_ENDED = {"cancelled", "no-show"}


@dataclass(frozen=True, slots=True)
class Titles:
    """What the events may say: only that there is something, or what; and where the whole list is."""

    neutral: bool
    clinic: str
    url: str | None = None


class Shown(NamedTuple):
    """A day, or several, of the preparation in a calendar: under the name of which step, from when until when.

    ``items`` are what is shown there: one where titles name it, all that begin on that day where they are neutral.
    """

    step: str
    first: int
    last: int
    items: tuple[Item, ...]


def shown(checklist: Checklist, *, neutral: bool) -> list[Shown]:
    """List the days of a procedure that stand in the calendar.

    Neutral ones say nothing but that there is something, so a day has one at most, and the procedure day none beside
    the procedure: it stands on the first day of what lasts, under the name of the first step of that day.
    """
    spans = [(item, span) for item in checklist.items if (span := _span(item, checklist)) is not None]
    if not neutral:
        return [Shown(item.rule.step.id, *span, (item,)) for item, span in spans]
    days: dict[int, list[Item]] = {}
    for item, (first, _) in spans:
        if first != checklist.record.on:
            days.setdefault(first, []).append(item)
    return [Shown(items[0].rule.step.id, day, day, tuple(items)) for day, items in sorted(days.items())]


def uid_of(procedure_id: str, step: str = "") -> str:
    """Name an event for ever. A step's own name would say what it is about, so nothing of it can be read."""
    return f"{hashlib.sha256(f'{procedure_id}.{step}'.encode()).hexdigest()[:32]}@{DOMAIN}"


def calendar(
    checklist: Checklist,
    words: Words,
    titles: Titles,
    *,
    procedure_id: str,
    gone: Collection[str],
    sequence: int,
    changed_at: datetime,
) -> bytes:
    """Write the calendar. An event keeps its name for ever; what is ``gone``, or all of a cancelled one, is cancelled.

    ``sequence`` is that of every event. It has to be higher for every calendar that is written otherwise.
    """
    from icalendar import Calendar

    record = checklist.record
    is_off = record.ended is not None and record.ended.state in _ENDED
    made = Calendar()
    name = words.say(Phrase("calendar.name", {"clinic": titles.clinic}))
    for key, value in (
        ("prodid", "-//prep-tracker//calendar//EN"),
        ("version", "2.0"),
        ("calscale", "GREGORIAN"),
        ("method", "PUBLISH"),
        ("name", name),
        ("x-wr-calname", name),
        ("x-published-ttl", "PT6H"),
    ):
        made.add(key, value)
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    stamp = _Stamp(sequence, changed_at, titles.url)
    made.add_component(_procedure(checklist, words, titles, procedure_id, stamp, is_off=is_off))
    for one in shown(checklist, neutral=titles.neutral):
        off = is_off or all(item.state_on(one.first) == "waived" for item in one.items)
        event = _event(uid_of(procedure_id, one.step), _title(one, checklist, words, titles), stamp, off=off)
        _set_days(event, one.first, one.last)
        made.add_component(event)
    for step_id in sorted(gone):
        event = _event(uid_of(procedure_id, step_id), words.say(Phrase("calendar.step")), stamp, off=True)
        _set_days(event, record.on, record.on)
        made.add_component(event)
    written: bytes = made.to_ical()
    return written


class _Stamp(NamedTuple):
    """What all events of a calendar have in common."""

    sequence: int
    changed_at: datetime
    url: str | None


def _title(one: Shown, checklist: Checklist, words: Words, titles: Titles) -> str:
    if titles.neutral:
        return words.say(Phrase("calendar.step" if one.first < checklist.record.on else "calendar.aftercare"))
    item = one.items[0]
    title = words.text(item.rule.step.title)
    lasts = item.rule.step.kind in {"avoid", "daily", "note"} and item.closes != one.last
    return words.say(Phrase("calendar.from", {"title": title})) if lasts else title


def _procedure(
    checklist: Checklist, words: Words, titles: Titles, procedure_id: str, stamp: _Stamp, *, is_off: bool
) -> Any:  # noqa: ANN401 - icalendar's own
    record = checklist.record
    protocol = checklist.rules.protocol
    title = words.say(Phrase("calendar.procedure")) if titles.neutral else words.text(protocol.title)
    event = _event(uid_of(procedure_id), title, stamp, off=is_off)
    if record.start is None:
        _set_days(event, record.on, record.on)
        return event
    hour, minute = (int(part) for part in record.start.split(":"))
    day = date.fromordinal(record.on)
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(checklist.calendar.zone))
    start = local.astimezone(UTC)
    event.add("dtstart", start)
    event.add("dtend", start + LASTS)
    event.add("transp", "OPAQUE")
    return event


def _event(uid: str, title: str, stamp: _Stamp, *, off: bool) -> Any:  # noqa: ANN401 - icalendar's own
    from icalendar import Event

    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", stamp.changed_at)
    event.add("last-modified", stamp.changed_at)
    event.add("sequence", stamp.sequence)
    event.add("summary", title)
    event.add("status", "CANCELLED" if off else "CONFIRMED")
    event.add("class", "PRIVATE")
    if stamp.url is not None:
        event.add("description", stamp.url)
        event.add("url", stamp.url)
    return event


def _set_days(event: Any, first: int, last: int) -> None:  # noqa: ANN401 - icalendar's own
    """Let an event be of whole days, both included, that make nobody busy."""
    event.add("dtstart", date.fromordinal(first))
    event.add("dtend", date.fromordinal(last + 1))
    event.add("transp", "TRANSPARENT")
    event.add("x-microsoft-cdo-busystatus", "FREE")


def _span(item: Item, checklist: Checklist) -> tuple[int, int] | None:
    """Give the first and last day of an item in the calendar; None for what has no day, or is the clinic's to do.

    It depends on nothing that a patient marks, but that a task was done: ``services.calendars`` relies on that.
    """
    step, record = item.rule.step, checklist.record
    if getattr(step, "by", "patient") != "patient" or item.opens is None or step.kind == "review":
        return None
    if step.kind == "do":
        return (item.due, item.due) if item.due is not None else None
    first = max(item.opens, record.booked_on)
    last = item.closes if item.closes is not None else first
    if last < first:
        return None
    if step.kind == "gate":
        return (record.on - 1, record.on - 1) if record.on - 1 >= first else None
    return (first, last) if last - first < LONGEST else (first, first)
