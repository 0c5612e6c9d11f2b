"""Give every test of the worker an office, on SQLite and on PostgreSQL in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prep_tracker.clock import SetClock
from prep_tracker.store.session import Store
from tests.api.house import BOOKED_AT, House
from tests.worker.office import Office


@pytest.fixture
def office(store: Store) -> Iterator[Office]:
    """Open it on 22 November 2026, ten o'clock in Amsterdam."""
    house = House(store, SetClock(BOOKED_AT))
    yield Office(house)
    house.close()
