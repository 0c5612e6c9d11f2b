"""Keep who saw or changed what, one line each. Lines are only ever added, and no feature reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    bindparam,
    insert,
    or_,
    select,
    tuple_,
    type_coerce,
)

from prep_tracker.store.hot import Change, Given
from prep_tracker.store.rows import columns, names, of_clinic, this, values
from prep_tracker.store.tables import audit, procedures

Action = Literal["C", "R", "U", "D", "E"]
"""Create, read, update, delete, execute (search, list, try, give out): the letters of FHIR's AuditEvent."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line. ``event`` says what was done in a word, ``outcome`` is the HTTP status. Never holds personal data.

    ``seen``, of a list: the ids of the patients whose data it showed.
    """

    at: datetime
    actor_role: str
    credential_id: str
    person: str
    action: Action
    event: str
    entity: str
    outcome: int
    entity_id: str | None = None
    patient_id: str | None = None
    on_behalf_of: str | None = None
    request_id: str | None = None
    seen: Sequence[str] | None = None


class Place(NamedTuple):
    """Where a page ended: the instant and the number of its last line."""

    at: datetime
    number: int


class Found(NamedTuple):
    """A line with its number, and the number of the seal that covers it; None: not sealed yet."""

    number: int
    seal: int | None
    line: AuditLine


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines to look for; what is None says nothing. ``since`` is included, ``until`` is not.

    ``patient_id`` finds what was done to a patient and to the patient's procedures, and every list that showed them.
    ``outcome`` is FHIR's: 0 done, 4 refused, 8 failed, 12 the database was away.
    """

    since: datetime | None = None
    until: datetime | None = None
    person: str | None = None
    credential_id: str | None = None
    action: str | None = None
    event: str | None = None
    entity: str | None = None
    entity_id: str | None = None
    patient_id: str | None = None
    outcome: int | None = None


_EQUAL = ("person", "credential_id", "action", "event", "entity", "entity_id")
_AWAY = 503
OUTCOMES: Mapping[int, tuple[int, int]] = MappingProxyType({0: (0, 399), 4: (400, 499), 8: (500, 599), 12: (503, 503)})
"""What each outcome of FHIR stands for in HTTP, both ends included; 503 is no 8."""
_ADD = Change(insert(audit), names(AuditLine, "clinic_id"))
_LINES = (
    select(audit.c.id, *columns(audit, AuditLine))
    .where(of_clinic(audit), audit.c.id < bindparam("before"))
    .order_by(audit.c.id.desc())
    .limit(bindparam("limit"))
)
_OF_PATIENT = _LINES.where(audit.c.patient_id == bindparam("this_one"))
_PATIENTS = select(procedures.c.id, procedures.c.patient_id).where(
    of_clinic(procedures), procedures.c.id.in_(bindparam("these", expanding=True))
)
_END = 2**62
_AT_ONCE = 500


def add(connection: Connection, clinic_id: str | None, *lines: AuditLine) -> None:
    """Add lines in the order given; without a clinic when nobody knows whose the credential was."""
    rows = [{"clinic_id": clinic_id, **values(line)} for line in lines]
    if rows:
        _ADD.run(connection, *rows)


def add_written(connection: Connection, clinic_id: str | None, rows: Sequence[Given]) -> None:
    """Add lines that are rows already, with a value for each field of a line: there may be thousands a second."""
    if rows:
        _ADD.run(connection, *({"clinic_id": clinic_id, **row} for row in rows))


def lines(
    connection: Connection, clinic_id: str, *, limit: int, before: int = _END, patient_id: str | None = None
) -> list[tuple[int, AuditLine]]:
    """Give at most ``limit`` lines with their numbers, newest first, those numbered below ``before`` only."""
    asked = {**this(clinic_id, patient_id), "before": before, "limit": limit}
    found = connection.execute(_LINES if patient_id is None else _OF_PATIENT, asked)
    return [(number, AuditLine(*line)) for number, *line in found]


def search(
    connection: Connection, clinic_id: str, wanted: Wanted, *, after: Place | None, limit: int, within: int
) -> tuple[list[Found], Place | None]:
    """Give at most ``limit`` lines, newest first, and where to go on; None at the end.

    No more than ``within`` lines are looked at, so that a question that hits little takes no longer than another: there
    may be few lines, or none, and still a place to go on.
    """
    looked_at = _looked_at(wanted, after).limit(within)
    given: dict[str, Any] = {"this_clinic": clinic_id, "since": wanted.since, "until": wanted.until}
    given |= {} if after is None else {"after_at": after.at, "after_number": after.number}
    window = looked_at.subquery()
    query = select(window).where(*_asked(window.c, wanted)).order_by(window.c.at.desc(), window.c.id.desc())
    rows = connection.execute(query.limit(limit + 1), given).all()
    found = [Found(number, seal, AuditLine(*line)) for number, seal, *line in rows[:limit]]
    if len(rows) > limit:
        return found, Place(found[-1].line.at, found[-1].number)
    last = connection.execute(looked_at.with_only_columns(audit.c.at, audit.c.id).limit(1).offset(within - 1), given)
    ended = last.one_or_none()
    return found, None if ended is None else Place(*ended)


def patients_of(connection: Connection, clinic_id: str, procedure_ids: Iterable[str]) -> dict[str, str]:
    """Give the patients of procedures, by procedure; what the clinic does not have is left out."""
    ids = list(procedure_ids)
    found: dict[str, str] = {}
    for start in range(0, len(ids), _AT_ONCE):
        given = {"this_clinic": clinic_id, "these": ids[start : start + _AT_ONCE]}
        found.update((row.id, row.patient_id) for row in connection.execute(_PATIENTS, given))
    return found


def _looked_at(wanted: Wanted, after: Place | None) -> Select[Any]:
    """Choose the lines to look at: those that the index finds by clinic and instant."""
    query = select(audit.c.id, audit.c.seal, *columns(audit, AuditLine)).where(of_clinic(audit))
    if wanted.since is not None:
        query = query.where(audit.c.at >= bindparam("since", type_=audit.c.at.type))
    if wanted.until is not None:
        query = query.where(audit.c.at < bindparam("until", type_=audit.c.at.type))
    if after is not None:
        ended = (bindparam("after_at", type_=audit.c.at.type), bindparam("after_number", type_=audit.c.id.type))
        query = query.where(tuple_(audit.c.at, audit.c.id) < tuple_(*ended))
    return query.order_by(audit.c.at.desc(), audit.c.id.desc())


def _asked(column: Any, wanted: Wanted) -> Iterable[ColumnElement[bool]]:  # noqa: ANN401 - the columns of a subquery
    """Compare the fields that are asked for."""
    for name in _EQUAL:
        if (value := getattr(wanted, name)) is not None:
            yield column[name] == value
    if wanted.patient_id is not None:
        listed = type_coerce(column.seen, Text).contains(f'"{wanted.patient_id}"', autoescape=True)
        yield or_(column.patient_id == wanted.patient_id, listed)
    if wanted.outcome is not None:
        yield column.outcome.between(*OUTCOMES[wanted.outcome])
        if wanted.outcome == 8:  # noqa: PLR2004 - of FHIR
            yield column.outcome != _AWAY
