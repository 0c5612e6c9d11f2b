"""What is shown in a calendar moves only by entries that are known to: tombstones are looked for at no others."""

from __future__ import annotations

from hypothesis import given

from prep_tracker.domain.plan import plan
from prep_tracker.domain.record import fold
from prep_tracker.exports.ics import shown
from prep_tracker.services.calendars import _moves
from tests.domain.strategies import QUICK, Case, cases


def places(case: Case, end: int) -> list[tuple[str, int, int, bool]]:
    checklist = plan(case.rules, fold(case.entries[:end]), case.calendar)
    ways = (True, False)
    return [(one.step, one.first, one.last, way) for way in ways for one in shown(checklist, neutral=way)]


@QUICK
@given(cases())
def test_an_entry_that_is_not_known_to_move_days_moves_none(case: Case) -> None:
    for end, entry in enumerate(case.entries[1:], start=1):
        if not _moves(entry):
            assert places(case, end) == places(case, end + 1)


@QUICK
@given(cases())
def test_neutral_days_are_days_that_full_ones_begin_on_and_each_comes_once(case: Case) -> None:
    checklist = plan(case.rules, fold(case.entries), case.calendar)
    neutral, full = shown(checklist, neutral=True), shown(checklist, neutral=False)
    days = [one.first for one in neutral]
    assert days == sorted(set(days))
    assert set(days) == {one.first for one in full} - {checklist.record.on}
    assert {one.step for one in neutral} <= {one.step for one in full}
