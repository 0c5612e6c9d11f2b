"""Attend to procedures and send messages whose time has come, then sleep until the next one.

Everything that must not be lost stands in the database: a worker that is killed in the middle leaves leases behind
that run out, and whoever is left goes on. What was sent and not noted any more is sent once more, under the same id.
"""

from __future__ import annotations

import random
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import structlog

from prep_tracker.channels import NotSetUp, Outcome, Retry
from prep_tracker.desk import bell, memory
from prep_tracker.domain.errors import UnavailableError
from prep_tracker.services.attending import attend
from prep_tracker.services.clinic import calendar_of
from prep_tracker.services.sending import MOST_CLAIMS, Dropped, Ready, Writing, compose, compose_all
from prep_tracker.store import attending, claims
from prep_tracker.worker.crowd import Crowd
from prep_tracker.worker.notes import Notes, Tried

if TYPE_CHECKING:
    from prep_tracker.channels import Channel
    from prep_tracker.clock import Clock
    from prep_tracker.store import Connection
    from prep_tracker.store.claims import Claimed
    from prep_tracker.store.message_rows import MessageRow
    from prep_tracker.store.session import Store

THREADS: Final = 16
LEASE: Final = timedelta(seconds=60)
"""For longer than any channel takes. A worker that dies leaves what it held alone for as long."""
LONGEST_SLEEP: Final = 5.0
SHORTEST_SLEEP: Final = 0.02
BATCH: Final = 20
"""So many procedures are attended to in one transaction: others who write wait for so long."""
ATTENDED_AT_ONCE: Final = 10
"""Batches before whatever is due by then is sent."""
PUT_OFF: Final = timedelta(hours=1)
"""What cannot be attended to for a fault of ours is tried again then, so that nobody else waits for it."""
KEPT: Final = timedelta(days=30)
"""How long it is kept what a clinic's systems were told."""
FORGOTTEN_AT_ONCE: Final = 500
FRAMES: Final = 4


class Worker:
    """Sends until it is told to end. ``channels`` by name; one that is missing says that it is not set up.

    ``chance`` gives numbers from 0 to 1 by which retries are spread.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        channels: Mapping[str, Channel],
        *,
        public_url: str | None = None,
        threads: int = THREADS,
        lease: timedelta = LEASE,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Prepare; nothing is done before ``run`` or ``start``."""
        self._store, self._clock, self._channels = store, clock, channels
        self._writing = Writing(public_url, calendar_of)
        self._chance, self._lease = chance, lease
        self._crowd = Crowd(threads)
        self._bell = threading.Event()
        self._notes = Notes(store, _lost, self._bell.set)
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._cleaned_on: date | None = None
        bell.hang(self._bell)

    def start(self) -> None:
        """Run beside whatever else this process does."""
        self._thread = threading.Thread(target=self.run, name="prep-tracker-sender", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Tell it to end: what is being sent is finished, nothing new is begun. Safe in a signal's handler."""
        self._ending.set()
        self._bell.set()

    def stop(self) -> None:
        """Tell it to end and wait until it has."""
        self.end()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def run(self) -> None:
        """Send whatever is due until told to end. A database that is away is waited for."""
        with ThreadPoolExecutor(self._crowd.size, "prep-tracker-send") as pool:
            while not self._ending.is_set():
                self._bell.clear()
                try:
                    pause = 0.0 if self._round(pool) else self._pause()
                except UnavailableError:
                    _log().warning("the database cannot be reached; what is due waits")
                    pause = LONGEST_SLEEP
                except Exception as error:  # noqa: BLE001 - it lives on; the text may name a patient
                    _log().error("the worker stumbled", **_told(error))
                    pause = LONGEST_SLEEP
                if pause and not self._ending.is_set():
                    self._bell.wait(pause)

    def drain(self, most: int = 1000) -> int:
        """Do, one after the other and here, whatever is due by now; give how many messages were tried."""
        tried = 0
        while tried < most:
            attended = self._attend_all()
            rows = self._claim(1)
            if not rows:
                if not attended:
                    break
                continue
            self._deliver(rows[0])
            tried += 1
        return tried

    def _round(self, pool: ThreadPoolExecutor) -> bool:
        """Attend to what is due and begin to send; say whether there may be more to do at once."""
        self.clean()
        attended = self._attend_all()
        free = self._crowd.free()
        # Claims are made for many at a time, for each is a transaction.
        if free * 2 < self._crowd.size:
            return False
        rows = self._claim(free)
        if rows and self._ending.is_set():
            self._store.run_write(lambda c: _release(c, rows))
            return False
        going = [row for row in rows if self._crowd.enter(_place(row))]
        for row, ready in zip(going, self._compose(going), strict=True):
            pool.submit(self._deliver, row, ready).add_done_callback(self._left(row))
        gone = {row.number for row in going}
        later = [(row, 5 + 10 * self._chance()) for row in rows if row.number not in gone]
        if later:
            now = self._clock.now()
            self._store.run_write(lambda c: _defer(c, later, now))
        return bool(rows) or attended

    def _left(self, row: MessageRow) -> Callable[[Future[float]], None]:
        def left(done: Future[float]) -> None:
            self._crowd.leave(_place(row), done.result())
            if self._crowd.free() * 2 >= self._crowd.size:
                self._bell.set()

        return left

    def _claim(self, limit: int) -> list[MessageRow]:
        while True:
            done = self._store.run_write(self._claiming(limit))
            if not done.more or self._ending.is_set():
                return done.rows

    def _claiming(self, limit: int) -> Callable[[Connection], Claimed]:
        now = self._clock.now()
        return lambda connection: claims.claim_some(connection, now=now, limit=limit, lease=self._lease)

    def _compose(self, rows: list[MessageRow]) -> Sequence[Ready | Dropped | None]:
        """Write messages at one moment; None for each where it failed: each is then written for itself."""
        now = self._clock.now()
        try:
            return self._store.run_read(lambda c: compose_all(c, rows, self._writing, now=now)) if rows else []
        except Exception:  # noqa: BLE001 - find out which it is
            return [None] * len(rows)

    def _deliver(self, row: MessageRow, ready: Ready | Dropped | None = None) -> float:
        """Send one message and keep what became of it; give how many seconds the other side took."""
        try:
            return self._try(row, ready)
        except Exception as error:  # noqa: BLE001 - the lease runs out, and it is tried again
            _lost(row, error)
        return 0.0

    def _try(self, row: MessageRow, ready: Ready | Dropped | None) -> float:
        outcome: Outcome | None = None
        if ready is None and row.attempts <= MOST_CLAIMS:
            now = self._clock.now()
            try:
                ready = self._store.run_read(lambda c: compose(c, row, self._writing, now=now))
            except UnavailableError:
                raise
            except Exception as error:  # noqa: BLE001 - a fault of ours must not keep its lane waiting for ever
                _log().error("a message could not be written", number=row.number, **_told(error))
                outcome = Retry(f"A fault of ours: {type(error).__name__}.")
        began = monotonic()
        if isinstance(ready, Ready) and row.attempts <= MOST_CLAIMS:
            channel = self._channels.get(row.channel) or NotSetUp(f"No way to send by {row.channel} is set up.")
            try:
                outcome = channel.deliver(ready.outgoing)
            except Exception as error:  # noqa: BLE001 - a fault of ours, as if the other side had not answered
                _log().error("a channel failed", channel=row.channel, number=row.number, **_told(error))
                outcome = Retry(f"A fault of ours: {type(error).__name__}.")
        took = monotonic() - began
        self._notes.keep(Tried(row, ready, outcome, self._clock.now(), self._chance()))
        return took

    def _attend_all(self) -> bool:
        """Attend to the procedures that are due, some batches of them; say whether there were any."""
        found = False
        for _ in range(ATTENDED_AT_ONCE):
            now = self._clock.now()
            due = self._store.run_read(lambda c, now=now: attending.due(c, now=now, limit=BATCH))  # type: ignore[misc]
            if not due or self._ending.is_set():
                break
            done = self._attend(due, now)
            found = found or done
            if not done:  # somebody else is at these
                break
        return found

    def _attend(self, due: list[tuple[str, str]], now: datetime) -> bool:
        try:
            return self._store.run_write(lambda c: sum(attend(c, *one, calendar_of, now=now) for one in due)) > 0
        except UnavailableError:
            raise
        except Exception:  # noqa: BLE001 - find out which it is
            return sum(self._attend_one(one, now) for one in due) > 0

    def _attend_one(self, one: tuple[str, str], now: datetime) -> bool:
        try:
            return self._store.run_write(lambda c: attend(c, *one, calendar_of, now=now))
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - its text may name a patient
            _log().error("a procedure could not be attended to", procedure=one[1], **_told(error))
            self._store.run_write(lambda c: attending.attend_at(c, *one, now + PUT_OFF))
            return True

    def _pause(self) -> float:
        """Give for how many seconds to sleep: until the next thing is due, as far as anybody knows."""
        now = self._clock.now()

        def soonest(connection: Any) -> datetime | None:  # noqa: ANN401 - the store's own
            found = (claims.next_due(connection, now=now), attending.next_due(connection, now=now))
            return min((at for at in found if at is not None), default=None)

        at = self._store.run_read(soonest)
        if at is None:
            return LONGEST_SLEEP
        return max(SHORTEST_SLEEP, min(LONGEST_SLEEP, (at - now).total_seconds()))

    def clean(self) -> None:
        """Once a day, forget what systems were told a month ago, and what this process remembers of procedures."""
        now = self._clock.now()
        if self._cleaned_on == now.date():
            return
        self._cleaned_on = now.date()
        memory.forget(None)
        old: list[int] = self._store.run_read(lambda c: claims.old(c, before=now - KEPT, limit=FORGOTTEN_AT_ONCE))
        while old and not self._ending.is_set():
            self._store.run_write(lambda c, old=old: claims.forget(c, old))  # type: ignore[misc]
            old = self._store.run_read(lambda c: claims.old(c, before=now - KEPT, limit=FORGOTTEN_AT_ONCE))


def _release(connection: Any, rows: list[MessageRow]) -> None:  # noqa: ANN401 - the store's own
    for row in rows:
        claims.release(connection, row.clinic_id, [row])


def _defer(connection: Any, rows: list[tuple[MessageRow, float]], now: datetime) -> None:  # noqa: ANN401 - the store's own
    for row, seconds in rows:
        claims.defer(connection, row.clinic_id, row, until=now + timedelta(seconds=seconds))


def _lost(row: MessageRow, error: Exception) -> None:
    """Say that it is not kept what became of a message."""
    if isinstance(error, UnavailableError):
        _log().warning("what became of a message could not be kept; it is tried again", number=row.number)
    else:
        _log().error("a message could not be sent", number=row.number, **_told(error))


def _place(row: MessageRow) -> str:
    """Name where a message goes, as far as one slow place could hold up others."""
    return row.endpoint_id or row.channel


def _log() -> Any:  # noqa: ANN401 - structlog's own type is this wide
    return structlog.get_logger("prep_tracker")


def _told(error: BaseException) -> dict[str, Any]:
    """Tell of an error without a word of it: its type, and the places in the code that it went through."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = [f"{frame.filename.rpartition('prep_tracker')[2] or frame.name}:{frame.lineno}" for frame in frames]
    return {"error": type(error).__name__, "places": places}
