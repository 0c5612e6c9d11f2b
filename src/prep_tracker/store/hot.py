"""Run what every request needs at nearly the driver's own speed, on SQLite.

SQLAlchemy looks up, binds and wraps at each call, which there costs several times what the database does. A hot
statement is compiled once and goes straight to the driver; what the columns' types make of a value is done all the
same. On PostgreSQL the wire is what costs, and SQLAlchemy runs the same statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Dialect, Insert, Select, Update
from sqlalchemy.types import TypeEngine

R = TypeVar("R")
Process = Callable[[Any], Any]
Given = Mapping[str, Any]


class Query(Generic[R]):
    """A query for one row, of which ``row`` makes an ``R``, taking the columns in their order."""

    def __init__(self, statement: Select[Any], row: Callable[..., R]) -> None:
        """Keep both; compiled at the first use."""
        self.statement = statement
        self._row = row
        self._compiled: tuple[str, tuple[str, ...], tuple[tuple[int, Process], ...]] | None = None

    def one(self, connection: Connection, given: Given) -> R | None:
        """Give the row, or None."""
        if connection.dialect.name != "sqlite":
            found = connection.execute(self.statement, given).one_or_none()
            return None if found is None else self._row(*found)
        sql, names, readers = self._compiled or self._compile(connection.dialect)
        raw = _driver(connection).execute(sql, [given[name] for name in names]).fetchone()
        if raw is None:
            return None
        values = list(raw)
        for place, read in readers:
            values[place] = read(values[place])
        return self._row(*values)

    def _compile(self, dialect: Dialect) -> tuple[str, tuple[str, ...], tuple[tuple[int, Process], ...]]:
        compiled: Any = self.statement.compile(dialect=dialect)
        types = [_of(dialect, column.type) for column in self.statement.selected_columns]
        readers = ((place, of.result_processor(dialect, None)) for place, of in enumerate(types))
        wanted = tuple((place, read) for place, read in readers if read is not None)
        self._compiled = str(compiled), tuple(compiled.positiontup), wanted
        return self._compiled


class Change:
    """A statement that adds or changes rows. An insert names the columns that it is given, an update has its own."""

    def __init__(self, statement: Insert | Update, names: Iterable[str] | None = None) -> None:
        """Keep both; compiled at the first use."""
        self.statement = statement
        self._names = None if names is None else list(names)
        self._compiled: tuple[str, tuple[tuple[str, Process | None], ...]] | None = None

    def run(self, connection: Connection, *given: Given) -> int:
        """Run it for each of ``given``, at least one; give how many rows it concerned, when it was one."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self.statement, list(given) if len(given) > 1 else given[0]).rowcount
        sql, binders = self._compiled or self._compile(connection.dialect)
        rows = [[bind(row[name]) if bind else row[name] for name, bind in binders] for row in given]
        driver = _driver(connection)
        cursor = driver.execute(sql, rows[0]) if len(rows) == 1 else driver.executemany(sql, rows)
        return int(cursor.rowcount)

    def _compile(self, dialect: Dialect) -> tuple[str, tuple[tuple[str, Process | None], ...]]:
        compiled: Any = self.statement.compile(dialect=dialect, column_keys=self._names)
        names = compiled.positiontup
        binders = ((name, _of(dialect, compiled.binds[name].type).bind_processor(dialect)) for name in names)
        self._compiled = str(compiled), tuple(binders)
        return self._compiled


def _of(dialect: Dialect, kind: TypeEngine[Any]) -> TypeEngine[Any]:
    return kind.dialect_impl(dialect)


def _driver(connection: Connection) -> Any:  # noqa: ANN401 - of one of two modules
    return connection.connection.dbapi_connection
