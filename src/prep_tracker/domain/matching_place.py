"""Find where in its list an ingredient stands, and whether the label puts it forward."""

from __future__ import annotations

import re

from prep_tracker.domain.matching_text import BLANK, COLON, DASH, DOT, HARD, HYPHEN, NEWLINE, SEMICOLON, TERM, Words

FIFTH = 5
"""Up to this place of a list an acid is taken for an active one."""
_HEADINGS = frozenset({"ingredients", "ingredient", "ingredientes", "ingredienti", "inhaltsstoffe", "inci"})
_WATERS = frozenset({"aqua", "water", "eau", "agua", "acqua", "wasser"})
"""What a list nearly always begins with."""
_ADJUSTS = frozenset(
    ["acidite", "acidifiant", "acidity", "regulator", "ph", "adjuster", "acidez", "acidita", "saureregulator"]
)
"""Before a colon these say what the acid is for; the list goes on."""
_PARTS = frozenset({DASH, TERM, SEMICOLON, DOT})
_LONGEST_BRACKET = 8
"""Words. Behind more of them a bracket is taken for one that was never opened."""
_CROWDED = 12
"""So many words to a comma are more than one ingredient, even of a bilingual label."""
_FAR = _CROWDED * (FIFTH + 1)
_LONGEST_INGREDIENT = 5
"""Words. A list whose commas are lost has at least one ingredient in so many."""
_CLAIM = re.compile(r"\s*(?:\([^()]{0,40}\)\s*)?(?:\d+(?:[.,]\d+)?\s*%?\s*)?:")
_PERCENT_AFTER = re.compile(r"\s*[(:\-]?\s*\d+(?:[.,]\d+)?\s*%")
_PERCENT_BEFORE = re.compile(r"\d\s*%\s*\(?$")
_ACTIVE = re.compile(
    r"(?<!in)(?<!in )\b(?:active ingredients?|actives|key ingredients?|principes? actifs?|principios? activos?"
    r"|wirkstoffe?|principi? attiv[io]|active)\s*(?:\([^)]*\)\s*)?:?[^:]{0,200}$",
    re.IGNORECASE,
)
_INACTIVE = re.compile(r"inactive|inactifs|other ingredients|inactivos|excipients", re.IGNORECASE)


def is_far_down(words: Words, first: int) -> bool:
    """Say whether a word stands beyond the fifth ingredient of its list."""
    gaps, list_ = words.gaps, words.words
    plain, ends, starts = words.plain, words.ends, words.starts
    count = lines = depth = opened = 0
    since = first
    while since > 0 and count < FIFTH and first - since <= _FAR:
        gap = gaps[since]
        if gap == BLANK or list_[since - 1] in _HEADINGS or (gap == COLON and list_[since - 1] not in _ADJUSTS):
            break
        if gap == NEWLINE:
            lines += not depth
        elif gap > HYPHEN:
            between = plain[ends[since - 1] : starts[since]]
            for char in "" if between == ", " else reversed(between):
                if char == ")":
                    depth, opened = depth + 1, since
                elif char == "(":
                    depth = max(0, depth - 1)
            # A comma behind a bracket is outside of it.
            if gap in _PARTS and (not depth or opened == since):
                count += 1
        if depth and opened - since > _LONGEST_BRACKET:
            depth = 0
        since -= 1
        if list_[since] in _WATERS and not depth and (since == 0 or gaps[since] >= HARD or gaps[since] == NEWLINE):
            break
    # Where most commas are lost, words are counted; where lines stand for commas, lines are.
    passed = first - since
    if passed > _CROWDED * (count + 1):
        count = max(count, passed // _LONGEST_INGREDIENT - 1)
    return max(count, 0 if count else lines) >= FIFTH


def is_named(words: Words, first: int, last: int) -> bool:
    """Say whether a list ingredient is also put forward: a percentage, a claim, a block of actives."""
    plain = words.plain
    start, end = words.starts[first], words.ends[last]
    if has_percent(words, first, last) or _CLAIM.match(plain, end):
        return True
    before = plain[max(0, start - 260) : start]
    found = _ACTIVE.search(before)
    return found is not None and not _INACTIVE.search(before[found.start() :])


def has_percent(words: Words, first: int, last: int) -> bool:
    """Say whether a percentage stands right before or behind the words."""
    start = words.starts[first]
    after = _PERCENT_AFTER.match(words.plain, words.ends[last])
    return bool(after or _PERCENT_BEFORE.search(words.plain[max(0, start - 12) : start]))
