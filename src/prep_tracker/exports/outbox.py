"""Write the messages about a procedure as the JSON object of the API."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
    "ended": "The procedure has ended.",
    "too-many": "The clinic reminds on no more days of a procedure than its setting says.",
}
TOO_MANY = "The clinic reminds on at most {most} days of a procedure; those are taken."


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
    digest: Digest,
    checklist: Checklist,
    why: str | None,
    words: Words,
    texts: Mapping[str, str] | None,
    *,
    most: int | None = None,
) -> dict[str, Any]:
    """Write a digest that is to come, or that will not; ``texts`` are what the patient would read, by their fields.

    ``most`` is on how many days the clinic reminds of a procedure, where the caller says so.
    """
    document = _blank() | {
        "status": "planned" if why is None else "dropped",
        "topic": "reminder",
        "channel": "patient",
        "why": why,
        "reason": None if why is None else _why(why, most),
        **digest_document(digest, checklist, words),
    }
    return {**document, **(texts or {})}


def _why(why: str, most: int | None) -> str:
    return TOO_MANY.format(most=most) if why == "too-many" and most is not None else WHY[why]


def texts_of(written: Written, ways: Collection[str]) -> dict[str, str]:
    """Give the texts of a message for the ways in which it goes out: email, sms."""
    found = {"subject": written.subject, "text": written.text} if "email" in ways else {}
    return found | ({"sms": written.sms} if "sms" in ways else {})


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
        "sms": None,
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
