"""Move values in and out of tables: a row is a frozen dataclass whose fields are named like its columns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, Table, Text, bindparam
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from prep_tracker.domain.errors import ConflictError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def columns(table: Table, row: type[DataclassInstance]) -> list[Column[Any]]:
    """List the columns of ``table`` in the order of the fields of ``row``, so that ``row(*result)`` fits."""
    return [table.c[field.name] for field in fields(row)]


def values(row: DataclassInstance) -> dict[str, Any]:
    """Give the fields of ``row`` as they are, by name."""
    return {field.name: getattr(row, field.name) for field in fields(row)}


def of_clinic(table: Table) -> ColumnElement[bool]:
    """Keep to one clinic: the predicate of every query, filled in with ``this``."""
    return table.c.clinic_id == bindparam("this_clinic")


def is_one(table: Table, column: str = "id") -> ColumnElement[bool]:
    """Keep to one thing of the clinic, filled in with ``this``."""
    return table.c[column] == bindparam("this_one")


def this(clinic_id: str, one: str | None = None) -> dict[str, Any]:
    """Fill in ``of_clinic`` and ``is_one``."""
    return {"this_clinic": clinic_id} if one is None else {"this_clinic": clinic_id, "this_one": one}


@contextmanager
def conflict(detail: str) -> Iterator[None]:
    """Say ``detail`` where the database refuses a row because it contradicts another one.

    The transaction is lost with it on PostgreSQL, so let the ``ConflictError`` go on to the door.
    """
    try:
        yield
    except IntegrityError:
        refused = ConflictError(detail)
    else:
        return
    raise refused  # here, so that it carries nothing along: the database's error quotes the row


class joined(GenericFunction[str]):  # noqa: N801 - a SQL function, written like one
    """Join texts with commas, in the order in which the rows come."""

    type = Text()
    inherit_cache = True


@compiles(joined)
def _joined(function: joined, compiler: SQLCompiler, **options: object) -> str:
    name = "group_concat" if compiler.dialect.name == "sqlite" else "string_agg"
    return f"{name}({compiler.process(function.clauses, **options)}, ',')"
