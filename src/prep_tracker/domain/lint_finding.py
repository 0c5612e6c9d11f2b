"""Hold one finding about a protocol, and what its parts share: points, names and near misses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

Path = tuple[str | int, ...]
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a protocol may not say (``fault``) or that a reader should look at (``note``).

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


def near(name: str, names: Iterable[str]) -> str:
    """Give the words " Did you mean …?" for the names most like this one, or nothing."""
    if len(name) > LONGEST_NAME:
        return ""
    found = get_close_matches(name, sorted(names), 3)
    return f" Did you mean {' or '.join(found)}?" if found else ""
