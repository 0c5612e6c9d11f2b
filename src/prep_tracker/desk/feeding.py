"""Count what a clinic changes that its patients' calendars show, so that calendars fetch it and take it for newer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prep_tracker.store.clinics import ClinicRow

CHANGES, CHANGED_AT = "calendars_changed", "calendars_changed_at"


def changed(clinic: ClinicRow, now: datetime) -> dict[str, Any]:
    """Give what to keep in the clinic's settings when something changes that calendars show: one change more, now."""
    return {CHANGES: changes(clinic) + 1, CHANGED_AT: now.isoformat()}


def changes(clinic: ClinicRow) -> int:
    """Say how often the clinic has changed something that calendars show; the number only rises."""
    return int(clinic.settings.get(CHANGES, 0))


def changed_at(clinic: ClinicRow) -> datetime | None:
    """Give the instant of the last such change; None: there was none."""
    found = clinic.settings.get(CHANGED_AT)
    return None if found is None else datetime.fromisoformat(found)
