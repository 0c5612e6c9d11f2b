"""Find the clinic's booked procedures by how they stand, most urgent first.

Each question is a range of ``ix_procedures_urgent``. The predicate of that index stands as a literal in the statement:
with a bound value PostgreSQL would leave the index aside.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, and_, case, func, or_, select, tuple_, update
from sqlalchemy.sql.elements import ColumnElement

from prep_tracker.domain.entries import ENTRIES, Entry
from prep_tracker.store.procedures import ProcedureRow
from prep_tracker.store.rows import columns
from prep_tracker.store.tables import BOOKED, entries, patients, procedures

_P = procedures.c
_PATIENT = (patients.c.id, patients.c.reference, patients.c.name, patients.c.language, patients.c.version)
_COLUMNS = columns(procedures, ProcedureRow)


class Place(NamedTuple):
    """Where a page begins: after the row with this last day to act, procedure day and id."""

    act_by: date | None
    on: date
    id: str


class Whose(NamedTuple):
    """The patient of a row, as the list shows them."""

    id: str
    reference: str
    name: str
    language: str
    version: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list: procedures up to ``until``, by standing on ``today``, and by the last day to act."""

    today: date
    until: date
    standing: Collection[str] = ()
    act_by: date | None = None


def page(
    connection: Connection, clinic_id: str, wanted: Wanted, after: Place | None, limit: int
) -> list[tuple[ProcedureRow, Whose]]:
    """Give at most ``limit`` rows: those on which somebody must act first, then those that wait for nobody."""
    found: list[tuple[ProcedureRow, Whose]] = []
    if after is None or after.act_by is not None:
        found = _rows(connection, clinic_id, wanted, after, limit, acting=True)
    if len(found) < limit and wanted.act_by is None:
        start = after if after is not None and after.act_by is None else None
        found += _rows(connection, clinic_id, wanted, start, limit - len(found), acting=False)
    return found


def _rows(
    connection: Connection, clinic_id: str, wanted: Wanted, after: Place | None, limit: int, *, acting: bool
) -> list[tuple[ProcedureRow, Whose]]:
    where: list[ColumnElement[bool]] = [_P.clinic_id == clinic_id, _P.procedure_on <= wanted.until]
    if acting:
        # Nobody can act after the day itself, so the range of days also bounds the range of the index.
        where += [_P.act_by.is_not(None), _P.act_by <= min(wanted.until, wanted.act_by or wanted.until)]
    else:
        where.append(_P.act_by.is_(None))
    if after is not None:
        key, given = (_P.procedure_on, _P.id), (after.on, after.id)
        where.append(
            tuple_(_P.act_by, *key) > tuple_(after.act_by, *given) if acting else tuple_(*key) > tuple_(*given)
        )
    if wanted.standing:
        where.append(or_(*(_stands(name, wanted.today) for name in wanted.standing)))
    order = (_P.act_by, _P.procedure_on, _P.id) if acting else (_P.procedure_on, _P.id)
    statement = (
        select(*_COLUMNS, *_PATIENT)
        .join(patients, and_(patients.c.clinic_id == _P.clinic_id, patients.c.id == _P.patient_id))
        .where(BOOKED, *where)
        .order_by(*order)
        .limit(limit)
    )
    width = len(_COLUMNS)
    return [(ProcedureRow(*row[:width]), Whose(*row[width:])) for row in connection.execute(statement)]


def counts(connection: Connection, clinic_id: str, wanted: Wanted) -> dict[str, int]:
    """Count the booked procedures up to ``until`` by how they stand today."""
    level = case(
        *((_stands(name, wanted.today), name) for name in ("past", "blocked", "at-risk", "waiting", "ready")),
        else_="on-track",
    )
    statement = (
        select(level.label("level"), func.count())
        .where(_P.clinic_id == clinic_id, BOOKED, _P.procedure_on <= wanted.until)
        .group_by("level")
    )
    return {name: number for name, number in connection.execute(statement)}  # noqa: C416 - a row is no pair


def _stands(level: str, today: date) -> ColumnElement[bool]:
    """Say in SQL what ``domain.standing.level_on`` says: the worst that has come by today."""
    blocked = func.coalesce(_P.blocked_on <= today, False)
    at_risk = func.coalesce(_P.at_risk_on <= today, False)
    waiting = func.coalesce(_P.waiting_on <= today, False)
    ahead = _P.procedure_on >= today
    match level:
        case "past":
            return _P.procedure_on < today
        case "blocked":
            return and_(ahead, blocked)
        case "at-risk":
            return and_(ahead, ~blocked, at_risk)
        case "waiting":
            return and_(ahead, ~blocked, ~at_risk, waiting)
        case "ready":
            return and_(ahead, ~blocked, ~at_risk, ~waiting, _P.ready)
        case _:
            return and_(ahead, ~blocked, ~at_risk, ~waiting, ~_P.ready)


def stale(connection: Connection, clinic_id: str, today: date, limit: int) -> list[ProcedureRow]:
    """Give procedures still to come whose last day to act has passed: the next one has to be reckoned."""
    statement = (
        select(*_COLUMNS)
        .where(_P.clinic_id == clinic_id, BOOKED, _P.act_by < today, _P.procedure_on >= today)
        .order_by(_P.act_by, _P.procedure_on, _P.id)
        .limit(limit)
    )
    return [ProcedureRow(*row) for row in connection.execute(statement)]


def booked(
    connection: Connection, clinic_id: str, after: str, limit: int, *, slug: str | None = None
) -> list[ProcedureRow]:
    """Give booked procedures in the order of their ids, those after ``after``; with ``slug``, of that protocol."""
    statement = select(*_COLUMNS).where(_P.clinic_id == clinic_id, BOOKED, _P.id > after).order_by(_P.id).limit(limit)
    if slug is not None:
        statement = statement.where(_P.protocol_slug == slug)
    return [ProcedureRow(*row) for row in connection.execute(statement)]


def count_of(connection: Connection, clinic_id: str, slug: str) -> int:
    """Count the booked procedures of a protocol, whatever its version."""
    statement = (
        select(func.count()).select_from(procedures).where(_P.clinic_id == clinic_id, BOOKED, _P.protocol_slug == slug)
    )
    return connection.execute(statement).scalar_one()


def project(connection: Connection, clinic_id: str, row: ProcedureRow) -> None:
    """Keep the reckoned columns of a row, if nothing has been said on it since."""
    names = ("waiting_on", "at_risk_on", "blocked_on", "ready", "act_by", "clearance_void")
    connection.execute(
        update(procedures)
        .where(_P.clinic_id == clinic_id, _P.id == row.id, _P.version == row.version)
        .values({name: getattr(row, name) for name in names})
    )


def records(connection: Connection, clinic_id: str, ids: Sequence[str]) -> dict[str, tuple[Entry, ...]]:
    """Give the records of several procedures at once, by id."""
    if not ids:
        return {}
    statement = (
        select(entries.c.procedure_id, entries.c.body)
        .where(entries.c.clinic_id == clinic_id, entries.c.procedure_id.in_(ids))
        .order_by(entries.c.procedure_id, entries.c.seq)
    )
    bodies: dict[str, list[str]] = {}
    for procedure_id, body in connection.execute(statement):
        bodies.setdefault(procedure_id, []).append(body)
    return {name: ENTRIES.validate_json(f"[{','.join(found)}]") for name, found in bodies.items()}
