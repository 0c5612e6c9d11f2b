"""Find the earliest procedure day on which nothing blocks, and the earliest on which everything asked is met.

Reckoned from a day as if everything about which nothing was said were kept from that day, and every open task done on
its first possible day. Safe days are not closed upwards (a task is valid for so many days only, a business day moves),
so the search starts at the largest lower bound and judges upwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prep_tracker.domain.days import allowed_from
from prep_tracker.domain.items import Item
from prep_tracker.domain.plan import assume
from prep_tracker.domain.protocol import Avoid, Do

if TYPE_CHECKING:
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.domain.record import Record

FURTHEST = 730
"""How many days the search goes on; beyond that no day is named."""


def earliest(checklist: Checklist, today: int) -> tuple[int | None, int | None]:
    """Give the earliest safe day (by the floors) and the earliest preferred day (by the asks), neither before today.

    None where no day can say: a gate is closed, or nothing fits within 730 days.
    """
    safe = _search(checklist, today, today, floors=True)
    if safe is None:
        return None, None
    return safe, _search(checklist, today, safe, floors=False)


def _search(checklist: Checklist, today: int, start: int, *, floors: bool) -> int | None:
    if any(_weighs(i, floors=floors) and i.timeline[-1][1] == "closed" for i in checklist.items):
        return None
    first = max([start, *(_lower_bound(item, checklist.record, today, floors=floors) for item in checklist.items)])
    for day in range(first, today + FURTHEST + 1):
        if fits(checklist, day, today, floors=floors):
            return day
    return None


def fits(checklist: Checklist, day: int, today: int, *, floors: bool) -> bool:
    """Say whether moving to a day leaves nothing short, with everything still open assumed kept from today.

    ``floors`` looks at what blocks only; without it, at every ask that is not mere advice.
    """
    for item in assume(checklist, day, checklist.record.start, today).items:
        if not _weighs(item, floors=floors):
            continue
        for state_day in {day, *(d for d, _ in item.timeline if today <= d <= day)}:
            if item.state_on(state_day) != "short":
                continue
            ask, floor = item.short_on(state_day)
            if (floor if floors and item.rule.step.kind == "avoid" else ask) or not item.shorts:
                return False
    return True


def _weighs(item: Item, *, floors: bool) -> bool:
    severity = item.rule.step.severity
    return not item.silent and (severity == "blocking" or (not floors and severity == "clinician"))


def _lower_bound(item: Item, record: Record, today: int, *, floors: bool) -> int:
    """Give a day before which this item cannot fit, or 0 when only judging can tell.

    On another day a waiver may cover it again, and what was done too early for this day may count.
    """
    step = item.rule.step
    if not _weighs(item, floors=floors) or item.rule.uses or step.id in record.waivers:
        return 0
    if isinstance(step, Avoid) and step.days_before is not None:
        span = step.days_before if floors is False or step.floor_days is None else step.floor_days
        said = (item.bound if floors else item.bound_ask) or 0
        return max(said, allowed_from(today - 1, span)) if item.open_ask else said
    if isinstance(step, Do) and item.open_ask and step.id not in record.done:
        return today + (step.lead_days or 0)
    return 0
