"""Settle where a clinic's own systems are told what happens, and look at what became of it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from prep_tracker.channels.endpoints import fault_of
from prep_tracker.desk.case import Desk, note_other
from prep_tracker.domain.errors import ConflictError, Fault, InvalidError, NotFoundError
from prep_tracker.store import outbox, webhooks
from prep_tracker.store.message_rows import MessageRow, NewMessage, new_id
from prep_tracker.store.webhooks import WebhookRow

if TYPE_CHECKING:
    from prep_tracker.store import Connection

MOST = 20
"""How many endpoints a clinic may have: each event goes to every one of them."""
KEPT = 3
"""Secrets that sign at a time: the new one and those before it.

There is room for one whose answer got lost: asked for once more, it does not push out the one that the receiver has.
"""
OFF = "Turn the endpoint on first (active: true)."
TAKEN_AWAY = "The endpoint was taken away."


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to change about an endpoint; None: it stays."""

    url: str | None = None
    events: Sequence[str] | None = None
    content: Literal["ids", "full"] | None = None
    active: bool | None = None
    new_secret: bool = False
    drop_old_secret: bool = False


def list_webhooks(connection: Connection, desk: Desk) -> list[WebhookRow]:
    """List the endpoints, oldest first."""
    return webhooks.every(connection, desk.clinic.id)


def add(
    connection: Connection, desk: Desk, url: str, events: Sequence[str], content: Literal["ids", "full"]
) -> WebhookRow:
    """Add an endpoint with a secret of its own. Raises ``InvalidError``, and ``ConflictError`` for one too many."""
    _check(url, desk)
    if len(webhooks.every(connection, desk.clinic.id)) >= MOST:
        raise ConflictError(f"A clinic has at most {MOST} webhooks. Remove one first.")
    row = WebhookRow(
        str(uuid4()),
        url,
        list(events),
        content,
        [_secret()],
        active=True,
        disabled_reason=None,
        created_at=desk.now,
        version=1,
    )
    webhooks.add(connection, desk.clinic.id, row)
    note_other(connection, desk, "C", "webhook.added", "webhook", row.id, outcome=201)
    return row


def change(connection: Connection, desk: Desk, webhook_id: str, wish: Wish) -> WebhookRow:
    """Change an endpoint. A new secret signs beside those before, so that the receiver can change over in peace.

    ``drop_old_secret``: only the newest signs from now on. Turned on again, it is told what happens from then on.
    Raises ``NotFoundError``, ``InvalidError``.
    """
    row = webhooks.get(connection, desk.clinic.id, webhook_id, lock=True)
    if wish == Wish():
        raise InvalidError(Fault("", "empty", "Send at least one field to change."))
    if wish.url is not None:
        _check(wish.url, desk)
    active = row.active if wish.active is None else wish.active
    changed = replace(
        row,
        url=row.url if wish.url is None else wish.url,
        events=row.events if wish.events is None else list(wish.events),
        content=wish.content or row.content,
        active=active,
        disabled_reason=None if active else row.disabled_reason or "turned off by the clinic",
        secrets=([_secret(), *row.secrets] if wish.new_secret else row.secrets)[: 1 if wish.drop_old_secret else KEPT],
        version=row.version + 1,
    )
    webhooks.change(connection, desk.clinic.id, changed)
    note_other(connection, desk, "U", "webhook.changed", "webhook", row.id)
    return changed


def remove(connection: Connection, desk: Desk, webhook_id: str) -> None:
    """Take an endpoint away: what waits for it is not sent, what failed is settled. Raises ``NotFoundError``."""
    webhooks.remove(connection, desk.clinic.id, webhook_id)
    webhooks.settle_rest(connection, desk.clinic.id, webhook_id, TAKEN_AWAY, now=desk.now)
    note_other(connection, desk, "D", "webhook.removed", "webhook", webhook_id, outcome=204)


def deliveries(
    connection: Connection, desk: Desk, webhook_id: str, *, before: int | None, limit: int
) -> list[MessageRow]:
    """List what was and is to be sent to an endpoint, newest first. Raises ``NotFoundError``."""
    webhooks.get(connection, desk.clinic.id, webhook_id)
    return outbox.of_endpoint(connection, desk.clinic.id, webhook_id, before=before, limit=limit)


def replay(connection: Connection, desk: Desk, webhook_id: str, message_id: str) -> MessageRow:
    """Send something once more, under the same id. Raises ``NotFoundError``.

    It is a ``ConflictError`` while it waits anyway, where it was dropped, and while the endpoint is off.
    """
    _require_on(webhooks.get(connection, desk.clinic.id, webhook_id))
    if outbox.get(connection, desk.clinic.id, message_id).endpoint_id != webhook_id:
        raise NotFoundError
    again = outbox.replay(connection, desk.clinic.id, message_id, now=desk.now)
    note_other(connection, desk, "E", "webhook.replayed", "webhook", webhook_id, outcome=202)
    return again


def send_test(connection: Connection, desk: Desk, webhook_id: str) -> MessageRow:
    """Send a test, which is about nothing and nobody. Raises ``NotFoundError``, ``ConflictError`` while it is off."""
    row = webhooks.get(connection, desk.clinic.id, webhook_id)
    _require_on(row)
    new = NewMessage(new_id(), "test", "webhook", {}, desk.now, endpoint_id=row.id)
    outbox.add(connection, desk.clinic.id, [new], now=desk.now)
    note_other(connection, desk, "E", "webhook.tested", "webhook", webhook_id, outcome=202)
    return outbox.get(connection, desk.clinic.id, new.id)


def _require_on(row: WebhookRow) -> None:
    if not row.active:
        raise ConflictError(OFF)


def _secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _check(url: str, desk: Desk) -> None:
    """Refuse what cannot be an endpoint. What its name leads to is looked at when it is connected to, each time."""
    fault = fault_of(url, demo=desk.clinic.is_demo)
    if fault is not None:
        raise InvalidError(Fault("/url", "url", fault))
