"""Hold what was answered until it stands in the audit: written down within a second, and before the service ends.

What is held is bounded. When there is no room left, because the database has been away, nothing more is shown to
anybody: no disclosure without its line. Refusals of which there may be any number, of wrong credentials and of callers
who ask too often, get a line each for the first few of a minute; the rest are counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from prep_tracker.api.logs import log
from prep_tracker.api.witness import Noted, write_down
from prep_tracker.domain.chain import Keys
from prep_tracker.domain.errors import UnavailableError
from prep_tracker.store import clinics, seals
from prep_tracker.store.session import EVERY, QueryError

if TYPE_CHECKING:
    from prep_tracker.api.door import Service
    from prep_tracker.store.session import Store

MOST = 10_000
"""How many lines are held; a list counts for more, by those whom it shows."""
IDS_TO_A_LINE = 10
FLUSH_SECONDS, SEAL_SECONDS = 0.5, 5.0
SECONDS_TO_END = 5.0
"""How long it is tried to write down the last lines when the service ends."""
BATCH = 500
FEW = 10
"""How many refusals of one credential, or from one address, get a line each in a minute."""
FEW_OF_ALL = 100
"""How many of all of them do, whoever they are from: what fills a disk comes from many addresses."""
MINUTE = timedelta(minutes=1)


class Trail:
    """The lines that are not written down yet, of one process."""

    def __init__(self, keys: Keys | None = None, *, most: int = MOST) -> None:
        """Begin empty. ``keys`` are those that seals are made with."""
        self._keys = keys or Keys()
        self._held: deque[Noted] = deque()
        self._weight, self._most, self._lost = 0, most, 0
        self._crowd = Crowd()
        self._writing = asyncio.Lock()
        self._told: set[str] = set()

    @property
    def is_full(self) -> bool:
        """Say whether nothing more may be shown to anybody."""
        return self._weight >= self._most

    def add(self, noted: Noted) -> None:
        """Hold what was answered."""
        if self._weight >= 2 * self._most:  # only refusals come when it is full; the second half is room for these
            self._lost += 1
            return
        self._held.append(noted)
        self._weight += _weight(noted)

    def add_one_of_many(self, who: tuple[str, ...], noted: Noted) -> None:
        """Hold a refusal, or count it where there are many of the same."""
        if self._crowd.is_one_of_few(who, noted):
            self.add(noted)

    async def make_room(self, store: Store) -> None:
        """Write down what is held, where there is no room for more; ``UnavailableError`` when that cannot be.

        One request tries; the others are not kept waiting for a database that is away.
        """
        if not self._writing.locked():
            with suppress(UnavailableError, QueryError):
                await self.flush(store)
        if self.is_full:
            raise UnavailableError("The audit cannot be written at the moment, so nothing is shown.")

    async def flush(self, store: Store, now: datetime | None = None, *, is_last: bool = False) -> None:
        """Write down all that is held, and what was counted in a minute that is over by ``now``.

        Raises ``UnavailableError`` and ``QueryError``; nothing is lost then. A commit of which nobody knows whether it
        succeeded is done again: then lines stand there twice, and none lacks.
        """
        async with self._writing:
            if now is not None and (is_last or self._crowd.is_over(now)):
                for noted in self._crowd.counted():
                    self.add(noted)
            while batch := list(islice(self._held, BATCH)):
                await store.write(lambda connection, batch=batch: write_down(connection, batch), EVERY)  # type: ignore[misc]
                for noted in batch:
                    self._held.popleft()
                    self._weight -= _weight(noted)

    async def seal(self, store: Store, now: datetime, *, every: bool = False) -> None:
        """Seal what is written down; ``every``: look at all clinics' chains, for some may lack their first key."""
        waiting = set(await store.read(seals.waiting, EVERY))
        if every and self._keys.newest is not None:
            waiting |= {clinic.id for clinic in await store.read(clinics.every, EVERY)} | {""}
        for clinic_id in sorted(waiting):
            sealed: int | None = seals.MOST_TOGETHER
            while sealed == seals.MOST_TOGETHER:
                sealed = await store.write(
                    lambda connection, clinic_id=clinic_id: seals.seal(connection, clinic_id, self._keys, now=now),  # type: ignore[misc]
                    EVERY,
                )
            if sealed is None and clinic_id not in self._told:
                self._told.add(clinic_id)
                log().error("the audit is not sealed: PREP_AUDIT_KEY is missing", clinic=clinic_id or None)

    async def keep(self, service: Service, ending: asyncio.Event) -> None:
        """Write down and seal again and again until it is time to end, and then once more."""
        loop = asyncio.get_running_loop()
        sealed_at, every, is_away = -SEAL_SECONDS, True, False
        until: float | None = None
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), FLUSH_SECONDS)
            if ending.is_set() and until is None:
                until = loop.time() + SECONDS_TO_END
            try:
                await self.flush(service.store, service.clock.now(), is_last=until is not None)
                if until is not None or loop.time() - sealed_at >= SEAL_SECONDS:
                    await self.seal(service.store, service.clock.now(), every=every)
                    sealed_at, every = loop.time(), False
                is_away = False
                if until is not None:
                    break
            except Exception as error:  # noqa: BLE001 - it goes on whatever happens: without it nothing would be shown
                if not is_away:
                    log().error("the audit cannot be written", lines=len(self._held), error=type(error).__name__)
                is_away = True
                if until is not None and loop.time() >= until:
                    break
                await asyncio.sleep(FLUSH_SECONDS if ending.is_set() else 0)
        if lost := len(self._held) + self._lost:
            log().error("lines of the audit are lost", lines=lost)


class Crowd:
    """Tell the first few refusals of a minute from the rest, which are counted."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._since: datetime | None = None
        self._lines = 0
        self._by_whom: dict[tuple[str, ...], _Many] = {}

    def is_one_of_few(self, who: tuple[str, ...], noted: Noted) -> bool:
        """Count a refusal; say whether it gets a line of its own."""
        if self._since is None:
            self._since = noted.at
        if who not in self._by_whom and len(self._by_whom) >= FEW_OF_ALL:
            who, noted = (), Noted(noted.at, noted.status)
        many = self._by_whom.setdefault(who, _Many())
        many.last = noted
        if many.lines >= FEW or self._lines >= FEW_OF_ALL:
            many.rest += 1
            return False
        many.lines += 1
        self._lines += 1
        return True

    def is_over(self, now: datetime) -> bool:
        """Say whether the minute has passed in which the refusals were counted."""
        return self._since is not None and now - self._since >= MINUTE

    def counted(self) -> list[Noted]:
        """Give one line for all the rest of each credential and address, and begin anew."""
        told = [many.last._replace(more=many.rest) for many in self._by_whom.values() if many.last and many.rest]
        self._since, self._lines = None, 0
        self._by_whom.clear()
        return told


@dataclass(slots=True)
class _Many:
    """What came from one credential or address in a minute: how many got a line, how many did not, and the last."""

    lines: int = 0
    rest: int = 0
    last: Noted | None = None


def _weight(noted: Noted) -> int:
    shown = noted.shown
    return 1 if shown is None else 1 + (len(shown.patients) + len(shown.procedures)) // IDS_TO_A_LINE
