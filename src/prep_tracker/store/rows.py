"""Move values in and out of tables: a row is a frozen dataclass whose fields are named like its columns."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, Connection, Table, Text, bindparam
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from prep_tracker.domain.errors import ConflictError
from prep_tracker.store.hot import Change, Given

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def columns(table: Table, row: type[DataclassInstance]) -> list[Column[Any]]:
    """List the columns of ``table`` in the order of the fields of ``row``, so that ``row(*result)`` fits."""
    return [table.c[field.name] for field in fields(row)]


def values(row: DataclassInstance) -> dict[str, Any]:
    """Give the fields of ``row`` as they are, by name."""
    return {field.name: getattr(row, field.name) for field in fields(row)}


def names(row: type[DataclassInstance], *more: str, without: Collection[str] = ()) -> list[str]:
    """List the names of the fields of ``row``, and ``more``."""
    return [*(field.name for field in fields(row) if field.name not in without), *more]


def of_clinic(table: Table) -> ColumnElement[bool]:
    """Keep to one clinic: the predicate of every query, filled in with ``this``."""
    return table.c.clinic_id == bindparam("this_clinic")


def is_one(table: Table, column: str = "id") -> ColumnElement[bool]:
    """Keep to one thing of the clinic, filled in with ``this``."""
    return table.c[column] == bindparam("this_one")


def this(clinic_id: str, one: str | None = None) -> dict[str, Any]:
    """Fill in ``of_clinic`` and ``is_one``."""
    return {"this_clinic": clinic_id} if one is None else {"this_clinic": clinic_id, "this_one": one}


def run_or(conflict: str, connection: Connection, change: Change, *given: Given) -> int:
    """Run a change; where it is refused because of another row, raise ``ConflictError`` saying ``conflict``.

    The transaction is lost with it on PostgreSQL, so let it go on to the door.
    """
    try:
        return change.run(connection, *given)
    except Exception as error:
        # SQLAlchemy's error, SQLite's own, or asyncpg's: class 23 is "integrity constraint violation".
        own = (IntegrityError, connection.dialect.loaded_dbapi.IntegrityError)
        if not isinstance(error, own) and not str(getattr(error, "sqlstate", "")).startswith("23"):
            raise
        refused = ConflictError(conflict)
    raise refused  # out here, so that it carries nothing along: the database's own error quotes the row


class joined(GenericFunction[str]):  # noqa: N801 - a SQL function, written like one
    """Join texts with commas, in the order in which the rows come."""

    type = Text()
    inherit_cache = True


@compiles(joined)
def _joined(function: joined, compiler: SQLCompiler, **options: object) -> str:
    name = "group_concat" if compiler.dialect.name == "sqlite" else "string_agg"
    return f"{name}({compiler.process(function.clauses, **options)}, ',')"
