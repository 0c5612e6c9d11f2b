"""Seal the lines of the audit, a chain for each clinic, and walk along what was sealed.

A seal inside every transaction would let all changes of a clinic wait for one another; so lines are sealed afterwards,
many at once. Lines without a clinic have a chain too, under an empty id.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    String,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    type_coerce,
    union,
    update,
)

from prep_tracker.domain.chain import Digest, Keys, Seal, iso, written
from prep_tracker.store.hot import Query
from prep_tracker.store.rows import of_clinic, this
from prep_tracker.store.tables import audit, audit_seals

SEALING = 0x7365616C
"""The number of the lock that lets one process seal at a time: two would let the chain fork."""
MOST_TOGETHER = 2_000
"""How many lines one seal covers at most."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", re.ASCII)
"""How SQLite keeps one."""
_STARTED = select(func.pg_try_advisory_xact_lock(SEALING))
_TRIGGERS = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit', 'audit_seals')")


class SealedLine(NamedTuple):
    """A line as it is sealed. The clinic is empty for lines without one; ``values`` is all that is sealed, in order.

    Somebody who changed the file may have put anything into any of them.
    """

    number: int
    clinic_id: str
    seal: Any
    at: Any
    event: Any
    entity_id: Any
    values: tuple[Any, ...]

    def named(self) -> dict[str, Any]:
        """Give the values by name, and the seal."""
        return {**dict(zip(_NAMES, self.values, strict=True)), "seal": self.seal}


def _raw(column: Column[Any]) -> ColumnElement[Any]:
    """Read a column as it is kept: what somebody put there who changed the file by hand need not be an instant."""
    kind = {"at": String, "sealed_at": String, "seen": Text}.get(column.name)
    return column if kind is None else type_coerce(column, kind).label(column.name)


_SEALED = tuple(_raw(column) for column in audit.c if column.name != "seal")
_NAMES = tuple(column.name for column in _SEALED)
_AT = _NAMES.index("at")
_SEAL = tuple(_raw(column) for column in audit_seals.c)
_ADD = insert(audit_seals)
_LINES = (
    select(*_SEALED, audit.c.seal)
    .where(audit.c.id > bindparam("after_number"))
    .order_by(audit.c.id)
    .limit(bindparam("most"))
)


def _cover(own: ColumnElement[bool]) -> Query[tuple[Any, ...]]:
    """Put the oldest lines of a chain under a seal and give them, in one statement, so that no other comes between."""
    oldest = select(audit.c.id).where(own, audit.c.seal.is_(None)).order_by(audit.c.id).limit(bindparam("most"))
    covered = update(audit).where(audit.c.id.in_(oldest)).values(seal=bindparam("new_seal"))
    return Query(covered.returning(*_SEALED), lambda *row: row)


_COVER, _COVER_NOBODYS = _cover(of_clinic(audit)), _cover(audit.c.clinic_id.is_(None))
_WAITING = select(func.coalesce(audit.c.clinic_id, "")).where(audit.c.seal.is_(None)).distinct()
_CHAINS = union(
    select(func.coalesce(audit.c.clinic_id, "").label("clinic")), select(audit_seals.c.clinic_id.label("clinic"))
)


def seal(connection: Connection, clinic_id: str, keys: Keys, *, now: datetime) -> int | None:
    """Put what is not sealed yet into the clinic's next seal, the oldest first; give how many lines it covers.

    0: there is none, or another process seals just now. None: the chain goes on only with a key that is not given.
    """
    if connection.dialect.name == "postgresql" and not connection.execute(_STARTED).scalar_one():
        return 0
    last = head(connection, clinic_id)
    if last is not None and not keys.may_follow(last):
        return None
    number = 1 if last is None else last.number + 1
    given = {"new_seal": number, "most": MOST_TOGETHER}
    rows = _COVER.all(connection, given | this(clinic_id)) if clinic_id else _COVER_NOBODYS.all(connection, given)
    digest = Digest()
    for covered in sorted(rows):
        digest.add(written(_plain(covered)))
    # A chain that gets its first key is closed with it at once: what was sealed without can be forged without.
    if rows or (last is not None and last.key_id is None and keys.newest is not None):
        made = keys.seal(last, clinic_id, now, digest)
        row = {"clinic_id": clinic_id, "number": number, "sealed_at": now, "lines": made.lines, "hash": made.hash}
        connection.execute(_ADD, row)
    return len(rows)


def waiting(connection: Connection) -> list[str]:
    """List the clinics with lines that are not sealed yet, an empty id for lines without a clinic."""
    return sorted(connection.execute(_WAITING).scalars())


def chains(connection: Connection) -> list[str]:
    """List the clinics that have lines or seals, an empty id for lines without a clinic."""
    return sorted(connection.execute(_CHAINS).scalars())


def head(connection: Connection, clinic_id: str) -> Seal | None:
    """Give the newest seal of a clinic's chain."""
    query = select(*_SEAL).where(audit_seals.c.clinic_id == clinic_id).order_by(audit_seals.c.number.desc()).limit(1)
    found = connection.execute(query).one_or_none()
    return None if found is None else _seal(found)


def after(connection: Connection, clinic_id: str, number: int, most: int) -> list[Seal]:
    """Give the next seals of a clinic's chain after one, at most so many."""
    query = select(*_SEAL).where(audit_seals.c.clinic_id == clinic_id, audit_seals.c.number > number)
    return [_seal(row) for row in connection.execute(query.order_by(audit_seals.c.number).limit(most))]


def with_hash(connection: Connection, clinic_id: str, made: str) -> int | None:
    """Give the number of the clinic's seal that has this hash."""
    query = select(audit_seals.c.number).where(audit_seals.c.clinic_id == clinic_id, audit_seals.c.hash == made)
    return connection.execute(query).scalars().first()


def lines(connection: Connection, number: int, most: int) -> list[SealedLine]:
    """Give the next lines of all clinics after the one with this number, at most so many, as they were sealed."""
    found = connection.execute(_LINES, {"after_number": number, "most": most})
    return [_line(_plain(row[:-1]), row[-1]) for row in found]


def older(connection: Connection, clinic_id: str, before: datetime) -> Seal | None:
    """Give the last seal of those at the chain's beginning that were all made before an instant."""
    newer = select(func.min(audit_seals.c.number)).where(
        audit_seals.c.clinic_id == clinic_id, audit_seals.c.sealed_at >= before
    )
    first_kept = connection.execute(newer).scalar_one()
    query = select(*_SEAL).where(audit_seals.c.clinic_id == clinic_id)
    if first_kept is not None:
        query = query.where(audit_seals.c.number < first_kept)
    found = connection.execute(query.order_by(audit_seals.c.number.desc()).limit(1)).one_or_none()
    return None if found is None else _seal(found)


def count(connection: Connection, clinic_id: str, upto: int) -> int:
    """Count the lines that the seals up to one cover, as far as they are still there."""
    query = select(func.count()).select_from(audit).where(_of(clinic_id), audit.c.seal <= upto)
    return connection.execute(query).scalar_one()


def take_away(connection: Connection, clinic_id: str, upto: int) -> None:
    """Delete the lines that the seals up to one cover, and the seals before it; that one stays, as the new beginning.

    Only the owner of the tables may do so. On SQLite the triggers that forbid it are put back in the same transaction.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    triggers = connection.execute(_TRIGGERS).all() if is_sqlite else []
    for name, _ in triggers:
        connection.execute(text(f"DROP TRIGGER {name}"))
    connection.execute(delete(audit).where(_of(clinic_id), audit.c.seal <= upto))
    connection.execute(delete(audit_seals).where(audit_seals.c.clinic_id == clinic_id, audit_seals.c.number < upto))
    for _, sql in triggers:
        connection.execute(text(sql))


def _of(clinic_id: str) -> ColumnElement[bool]:
    return audit.c.clinic_id == clinic_id if clinic_id else audit.c.clinic_id.is_(None)


def _plain(row: Sequence[Any]) -> tuple[Any, ...]:
    """Write the instant of a line in the same way, whichever database it comes from."""
    return (*row[:_AT], _moment(row[_AT]), *row[_AT + 1 :])


def _moment(kept: Any) -> Any:  # noqa: ANN401 - whatever the column holds
    if isinstance(kept, datetime):
        return iso(kept)
    return f"{kept.replace(' ', 'T')}Z" if isinstance(kept, str) and _INSTANT.fullmatch(kept) else kept


def _line(values: tuple[Any, ...], seal_number: Any) -> SealedLine:  # noqa: ANN401 - whatever the column holds
    by_name = dict(zip(_NAMES, values, strict=True))
    told = (by_name["at"], by_name["event"], by_name["entity_id"])
    return SealedLine(by_name["id"], by_name["clinic_id"] or "", seal_number, *told, values)


def _seal(row: Any) -> Seal:  # noqa: ANN401 - a row
    clinic_id, number, sealed_at, covered, made = row
    return Seal(clinic_id, number, _moment(sealed_at), covered, str(made))
