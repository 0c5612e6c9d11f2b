"""What holds for every protocol and record: states, standing and projection are those of the day-by-day oracle."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.domain import oracle_laws as laws
from tests.domain.strategies import QUICK, Case, cases
from tests.domain.strategies_of_protocols import ALL


@QUICK
@given(cases())
def test_states_days_short_and_windows_are_the_oracles_on_every_day(case: Case) -> None:
    laws.check_states(case)


@pytest.mark.parametrize("kind", ALL)
def test_a_single_step_of_each_kind_is_as_the_oracle_says(kind: str) -> None:
    @QUICK
    @given(cases((kind,), most=1))
    def alone(case: Case) -> None:
        laws.check_states(case)
        laws.check_standing(case)

    alone()


@QUICK
@given(cases())
def test_the_standing_is_the_oracles_on_every_day(case: Case) -> None:
    laws.check_standing(case)


@QUICK
@given(cases())
def test_every_standing_lists_its_reasons_and_the_worst_of_them_is_the_standing(case: Case) -> None:
    laws.check_reasons(case)


@QUICK
@given(cases())
def test_every_reason_says_who_must_act_and_until_when_that_helps(case: Case) -> None:
    laws.check_who_and_when(case)


@QUICK
@given(cases(("avoid", "avoid", "review")))
def test_nobody_reads_stop_about_a_medicine_before_a_clinician_decided(case: Case) -> None:
    laws.check_medicines(case)


@QUICK
@given(cases())
def test_between_entries_a_standing_only_stays_or_worsens_and_the_projection_says_from_when(case: Case) -> None:
    laws.check_only_worse(case)


@QUICK
@given(cases())
def test_unknown_is_never_fine_and_unanswered_is_never_ready(case: Case) -> None:
    laws.check_unknown_is_never_fine(case)


@QUICK
@given(cases())
def test_there_is_a_checklist_whatever_is_written_and_said(case: Case) -> None:
    laws.check_plans_everything(case)
