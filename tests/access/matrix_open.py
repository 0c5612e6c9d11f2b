"""Fill in the matrix with the clinic taken out of every query: on PostgreSQL row-level security has to do it alone.

Run as a program of its own, because statements are compiled once and kept. Every comparison of a clinic's column with
a value is compiled as "that, or true", so all values are still sent and none of them chooses anything.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import BindParameter, Column, literal_column, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BinaryExpression, ColumnElement
from sqlalchemy.sql.visitors import replacement_traverse

TRUE = literal_column("1") == literal_column("1")
OPENED: list[str] = []
"""The comparisons that choose nothing any more, as often as they stand in a statement."""


def chooses_clinic(element: ColumnElement[Any]) -> bool:
    """Say whether this keeps a query to one clinic."""
    if not isinstance(element, BinaryExpression) or element.operator is not operators.eq:
        return False
    column, value = element.left, element.right
    if not isinstance(column, Column) or not isinstance(value, BindParameter):
        return False
    return column.name == "clinic_id" or (column.table.name == "clinics" and column.name == "id")


def without_clinic(statement: Any) -> Any:  # noqa: ANN401 - a statement, or a part of one
    """Give one statement without its clinic."""

    def replaced(element: Any, **_: object) -> Any:  # noqa: ANN401 - any part of a statement
        return or_(element, TRUE) if isinstance(element, ColumnElement) and chooses_clinic(element) else None

    return replacement_traverse(statement, {}, replaced)


def take_out_clinics() -> None:
    """Compile from now on every statement without its clinic."""

    @compiles(BinaryExpression)
    def _compiled(element: BinaryExpression[Any], compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - handed on
        written: str = compiler.visit_binary(element, **options)  # type: ignore[no-untyped-call]
        if not chooses_clinic(element):
            return written
        OPENED.append(written)
        return f"({written} OR 1 = 1)"


def faults(world: Any, *, known: bool = True) -> Iterator[str]:  # noqa: ANN401 - a World
    """Yield what is wrong in the cells of whoever is let in at all."""
    from tests.access import matrix_cells
    from tests.access.matrix import CREDENTIALS, GUARDED

    for operation in GUARDED:
        for who in CREDENTIALS:
            if who.is_known() == known and who.whose == "birch" and who.may(operation):
                yield from matrix_cells.faults(world, operation, who, audited=False)


def main(url: str) -> None:
    """Print what was found: with row-level security, and without it as well."""
    take_out_clinics()
    from tests.access import matrix_cells
    from tests.access.matrix_world import settled

    with settled(url) as world:
        matrix_cells.prepare(world)
        bound = list(islice(faults(world), 20))
        number = next(matrix_cells._NUMBERS)
        world.wire.store.blind = True
        unbound = list(islice(faults(world), 20))
    print(json.dumps({"cells": number, "opened": len(OPENED), "bound": bound, "unbound": unbound}))  # noqa: T201 - for the test


if __name__ == "__main__":
    main(sys.argv[1])
