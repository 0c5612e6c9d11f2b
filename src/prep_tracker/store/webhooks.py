"""Keep where a clinic's own systems want to be told, and the secrets that sign what they are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, insert, select, update

from prep_tracker.domain.errors import NotFoundError
from prep_tracker.store.rows import columns, is_one, of_clinic, this, values
from prep_tracker.store.tables import messages, webhook_endpoints


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """An endpoint. No ``events``: all of them. ``secrets``: newest first; every one of them signs."""

    id: str
    url: str
    events: Sequence[str]
    content: Literal["ids", "full"]
    secrets: Sequence[str]
    active: bool
    disabled_reason: str | None
    created_at: datetime
    version: int


_ONE = (of_clinic(webhook_endpoints), is_one(webhook_endpoints))
_ALL = (
    select(*columns(webhook_endpoints, WebhookRow))
    .where(of_clinic(webhook_endpoints))
    .order_by(webhook_endpoints.c.created_at, webhook_endpoints.c.id)
)
_GET = select(*columns(webhook_endpoints, WebhookRow)).where(*_ONE)
_CHANGE = update(webhook_endpoints).where(*_ONE)
_REMOVE = delete(webhook_endpoints).where(*_ONE)


def every(connection: Connection, clinic_id: str) -> list[WebhookRow]:
    """List the endpoints, oldest first, those that are off too."""
    return [WebhookRow(*row) for row in connection.execute(_ALL, this(clinic_id))]


def get(connection: Connection, clinic_id: str, webhook_id: str, *, lock: bool = False) -> WebhookRow:
    """Give an endpoint; with ``lock``, nobody else changes it meanwhile. Raises ``NotFoundError``."""
    found = connection.execute(_GET.with_for_update() if lock else _GET, this(clinic_id, webhook_id)).one_or_none()
    if found is None:
        raise NotFoundError
    return WebhookRow(*found)


def add(connection: Connection, clinic_id: str, row: WebhookRow) -> None:
    """Add an endpoint."""
    connection.execute(insert(webhook_endpoints), {**values(row), "clinic_id": clinic_id})


def change(connection: Connection, clinic_id: str, row: WebhookRow) -> None:
    """Keep an endpoint as it now is."""
    kept = {name: value for name, value in values(row).items() if name not in {"id", "created_at"}}
    connection.execute(_CHANGE.values(kept), this(clinic_id, row.id))


def remove(connection: Connection, clinic_id: str, webhook_id: str) -> None:
    """Take an endpoint away. Raises ``NotFoundError``."""
    if connection.execute(_REMOVE, this(clinic_id, webhook_id)).rowcount != 1:
        raise NotFoundError


def settle_rest(connection: Connection, clinic_id: str, webhook_id: str, reason: str, *, now: datetime) -> None:
    """Drop what is planned for an endpoint that was taken away, and what could not be sent: nobody has to see to it."""
    rest = (
        update(messages)
        .where(of_clinic(messages), is_one(messages, "endpoint_id"), messages.c.status.in_(("planned", "failed")))
        .values(status="dropped", reason=reason, settled_at=now, lease_until=None, lease_token=None)
    )
    # Whoever said something meanwhile had still seen the endpoint; the first statement has waited for them.
    for _ in range(2):
        connection.execute(rest, this(clinic_id, webhook_id))
