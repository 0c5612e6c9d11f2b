"""Measure how often the matcher is right, against labels whose classes somebody has checked by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from prep_tracker.domain.matching import LONGEST, match
from prep_tracker.domain.matching_index import Matcher

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Tally:
    """For one class: labels rightly found, wrongly found, and missed; and which ones, from 1, at most twenty each."""

    found: int = 0
    wrong: int = 0
    missed: int = 0
    wrong_rows: tuple[int, ...] = ()
    missed_rows: tuple[int, ...] = ()

    @property
    def precision(self) -> float | None:
        """Give the share of what was found that is right; None when nothing was found."""
        return self.found / (self.found + self.wrong) if self.found + self.wrong else None

    @property
    def recall(self) -> float | None:
        """Give the share of what is there that was found; None when nothing is there."""
        return self.found / (self.found + self.missed) if self.found + self.missed else None


def measure(
    rows: Iterable[tuple[str, frozenset[str]]],
    matcher: Matcher,
    classes: frozenset[str] | None = None,
    *,
    minor_counts: bool = False,
) -> dict[str, Tally]:
    """Compare labels with the classes expected of them; one tally a class, in the order of their names.

    ``classes`` are those that were checked (None: all that are expected somewhere); others are left out, since a class
    nobody looked for is not wrong. A minor match is neither right nor wrong where its class is not expected and
    ``minor_counts`` is off; where it is expected, it counts as found. A text too long to match finds nothing.
    """
    kept = list(rows)
    wanted = classes if classes is not None else frozenset().union(*(expected for _, expected in kept))
    counts = {one: (list[int](), list[int](), list[int]()) for one in sorted(wanted)}
    for number, (text, expected) in enumerate(kept, 1):
        matches = match(text, matcher).matches if len(text) <= LONGEST else ()
        every = {one.class_ for one in matches}
        plain = every if minor_counts else {one.class_ for one in matches if not one.minor}
        for name, (found, wrong, missed) in counts.items():
            if name in expected:
                (found if name in every else missed).append(number)
            elif name in plain:
                wrong.append(number)
    return {
        name: Tally(len(found), len(wrong), len(missed), tuple(wrong[:_SHOWN]), tuple(missed[:_SHOWN]))
        for name, (found, wrong, missed) in counts.items()
    }


def expectation(cell: str) -> frozenset[str]:
    """Read the classes expected of a label from a cell: parted by spaces, commas or semicolons; empty for none."""
    return frozenset(cell.replace(",", " ").replace(";", " ").split())
