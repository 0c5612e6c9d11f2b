"""Show what was told of a procedure, what will be and what will not: when, by which way, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from prep_tracker.desk.letterhead import ways_of
from prep_tracker.desk.telling import TAKEN_BACK
from prep_tracker.domain.days import civil_day, civil_time
from prep_tracker.domain.explain import Phrase
from prep_tracker.exports.outbox import digest_document, message_document, reckoned_document
from prep_tracker.services import attending, sending

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.desk.case import Desk
    from prep_tracker.domain.change import Change
    from prep_tracker.services.messages import Messages

WAYS = ("email", "sms")
MOST = 50
"""So many of what could not be sent, and of what is past, stand on the page; the API has all."""
SHORT = 3
"""A list that is no longer than this is not folded."""
REASONS: Mapping[str, str] = {
    sending.TOO_LATE: "too-late",
    attending.TOO_LATE: "too-late",
    sending.TOO_EARLY: "too-early",
    sending.NOT_WANTED: "not-wanted",
    sending.NO_CONSENT: "no-consent",
    sending.NO_ADDRESS: "no-address",
    attending.NO_ADDRESS: "no-address",
    sending.NO_ENDPOINT: "no-endpoint",
    sending.LOST: "lost",
    TAKEN_BACK: "taken-back",
}
"""The reasons that are our own; whatever else is kept was said by the other side, and is shown as it was said."""


def messages_view(found: Messages, desk: Desk, words: Words) -> dict[str, Any]:
    """Lay the messages out: first what could not be sent, then what is to come, then what will not and what is past."""
    show = _Showing(desk, words, ways_of(found.patient))
    kept = [
        show.kept(message_document(row, found.case.checklist, words), row.id in found.again, row) for row in found.kept
    ]
    reckoned = [
        show.reckoned(reckoned_document(one.digest, one.checklist, one.why, words, None), one.digest.due_at)
        for one in found.reckoned
    ]
    planned = [one for one in (*kept, *reckoned) if one["status"] == "planned"]
    failed = sorted(  # the patient's before those of systems, newest first
        (one for one in kept if one["status"] == "failed"), key=lambda one: one["channel"] == "webhook"
    )
    past = [one for one in kept if one["status"] in {"sent", "dropped"}]
    return {
        "ways": [_way(way, found) for way in WAYS],
        "failed": _cut(failed),
        "planned": sorted(planned, key=lambda one: one["due_at"]),
        "not_coming": _by_why(one for one in reckoned if one["why"]),
        "past": _cut(past),
        "more": {"failed": max(0, len(failed) - MOST), "past": max(0, len(past) - MOST)},
        "is_short": lambda ones: len(ones) <= SHORT,
    }


def changed_messages(change: Change, words: Words) -> dict[str, Any]:
    """Lay out which reminders a change takes away and which it brings, by their days."""

    def days(digests: Iterable[Any], checklist: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a plan
        written = [digest_document(one, checklist, words) for one in digests]
        return [{"on": date.fromisoformat(one["day"]), "lines": _lines(one["lines"], words)} for one in written]

    return {"dropped": days(change.dropped, change.before), "planned": days(change.planned, change.after)}


@dataclass(frozen=True, slots=True)
class _Showing:
    """Show messages to one reader; ``ways`` are those by which the patient gets what is to come."""

    desk: Desk
    words: Words
    ways: Collection[str]

    def kept(self, document: dict[str, Any], again: bool, row: Any) -> dict[str, Any]:  # noqa: ANN401, FBT001 - a row of the outbox
        """Show one that is kept: settled ones by the instant at which they were."""
        at = row.due_at if row.settled_at is None else row.settled_at
        reason = document["reason"]
        known = REASONS.get(reason)
        return self._shown(document, at) | {
            "ways": [] if document["channel"] == "patient" else [document["channel"]],
            "reason": self.words.say(Phrase(f"messages.why.{known}")) if known else reason,
            "foreign": reason is not None and known is None,
            "again": again,
        }

    def reckoned(self, document: dict[str, Any], due_at: datetime) -> dict[str, Any]:
        """Show one that is to come, or that will not."""
        return self._shown(document, due_at) | {"ways": list(self.ways), "foreign": False, "again": False}

    def _shown(self, document: dict[str, Any], at: datetime) -> dict[str, Any]:
        zone = self.desk.clinic.time_zone
        return document | {
            "title": self.words.say(Phrase(f"messages.topic.{document['topic']}")),
            "lines": _lines(document["lines"], self.words),
            "on": civil_day(at, zone),
            "at": civil_time(at, zone),
        }


def _lines(lines: Iterable[Mapping[str, Any]], words: Words) -> list[str]:
    """Say what a reminder is about, each thing once; one without a step is about the day itself."""
    said = []
    for line in lines:
        kind = words.say(Phrase(f"messages.kind.{line['kind']}"))
        said.append(f"{kind}: {line['title']}" if line["title"] else kind)
    return list(dict.fromkeys(said))


def _way(way: str, found: Messages) -> dict[str, Any]:
    address = found.patient.email if way == "email" else found.patient.phone
    state = ("yes" if address else "no-address") if found.patient.messages.get(way) else "no"
    return {"way": way, "state": state, "address": address}


def _by_why(ones: Iterable[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Put together what will not come for one and the same reason."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in ones:
        groups.setdefault(one["why"], []).append(one)
    return list(groups.items())


def _cut(ones: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return ones[:MOST]
