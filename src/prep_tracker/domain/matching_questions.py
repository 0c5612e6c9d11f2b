"""Ask about what may be misspelled. Likeness never decides: it only makes a question."""

from __future__ import annotations

from rapidfuzz import fuzz, process

from prep_tracker.domain.lexicon import EntryIn
from prep_tracker.domain.matching_index import Matcher

ALIKE = 86
"""Of 100. Below, too much would be asked; "tretinoin" and "isotretinoin" have 86 and are both known, so never asked."""
_SHORTEST = 6
_LONGEST = 40


def meant(letters: str, matcher: Matcher, *, label: bool) -> tuple[EntryIn, str] | None:
    """Give the entry that was probably meant and its spelling, or None.

    Of all names that begin alike the nearest counts; when that is a trap, there is nothing to ask.
    """
    if not _SHORTEST <= len(letters) <= _LONGEST:
        return None
    choices = (matcher.spelled_on_labels if label else matcher.spelled).get((letters[:3], len(letters)))
    if choices is None:
        return None
    found = process.extractOne(letters, choices, scorer=fuzz.ratio, score_cutoff=ALIKE)
    if found is None:
        return None
    for name in matcher.index[found[0]]:
        if name.entry is not None and name.how != "misspelling":
            return name.entry, name.shape
    return None
