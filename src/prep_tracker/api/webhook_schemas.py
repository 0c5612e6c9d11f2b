"""Shape webhooks and their deliveries."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StringConstraints

from prep_tracker.api.wire import In, Out, Stays
from prep_tracker.domain.events import EventType

Url = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=500),
    Field(json_schema_extra={"pattern": r"^https?://[!-~]+$"}, examples=["https://clinic.example/hooks/prep"]),
]
Events = Annotated[list[EventType], Field(max_length=20, description="Which events; none: all of them.")]
Content = Annotated[
    Literal["ids", "full"], Field(description="ids: only what happened and to which procedure. full: with its details.")
]

WEBHOOK: dict[str, Any] = {
    "id": "0d4f6c1e-6a55-4c39-9a6d-1b8f2f6f7a11",
    "url": "https://clinic.example/hooks/prep",
    "events": ["procedure.moved", "procedure.standing_changed"],
    "content": "ids",
    "active": True,
    "disabled_reason": None,
    "created_at": "2026-11-22T09:00:00Z",
}
NEW = {"url": WEBHOOK["url"], "events": WEBHOOK["events"], "content": "ids"}
SECRET = "whsec_bm90IGEgcmVhbCBzZWNyZXQsIG9ubHkgYW4gZXhhbXBsZQ=="  # noqa: S105 - says of itself that it is none
DELIVERY: dict[str, Any] = {
    "id": "msg_2f6c1e0d6a554c399a6d1b8f2f6f7a11",
    "type": "procedure.moved",
    "procedure_id": "7f74c841-fc01-431c-b582-f1f20e23f561",
    "status": "sent",
    "reason": None,
    "attempts": 2,
    "due_at": "2026-11-22T09:02:05Z",
    "created_at": "2026-11-22T09:00:00Z",
    "settled_at": "2026-11-22T09:02:05Z",
    "history": ["2026-11-22T09:02:00Z answered 503", "2026-11-22T09:02:05Z sent: 204"],
}


class WebhookIn(In):
    """Where, and what about."""

    url: Url
    events: Events = Field(default_factory=list)
    content: Content = "ids"


class WebhookChangeIn(In):
    """What to change; what is left out stays."""

    url: Annotated[Url | None, Stays()] = None
    events: Annotated[Events | None, Stays()] = None
    content: Annotated[Content | None, Stays()] = None
    active: Annotated[StrictBool | None, Stays()] = None
    new_secret: StrictBool = Field(default=False, description="Make a new secret; those before it sign too.")
    drop_old_secret: StrictBool = Field(
        default=False, description="Let only the newest secret sign; with new_secret, only that one."
    )


class WebhookOut(Out):
    """An endpoint, without its secret."""

    id: str
    url: str
    events: list[str]
    content: str
    active: bool
    disabled_reason: str | None
    created_at: str


class MadeWebhookOut(WebhookOut):
    """An endpoint at the only moment at which its secret is shown."""

    secret: str


class ChangedWebhookOut(WebhookOut):
    """An endpoint as it now is, with a new secret if one was asked for."""

    secret: str | None


class WebhooksOut(Out):
    """The endpoints, oldest first."""

    items: list[WebhookOut]
    next: str | None


class DeliveryOut(Out):
    """One message to an endpoint, and what became of it."""

    id: str
    type: str
    procedure_id: str | None
    status: Literal["planned", "sent", "failed", "dropped"]
    reason: str | None
    attempts: int
    due_at: str
    created_at: str
    settled_at: str | None
    history: list[str]


class DeliveriesOut(Out):
    """Deliveries, newest first."""

    items: list[DeliveryOut]
    next: str | None
