"""Give the tests of who may do what the same house as the tests of the door."""

from tests.api.conftest import ana, ben, house

__all__ = ["ana", "ben", "house"]
