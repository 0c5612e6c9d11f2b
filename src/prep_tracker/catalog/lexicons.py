"""Read the lexicon that ships with the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from prep_tracker.catalog.reader import read
from prep_tracker.domain.lexicon import ClassIn, EntryIn, Lexicon, LexiconFile

FOLDER = Path(__file__).parent.parent / "data" / "lexicon"


@cache
def lexicon() -> Lexicon:
    """Give the classes and entries of all files of the lexicon; a name that comes twice is a ``ValueError``."""
    classes: dict[str, ClassIn] = {}
    entries: dict[str, EntryIn] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        file = LexiconFile.model_validate(read(path.read_text(encoding="utf-8")).data, by_alias=True, by_name=False)
        for one in file.classes:
            _new(one.id, classes, entries)
            classes[one.id] = one
        for other in file.entries:
            _new(other.id, classes, entries)
            entries[other.id] = other
    return Lexicon(classes, entries)


def _new(name: str, classes: dict[str, ClassIn], entries: dict[str, EntryIn]) -> None:
    if name in classes or name in entries:
        msg = f"{name} is in the lexicon twice"
        raise ValueError(msg)
