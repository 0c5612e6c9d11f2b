"""Keep what became of messages, of many in one transaction: whoever comes while somebody writes leaves it to them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from prep_tracker.domain.errors import UnavailableError
from prep_tracker.services import sending
from prep_tracker.services.sending import Dropped, Ready

if TYPE_CHECKING:
    from prep_tracker.channels import Outcome
    from prep_tracker.store import Connection
    from prep_tracker.store.message_rows import MessageRow
    from prep_tracker.store.session import Store

TOGETHER: Final = 64


@dataclass(frozen=True, slots=True)
class Tried:
    """A message that was tried, or was not to be sent, with what became of it and when; ``chance`` spreads retries.

    ``ready`` is None where it could not even be written.
    """

    row: MessageRow
    ready: Ready | Dropped | None
    outcome: Outcome | None
    now: datetime
    chance: float

    def settle(self, connection: Connection) -> bool:
        """Keep it; False: the lease was lost."""
        return sending.settle(connection, self.row, self.ready, self.outcome, now=self.now, chance=self.chance)


class Notes:
    """What is to be kept. ``lost`` is told of each that could not be; its lease runs out, and it is tried again."""

    def __init__(self, store: Store, lost: Callable[[MessageRow, Exception], None], kept: Callable[[], None]) -> None:
        """Begin with nothing; ``kept`` is called after each transaction, for what waited may have its turn."""
        self._store, self._lost, self._kept = store, lost, kept
        self._lock = threading.Lock()
        self._left: list[Tried] = []
        self._is_writing = False

    def keep(self, tried: Tried) -> None:
        """Keep it, with all that others leave meanwhile, or leave it to whoever is writing just now."""
        with self._lock:
            self._left.append(tried)
            if self._is_writing:
                return
            self._is_writing = True
        try:
            while batch := self._next():
                self._write(batch)
                self._kept()
        except BaseException:
            self._is_writing = False
            raise

    def _next(self) -> list[Tried]:
        with self._lock:
            batch, self._left = self._left[:TOGETHER], self._left[TOGETHER:]
            self._is_writing = bool(batch)
        # One order for all who write, so that two of them do not wait for each other.
        return sorted(batch, key=lambda one: (one.row.lane or "", one.row.number))

    def _write(self, batch: list[Tried]) -> None:
        try:
            self._store.run_write(lambda c: [one.settle(c) for one in batch])
        except Exception as error:  # noqa: BLE001 - one of them must not take the others along
            if len(batch) > 1 and not isinstance(error, UnavailableError):
                for one in batch:
                    self._write([one])
                return
            for one in batch:
                self._lost(one.row, error)
