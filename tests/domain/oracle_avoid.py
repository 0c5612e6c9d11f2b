"""Say the state of an avoid step on one day, straight from the laws of days."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from prep_tracker.domain import entries as e
from prep_tracker.domain.protocol import Avoid, Step
from tests.domain import oracle_days as days
from tests.domain.oracle_days import ONE
from tests.domain.oracle_facts import Product, World

if TYPE_CHECKING:
    from prep_tracker.domain.days import Span as Length

Shorts = tuple[int, int]
"""Days short of the ask and of the floor."""


def since(world: World, step: Step) -> e.Marked | None:
    """Find the last "kept since" of a step."""
    said = world.marks(step.id, "since")
    return said[-1] if said else None


def outstanding(world: World, step: Avoid) -> list[Product]:
    """List the products about which a clinician has not decided."""
    return [p for p in world.products() if p.classes & world.watched(step) and world.role(step, p) == "outstanding"]


def reviewing(world: World, step: Avoid) -> bool:
    """Say whether a step reads as a review (section 5): nobody may read "stop" while a question is still open."""
    if outstanding(world, step):
        return True
    medicines = [name for name in world.watched(step) if world.medicine(name)]
    if not any(name in step.of or world.systemic(name) for name in medicines):
        return False
    if step.when is not None and world.holds(step.when, step) is None:
        return True
    settled = [p for p in world.products() if p.classes & world.watched(step) and world.role(step, p) == "counts"]
    return step.prescribed in {None, "review"} and not settled


def asks_again_for_product(world: World, step: Avoid) -> bool:
    """Say whether a product named after the last "since", without a last day of use, makes the step ask again."""
    last = since(world, step)
    return any(
        p.classes & world.watched(step)
        and world.role(step, p) == "counts"
        and not p.contacts()
        and (last is None or p.seq > last.seq)
        for p in world.products()
    )


def nothing_said(world: World, step: Avoid) -> bool:
    return since(world, step) is None and not world.contacts(step)


def answered(world: World, step: Avoid) -> bool:
    """Say whether the step has its answer (law 5)."""
    if nothing_said(world, step) or asks_again_for_product(world, step) or outstanding(world, step):
        return False
    if since(world, step) is None and step.days_before is not None:
        last = max((day for _, day, _ in world.contacts(step) if day <= world.day), default=date.min)
        return last >= days.opens_on(world.day, step.days_before) - ONE
    return True


def bound(world: World, step: Avoid, length: Length) -> date | None:
    """Give the first day that what was said allows: ``allowed_from`` of law 5."""
    found = []
    last = since(world, step)
    if last is not None and last.on is not None:
        found.append(days.first_allowed(last.on - ONE, length))
    for _, day, names in world.contacts(step):
        if day <= world.day:
            kinds = [long for kind, long in step.longer.items() if names & world.members([kind])]
            found += [days.first_allowed(day, each) for each in [length, *kinds]]
    if world.today and (nothing_said(world, step) or asks_again_for_product(world, step)):
        found.append(days.first_allowed(world.today - ONE, length))
    return max(found, default=None)


def avoid_short(world: World, step: Avoid) -> Shorts:
    """Count the days that are missing; a step that begins on the procedure day or after never is short."""
    if step.days_before is None:
        first = from_day(world, step)
        late = [day for _, day, _ in world.contacts(step) if first and first <= day <= world.day]
        return ((max(late) - first).days + 1,) * 2 if late and first else (0, 0)
    ask, floor = (
        bound(world, step, length) or date.min
        for length in (step.days_before, step.days_before if step.floor_days is None else step.floor_days)
    )
    return max(0, (ask - world.day).days), max(0, (floor - world.day).days)


def from_day(world: World, step: Avoid) -> date | None:
    """Give the first clear day of an avoid that begins at a point, None where it has none."""
    if step.from_ is None:
        return None
    point = world.point(step.from_)
    if isinstance(point, str):
        return None
    timed = step.from_.time or step.from_.part or step.from_.by_clock
    return point + ONE if timed else point


def last_day(world: World, step: Avoid) -> date | None:
    """Give the last day of what comes after the procedure; None where nothing does."""
    if step.until is not None:
        return max(world.day, world.events().get(step.until, date.max))
    return None if step.days_after is None else days.last_after(world.day, step.days_after)


def avoid_state(world: World, step: Avoid, day: date) -> str:
    procedure, end = world.day, last_day(world, step)
    if step.days_before is None and step.from_ is None:
        return "upcoming" if day < procedure else "open" if end is None or day <= end else "over"
    known = answered(world, step)
    if step.from_ is not None:
        opens = world.point(step.from_)
        if isinstance(opens, str):
            return opens
        last = since(world, step)
        known = last is not None and last.said_on >= procedure
        known = known and not asks_again_for_product(world, step) and not outstanding(world, step)
    else:
        opens = days.opens_on(procedure, step.days_before)  # type: ignore[arg-type]
    if day > procedure and end is not None:
        return "open" if day <= end else "over"
    if avoid_short(world, step)[0] > 0:
        return "short"
    if day > procedure and known:
        return "done"
    if step.from_ is not None and day < procedure and not outstanding(world, step):
        return "upcoming" if day < opens else "open"
    if not known and (day >= opens or outstanding(world, step)):
        return "unknown"
    return "upcoming" if day < opens else "open"
