"""Read the words of the pages, messages and exports, one flat file a language.

What patients read stands in ``locales`` and exists in every language. What only staff read stands in ``locales/staff``
and exists in those languages that staff work in; elsewhere it is said in English.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).parent.parent / "locales"


class UnknownLanguageError(LookupError):
    """There are no texts in this language; the caller falls back and says so."""


@cache
def languages() -> tuple[str, ...]:
    """List the languages that patients can read, by their tags."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


@cache
def texts(language: str) -> Mapping[str, str]:
    """Give what patients read in a language, by key; a language without a file is an ``UnknownLanguageError``.

    A key that comes twice, and a value that is no text, is a ``ValueError``.
    """
    if language not in languages():
        msg = f"there are no texts in {language[:35]}"
        raise UnknownLanguageError(msg)
    return parse(f"{language}.json", (FOLDER / f"{language}.json").read_text(encoding="utf-8"))


@cache
def staff_texts(language: str) -> Mapping[str, str]:
    """Give what only staff read in a language, by key; nothing where there is no such file."""
    path = FOLDER / "staff" / f"{language}.json"
    if language not in languages() or not path.exists():
        return MappingProxyType({})
    return parse(f"staff/{language}.json", path.read_text(encoding="utf-8"))


def parse(name: str, text: str) -> Mapping[str, str]:
    """Read one flat file; ``name`` is for the error's sentence only."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, value in pairs:
            if key in found or not isinstance(value, str):
                msg = f"{name}: {key} {'comes twice' if key in found else 'is no text'}"
                raise ValueError(msg)
            found[key] = value
        return found

    loaded = json.loads(text, object_pairs_hook=once)
    if not isinstance(loaded, dict):
        msg = f"{name} is no flat list of keys and texts"
        raise ValueError(msg)  # noqa: TRY004 - what is wrong is the file, not a type in the program
    return MappingProxyType(loaded)
