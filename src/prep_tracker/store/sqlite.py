"""Read SQLite on the event loop, in microseconds; write on one thread, where many share a commit.

SQLite has one writer anyway. The writer takes all that waits, gives each a savepoint of its own and commits once: a
commit has to reach the disk, and this way one does it for all. Only then is anybody told. It knows no row-level
security, so for whom a call is changes nothing here: the predicate of each query stands alone.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, StatementError

from prep_tracker.domain.errors import UnavailableError
from prep_tracker.store.engine import SECONDS_BUSY, sqlite_engine
from prep_tracker.store.session import EVERY, QueryError, Store

T = TypeVar("T")
MOST_TOGETHER = 256
MOST_WAITING = 1000
"""How many may wait for the writer, some seconds' work. Whoever came after them would wait until they had given up."""
_SECONDS_CLEANSE = 1
_READONLY = 8
_SICK = frozenset({5, 6, 7, _READONLY, 9, 10, 13, 14, 15})
"""BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL: SQLite's primary result codes."""


@dataclass(slots=True)
class _Op:
    """A function that waits for its turn, and where its answer goes."""

    fn: Callable[[Connection], Any]
    future: Future[Any] | asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop | None
    result: Any = None
    error: BaseException | None = None

    def fail(self, error: BaseException) -> None:
        """Note that the commit that it was to share has failed: whatever it answered does not hold."""
        if self.error is None:
            self.error = UnavailableError("The database could not keep this.")
            self.error.__cause__ = error

    def tell(self) -> None:
        """Hand the answer over, unless the caller has gone."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(_told(self.error))


class SqliteStore(Store):
    """One file. Other processes may use it at the same time."""

    def __init__(self, url: URL) -> None:
        """Prepare; the file is opened at the first use."""
        self._reads = sqlite_engine(url, read_only=True)
        self._writes = sqlite_engine(url)
        self._reader: Connection | None = None
        self._reading = threading.Lock()
        self._writer: _Writer | None = None
        self._submitting = threading.Lock()
        self._turn = threading.Lock()

    async def read(self, fn: Callable[[Connection], T], clinic: str) -> T:  # noqa: ARG002 - see above
        """Run ``fn`` right here, on the connection that is kept for this."""
        with self._reading:
            return _in_own_words(self._read_here, fn)

    def run_read(self, fn: Callable[[Connection], T], clinic: str = EVERY) -> T:  # noqa: ARG002 - see above
        """Run ``fn`` on a connection of its own, so that nobody on the event loop waits for it."""
        return _in_own_words(self._read_aside, fn)

    async def write(self, fn: Callable[[Connection], T], clinic: str) -> T:  # noqa: ARG002 - see above
        """Queue ``fn`` for the writer and wait for the commit; an ``UnavailableError`` when too many wait already."""
        if self._writer is not None and self._writer.queue.qsize() >= MOST_WAITING:
            raise UnavailableError("More is waiting to be written than can be done in a few seconds.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._submit(_Op(fn, future, loop))
        return await future

    def run_write(self, fn: Callable[[Connection], T], clinic: str = EVERY) -> T:  # noqa: ARG002 - see above
        """Queue ``fn`` for the writer and block until the commit."""
        future: Future[T] = Future()
        self._submit(_Op(fn, future, None))
        return future.result()

    def cleanse(self) -> None:
        """Write the file anew and empty the write-ahead log, while the writer waits.

        What is deleted is overwritten (``secure_delete``), but when a page was split before, the half that moved away
        was left standing in the unused part of the old page: of one patient in thirty something could still be read.
        """
        with self._turn, self._writes.connect() as connection:
            _in_own_words(lambda fn: fn(connection), _cleanse)

    async def aclose(self) -> None:
        """Let the writer finish what is queued, then close."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Let the writer finish what is queued, then close."""
        with self._submitting:
            writer, self._writer = self._writer, None
        if writer is not None:
            writer.end()
        with self._reading:
            if self._reader is not None:
                self._reader.close()
                self._reader = None
        self._reads.dispose()
        self._writes.dispose()

    def _read_here(self, fn: Callable[[Connection], T]) -> T:
        if self._reader is None:
            self._reader = self._reads.connect()
        return _read(self._reader, fn)

    def _read_aside(self, fn: Callable[[Connection], T]) -> T:
        with self._reads.connect() as connection:
            return _read(connection, fn)

    def _submit(self, op: _Op) -> None:
        with self._submitting:
            if self._writer is None:
                self._writer = _Writer(self._writes, self._turn)
            self._writer.queue.put(op)


class _Writer:
    """The one thread that writes, with the ops that wait for it."""

    def __init__(self, engine: Engine, turn: threading.Lock) -> None:
        self.queue: SimpleQueue[_Op | None] = SimpleQueue()
        self._engine, self._turn = engine, turn
        self._thread = threading.Thread(target=self._work, name="prep-tracker-writer", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Finish what is queued."""
        self.queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        """Commit batch after batch until told to end."""
        connection: Connection | None = None
        while batch := self._next_batch():
            try:
                connection = connection or self._engine.connect()
                with self._turn:
                    _commit(connection, batch)
            except BaseException as error:  # noqa: BLE001 - the thread lives on, and whoever waits is told
                for op in batch:
                    op.fail(error)
                if connection is not None:
                    connection.invalidate()
                    connection.close()
                    connection = None
            _tell(batch)
        if connection is not None:
            connection.close()

    def _next_batch(self) -> list[_Op]:
        """Wait for an op, then take all that wait with it; empty when it is time to end."""
        batch: list[_Op] = []
        op = self.queue.get()
        while op is not None:
            batch.append(op)
            if len(batch) == MOST_TOGETHER:
                return batch
            try:
                op = self.queue.get_nowait()
            except Empty:
                return batch
        if batch:
            self.queue.put(None)  # these first, then the end
        return batch


def _commit(connection: Connection, batch: list[_Op]) -> None:
    """Do all of the batch in one transaction; what one op got wrong is undone for it alone."""
    raw = _raw(connection)
    raw.execute("BEGIN IMMEDIATE")
    connection.begin()  # or SQLAlchemy, knowing of no transaction, would roll all of it back at the first error
    try:
        for op in batch:
            raw.execute("SAVEPOINT op")
            try:
                op.result = op.fn(connection)
            except BaseException as error:
                if not raw.in_transaction:  # the whole transaction is gone, as with a full disk
                    raise
                op.error = error
                raw.execute("ROLLBACK TO op")
            raw.execute("RELEASE op")
        raw.execute("COMMIT")
    finally:
        _undo(connection)


def _read(connection: Connection, fn: Callable[[Connection], T]) -> T:
    raw = _raw(connection)
    try:
        raw.execute("BEGIN")
        return fn(connection)
    finally:
        raw.rollback()
        if connection.in_transaction():
            connection.rollback()


def _cleanse(connection: Connection) -> None:
    raw = _raw(connection)
    raw.execute(f"PRAGMA busy_timeout={_SECONDS_CLEANSE * 1000}")  # all who write wait as long
    try:
        raw.execute("VACUUM")
        busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        raw.execute(f"PRAGMA busy_timeout={SECONDS_BUSY * 1000}")
    if busy:
        raise UnavailableError(
            "Somebody is still reading what was erased, so the write-ahead log could not be emptied."
        )


def _undo(connection: Connection) -> None:
    """End what is still open, at the driver's and at SQLAlchemy's; nothing after a commit."""
    _raw(connection).rollback()
    if connection.in_transaction():
        connection.rollback()


def _raw(connection: Connection) -> Any:  # noqa: ANN401 - of one of two modules
    return connection.connection.dbapi_connection


def _tell(batch: list[_Op]) -> None:
    """Hand the answers over: one wake-up for each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop | None, list[_Op]] = {}
    for op in batch:
        by_loop.setdefault(op.loop, []).append(op)
    for loop, ops in by_loop.items():
        if loop is None:
            _tell_all(ops)
        else:
            with suppress(RuntimeError):  # the loop has ended; what was written stands
                loop.call_soon_threadsafe(_tell_all, ops)


def _tell_all(ops: list[_Op]) -> None:
    for op in ops:
        op.tell()


def _in_own_words(read: Callable[[Callable[[Connection], T]], T], fn: Callable[[Connection], T]) -> T:
    """Read; say in our own words what the database has to complain about. Other errors pass."""
    try:
        return read(fn)
    except Exception as error:
        # In a read, READONLY means that the function tried to write.
        told = _told(error, sick=_SICK - {_READONLY})
        if told is error:
            raise
    raise told


def _told(error: BaseException, sick: frozenset[int] = _SICK) -> BaseException:
    """Say what the caller is told of an error: the same, unless it is the database's."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in sick:
        told = UnavailableError("The database cannot answer at the moment.")
        told.__cause__ = error
        return told
    if isinstance(error, StopIteration):  # no future takes it, so whoever waits would wait for ever
        return RuntimeError("a function of the store ended with StopIteration")
    if isinstance(error, StatementError) or (code is not None and isinstance(error, Exception)):
        return QueryError(error)
    return error
