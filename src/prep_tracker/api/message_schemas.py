"""Show the shapes of what is sent, and one of each."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from prep_tracker.api.wire import Day, Out
from prep_tracker.domain.remind import RemindKind


class MessageLineOut(Out):
    """One thing that a reminder says; without a step it is about the procedure itself."""

    kind: RemindKind
    step: str | None
    title: str | None


class DigestOut(Out):
    """A reminder as it is planned: its day, and from when until when it may go out."""

    day: Day
    due_at: str
    not_after: str
    lines: list[MessageLineOut]


class MessageOut(Out):
    """A message: sent, planned, dropped or failed, with why.

    What is reckoned from the plan has no ``id``: only what is due becomes a message. ``channel`` is then ``patient``,
    for it goes wherever the patient has agreed to. ``why`` is for machines, ``reason`` for people.
    ``subject`` and ``text`` are of the e-mail, ``sms`` is the text message, each where the patient gets one.
    """

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    id: str | None
    status: Literal["planned", "sent", "dropped", "failed"]
    topic: str
    channel: Literal["patient", "email", "sms", "webhook"]
    endpoint_id: str | None
    day: Day | None
    due_at: str | None
    not_after: str | None
    lines: list[MessageLineOut]
    why: Literal["reminders-off", "no-consent", "no-address", "moved", "ended", "too-many"] | None
    reason: str | None
    attempts: int
    history: list[str]
    created_at: str | None
    settled_at: str | None
    subject: str | None
    text: str | None
    sms: str | None


class MessagesOut(Out):
    """All messages about a procedure: the kept ones, newest first, then the reckoned ones by their day."""

    procedure_id: str
    items: list[MessageOut]


class MessageChangesOut(Out):
    """Which reminders a change takes away, and which it brings."""

    dropped: list[DigestOut]
    planned: list[DigestOut]


PLANNED = {
    "day": "2026-12-03",
    "due_at": "2026-12-03T08:00:00Z",
    "not_after": "2026-12-03T20:00:00Z",
    "lines": [{"kind": "tomorrow", "step": "no-sun", "title": "No sun and no tanning beds"}],
}
MESSAGE = {
    "id": "msg_0f6f0d7a1c1f4a7db2f1a3f0c9f3b5d1",
    "status": "failed",
    "topic": "reminder",
    "channel": "email",
    "endpoint_id": None,
    **PLANNED,
    "why": None,
    "reason": "The mail server answered 550.",
    "attempts": 1,
    "history": ["2026-12-03T08:00:01Z failed: The mail server answered 550."],
    "created_at": "2026-12-03T08:00:00Z",
    "settled_at": "2026-12-03T08:00:01Z",
    "subject": None,
    "text": None,
    "sms": None,
}
AGAIN = MESSAGE | {"status": "planned", "reason": None, "attempts": 0, "settled_at": None}
MESSAGES = {"procedure_id": "6a0f3d51-0d4f-4f6c-8f0e-6a2c1d9b7e11", "items": [MESSAGE]}
