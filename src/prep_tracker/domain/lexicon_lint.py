"""Check the lexicon's names: what would find the wrong thing, twice, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from prep_tracker.domain.lexicon import LANGUAGES, ClassIn, EntryIn
from prep_tracker.domain.matching_text import cut

_SHORTEST = 3
_ATC = re.compile(r"[A-Z](?:\d\d(?:[A-Z](?:[A-Z](?:\d\d)?)?)?)?")
_FIELDS = ("names", *LANGUAGES, "synonyms", "brands", "misspellings", "alone", "taken", "asks")
Code = Literal["twice", "two-meanings", "trap-as-name", "no-source", "unknown-class", "no-name", "too-short", "atc"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, at which entry and name, in words."""

    code: Code
    entry: str
    name: str
    message: str


def lint_entries(entries: Iterable[EntryIn], classes: dict[str, ClassIn], traps: Iterable[str] = ()) -> list[Fault]:
    """List the faults of entries and of phrases that must never match, in the order of the entries."""
    known = list(entries)
    found: list[Fault] = []
    for entry in known:
        found += _complete(entry, classes)
    found += _meanings(known)
    found += _traps(known, list(traps))
    return found


def _complete(entry: EntryIn, classes: dict[str, ClassIn]) -> Iterator[Fault]:
    if not entry.source.strip():
        yield Fault("no-source", entry.id, "", "nobody can check an entry without a source")
    for one in entry.classes:
        if one not in classes:
            yield Fault("unknown-class", entry.id, one, "this class is in no file of classes")
    words = [text for field in _FIELDS for text in getattr(entry, field)]
    if not words:
        yield Fault("no-name", entry.id, "", "an entry without names finds nothing")
    for text in words:
        if len(_key(text)) < _SHORTEST and text not in entry.asks:
            yield Fault("too-short", entry.id, text, "two letters stand for too much: they may only ask")
    for code in entry.atc:
        if not _ATC.fullmatch(code):
            yield Fault("atc", entry.id, code, "this is no WHO ATC code")
    for field in _FIELDS:
        seen: set[str] = set()
        for text in getattr(entry, field):
            if text.lower() in seen:
                yield Fault("twice", entry.id, text, f"it stands twice among the {field}")
            seen.add(text.lower())


def _meanings(entries: list[EntryIn]) -> Iterator[Fault]:
    """Find names of two entries. Only one name by two routes may be two entries."""
    owners: dict[str, EntryIn] = {}
    for entry in entries:
        for text in {text.lower(): text for field in _FIELDS for text in getattr(entry, field)}.values():
            other = owners.setdefault(_shape(text), entry)
            if other is entry:
                continue
            routes = {entry.route, other.route}
            if routes != {"systemic", "topical"}:
                yield Fault("two-meanings", entry.id, text, f"it is also a name of {other.id}, by the same route")


def _traps(entries: list[EntryIn], traps: list[str]) -> Iterator[Fault]:
    """Find traps that are listed as names, of whatever entry."""
    every = {_shape(text): text for text in traps}
    for entry in entries:
        every |= {_shape(text): text for text in (*entry.traps, *entry.unlike)}
    for entry in entries:
        for field in _FIELDS:
            for text in getattr(entry, field):
                if _shape(text) in every:
                    yield Fault("trap-as-name", entry.id, text, "the same words are listed as a trap")


def _shape(text: str) -> str:
    words = cut(text)
    return words.joined(0, len(words.words) - 1) if words.words else ""


def _key(text: str) -> str:
    return "".join(cut(text).words)
