"""Find days on which a procedure could be, before anything is booked. Nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from prep_tracker.desk.case import Desk
from prep_tracker.desk.ordering import Known, find_rules, first_entries, known_faults
from prep_tracker.domain.errors import Fault, InvalidError
from prep_tracker.domain.feasible import Candidate, Feasible, days_for

if TYPE_CHECKING:
    from prep_tracker.store import Connection

__all__ = ["Candidate", "Feasible", "Wish", "find_days"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for, with whatever is known already."""

    protocol: str
    known: Known = field(default_factory=Known)
    not_before: date | None = None
    count: int = 5


def find_days(connection: Connection, desk: Desk, wish: Wish) -> Feasible:
    """Find the first safe days on which the clinic works, reckoned as kept from today where nothing is known.

    Raises ``InvalidError`` naming every wrong field.
    """
    rules, faults = find_rules(connection, desk, wish.protocol)
    if wish.not_before is not None and wish.not_before < desk.today:
        faults.append(Fault("/not_before", "past", f"This day is past; today is {desk.today}."))
    faults += known_faults(rules, wish.known, desk.today)
    if faults or rules is None:
        raise InvalidError(*faults)
    entries = first_entries(desk, wish.not_before or desk.today, None, rules.name, wish.known)
    return days_for(rules, desk.calendar, desk.today, entries, count=wish.count)
