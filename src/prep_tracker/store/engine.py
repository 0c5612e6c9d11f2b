"""Open connections to SQLite or PostgreSQL so that what is committed is kept, and nobody waits for ever.

``hide_parameters`` everywhere: an error would otherwise carry what was to be stored, patients' names and all.
"""

from __future__ import annotations

import importlib
from contextlib import suppress
from types import ModuleType
from typing import Any, Final

from sqlalchemy import URL, Engine, NullPool, Pool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

SECONDS_BUSY: Final = 5
"""How long a SQLite connection waits for another process before it gives up."""
SECONDS_CONNECT: Final = 3
POSTGRES_SETTINGS: Final = {
    "timezone": "UTC",
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
}
_PRAGMAS = (
    "synchronous=FULL",  # a commit is on the disk before it is answered
    "foreign_keys=ON",
    f"busy_timeout={SECONDS_BUSY * 1000}",
    "trusted_schema=OFF",  # a file from elsewhere cannot bring functions along
    "secure_delete=ON",  # what is erased is overwritten
)


def database_url(url: str) -> URL:
    """Read an address: ``sqlite:///path`` or ``postgresql://…``; anything else is a ``ValueError``.

    SQLite in memory is refused: each connection would see a database of its own.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = make_url("none://")
    match parsed.get_backend_name():
        case "sqlite" if parsed.database and parsed.database != ":memory:":
            return parsed.set(drivername="sqlite")
        case "postgresql":
            return parsed.set(drivername="postgresql")
    raise ValueError("the database's address begins with sqlite:/// and a path, or with postgresql://")


def blocking_engine(url: URL, **options: Any) -> Engine:  # noqa: ANN401 - handed on to SQLAlchemy
    """Make an engine for plain calls: on PostgreSQL with psycopg, on SQLite with the newest library that is here."""
    if url.get_backend_name() == "sqlite":
        return sqlite_engine(url, **options)
    settings = " ".join(f"-c {name}={value}" for name, value in POSTGRES_SETTINGS.items())
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"connect_timeout": SECONDS_CONNECT, "options": settings},
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        **options,
    )


def lasting_engine(url: URL) -> Engine:
    """Make an engine without limits of time and without a pool, for migrations and copies of the whole database."""
    if url.get_backend_name() == "sqlite":
        return sqlite_engine(url, poolclass=NullPool)
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"connect_timeout": SECONDS_CONNECT, "options": "-c timezone=UTC"},
        poolclass=NullPool,
        hide_parameters=True,
    )


def sqlite_engine(url: URL, *, poolclass: type[Pool] | None = None, read_only: bool = False) -> Engine:
    """Make an engine whose driver opens no transactions by itself: whoever uses it says BEGIN.

    Left to itself the driver reads outside a transaction and then writes what it read: with two writers that loses
    updates without an error.
    """
    driver = sqlite_driver()
    journal = "wal" if wal_is_safe(driver.sqlite_version_info) else "delete"
    engine = create_engine(
        url,
        module=driver,
        poolclass=poolclass,
        connect_args={"timeout": SECONDS_BUSY, "check_same_thread": False},
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - of one of two modules
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        (mode,) = connection.execute(f"PRAGMA journal_mode={journal}").fetchone()
        if mode != journal:
            raise RuntimeError(f"the journal is {mode}: end the service that uses it, then start again")
        if read_only:
            connection.execute("PRAGMA query_only=ON")

    return engine


def sqlite_driver() -> ModuleType:
    """Give the SQLite module with the newest library: Python's own, or the one that pysqlite3 carries."""
    drivers = [importlib.import_module("sqlite3.dbapi2")]
    with suppress(ImportError):
        drivers.append(importlib.import_module("pysqlite3.dbapi2"))
    return max(drivers, key=lambda driver: tuple(driver.sqlite_version_info))


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Say whether this SQLite has the repair of 3.51.3, or of one of the old lines that got it too.

    Before it, a checkpoint beside a commit could lose the commit or spoil the file (sqlite.org, "WAL-reset bug").
    Without it we use the rollback journal, which is slower and sound.
    """
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
