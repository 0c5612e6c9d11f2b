"""Reckon by which day somebody must act on a procedure next, for the column that the worklist is sorted by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prep_tracker.domain.items import ON_TRACK
from prep_tracker.domain.standing import act_by_on

if TYPE_CHECKING:
    from prep_tracker.domain.plan import Checklist


def next_act_by(checklist: Checklist, today: int) -> int | None:
    """Give the earliest last day to act of all reasons that stand today or will stand, if nothing more is said.

    None: nothing stands in the way up to the day itself, or the procedure has ended. It looks ahead, so that a row need
    not be reckoned anew when a reason comes up, but only once this day has passed.
    """
    on = checklist.record.on
    if checklist.record.ended is not None:
        return None
    today = min(today, on)
    found = [on] if checklist.open_facts or checklist.clearance_due is not None else []
    for item in checklist.items:
        for (start, state), end in zip(item.timeline, [*(day for day, _ in item.timeline[1:]), on + 1], strict=True):
            day = max(start, today)
            if day < end and day <= on and item.level(state, day) > ON_TRACK:
                found.append(act_by_on(checklist, item, state, day) or on)
    return min(found, default=None)
