"""Say who must act on what stands in the way, until when, and by how much: by trying every day that is left."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from prep_tracker.domain.protocol import Avoid, Daily, Do, Gate, Review, Step
from tests.domain import oracle, oracle_avoid, oracle_days
from tests.domain import oracle_items as items
from tests.domain.oracle_days import ONE, walk
from tests.domain.oracle_facts import World


class Hindrance(NamedTuple):
    """One reason, as the oracle sees it."""

    step: str
    state: str
    level: int
    who: str
    act_by: date
    days_short: int | None = None
    floor_days_short: int | None = None
    worst_case_days_short: int | None = None


def hindrances(world: World, day: date) -> list[Hindrance]:
    """List what stands in the way on a day up to the procedure, the worst first, then by the last day to act."""
    first: dict[str, str] = {}
    for step in oracle.present(world):
        if step.when is not None and step.severity != "advisory":
            for fact in world.missing(step.when, step):
                first.setdefault(fact, step.id)
    found = [
        Hindrance(first[asked.id], "unknown", 1, asked.by, world.day)
        for asked in world.protocol.facts
        if asked.id in first
    ]
    due = world.point(world.protocol.clearance_due)
    if world.protocol.clearance == "required" and not oracle.cleared(world) and isinstance(due, date) and day >= due:
        found.append(Hindrance("clearance", "unknown", 1, "clinician", world.day))
    for step in oracle.present(world):
        level = oracle.item_level(world, step, day)
        if level:
            found.append(_of_step(world, step, day, level))
    return sorted(found, key=lambda one: (-one.level, one.act_by))


def _of_step(world: World, step: Step, day: date, level: int) -> Hindrance:
    state = items.state(world, step, day)
    head = (step.id, state, level, who(world, step, state), act_by(world, step, state, day))
    if state == "unknown":
        return Hindrance(*head, worst_case_days_short=worst_case(world, step, day))
    return Hindrance(*head, *(items.short(world, step, day) if state == "short" else (0, 0)))


def who(world: World, step: Step, state: str) -> str:
    """Say who must act: whoever the step names; about a closed gate and an undecided product, a clinician."""
    match step:
        case Do():
            return str(step.by)
        case Gate():
            return "clinician" if state == "closed" else str(step.by)
        case Review():
            oldest = date.min if step.valid_days is None else world.day - step.valid_days * ONE
            waits = not step.of or any(not items.decided(p, oldest) for p in items.flagged(world, step))
            return "clinician" if waits else "patient"
        case Avoid():
            return "clinician" if oracle_avoid.outstanding(world, step) else "patient"
        case _:
            return "patient"


def act_by(world: World, step: Step, state: str, day: date) -> date:
    """Find the last day, from this one to the procedure, on which acting helps; the procedure day when none does."""
    helping = [then for then in walk(day, world.day) if helps(world, step, state, then)]
    return max(helping, default=world.day)


def helps(world: World, step: Step, state: str, then: date) -> bool:
    """Say whether acting on that day is in time for the floor, the lead or the latest start."""
    if isinstance(step, Avoid) and state == "unknown" and step.days_before is not None:
        floor = step.days_before if step.floor_days is None else step.floor_days
        return oracle_days.allowed(then - ONE, world.day, floor)
    if isinstance(step, Do) and state == "late":
        return then <= items.do_days(world, step)[2]
    if isinstance(step, Daily) and state == "late" and step.start_by is not None:
        latest = world.point(step.start_by)
        missed = world.days_marked(step.id).get(then) is False
        return isinstance(latest, date) and then <= latest and not missed
    if isinstance(step, Review):
        due = due_of_review(world, step)
        return due is None or then <= due
    return True


def due_of_review(world: World, step: Review) -> date | None:
    """Give the day by which a review is due: as written, else the day on which something undecided was named."""
    if step.due is not None:
        point = world.point(step.due)
        return point if isinstance(point, date) else None
    oldest = date.min if step.valid_days is None else world.day - step.valid_days * ONE
    return min((p.named_on for p in items.flagged(world, step) if not items.decided(p, oldest)), default=None)


def worst_case(world: World, step: Step, day: date) -> int | None:
    """Count the days that are missing if an unanswered avoid was kept from this day only."""
    if not isinstance(step, Avoid) or step.days_before is None:
        return None
    said = oracle_avoid.bound(world, step, step.days_before) or date.min
    kept = oracle_days.first_allowed(day - ONE, step.days_before)
    return max(0, (max(said, kept) - world.day).days)
