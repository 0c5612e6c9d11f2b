"""List what is measured over HTTP, with the figures that it must and should reach."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from bench.cast import Place
from bench.load import NOT_MODIFIED, LoadError

Requests = Iterator[bytes]
Maker = Callable[[Place], Coroutine[Any, Any, Requests]]
POSTGRES_MUST = 1.5
"""The most that PostgreSQL may take of what SQLite takes."""
READ_TRIPS, WRITE_TRIPS = 1, 3


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. ``count`` is how many requests make a slice; they take some tens of milliseconds."""

    name: str
    status: int
    must: float
    aim: float
    count: int
    make: Maker
    trips: int
    fresh: bool = False
    """It needs procedures that nobody has read."""
    tutorial: bool = True


async def _unchanged(place: Place) -> Requests:
    (known,) = await place.connections.send([place.checklist()], 200)
    return _always(place.checklist(if_none_match=known.header("etag")))


async def _again(place: Place) -> Requests:
    return _always(place.checklist())


async def _computed(place: Place) -> Requests:
    return _each(place.unread_checklist)


async def _mark(place: Place) -> Requests:
    return _each(place.mark)


async def _book(place: Place) -> Requests:
    return _each(place.booking)


async def _worklist(place: Place) -> Requests:
    return _always(place.worklist())


def _always(asked: bytes) -> Requests:
    while True:
        yield asked


def _each(make: Callable[[], bytes]) -> Requests:
    while True:
        yield make()


OPERATIONS = (
    Operation("checklist, 304", NOT_MODIFIED, 3, 1.7, 250, _unchanged, READ_TRIPS, tutorial=False),
    Operation("checklist, 200 from the byte cache", 200, 3.3, 2.2, 200, _again, READ_TRIPS),
    Operation("checklist, 200 computed", 200, 8, 5, 50, _computed, READ_TRIPS, fresh=True),
    Operation("mark", 201, 8, 5, 60, _mark, WRITE_TRIPS),
    Operation("booking, 28 steps", 201, 10, 7, 40, _book, WRITE_TRIPS),
    Operation("worklist page of 50", 200, 8, 5, 40, _worklist, READ_TRIPS),
)


async def has_worklist(place: Place) -> bool:
    """Say whether this version has a worklist; what is not there is left out and said so."""
    try:
        await place.connections.send([place.worklist()], 200)
    except LoadError:
        return False
    return True
