"""Give the tests of the pages the same house as the tests of the door, and browsers without scripts."""

from __future__ import annotations

import pytest

from tests.api.conftest import ana, house
from tests.api.house import House
from tests.pages.browser import Browser

__all__ = ["ana", "house"]


@pytest.fixture
def browser(house: House) -> Browser:
    """Give a browser in which nobody is signed in."""
    return Browser(house)
