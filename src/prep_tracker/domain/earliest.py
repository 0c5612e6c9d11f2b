"""Find the earliest procedure day on which nothing blocks, and the earliest on which everything asked is met.

Reckoned from a day as if everything about which nothing was said were kept from that day, and every open task done on
its first possible day. Safe days are not closed upwards (a task is valid for so many days only, a business day moves),
so the search starts at the largest lower bound and judges upwards. Judged are only the steps that this bound does not
settle: tasks, daily doses, whatever hangs on products or on a waiver.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from prep_tracker.domain.days import allowed_from
from prep_tracker.domain.plan import place

if TYPE_CHECKING:
    from prep_tracker.domain.days import Calendar
    from prep_tracker.domain.items import Item
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.domain.record import Record
    from prep_tracker.domain.rules import Rule

FURTHEST = 730
"""How many days the search goes on; beyond that no day is named."""
BLOCKING, NOT_ADVICE = frozenset({"blocking"}), frozenset({"blocking", "clinician"})
"""The severities that weigh for the earliest safe day, and for the earliest preferred one."""
BOUNDED = frozenset({"avoid", "do"})
"""The kinds of step that may have a lower bound."""


def earliest(checklist: Checklist, today: int) -> tuple[int | None, int | None]:
    """Give the earliest safe day (by the floors) and the earliest preferred day (by the asks), neither before today.

    None where no day can say: a gate is closed, or nothing fits within 730 days.
    """
    assumed = replace(checklist.record, assumed_from=today)  # a copy, whose day moves with the search
    everything = [item.rule for item in (*checklist.items, *checklist.left_out)]
    uses = tuple(r for r in everything if r.step.kind == "daily" and r.step.of)
    rules = list(_undecided(checklist, uses, today))
    safe = _search(checklist, assumed, rules, uses, today, floors=True)
    if safe is None:
        return None, None
    return safe, _search(checklist, assumed, rules, uses, safe, floors=False)


def _search(
    checklist: Checklist, assumed: Record, undecided: list[Rule], uses: tuple[Rule, ...], start: int, *, floors: bool
) -> int | None:
    today, weighing = assumed.assumed_from or 0, BLOCKING if floors else NOT_ADVICE
    first = start
    for item in checklist.items:
        if item.silent or item.rule.step.severity not in weighing:
            continue
        if item.timeline[-1][1] == "closed":
            return None
        if item.rule.step.kind in BOUNDED:
            first = max(first, _lower_bound(item, checklist.record, today, floors=floors))
    rules = [rule for rule in undecided if rule.step.severity in weighing]
    for day in range(first, today + FURTHEST + 1):
        assumed.on = day
        if fits(rules, assumed, checklist.calendar, uses, floors=floors):
            return day
    return None


def _undecided(checklist: Checklist, uses: tuple[Rule, ...], today: int) -> Iterable[Rule]:
    """Give the rules that may be short on a day although no lower bound says so."""
    record = checklist.record
    contacts = [contact.on for contact in record.contacts]
    contacts += [day for rule in uses for day in record.kept.get(rule.step.id, ())]
    contacts += [p.last_contact for p in record.products.values() if p.last_contact is not None]
    # The bounds of the avoid steps know of contacts up to the procedure day that now is.
    known = all(day <= min(today, record.on) for day in contacts)
    for item in checklist.items:
        step = item.rule.step
        if step.kind == "avoid":
            if step.days_before is not None:
                undecided = not known or bool(item.rule.uses) or step.id in record.waivers
            else:
                undecided = step.from_ is not None and bool(contacts)
        elif step.kind == "daily":
            undecided = step.at_least is not None or step.start_by is not None
        else:
            undecided = step.kind == "do"
        if undecided:
            yield item.rule
    for item in checklist.left_out:
        if item.rule.uses:  # whether a product counts depends on where the window lies
            yield item.rule


def fits(rules: Iterable[Rule], assumed: Record, calendar: Calendar, uses: tuple[Rule, ...], *, floors: bool) -> bool:
    """Say whether a procedure on ``assumed.on`` leaves none of these steps short.

    Everything still open is assumed kept. ``floors`` looks at what blocks only; without it, at every ask.
    """
    day, today = assumed.on, assumed.assumed_from or 0
    for rule in rules:
        item, applies = place(rule, assumed, calendar, uses)
        if not applies or item.silent:
            continue
        for state_day in {day, *(d for d, _ in item.timeline if today <= d <= day)}:
            if item.state_on(state_day) != "short":
                continue
            ask, floor = item.short_on(state_day)
            if (floor if floors and rule.step.kind == "avoid" else ask) or not item.shorts:
                return False
    return True


def _lower_bound(item: Item, record: Record, today: int, *, floors: bool) -> int:
    """Give a day before which this item cannot fit, or 0 when only judging can tell.

    On another day a waiver may cover it again, and what was done too early for this day may count.
    """
    step = item.rule.step
    if item.rule.uses or step.id in record.waivers:
        return 0
    if step.kind == "avoid" and step.days_before is not None:
        span = step.days_before if floors is False or step.floor_days is None else step.floor_days
        said = (item.bound if floors else item.bound_ask) or 0
        return max(said, allowed_from(today - 1, span)) if item.open_ask else said
    if step.kind == "do" and item.open_ask and step.id not in record.done:
        return today + (step.lead_days or 0)
    return 0
