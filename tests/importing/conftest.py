"""Give the tests of imports a house with its cast, on SQLite and on PostgreSQL in turn."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from prep_tracker.clock import SetClock
from prep_tracker.store.session import Store
from tests.api.house import BOOKED_AT, Caller, House


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget whatever settings the person who tests has."""
    for name in os.environ:
        if name.startswith("PREP_") and not name.startswith("PREP_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture
def house(store: Store) -> Iterator[House]:
    """Settle clinics Aster and Birch on 22 November 2026, ten o'clock in Amsterdam."""
    opened = House(store, SetClock(BOOKED_AT))
    yield opened
    opened.close()


@pytest.fixture
def ada(house: House) -> Caller:
    """Give Aster's admin, who imports."""
    return house.person("Ada")
