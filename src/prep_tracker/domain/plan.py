"""Lay a protocol on the calendar of one procedure. Never asks for today.

``plan(rules, record, calendar)`` gives a ``Checklist``: every step as an item with its timeline, and from these the
projection, the few days on which the standing of the procedure worsens if nothing more is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from prep_tracker.domain import asking, tasks
from prep_tracker.domain.avoiding import lay_avoid
from prep_tracker.domain.conditions import judge
from prep_tracker.domain.items import AT_RISK, BLOCKED, WAITING, Item, State, timeline
from prep_tracker.domain.points import resolve

if TYPE_CHECKING:
    from prep_tracker.domain.days import Calendar
    from prep_tracker.domain.entries import Cleared
    from prep_tracker.domain.protocol import Fact
    from prep_tracker.domain.record import Record, Waiver
    from prep_tracker.domain.rules import Rule, Rules

LAY: dict[str, Callable[[Rule, Record, Calendar], Item]] = {
    "do": tasks.lay_do,
    "daily": tasks.lay_daily,
    "gate": asking.lay_gate,
    "review": asking.lay_review,
    "note": asking.lay_note,
}


class Projection(NamedTuple):
    """The first days on which the standing is at least this bad; None when it never is, up to the procedure day."""

    waiting_on: int | None
    at_risk_on: int | None
    blocked_on: int | None


@dataclass(slots=True, eq=False)
class Checklist:
    """Everything that follows from the rules and the record, for every day at once."""

    rules: Rules
    record: Record
    calendar: Calendar
    items: tuple[Item, ...]
    left_out: tuple[Item, ...]
    """Items whose condition is false."""
    open_facts: tuple[tuple[Fact, str], ...]
    """Unanswered facts on which a step that counts depends, each with the first such step."""
    projection: Projection
    uncleared: Projection
    """The projection as if the procedure were cleared: what a clearance is given on, and judged by afterwards."""
    ready: bool
    """Nothing is left to do before the procedure day; holds until the projection says otherwise."""
    cleared: bool
    clearance_void: bool
    """A clearance was given, and what was said or moved since has made it void."""
    clearance_due: int | None
    """From which day a missing clearance is waited for; None when there is nothing to wait for."""


def plan(rules: Rules, record: Record, calendar: Calendar) -> Checklist:
    """Lay every step of the protocol on the calendar of this record."""
    items: list[Item] = []
    left_out: list[Item] = []
    all_rules = rules.with_steps(record.steps.values())
    uses = tuple(r for r in all_rules if r.step.kind == "daily" and r.step.of)
    for rule in all_rules:
        item, applies = place(rule, record, calendar, uses)
        (items if applies else left_out).append(item)
    return _sum_up(rules, record, calendar, tuple(items), tuple(left_out))


def place(rule: Rule, record: Record, calendar: Calendar, uses: tuple[Rule, ...]) -> tuple[Item, bool]:
    """Lay one step, cover it by its waiver, and say whether it applies; one whose condition is unknown does.

    ``uses`` are the daily steps whose days count as contacts with a class.
    """
    item = lay(rule, record, calendar, uses)
    if rule.step.when is not None:
        verdict = judge(rule, record, record.booked_on if item.opens is None else item.opens)
        item.causes, item.missing = verdict.causes, verdict.missing
        if verdict.value is None:
            item.provisional = True
            item.reviewing = item.reviewing or rule.medicine
        elif not verdict.value:
            return item, False
    waiver = record.waivers.get(rule.step.id)
    if waiver is not None:
        _waive(item, waiver, record)
    return item, True


def lay(rule: Rule, record: Record, calendar: Calendar, uses: tuple[Rule, ...]) -> Item:
    """Lay one step, whatever its kind."""
    kind = rule.step.kind
    return lay_avoid(rule, record, calendar, uses) if kind == "avoid" else LAY[kind](rule, record, calendar)


def _waive(item: Item, waiver: Waiver, record: Record) -> None:
    """Cover an item by a waiver, until the day on which it is short by more than was known when it was waived.

    A later exposure, product or "not safe" reopens it for good. Time alone does not: a task that was waived stays
    waived when its last day passes.
    """
    members, step = item.rule.members, item.rule.step
    later = (
        any(c.seq > waiver.seq and (c.to in members or c.special in members) for c in record.contacts)
        or any(p.number > waiver.seq and (p.classes | p.doubtful) & members for p in record.products.values())
        or record.unsafe.get(step.id, 0) > waiver.seq
    )
    if later:
        return
    waived: list[tuple[int, State]] = [(record.booked_on, "waived")]
    undone = step.kind == "do" and item.open_ask
    until = None if undone else next((day for day, ask, _ in item.shorts if ask > waiver.days_short), None)
    if until is not None:
        day = max(until, record.booked_on)
        waived += [(day, item.state_on(day)), *((d, s) for d, s in item.timeline if d > day)]
    item.timeline = timeline(record.booked_on, waived)
    item.settled = until is None
    if until is None:
        item.shorts, item.bound, item.bound_ask, item.open_ask = (), None, None, False


def _sum_up(
    rules: Rules, record: Record, calendar: Calendar, items: tuple[Item, ...], left_out: tuple[Item, ...]
) -> Checklist:
    facts = _open_facts(rules, items)
    projection = uncleared = _project(record, items, waiting=bool(facts))
    due = None
    cleared = void = False
    if rules.protocol.clearance == "required":
        cleared = _holds(record.cleared, record, projection, items)
        void = record.cleared is not None and not cleared
        moment = resolve(rules.protocol.clearance_due, record, calendar)
        if not cleared and moment is not None:
            due = min(moment.day, record.on)
            start = max(due, record.booked_on)
            earlier = projection.waiting_on is not None and projection.waiting_on <= start
            projection = projection if earlier else projection._replace(waiting_on=start)
    ready = (
        all(item.settled or not item.counted or item.rule.step.severity == "advisory" for item in items)
        and not facts
        and (cleared or rules.protocol.clearance == "none")
    )
    waited_from = due if not cleared else None
    return Checklist(
        rules, record, calendar, items, left_out, facts, projection, uncleared, ready, cleared, void, waited_from
    )


def _open_facts(rules: Rules, items: tuple[Item, ...]) -> tuple[tuple[Fact, str], ...]:
    asked: dict[str, str] = {}
    for item in items:
        if item.rule.step.severity != "advisory":
            for fact in item.missing:
                asked.setdefault(fact, item.rule.step.id)
    return tuple((fact, asked[fact.id]) for fact in rules.protocol.facts if fact.id in asked)


def _project(record: Record, items: tuple[Item, ...], *, waiting: bool) -> Projection:
    first: dict[int, int] = {WAITING: record.booked_on} if waiting else {}
    for item in items:
        if item.silent or item.rule.step.severity == "advisory":
            continue
        for day, state in item.timeline:
            if day > record.on:
                break
            for level in range(WAITING, item.level(state, day) + 1):
                first[level] = min(day, first.get(level, day))
    return Projection(first.get(WAITING), first.get(AT_RISK), first.get(BLOCKED))


def _holds(cleared: Cleared | None, record: Record, now: Projection, items: tuple[Item, ...]) -> bool:
    """Say whether a clearance still holds: for this day, and nothing has appeared or come earlier since.

    Where it was given although something blocked, only what was accepted by name may block.
    """
    if cleared is None or cleared.on.toordinal() != record.on:
        return False
    if cleared.accepted:
        days = range(max(record.last_on, record.booked_on), record.on + 1)
        blocking = {i.rule.step.id for i in items if any(i.level(i.state_on(d), d) == BLOCKED for d in days)}
        if not blocking <= set(cleared.accepted):
            return False
    then = (cleared.waiting_on, cleared.at_risk_on, cleared.blocked_on)
    return all(
        day is None or (known is not None and known.toordinal() <= day) for day, known in zip(now, then, strict=True)
    )
