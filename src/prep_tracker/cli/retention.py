"""Show whom a clinic keeps no longer, and erase them when told to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from prep_tracker.cli.out import FAILED, RefusedError, complain, count, say, say_json

if TYPE_CHECKING:
    from prep_tracker.desk.case import Desk
    from prep_tracker.services.retention import Due
    from prep_tracker.store.session import Store

MOST_MONTHS = 1200
NEVER = "never"
_NUMBER = re.compile(r"[0-9]{1,4}")


def retention(
    clinic: Annotated[str | None, typer.Option(metavar="ID", help="The clinic, where there are several.")] = None,
    months: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=MOST_MONTHS, help="Try another number of months than the setting."),
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Erase them now. Left out: only show them.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Show the patients whose data a clinic keeps no longer, and erase them with --apply. Nothing brings them back."""
    from prep_tracker.cli.database import choose_clinic, load_settings, open_ready
    from prep_tracker.clock import SystemClock
    from prep_tracker.desk.case import Desk
    from prep_tracker.desk.retaining import acts_from, months_of
    from prep_tracker.domain.actor import Actor
    from prep_tracker.services.clinic import calendar_of

    if apply and months is not None:
        raise RefusedError("--months only tries. To erase by it, set it: prep-tracker clinic set --retention-months.")
    with open_ready(load_settings()) as store:
        row = choose_clinic(store, clinic)
        kept = months_of(row)
        tried = kept if months is None else months
        if tried is None:
            msg = f"{row.name} keeps data for ever. Try --months, or set prep-tracker clinic set --retention-months."
            raise RefusedError(msg, code=FAILED)
        desk = Desk(Actor(row.id, "system", "", "prep-tracker retention"), row, calendar_of(row), SystemClock().now())
        found = _each(store, desk, tried, apply=apply)
        if apply and found:
            _cleanse(store)
    first = acts_from(row)
    if as_json:
        say_json(
            {
                "clinic_id": row.id,
                "retention_months": kept,
                "months": tried,
                "acts_from": first and first.isoformat(),
                "as_of": desk.today.isoformat(),
                "erased": apply,
                "patients": [
                    {"id": one.patient_id, "reference": one.reference, "last_on": one.last_on.isoformat()}
                    for one in found
                ],
            }
        )
        return
    done = "erased" if apply else "would be erased"
    say(f"{row.name}, {count(tried, 'month')}, as of {desk.today}: {count(len(found), 'patient')} {done}.")
    for one in sorted(found, key=lambda one: (one.last_on, one.reference)):
        say(f"  {one.reference}  last {one.last_on}")
    if kept is not None and first is not None and not apply:
        say(f"The service erases by itself, every day from {first} on, by the setting of {count(kept, 'month')}.")


def months_in(text: str) -> int | None:
    """Read for how many months data is kept; "never" erases nobody. Anything else is a ``RefusedError``."""
    if text == NEVER:
        return None
    months = int(text) if _NUMBER.fullmatch(text) else 0
    if not 1 <= months <= MOST_MONTHS:
        raise RefusedError(f"--retention-months {text[:20]}: write a number from 1 to {MOST_MONTHS}, or {NEVER}.")
    return months


def _each(store: Store, desk: Desk, months: int, *, apply: bool) -> list[Due]:
    """Go through all patients, a batch in a transaction."""
    from prep_tracker.services import retention

    found: list[Due] = []
    after: str | None = ""
    while after is not None:
        begin = after
        if apply:
            page = store.run_write(lambda c, b=begin: retention.apply(c, desk, months, b), desk.clinic.id)  # type: ignore[misc]
        else:
            page = store.run_read(lambda c, b=begin: retention.due(c, desk, months, b), desk.clinic.id)  # type: ignore[misc]
        found += page.patients
        after = page.following
    return found


def _cleanse(store: Store) -> None:
    from prep_tracker.domain.errors import UnavailableError

    try:
        store.cleanse()
    except UnavailableError:
        complain("They are erased, but the file is in use and could not be cleared of traces. The service does it.")
