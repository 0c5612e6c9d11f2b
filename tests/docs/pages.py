"""The pages that people read, and the fenced blocks in them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.architecture.tree import ROOT

PROTOCOLS = ROOT / "docs" / "protocols.md"
README = ROOT / "README.md"
TOUR = ROOT / "docs" / "tour.md"
_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: on which page and line it stands, what is said of it, and what is in it."""

    page: Path
    line: int
    info: str
    body: str

    def __str__(self) -> str:
        """Name the block as editors do."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> Iterator[Path]:
    """Yield every page: those at the top, and those under docs."""
    yield from sorted(ROOT.glob("*.md"))
    yield from sorted((ROOT / "docs").rglob("*.md"))


def blocks(page: Path, language: str) -> list[Block]:
    """List the blocks of a page that are said to be in a language, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found["info"], found["body"])
        for found in _FENCE.finditer(text)
        if found["info"].split(" ")[0] == language
    ]
