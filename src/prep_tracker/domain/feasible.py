"""Find the first days on which a procedure could be, by nothing but its rules, what is known, and a calendar."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from prep_tracker.domain.earliest import FURTHEST, earliest
from prep_tracker.domain.plan import Checklist, plan
from prep_tracker.domain.record import fold

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from prep_tracker.domain.days import Calendar
    from prep_tracker.domain.entries import Entry
    from prep_tracker.domain.items import Item
    from prep_tracker.domain.rules import Rules

MOST_UNSAFE = 14
"""How many days that are not safe are shown with their reasons: enough to see why, and no more."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A day on which the clinic is open, the plan for it, and whether nothing blocks."""

    on: int
    ok: bool
    checklist: Checklist

    def rules(self) -> list[tuple[Item, int]]:
        """Give the dated rules that count, each with the days by which it is short: the shortest of days first."""
        counting = [
            (item, item.short_on(self.on)[0])
            for item in self.checklist.items
            if not item.silent and item.opens is not None and item.rule.step.kind in {"avoid", "do", "daily"}
        ]
        return sorted(counting, key=lambda pair: -pair[1])


@dataclass(frozen=True, slots=True)
class Feasible:
    """The first days that could be, those before them that could not, and the earliest days by the rules alone."""

    checklist: Checklist
    today: int
    safe: int | None
    preferred: int | None
    candidates: tuple[Candidate, ...]


def days_for(rules: Rules, calendar: Calendar, today: date, known: Iterable[Entry], *, count: int) -> Feasible:
    """Find the first ``count`` safe days on which the clinic works, reckoned as kept from today where nothing is known.

    ``known`` is the record of a booking on the first day that may come into question, today or later.
    """
    start = today.toordinal()
    checklist = plan(rules, fold(known), calendar)
    safe, preferred = earliest(checklist, start)
    candidates = _candidates(checklist, checklist.record.on, start, safe, count)
    return Feasible(checklist, start, safe, preferred, candidates)


def _candidates(checklist: Checklist, begin: int, today: int, safe: int | None, count: int) -> tuple[Candidate, ...]:
    """Walk over the clinic's days: the first that fit, and the first few that do not."""
    found: list[Candidate] = []
    good = bad = 0
    day = begin
    while good < count and day <= today + FURTHEST:
        if safe is None and bad >= MOST_UNSAFE:
            break
        if safe is not None and day < safe and bad >= MOST_UNSAFE:
            day = safe  # no day before it fits, and enough of them are shown
        if checklist.calendar.is_business_day(day):
            then = plan(checklist.rules, replace(checklist.record, on=day, assumed_from=today), checklist.calendar)
            # Kept from today on, and every task done: only what is too short for this day is left to block it.
            ok = then.projection.blocked_on is None
            good, bad = good + ok, bad + (not ok)
            if ok or bad <= MOST_UNSAFE:
                found.append(Candidate(day, ok, then))
        day += 1
    return tuple(found)
