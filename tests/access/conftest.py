"""Give the tests of who may do what the same house as the tests of the door, and a log that they can read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest
import structlog

from prep_tracker.api import logs
from tests.api.conftest import ana, ben, house

__all__ = ["ana", "ben", "house"]


@pytest.fixture
def log_to_stderr() -> Iterator[Callable[[], None]]:
    """Give what lets a test read the log as JSON; afterwards it goes where it went, for that stderr is closed then."""
    yield lambda: logs.configure("json", sys.stderr)
    structlog.reset_defaults()
