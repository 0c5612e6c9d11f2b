"""Find days on which a procedure could be, before anything is booked. Nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from prep_tracker.desk.case import Desk
from prep_tracker.desk.ordering import Known, find_rules, first_entries, known_faults
from prep_tracker.domain.earliest import FURTHEST, earliest
from prep_tracker.domain.errors import Fault, InvalidError
from prep_tracker.domain.plan import Checklist, plan
from prep_tracker.domain.record import fold

if TYPE_CHECKING:
    from prep_tracker.domain.items import Item
    from prep_tracker.store import Connection

MOST_UNSAFE = 14
"""How many days that are not safe are shown with their reasons: enough to see why, and no more."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for, with whatever is known already."""

    protocol: str
    known: Known = field(default_factory=Known)
    not_before: date | None = None
    count: int = 5


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


def find_days(connection: Connection, desk: Desk, wish: Wish) -> Feasible:
    """Find the first safe days on which the clinic works, reckoned as kept from today where nothing is known.

    Raises ``InvalidError`` naming every wrong field.
    """
    rules, faults = find_rules(connection, desk, wish.protocol)
    if wish.not_before is not None and wish.not_before < desk.today:
        faults.append(Fault("/not_before", "past", f"This day is past; today is {desk.today}."))
    if rules is not None:
        faults += known_faults(rules, wish.known, desk.today)
    if faults or rules is None:
        raise InvalidError(*faults)
    today = desk.today.toordinal()
    begin = max(today, wish.not_before.toordinal() if wish.not_before else today)
    entries = first_entries(desk, date.fromordinal(begin), None, rules.name, wish.known)
    checklist = plan(rules, fold(entries), desk.calendar)
    safe, preferred = earliest(checklist, today)
    return Feasible(checklist, today, safe, preferred, _candidates(checklist, begin, today, safe, wish.count))


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
