"""Run what every request needs at nearly the drivers' own speed.

SQLAlchemy looks up, binds and wraps at each call, which costs several times what the database does. A hot statement is
compiled once and goes straight to SQLite's driver, or to asyncpg; what the columns' types make of a value is done all
the same. For plain calls on PostgreSQL, which are never in a hurry, SQLAlchemy runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Connection, Dialect, Insert, Select, Update
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.types import TypeEngine
from sqlalchemy.util import await_only

R = TypeVar("R")
Process = Callable[[Any], Any]
Given = Mapping[str, Any]
DIRECT = {"pysqlite", "asyncpg"}


class _Compiled(NamedTuple):
    """SQL for one driver, with the names of its values in their order, and what is done to some by place."""

    sql: str
    names: tuple[str, ...]
    fixed: Given
    """The values that stand in the statement itself."""
    bind: tuple[tuple[int, Process], ...]
    read: tuple[tuple[int, Process], ...] = ()

    def ordered(self, given: Given) -> list[Any]:
        """Give the values in the order of the statement, as the driver takes them."""
        if self.fixed:
            given = {**self.fixed, **given}
        return _processed([given[name] for name in self.names], self.bind)


def _processed(values: Iterable[Any], process: tuple[tuple[int, Process], ...]) -> list[Any]:
    result = list(values)
    for place, made in process:
        result[place] = made(result[place])
    return result


def _bound(dialect: Dialect, compiled: Any) -> tuple[tuple[str, ...], Given, tuple[tuple[int, Process], ...]]:  # noqa: ANN401 - SQLAlchemy's own
    """Give the names of a statement's values in their order, those that it brings along, and what binds them."""
    names = tuple(compiled.positiontup)
    fixed = {name: compiled.binds[name].value for name in names if not compiled.binds[name].required}
    binders = ((place, _of(dialect, compiled.binds[name].type)) for place, name in enumerate(names))
    found = ((place, kind.bind_processor(dialect)) for place, kind in binders)
    return names, fixed, tuple((place, bind) for place, bind in found if bind is not None)


class Query(Generic[R]):
    """A query for rows, or a change that gives back rows, of each of which ``row`` makes an ``R``, column by column."""

    def __init__(self, statement: Select[Any] | ReturningUpdate[Any], row: Callable[..., R]) -> None:
        """Keep both; compiled at the first use."""
        self.statement = statement
        self._row = row
        self._compiled: dict[str, _Compiled] = {}

    def one(self, connection: Connection, given: Given) -> R | None:
        """Give the row, or None."""
        dialect = connection.dialect
        if dialect.driver not in DIRECT:
            row = connection.execute(self.statement, given).one_or_none()
            return None if row is None else self._row(*row)
        hot = self._compiled.get(dialect.driver) or self._compile(dialect)
        if dialect.driver == "asyncpg":
            found = await_only(_driver(connection).fetchrow(hot.sql, *hot.ordered(given)))
        else:
            found = _driver(connection).execute(hot.sql, hot.ordered(given)).fetchone()
        return None if found is None else self._row(*_processed(found, hot.read))

    def all(self, connection: Connection, given: Given) -> list[R]:
        """Give all rows."""
        dialect = connection.dialect
        if dialect.driver not in DIRECT:
            return [self._row(*row) for row in connection.execute(self.statement, given)]
        hot = self._compiled.get(dialect.driver) or self._compile(dialect)
        if dialect.driver == "asyncpg":
            found = await_only(_driver(connection).fetch(hot.sql, *hot.ordered(given)))
        else:
            found = _driver(connection).execute(hot.sql, hot.ordered(given)).fetchall()
        return [self._row(*_processed(each, hot.read)) for each in found]

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled: Any = self.statement.compile(dialect=dialect)
        types = [_of(dialect, column.type) for column in self.statement.exported_columns]
        readers = ((place, of.result_processor(dialect, None)) for place, of in enumerate(types))
        wanted = tuple((place, read) for place, read in readers if read is not None)
        self._compiled[dialect.driver] = hot = _Compiled(str(compiled), *_bound(dialect, compiled), wanted)
        return hot


class Change:
    """A statement that adds or changes rows. An insert names the columns that it is given, an update has its own."""

    def __init__(self, statement: Insert | Update, names: Iterable[str] | None = None) -> None:
        """Keep both; compiled at the first use."""
        self.statement = statement
        self._names = None if names is None else list(names)
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, *given: Given) -> int:
        """Run it for each of ``given``, at least one; give how many rows it concerned, when it was one."""
        dialect = connection.dialect
        if dialect.driver not in DIRECT:
            return connection.execute(self.statement, list(given) if len(given) > 1 else given[0]).rowcount
        hot = self._compiled.get(dialect.driver) or self._compile(dialect)
        rows = [hot.ordered(each) for each in given]
        driver = _driver(connection)
        if dialect.driver == "pysqlite":
            cursor = driver.execute(hot.sql, rows[0]) if len(rows) == 1 else driver.executemany(hot.sql, rows)
            return int(cursor.rowcount)
        if len(rows) > 1:
            await_only(driver.executemany(hot.sql, rows))
            return len(rows)
        status = await_only(driver.execute(hot.sql, *rows[0]))
        return int(status.rpartition(" ")[2])

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled: Any = self.statement.compile(dialect=dialect, column_keys=self._names)
        self._compiled[dialect.driver] = hot = _Compiled(str(compiled), *_bound(dialect, compiled))
        return hot


def _of(dialect: Dialect, kind: TypeEngine[Any]) -> TypeEngine[Any]:
    return kind.dialect_impl(dialect)


def _driver(connection: Connection) -> Any:  # noqa: ANN401 - of one of three modules
    return connection.connection.driver_connection
