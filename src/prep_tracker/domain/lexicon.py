"""Group exposures, ingredients and medicines into classes: what a protocol's ``of`` names, and what labels say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from prep_tracker.domain.terms import Language, Line, Model, Slug, Text


def _names(value: object) -> object:
    return tuple(filter(None, map(str.strip, value.split(";")))) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
"""Names in the order of the file, which parts them by semicolons."""
Route = Literal["systemic", "topical"]
LANGUAGES: tuple[Language, ...] = ("fr", "es", "de", "it")
"""Beside English, the languages of labels whose names the entries hold."""


class ClassIn(Model):
    """One class of the lexicon, as its file holds it."""

    id: Slug
    title: Text
    kind_of: tuple[Slug, ...] = Field((), description="The wider classes of which this is a kind.")
    medicine: bool = Field(default=False, description="A prescribed member is reviewed, not stopped.")
    route: Route | None = None
    source: Line


class WordsIn(Model):
    """What a substance or product is called; names without more ado may also be written as one text."""

    names: Names = Field((), description="Names of labels and drugs; the first is the one shown.")
    synonyms: Names = Field((), description="Other names that mean exactly this.")
    brands: Names = ()
    misspellings: Names = Field((), description="Slips of pens and scanners that can mean nothing else.")
    alone: Names = Field((), description="Names that count only as a whole ingredient, not within other words.")
    taken: Names = Field((), description="Names that count among medicines and not in a list of ingredients.")
    asks: Names = Field((), description="Names that may mean this and something else: they only ask.")
    traps: Names = Field((), description="What holds a name and is something else.")
    unlike: Names = Field((), description="Other substances spelled nearly alike: never asked about for one another.")
    fr: Names = ()
    es: Names = ()
    de: Names = ()
    it: Names = ()
    atc: Names = Field((), description="WHO ATC codes or prefixes, only verified ones.")
    adjuster: bool = Field(default=False, description="May only keep the acidity of a product.")
    route: Route | None = Field(None, description="The same name by another route is another entry.")
    said: bool = Field(default=False, description="A name of several routes counts here only when the route is said.")


class EntryIn(WordsIn):
    """One substance or product, as its file holds it."""

    id: Slug
    title: Text
    classes: tuple[Slug, ...] = Field(min_length=1)
    source: Line


def _words(value: object) -> object:
    return {"names": value} if isinstance(value, str) else value


class GroupedIn(WordsIn):
    """One entry of a group: what it does not say itself, the group says."""

    classes: tuple[Slug, ...] = ()
    source: str | None = None


class GroupIn(Model):
    """Entries that share classes and source."""

    classes: tuple[Slug, ...] = Field(min_length=1)
    source: str
    route: Route | None = None
    entries: dict[Slug, Annotated[GroupedIn, BeforeValidator(_words)]]

    def each(self) -> Iterator[EntryIn]:
        """Yield the entries, each complete with classes, source, route and a title made of its first names."""
        for name, one in self.entries.items():
            first = (one.names or one.taken or one.alone or (name,))[0]
            titles = {"en": first[:1].upper() + first[1:]}
            titles |= {language: words[0] for language in LANGUAGES if (words := getattr(one, language))}
            values = {field: getattr(one, field) for field in one.model_fields_set}
            values |= {"id": name, "title": titles, "classes": one.classes or self.classes}
            values |= {"source": one.source or self.source, "route": one.route or self.route}
            yield EntryIn.model_construct(**values)


class TrapsIn(Model):
    """Phrases that sound like an entry and are none, and why."""

    source: str
    phrases: Names


class EntriesFile(Model):
    """One file of the names by which labels and people call substances and products."""

    lexicon: int = Field(description="The version of the lexicon's content.")
    groups: tuple[GroupIn, ...] = ()
    traps: tuple[TrapsIn, ...] = ()


class LexiconFile(Model):
    """One file of the lexicon."""

    lexicon: int = Field(description="The version of the lexicon's content.")
    classes: tuple[ClassIn, ...] = ()
    entries: tuple[EntryIn, ...] = ()


@dataclass(frozen=True)
class Lexicon:
    """Classes and single entries by id. A name is a kind of itself and of all its wider classes."""

    classes: dict[str, ClassIn]
    entries: dict[str, EntryIn] = field(default_factory=dict)

    def __contains__(self, name: object) -> bool:
        """Say whether this is a class or a single entry of the lexicon."""
        return name in self.classes or name in self.entries

    @cached_property
    def _wider(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}

        def climb(name: str, path: tuple[str, ...]) -> frozenset[str]:
            if name in path:
                msg = f"the lexicon goes in a circle: {' > '.join((*path, name))}"
                raise ValueError(msg)
            if name not in found:
                parents = self.entries[name].classes if name in self.entries else self.classes[name].kind_of
                found[name] = frozenset({name}).union(*(climb(p, (*path, name)) for p in parents))
            return found[name]

        for name in (*self.classes, *self.entries):
            climb(name, ())
        return found

    def wider(self, name: str) -> frozenset[str]:
        """Give the name itself and every class of which it is a kind; an unknown name is only itself."""
        return self._wider.get(name, frozenset({name}))

    def members(self, names: Iterable[str]) -> frozenset[str]:
        """Give the names themselves and everything that is a kind of one of them."""
        wanted = frozenset(names)
        return wanted | {name for name, wider in self._wider.items() if wider & wanted}

    def is_medicine(self, name: str) -> bool:
        """Say whether the name is, or belongs to, a class marked medicine."""
        return any(c in self.classes and self.classes[c].medicine for c in self.wider(name))

    def is_systemic(self, name: str) -> bool:
        """Say whether the name is, or belongs to, a class that acts on the whole body."""
        return any(c in self.classes and self.classes[c].route == "systemic" for c in self.wider(name))

    def title(self, name: str, language: str) -> str:
        """Give the words for a class or entry in a language, in English when that is missing."""
        found = self.entries.get(name) or self.classes.get(name)
        if found is None:
            return name
        return found.title.get(language) or found.title["en"]
