"""Read and write PostgreSQL: with asyncpg on the event loop, with psycopg for plain calls.

asyncpg took a quarter less of the processor than psycopg's own async connections. BEGIN goes out together with the
clinic for which the transaction is, and both are said here, so that hot statements may go straight to the driver.
Every connection steps down to a role that row-level security binds, whoever signed in.
No ping: a connection that turns out to be dead before the commit is replaced and the function run again.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from sqlalchemy import URL, Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import await_only, greenlet_spawn

from prep_tracker.domain.errors import UnavailableError
from prep_tracker.store.engine import POSTGRES_SETTINGS, SECONDS_CONNECT, blocking_engine
from prep_tracker.store.roles import STEP_DOWN
from prep_tracker.store.session import EVERY, QueryError, Store

T = TypeVar("T")
_FOR_CLINIC = text("SELECT set_config('prep.clinic', :clinic, true)")
_WENT_ON = "a function went on after the database had refused a statement, so nothing of it is kept"
ATTEMPTS = 3
SECONDS_POOL = 10
"""How long to wait for a connection. Two hundred who write about one procedure queue for seconds on a busy machine."""
_AGAIN = {"40001", "40P01"}
"""serialization_failure and deadlock_detected: nothing has happened, and another try may succeed."""
_LOST = ("08", "57P")
"""Connection and operator's doing: this connection is no more."""
_SICK = (*_LOST, "28", "3D", "40", "53", "55P03", "57", "58")
"""Also sign-in, catalogue, rollback, resources, lock_not_available, timeout, system: none is the caller's doing."""
_SICK_TO_WRITE = (*_SICK, "25006")
"""read_only_sql_transaction too: the server is a copy. In a read it means that the function tried to write."""


class PostgresqlStore(Store):
    """One database on a server."""

    def __init__(self, url: URL, connections: int) -> None:
        """Prepare; connections are made when they are needed."""
        self._url, self._connections = url, connections
        self._reads = _async_engine(url, connections, read_only=True)
        self._writes = _async_engine(url, connections, read_only=False)
        self._blocking: Engine | None = None
        self._opening = threading.Lock()

    async def read(self, fn: Callable[[Connection], T], clinic: str) -> T:
        """Run ``fn`` in a transaction that sees one moment and refuses changes."""
        return await _awaited(self._reads.sync_engine, _Attempt(fn, clinic, commits=False))

    async def write(self, fn: Callable[[Connection], T], clinic: str) -> T:
        """Run ``fn`` in a transaction, to the end even if the caller is cancelled meanwhile."""
        return await asyncio.shield(_awaited(self._writes.sync_engine, _Attempt(fn, clinic, commits=True)))

    def run_read(self, fn: Callable[[Connection], T], clinic: str = EVERY) -> T:
        """Run ``fn`` in a transaction that sees one moment and refuses changes."""
        engine = self._engine().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return _blocked(engine, _Attempt(fn, clinic, commits=False))

    def run_write(self, fn: Callable[[Connection], T], clinic: str = EVERY) -> T:
        """Run ``fn`` in a transaction."""
        return _blocked(self._engine(), _Attempt(fn, clinic, commits=True))

    def close(self) -> None:
        """Close the connections of ``run_read`` and ``run_write``."""
        with self._opening:
            engine, self._blocking = self._blocking, None
        if engine is not None:
            engine.dispose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._reads.dispose()
        await self._writes.dispose()
        self.close()

    def _engine(self) -> Engine:
        with self._opening:
            if self._blocking is None:
                self._blocking = blocking_engine(
                    self._url, pool_size=self._connections, max_overflow=0, pool_timeout=SECONDS_POOL
                )
                event.listen(self._blocking, "connect", _step_down)
            return self._blocking


def _step_down(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's
    connection.execute(STEP_DOWN)
    connection.commit()


def _safe(clinic: str) -> str:
    """Let a clinic's id into a statement that takes no values: letters, digits and hyphens, or the star."""
    if clinic != EVERY and not clinic.replace("-", "").isalnum():
        raise ValueError("not the id of a clinic")
    return clinic


async def _awaited(engine: Engine, attempt: _Attempt[T]) -> T:
    while True:
        try:
            return await greenlet_spawn(_once, engine, attempt.run_direct)
        except Exception as error:
            seconds, told = attempt.judge(error)
            if told is error:
                raise
        if told is not None:
            raise told
        await asyncio.sleep(seconds)


def _blocked(engine: Engine, attempt: _Attempt[T]) -> T:
    while True:
        try:
            return _once(engine, attempt.run)
        except Exception as error:
            seconds, told = attempt.judge(error)
            if told is error:
                raise
        if told is not None:
            raise told
        time.sleep(seconds)


def _once(engine: Engine, run: Callable[[Connection], T]) -> T:
    with engine.connect() as connection:
        return run(connection)


class _Attempt(Generic[T]):
    """A function that is tried again when the database, and not the function, was the reason that it failed."""

    def __init__(self, fn: Callable[[Connection], T], clinic: str, *, commits: bool) -> None:
        self._fn, self._clinic, self._commits = fn, clinic, commits
        self._left, self._committing = ATTEMPTS, False

    def run(self, connection: Connection) -> T:
        """Run the function and commit; what is not committed is rolled back when the connection is given back."""
        connection.execute(_FOR_CLINIC, {"clinic": self._clinic})
        result = self._fn(connection)
        if self._commits:
            driver: Any = connection.connection.driver_connection
            if driver.info.transaction_status.name == "INERROR":  # PostgreSQL would roll back, without an error
                raise RuntimeError(_WENT_ON)
            self._committing = True
            connection.commit()
            self._committing = False
        return result

    def run_direct(self, connection: Connection) -> T:
        """Do the same with asyncpg, beside SQLAlchemy, which is told that each statement is its own transaction."""
        driver: Any = connection.connection.driver_connection
        try:
            level = "READ COMMITTED" if self._commits else "REPEATABLE READ"
            await_only(
                driver.execute(f"BEGIN ISOLATION LEVEL {level}; SET LOCAL prep.clinic = '{_safe(self._clinic)}'")
            )
            result = self._fn(connection)
            self._committing = self._commits
            status = await_only(driver.execute("COMMIT"))
            self._committing = False
        except BaseException as error:
            _leave(connection, driver, error)
            raise
        if status != "COMMIT":
            raise RuntimeError(_WENT_ON)
        return result

    def judge(self, error: Exception) -> tuple[float, Exception | None]:
        """Say how many seconds to wait before the next try, or what the caller is to be told instead."""
        self._left -= 1
        if self._left and not self._committing:  # a commit may have succeeded before the connection broke
            if _is_lost(error):
                return 0, None
            if _sqlstate(error) in _AGAIN:
                return random.uniform(0.01, 0.05), None  # noqa: S311 - so that two who met do not meet again
        sick = _is_sick(error, _SICK_TO_WRITE if self._commits else _SICK)
        told = error if sick or not _is_databases(error) else QueryError(error)
        if sick or self._committing:
            told, cause = UnavailableError("The database cannot answer at the moment."), told
            told.__cause__ = cause
        return 0, told


def _leave(connection: Connection, driver: Any, error: BaseException) -> None:  # noqa: ANN401 - asyncpg has no types
    """Leave a connection so that others can use it, or let nobody use it again."""
    if not isinstance(error, Exception) or _is_lost(error):  # cancelled, or of no use any more
        connection.invalidate()
    elif driver.is_closed():
        connection.exec_driver_sql("SELECT 1")  # SQLAlchemy finds all its connections to be dead, and raises
    elif driver.is_in_transaction():
        try:
            await_only(driver.execute("ROLLBACK"))
        except Exception:  # noqa: BLE001 - the first error is the one to tell
            connection.invalidate()


def _async_engine(url: URL, connections: int, *, read_only: bool) -> AsyncEngine:
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    settings = POSTGRES_SETTINGS | ({"default_transaction_read_only": "on"} if read_only else {})

    async def connect() -> Any:  # noqa: ANN401 - asyncpg has no types
        import asyncpg

        connection = await asyncpg.connect(dsn, timeout=SECONDS_CONNECT, server_settings=settings)
        await connection.execute(STEP_DOWN)
        return connection

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=SECONDS_POOL,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
    )


def _is_sick(error: Exception, codes: tuple[str, ...]) -> bool:
    if isinstance(error, OSError | PoolTimeoutError) or _is_lost(error):
        return True
    code = _sqlstate(error)
    return code.startswith(codes) if code else isinstance(error, OperationalError)


def _is_lost(error: Exception) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return _sqlstate(error).startswith(_LOST)


def _is_databases(error: Exception) -> bool:
    """Say whether it comes from SQLAlchemy or asyncpg, and may quote what was to be stored."""
    return isinstance(error, StatementError) or type(error).__module__.startswith("asyncpg")


def _sqlstate(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None) or ""
