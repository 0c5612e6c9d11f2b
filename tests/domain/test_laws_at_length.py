"""Every law again over many more cases, fresh ones each time; run by ``make soak``."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given

from tests.domain.oracle_laws import LAWS
from tests.domain.strategies import SOAK, Case, cases
from tests.domain.strategies_of_protocols import ALL

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_laws_hold_in_thousands_of_cases(law: Callable[[Case], None]) -> None:
    @SOAK
    @given(cases(most=5, longest=12))
    def many(case: Case) -> None:
        law(case)

    many()


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_laws_hold_for_each_kind_alone(law: Callable[[Case], None], kind: str) -> None:
    @SOAK
    @given(cases((kind,), most=2, longest=10))
    def many(case: Case) -> None:
        law(case)

    many()
