"""Write the results as a table that can stand in the documentation as it is."""

from __future__ import annotations

from bench.inside import Figure
from bench.measure import POSTGRES, SERVICE, TUTORIAL, Result, spread
from bench.operations import POSTGRES_MUST

MISSED = " ✗"
HEADS = (
    "operation",
    "bytes",
    "bare µs",
    "SQLite (IQR)",
    "must",
    "aim",
    "PostgreSQL (IQR)",
    "to SQLite",
    "statements",
    "round trips",
    "tutorial",
)


def requests(results: list[Result]) -> list[str]:
    """Write one line an operation; ``✗`` stands where a figure misses what it must reach."""
    return [f"| {' | '.join(HEADS)} |", "|---" * len(HEADS) + "|", *(_request(result) for result in results)]


def _request(result: Result) -> str:
    operation = result.operation
    ratio = spread(result.ratios[SERVICE])[1]
    cells = [
        operation.name,
        f"{result.size:,}",
        f"{spread(result.bare)[1]:.0f}",
        _ratio(result, SERVICE) + mark(ratio, operation.must),
        f"≤ {operation.must:g}",
        f"{operation.aim:g}",
    ]
    if POSTGRES in result.ratios:
        to_sqlite = spread(result.ratios[POSTGRES])[1] / ratio
        cells += [_ratio(result, POSTGRES), f"{to_sqlite:.2f}{mark(to_sqlite, POSTGRES_MUST)}"]
    else:
        cells += ["–", "–"]
    cells.append("–" if result.statements is None else f"{result.statements:g}")
    cells.append("–" if result.trips is None else f"{result.trips:g}{mark(result.trips, operation.trips)}")
    cells.append(_ratio(result, TUTORIAL))
    return f"| {' | '.join(cells)} |"


def _ratio(result: Result, name: str) -> str:
    if name not in result.ratios:
        return "–"
    low, middle, high = spread(result.ratios[name])
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


def figures(found: list[Figure]) -> list[str]:
    """Write one line a figure."""
    lines = ["| what | best | median | must |", "|---|---|---|---|"]
    for one in found:
        if one.best is not None and one.middle is not None:
            shown = (f"{value:.2f}" if one.unit == "s" else f"{value:.0f}" for value in (one.best, one.middle))
            best, middle = shown
            missed = mark(one.middle, one.must)
            lines.append(
                f"| {one.name} | {best} {one.unit} | {middle} {one.unit}{missed} | ≤ {one.must:g} {one.unit} |"
            )
    return lines


def mark(value: float, must: float) -> str:
    """Give the mark of a figure that misses what it must reach."""
    return MISSED if value > must else ""
