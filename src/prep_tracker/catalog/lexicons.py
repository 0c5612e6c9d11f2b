"""Read the lexicon that ships with the package.

The classes are read at every start; the names of substances and products only when a text has to be matched.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from prep_tracker.catalog.reader import read
from prep_tracker.domain.lexicon import ClassIn, EntriesFile, EntryIn, Lexicon, LexiconFile
from prep_tracker.domain.matching_index import Matcher, build

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


@cache
def names() -> tuple[EntriesFile, ...]:
    """Give the files of names as they are written, in the order of the files' own names."""
    return tuple(
        EntriesFile.model_validate(read(path.read_text(encoding="utf-8")).data)
        for path in sorted((FOLDER / "entries").glob("*.yaml"))
    )


@cache
def matcher() -> Matcher:
    """Give what finds the lexicon's names in a text; an entry that comes twice is a ``ValueError``."""
    entries: dict[str, EntryIn] = {}
    for file in names():
        for entry in (entry for group in file.groups for entry in group.each()):
            _new(entry.id, {}, entries)
            entries[entry.id] = entry
    traps = (phrase for file in names() for trap in file.traps for phrase in trap.phrases)
    return build(entries.values(), traps, max(file.lexicon for file in names()))


def _new(name: str, classes: dict[str, ClassIn], entries: dict[str, EntryIn]) -> None:
    if name in classes or name in entries:
        msg = f"{name} is in the lexicon twice"
        raise ValueError(msg)
