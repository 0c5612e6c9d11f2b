"""Look for whatever would be recognised of Pia: in every row, in the database's own files, and in our memory."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, make_url, text

from prep_tracker.catalog import speaking
from prep_tracker.desk import memory
from prep_tracker.store.engine import database_url as parsed
from prep_tracker.store.engine import sqlite_driver
from tests.access.living import BORN, TRACES, ZONE
from tests.api.house import House

_CATALOGUE = text(
    "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'm', 'p')"
)
_FILES = text("SELECT oid FROM pg_database WHERE datname = current_database()")


def betrays(value: object) -> bool:
    """Say whether a text, or bytes, or a day, would tell of Pia."""
    if isinstance(value, bytes | bytearray | memoryview):
        return any(trace.encode() in bytes(value) for trace in TRACES)
    if isinstance(value, date):
        return value == BORN
    return isinstance(value, str) and any(trace in value for trace in TRACES)


def owner_engine(url: str) -> Engine:
    """Make an engine that signs in as the database's owner, past all our code, and commits each statement."""
    address = make_url(url)
    if parsed(url).get_backend_name() == "sqlite":
        return create_engine(address, module=sqlite_driver(), isolation_level="AUTOCOMMIT")
    return create_engine(address.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")


def in_rows(url: str) -> Iterator[str]:
    """Name every table with a row that tells of Pia: all that the database has, its catalogues included."""
    engine = owner_engine(url)
    with engine.connect() as connection:
        for table in _tables(connection):
            whole = (
                f"SELECT t::text FROM {table} t" if engine.dialect.name == "postgresql" else f"SELECT * FROM {table}"
            )
            if any(betrays(value) for row in connection.execute(text(whole)) for value in _told(row)):
                yield table
    engine.dispose()


def _tables(connection: Connection) -> list[str]:
    if connection.dialect.name == "postgresql":
        return list(connection.execute(_CATALOGUE).scalars())
    return list(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars())


def _told(row: Any) -> Iterator[object]:  # noqa: ANN401 - a row
    """Give the values of a row; PostgreSQL writes bytes in hexadecimal."""
    for value in row:
        yield value
        if isinstance(value, str):
            yield from (bytes.fromhex(part[: len(part) // 2 * 2]) for part in _hexadecimal(value))


def _hexadecimal(value: str) -> Iterator[str]:
    for part in value.split("\\x")[1:]:
        end = next((n for n, sign in enumerate(part) if sign not in "0123456789abcdef"), len(part))
        yield part[:end]


def in_files(url: str) -> Iterator[str]:
    """Name every file of the database that tells of Pia, free pages and logs included; PostgreSQL's log is left out."""
    address = parsed(url)
    if address.get_backend_name() == "sqlite":
        place = Path(str(address.database))
        yield from (file.name for file in sorted(place.parent.glob(f"{place.name}*")) if betrays(file.read_bytes()))
        return
    engine = owner_engine(url)
    with engine.connect() as connection:
        folder = f"base/{connection.execute(_FILES).scalar_one()}"
        for name in connection.execute(text("SELECT pg_ls_dir(:folder)"), {"folder": folder}).scalars().all():
            read = text("SELECT pg_read_binary_file(:file, true)")
            if betrays(connection.execute(read, {"file": f"{folder}/{name}"}).scalar() or b""):
                yield name
    engine.dispose()


def begin_anew() -> None:
    """Forget what other tests have left in memory: Pia's words, and where they stood, as a language, say."""
    memory.forget(None)
    speaking._chosen.cache_clear()


def in_memory(house: House) -> Iterator[str]:
    """Name what our modules and the app still hold of Pia, however deep: whatever the collector can reach."""
    globals_of = {id(vars(module)) for module in list(sys.modules.values())}
    ours = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "prep_tracker"]
    waiting: list[tuple[object, str]] = [(house.app, "the app")]
    waiting += [(value, f"{m.__name__}.{name}") for m in ours for name, value in list(vars(m).items())]
    seen: set[int] = set()
    while waiting:
        one, where = waiting.pop()
        if id(one) in seen or id(one) in globals_of or isinstance(one, ModuleType | FrameType):
            continue
        seen.add(id(one))
        if betrays(one) and one != ZONE:  # every process knows all zones
            yield where
        waiting += [(other, where) for other in gc.get_referents(one)]
