"""Settle webhooks, and look at what became of each delivery."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from prep_tracker.api import webhook_schemas as shapes
from prep_tracker.api.cursors import Cursor, Limit, cursor, link, page_of, place
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import Door, IdempotencyKey, act, desk_of, read, respond
from prep_tracker.api.wire import Answer, answer
from prep_tracker.services import webhooks

if TYPE_CHECKING:
    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection
    from prep_tracker.store.message_rows import MessageRow
    from prep_tracker.store.webhooks import WebhookRow

router = APIRouter(route_class=Door, tags=["Webhooks"])
ADMIN = ("admin",)
Delivery = Annotated[str, Path(max_length=64, description="The delivery's id, as the receiver got it in webhook-id.")]


@router.get(
    "/v1/webhooks",
    response_model=shapes.WebhooksOut,
    summary="List webhooks",
    **documented(None, {"items": [shapes.WEBHOOK], "next": None}, roles=ADMIN),
)
async def list_webhooks(request: Request, limit: Limit = 50, given: Cursor = None) -> Response:
    """List where the clinic's systems are told, oldest first; never a secret."""
    rows = await read(request, webhooks.list_webhooks)
    page, following = page_of(f"webhooks:{desk_of(request).clinic.id}", rows, limit, given)
    made = answer(200, {"items": [_shown(row) for row in page], "next": following})
    return respond(Answer(200, made.body, link(request, following)))


@router.post(
    "/v1/webhooks",
    status_code=201,
    response_model=shapes.MadeWebhookOut,
    summary="Add a webhook",
    **documented(shapes.NEW, shapes.WEBHOOK | {"secret": shapes.SECRET}, 409, roles=ADMIN),
)
async def add_webhook(request: Request, body: shapes.WebhookIn, idempotency_key: IdempotencyKey = None) -> Response:
    """Add an address that is told what happens. Its secret is shown now and never again."""

    def work(connection: Connection, desk: Desk) -> Answer:
        row = webhooks.add(connection, desk, body.url, body.events, body.content)
        return answer(201, _shown(row) | {"secret": row.secrets[0]}, Cache_Control="no-store")

    # A repeated request may not bring the secret to light again, so this answer is not kept.
    return await act(request, work, keep=False)


@router.patch(
    "/v1/webhooks/{webhook_id}",
    response_model=shapes.ChangedWebhookOut,
    summary="Change a webhook, or its secret",
    **documented({"active": True}, shapes.WEBHOOK | {"secret": None}, 404, 409, roles=ADMIN),
)
async def change_webhook(
    request: Request, webhook_id: str, body: shapes.WebhookChangeIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """Change an endpoint. With ``new_secret`` the new one is shown once; those before sign too.

    ``drop_old_secret`` ends that, at once.
    """
    wish = webhooks.Wish(
        body.url, body.events, body.content, body.active, body.new_secret, drop_old_secret=body.drop_old_secret
    )

    def work(connection: Connection, desk: Desk) -> Answer:
        row = webhooks.change(connection, desk, webhook_id, wish)
        shown = row.secrets[0] if body.new_secret else None
        return answer(200, _shown(row) | {"secret": shown}, Cache_Control="no-store")

    return await act(request, work, keep=not body.new_secret)


@router.delete(
    "/v1/webhooks/{webhook_id}",
    status_code=204,
    response_model=None,
    summary="Remove a webhook",
    **documented(None, None, 404, roles=ADMIN),
)
async def remove_webhook(request: Request, webhook_id: str) -> Response:
    """Remove an endpoint: what waits for it is not sent."""

    def work(connection: Connection, desk: Desk) -> Answer:
        webhooks.remove(connection, desk, webhook_id)
        return Answer(204, b"")

    return await act(request, work)


@router.get(
    "/v1/webhooks/{webhook_id}/deliveries",
    response_model=shapes.DeliveriesOut,
    summary="Read what became of each delivery",
    **documented(None, {"items": [shapes.DELIVERY], "next": None}, 404, roles=ADMIN),
)
async def list_deliveries(request: Request, webhook_id: str, limit: Limit = 50, given: Cursor = None) -> Response:
    """List what was and is to be sent, newest first, with a line for each attempt."""
    owner = f"deliveries:{desk_of(request).clinic.id}:{webhook_id}"
    before = None if given is None else int(place(owner, given)[0] or 0)
    rows = await read(request, lambda c, d: webhooks.deliveries(c, d, webhook_id, before=before, limit=limit + 1))
    following = cursor(owner, rows[limit - 1].number) if len(rows) > limit else None
    made = answer(200, {"items": [_delivery(row) for row in rows[:limit]], "next": following})
    return respond(Answer(200, made.body, link(request, following)))


@router.post(
    "/v1/webhooks/{webhook_id}/deliveries/{delivery}/replay",
    status_code=202,
    response_model=shapes.DeliveryOut,
    summary="Send a delivery once more",
    **documented(None, shapes.DELIVERY, 404, 409, roles=ADMIN),
)
async def replay(
    request: Request, webhook_id: str, delivery: Delivery, idempotency_key: IdempotencyKey = None
) -> Response:
    """Send something once more, under the same id, so that a receiver that had it can tell."""
    return await act(request, lambda c, d: answer(202, _delivery(webhooks.replay(c, d, webhook_id, delivery))))


@router.post(
    "/v1/webhooks/{webhook_id}/test",
    status_code=202,
    response_model=shapes.DeliveryOut,
    summary="Send a test",
    **documented(None, shapes.DELIVERY, 404, 409, roles=ADMIN),
)
async def send_test(request: Request, webhook_id: str, idempotency_key: IdempotencyKey = None) -> Response:
    """Send a test, signed as everything is; its deliveries say what became of it."""
    return await act(request, lambda c, d: answer(202, _delivery(webhooks.send_test(c, d, webhook_id))))


def _shown(row: WebhookRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": row.url,
        "events": list(row.events),
        "content": row.content,
        "active": row.active,
        "disabled_reason": row.disabled_reason,
        "created_at": _instant(row.created_at),
    }


def _delivery(row: MessageRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "type": row.topic,
        "procedure_id": row.procedure_id,
        "status": row.status,
        "reason": row.reason,
        "attempts": row.attempts,
        "due_at": _instant(row.due_at),
        "created_at": _instant(row.created_at),
        "settled_at": None if row.settled_at is None else _instant(row.settled_at),
        "history": list(row.history),
    }


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
