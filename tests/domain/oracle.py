"""An independent, slow and obvious reading of the laws: states, standing and earliest days, one day at a time.

It is written from the laws and shares no code with the rules; it reads the models of protocol and entries only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from prep_tracker.domain import entries as e
from prep_tracker.domain.protocol import Avoid, Daily, Do, Gate, Note, Protocol, Review, Step
from tests.domain import oracle_avoid
from tests.domain import oracle_items as items
from tests.domain.oracle_days import ONE, walk
from tests.domain.oracle_facts import ClassBook, World

LEVELS = ("on-track", "waiting", "at-risk", "blocked")
FURTHEST = 730
SILENT = {"undated", "to-follow"}


def world(
    protocol: Protocol, book: ClassBook, entries: Sequence[e.Entry], upto: date, closed: frozenset[date] = frozenset()
) -> World:
    """See the procedure as on a day: only what was said until then."""
    return World(protocol, book, [x for x in entries if x.said_on <= upto], closed)


def present(world: World) -> list[Step]:
    """List the steps whose condition is not false."""
    return [s for s in world.steps() if s.when is None or world.holds(s.when, s) is not False]


def severity(step: Step) -> str:
    """Give what the step weighs; what only informs weighs nothing."""
    if isinstance(step, Note):
        return step.severity if step.confirm else "advisory"
    if isinstance(step, Avoid) and step.days_before is None and step.from_ is None:
        return "advisory"
    return step.severity


def item_level(world: World, step: Step, day: date) -> int:
    """Give 0 to 3: what one item does to the standing on a day."""
    weight = severity(step)
    state = items.state(world, step, day)
    if weight == "advisory" or state in SILENT or (isinstance(step, Do) and items.aftercare(world, step)):
        return 0
    if state == "closed":
        return 3 if weight == "blocking" else 2
    if state == "short":
        floor = items.short(world, step, day)[1]
        return 3 if weight == "blocking" and floor > 0 else 2
    if state == "late":
        return 2 if weight == "blocking" else 1
    if state == "unknown":
        return 1
    return 0


def missing_fact(world: World) -> bool:
    """Say whether an unanswered fact decides about a step that weighs."""
    return any(s.when is not None and s.severity != "advisory" and world.missing(s.when, s) for s in present(world))


def base_level(world: World, day: date) -> int:
    """Give the level without clearance."""
    return max([int(missing_fact(world)), *(item_level(world, s, day) for s in present(world))])


def first_days(world: World) -> list[date | None]:
    """Scan for the first days that are at least waiting, at-risk, blocked, as if cleared."""
    levels = [(day, base_level(world, day)) for day in walk(world.booked_on, world.day)]
    return [next((day for day, level in levels if level >= wanted), None) for wanted in (1, 2, 3)]


def cleared(world: World) -> bool:
    """Say whether a clearance holds: for this day, and nothing has appeared or come earlier since."""
    said = [x for x in world.said if isinstance(x, e.Cleared | e.ClearanceRemoved)]
    if not said or not isinstance(said[-1], e.Cleared) or said[-1].on != world.day:
        return False
    then = (said[-1].waiting_on, said[-1].at_risk_on, said[-1].blocked_on)
    return all(
        now is None or (before is not None and now >= before)
        for now, before in zip(first_days(world), then, strict=True)
    )


def level(world: World, day: date) -> str:
    """Give the standing on a day."""
    ended = world.of_kind(e.Ended)
    if ended:
        return str(ended[-1].state)
    if day > world.day:
        return "past"
    number = base_level(world, day)
    held = world.protocol.clearance != "required" or cleared(world)
    due = world.point(world.protocol.clearance_due)
    if not held and isinstance(due, date) and day >= due:
        number = max(number, 1)
    return "ready" if number == 0 and held and all_done(world, day) else LEVELS[number]


def all_done(world: World, day: date) -> bool:
    """Say whether everything that weighs and lies before the procedure day is settled."""
    return all(severity(s) == "advisory" or settled(world, s, day) for s in present(world))


def settled(world: World, step: Step, day: date) -> bool:
    """Say whether one item is done, waived, or on course; what lies on the procedure day or after does not count."""
    state = items.state(world, step, day)
    if state in SILENT or state in {"done", "waived"}:
        return True
    if isinstance(step, Avoid):
        return step.from_ is not None or (
            oracle_avoid.answered(world, step) and oracle_avoid.avoid_short(world, step)[0] == 0
        )
    if isinstance(step, Do):
        due = items.do_days(world, step)[1]
        return isinstance(due, date) and due >= world.day
    if isinstance(step, Daily):
        return state != "short"
    if isinstance(step, Gate):
        opens = world.booked_on if step.opens is None else world.point(step.opens)
        return opens == world.day or any(
            items.bare_state(world, step, day) == "done" for day in walk(world.booked_on, world.day)
        )
    if isinstance(step, Review):
        return False
    at = world.booked_on if step.at is None else world.point(step.at)
    return isinstance(at, date) and at >= world.day


def fits(world: World, day: date, today: date, *, floors: bool) -> bool:
    """Judge a procedure on ``day`` with everything still open kept or done from today."""
    then = replace(world, moved_to=day, today=today)
    for step in present(then):
        weight = severity(step)
        if weight == "advisory" or (floors and weight != "blocking"):
            continue
        if items.state(then, step, day) == "short" and items.short(then, step, day)[0 if not floors else 1] > 0:
            return False
    return True


def earliest(world: World, today: date) -> tuple[date | None, date | None]:
    """Try every day from today on, first by the floors, then by what is asked."""
    found: list[date | None] = []
    for floors in (True, False):
        shut = any(
            items.state(world, s, today) == "closed"
            and (s.severity == "blocking" or not floors)
            and severity(s) != "advisory"
            for s in present(world)
        )
        days = walk(today, today + FURTHEST * ONE)
        found.append(None if shut else next((d for d in days if fits(world, d, today, floors=floors)), None))
    return found[0], found[1]
