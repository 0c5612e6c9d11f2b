"""What moving a procedure does to each of its steps."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep_tracker.domain import entries as e
from prep_tracker.domain.change import Change, change
from tests.domain import oracle_laws as laws
from tests.domain.oracle_days import ONE
from tests.domain.strategies import QUICK, Case, cases
from tests.domain.told import DAY, Saying, dec, item, mark, named, nov, planned, sun, tell

SUN: dict[str, Any] = {"kind": "avoid", "of": ["sun"], "days_before": 14}
TASK: dict[str, Any] = {"kind": "do", "valid_days": 10}
GATE: dict[str, Any] = {"kind": "gate", "ask": "Is your skin clear?", "safe": True, "opens": {"days": -10}}
CREAM: dict[str, Any] = {
    "kind": "daily",
    "from": {"days": -10},
    "to": {"days": -1},
    "at_least": {"of_last": 10, "kept": 8},
}
LASTING: dict[str, Any] = {"kind": "note", "at": {"event": "booked"}, "to": {"event": "booked", "days": 3}}
EARLY: dict[str, Any] = LASTING | {"when": {"starts": {"before": "10:00"}}}


def moved(case: Case, to: date, said_on: date, start: str | None = None) -> Change:
    """Compare a case with itself moved to another day, as it stands on the day on which it is moved."""
    head: dict[str, Any] = {"seq": len(case.entries) + 1, "said_on": said_on, "at": case.entries[0].at, "by": "staff"}
    after = case.with_entries((*case.entries, e.Moved(**head, on=to, start=start)))
    return change(planned(case), planned(after), said_on.toordinal())


@pytest.mark.parametrize(
    ("kind", "step", "said", "to", "on"),
    [
        ("kept", LASTING, (), dec(22), dec(1)),
        ("kept", SUN, (mark(dec(3), "since", nov(1)),), DAY, dec(5)),
        ("moved", SUN, (), dec(22), dec(1)),
        ("moved", SUN, (mark(dec(3), "since", nov(1)),), dec(22), dec(5)),
        ("moved", SUN, (mark(dec(3), "since", nov(1)),), dec(10), dec(5)),
        ("moved", {"kind": "do"}, (mark(dec(9), "done"),), dec(22), dec(9)),
        ("moved", SUN, (sun(dec(5)),), dec(19), dec(5)),  # one day less short is still short
        ("reopened", TASK, (mark(dec(9), "done"),), dec(22), dec(9)),
        ("reopened", GATE, (mark(dec(9), "safe"),), dec(22), dec(9)),
        ("reopened", SUN, (sun(dec(3)),), dec(22), dec(3)),
        ("newly_short", SUN, (mark(dec(3), "since", dec(3)),), dec(15), dec(5)),
        ("newly_short", TASK | {"lead_days": 5}, (), dec(8), dec(5)),
        ("newly_short", CREAM, (), dec(10), dec(5)),
        ("newly_short", SUN, (sun(dec(3)),), dec(17), dec(5)),
        ("no_longer_short", SUN, (sun(dec(5)),), dec(20), dec(5)),
        ("no_longer_short", SUN, (sun(dec(5)),), dec(31), dec(5)),  # it asks again, but is short no more
        ("no_longer_short", TASK | {"lead_days": 5}, (), dec(30), dec(15)),
    ],
)
def test_what_becomes_of_a_step(kind: str, step: dict[str, Any], said: tuple[Saying, ...], to: date, on: date) -> None:
    found = moved(tell(step, said=said), to, on)
    assert [(one.step, one.change) for one in found.steps] == [("step", kind)]
    assert found.steps[0].before is item(found.before)
    assert found.steps[0].after is item(found.after)


def test_a_step_for_early_procedures_comes_and_goes_with_the_time() -> None:
    steps = [EARLY | {"id": "early"}, LASTING | {"id": "always"}, SUN | {"id": "sun"}]
    to_early = moved(tell(*steps, start="11:00"), DAY, dec(1), "09:00")
    to_late = moved(tell(*steps, start="09:00"), dec(22), dec(1), "11:00")
    assert [(c.step, c.change) for c in to_early.steps] == [("early", "added"), ("always", "kept"), ("sun", "kept")]
    assert [(c.step, c.change) for c in to_late.steps] == [("always", "kept"), ("sun", "moved"), ("early", "removed")]
    assert (to_early.steps[0].before, to_late.steps[-1].after) == (None, None)
    assert to_early.steps[0].after is item(to_early.after, "early")
    assert to_late.steps[-1].before is item(to_late.before, "early")


def test_a_change_says_how_the_procedure_stands_under_each_plan() -> None:
    found = moved(tell(SUN, said=(mark(dec(3), "since", dec(3)),)), dec(15), dec(5))
    assert (found.status_before.level, found.status_after.level) == ("ready", "blocked")
    assert found.status_after.reasons[0].days_short == 2
    assert found.status_after.earliest_safe == dec(17).toordinal()


def test_a_decision_that_moves_nothing_changes_nothing() -> None:
    pills = {"kind": "avoid", "of": ["nsaid"], "days_before": 7}
    before = tell(pills, said=(named(nov(23), "nsaid"),))
    after = tell(pills, said=(named(nov(23), "nsaid"), (nov(24), e.Decided, {"product": 2, "decision": "change"})))
    assert [c.change for c in change(planned(before), planned(after), nov(24).toordinal()).steps] == ["kept"]


@QUICK
@given(cases(), st.integers(-20, 30))
def test_every_step_is_listed_once_and_short_is_what_the_states_say(case: Case, days: int) -> None:
    last = case.entries[-1].said_on
    after = case.with_entries((*case.entries, e.Moved(**laws.head(case), on=max(last, case.day + days * ONE))))
    found = change(laws.planned(case), laws.planned(after), last.toordinal())
    old = {i.rule.step.id: i for i in found.before.items}
    new = {i.rule.step.id: i for i in found.after.items}
    assert sorted(c.step for c in found.steps) == sorted(old | new)
    for one in found.steps:
        was = one.step in old and old[one.step].state_on(last.toordinal()) == "short"
        now = one.step in new and new[one.step].state_on(last.toordinal()) == "short"
        assert (one.change == "added") == (one.step not in old)
        assert (one.change == "removed") == (one.step not in new)
        if one.step in old and one.step in new:
            assert (one.change == "newly_short", one.change == "no_longer_short") == (now and not was, was and not now)


@QUICK
@given(cases())
def test_what_is_not_moved_is_kept(case: Case) -> None:
    same = change(laws.planned(case), laws.planned(case), case.entries[-1].said_on.toordinal())
    assert {one.change for one in same.steps} <= {"kept"}
    assert len(same.steps) == len(same.after.items)
