"""Make two invented clinics to try the service with: patients in every standing, dated by today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from prep_tracker.demo.acting import play
from prep_tracker.demo.people import ASTER, BIRCH, Story
from prep_tracker.domain.days import civil_day
from prep_tracker.domain.errors import ConflictError
from prep_tracker.services.access import add_key, new_clinic
from prep_tracker.store import clinics, erasure, staff_sessions

if TYPE_CHECKING:
    from prep_tracker.domain.actor import Role
    from prep_tracker.store import Connection
    from prep_tracker.store.clinics import ClinicRow

PEOPLE: Mapping[str, tuple[Role, str]] = MappingProxyType(
    {
        "coordinator": ("coordinator", "Ana"),
        "clinician": ("clinician", "Cleo"),
        "admin": ("admin", "Ada"),
        "integration": ("integration", "patient portal"),
    }
)
SCOPES = ("patients:read", "portal:mint", "procedures:read", "procedures:write", "scan")
DAYS_VALID = 120
MOST_DAYS_AHEAD = 90
"""How far somebody may travel: the keys outlast it."""
"""How long a demo's key lets in: each start makes new ones, since old ones are stored as hashes only."""
DATED = "demo_dated_on"
"""The setting that holds the day for which the stories were told; after travelling, none."""


@dataclass(frozen=True, slots=True)
class Place:
    """One invented clinic."""

    name: str
    zone: str
    holidays: Mapping[str, str]
    stories: tuple[Story, ...]


PLACES = (
    Place("Aster Skin Clinic (demo)", "Europe/Amsterdam", {"country": "NL"}, ASTER),
    Place("Birch Laser Center (demo)", "America/New_York", {"country": "US", "region": "NY"}, BIRCH),
)


@dataclass(frozen=True, slots=True)
class Demo:
    """The invented clinics, the first with new keys by role; ``is_new`` says whether they were made just now."""

    clinic: ClinicRow
    other: ClinicRow
    keys: Mapping[str, str]
    other_key: str
    """A coordinator's key of the second clinic, which must see nothing of the first."""
    is_new: bool


def open_demo(connection: Connection, *, now: datetime) -> Demo:
    """Make the demo in an empty database, or find it, bring it to today, and make new keys.

    Raises ``ConflictError`` in a database with clinics of its own: invented patients have no place beside real ones.
    """
    found = clinics.every(connection)
    if any(not clinic.is_demo for clinic in found):
        msg = "This database has clinics of its own. A demo needs an empty one: name another in PREP_DATABASE_URL."
        raise ConflictError(msg)
    is_new = not found
    if is_new:
        for place in PLACES:
            row = new_clinic(connection, place.name, place.zone, now=now, is_demo=True)
            clinics.change(connection, row.id, replace(row, settings={"holidays": dict(place.holidays)}))
    redate(connection, now)
    by_name = {row.name: row for row in clinics.every(connection)}
    first, second = (by_name[place.name] for place in PLACES)
    until = now + timedelta(days=DAYS_VALID)

    def key(clinic: ClinicRow, role: Role, person: str) -> str:
        scopes = SCOPES if role == "integration" else ()
        made = add_key(
            connection, clinic.id, role, person, now=now, environment="demo", scopes=scopes, expires_at=until
        )
        return made.token

    keys = {name: key(first, role, f"{person} of Aster") for name, (role, person) in PEOPLE.items()}
    return Demo(first, second, keys, key(second, "coordinator", "Ben of Birch"), is_new)


def redate(connection: Connection, now: datetime) -> bool:
    """Tell the stories again, dated by today, where a day has passed since they were told; say whether one was."""
    told = False
    places = {place.name: place for place in PLACES}
    for row in clinics.every(connection):
        today = civil_day(now, row.time_zone)
        place = places.get(row.name) if row.is_demo else None
        if place is None or row.settings.get(DATED) == today.isoformat():
            continue
        erasure.empty(connection, row.id)
        changed = replace(row, settings={**row.settings, DATED: today.isoformat()})
        clinics.change(connection, row.id, changed)
        noon = datetime.combine(today, time(12), ZoneInfo(row.time_zone)).astimezone(UTC)
        for story in place.stories:
            play(connection, changed, story, noon)
        told = True
    return told


def first_clinic(connection: Connection) -> ClinicRow:
    """Give the clinic whose patients the demo's portal shows."""
    return next(row for row in clinics.every(connection) if row.name == PLACES[0].name)


def travelled(connection: Connection, clinic_id: str, *, now: datetime) -> None:
    """Note that somebody has gone ahead, so that the next start tells the stories again; whoever is signed in stays."""
    for row in clinics.every(connection):
        clinics.change(connection, row.id, replace(row, settings={**row.settings, DATED: None}))
    staff_sessions.stretch(connection, clinic_id, now, now + timedelta(hours=12))


__all__ = ["MOST_DAYS_AHEAD", "Demo", "first_clinic", "open_demo", "redate", "travelled"]
