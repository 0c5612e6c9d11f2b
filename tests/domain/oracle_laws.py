"""The laws as checks on one case: each raises an ``AssertionError`` that says where the rules and a law part."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from prep_tracker.domain import entries as e
from prep_tracker.domain.explain import question
from prep_tracker.domain.plan import Checklist, plan
from prep_tracker.domain.protocol import Avoid, Daily, Do
from prep_tracker.domain.record import fold
from prep_tracker.domain.standing import level_on, on
from tests.domain import oracle, oracle_avoid, oracle_days, oracle_items
from tests.domain.oracle_days import ONE, walk
from tests.domain.oracle_facts import World
from tests.domain.oracle_reasons import Hindrance, hindrances
from tests.domain.strategies import AT, Case
from tests.domain.strategies_of_protocols import BOOK

AFTER = 10 * ONE
LEVELS = {"ready": 0, "on-track": 0, "waiting": 1, "at-risk": 2, "blocked": 3}


def planned(case: Case, upto: date | None = None) -> Checklist:
    """Plan a case by the rules, as far as it was said on a day."""
    return plan(case.rules, fold(case.entries, upto), case.calendar)


def seen(case: Case, upto: date) -> World:
    """See a case as the oracle does."""
    return oracle.world(case.protocol, BOOK, case.entries, upto, case.closed)


def as_date(ordinal: int | None) -> date | None:
    """Read the rules' day."""
    return None if ordinal is None else date.fromordinal(ordinal)


def days_of(case: Case) -> Iterator[tuple[date, World, Checklist]]:
    """Give every day from the booking to ten days after the procedure, with what was known on it."""
    for day in walk(case.entries[0].said_on, case.day + AFTER):
        yield day, seen(case, day), planned(case, day)


def check_states(case: Case) -> None:
    """States, days short and windows equal the oracle's on every day."""
    for day, world, checklist in days_of(case):
        steps = oracle.present(world)
        assert [s.id for s in steps] == [i.rule.step.id for i in checklist.items], day
        for step, item in zip(steps, checklist.items, strict=True):
            expected = oracle_items.state(world, step, day)
            if expected in oracle.SILENT:
                continue
            where = (day, step.id, "procedure", world.day)
            assert (item.state_on(day.toordinal()), *where) == (expected, *where)
            if expected == "short" and day <= world.day:
                short = oracle_items.short(world, step, day)
                assert (item.short_on(day.toordinal()), *where) == (short, *where)
            if isinstance(step, Avoid) and step.days_before is not None:
                assert as_date(item.opens) == oracle_days.opens_on(world.day, step.days_before), where


def check_standing(case: Case) -> None:
    """Judge each day: the standing equals the oracle's on every day."""
    for day, world, checklist in days_of(case):
        assert (level_on(checklist, day.toordinal()), day) == (oracle.level(world, day), day)


def check_reasons(case: Case) -> None:
    """Every standing but ready and on-track lists its reasons, the worst first, and the worst is the standing."""
    for day, world, checklist in days_of(case):
        if day <= world.day and not world.of_kind(e.Ended):
            status = on(checklist, day.toordinal())
            assert LEVELS[status.level] == max((r.level for r in status.reasons), default=0), day
            assert [r.level for r in status.reasons] == sorted((r.level for r in status.reasons), reverse=True)


def check_who_and_when(case: Case) -> None:
    """Every reason says who must act, the last day on which that helps, and by how much it is short."""
    for day, world, checklist in days_of(case):
        if day <= world.day and not world.of_kind(e.Ended):
            status = on(checklist, day.toordinal())
            found = [Hindrance(*r[:4], date.fromordinal(r.act_by), *r[5:8]) for r in status.reasons]
            expected = hindrances(world, day)
            assert (sorted(map(str, found)), day) == (sorted(map(str, expected)), day)
            assert [(one.level, one.act_by) for one in found] == [(one.level, one.act_by) for one in expected]
            assert as_date(status.act_by) == min((one.act_by for one in expected), default=None)


def check_medicines(case: Case) -> None:
    """Nobody reads "stop" about a medicine before a clinician decided, and until then it is not on-track."""
    for day, world, checklist in days_of(case):
        level = level_on(checklist, day.toordinal())
        for step, item in zip(oracle.present(world), checklist.items, strict=True):
            if not isinstance(step, Avoid):
                continue
            assert (item.reviewing, day, step.id) == (oracle_avoid.reviewing(world, step), day, step.id)
            undecided = [p for p in oracle_avoid.outstanding(world, step) if any(map(world.systemic, p.classes))]
            if not undecided:
                continue
            asked = question(item, item.state_on(day.toordinal()))
            assert asked is None, (day, step.id)
            weighs = oracle.severity(step) != "advisory" and oracle_items.state(world, step, day) not in oracle.SILENT
            if weighs and day <= world.day and not world.of_kind(e.Ended) and not oracle_items.waived(world, step, day):
                assert level not in {"ready", "on-track"}, (day, step.id)


def check_only_worse(case: Case) -> None:
    """Between entries a standing stays or worsens up to the procedure day, and the projection says from when."""
    last = case.entries[-1].said_on
    checklist, world = planned(case), seen(case, last)
    if world.of_kind(e.Ended):
        return
    levels = [(day, LEVELS[oracle.level(world, day)]) for day in walk(last, world.day)]
    assert [level for _, level in levels] == sorted(level for _, level in levels)
    for wanted, first in enumerate(checklist.projection, start=1):
        for day, level in levels:
            reached = first is not None and first <= day.toordinal()
            assert (reached, day, wanted) == (level >= wanted, day, wanted)


def check_earliest(case: Case) -> None:
    """Both earliest days are those that trying every day from today finds."""
    last = case.entries[-1].said_on
    world = seen(case, last)
    if world.of_kind(e.Ended):
        return
    for today in {last, max(last, world.day - 3 * ONE)}:
        status = on(planned(case), today.toordinal())
        safe, preferred = oracle.earliest(world, today)
        found = (as_date(status.earliest_safe), as_date(status.earliest_preferred))
        assert (*found, today) == (safe, preferred, today)
        assert safe is None or preferred is None or today <= safe <= preferred


def check_moving_there(case: Case) -> None:
    """Kept or done from today and moved to the earliest safe day, nothing blocks; moved to the day before, it does."""
    today = case.entries[-1].said_on
    safe = as_date(on(planned(case), today.toordinal()).earliest_safe)
    if safe is None or any(isinstance(s, Daily) and s.of for s in case.protocol.steps):
        return  # keeping up a daily use of a class is itself a contact: no day is assumed for it
    assert level_on(planned(carried_out(case, safe, today)), safe.toordinal()) != "blocked"
    before = safe - ONE
    if before >= today:
        assert level_on(planned(carried_out(case, before, today)), before.toordinal()) == "blocked"


def carried_out(case: Case, day: date, today: date) -> Case:
    """Add to the record that the procedure moved and that everything still open was kept or done from today."""
    start = fold(case.entries).start
    moved = case.with_entries((*case.entries, e.Moved(**head(case), on=day, start=start)))
    world = seen(moved, today)
    said: list[dict[str, Any]] = []
    for step in world.steps():
        if isinstance(step, Avoid):
            if oracle_avoid.nothing_said(world, step) or oracle_avoid.asks_again_for_product(world, step):
                said.append({"step": step.id, "mark": "since", "on": today})
        elif isinstance(step, Do) and not oracle_items.done_days(world, step):
            opens = oracle_items.do_days(world, step)[0]
            first = opens if step.opens is not None and isinstance(opens, date) else today
            oldest = today if step.valid_days is None else day - step.valid_days * ONE
            said.append({"step": step.id, "mark": "done", "on": max(today, first, oldest)})
        elif isinstance(step, Daily):
            known = world.days_marked(step.id)
            said += [{"step": step.id, "mark": "kept", "on": on} for on in walk(today, day) if on not in known]
    entries = moved.entries
    for mark in said:
        entries = (*entries, e.Marked(**(head(case) | {"seq": len(entries) + 1}), **mark))
    return moved.with_entries(entries)


def head(case: Case) -> dict[str, Any]:
    """Give what an entry needs that is said after all others, on the same day."""
    return {"seq": len(case.entries) + 1, "said_on": case.entries[-1].said_on, "at": AT, "by": "somebody"}


def picture(checklist: Checklist) -> tuple[Any, ...]:
    """Give everything a checklist says, without the number of its last entry."""
    items = [
        (i.rule.step.id, i.timeline, i.opens, i.due, i.closes, i.shorts, i.bound, i.bound_ask, i.settled, i.missing)
        for i in (*checklist.items, *checklist.left_out)
    ]
    return items, len(checklist.items), checklist.projection, checklist.ready, checklist.cleared


def check_there_and_back(case: Case) -> None:
    """Move away and back: that gives the identical checklist."""
    record = fold(case.entries)
    day = date.fromordinal(record.on)
    for away in (day + ONE, day + 17 * ONE, day - 5 * ONE):
        there = e.Moved(**head(case), on=away)
        moved = case.with_entries((*case.entries, there))
        back = e.Moved(**head(moved), on=day, start=record.start)
        assert picture(planned(moved.with_entries((*moved.entries, back)))) == picture(planned(case))


def check_withdrawal(case: Case) -> None:
    """Withdraw each entry: what was withdrawn was never said."""
    for entry in case.entries:
        if entry.kind in e.NOT_WITHDRAWABLE:
            continue
        gone = case.with_entries((*case.entries, e.Withdrawn(**head(case), entry=entry.seq)))
        never = case.with_entries(tuple(x for x in case.entries if x is not entry))
        assert picture(planned(gone)) == picture(planned(never)), entry


def check_unknown_is_never_fine(case: Case) -> None:
    """While something that weighs is unknown, the standing is worse than on-track; unanswered is never ready."""
    for day, world, checklist in days_of(case):
        if day > world.day or world.of_kind(e.Ended):
            continue
        level = level_on(checklist, day.toordinal())
        for step in oracle.present(world):
            if oracle.severity(step) == "advisory" or oracle_items.waived(world, step, day):
                continue
            if oracle_items.bare_state(world, step, day) == "unknown":
                assert level not in {"ready", "on-track"}, (day, step.id)
            if isinstance(step, Avoid) and step.days_before is not None and oracle_avoid.nothing_said(world, step):
                assert level != "ready", (day, step.id)


def check_contact_never_helps(case: Case) -> None:
    """One more contact today never makes an earliest day earlier."""
    today = case.entries[-1].said_on
    world = seen(case, today)
    if world.of_kind(e.Ended):
        return
    before = on(planned(case), today.toordinal())
    for step in case.protocol.steps:
        if isinstance(step, Avoid):
            for name in step.of:
                more = e.Exposed(**head(case), to=name, on=today)
                after = on(planned(case.with_entries((*case.entries, more))), today.toordinal())
                far = date.max.toordinal()
                assert (after.earliest_safe or far) >= (before.earliest_safe or far), (step.id, name)
                assert (after.earliest_preferred or far) >= (before.earliest_preferred or far), (step.id, name)


def check_plans_everything(case: Case) -> None:
    """Whatever is written and said, there is a checklist, and it can be judged on any day."""
    checklist = planned(case)
    for day in (case.entries[-1].said_on, case.day, case.day + 400 * ONE):
        assert on(checklist, day.toordinal()).level in {*LEVELS, "past", "cancelled", "completed", "no-show"}


LAWS = (
    check_states,
    check_standing,
    check_reasons,
    check_who_and_when,
    check_medicines,
    check_only_worse,
    check_earliest,
    check_moving_there,
    check_there_and_back,
    check_withdrawal,
    check_unknown_is_never_fine,
    check_contact_never_helps,
    check_plans_everything,
)
