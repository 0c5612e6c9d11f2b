"""Publish protocols and read them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from prep_tracker.catalog import protocol as shipped_protocol
from prep_tracker.catalog import slugs
from prep_tracker.catalog.published import content_of, published
from prep_tracker.domain.errors import NotFoundError
from prep_tracker.store import protocols
from prep_tracker.store.protocols import ProtocolRow

if TYPE_CHECKING:
    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection

SHIPPED_BY = "prep-tracker"


def ship(connection: Connection, *, now: datetime) -> list[str]:
    """Store the protocols that ship with the service; a changed one becomes a new version. Gives the new names."""
    newest = {row.slug: row for row in sorted(protocols.shipped(connection, lock=True), key=lambda r: r.number)}
    added = []
    for slug in slugs():
        content, digest = content_of(shipped_protocol(slug))
        known = newest.get(slug)
        if known is not None and known.content_hash == digest:
            continue
        number = protocols.highest(connection, slug) + 1
        row = ProtocolRow(
            id=str(uuid4()),
            clinic_id=None,
            slug=slug,
            number=number,
            status="published",
            content=content,
            content_hash=digest,
            created_by=SHIPPED_BY,
            published_by=SHIPPED_BY,
            created_at=now,
            published_at=now,
        )
        protocols.add_version(connection, None, row)
        added.append(f"{slug}@{number}")
    return added


def list_protocols(connection: Connection, desk: Desk) -> list[ProtocolRow]:
    """List the newest published version of every protocol that the clinic can book, by slug."""
    newest: dict[str, ProtocolRow] = {}
    for row in protocols.every(connection, desk.clinic.id):
        if row.status != "published":
            continue
        known = newest.get(row.slug)
        # A clinic's own protocol comes before the one that ships under the same slug.
        if known is None or (row.clinic_id is not None, row.number) > (known.clinic_id is not None, known.number):
            newest[row.slug] = row
    return [newest[slug] for slug in sorted(newest)]


def read_protocol(connection: Connection, desk: Desk, slug: str, number: int | None) -> ProtocolRow:
    """Read one version, or the newest published one. Raises ``NotFoundError``; drafts are no versions yet.

    Content that is no longer what was published is a ``RuntimeError``: it is shown to nobody.
    """
    row = protocols.get(connection, desk.clinic.id, slug, number)
    if row.status == "draft":
        raise NotFoundError
    published(row.slug, row.number, row.content_hash, row.content)
    return row
