"""Give every test of the contract a house, on SQLite and on PostgreSQL in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prep_tracker.clock import SetClock
from prep_tracker.store.session import Store
from tests.api.house import BOOKED_AT, House


@pytest.fixture
def house(store: Store) -> Iterator[House]:
    """Settle clinics Aster and Birch."""
    opened = House(store, SetClock(BOOKED_AT))
    yield opened
    opened.close()
