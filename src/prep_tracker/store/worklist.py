"""Find the clinic's booked procedures by how they stand, most urgent first.

Each question is a range of ``ix_procedures_urgent``. The predicate of that index stands as a literal in the statement:
with a bound value PostgreSQL would leave the index aside.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Date,
    Integer,
    String,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql.elements import ColumnElement

from prep_tracker.domain.entries import ENTRIES, Entry
from prep_tracker.store.hot import Query
from prep_tracker.store.procedures import ProcedureRow
from prep_tracker.store.rows import columns, of_clinic, this
from prep_tracker.store.tables import BOOKED, entries, patients, procedures

_P = procedures.c
_PATIENT = (patients.c.id, patients.c.reference, patients.c.name, patients.c.language, patients.c.version)
_LINE = (_P.id, _P.version, _P.procedure_on, _P.start, _P.act_by, _P.clearance_void, _P.protocol_slug, *_PATIENT)
_TODAY, _UNTIL = bindparam("today", type_=Date), bindparam("until", type_=Date)
_COLUMNS = columns(procedures, ProcedureRow)


class Place(NamedTuple):
    """Where a page begins: after the row with this last day to act, procedure day and id."""

    act_by: date | None
    on: date
    id: str


class LineRow(NamedTuple):
    """One line: what the list shows of a procedure and of its patient, with the version of both."""

    id: str
    version: int
    procedure_on: date
    start: str | None
    act_by: date | None
    clearance_void: bool
    protocol_slug: str
    patient_id: str
    reference: str
    name: str
    language: str
    patient_version: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list: procedures up to ``until``, by standing on ``today``, and by the last day to act."""

    today: date
    until: date
    standing: Collection[str] = ()
    act_by: date | None = None


def page(connection: Connection, clinic_id: str, wanted: Wanted, after: Place | None, limit: int) -> list[LineRow]:
    """Give at most ``limit`` rows: those on which somebody must act first, then those that wait for nobody."""
    standing = frozenset(wanted.standing)
    given = {
        **_given(clinic_id, wanted),
        # Nobody can act after the day itself, so the range of days also bounds the range of the index.
        "act_until": min(wanted.until, wanted.act_by or wanted.until),
        **({} if after is None else {"after_act_by": after.act_by, "after_on": after.on, "after_id": after.id}),
    }
    found: list[LineRow] = []
    if after is None or after.act_by is not None:
        found = _rows(standing, acting=True, later=after is not None).all(connection, {**given, "most": limit})
    if len(found) < limit and wanted.act_by is None:
        later = after is not None and after.act_by is None
        rows = _rows(standing, acting=False, later=later)
        found += rows.all(connection, {**given, "most": limit - len(found)})
    return found


def _given(clinic_id: str, wanted: Wanted) -> dict[str, Any]:
    return {**this(clinic_id), "until": wanted.until, "today": wanted.today}


@cache
def _rows(standing: frozenset[str], *, acting: bool, later: bool) -> Query[LineRow]:
    """Build the statement of one range of the index; ``later``: from a place in it on."""
    where: list[ColumnElement[bool]] = [of_clinic(procedures), _P.procedure_on <= _UNTIL]
    key: tuple[ColumnElement[Any], ...] = (_P.procedure_on, _P.id)
    place: tuple[ColumnElement[Any], ...] = (bindparam("after_on", type_=Date), bindparam("after_id", type_=String))
    if acting:
        where += [_P.act_by.is_not(None), _P.act_by <= bindparam("act_until", type_=Date)]
        key, place = (_P.act_by, *key), (bindparam("after_act_by", type_=Date), *place)
    else:
        where.append(_P.act_by.is_(None))
    if later:
        where.append(tuple_(*key) > tuple_(*place))
    if standing:
        where.append(or_(*(_stands(name) for name in sorted(standing))))
    statement = (
        select(*_LINE)
        .join(patients, and_(patients.c.clinic_id == _P.clinic_id, patients.c.id == _P.patient_id))
        .where(BOOKED, *where)
        .order_by(*key)
        .limit(bindparam("most", type_=Integer))
    )
    return Query(statement, LineRow)


def counts(connection: Connection, clinic_id: str, wanted: Wanted) -> dict[str, int]:
    """Count the booked procedures up to ``until`` by how they stand today."""
    return dict(_COUNTS.all(connection, _given(clinic_id, wanted)))


def by_day(connection: Connection, clinic_id: str, today: date, until: date) -> list[tuple[date, str, int]]:
    """Count the booked procedures of each day from ``today`` to ``until``, both included, by how they stand today."""
    return _BY_DAY.all(connection, {**this(clinic_id), "today": today, "until": until})


def _stands(level: str) -> ColumnElement[bool]:
    """Say in SQL what ``domain.standing.level_on`` says: the worst that has come by ``today``."""
    blocked = func.coalesce(_P.blocked_on <= _TODAY, False)
    at_risk = func.coalesce(_P.at_risk_on <= _TODAY, False)
    waiting = func.coalesce(_P.waiting_on <= _TODAY, False)
    ahead = _P.procedure_on >= _TODAY
    match level:
        case "past":
            return _P.procedure_on < _TODAY
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


_LEVEL = case(
    *((_stands(name), name) for name in ("past", "blocked", "at-risk", "waiting", "ready")), else_="on-track"
).label("level")
_COUNTS = Query(
    select(_LEVEL, func.count()).where(of_clinic(procedures), BOOKED, _P.procedure_on <= _UNTIL).group_by("level"),
    lambda level, number: (str(level), int(number)),
)
_BY_DAY = Query(
    select(_P.procedure_on, _LEVEL, func.count())
    .where(of_clinic(procedures), BOOKED, _P.procedure_on >= _TODAY, _P.procedure_on <= _UNTIL)
    .group_by(_P.procedure_on, "level"),
    lambda on, level, number: (on, str(level), int(number)),
)
_STALE = Query(
    select(*_COLUMNS)
    .where(of_clinic(procedures), BOOKED, _P.act_by < _TODAY, _P.procedure_on >= _TODAY)
    .order_by(_P.act_by, _P.procedure_on, _P.id)
    .limit(bindparam("most", type_=Integer)),
    ProcedureRow,
)


def stale(connection: Connection, clinic_id: str, today: date, limit: int) -> list[ProcedureRow]:
    """Give procedures still to come whose last day to act has passed: the next one has to be reckoned."""
    return _STALE.all(connection, {**this(clinic_id), "today": today, "most": limit})


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
