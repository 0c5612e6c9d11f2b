"""Plan a procedure from nothing but a protocol and what is said on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from prep_tracker import catalog
from prep_tracker.catalog.speaking import words
from prep_tracker.cli.out import FAILED, RefusedError, say_json
from prep_tracker.cli.protocols import check, read_file
from prep_tracker.cli.said import Days, Option, read_said
from prep_tracker.clock import SystemClock, assert_zone
from prep_tracker.domain.days import Calendar, parse_day, parse_time
from prep_tracker.domain.plan import plan
from prep_tracker.domain.record import fold
from prep_tracker.domain.rules import Rules, prepare
from prep_tracker.domain.standing import on
from prep_tracker.exports.document import checklist_document

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands on the command line, as it was written."""

    protocol: str
    day: str | None
    at: str | None
    zone: str
    booked: str | None
    as_of: str | None
    said: Mapping[Option, Sequence[str]]
    no_products: bool
    language: str


def show_plan(asked: Asked, *, everything: bool, as_json: bool) -> None:
    """Show the checklist of the as-of day: as the JSON object of the API, or for people."""
    rules = load_rules(asked.protocol)
    days = read_days(asked)
    if asked.language not in catalog.languages():
        raise RefusedError(f"--lang {asked.language}: there are texts in {', '.join(catalog.languages())}.")
    said = read_said(rules, days, asked.said, no_products=asked.no_products)
    if said.faults:
        raise RefusedError(*said.faults)
    checklist = plan(rules, fold(said.entries), Calendar(days.zone))
    status = on(checklist, days.as_of.toordinal())
    spoken = words(asked.language)
    document = checklist_document(checklist, status, spoken, everything=everything)
    if as_json:
        say_json(document)
        return
    from prep_tracker.cli.sheet import show

    show(document, spoken.text(rules.protocol.title), spoken)


def load_rules(name: str) -> Rules:
    """Give the rules of a built-in protocol by its name, or of a file; each fault of a file is named."""
    if name in catalog.slugs():
        return prepare(catalog.protocol(name), catalog.lexicon())
    if not name or not (Path(name).exists() or "/" in name or name.endswith((".yaml", ".yml"))):
        try:
            catalog.source(name)
        except catalog.UnknownProtocolError as error:
            msg = f"PROTOCOL: {error} Write a file, or one of {', '.join(catalog.slugs())}."
            raise RefusedError(msg) from None
    protocol, findings = check(read_file(name), name)
    faults = [str(one) for one in findings if one.finding.level == "fault"]
    if faults or protocol is None:
        raise RefusedError(*faults, code=FAILED, located=True)
    return prepare(protocol, catalog.lexicon())


def read_days(asked: Asked, *, day: str = "DAY") -> Days:
    """Read the days, the time and the zone, and refuse all that are wrong at once.

    ``day`` is what the day of the procedure is called on the command line; left out there, it is the as-of day.
    """
    wrong: list[str] = []

    def checked(option: str, text: str, read: Callable[[str], T]) -> T | None:
        try:
            return read(text)
        except ValueError as error:
            wrong.append(f"{option} {text}: {error}.")
            return None

    checked("--zone", asked.zone, assert_zone)
    today = "" if wrong else SystemClock().today(asked.zone).isoformat()
    on_day = None if asked.day is None else checked(day, asked.day, parse_day)
    start = None if asked.at is None else checked("--at", asked.at, parse_time)
    as_of = checked("--as-of", asked.as_of or today, parse_day) if asked.as_of or today else None
    booked_on = as_of if asked.booked is None else checked("--booked", asked.booked, parse_day)
    on_day = as_of if asked.day is None else on_day
    if as_of is not None and booked_on is not None and booked_on > as_of:
        wrong.append(f"--booked {booked_on}: it lies after the as-of day {as_of}; write that day or an earlier one.")
    if wrong or on_day is None or as_of is None or booked_on is None:
        raise RefusedError(*wrong)
    return Days(on_day, start, asked.zone, booked_on, as_of)
