"""Run functions on the database: ``read`` and ``write`` for whoever awaits, ``run_read`` and ``run_write`` for others.

Whoever calls says for which clinic: on PostgreSQL the database itself shows no row of another (row-level security), and
none at all to a call that named nobody. ``EVERY`` is for what the service does on its own behalf: to find out whose a
credential is, to keep house, and what an operator asks for at the command line.

A function gets a connection and gives back a value. The value is handed over only after the commit, so what was
answered is kept; when the commit fails, the caller is told. A function may run more than once (a deadlock, a lost
connection before the commit), so it does nothing but use its connection.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import StatementError

from prep_tracker.store.engine import database_url

__all__ = ["EVERY", "Connection", "QueryError", "Store"]

T = TypeVar("T")
EVERY = "*"
"""All clinics, instead of the id of one."""


class QueryError(Exception):
    """The database refused a statement, which is a fault of ours. Names kind and statement, never a value.

    The database's own error quotes the row, a patient's name and all; that is why it is not chained either.
    """

    def __init__(self, error: Exception) -> None:
        """Keep what helps to find the fault; ``error`` is SQLAlchemy's, or a driver's own."""
        cause = error.orig if isinstance(error, StatementError) else error
        diagnosis = getattr(cause, "diag", cause)
        parts = [type(error).__name__, getattr(cause, "sqlstate", None), getattr(cause, "sqlite_errorname", None)]
        parts += [getattr(diagnosis, "table_name", None), getattr(diagnosis, "constraint_name", None)]
        if hasattr(cause, "sqlite_errorcode"):  # SQLite's own words name tables and columns, and quote nothing
            parts.append(str(cause))
        parts.append(getattr(error, "statement", None))
        super().__init__(" ".join(part for part in parts if part))


class Store(ABC):
    """One database, opened with ``Store.open``. A database that cannot answer is an ``UnavailableError``."""

    @staticmethod
    def open(url: str, *, connections: int = 10) -> Store:
        """Open ``sqlite:///path`` or ``postgresql://…``; nothing is connected to before the first use.

        ``connections`` is the most that PostgreSQL is asked for by reads, and again by writes.
        """
        parsed = database_url(url)
        if parsed.get_backend_name() == "sqlite":
            from prep_tracker.store.sqlite import SqliteStore

            return SqliteStore(parsed)
        from prep_tracker.store.postgresql import PostgresqlStore

        return PostgresqlStore(parsed, connections)

    @abstractmethod
    async def read(self, fn: Callable[[Connection], T], clinic: str) -> T:
        """Give what ``fn`` reads of one clinic. A function that writes here is refused by the database.

        All its queries see one moment. On SQLite it runs at once, on the event loop.
        """

    @abstractmethod
    async def write(self, fn: Callable[[Connection], T], clinic: str) -> T:
        """Give what ``fn`` answers, once its changes are committed; when ``fn`` raises, nothing has changed.

        A caller who is cancelled meanwhile does not stop it.
        """

    @abstractmethod
    def run_read(self, fn: Callable[[Connection], T], clinic: str = EVERY) -> T:
        """Read as in ``read``, for callers without an event loop; all queries see one moment."""

    @abstractmethod
    def run_write(self, fn: Callable[[Connection], T], clinic: str = EVERY) -> T:
        """Write as in ``write``, for callers without an event loop. Not from inside another function of the store."""

    def cleanse(self) -> None:  # noqa: B027 - PostgreSQL has nothing to do
        """Leave nothing in the database's files of what was erased before, as far as this program can reach them.

        On SQLite the file is written anew, some milliseconds a megabyte, and whoever writes waits for it; it is an
        ``UnavailableError`` when somebody else has it open and does not let go. PostgreSQL cleans up by itself.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish what was begun and close what ``run_read`` and ``run_write`` opened; the next use opens it again."""

    @abstractmethod
    async def aclose(self) -> None:
        """Finish what was begun and close everything, on the event loop that read and wrote.

        The next use opens it again, on whatever event loop that is.
        """
