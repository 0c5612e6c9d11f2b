"""Keep the secret addresses of calendars: only their hashes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, String, bindparam, insert, select, update

from prep_tracker.store.hot import Query
from prep_tracker.store.rows import columns, of_clinic, this, values
from prep_tracker.store.tables import calendar_feeds


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One calendar of one procedure, in one language."""

    secret_hash: str
    clinic_id: str
    procedure_id: str
    language: str
    created_at: datetime
    revoked_at: datetime | None


_FIND = Query(
    select(*columns(calendar_feeds, FeedRow)).where(
        calendar_feeds.c.secret_hash == bindparam("this_hash", type_=String)
    ),
    FeedRow,
)
_REVOKE = (
    update(calendar_feeds)
    .where(
        of_clinic(calendar_feeds),
        calendar_feeds.c.procedure_id == bindparam("this_procedure"),
        calendar_feeds.c.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("this_at"))
)


def add(connection: Connection, clinic_id: str, row: FeedRow) -> None:
    """Add a calendar."""
    connection.execute(insert(calendar_feeds), {**values(row), "clinic_id": clinic_id})


def find(connection: Connection, secret_hash: str) -> FeedRow | None:
    """Give a calendar, of whichever clinic, revoked ones too: it tells what the address leads to."""
    return _FIND.one(connection, {"this_hash": secret_hash})


def revoke(connection: Connection, clinic_id: str, procedure_id: str, at: datetime) -> None:
    """End all calendars of a procedure."""
    connection.execute(_REVOKE, {**this(clinic_id), "this_procedure": procedure_id, "this_at": at})
