"""Let a protocol prove itself: what is booked and said, and what must then stand on a day.

Examples are part of the protocol. The linter runs them, and nothing is published while one of them fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from prep_tracker.domain import entries as e
from prep_tracker.domain.days import Calendar, parse_day
from prep_tracker.domain.plan import plan
from prep_tracker.domain.record import fold
from prep_tracker.domain.standing import on

if TYPE_CHECKING:
    from prep_tracker.domain.items import Item
    from prep_tracker.domain.rules import Rules
    from prep_tracker.domain.worked import Example, Saying


def failures(example: Example, rules: Rules) -> Iterator[str]:
    """Run an example; yield what differs, one sentence each."""
    record = fold(_entries(example, rules))
    checklist = plan(rules, record, Calendar("UTC"))
    status = on(checklist, _ordinal(example.as_of))
    items = {item.rule.step.id: item for item in checklist.items}
    expect = example.expect
    if expect.standing is not None and status.level != expect.standing:
        reasons = ", ".join(f"{r.step} {r.state}" for r in status.reasons) or "nothing in the way"
        yield f"the standing is {status.level} ({reasons}), not {expect.standing}"
    if expect.earliest_safe_on is not None:
        safe = None if status.earliest_safe is None else date.fromordinal(status.earliest_safe).isoformat()
        if safe != expect.earliest_safe_on:
            yield f"the earliest safe day is {safe}, not {expect.earliest_safe_on}"
    for step, wanted in expect.states.items():
        found = items[step].state_on(status.day) if step in items else "absent"
        if found != wanted:
            yield f"{step} is {found}, not {wanted}"
    for name, days in (("opens", expect.opens), ("closes", expect.closes)):
        for step, day in days.items():
            lies = _lies(items.get(step), name)
            if lies != day:
                yield f"{step} {name} on {lies}, not on {day}"


def _lies(item: Item | None, name: str) -> str | None:
    day = None if item is None else (item.opens if name == "opens" else item.closes)
    return None if day is None else date.fromordinal(day).isoformat()


def _entries(example: Example, rules: Rules) -> list[e.Entry]:
    """Make the record that the example tells."""
    made: list[e.Entry] = []

    def said(day: str) -> dict[str, object]:
        return {
            "seq": len(made) + 1,
            "said_on": parse_day(day),
            "at": datetime(2000, 1, 1, tzinfo=UTC),
            "by": "coordinator",
        }

    def add(kind: type[e.Said], day: str, **fields: object) -> None:
        made.append(kind.model_validate({**said(day), **fields}))  # type: ignore[arg-type]

    add(e.Booked, example.booked or example.as_of, on=example.on, start=example.at, protocol=rules.name)
    for one in example.said:
        day = one.day or example.as_of
        for kind, fields in _fields(one, day):
            add(kind, day, **fields)
    return made


def _fields(one: Saying, day: str) -> Iterator[tuple[type[e.Said], dict[str, object]]]:  # noqa: C901 - one case a key
    """Yield the entries of one saying, in the order of its keys."""
    if one.answers:
        yield e.Answered, {"answers": one.answers}
    if one.product:
        yield (
            e.ProductAdded,
            {
                "text": one.product[0],
                "category": "medicine" if one.prescribed else "skincare",
                "classes": one.product,
                "prescribed": one.prescribed,
                "last_used_on": one.last_used,
            },
        )
    if one.exposed is not None:
        yield e.Exposed, {"to": one.exposed, "on": one.on or day, "special": one.kind}
    for step, since in one.since.items():
        yield e.Marked, {"step": step, "mark": "since", "on": None if since == "never" else since}
    for step, done in one.done.items():
        yield e.Marked, {"step": step, "mark": "done", "on": done}
    for step, days in one.kept.items():
        for kept in days:
            yield e.Marked, {"step": step, "mark": "kept", "on": kept}
    for mark, steps in (("safe", one.safe), ("unsafe", one.unsafe), ("understood", one.understood)):
        for step in steps:
            yield e.Marked, {"step": step, "mark": mark, "on": day}
    for step in one.opened:
        yield e.GateOpened, {"step": step, "reason": "as in the example"}
    for step in one.waived:
        yield e.Waived, {"step": step, "reason": "as in the example"}
    for event, when in one.events.items():
        yield e.EventRecorded, {"event": event, "on": when}
    if one.no_more_products:
        yield e.Marked, {"mark": "no_more_products"}
    if one.moved_to is not None:
        yield e.Moved, {"on": one.moved_to}


def _ordinal(day: str) -> int:
    return parse_day(day).toordinal()
