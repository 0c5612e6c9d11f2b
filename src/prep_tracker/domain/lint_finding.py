"""Hold one finding about a protocol, and what all rules of the linter share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from prep_tracker.domain.protocol import Step
from prep_tracker.domain.terms import Point, When

Path = tuple[str | int, ...]
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a protocol may not say (``fault``), or that somebody should look at (``note``).

    ``path`` leads to the place by the keys of the file, lists by numbers from 0. ``message`` says what is wrong,
    ``mend`` how to mend it, both in words for somebody with a text editor.
    """

    code: str
    level: Literal["fault", "note"]
    step: str | None
    path: Path
    message: str
    mend: str

    @property
    def pointer(self) -> str:
        """Give the place as a JSON pointer."""
        return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in self.path)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place of a protocol, from which findings are made."""

    path: Path
    step: str | None = None

    def __truediv__(self, part: str | int) -> Spot:
        """Go into a key, or to a number of a list."""
        return Spot((*self.path, part), self.step)

    def fault(self, code: str, message: str, mend: str) -> Finding:
        """Make a finding that forbids publishing."""
        return Finding(code, "fault", self.step, self.path, message, mend)

    def note(self, code: str, message: str, mend: str) -> Finding:
        """Make a finding to look at."""
        return Finding(code, "note", self.step, self.path, message, mend)


def spots(steps: Iterable[Step]) -> Iterator[tuple[Spot, Step]]:
    """Yield each step with its place."""
    for number, step in enumerate(steps):
        yield Spot(("steps", number), step.id), step


def points(step: Step) -> Iterator[tuple[str, Point]]:
    """Yield the points in time of a step, each with its key."""
    for name, field in type(step).model_fields.items():
        value = getattr(step, name)
        if isinstance(value, Point):
            yield field.alias or name, value


def conditions(when: When | None, spot: Spot) -> Iterator[tuple[When, Spot]]:
    """Yield a condition and all its parts, each with its place."""
    if when is None:
        return
    yield when, spot
    for key, parts in (("all", when.all_), ("any", when.any_)):
        for number, part in enumerate(parts or ()):
            yield from conditions(part, spot / key / number)
    yield from conditions(when.not_, spot / "not")


def near(name: str, names: Iterable[str]) -> str:
    """Give the words " Did you mean …?" for the names most like this one, or nothing."""
    if len(name) > LONGEST_NAME:
        return ""
    from difflib import get_close_matches

    found = get_close_matches(name, sorted(names), 3)
    return f" Did you mean {' or '.join(found)}?" if found else ""
