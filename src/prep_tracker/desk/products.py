"""Know a product by what somebody typed: the classes that it matched on that day are kept with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prep_tracker.catalog.lexicons import matcher
from prep_tracker.domain.errors import Fault, InvalidError
from prep_tracker.domain.explain import lowered
from prep_tracker.domain.matching import match

if TYPE_CHECKING:
    from prep_tracker.domain.matching import Scan

LONGEST_LABEL = 60
"""So much fits a line on a phone."""
MEDICINE = "medicine"
"""The class of everything that somebody calls a medicine, whether the lexicon knows it or not."""


def scan(text: str) -> Scan:
    """Match a text; one that is too long is an ``InvalidError``."""
    try:
        return match(text, matcher())
    except ValueError as error:
        message = f"{str(error)[:1].upper()}{str(error)[1:]}."
        raise InvalidError(Fault("/text", "too-long", message)) from None


def product_fields(text: str, kind: str) -> dict[str, Any]:
    """Give what an entry keeps of a product: its classes and entries, minor ones, and those that somebody must confirm.

    Where a doubtful class was found for certain as well, there is nothing to confirm.
    """
    found = scan(text)
    certain = {name for m in found.matches if not m.minor for name in (m.class_, m.entry)}
    if kind == MEDICINE:
        certain.add(MEDICINE)
    minor = {m.class_ for m in found.matches if m.minor} - certain
    doubtful = {name for q in found.questions for name in q.classes} - certain
    return {
        "text": text,
        "category": kind,
        "classes": tuple(sorted(certain)),
        "minor": tuple(sorted(minor)),
        "doubtful": tuple(sorted(doubtful)),
        "label": label(text, sorted({m.entry for m in found.matches if not m.minor})),
        "lexicon": matcher().version,
    }


def label(text: str, entries: Sequence[str]) -> str:
    """Give a short name for a product: its first line, and what it is where the line does not say so."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), text.strip())
    if len(first) > LONGEST_LABEL:
        first = f"{first[: LONGEST_LABEL - 1].rstrip()}…"
    titles = [lowered(matcher().entries[name].title["en"]) for name in entries]
    unsaid = [title for title in titles if title.casefold() not in first.casefold()]
    return f"{first} ({', '.join(unsaid[:3])})" if unsaid else first
