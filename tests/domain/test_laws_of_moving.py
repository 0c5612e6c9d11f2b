"""What holds for every protocol and record when the day moves or something is taken back or added."""

from __future__ import annotations

from hypothesis import given

from tests.domain import oracle_laws as laws
from tests.domain.strategies import QUICK, Case, cases


@QUICK
@given(cases())
def test_the_earliest_days_are_those_that_trying_every_day_finds(case: Case) -> None:
    laws.check_earliest(case)


@QUICK
@given(cases())
def test_moved_to_the_earliest_safe_day_nothing_blocks_and_the_day_before_it_does(case: Case) -> None:
    laws.check_moving_there(case)


@QUICK
@given(cases())
def test_moving_there_and_back_gives_the_identical_checklist(case: Case) -> None:
    laws.check_there_and_back(case)


@QUICK
@given(cases())
def test_what_was_withdrawn_was_never_said(case: Case) -> None:
    laws.check_withdrawal(case)


@QUICK
@given(cases(("avoid",)))
def test_one_more_contact_never_makes_an_earliest_day_earlier(case: Case) -> None:
    laws.check_contact_never_helps(case)
