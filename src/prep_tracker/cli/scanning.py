"""Show what a text contains, and measure how often that is right."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prep_tracker.catalog.lexicons import lexicon, matcher
from prep_tracker.cli.out import RefusedError, say, say_json
from prep_tracker.desk.products import scan
from prep_tracker.domain.lint_finding import near
from prep_tracker.domain.matching import LONGEST
from prep_tracker.domain.matching_measure import Tally, expectation, measure
from prep_tracker.exports.scanning import scan_document

if TYPE_CHECKING:
    from prep_tracker.domain.matching import Match, Question

MOST_BYTES = 4 * LONGEST
"""No text that may be matched is longer in UTF-8."""
NOT_SAFE = "Not recognised does not mean safe: nobody has said anything about it."
ASKING = {
    "spelling": "did you mean {suggestion}",
    "route": "could it be {suggestion}",
    "ambiguous": "do you mean {suggestion}",
}


def show(given: str, *, as_json: bool) -> None:
    """Show what a file, standard input, or the text itself says."""
    found = scan(_text(given))
    if as_json:
        say_json(scan_document(found))
        return
    known = lexicon()
    if not found.matches:
        say("Nothing was found that protocols name.")
    for one in found.matches:
        say(_match(one, known.title(one.class_, "en")))
    for asked in found.questions:
        say(_question(asked))
    for left in found.unrecognised:
        say(f"unrecognised: {_short(left)}")
    if found.unrecognised or not found.matches:
        say(NOT_SAFE)


def show_measure(
    file: Path, columns: tuple[str, str], classes: frozenset[str], *, minor_counts: bool, as_json: bool
) -> None:
    """Show precision and recall by class, for labels whose classes stand beside them."""
    rows = _rows(file, *columns)
    known = lexicon()
    names = classes.union(*(expected for _, expected in rows))
    unknown = sorted(name for name in names if name not in known)
    if unknown:
        raise RefusedError(*(f"{file}: the lexicon has no {name}.{near(name, known.classes)}" for name in unknown))
    tallies = measure(rows, matcher(), classes or None, minor_counts=minor_counts)
    if as_json:
        say_json({"labels": len(rows), "classes": {name: _figures(one) for name, one in tallies.items()}})
        return
    width = max((len(name) for name in tallies), default=0)
    say(f"{len(rows)} label{'' if len(rows) == 1 else 's'}. Numbers of labels count from 1, without the line of names.")
    say(f"{'class':<{width}}  precision   recall  found  wrong  missed")
    for name, one in tallies.items():
        say(
            f"{name:<{width}}  {_percent(one.precision):>9}  {_percent(one.recall):>7}"
            f"  {one.found:>5}  {one.wrong:>5}  {one.missed:>6}"
        )
    for name, one in tallies.items():
        for what, numbers in (("wrong", one.wrong_rows), ("missed", one.missed_rows)):
            if numbers:
                say(f"{name} {what}: {', '.join(map(str, numbers))}")


def _text(given: str) -> str:
    """Read what is to be looked through; what is not there as a file is the text itself."""
    if given == "-":
        return _decoded(sys.stdin.buffer.read(MOST_BYTES + 1))
    path = Path(given)
    try:
        if not path.is_file():
            return given
    except (OSError, ValueError):  # a whole label is no name that a file could have
        return given
    try:
        with path.open("rb") as file:
            return _decoded(file.read(MOST_BYTES + 1))
    except OSError as error:
        raise RefusedError(f"{given}: {error.strerror}") from None


def _decoded(text: bytes) -> str:
    """Read UTF-8, with or without a mark at its beginning; what is none of it shows as signs that match nothing."""
    return text.decode("utf-8-sig", errors="replace")


def _rows(file: Path, text: str, expected: str) -> list[tuple[str, frozenset[str]]]:
    """Read labels and the classes expected of them."""
    csv.field_size_limit(16 * LONGEST)
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            table = csv.DictReader(opened)
            columns = tuple(table.fieldnames or ())
            missing = [name for name in (text, expected) if name not in columns]
            if missing:
                listed = ", ".join(columns) or "none"
                raise RefusedError(*(f"{file}: there is no column {name}. Its columns: {listed}." for name in missing))
            return [(row[text] or "", expectation(row[expected] or "")) for row in table]
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or f"this is no table in UTF-8 ({error})"
        raise RefusedError(f"{file}: {reason}") from None


def _figures(one: Tally) -> dict[str, Any]:
    return {
        "precision": one.precision,
        "recall": one.recall,
        "found": one.found,
        "wrong": one.wrong,
        "missed": one.missed,
        "wrong_rows": one.wrong_rows,
        "missed_rows": one.missed_rows,
    }


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.2%}"


def _match(one: Match, title: str) -> str:
    how = "" if one.how == "exact" else f", {one.how}"
    minor = ", a pH adjuster: shown, not alarming" if one.minor else ""
    return f"{one.class_}: {title}. In the words: {_short(one.words)} ({one.entry}{how}{minor})"


def _question(one: Question) -> str:
    asked = ASKING[one.reason].format(suggestion=one.suggestion)
    return f"question: {_short(one.words)}: {asked} ({', '.join(one.classes)})?"


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= 100 else f"{line[:99]}…"  # noqa: PLR2004 - what one line holds
