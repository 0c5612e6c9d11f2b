"""Give back what no name covers: the ingredients of a label, the names left over in free text."""

from __future__ import annotations

from collections.abc import Iterator

from prep_tracker.domain.matching_context import SMALL
from prep_tracker.domain.matching_text import HARD, NEWLINE, PERCENT, Words, bag

_HEADINGS = bag(
    "active actives inactive ingredient ingredients ingredientes ingredienti ingredients inhaltsstoffe inci key may "
    "contain contains other step one two three"
)
"""Words that stand above a list."""


def rest(words: Words, covered: set[int], *, label: bool) -> Iterator[tuple[int, int]]:
    """Yield first and last word of each piece that is left.

    Of a label whole ingredients, none of whose words is covered. Of free text the runs between covered words, without
    the small words at their ends.
    """
    for first, last in _pieces(words, label=label):
        if not label:
            yield from _runs(words, covered, first, last)
        elif covered.isdisjoint(range(first, last + 1)) and not _HEADINGS.issuperset(words.words[first : last + 1]):
            yield first, last


def _pieces(words: Words, *, label: bool) -> Iterator[tuple[int, int]]:
    first = 0
    for i, gap in enumerate(words.gaps):
        if i and ((gap >= HARD and gap != PERCENT) or (gap == NEWLINE and not label)):
            yield first, i - 1
            first = i
    yield first, len(words.words) - 1


def _runs(words: Words, covered: set[int], first: int, last: int) -> Iterator[tuple[int, int]]:
    start = first
    for i in range(first, last + 2):
        if i > last or i in covered:
            end = i - 1
            while start <= end and _is_small(words.words[start]):
                start += 1
            while end >= start and _is_small(words.words[end]):
                end -= 1
            if start <= end:
                yield start, end
            start = i + 1


def _is_small(word: str) -> bool:
    return word.isdigit() or word in SMALL
