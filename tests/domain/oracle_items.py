"""Say the state of one step on one day, straight from the laws, without timelines: every question is asked anew."""

from __future__ import annotations

from datetime import date

from prep_tracker.domain import entries as e
from prep_tracker.domain.protocol import Avoid, Daily, Do, Gate, Note, Review, Step
from tests.domain import oracle_days as days
from tests.domain.oracle_avoid import Shorts, avoid_short, avoid_state
from tests.domain.oracle_days import ONE, walk
from tests.domain.oracle_facts import Product, World

NEVER = date.max - 400 * ONE


def state(world: World, step: Step, day: date) -> str:
    """Give the state, a waiver that covers it first."""
    if waived(world, step, day):
        return "waived"
    return bare_state(world, step, day)


def bare_state(world: World, step: Step, day: date) -> str:
    """Give the state as if nothing were waived."""
    match step:
        case Avoid():
            return avoid_state(world, step, day)
        case Do():
            return do(world, step, day)
        case Daily():
            return daily(world, step, day)
        case Gate():
            return gate(world, step, day)
        case Review():
            return review(world, step, day)
        case _:
            return note(world, step, day)


def short(world: World, step: Step, day: date) -> Shorts:
    """Give the days short of ask and floor on a day."""
    match step:
        case Avoid():
            return avoid_short(world, step)
        case Do():
            return (do_short(world, step, day),) * 2
        case Daily():
            return (daily_short(world, step, day),) * 2
        case _:
            return 0, 0


def waived(world: World, step: Step, day: date) -> bool:
    """Say whether a waiver still covers the step (section 6)."""
    waivers = [x for x in world.of_kind(e.Waived) if x.step == step.id]
    if not waivers:
        return False
    waiver = waivers[-1]
    if isinstance(step, Gate):
        return not any(x.seq > waiver.seq for x in world.marks(step.id, "unsafe"))
    classes = world.watched(step)
    if any(x.seq > waiver.seq for x in world.of_kind(e.Exposed) if {x.to, x.special} & classes):
        return False
    if any(p.seq > waiver.seq for p in world.products() if p.classes & classes):
        return False
    if isinstance(step, Do) and not done_days(world, step):
        return True
    return short(world, step, min(day, world.day) if isinstance(step, Daily) else day)[0] <= int(waiver.days_short)


# -- do --------------------------------------------------------------------------------------------------------------


def do_days(world: World, step: Do) -> tuple[date | str, date | str, date]:
    """Give when it opens, when it is due, and the last day on which it is still possible."""
    opens = world.booked_on if step.opens is None else world.point(step.opens)
    lead = step.lead_days or 0
    due = world.day - max(1, lead) * ONE if step.due is None else world.point(step.due)
    return opens, due, world.day - lead * ONE


def aftercare(world: World, step: Do) -> bool:
    """Say whether a task is for after the procedure: due then, and nothing before depends on it."""
    due = do_days(world, step)[1]
    return step.lead_days is None and isinstance(due, date) and due > world.day


def done_days(world: World, step: Do) -> list[date]:
    """List the days on which it was done, early enough or not, but neither outdated nor before it opened."""
    opens = do_days(world, step)[0]
    oldest = date.min if step.valid_days is None else world.day - step.valid_days * ONE
    explicit = opens if step.opens is not None and isinstance(opens, date) else date.min
    found = [x.on or x.said_on for x in world.marks(step.id, "done")]
    if world.today:
        found.append(max(world.today, oldest, explicit))
    return sorted(x for x in found if x >= max(oldest, explicit))


def do_short(world: World, step: Do, day: date) -> int:
    if aftercare(world, step):
        return 0
    last = do_days(world, step)[2]
    when = min([*done_days(world, step), day]) if done_days(world, step) else day
    return max(0, (when - last).days)


def do(world: World, step: Do, day: date) -> str:
    opens, due, last = do_days(world, step)
    if isinstance(opens, str) or isinstance(due, str):
        return opens if isinstance(opens, str) else str(due)
    if aftercare(world, step) and day > due:
        return "over"
    done = done_days(world, step)
    if not aftercare(world, step) and (done[0] if done else day) > last:
        return "short"
    if done:
        return "done"
    if day > due:
        return "late"
    return "upcoming" if day < opens else "open"


# -- daily -----------------------------------------------------------------------------------------------------------


def daily_days(world: World, step: Daily) -> tuple[date | str, date | str]:
    """Give its first and last day; without a known end it goes on."""
    first = world.booked_on if step.from_ is None else world.point(step.from_)
    if step.to is not None:
        return first, world.point(step.to)
    return first, NEVER if step.until == "told" else world.events().get(str(step.until), NEVER)


def daily_short(world: World, step: Daily, day: date) -> int:
    """Count how many kept days (or how many days of an earlier start) can no longer be had."""
    first, last = daily_days(world, step)
    if isinstance(first, str) or isinstance(last, str):
        return 0
    marks = {on: kept for on, kept in world.days_marked(step.id).items() if on >= first}
    if world.today:
        marks = dict.fromkeys(days.walk(max(world.today, first), world.day), True) | marks
    missing = 0
    if step.at_least is not None:
        end = min(last, world.day if step.to is not None else world.day - ONE)
        window = [x for x in days.walk(end - (step.at_least.of_last - 1) * ONE, end) if x >= first]
        possible = sum(1 for x in window if marks.get(x, x >= day))
        missing = max(0, step.at_least.kept - possible)
    if step.start_by is not None:
        by = world.point(step.start_by)
        if isinstance(by, date):
            possible_start = next(x for x in walk(max(day, first), NEVER) if marks.get(x) is not False)
            started = min((on for on, kept in marks.items() if kept), default=possible_start)
            missing = max(missing, (max(started, first) - by).days)
    return missing


def daily(world: World, step: Daily, day: date) -> str:
    first, last = daily_days(world, step)
    if isinstance(first, str) or isinstance(last, str):
        return first if isinstance(first, str) else str(last)
    weighs = step.at_least is not None or step.start_by is not None
    missed = weighs and daily_short(world, step, min(day, world.day)) > 0
    if missed:
        return "short" if day <= max(last, world.day) else "over"
    if day > last:
        return "done" if step.at_least is not None and daily_short(world, step, day) == 0 else "over"
    if day < first:
        return "upcoming"
    started = any(kept for on, kept in world.days_marked(step.id).items() if on >= first)
    if step.start_by is not None and day > first and not started and day <= world.day:
        return "late"
    return "open"


# -- gate, review, note ----------------------------------------------------------------------------------------------


def gate(world: World, step: Gate, day: date) -> str:
    opens = world.booked_on if step.opens is None else world.point(step.opens)
    unsafe = [x.seq for x in world.marks(step.id, "unsafe")]
    opened = [x.seq for x in world.of_kind(e.GateOpened) if x.step == step.id]
    if unsafe and max(unsafe) > max(opened, default=0):
        return "closed"
    if isinstance(opens, str) or opens > world.day:
        return "to-follow"
    safe = [x for x in world.marks(step.id, "safe") if x.said_on >= opens and x.seq > max(unsafe, default=0)]
    safe += [x for x in world.of_kind(e.GateOpened) if x.step == step.id and x.said_on >= opens]
    if day >= world.day and not step.once:
        safe = [x for x in safe if x.said_on >= world.day]
    if safe:
        return "done"
    return "upcoming" if day < opens else "unknown"


def flagged(world: World, step: Review) -> list[Product]:
    """List the products that a review is about."""
    return [p for p in world.products() if p.classes & world.members(step.of)]


def decided(product: Product, oldest: date) -> bool:
    """Say whether a clinician decided, and lately enough."""
    return (
        product.decision in {"continue", "hold", "stop_agreed"}
        and product.decided_on is not None
        and product.decided_on >= oldest
    )


def review(world: World, step: Review, day: date) -> str:
    oldest = date.min if step.valid_days is None else world.day - step.valid_days * ONE
    open_ones = [p for p in flagged(world, step) if not decided(p, oldest)]
    due = min((p.named_on for p in open_ones), default=None) if step.due is None else world.point(step.due)
    if isinstance(due, str):
        return due
    if not step.of:
        complete = any((x.on or x.said_on) >= oldest for x in world.marks(step.id, "done"))
    else:
        complete = world.nothing_more() and not open_ones
    if complete:
        return "done"
    return "late" if due is not None and day > due else "unknown"


def note(world: World, step: Note, day: date) -> str:
    at = world.booked_on if step.at is None else world.point(step.at)
    end = (world.day if step.at is None else at) if step.to is None else world.point(step.to)
    if isinstance(at, str) or isinstance(end, str):
        return at if isinstance(at, str) else str(end)
    understood = bool(world.marks(step.id, "understood"))
    if step.confirm:
        end = max(end, world.day)
    if day > end:
        return "over"
    if step.confirm and understood:
        return "done"
    if day < at:
        return "upcoming"
    return "unknown" if step.confirm and at <= world.day else "open"
