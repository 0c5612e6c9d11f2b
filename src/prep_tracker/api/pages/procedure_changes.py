"""Show what a move, or another version of the protocol, would do: step by step, in days that people can read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from babel.dates import format_date

from prep_tracker.api.pages.procedure_messages import changed_messages
from prep_tracker.domain.explain import Phrase
from prep_tracker.exports.document import change_document

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.domain.change import Change

ORDER = ("newly_short", "reopened", "added", "moved", "removed", "no_longer_short", "kept")
"""What somebody has to look at first."""
DAYS = frozenset(
    {
        *("on", "act_by", "as_of", "opens_on", "due_on", "closes_on", "said_on"),
        *("earliest_safe_on", "earliest_preferred_on", "last_used_on", "stopped_on", "decided_on"),
    }
)
"""The keys of our documents under which a day stands."""


def change_view(change: Change, words: Words, today: date) -> dict[str, Any]:
    """Lay a change out: from where to where, how it stands before and after, what every step does, which reminders."""
    document: dict[str, Any] = with_days(change_document(change, words))
    steps = document["steps"]
    for one in steps:
        one["was"], one["now"] = _days(one["before"], one["after"], words, today)
    groups = {kind: [one for one in steps if one["change"] == kind] for kind in ORDER}
    found = {kind: those for kind, those in groups.items() if those}
    return document | {"groups": found, "messages": changed_messages(change, words)}


def _days(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, words: Words, today: date
) -> tuple[str, str]:
    """Say the old and the new days; where a step begins as before, only until when it goes."""
    if before is None or after is None or before["opens_on"] != after["opens_on"]:
        return when(before, words, today), when(after, words, today)
    if not before["closes_on"] or not after["closes_on"]:
        return when(before, words, today), when(after, words, today)
    was, now = (
        words.say(Phrase("procedure.until", {"on": short(side["closes_on"], words, today)})) for side in (before, after)
    )
    return was, now


def with_days(document: Any) -> Any:  # noqa: ANN401 - a document as JSON has it
    """Turn the days of a document back into days, so that a page writes them in its own language."""
    if isinstance(document, list):
        return [with_days(one) for one in document]
    if not isinstance(document, Mapping):
        return document
    return {
        key: date.fromisoformat(value) if key in DAYS and isinstance(value, str) else with_days(value)
        for key, value in document.items()
    }


def when(item: Mapping[str, Any] | None, words: Words, today: date) -> str:
    """Say in short on which days an item lies; nothing for one that has none."""
    if item is None:
        return ""
    opens, due, closes = item["opens_on"], item["due_on"], item["closes_on"]
    if opens and closes and opens != closes:
        return f"{short(opens, words, today)} – {short(closes, words, today)}"
    one = opens or due or closes
    return short(one, words, today) if one else ""


def short(on: date, words: Words, today: date) -> str:
    """Write a day in short, as "Fri 4 Dec"; with its year where that is another one than today's."""
    return format_date(on, "EEE d MMM" if on.year == today.year else "EEE d MMM y", locale=words.language)
