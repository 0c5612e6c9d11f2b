"""Say for how long a clinic keeps what it knows of a patient, and from when on that is acted upon."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prep_tracker.store.clinics import ClinicRow

MONTHS, FROM = "retention_months", "retention_from"
DAYS_TO_THINK = 7
"""How long a clinic may take back a setting that erases more than before: nothing brings back what is erased."""


def months_of(clinic: ClinicRow) -> int | None:
    """Give for how many months the clinic keeps data; None: for ever."""
    months: int | None = clinic.settings.get(MONTHS)
    return months


def acts_from(clinic: ClinicRow) -> date | None:
    """Give the first day on which patients are erased by themselves; None where the clinic keeps all data."""
    first: str | None = clinic.settings.get(FROM)
    return None if months_of(clinic) is None or first is None else date.fromisoformat(first)


def chosen(clinic: ClinicRow, months: int | None, today: date) -> dict[str, Any]:
    """Give the settings for a new number of months; what erases more than before begins after days to think."""
    before = months_of(clinic)
    if months is None:
        return {MONTHS: None, FROM: None}
    if before is not None and months >= before:
        return {MONTHS: months}
    return {MONTHS: months, FROM: (today + timedelta(days=DAYS_TO_THINK)).isoformat()}
