"""Group exposures, ingredients and medicines into classes: what a protocol's ``of`` names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from pydantic import Field

from prep_tracker.domain.terms import Line, Model, Slug, Text


class ClassIn(Model):
    """One class of the lexicon, as its file holds it."""

    id: Slug
    title: Text
    kind_of: tuple[Slug, ...] = Field((), description="The wider classes of which this is a kind.")
    medicine: bool = Field(default=False, description="A prescribed member is reviewed, not stopped.")
    route: Literal["systemic", "topical"] | None = None
    source: Line


class EntryIn(Model):
    """One substance or product, as its file holds it."""

    id: Slug
    title: Text
    classes: tuple[Slug, ...] = Field(min_length=1)
    source: Line


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
