"""Keep the protocol versions: a clinic's own, and those shipped with the service for all clinics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from prep_tracker.domain.errors import NotFoundError
from prep_tracker.store.hot import Change, Query
from prep_tracker.store.rows import columns, is_one, names, of_clinic, run_or, this, values
from prep_tracker.store.tables import protocol_versions

Status = Literal["draft", "published", "retired"]
SHIPPING = 0x73686970
"""The number of the lock on which several starting services wait for one another."""


@dataclass(frozen=True, slots=True)
class ProtocolRow:
    """One version of a protocol; ``clinic_id`` is None for what is shipped. ``content`` is the protocol as JSON."""

    id: str
    clinic_id: str | None
    slug: str
    number: int
    status: Status
    content: str
    content_hash: str
    created_by: str
    published_by: str | None
    created_at: datetime
    published_at: datetime | None


class Head(NamedTuple):
    """A version without its content, which is long."""

    slug: str
    number: int
    status: Status
    content_hash: str


_VERSION = protocol_versions.c
_SELECT = select(*columns(protocol_versions, ProtocolRow))
_OWN_OR_SHIPPED = or_(of_clinic(protocol_versions), _VERSION.clinic_id.is_(None))
_OWN_FIRST = _VERSION.clinic_id.is_(None)
_VISIBLE = _SELECT.where(_OWN_OR_SHIPPED)
_GET = (
    _VISIBLE.where(is_one(protocol_versions, "slug"), _VERSION.number == bindparam("number"))
    .order_by(_VERSION.status == "draft", _OWN_FIRST)  # nobody's draft may stand for what was published
    .limit(1)
)
_HIGHEST = select(func.max(_VERSION.number)).where(_VERSION.slug == bindparam("slug"))
_LOCK = _SELECT.where(
    of_clinic(protocol_versions), is_one(protocol_versions, "slug"), _VERSION.number == bindparam("number")
).with_for_update()
_NEWEST = (
    _VISIBLE.where(is_one(protocol_versions, "slug"), _VERSION.status == "published")
    .order_by(_OWN_FIRST, _VERSION.number.desc())
    .limit(1)
)
_HEAD = (_VERSION.slug, _VERSION.number, _VERSION.status, _VERSION.content_hash)
_HEAD_GET = Query(_GET.with_only_columns(*_HEAD), Head)
_HEAD_NEWEST = Query(_NEWEST.with_only_columns(*_HEAD), Head)
_ALL = _VISIBLE.order_by(_VERSION.slug, _OWN_FIRST, _VERSION.number)
_OF_SLUG = _VISIBLE.where(is_one(protocol_versions, "slug")).order_by(_OWN_FIRST, _VERSION.number)
_ADD = Change(insert(protocol_versions), names(ProtocolRow))
_LOCK_SHIPPED = select(func.pg_advisory_xact_lock(SHIPPING))
_SHIPPED = _SELECT.where(_VERSION.clinic_id.is_(None)).order_by(_VERSION.slug, _VERSION.number)
_CHANGE = (
    update(protocol_versions)
    .where(of_clinic(protocol_versions), is_one(protocol_versions))
    .values({name: bindparam(name) for name in ("status", "content", "content_hash", "published_by", "published_at")})
)


def add_version(connection: Connection, clinic_id: str | None, row: ProtocolRow) -> None:
    """Add a version to the clinic's own, or with None to what is shipped; a number taken is a ``ConflictError``."""
    run_or("This version of the protocol exists already.", connection, _ADD, {**values(row), "clinic_id": clinic_id})


def get(connection: Connection, clinic_id: str, slug: str, number: int | None = None) -> ProtocolRow:
    """Give this version, draft or not; without a number the newest published one. A clinic's own come first.

    Raises ``NotFoundError``.
    """
    if number is None:
        found = connection.execute(_NEWEST, this(clinic_id, slug)).one_or_none()
    else:
        found = connection.execute(_GET, {**this(clinic_id, slug), "number": number}).one_or_none()
    if found is None:
        raise NotFoundError
    return ProtocolRow(*found)


def find_head(connection: Connection, clinic_id: str, slug: str, number: int | None = None) -> Head | None:
    """Give what ``get`` gives, without the content; None when there is no such version."""
    if number is None:
        return _HEAD_NEWEST.one(connection, this(clinic_id, slug))
    return _HEAD_GET.one(connection, {**this(clinic_id, slug), "number": number})


def lock(connection: Connection, clinic_id: str, slug: str, number: int) -> ProtocolRow:
    """Give this version of the clinic's own, which nobody else changes until this transaction ends.

    Raises ``NotFoundError``, also for what is shipped.
    """
    found = connection.execute(_LOCK, {**this(clinic_id, slug), "number": number}).one_or_none()
    if found is None:
        raise NotFoundError
    return ProtocolRow(*found)


def every(connection: Connection, clinic_id: str, slug: str | None = None) -> list[ProtocolRow]:
    """List all versions that the clinic sees, of one protocol or of all: by name, own ones first, by number."""
    if slug is None:
        found = connection.execute(_ALL, this(clinic_id))
    else:
        found = connection.execute(_OF_SLUG, this(clinic_id, slug))
    return [ProtocolRow(*each) for each in found]


def highest(connection: Connection, slug: str) -> int:
    """Give the highest number that any clinic, or what is shipped, has under this name; 0 for none.

    Across clinics, so that a newly shipped version never gets the number of somebody's draft.
    """
    return connection.execute(_HIGHEST, {"slug": slug}).scalar() or 0


def shipped(connection: Connection, *, lock: bool = False) -> list[ProtocolRow]:
    """List every version that ships with the service, oldest first.

    ``lock``: for whoever adds to them; others who would wait until this transaction ends.
    """
    if lock and connection.dialect.name == "postgresql":  # on SQLite whoever writes is alone anyway
        connection.execute(_LOCK_SHIPPED)
    return [ProtocolRow(*each) for each in connection.execute(_SHIPPED)]


def change(connection: Connection, clinic_id: str, row: ProtocolRow) -> None:
    """Keep status, content and publication of a clinic's own version; a shipped one raises ``NotFoundError``."""
    changed = {
        "status": row.status,
        "content": row.content,
        "content_hash": row.content_hash,
        "published_by": row.published_by,
        "published_at": row.published_at,
    }
    if connection.execute(_CHANGE, {**this(clinic_id, row.id), **changed}).rowcount != 1:
        raise NotFoundError
