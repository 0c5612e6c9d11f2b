"""Measure how hard an English text is to read: the Flesch-Kincaid grade, which is a school year in the USA.

Kincaid and others, Derivation of New Readability Formulas (1975): 0.39 words per sentence + 11.8 syllables per word
- 15.59. Syllables are counted by rule, so a grade may be off by about half a year on a short text.
"""

import re
from collections.abc import Iterable

_WORD = re.compile(r"[A-Za-z’']+|\d+")
_END = re.compile(r"[.!?]+(?:\s|$)")


def syllables(word: str) -> int:
    """Count the syllables of one word: a letter each in capitals (SPF), a digit each in a number."""
    if word.isdigit() or (word.isupper() and len(word) > 1):
        return len(word)
    bare = re.sub(r"[^a-z]", "", word.lower())
    count = len(re.findall(r"[aeiouy]+", bare))
    if re.search(r"[^aeiouyl]e$|[aeiouy]le$", bare) or re.search(r"[^aeioutdy]ed$", bare):
        count -= 1
    if re.search(r"[^aeiouyscxzgl]es$|[aeiouy]les$", bare):
        count -= 1
    # Two vowels that are spoken apart, as in "medium" and "create", but not in "lotion" or "familiar".
    count += len(re.findall(r"(?<![tscgxl])i[aou]|eate?$|oin$|uous|ying", bare))
    return max(1, count)


def sentences(text: str) -> int:
    """Count the sentences; a title without a full stop is one as well."""
    parts = [part for part in _END.split(text) if _WORD.search(part)]
    return len(parts)


def grade(texts: Iterable[str]) -> float:
    """Give the grade of texts read one after the other; no words at all is a ``ValueError``."""
    every = list(texts)
    words = [word for text in every for word in _WORD.findall(text)]
    if not words:
        msg = "there is nothing to read"
        raise ValueError(msg)
    lines = sum(sentences(text) for text in every)
    return 0.39 * len(words) / lines + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
