"""Cut a label into plain words that remember where they stood.

Accents, full-width and look-alike letters become plain ones, what cannot be seen vanishes, "CitricAcid" becomes two
words. Nothing else is changed: every word keeps its place in the text as it was given.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

JOINED, SPACE, NEWLINE, SLASH, HYPHEN, PAREN = range(6)
"""Gaps that a name may cross."""
HARD = 6
DASH, TERM, DOT, COLON, PERCENT, BLANK, SEMICOLON = range(HARD, 13)
"""Gaps that end an ingredient or a sentence, from ``HARD`` on: no name crosses them.

Only a dash between spaces may also be a word that was parted at the end of a line.
"""

_WORD = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\d_a-zA-Z]+")
_DIGIT_IN_WORD = re.compile(r"(?<=[A-Za-z])[01](?=[A-Za-z]{2})")
_BLANK = re.compile(r"\n\s*\n")
_COMMAS = frozenset(",•·|◦●▪،、\uff0c")
_MOST_KEPT = 20_000
_SHORT = 2
"""A dot after so few letters abbreviates, as in "St. John's wort"; "vit." is the one longer that labels have."""

_LOOKALIKES = dict(
    zip(
        "аеорсухіјѕһԁԛԝАВЕКМНОРСТХУІЈЅЗΑΒΕΖΗΙΚΜΝΟΡΤΥΧαιονρυκßæÆœŒøØłŁđĐıþ®™©℠\u2018’\u2032`“”–—−\u2010\u2011",
        [
            *"aeopcyxijshdqwABEKMHOPCTXYIJS3ABEZHIKMNOPTYXaiovpuk",
            *("ss", "ae", "AE", "oe", "OE", "o", "O", "l", "L", "d", "D", "i", "th"),
            *"    ''''\"\"-----",
        ],
        strict=True,
    )
)


class _Folding(dict[int, str]):
    """Give the plain letters for a character; what was asked once is kept, up to a limit."""

    def __init__(self) -> None:
        super().__init__({code: chr(code) for code in range(128)})
        self.longer: set[str] = set()
        """Characters that become none or several: behind them, places shift."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        plain = _LOOKALIKES.get(char)
        if plain is None:
            parts = unicodedata.normalize("NFKD", char)
            plain = "".join(_LOOKALIKES.get(p, p) for p in parts if unicodedata.category(p) not in {"Mn", "Me", "Cf"})
        if len(self) < _MOST_KEPT:
            self[code] = plain
            if len(plain) != 1:
                self.longer.add(char)
        return plain


_FOLDING = _Folding()


def bag(text: str) -> frozenset[str]:
    """Give the words of a text, which spaces part: how the modules here write down their sets of words."""
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text in plain small letters; ``gaps[i]`` stands before word i and says what it may cross."""

    words: list[str]
    starts: list[int]
    ends: list[int]
    gaps: list[int]
    plain: str
    """The whole text in plain letters, in which ``starts`` and ``ends`` count."""
    places: list[int] | None
    """For each character of ``plain`` its place in the given text; None where they are the same."""

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Give the place of the words from ``first`` to ``last``, both included, in the text as it was given."""
        start, end = self.starts[first], self.ends[last]
        return (start, end) if self.places is None else (self.places[start], self.places[end - 1] + 1)

    def joined(self, first: int, last: int) -> str:
        """Give the words with one space where there was any gap."""
        parts = [self.words[first]]
        for i in range(first + 1, last + 1):
            if self.gaps[i] != JOINED:
                parts.append(" ")
            parts.append(self.words[i])
        return "".join(parts)


def fold(text: str) -> tuple[str, list[int] | None]:
    """Give the text in plain letters, and for each of these its place in the text (None: the same)."""
    if text.isascii():
        return text, None
    plain = text.translate(_FOLDING)
    if len(plain) == len(text) and _FOLDING.longer.isdisjoint(text):
        return plain, None
    get = _FOLDING.__getitem__
    return plain, [place for place, char in enumerate(text) for _ in get(ord(char))]


def cut(text: str) -> Words:
    """Cut a text into words; an empty text has none."""
    plain, places = fold(text)
    # Scanners read o and l as digits; between letters nothing else is meant.
    if _DIGIT_IN_WORD.search(plain):
        plain = _DIGIT_IN_WORD.sub(lambda m: "o" if m[0] == "0" else "l", plain)
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    gaps: list[int] = []
    known = _GAPS
    before = ""
    end = 0
    for found in _WORD.finditer(plain):
        start, stop = found.span()
        space = plain[end:start]
        gap = known.get(space)
        if gap is None:
            gap = _gap(space)
        word = found[0].lower()
        if gap >= HARD:
            if gap == TERM and space == "," and before.isdigit() and word.isdigit():
                gap = HYPHEN
            elif gap == DOT and ((len(before) <= _SHORT and before.isalpha()) or before == "vit"):
                gap = SPACE
        words.append(word)
        starts.append(start)
        ends.append(stop)
        gaps.append(gap)
        before, end = word, stop
    return Words(words, starts, ends, gaps, plain, places)


_GAPS: dict[str, int] = {"": JOINED, " ": SPACE, ", ": TERM, ",": TERM, "-": HYPHEN, "/": SLASH}


def _gap(space: str) -> int:
    """Say what a gap means, and keep the answer: the same few come again and again."""
    found = _read(space)
    if len(_GAPS) < _MOST_KEPT:
        _GAPS[space] = found
    return found


def _read(space: str) -> int:
    core = space.strip()
    if "\n" in space and _BLANK.search(space):
        return BLANK
    if not core:
        return NEWLINE if "\n" in space else SPACE
    if ":" in core:
        return COLON
    if ";" in core:
        return SEMICOLON
    if not _COMMAS.isdisjoint(core):
        return TERM
    if core[-1] in "-*" and space[0].isspace() and space[-1].isspace():
        return DASH
    if ("." in core or "!" in core or "?" in core) and space[-1].isspace():
        return DOT
    if "%" in core:
        return PERCENT
    if not {"(", ")", "[", "]", "{", "}"}.isdisjoint(core):
        return PAREN
    if "/" in core or "\\" in core:
        return SLASH
    if "-" in core:
        return HYPHEN
    return NEWLINE if "\n" in space else SPACE
