"""What the oracle says of reminders, over many more cases, fresh ones each time; run by ``make soak``."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.strategies import SOAK, Case, cases
from tests.domain.strategies_of_protocols import ALL
from tests.domain.test_reminders import check_lines, choosing

pytestmark = pytest.mark.soak


@SOAK
@given(cases(most=5, longest=12), st.integers(0, 6), st.randoms(use_true_random=False))
def test_reminders_are_the_oracles_in_thousands_of_cases(case: Case, chase_days: int, dice: random.Random) -> None:
    check_lines(case, chase_days)
    check_lines(choosing(case, dice), chase_days)


@pytest.mark.parametrize("kind", ALL)
def test_reminders_of_each_kind_of_step_are_the_oracles(kind: str) -> None:
    @SOAK
    @given(cases((kind,), most=2, longest=10))
    def many(case: Case) -> None:
        check_lines(case, 3)

    many()
