"""Let many lives go on beside one another on one clock, with one worker that wakes, sleeps and dies."""

from __future__ import annotations

import heapq
import itertools
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from prep_tracker.clock import SetClock
from prep_tracker.services import protocols
from prep_tracker.store import Connection, attending, claims
from prep_tracker.store.engine import database_url
from prep_tracker.store.session import EVERY, Store
from prep_tracker.store.sqlite import SqliteStore, _commit, _in_own_words, _Op
from prep_tracker.worker import Worker
from tests.worker.acts import Acting
from tests.worker.lives import DAY, SECOND, Agenda, Life
from tests.worker.naps import awake_from
from tests.worker.post import KilledError, Post
from tests.worker.reckoning import LEASE, Fault, Rows, faults_of_messages, lost_messages
from tests.worker.reckoning_events import faults_of_events

T = TypeVar("T")
BEGIN = datetime(2026, 7, 1, tzinfo=UTC)
CHANNELS = ("email", "sms", "webhook")
MOST_AT_ONCE = 1000
MOST_WAITS = 12
"""So many days a life may wait at its end until all has been sent."""


@dataclass
class Street:
    """All of them. ``faults`` by seed; ``counts`` of what happened."""

    store: Store
    faults: list[tuple[int, Fault]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Set up shop, months before anything happens."""
        self.clock = SetClock(BEGIN)
        self.lives: dict[str, Life] = {}
        self._gone: list[Life] = []
        posts = {channel: Post(channel, self.clock, self.lives, self._gone) for channel in CHANNELS}
        self.worker = Worker(self.store, self.clock, posts, public_url="https://prep.example", chance=lambda: 0.5)
        self._agenda: list[tuple[datetime, int, Life, str, Any]] = []
        self._open: Counter[int] = Counter()
        self._waits: Counter[int] = Counter()
        self._wakes: list[datetime] = []
        self._numbers = itertools.count()

    def live(self, seeds: Iterable[int], enough: AbstractSet[str]) -> None:
        """Let these lives begin, go on and end; no further once these kinds of faults have been found, if any."""
        self.store.run_write(lambda c: protocols.ship(c, now=BEGIN))
        for seed in seeds:
            life: Life = Acting(seed, self.store)
            self._plan(life, life.agenda())
            self.counts["schedules"] += 1
        while self._agenda and not (enough and enough <= {kind for _, (kind, _) in self.faults}):
            self._sleep_until(self._agenda[0][0])
            now, _, life, verb, what = heapq.heappop(self._agenda)
            self._open[life.seed] -= 1
            self.clock.set(now)
            if verb == "finish":
                self._finish(life, now)
                continue
            self._plan(life, life.act(verb, what, now))
            if verb == "book":
                self.lives[life.clinic.id] = life
            soon = self._next_due(now - SECOND)
            if soon is not None and soon <= now:
                self._work()

    def _plan(self, life: Life, agenda: Agenda) -> None:
        for at, verb, what in agenda:
            heapq.heappush(self._agenda, (at, next(self._numbers), life, verb, what))
            self._open[life.seed] += 1

    def _sleep_until(self, end: datetime) -> None:
        """Do whatever is due until an instant, whenever the worker is awake."""
        while True:
            now = self.clock.now()
            if awake_from(now) > now:
                at: datetime | None = awake_from(now)
            else:
                at = min((one for one in (self._next_due(now), *self._wakes[:1]) if one is not None), default=None)
                at = None if at is None else awake_from(at)
            if at is None or at > end:
                return
            self.clock.set(at)
            self._work()

    def _next_due(self, now: datetime) -> datetime | None:
        def soonest(connection: Connection) -> datetime | None:
            found = (claims.next_due(connection, now=now), attending.next_due(connection, now=now))
            return min((at for at in found if at is not None), default=None)

        return self.store.run_read(soonest)

    def _work(self) -> None:
        """Do what is due, as often as it takes; one who dies leaves what it held alone until the lease runs out."""
        now = self.clock.now()
        while self._wakes and self._wakes[0] <= now:
            heapq.heappop(self._wakes)
        if awake_from(now) > now:
            return
        self.counts["rounds"] += 1
        while True:
            try:
                if self.worker.drain() < MOST_AT_ONCE:
                    break
            except KilledError:
                self.counts["deaths"] += 1
                heapq.heappush(self._wakes, now + LEASE + SECOND)
        while self._gone:
            life = self._gone.pop()
            self._plan(life, life.off(now))

    def _finish(self, life: Life, now: datetime) -> None:
        """Hold a life that is over against what should have been; while something waits to be sent it is not over."""
        rows = life.rows()
        self._waits[life.seed] += 1
        is_waiting = any(row["status"] == "planned" for row in rows) and life.history[-1].is_here
        if self._open[life.seed] or now < life.until or (is_waiting and self._waits[life.seed] < MOST_WAITS):
            self._plan(life, [(max(life.until, now + DAY), "finish", None)])
            return
        life.until = now
        self.faults += [(life.seed, fault) for fault in faults_of(life, rows)]
        self.counts["patients' messages"] += sum(one.arrived and one.channel != "webhook" for one in life.attempts)
        self.counts["events"] += sum(one.arrived and one.channel == "webhook" for one in life.attempts)
        self.counts["refused"] += sum(not one.arrived for one in life.attempts)
        self.counts["dropped"] += sum(row["status"] == "dropped" for row in rows)
        self.counts["entries"] += len(life.history[-1].entries)
        life.plans.clear()
        life.reminders.clear()


def faults_of(life: Life, rows: Rows) -> Iterator[Fault]:
    """List everything that is wrong with a life."""
    yield from faults_of_messages(life, rows)
    yield from lost_messages(life, [row for row in rows if row["topic"] == "reminder"])
    yield from faults_of_events(life, [row for row in rows if row["channel"] == "webhook"])


class OneThread(SqliteStore):
    """One file that nobody else uses: what is written is written at once, and nothing waits for the disk."""

    _here: Connection | None = None

    def run_read(self, fn: Callable[[Connection], T], clinic: str = EVERY) -> T:  # noqa: ARG002 - as for all
        """Read on the connection that is kept for this."""
        return _in_own_words(self._read_here, fn)

    def run_write(self, fn: Callable[[Connection], T], clinic: str = EVERY) -> T:  # noqa: ARG002 - as for all
        """Commit as the writer does, without a thread for it."""
        if self._here is None:
            self._here = self._writes.connect()
            self._here.connection.dbapi_connection.execute("PRAGMA synchronous=OFF")  # type: ignore[union-attr]
        op = _Op(fn, Future(), None)
        _commit(self._here, [op])
        op.tell()
        result: T = op.future.result()
        return result

    def close(self) -> None:
        """Close that too."""
        if self._here is not None:
            self._here.close()
        super().close()


@contextmanager
def opened(url: str) -> Iterator[Store]:
    """Open a database for as long as the block takes."""
    store = OneThread(database_url(url)) if url.startswith("sqlite") else Store.open(url)
    try:
        yield store
    finally:
        store.close()


def run(store: Store, seeds: range, enough: AbstractSet[str] = frozenset()) -> Street:
    """Let the lives of some seeds pass, or so many that ``enough`` is found; a line says what happened."""
    begun, processor = time.monotonic(), time.process_time()
    street = Street(store)
    street.live(seeds, enough)
    each = [1000 * took / len(seeds) for took in (time.monotonic() - begun, time.process_time() - processor)]
    told = ", ".join(f"{number:,} {what}" for what, number in street.counts.items())
    sys.stdout.write(f"{told}; {each[0]:.0f} ms each, {each[1]:.0f} of the processor's; {len(street.faults)} faults\n")
    return street
