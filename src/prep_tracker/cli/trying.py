"""Print a protocol's calendar for one day, and again whenever its file changes."""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prep_tracker import catalog
from prep_tracker.catalog.speaking import words
from prep_tracker.cli.out import BEGIN, RefusedError, complain, count, say, say_json
from prep_tracker.cli.planning import Asked, load_rules, read_days
from prep_tracker.cli.said import read_said
from prep_tracker.domain.days import Calendar
from prep_tracker.domain.plan import plan
from prep_tracker.domain.record import fold
from prep_tracker.domain.standing import on
from prep_tracker.exports.document import checklist_document

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOK_EVERY = 0.3
"""Seconds between two looks at the file: an editor's save is seen at once, and nothing gets warm."""
CLEAR = "\x1b[2J\x1b[H"
KEYS = (
    "step",
    "kind",
    "severity",
    "title",
    "who",
    "opens_on",
    "due_on",
    "closes_on",
    "times",
    "provisional",
    "state",
    "why",
)
"""What of an item is the calendar's business."""


def show(asked: Asked, *, as_json: bool) -> None:
    """Print the calendar of a procedure about which nothing else was said."""
    document = read(asked)
    if as_json:
        say_json(document)
        return
    for line in lines(document, words(asked.language)):
        say(line)


def follow(asked: Asked) -> None:
    """Print the calendar, and again whenever the file changes; what is wrong in it is said, and watching goes on.

    Ends with Ctrl-C.
    """
    path = Path(asked.protocol)
    if not path.exists():
        raise RefusedError(f"--watch {asked.protocol}: there is no such file to follow.")
    read_days(asked)  # what is wrong on the command line itself no save of the file can mend
    try:
        while True:
            seen = _state(path)
            if sys.stdout.isatty():
                say(CLEAR)
            try:
                show(asked, as_json=False)
            except RefusedError as error:
                complain(*error.lines, begin="" if error.located else BEGIN)
            say(f"Watching {path}; Ctrl-C ends it.")
            sys.stdout.flush()
            while _state(path) == seen or not path.exists():  # some editors put a new file in its place
                time.sleep(LOOK_EVERY)
    except KeyboardInterrupt:
        say()


def read(asked: Asked) -> dict[str, Any]:
    """Give the calendar: the steps in the order of their days, those without any day last."""
    rules = load_rules(asked.protocol)
    days = read_days(asked)
    if asked.language not in catalog.languages():
        raise RefusedError(f"--lang {asked.language}: there are texts in {', '.join(catalog.languages())}.")
    said = read_said(rules, days, asked.said, no_products=False)
    if said.faults:
        raise RefusedError(*said.faults)
    checklist = plan(rules, fold(said.entries), Calendar(days.zone))
    spoken = words(asked.language)
    whole = checklist_document(checklist, on(checklist, days.as_of.toordinal()), spoken, everything=True)
    steps = [{key: item[key] for key in KEYS} | {"applies": item["state"] is not None} for item in whole["items"]]
    return {
        "protocol": whole["procedure"]["protocol"],
        "title": spoken.text(rules.protocol.title),
        "on": whole["procedure"]["on"],
        "at": whole["procedure"]["at"],
        "time_zone": whole["procedure"]["time_zone"],
        "booked_on": days.booked_on.isoformat(),
        "as_of": whole["as_of"],
        "steps": sorted(steps, key=_order),
    }


def lines(document: dict[str, Any], spoken: Any) -> Iterator[str]:  # noqa: ANN401 - the words of a language
    """Write the calendar for people: a line a step, with the days before (-) or after (+) the procedure."""
    from babel.dates import format_date

    the_day = date.fromisoformat(document["on"])

    def short(day: str) -> str:
        found = date.fromisoformat(day)
        pattern = "EEE d MMM" if found.year == the_day.year else "EEE d MMM y"
        return format_date(found, pattern, locale=spoken.language)

    def away(day: str) -> str:
        days = (date.fromisoformat(day) - the_day).days
        return f"{days:+d}" if days else "0"

    rows = []
    for step in document["steps"]:
        first, last = _window(step)
        if first is None or last is None:
            when, where = "day to follow", ""
        elif first == last:
            when, where = short(first), away(first)
        else:
            when, where = f"{short(first)} – {short(last)}", f"{away(first)} … {away(last)}"
        rows.append((when, where, step))
    at = f" at {document['at']}" if document["at"] else ""
    yield f"{document['title']} ({document['protocol']}, {count(len(rows), 'step')})"
    yield f"{spoken.day(the_day.toordinal(), year=True)}{at} · {document['time_zone']} · booked {document['booked_on']}"
    yield ""
    wide = [max((len(row[n]) for row in rows), default=0) for n in (0, 1)]
    names = max((len(step["step"]) for _, _, step in rows), default=0)
    for when, where, step in rows:
        yield f"{when:<{wide[0]}}  {where:>{wide[1]}}  {step['step']:<{names}}  {_said(step)}"


def _said(step: dict[str, Any]) -> str:
    """Say what a step is: kind, severity, title, and what is not settled about it."""
    more = [", ".join(step["times"])] if step["times"] else []
    if not step["applies"]:
        more.append("does not apply")
    elif step["provisional"]:
        more.append("provisional")
    severity = f", {step['severity']}" if step["severity"] else ""
    unsettled = f" ({'; '.join(more)})" if more else ""
    return f"{step['title']} [{step['kind']}{severity}]{unsettled}"


def _window(step: dict[str, Any]) -> tuple[str | None, str | None]:
    """Give the first and the last day of a step; what has only a day by which it is due lies on that day."""
    first, last = step["opens_on"] or step["due_on"], step["closes_on"] or step["due_on"]
    if step["kind"] in {"do", "review"} and step["due_on"]:
        last = step["due_on"]
    return first or last, last or first


def _order(step: dict[str, Any]) -> tuple[bool, str, str]:
    first, last = _window(step)
    return not step["applies"], first or "9999", last or "9999"


def _state(path: Path) -> tuple[int, int] | None:
    """Give what changes with every save: when, and how long the file is; None while it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
