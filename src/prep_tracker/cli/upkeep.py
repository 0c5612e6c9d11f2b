"""Do what an operator does while the service runs: look at clinics and procedures, back up, restore."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from prep_tracker.cli.out import FAILED, RefusedError, count, say, say_json

clinic_app = typer.Typer(help="List the clinics and change their settings.")
procedures_app = typer.Typer(help="Look at a procedure as it stands, or stood.")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
ROWS = {
    "clinics": ("clinic",),
    "patients": ("patient",),
    "procedures": ("procedure",),
    "entries": ("entry", "entries"),
    "audit": ("audit line",),
}
"""What the rows of a table are called: one of them, and several where that is not one with an s."""
Clinic = Annotated[str | None, typer.Option("--clinic", metavar="ID", help="The clinic, where there are several.")]


@clinic_app.command("list")
def list_clinics(as_json: Json = False) -> None:
    """List the clinics of this database."""
    from prep_tracker.cli.database import load_settings, open_ready
    from prep_tracker.store import clinics

    with open_ready(load_settings()) as store:
        found = store.run_read(clinics.every)
    if as_json:
        say_json([{"id": c.id, "name": c.name, "time_zone": c.time_zone, "demo": c.is_demo} for c in found])
        return
    for c in found:
        say(f"{c.id}  {c.name} ({c.time_zone}){'  demo' if c.is_demo else ''}")


@clinic_app.command("show")
def show_clinic(clinic: Clinic = None, as_json: Json = False) -> None:
    """Show a clinic's settings."""
    from prep_tracker.cli.database import choose_clinic, load_settings, open_ready
    from prep_tracker.services.clinic import settings_of

    with open_ready(load_settings()) as store:
        row = choose_clinic(store, clinic)
    document = {"id": row.id, "name": row.name, "time_zone": row.time_zone, **settings_of(row)}
    if as_json:
        say_json(document)
        return
    for name, value in document.items():
        say(f"{name + ':':<18} {value if value not in (None, [], '') else '-'}")


@clinic_app.command("set")
def set_clinic(
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Its name.")] = None,
    zone: Annotated[str | None, typer.Option(metavar="ZONE", help="Its time zone.")] = None,
    country: Annotated[
        str | None, typer.Option(metavar="CC", help="Whose public holidays count, for example NL.")
    ] = None,
    region: Annotated[str | None, typer.Option(metavar="REGION", help="The region of that country.")] = None,
    close: Annotated[
        list[str],
        typer.Option(
            metavar="DAY",
            help="A closing day; may come several times. Replaces all closing days: those not named again are gone.",
        ),
    ] = [],  # noqa: B006
    retention_months: Annotated[
        str | None,
        typer.Option(metavar="N|never", help="Erase patients so many months after their last procedure."),
    ] = None,
    clinic: Clinic = None,
    as_json: Json = False,
) -> None:
    """Change a clinic's settings; checklists follow at once."""
    from prep_tracker.cli.database import choose_clinic, load_settings, open_ready
    from prep_tracker.cli.retention import months_in
    from prep_tracker.clock import SystemClock, assert_zone
    from prep_tracker.desk.case import Desk
    from prep_tracker.desk.retaining import acts_from
    from prep_tracker.domain.actor import Actor
    from prep_tracker.domain.days import parse_day
    from prep_tracker.services.clinic import calendar_of, change_clinic, settings_of

    fields: dict[str, object] = {}
    if name is not None:
        fields["name"] = name
    if region is not None and country is None:
        raise RefusedError("--region needs --country.")
    try:
        if zone is not None:
            assert_zone(zone)
            fields["time_zone"] = zone
        if close:
            fields["closing_days"] = sorted({parse_day(day).isoformat() for day in close})
    except ValueError as error:
        raise RefusedError(f"{error}.") from None
    if country is not None:
        fields["holidays"] = {"country": country, "region": region}
    if retention_months is not None:
        fields["retention_months"] = months_in(retention_months)
    with open_ready(load_settings()) as store:
        row = choose_clinic(store, clinic)
        actor = Actor(row.id, "system", "", "prep-tracker clinic set")
        desk = Desk(actor, row, calendar_of(row), SystemClock().now())
        changed = store.run_write(lambda connection: change_clinic(connection, desk, fields))
    if as_json:
        say_json({"id": changed.id, "name": changed.name, "time_zone": changed.time_zone, **settings_of(changed)})
        return
    say(f"Changed {changed.name}: {', '.join(fields)}.")
    first = acts_from(changed)
    if fields.get("retention_months") is not None and first is not None:
        say(f"Patients are erased by it from {first} on. See whom that concerns: prep-tracker retention")


@procedures_app.command("show")
def show_procedure(
    procedure: Annotated[str, typer.Argument(metavar="ID", help="The procedure's id.")],
    as_of: Annotated[
        str | None, typer.Option(metavar="DAY", help="As it was known on this day; left out: today.")
    ] = None,
    lang: Annotated[str, typer.Option(metavar="LANG", help="The language of the texts.")] = "en",
    clinic: Clinic = None,
    as_json: Json = False,
) -> None:
    """Show the checklist of a procedure, by the record up to a day."""
    from prep_tracker.catalog.speaking import choose_language, words
    from prep_tracker.cli.database import choose_clinic, load_settings, open_ready
    from prep_tracker.cli.sheet import show
    from prep_tracker.clock import SystemClock
    from prep_tracker.desk.case import Desk, note
    from prep_tracker.domain.actor import Actor
    from prep_tracker.domain.days import parse_day
    from prep_tracker.domain.errors import NotFoundError
    from prep_tracker.exports.document import checklist_document
    from prep_tracker.services.checklist import read_checklist
    from prep_tracker.services.clinic import calendar_of

    day: date | None = None
    try:
        day = parse_day(as_of) if as_of is not None else None
    except ValueError as error:
        raise RefusedError(f"--as-of {as_of}: {error}.") from None
    with open_ready(load_settings()) as store:
        row = choose_clinic(store, clinic)
        desk = Desk(Actor(row.id, "system", "", "operator"), row, calendar_of(row), SystemClock().now())
        try:
            found = store.run_read(lambda connection: read_checklist(connection, desk, procedure, day))
            store.run_write(lambda connection: note(connection, desk, "R", "checklist.read", found.case.row))
        except NotFoundError:
            msg = f"{row.name} has no procedure {procedure}."
            raise RefusedError(msg, code=FAILED) from None
    chosen = words(choose_language(lang, None))
    document = checklist_document(found.case.checklist, found.status, chosen, procedure_id=procedure)
    if as_json:
        say_json(document)
        return
    show(document, chosen.text(found.case.checklist.rules.protocol.title), chosen)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes; it may not exist yet.")],
    as_json: Json = False,
) -> None:
    """Copy the database while it is in use, and verify the copy."""
    from prep_tracker.cli.database import load_settings, open_ready
    from prep_tracker.store.backup import BackupError
    from prep_tracker.store.backup import backup as copy

    settings = load_settings()
    with open_ready(settings):
        pass
    try:
        counts = copy(settings.database_url, file)
    except BackupError as error:
        raise RefusedError(str(error), code=FAILED) from None
    _tell("Copied", "to", file, counts, as_json=as_json)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy.")],
    as_json: Json = False,
) -> None:
    """Bring a copy back into a new, empty database, and verify it."""
    from prep_tracker.cli.database import load_settings
    from prep_tracker.store.backup import BackupError
    from prep_tracker.store.backup import restore as bring_back

    settings = load_settings()
    try:
        counts = bring_back(file, settings.database_url)
    except BackupError as error:
        raise RefusedError(str(error), code=FAILED) from None
    _tell("Restored", "from", file, counts, as_json=as_json)


def _tell(done: str, way: str, file: Path, counts: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        say_json({"file": str(file), "rows": counts, "verified": True})
        return
    rows = ", ".join(count(number, *ROWS[name]) for name, number in counts.items())
    say(f"{done} {way} {file} and verified: {rows}.")
