"""Say how a procedure stands on a day: states, reasons, the last day to act, and the earliest safe day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from prep_tracker.domain.days import allowed_from
from prep_tracker.domain.earliest import earliest
from prep_tracker.domain.items import AT_RISK, BLOCKED, ON_TRACK, WAITING, Item, State

if TYPE_CHECKING:
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.domain.protocol import Fact
    from prep_tracker.domain.terms import Who

Level = Literal["ready", "on-track", "waiting", "at-risk", "blocked", "past", "cancelled", "completed", "no-show"]
LEVELS: dict[int, Level] = {ON_TRACK: "on-track", WAITING: "waiting", AT_RISK: "at-risk", BLOCKED: "blocked"}
CLEARANCE = "clearance"
"""The step name under which a missing clearance stands among the reasons."""


class Reason(NamedTuple):
    """One thing that keeps the procedure from being ready, who can act on it, and until when that helps."""

    step: str
    state: State
    level: int
    who: Who
    act_by: int
    days_short: int | None = None
    floor_days_short: int | None = None
    worst_case_days_short: int | None = None
    item: Item | None = None
    fact: Fact | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """How a procedure stands on one day. Days are ordinals."""

    day: int
    level: Level
    reasons: tuple[Reason, ...]
    act_by: int | None
    """The earliest of the reasons' last days."""
    earliest_safe: int | None
    earliest_preferred: int | None


def on(checklist: Checklist, day: int) -> Status:
    """Judge a checklist on a day, which is the day of its last entry or a later one."""
    record = checklist.record
    if record.ended is not None:
        return Status(day, record.ended.state, (), None, None, None)
    reasons = reasons_on(checklist, min(day, record.on))
    safe, preferred = earliest(checklist, day)
    act_by = min((r.act_by for r in reasons), default=None)
    if day > record.on:
        return Status(day, "past", reasons, act_by, safe, preferred)
    return Status(day, level_on(checklist, day), reasons, act_by, safe, preferred)


def level_on(checklist: Checklist, day: int) -> Level:
    """Look the standing up in the projection."""
    record, projection = checklist.record, checklist.projection
    if record.ended is not None:
        return record.ended.state
    if day > record.on:
        return "past"
    found = ON_TRACK
    for level, first in zip((WAITING, AT_RISK, BLOCKED), projection, strict=True):
        if first is not None and first <= day:
            found = level
    return "ready" if found == ON_TRACK and checklist.ready else LEVELS[found]


def reasons_on(checklist: Checklist, day: int) -> tuple[Reason, ...]:
    """List what stands in the way on a day: worst first, then by the last day to act."""
    found = [
        Reason(step, "unknown", WAITING, fact.by, checklist.record.on, fact=fact) for fact, step in checklist.open_facts
    ]
    if checklist.clearance_due is not None and day >= checklist.clearance_due:
        found.append(Reason(CLEARANCE, "unknown", WAITING, "clinician", checklist.record.on))
    for item in checklist.items:
        if item.silent or item.rule.step.severity == "advisory":
            continue
        state = item.state_on(day)
        level = item.level(state, day)
        if level > ON_TRACK:
            found.append(_reason(checklist, item, state, level, day))
    found.sort(key=lambda r: (-r.level, r.act_by))
    return tuple(found)


def _reason(checklist: Checklist, item: Item, state: State, level: int, day: int) -> Reason:
    act_by = act_by_on(checklist, item, state, day) or checklist.record.on
    step = item.rule.step.id
    if state == "unknown":
        return Reason(
            step, state, level, who(item), act_by, worst_case_days_short=worst_case(checklist, item, day), item=item
        )
    ask, floor = item.short_on(day)
    return Reason(step, state, level, who(item), act_by, ask, floor, item=item)


def who(item: Item) -> Who:
    """Say who must act on an item: a closed gate and an undecided product wait for a clinician."""
    step = item.rule.step
    if item.undecided:
        return "clinician"
    if step.kind == "gate":
        return "clinician" if item.timeline[0][1] == "closed" else step.by
    if step.kind == "do":
        return step.by
    if step.kind == "review":
        return "patient" if step.of and not item.undecided else "clinician"
    return "patient"


def act_by_on(checklist: Checklist, item: Item, state: State, day: int) -> int | None:
    """Give the last day on which acting on the item still helps; None when there is nothing left to do.

    An unknown avoid: the day D less its floor while that is not past, then D. Short: until D the booking can move.
    """
    if state in {"done", "over", "waived"} or (state in {"open", "upcoming"} and item.settled):
        return None
    if state in {"short", "closed"}:
        return checklist.record.on
    if item.last_chance is None:
        return None
    return item.last_chance if item.last_chance >= day else checklist.record.on


def worst_case(checklist: Checklist, item: Item, day: int) -> int | None:
    """Say how many days short an unanswered avoid is of its ask, reckoned as kept since this day."""
    step = item.rule.step
    if step.kind != "avoid" or step.days_before is None:
        return None
    since = allowed_from(min(day, checklist.record.on) - 1, step.days_before)
    return max(0, since - checklist.record.on, (item.bound_ask or 0) - checklist.record.on)
