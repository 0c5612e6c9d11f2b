"""Keep the answers to requests that may come again: same key, same answer, done once.

The key goes in first, in the same transaction as what the request does, and the answer before it commits. So a key
without an answer is never seen, and after a crash either both are there or neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from prep_tracker.domain.errors import BusyError
from prep_tracker.store.rows import columns, of_clinic
from prep_tracker.store.tables import idempotency


@dataclass(frozen=True, slots=True)
class Repeat:
    """Name a request that may come again: whose, where, under which key, and a hash of what it asks."""

    credential_id: str
    route: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """The answer that was given, byte for byte, to the request with this fingerprint."""

    fingerprint: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    created_at: datetime


_SAME = (
    of_clinic(idempotency),
    idempotency.c.credential_id == bindparam("this_credential"),
    idempotency.c.route == bindparam("this_route"),
    idempotency.c.key == bindparam("this_key"),
)
_FIND = select(*columns(idempotency, AnswerRow)).where(*_SAME)
_CLAIM = {
    "sqlite": sqlite.insert(idempotency).on_conflict_do_nothing().returning(idempotency.c.key),
    "postgresql": postgresql.insert(idempotency).on_conflict_do_nothing().returning(idempotency.c.key),
}
_FINISH = (
    update(idempotency)
    .where(*_SAME)
    .values(status=bindparam("new_status"), headers=bindparam("new_headers"), body=bindparam("new_body"))
)
_PURGE = delete(idempotency).where(idempotency.c.created_at < bindparam("this_at"))


def claim(connection: Connection, clinic_id: str, repeat: Repeat, *, now: datetime) -> AnswerRow | None:
    """Claim the key, or give the answer that was given before. None: the key is new, do it and call ``finish``.

    While another connection works on the same key this waits for it; ``BusyError`` when that takes too long.
    """
    row = {
        "clinic_id": clinic_id,
        "credential_id": repeat.credential_id,
        "route": repeat.route,
        "key": repeat.key,
        "fingerprint": repeat.fingerprint,
        "created_at": now,
    }
    try:
        if connection.execute(_CLAIM[connection.dialect.name], row).one_or_none():
            return None
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":  # lock_not_available
            raise BusyError("A request with this key is being worked on.") from error
        raise
    return find(connection, clinic_id, repeat)


def find(connection: Connection, clinic_id: str, repeat: Repeat) -> AnswerRow | None:
    """Give the answer that was given under this key, if any; the caller compares the fingerprints."""
    found = connection.execute(_FIND, _this(clinic_id, repeat)).one_or_none()
    return None if found is None else AnswerRow(*found)


def finish(
    connection: Connection, clinic_id: str, repeat: Repeat, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    """Keep the answer beside the key that this transaction claimed."""
    answer = {"new_status": status, "new_headers": dict(headers), "new_body": body}
    connection.execute(_FINISH, {**_this(clinic_id, repeat), **answer})


def purge(connection: Connection, *, before: datetime) -> int:
    """Forget all keys of all clinics claimed before this instant (24 hours ago or earlier); give their count."""
    return connection.execute(_PURGE, {"this_at": before}).rowcount


def _this(clinic_id: str, repeat: Repeat) -> dict[str, str]:
    return {
        "this_clinic": clinic_id,
        "this_credential": repeat.credential_id,
        "this_route": repeat.route,
        "this_key": repeat.key,
    }
