"""Write the messages about a procedure as the JSON object of the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from prep_tracker.exports.sayings import saying

if TYPE_CHECKING:
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.domain.reminders import Digest
    from prep_tracker.exports.messages import Written
    from prep_tracker.exports.sayings import Words

WHY: Mapping[str, str] = {
    "reminders-off": "The clinic has turned reminders off.",
    "no-consent": "The patient has not agreed to messages.",
    "no-address": "The patient has agreed to messages, but there is no address to send them to.",
    "moved": "The procedure has moved.",
    "too-many": "The procedure reminds on as many days as the clinic's setting allows.",
}


def at(instant: datetime | None) -> str | None:
    """Write an instant in UTC, whole seconds."""
    return None if instant is None else f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def digest_document(digest: Digest, checklist: Checklist, words: Words) -> dict[str, Any]:
    """Write what a digest is about, and from when until when it may go out."""
    return {
        "day": date.fromordinal(digest.day).isoformat(),
        "due_at": at(digest.due_at),
        "not_after": at(digest.not_after),
        "lines": _lines([(line.kind, line.step) for line in digest.lines], checklist, words),
    }


def reckoned_document(
    digest: Digest, checklist: Checklist, why: str | None, words: Words, preview: Callable[[], Written] | None
) -> dict[str, Any]:
    """Write a digest that is to come, or that will not; ``preview`` writes it as the patient would read it."""
    document = _blank() | {
        "status": "planned" if why is None else "dropped",
        "topic": "reminder",
        "channel": "patient",
        "why": why,
        "reason": None if why is None else WHY[why],
        **digest_document(digest, checklist, words),
    }
    if preview is not None:
        written = preview()
        document |= {"subject": written.subject, "text": written.text}
    return document


def message_document(row: Any, checklist: Checklist | None, words: Words) -> dict[str, Any]:  # noqa: ANN401 - a row of the outbox
    """Write a message that is kept."""
    lines = [(line["kind"], line["step"] or "") for line in row.body.get("lines", ())]
    return _blank() | {
        "id": row.id,
        "status": row.status,
        "topic": row.topic,
        "channel": row.channel,
        "endpoint_id": row.endpoint_id,
        "day": None if row.day is None else row.day.isoformat(),
        "due_at": at(row.due_at),
        "not_after": at(row.not_after),
        "lines": _lines(lines, checklist, words),
        "reason": row.reason,
        "attempts": row.attempts,
        "history": list(row.history),
        "created_at": at(row.created_at),
        "settled_at": at(row.settled_at),
    }


def _blank() -> dict[str, Any]:
    return {
        "id": None,
        "status": "planned",
        "topic": "reminder",
        "channel": "patient",
        "endpoint_id": None,
        "day": None,
        "due_at": None,
        "not_after": None,
        "lines": [],
        "why": None,
        "reason": None,
        "attempts": 0,
        "history": [],
        "created_at": None,
        "settled_at": None,
        "subject": None,
        "text": None,
    }


def _lines(lines: list[tuple[str, str]], checklist: Checklist | None, words: Words) -> list[dict[str, Any]]:
    items = {} if checklist is None else {item.rule.step.id: item for item in checklist.items}
    found = []
    for kind, step in lines:
        item = items.get(step)
        title = None
        if item is not None and checklist is not None:
            said = saying(checklist, item, words)
            title = said.reviewing[0] if item.reviewing else said.title
        found.append({"kind": kind, "step": step or None, "title": title})
    return found
