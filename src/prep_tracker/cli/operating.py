"""Do what an operator does before the service runs: make the database, a clinic, and its first key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prep_tracker.cli.database import load_settings, open_store, prepare
from prep_tracker.cli.out import RefusedError, say, say_json
from prep_tracker.clock import SystemClock, assert_zone
from prep_tracker.domain.errors import ConflictError
from prep_tracker.services.access import NewKey, add_key, new_clinic
from prep_tracker.store import clinics
from prep_tracker.store.migrate import newest, upgrade

if TYPE_CHECKING:
    from prep_tracker.store import Connection
    from prep_tracker.store.clinics import ClinicRow


def make_clinic(name: str, zone: str, person: str, *, as_json: bool) -> None:
    """Make a clinic and its admin key, both or nothing."""
    try:
        assert_zone(zone)
    except ValueError as error:
        raise RefusedError(f"--zone {zone}: {error}.") from None
    settings, now = load_settings(), SystemClock().now()

    def make(connection: Connection) -> tuple[ClinicRow, NewKey]:
        if any(clinic.is_demo for clinic in clinics.every(connection)):
            raise ConflictError(
                "This database is a demo. Name another one in PREP_DATABASE_URL for a clinic of your own."
            )
        clinic = new_clinic(connection, name, zone, now=now)
        return clinic, add_key(connection, clinic.id, "admin", person, now=now)

    with open_store(settings) as store:
        prepare(settings, store, now=now)
        clinic, key = store.run_write(make)
    if as_json:
        say_json({"clinic_id": clinic.id, "key": key.token})
        return
    say(f"Made {clinic.name} ({clinic.time_zone}), clinic {clinic.id}.")
    say(f"Admin key of {key.row.person}, shown only now:")
    say(f"  {key.token}")
    say("Start the service with: prep-tracker serve")


def bring_up_to_date(*, as_json: bool) -> None:
    """Migrate the database and store the protocols that are new in it."""
    settings = load_settings()
    with open_store(settings) as store:
        migrated, added = prepare(settings, store, now=SystemClock().now())
        if not migrated:
            upgrade(settings.database_url)  # gives PostgreSQL's roles their rights once more
    if as_json:
        say_json({"schema": newest(), "migrated": migrated, "protocols": added})
        return
    say(f"The database {'is now at' if migrated else 'was at'} schema {newest()}.")
    say(f"New protocols: {', '.join(added) or 'none'}.")
