"""Hold a message as it is kept, and an endpoint to which some go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import uuid4

Status = Literal["planned", "sent", "failed", "dropped"]
ChannelName = Literal["patient", "email", "sms", "webhook"]


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message to one place. ``number`` gives the order, ``history`` has one line an attempt, oldest first.

    ``due_at`` is the instant from which it may be tried next; after ``not_after`` it is not sent any more. ``day`` is
    the civil day for which a reminder is.
    """

    number: int
    clinic_id: str
    id: str
    procedure_id: str | None
    topic: str
    channel: ChannelName
    endpoint_id: str | None
    lane: str | None
    day: date | None
    body: Mapping[str, Any]
    status: Status
    due_at: datetime
    not_after: datetime | None
    attempts: int
    lease_until: datetime | None
    lease_token: str | None
    reason: str | None
    history: Sequence[str]
    created_at: datetime
    settled_at: datetime | None

    def why_not_again(self, now: datetime) -> str | None:
        """Say why it cannot be planned once more; None: it can, for it was settled and its time has not passed."""
        if self.status == "planned":
            return "This message is planned already; it will be tried again by itself."
        if self.channel == "patient" or (self.not_after is not None and self.not_after <= now):
            return "This message was for a day that has passed, so it is not sent any more."
        if self.channel == "webhook" and self.status == "dropped":
            return f"This was dropped, so nobody is told of it any more. {self.reason or ''}".rstrip()
        return None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be added, under an id made by ``new_id``; what is settled at once has ``status`` and ``reason``.

    ``waits_for``: one that is planned in its lane, by ``outbox.planned_in`` in the same transaction; None: not known.
    """

    id: str
    topic: str
    channel: ChannelName
    body: Mapping[str, Any]
    due_at: datetime
    procedure_id: str | None = None
    endpoint_id: str | None = None
    day: date | None = None
    not_after: datetime | None = None
    status: Status = "planned"
    reason: str | None = None
    waits_for: int | None = None

    @property
    def lane(self) -> str | None:
        """Name what has to keep its order: one procedure and one place; None: whatever is about no procedure."""
        return None if self.procedure_id is None else lane_of(self.procedure_id, self.endpoint_id or self.channel)


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """Where a clinic's own system wants to be told of ``events``; an empty list means all of them."""

    id: str
    url: str
    events: Sequence[str]
    content: Literal["ids", "full"]
    secrets: Sequence[str]
    active: bool
    disabled_reason: str | None


def new_id() -> str:
    """Make an id that whoever gets the message can tell repeats by."""
    return f"msg_{uuid4().hex}"


def lane_of(procedure_id: str, place: str) -> str:
    """Name the lane of a procedure and a place: an endpoint's id, or a channel."""
    return f"{procedure_id}/{place}"
