"""Find everything that is kept about one patient, and erase it.

Every table is named here once, with what becomes of it; a test holds the list against the schema, so that a new table
or column cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Table,
    Text,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)

from prep_tracker.store.tables import METADATA, audit, clinics, idempotency, patients, procedures

Kept = dict[str, list[dict[str, Any]]]
_AT_ONCE = 100
"""So many ids are looked for in one statement."""


class Handling(NamedTuple):
    """What becomes of a table's rows when a patient's data is given out, and when it is erased.

    ``deleted``: no row about the patient stays. ``emptied``: the row stays, with nothing in it. ``kept``: it stays.
    ``none``: no row is about a patient. ``by`` is the column that says of whom or of which procedure a row is. ``why``
    explains whatever is not both given out and gone.
    """

    erased: Literal["deleted", "emptied", "kept", "none"]
    exported: bool
    by: Literal["", "id", "patient_id", "procedure_id"] = ""
    why: str = ""


TABLES: Mapping[str, Handling] = MappingProxyType(
    {
        "patients": Handling(
            "emptied", exported=True, by="id", why="the id stays, so that lines of the audit speak of somebody"
        ),
        "procedures": Handling("deleted", exported=True, by="patient_id"),
        "entries": Handling("deleted", exported=True, by="procedure_id"),
        "portal_links": Handling("deleted", exported=True, by="procedure_id"),
        "portal_sessions": Handling("deleted", exported=True, by="procedure_id"),
        "calendar_feeds": Handling("deleted", exported=True, by="procedure_id"),
        "messages": Handling("deleted", exported=True, by="procedure_id"),
        "audit": Handling("kept", exported=True, why="who saw or did what stays provable; a line has ids and no name"),
        "idempotency": Handling("deleted", exported=False, why="copies, for two days, of what the other tables hold"),
        "clinics": Handling("none", exported=False, why="what a clinic says of itself"),
        "protocol_versions": Handling(
            "none", exported=False, why="rules for everybody; what is for one patient is an entry"
        ),
        "keys": Handling("none", exported=False, why="staff and systems"),
        "identity_providers": Handling("none", exported=False, why="where staff sign in"),
        "staff_sessions": Handling("none", exported=False, why="staff who are signed in"),
        "webhook_endpoints": Handling("none", exported=False, why="where a clinic's own systems want to be told"),
        "audit_seals": Handling("none", exported=False, why="hashes over lines of the audit"),
    }
)
ABOUT_PATIENTS = tuple(name for name, handling in TABLES.items() if handling.exported)
"""The tables that an export holds."""
OF_PROCEDURES = tuple(METADATA.tables[name] for name, handling in TABLES.items() if handling.by == "procedure_id")
SECRET = frozenset({"secret_hash", "token_hash"})
"""Columns that an export has without what is in them: they say nothing about anybody, and open doors."""
EMPTY: Mapping[str, Any] = MappingProxyType(
    {
        "name": "",
        "language": "und",  # undetermined (BCP 47)
        "birth_date": None,
        "time_zone": None,
        "email": None,
        "phone": None,
        "messages": {},
    }
)
"""What a patient's row holds once there is nothing in it. The reference becomes one that follows from the id."""
STAYS = frozenset({"clinic_id", "id", "version", "erased_at", "created_at"})
"""What a tombstone has of its own: that there was somebody, from when, until when."""


def kept_of(connection: Connection, clinic_id: str, patient_id: str) -> Kept:
    """Give all rows about a patient, by table, oldest first.

    Lines of the audit too, also those of lists that showed the patient; of whom else a list showed they say nothing.
    """
    mine = select(procedures.c.id).where(procedures.c.clinic_id == clinic_id, procedures.c.patient_id == patient_id)
    found = {
        "patients": _rows(connection, patients, clinic_id, patients.c.id == patient_id),
        "procedures": _rows(connection, procedures, clinic_id, procedures.c.patient_id == patient_id),
    }
    for table in OF_PROCEDURES:
        found[table.name] = _rows(connection, table, clinic_id, table.c.procedure_id.in_(mine))
    own = [patient_id, *(row["id"] for row in found["procedures"])]
    lines: dict[int, dict[str, Any]] = {}
    for some in _batches(own):
        seen = (cast(audit.c.seen, Text).contains(name) for name in some)
        shown = or_(audit.c.patient_id == patient_id, audit.c.entity_id.in_(some), *seen)
        lines |= {line["id"]: line for line in _rows(connection, audit, clinic_id, shown)}
    for line in lines.values():
        if line["seen"] is not None:
            line["seen"] = [name for name in line["seen"] if name in own]
    return found | {"audit": [lines[number] for number in sorted(lines)]}


def erase(connection: Connection, clinic_id: str, patient_id: str, *, now: datetime) -> list[str]:
    """Erase a patient's procedures with all that hangs on them, and whatever names the patient.

    A bare tombstone stays. The patient's row was locked before. Gives the ids of the procedures that are gone.
    """
    mine = (procedures.c.clinic_id == clinic_id, procedures.c.patient_id == patient_id)
    # Whoever is writing about one of them is waited for: what they say would be left behind.
    gone = list(connection.execute(select(procedures.c.id).where(*mine).with_for_update()).scalars())
    for some in _batches(gone):
        for table in OF_PROCEDURES:
            connection.execute(delete(table).where(table.c.clinic_id == clinic_id, table.c.procedure_id.in_(some)))
    connection.execute(delete(procedures).where(*mine))
    for some in _batches([patient_id, *gone]):
        naming = or_(*(part for name in some for part in _naming(connection, name)))
        connection.execute(delete(idempotency).where(idempotency.c.clinic_id == clinic_id, naming))
    bare: dict[str, Any] = {"reference": f"erased-{patient_id}", "erased_at": now, "version": patients.c.version + 1}
    connection.execute(
        update(patients).where(patients.c.clinic_id == clinic_id, patients.c.id == patient_id).values({**EMPTY, **bare})
    )
    return gone


def was_erased_since(connection: Connection, clinic_id: str, at: datetime) -> bool:
    """Say whether a patient of the clinic was erased at this instant or later."""
    found = select(patients.c.id).where(patients.c.clinic_id == clinic_id, patients.c.erased_at >= at).limit(1)
    return connection.execute(found).first() is not None


def empty(connection: Connection, clinic_id: str) -> None:
    """Take away every patient of a clinic with all that was said: for a demo that is told anew. Raises elsewhere."""
    is_demo = connection.execute(select(clinics.c.is_demo).where(clinics.c.id == clinic_id)).scalar()
    if not is_demo:
        raise ValueError("only a demo may be emptied")
    for table in (*OF_PROCEDURES, procedures, patients, idempotency):
        connection.execute(delete(table).where(table.c.clinic_id == clinic_id))


def _naming(connection: Connection, name: str) -> tuple[ColumnElement[bool], ...]:
    """Find a kept answer that is about somebody or something: its address, its headers or its body has the id."""
    sought = literal(name.encode(), LargeBinary)
    within = func.instr if connection.dialect.name == "sqlite" else func.pg_catalog.position
    return (
        idempotency.c.route.contains(name),
        cast(idempotency.c.headers, Text).contains(name),
        within(idempotency.c.body, sought) > 0,
    )


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))


def _rows(connection: Connection, table: Table, clinic_id: str, mine: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - SQL
    found = connection.execute(select(table).where(table.c.clinic_id == clinic_id, mine).order_by(*table.primary_key))
    return [{name: None if name in SECRET else value for name, value in row.items()} for row in found.mappings()]
