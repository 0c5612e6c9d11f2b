"""Lay out what the booking page asks: the protocols, what each wants to know, and the days that could be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from prep_tracker.api.pages.procedure_offers import contacts, question
from prep_tracker.api.pages.procedure_view import language_name
from prep_tracker.catalog import languages
from prep_tracker.catalog.published import published
from prep_tracker.domain import explain
from prep_tracker.domain.protocol import Avoid

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.domain.feasible import Candidate, Feasible
    from prep_tracker.domain.rules import Rules
    from prep_tracker.store.protocols import ProtocolRow


def protocols_view(rows: Sequence[ProtocolRow], words: Words) -> list[tuple[str, str]]:
    """Name the protocols that can be booked, by their titles."""
    named = [(row.slug, words.text(_rules(row).protocol.title)) for row in rows]
    return sorted(named, key=lambda pair: pair[1].casefold())


def asked_by(rows: Sequence[ProtocolRow], slug: str, words: Words) -> dict[str, Any] | None:
    """Give what a protocol wants to know when it is booked; None where there is no such protocol."""
    row = next((row for row in rows if row.slug == slug), None)
    if row is None:
        return None
    rules = _rules(row)
    steps = rules.protocol.steps
    return {
        "facts": [question(fact, None, words) for fact in rules.protocol.facts],
        "kept": [
            (step.id, words.text(step.title))
            for step in steps
            if isinstance(step, Avoid) and step.days_before is not None
        ],
        **contacts(steps, rules.lexicon, words),
    }


def days_view(found: Feasible, words: Words) -> dict[str, Any]:
    """Lay out the days that could be, and those before them with what is too short for them."""
    return {
        "safe": _day(found.safe),
        "preferred": _day(found.preferred),
        "good": [_candidate(one, words) for one in found.candidates if one.ok],
        "bad": [_candidate(one, words) for one in found.candidates if not one.ok],
    }


def languages_of(words: Words) -> list[tuple[str, str]]:
    """Name the languages in which patients can read."""
    return [(tag, language_name(tag, words)) for tag in languages()]


def _candidate(one: Candidate, words: Words) -> dict[str, Any]:
    short = [words.say(explain.arithmetic(one.checklist, item, days)) for item, days in one.rules() if days]
    return {"on": _day(one.on), "short": short}


def _rules(row: ProtocolRow) -> Rules:
    return published(row.slug, row.number, row.content_hash, row.content)


def _day(on: int | None) -> date | None:
    return None if on is None else date.fromordinal(on)
