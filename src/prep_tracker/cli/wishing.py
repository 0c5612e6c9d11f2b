"""Show the first days on which a procedure could be, with what each rule says about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prep_tracker import catalog
from prep_tracker.catalog.speaking import words
from prep_tracker.cli.out import RefusedError, say, say_json
from prep_tracker.cli.planning import Asked, load_rules, read_days
from prep_tracker.cli.said import read_said
from prep_tracker.domain import explain
from prep_tracker.domain.days import Calendar
from prep_tracker.domain.feasible import days_for
from prep_tracker.exports.document import iso

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.domain.feasible import Candidate, Feasible


def show(asked: Asked, count: int, *, as_json: bool) -> None:
    """Show the days: as the JSON object of the API, or for people. ``asked.day`` is the first that may be."""
    rules = load_rules(asked.protocol)
    days = read_days(asked, day="--not-before")
    if days.on < days.as_of:
        raise RefusedError(f"--not-before {days.on}: this day is past on the as-of day {days.as_of}.")
    if asked.language not in catalog.languages():
        raise RefusedError(f"--lang {asked.language}: there are texts in {', '.join(catalog.languages())}.")
    said = read_said(rules, days, asked.said, no_products=False)
    if said.faults:
        raise RefusedError(*said.faults)
    found = days_for(rules, Calendar(days.zone), days.as_of, said.entries, count=count)
    spoken = words(asked.language)
    if as_json:
        say_json(document(found, spoken))
        return
    say(f"{spoken.text(rules.protocol.title)}, as of {_day(found.today, spoken)} ({days.zone})")
    say(_earliest(found, spoken))
    for one in found.candidates:
        say()
        say(f"{'✓' if one.ok else '✗'} {_day(one.on, spoken)}")
        for line in because(one, spoken):
            if one.ok or line["days_short"]:  # of a day that cannot be, only what is in the way
                say(f"  {line['sentence']}")


def document(found: Feasible, spoken: Words) -> dict[str, Any]:
    """Write the days, as the API does."""
    return {
        "protocol": found.checklist.rules.name,
        "as_of": iso(found.today),
        "earliest_safe_on": iso(found.safe),
        "earliest_preferred_on": iso(found.preferred),
        "days": [{"on": iso(one.on), "ok": one.ok, "because": because(one, spoken)} for one in found.candidates],
    }


def because(one: Candidate, spoken: Words) -> list[dict[str, Any]]:
    """Say for each rule what it asks for this day, and whether that is enough; what is short comes first."""
    return [
        {
            "step": item.rule.step.id,
            "sentence": spoken.say(explain.arithmetic(one.checklist, item, short)),
            "days_short": short,
        }
        for item, short in one.rules()
    ]


def _earliest(found: Feasible, spoken: Words) -> str:
    if found.safe is None:
        return "No day within two years is safe by what is known."
    line = f"Safe from {_day(found.safe, spoken)} by the rules alone"
    better = found.preferred
    return f"{line}." if better in {None, found.safe} else f"{line}, better from {_day(better or 0, spoken)}."


def _day(day: int, spoken: Words) -> str:
    return spoken.day(day, year=True)
