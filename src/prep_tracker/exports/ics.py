"""Write a procedure's days as iCalendar (RFC 5545): days as whole days, the procedure itself as an instant in UTC.

Events, not tasks: the calendars people have show no tasks. No time zones inside: two widespread readers take those
wrongly, and an instant in UTC needs none. Titles say nothing about health unless the clinic wants them to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from prep_tracker.domain.explain import Phrase

if TYPE_CHECKING:
    from prep_tracker.domain.items import Item
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.exports.sayings import Words

DOMAIN = "prep-tracker"
LASTS = timedelta(hours=1)
"""How long a procedure is shown to take: protocols do not say."""
LONGEST = 14
"""A window of so many days is shown whole; of a longer one only its first day, or it would bury everything else."""
REFRESH = timedelta(hours=6)
_ENDED = {"cancelled", "no-show"}


@dataclass(frozen=True, slots=True)
class Titles:
    """What the events may say: only that there is something, or what; and where the whole list is."""

    neutral: bool
    clinic: str
    url: str | None = None


def shown_steps(checklist: Checklist) -> frozenset[str]:
    """Name the steps that have a day in the calendar."""
    return frozenset(item.rule.step.id for item in checklist.items if _span(item, checklist) is not None)


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
    changed_at: datetime,
) -> bytes:
    """Write the calendar. An event keeps its name for ever; what is ``gone``, or all of a cancelled one, is cancelled.

    The sequence of every event is the version of the record, which only rises.
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
    made.add_component(_procedure(checklist, words, titles, procedure_id, changed_at, is_off=is_off))
    for item in checklist.items:
        span = _span(item, checklist)
        if span is not None:
            step = item.rule.step
            title = words.say(Phrase("calendar.step")) if titles.neutral else words.text(step.title)
            first, last = span
            off = is_off or item.state_on(first) == "waived"
            event = _event(uid_of(procedure_id, step.id), title, record.version, changed_at, titles, off=off)
            event.add("dtstart", date.fromordinal(first))
            event.add("dtend", date.fromordinal(last + 1))
            _free(event)
            made.add_component(event)
    for step_id in sorted(gone):
        title = words.say(Phrase("calendar.step"))
        event = _event(uid_of(procedure_id, step_id), title, record.version, changed_at, titles, off=True)
        event.add("dtstart", date.fromordinal(record.on))
        event.add("dtend", date.fromordinal(record.on + 1))
        _free(event)
        made.add_component(event)
    written: bytes = made.to_ical()
    return written


def _procedure(
    checklist: Checklist, words: Words, titles: Titles, procedure_id: str, changed_at: datetime, *, is_off: bool
) -> Any:  # noqa: ANN401 - icalendar's own
    record = checklist.record
    protocol = checklist.rules.protocol
    title = words.say(Phrase("calendar.procedure")) if titles.neutral else words.text(protocol.title)
    event = _event(uid_of(procedure_id), title, record.version, changed_at, titles, off=is_off)
    if record.start is None:
        event.add("dtstart", date.fromordinal(record.on))
        event.add("dtend", date.fromordinal(record.on + 1))
        _free(event)
        return event
    hour, minute = (int(part) for part in record.start.split(":"))
    day = date.fromordinal(record.on)
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(checklist.calendar.zone))
    start = local.astimezone(UTC)
    event.add("dtstart", start)
    event.add("dtend", start + LASTS)
    event.add("transp", "OPAQUE")
    return event


def _event(uid: str, title: str, version: int, changed_at: datetime, titles: Titles, *, off: bool) -> Any:  # noqa: ANN401 - icalendar's own
    from icalendar import Event

    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    event.add("sequence", version)
    event.add("summary", title)
    event.add("status", "CANCELLED" if off else "CONFIRMED")
    event.add("class", "PRIVATE")
    if titles.url is not None:
        event.add("description", titles.url)
        event.add("url", titles.url)
    return event


def _free(event: Any) -> None:  # noqa: ANN401 - icalendar's own
    event.add("transp", "TRANSPARENT")
    event.add("x-microsoft-cdo-busystatus", "FREE")


def _span(item: Item, checklist: Checklist) -> tuple[int, int] | None:
    """Give the first and last day of an item in the calendar; None for what has no day, or is the clinic's to do."""
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
