"""Keep a clinic's own settings, and its calendar with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from prep_tracker.desk import feeding, retaining, telling
from prep_tracker.desk.case import Desk, note_other, replan
from prep_tracker.domain.days import Calendar
from prep_tracker.domain.errors import Fault, InvalidError
from prep_tracker.domain.web_link import fault_of_link
from prep_tracker.store import attending, clinics

if TYPE_CHECKING:
    from prep_tracker.store import Connection
    from prep_tracker.store.clinics import ClinicRow

DEFAULTS: Mapping[str, Any] = {
    "contact": {"phone": None, "email": None, "address": None},
    "holidays": None,
    "closing_days": [],
    "sender": None,
    "origins": [],
    "chase_days": 3,
    "retention_months": None,
    "portal_birth_date": False,
    "calendar_titles": "neutral",
    "patient_url": None,
    **telling.MESSAGE_DEFAULTS,
}
"""What a clinic has before it says otherwise. ``chase_days``: how many days before it is due a task is chased.

``portal_birth_date``: whether a link asks for the patient's date of birth, where the clinic has it.
``calendar_titles``: whether calendars say what there is to do (full) or only that there is something (neutral).
``patient_url``: where its patients find their list; None: on this service's own page.
``reminders`` and what follows it: see ``desk.telling``.
``retention_months``: for how long patients are kept after their last procedure; None: for ever.
"""
YEARS = range(2020, 2041)
REMINDED_BY = frozenset({"time_zone", "holidays", "closing_days", "chase_days", *telling.MESSAGE_DEFAULTS})
"""Settings on which it depends when a patient is reminded next."""
SHOWN_BY = frozenset({"name", "time_zone", "holidays", "closing_days", "calendar_titles", "patient_url"})
"""Settings on which it depends what stands in the patients' own calendars."""


def settings_of(clinic: ClinicRow) -> dict[str, Any]:
    """Give all settings of a clinic, with the defaults of those that it has not set."""
    return {name: clinic.settings.get(name, default) for name, default in DEFAULTS.items()}


def calendar_of(clinic: ClinicRow) -> Calendar:
    """Give the clinic's calendar: its zone, public holidays and closing days."""
    chosen = clinic.settings.get("holidays") or {}
    return _calendar(
        clinic.time_zone,
        chosen.get("country"),
        chosen.get("region"),
        tuple(clinic.settings.get("closing_days") or ()),
    )


@lru_cache(maxsize=1024)
def _calendar(zone: str, country: str | None, region: str | None, closing: tuple[str, ...]) -> Calendar:
    closed = {date.fromisoformat(day).toordinal() for day in closing}
    if country is not None:
        import holidays

        public = holidays.country_holidays(country, subdiv=region, years=YEARS)
        closed |= {day.toordinal() for day in public}
    return Calendar(zone, frozenset(closed))


def holiday_faults(country: str, region: str | None) -> list[Fault]:
    """Check a country and region for public holidays, by their ISO 3166 codes."""
    import holidays

    known = holidays.list_supported_countries()
    if country not in known:
        return [Fault("/holidays/country", "unknown-country", "Send a country by its two letters, for example NL.")]
    if region is not None and region not in known[country]:
        some = ", ".join(known[country][:12]) or "none"
        return [Fault("/holidays/region", "unknown-region", f"Send a region of {country}: {some}. Or leave it out.")]
    return []


def change_clinic(connection: Connection, desk: Desk, fields: Mapping[str, Any]) -> ClinicRow:
    """Change the settings that are given. Where the calendar changes, every booked procedure is reckoned anew."""
    if not fields:
        raise InvalidError(Fault("", "empty", "Send at least one setting to change."))
    chosen = fields.get("holidays")
    faults = holiday_faults(chosen["country"], chosen.get("region")) if chosen else []
    own_portal = fields.get("patient_url")
    wrong = None if own_portal is None else fault_of_link(own_portal, demo=desk.clinic.is_demo)
    if wrong is not None:
        faults.append(Fault("/patient_url", "not-a-link", wrong))
    if faults:
        raise InvalidError(*faults)
    row = clinics.get(connection, desk.clinic.id, lock=True)
    own = {name: value for name, value in fields.items() if name not in {"name", "time_zone"}}
    if retaining.MONTHS in fields:
        own |= retaining.chosen(row, fields[retaining.MONTHS], desk.today)
    if fields.keys() & {"time_zone", "holidays", "closing_days"}:
        own["calendar"] = int(row.settings.get("calendar", 0)) + 1
    if fields.keys() & SHOWN_BY:
        own |= feeding.changed(row, desk.now)
    changed = replace(
        row,
        name=fields.get("name", row.name),
        time_zone=fields.get("time_zone", row.time_zone),
        settings={**row.settings, **own},
    )
    if fields.keys() & {"remind_at", "quiet"} and telling.is_quiet(changed):
        message = "This lies within the quiet hours. Choose another hour, or change quiet."
        raise InvalidError(Fault("/remind_at" if "remind_at" in fields else "/quiet", "in-quiet-hours", message))
    clinics.change(connection, desk.clinic.id, changed)
    note_other(connection, desk, "U", "clinic.changed", "clinic", desk.clinic.id)
    if calendar_of(changed) != desk.calendar:
        replan(connection, replace(desk, clinic=changed, calendar=calendar_of(changed)))
    if fields.keys() & REMINDED_BY:
        attending.attend_soon(connection, desk.clinic.id, now=desk.now)
    return changed
