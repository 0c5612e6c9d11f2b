"""Claim messages while few wait and while very many do, turn by turn; say how long a claim takes and what it touches.

Waiting has four meanings here. *Later*: planned for another day. *Down*: due, in lanes of five whose first one waits
for its next attempt. *Sending*: due, in 64 lanes whose first one is being sent. *Due*: in lanes of five, to be sent at
once. What waits for another of its lane is noted as the service does when it is added.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, text

from prep_tracker.clock import SystemClock
from prep_tracker.services import access
from prep_tracker.store import claims, migrate, outbox
from prep_tracker.store.engine import database_url, lasting_engine
from prep_tracker.store.message_rows import MessageRow, NewMessage, new_id
from prep_tracker.store.session import Store
from prep_tracker.store.types import Instant

LIMIT: Final = 16
CLAIMS: Final = 50
LANES_AT_ONCE: Final = 64
AT_ONCE: Final = 50_000
LEASE: Final = timedelta(minutes=1)
SHAPES: Final = {"later": 1, "down": 5, "sending": 0, "due": 5}
"""How deep a lane is; 0: as deep as it must be, so that there are only ``LANES_AT_ONCE``."""
_FILL = """
INSERT INTO messages (clinic_id, id, topic, channel, endpoint_id, lane, body, status, due_at, attempts, lease_until,
  history, created_at, waits_for)
WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last})
SELECT '{clinic}', 'fill-' || n, 'item.marked', 'webhook', 'bench', 'lane-' || (n / {depth}), '{{}}', 'planned',
  CASE WHEN n % {depth} = 0 THEN :due ELSE :behind END, 0, CASE WHEN n % {depth} = 0 THEN :lease END,
  '[]', :now, CASE WHEN n % {depth} > 0 THEN n - 1 END FROM s
"""
_PAGES = text(
    "SELECT heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read FROM pg_statio_user_tables"
    " WHERE relname = 'messages'"
)
_FLUSH = text("SELECT pg_stat_force_next_flush()")


@dataclass(frozen=True, slots=True)
class Found:
    """What claims of one shape took: the median in milliseconds with few and with many, and pages a message."""

    shape: str
    few: float
    many: float
    pages: float | None
    """Of the table and its indexes, as PostgreSQL counts them; None on SQLite."""


def measured(few: tuple[str, int], many: tuple[str, int], shape: str) -> Found:
    """Fill two databases, each an address and how many messages wait, and claim from one and the other in turn."""
    places = [_Place(url, count, shape) for url, count in (few, many)]
    try:
        times: list[list[float]] = [[], []]
        for _ in range(CLAIMS):
            for place, took in zip(places, times, strict=True):
                took.append(place.claim())
        pages = places[1].pages() if places[1].is_server else None
        return Found(shape, statistics.median(times[0]), statistics.median(times[1]), pages)
    finally:
        for place in places:
            place.store.close()


def query_plan(url: str) -> Iterator[str]:
    """Yield how SQLite looks for what is due."""
    store = Store.open(url)

    def ask(connection: Connection) -> list[str]:
        compiled: Any = claims._LOOK.compile(dialect=connection.dialect)  # noqa: SLF001 - it is what is measured
        statement = str(compiled).replace("__[POSTCOMPILE_param_1]", "'planned'")
        found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (0,) * statement.count("?"))
        return [str(row[-1]) for row in found]

    yield from store.run_read(ask)
    store.close()


class _Place:
    """A database in which so many messages wait."""

    def __init__(self, url: str, count: int, shape: str) -> None:
        migrate.upgrade(url)
        self.store, self.is_server = Store.open(url), url.startswith("postgresql")
        self._tidy(url, "TRUNCATE messages")
        self._clinic = self.store.run_write(_clinic)
        self._fill(count, shape)
        if shape != "due":
            self._add_due()
        self._tidy(url, "VACUUM ANALYZE messages")

    def claim(self) -> float:
        """Claim some and settle them; give how many milliseconds the claim took."""
        now = SystemClock().now()
        begun = time.perf_counter()
        rows = self._claimed()
        took = (time.perf_counter() - begun) * 1000
        if len(rows) != LIMIT:
            raise RuntimeError(f"claimed {len(rows)} instead of {LIMIT}")
        sent = claims.Settled("sent", None, "sent")
        self.store.run_write(lambda c: [claims.settle(c, row.clinic_id, row, sent, now=now) for row in rows])
        return took

    def pages(self) -> float:
        """Count the pages that PostgreSQL touches for a message that is claimed."""
        before = self._counted()
        rows = [row for _ in range(8) for row in self._claimed()]
        return (self._counted() - before) / len(rows)

    def _claimed(self) -> list[MessageRow]:
        now = SystemClock().now()
        return self.store.run_write(lambda c: claims.claim(c, now=now, limit=LIMIT, lease=LEASE))

    def _counted(self) -> int:
        self.store.run_write(lambda c: c.execute(_FLUSH).all())
        return self.store.run_read(lambda c: int(c.execute(_PAGES).scalar_one()))

    def _fill(self, count: int, shape: str) -> None:
        now, hour = SystemClock().now(), timedelta(hours=1)
        due = {"later": now + 720 * hour, "down": now + hour}.get(shape, now - 12 * hour)
        given: dict[str, datetime | None] = {
            "now": now,
            "due": due,
            "behind": now - 12 * hour,
            "lease": now + hour if shape == "sending" else None,
        }
        depth = SHAPES[shape] or -(-count // LANES_AT_ONCE)
        for first in range(0, count, AT_ONCE):
            last = min(count, first + AT_ONCE) - 1
            statement = text(_FILL.format(first=first, last=last, clinic=self._clinic, depth=depth))
            typed = statement.bindparams(*(bindparam(name, type_=Instant) for name in given))
            self.store.run_write(lambda c, typed=typed: c.execute(typed, given))  # type: ignore[misc]

    def _add_due(self) -> None:
        """Add what is claimed: each message in a lane of its own."""
        now = SystemClock().now()
        number = LIMIT * (CLAIMS + 10)
        new = [NewMessage(new_id(), "test", "email", {}, now - timedelta(seconds=n)) for n in range(number)]
        self.store.run_write(lambda c: outbox.add(c, self._clinic, new, now=now))

    def _tidy(self, url: str, statement: str) -> None:
        """Do what the server's owner does from time to time; a SQLite file is new."""
        if self.is_server:
            engine = lasting_engine(database_url(url))
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text(statement))
            engine.dispose()
        else:
            self.store.cleanse()


def _clinic(connection: Connection) -> str:
    return access.new_clinic(connection, "Aster", "Europe/Amsterdam", now=SystemClock().now()).id
