"""Say in another language what the service tells staff in English: refusals, and what the linter finds.

Those sentences are made where the rule is, in English, with names and numbers in them. ``locales/told`` has for each
the same sentence in a language, with ``{0}``, ``{1}`` … for what stands there; a key that begins with ``~`` is a piece
that only stands inside another. What is not there stays as it is, and its reader is told that it is English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from string import Formatter
from typing import NamedTuple

from prep_tracker.catalog.locales import FOLDER, parse

INSIDE = "~"
LONGEST = 2_000
"""Characters; what is longer holds something that somebody typed, and is left as it is."""
_SENTENCES = re.compile(r"(?<=[.?]) (?=[A-Z])")


class _Told(NamedTuple):
    """One sentence: what it looks like in English, and how it is said."""

    english: re.Pattern[str]
    said: str
    weight: int
    """How much of it is always there; of two that fit, the one with more is meant."""


def told(sentence: str, language: str) -> str | None:
    """Say a sentence, or several, in a language; None where one of them is not known in it."""
    return sentence if language == "en" else _told(sentence, language)


@lru_cache(maxsize=2_000)
def _told(sentence: str, language: str) -> str | None:
    if len(sentence) > LONGEST:
        return None
    whole = _say(sentence, language, inside=False)
    if whole is not None:
        return whole
    said = [_one(part, language) for part in _SENTENCES.split(sentence)]
    known = [one for one in said if one is not None]
    return " ".join(known) if len(known) == len(said) else None


def _one(sentence: str, language: str) -> str | None:
    """Say one of several sentences: what the linter finds gets its full stop only beside others."""
    said = _say(sentence, language, inside=False)
    if said is None and sentence.endswith("."):
        bare = _say(sentence.removesuffix("."), language, inside=False)
        return None if bare is None else f"{bare}."
    return said


def _say(sentence: str, language: str, *, inside: bool) -> str | None:
    for one in _known(language, inside=inside):
        found = one.english.fullmatch(sentence)
        if found is not None:
            return one.said.format(*(_piece(value, language) for value in found.groups()))
    return None


def _piece(value: str, language: str) -> str:
    """Say what stands inside a sentence; names and numbers stay as they are."""
    said = _say(value, language, inside=True) if value else None
    return value if said is None else said


@cache
def _known(language: str, *, inside: bool) -> tuple[_Told, ...]:
    path = FOLDER / "told" / f"{language}.json"
    pairs = parse(f"told/{language}.json", path.read_text(encoding="utf-8")) if path.exists() else {}
    made = (_read(key.removeprefix(INSIDE), said) for key, said in pairs.items() if inside or key[:1] != INSIDE)
    return tuple(sorted(made, key=lambda one: -one.weight))


def _read(english: str, said: str) -> _Told:
    parts = list(_parts(english))
    pattern = "".join("(.*?)" if part is None else re.escape(part) for part in parts)
    return _Told(re.compile(pattern, re.DOTALL), said, sum(len(part or "") for part in parts))


def _parts(english: str) -> Iterator[str | None]:
    """Take a sentence apart: what is always there, and None for each place."""
    for text, name, _, _ in Formatter().parse(english):
        if text:
            yield text
        if name is not None:
            yield None
