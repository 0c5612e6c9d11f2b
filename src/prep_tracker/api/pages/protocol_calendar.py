"""Lay a protocol out as a calendar around a made-up procedure day: a strip for each step, and the same in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import log1p
from typing import TYPE_CHECKING, Any, NamedTuple

from prep_tracker.api.pages.procedure_changes import short
from prep_tracker.domain import entries as e
from prep_tracker.domain.days import before
from prep_tracker.domain.explain import Phrase
from prep_tracker.domain.plan import plan
from prep_tracker.domain.protocol import BUILT_IN_EVENTS, Avoid, Daily
from prep_tracker.domain.record import fold
from prep_tracker.exports.document import item_document

if TYPE_CHECKING:
    from prep_tracker.api.pages.protocol_words import Spoken
    from prep_tracker.domain.days import Calendar
    from prep_tracker.domain.items import Item
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.domain.rules import Rules

LONG_BEFORE = 3_700
"""Days between the made-up booking and the procedure: more than any step asks for."""
WIDTH, MARGIN, DOT = 640, 24, 8
TICKS = (1, 3, 7, 14, 30, 60, 90, 180, 365, 730)
CLOSEST = 40
"""What two labels of the scale need between them."""
PARTS = frozenset({"morning", "midday", "evening", "bedtime"})


class Bar(NamedTuple):
    """A piece of a strip, in the units of the drawing: ``kind`` is its class."""

    kind: str
    x: float
    width: float


class Scale:
    """Where days lie on a strip: those near the procedure are wider, so that all of them fit."""

    def __init__(self, first: int, last: int) -> None:
        """Take the first and the last day, counted from the procedure; both are shown."""
        self._first, self._last = min(first, -7), max(last, 3)
        low, high = _bent(self._first), _bent(self._last)
        self._low, self._unit = low, (WIDTH - 2 * MARGIN) / (high - low)

    def x(self, day: int) -> float:
        """Give the place of a day; one that lies outside stands at the edge."""
        if day < self._first:
            return 0.0
        if day > self._last:
            return float(WIDTH)
        return round(MARGIN + (_bent(day) - self._low) * self._unit, 1)

    def ticks(self) -> list[tuple[float, int]]:
        """Give the days that are labelled, with their places: the procedure itself, and others where there is room."""
        found = [(self.x(0), 0)]
        for days in TICKS:
            for day in (-days, days):
                x = self.x(day)
                if self._first <= day <= self._last and all(abs(x - other) >= CLOSEST for other, _ in found):
                    found.append((x, day))
        return sorted(found)


def _bent(day: int) -> float:
    return log1p(abs(day) / 3) * (1 if day > 0 else -1)


def calendar_view(rules: Rules, on: date, calendar: Calendar, spoken: Spoken) -> dict[str, Any]:
    """Lay out every step, as it lies when nothing has been said; what depends on an answer is shown all the same."""
    booked = on - timedelta(days=LONG_BEFORE)
    entry = e.Booked(
        seq=1, said_on=booked, at=datetime(2000, 1, 1, tzinfo=UTC), by="system", on=on, protocol=rules.name
    )
    made = plan(rules, fold([entry]), calendar)
    day = on.toordinal()
    away = [
        found - day
        for item in made.items
        for found in (item.opens, item.due, item.closes)
        if found is not None and found > booked.toordinal()
    ]
    scale = Scale(min(away, default=0), max(away, default=0))
    return {
        "on": on,
        "width": WIDTH,
        "procedure": scale.x(0),
        "ticks": scale.ticks(),
        "steps": [_step(made, item, scale, spoken) for item in made.items],
    }


def _step(made: Checklist, item: Item, scale: Scale, spoken: Spoken) -> dict[str, Any]:
    step, words = item.rule.step, spoken.words
    document = item_document(made, item, made.record.on, words)
    times = [words.say(Phrase(f"part.{one}")) if one in PARTS else one for one in document["times"] or ()]
    return {
        "id": step.id,
        "title": words.text(step.title),
        "detail": words.text(step.detail) if step.detail else "",
        "kind": step.kind,
        "severity": step.severity,
        "who": document["who"],
        "days": _days(made, item, spoken) + ([("times", ", ".join(times))] if times else []),
        "facts": spoken.facts(step),
        "again": document["again"],
        "source": step.source,
        "assumed": step.assumed,
        "bars": _bars(made, item, scale),
    }


def _days(made: Checklist, item: Item, spoken: Spoken) -> list[tuple[str, str]]:
    """Say on which days a step lies, each by its date and by how far that is from the procedure."""
    step, on, booked = item.rule.step, made.record.on, made.record.booked_on
    found: list[tuple[str, str]] = []

    def dated(day: int) -> str:
        return f"{short(date.fromordinal(day), spoken.words, date.fromordinal(on))} · {spoken.away(day - on)}"

    if item.opens is None and item.due is None:
        return [("opens", spoken.say("day_follows"))]
    if item.opens is not None:
        found.append(("opens", dated(item.opens) if item.opens > booked else spoken.say("from_booking")))
    if isinstance(step, Avoid) and step.days_before is not None:
        found.append(("ask", spoken.length(step.days_before)))
        if step.floor_days is not None:
            first = dated(before(on, step.floor_days))
            found.append(("floor", spoken.say("floor", days=spoken.length(step.floor_days), opens=first)))
    if item.due is not None:
        # What is avoided is not due, it ends: on the procedure day, unless it goes on after it.
        if not isinstance(step, Avoid):
            found.append(("due", dated(item.due)))
        elif item.closes in {None, item.due} and step.until is None:
            found.append(("closes", dated(item.due)))
    if item.closes is not None and item.closes not in {item.opens, item.due}:
        found.append(("closes", dated(item.closes)))
    until = step.until if isinstance(step, Avoid | Daily) else None
    if until is not None:
        found.append(("closes", _until(until, spoken)))
    return found


def _until(until: str, spoken: Spoken) -> str:
    if until in BUILT_IN_EVENTS:
        return spoken.say(f"until.{until}")
    event = next((event for event in spoken.protocol.events if event.id == until), None)
    return spoken.say("until.told") if event is None else spoken.say("until.event", what=spoken.words.text(event.ask))


def _bars(made: Checklist, item: Item, scale: Scale) -> list[Bar]:
    """Draw a step: its window before the procedure, the part below which it blocks, what comes after, the due day."""
    step, on = item.rule.step, made.record.on
    found: list[Bar] = []

    def bar(kind: str, first: int, last: int) -> None:
        x, end = scale.x(first), scale.x(last)
        found.append(Bar(kind, x, max(round(end - x, 1), 4)))

    endless = isinstance(step, Avoid | Daily) and step.until is not None
    if item.opens is not None:
        opens = item.opens - on
        last = 10**6 if endless else (item.closes if item.closes is not None else item.due or on) - on
        if item.due is not None and item.closes is None:
            last = max(opens, item.due - on)
        if opens < 0:
            bar("window", opens, min(last, 0))
        if last > 0:
            bar("tail", max(opens, 0), last)
        elif opens >= 0:
            bar("window", opens, opens)
    if isinstance(step, Avoid) and step.floor_days is not None and step.severity == "blocking":
        bar("floor", before(on, step.floor_days) - on, 0)
    if item.due is not None and step.kind != "avoid":
        found.append(Bar("due", scale.x(item.due - on) - DOT / 2, DOT))
    return found
