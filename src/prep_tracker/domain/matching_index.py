"""Make a lexicon's names ready to be looked up in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from prep_tracker.domain.lexicon import LANGUAGES, EntryIn
from prep_tracker.domain.matching_text import cut

How = Literal["exact", "synonym", "brand", "misspelling"]
Role = Literal["counts", "alone", "taken", "asks"]

LONG = 9
"""From so many letters on a name is known however it is parted: "salicylicacid", "retinyl pal mitate"."""
_STEM = 3
MOST_DIFFERENT = 3
"""Letters by which a misspelling may be longer or shorter."""
_LIKE_L = str.maketrans("i10", "llo")
"""What scanners take for each other: I, l and 1; 0 and O."""
_SQUASHED = 6
"""Letters. Shorter names are too like each other once these letters are one."""
_PLAIN = re.compile(r"[A-Za-z][a-z]*(?: [a-z]+)*")
"""Most names: small words with single spaces, which need no cutting."""
_UMLAUTS = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"))


@dataclass(frozen=True, slots=True)
class Name:
    """One name of one entry. Without an entry it is a trap: it only keeps shorter names within it from being found."""

    entry: EntryIn | None
    shape: str
    how: How
    role: Role


@dataclass(frozen=True)
class Matcher:
    """The names of a lexicon by their letters without gaps."""

    entries: dict[str, EntryIn]
    index: dict[str, tuple[Name, ...]]
    reach: dict[str, int]
    """By the first letters of a word, how long the longest name is that begins so."""
    version: int = 1

    @cached_property
    def spelled(self) -> dict[tuple[str, int], list[str]]:
        """Give the right spellings, traps among them, by their first letters and the lengths of what may mean them."""
        return self._spelled(label=False)

    @cached_property
    def spelled_on_labels(self) -> dict[tuple[str, int], list[str]]:
        """Give the same without medicines that are swallowed or injected."""
        return self._spelled(label=True)

    @cached_property
    def squashed(self) -> tuple[dict[str, tuple[Name, ...]], dict[str, int]]:
        """Give the names by their squashed letters, and how far words that begin so reach; traps among them."""
        index: dict[str, dict[tuple[str, str], Name]] = {}
        reach: dict[str, int] = {}
        for key, names in self.index.items():
            if len(key) >= _SQUASHED:
                short = squash(key)
                # "GIycolic" is cut behind its first letter, so one letter must be enough to begin with.
                for length in range(1, _STEM + 1):
                    reach[short[:length]] = max(reach.get(short[:length], 0), len(short))
                known = index.setdefault(short, {})
                for name in names:
                    shape = squash(name.shape)
                    made = Name(name.entry, shape, "misspelling", name.role)
                    known.setdefault((name.entry.id if name.entry else "", shape), made)
        return {key: tuple(names.values()) for key, names in index.items()}, reach

    def _spelled(self, *, label: bool) -> dict[tuple[str, int], list[str]]:
        found: dict[tuple[str, int], list[str]] = {}
        for key, names in self.index.items():
            if len(key) > _STEM * 2 and any(_is_right(name, label=label) for name in names):
                for length in range(len(key) - MOST_DIFFERENT, len(key) + MOST_DIFFERENT + 1):
                    found.setdefault((key[:_STEM], length), []).append(key)
        return found


def squash(text: str) -> str:
    """Write what scanners take for each other as one letter, in small plain letters."""
    return text.translate(_LIKE_L)


def _is_right(name: Name, *, label: bool) -> bool:
    if name.how == "misspelling" or name.role == "asks":
        return False
    entry = name.entry
    return entry is None or not (label and entry.route == "systemic")


def build(entries: Iterable[EntryIn], traps: Iterable[str] = (), version: int = 1) -> Matcher:
    """Make a matcher of entries and of phrases that never match."""
    index: dict[str, list[Name]] = {}
    known: dict[str, EntryIn] = {}
    for entry in entries:
        known[entry.id] = entry
        for text, how, role in _named(entry):
            _add(index, text, entry, how, role)
        for text in (*entry.traps, *entry.unlike):
            _add(index, text, None, "exact", "counts")
    for text in traps:
        _add(index, text, None, "exact", "counts")
    reach: dict[str, int] = {}
    for key, names in index.items():
        stems = {key[:_STEM], *(n.shape.split(" ", 1)[0][:_STEM] for n in names)}
        if len(key) >= LONG:
            stems.add(key[:2])
        for stem in stems:
            reach[stem] = max(reach.get(stem, 0), len(key))
    return Matcher(known, {key: tuple(names) for key, names in index.items()}, reach, version)


def _named(entry: EntryIn) -> Iterator[tuple[str, How, Role]]:
    """Yield every name of an entry, how it names it, and when it counts."""
    for text in entry.names:
        yield text, "exact", "counts"
    for language in LANGUAGES:
        for text in getattr(entry, language):
            yield text, "exact", "counts"
    for text in entry.synonyms:
        yield text, "synonym", "counts"
    for text in entry.brands:
        yield text, "brand", "counts"
    for text in entry.misspellings:
        yield text, "misspelling", "counts"
    for text in entry.alone:
        yield text, "synonym", "alone"
    for text in entry.taken:
        yield text, "exact", "taken"
    for text in entry.asks:
        yield text, "synonym", "asks"


def _add(index: dict[str, list[Name]], text: str, entry: EntryIn | None, how: How, role: Role) -> None:
    for spelled in (text,) if text.isascii() else _spellings(text):
        if _PLAIN.fullmatch(spelled):
            shape = spelled.lower()
            key = shape.replace(" ", "")
        else:
            found = cut(spelled)
            shape = found.joined(0, len(found.words) - 1)
            key = "".join(found.words)
        names = index.setdefault(key, [])
        if not any(n.entry is entry and n.shape == shape for n in names):
            names.append(Name(entry, shape, how, role))


def _spellings(text: str) -> Iterator[str]:
    """Yield the text, and again with "ae" for "ä" and the like, as German labels in capitals have it."""
    yield text
    low = wide = text.lower()
    for letter, pair in _UMLAUTS:
        wide = wide.replace(letter, pair)
    if wide != low:
        yield wide
