"""Draw the next days as columns, one piece for each way to stand: only shapes and classes, no style and no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words

LEVELS = ("ready", "on-track", "waiting", "at-risk", "blocked")
"""From the foot of a column upwards: what is worst stands out at the top."""
STEP, WIDTH, HEIGHT = 20, 14, 80
SATURDAY = 5


class Piece(NamedTuple):
    """One piece of a column, in the units of the drawing."""

    level: str
    x: int
    y: float
    height: float


class Column(NamedTuple):
    """One day: its pieces, how many procedures there are, and its label where there is room for one."""

    on: date
    x: int
    total: int
    counts: Mapping[str, int]
    pieces: tuple[Piece, ...]
    label: str | None
    weekend: bool


class Chart(NamedTuple):
    """The drawing. ``most`` is the highest column."""

    columns: tuple[Column, ...]
    width: int
    height: int
    most: int


def chart(days: Sequence[tuple[date, Mapping[str, int]]], words: Words) -> Chart:
    """Lay the days side by side; the highest column fills the height."""
    most = max((sum(counts.values()) for _, counts in days), default=0)
    unit = HEIGHT / max(most, 1)
    columns = []
    for number, (on, counts) in enumerate(days):
        x, y, pieces = number * STEP, float(HEIGHT), []
        for level in LEVELS:
            if counts.get(level):
                y -= counts[level] * unit
                pieces.append(Piece(level, x, round(y, 2), round(counts[level] * unit, 2)))
        label = words.brief(on.toordinal()) if number % 7 == 0 else None
        columns.append(Column(on, x, sum(counts.values()), counts, tuple(pieces), label, on.weekday() >= SATURDAY))
    return Chart(tuple(columns), len(days) * STEP, HEIGHT, most)
