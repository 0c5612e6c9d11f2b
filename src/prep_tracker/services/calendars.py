"""Put a procedure's days into the patient's own calendar: by a secret address that stays up to date, or once."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from prep_tracker.desk import feeding
from prep_tracker.desk.case import Desk, note, plan_of
from prep_tracker.domain import entries as e
from prep_tracker.domain.record import fold
from prep_tracker.exports.ics import EDITION, shown
from prep_tracker.store import calendars, procedures
from prep_tracker.store.calendars import FeedRow

if TYPE_CHECKING:
    from prep_tracker.domain.entries import Entry
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.store import Connection
    from prep_tracker.store.clinics import ClinicRow

TITLES = "calendar_titles"
QUIET = (e.Exposed, e.Waived, e.GateOpened, e.Cleared, e.ClearanceRemoved, e.Ended)
"""What is said that leaves every step on its days."""


@dataclass(frozen=True, slots=True)
class Days:
    """What a calendar shows: the plan, the steps that had a day once and have none now, and when it last changed.

    ``version`` is that of the record, and ``sequence`` a number that rises with everything that changes a calendar.
    """

    procedure_id: str
    checklist: Checklist
    gone: frozenset[str]
    version: int
    sequence: int
    changed_at: datetime


def make_feed(connection: Connection, desk: Desk, procedure_id: str, language: str) -> str:
    """Make a calendar's secret, shown only now. Raises ``NotFoundError``."""
    row = procedures.get(connection, desk.clinic.id, procedure_id)
    secret = secrets.token_urlsafe(32)
    calendars.add(
        connection, desk.clinic.id, FeedRow(_hash(secret), desk.clinic.id, procedure_id, language, desk.now, None)
    )
    note(connection, desk, "C", "calendar.made", row, 201)
    return secret


def revoke_feeds(connection: Connection, desk: Desk, procedure_id: str) -> None:
    """End all calendars of a procedure: their addresses lead nowhere from now on. Raises ``NotFoundError``."""
    row = procedures.get(connection, desk.clinic.id, procedure_id)
    calendars.revoke(connection, desk.clinic.id, procedure_id, desk.now)
    note(connection, desk, "D", "calendar.revoked", row, 204)


def find_feed(connection: Connection, secret: str) -> FeedRow | None:
    """Give what a secret address leads to; None for one that is unknown or has ended."""
    found = calendars.find(connection, _hash(secret))
    return found if found is not None and found.revoked_at is None else None


def version_of(connection: Connection, desk: Desk, procedure_id: str) -> int:
    """Give the version of the record, on which with the clinic's settings it depends what a calendar shows.

    Raises ``NotFoundError``.
    """
    return procedures.get(connection, desk.clinic.id, procedure_id).version


def is_neutral(clinic: ClinicRow) -> bool:
    """Say whether a clinic's calendars say only that there is something."""
    return bool(clinic.settings.get(TITLES, "neutral") == "neutral")


def read_days(connection: Connection, desk: Desk, procedure_id: str) -> Days:
    """Read what a calendar shows. Raises ``NotFoundError``."""
    entries = procedures.load(connection, desk.clinic.id, procedure_id).entries()
    checklist = plan_of(connection, desk, fold(entries))
    neutral = is_neutral(desk.clinic)
    # A clinic that has chosen may have chosen otherwise before: what either way showed is somewhere in a calendar.
    ways = (True, False) if TITLES in desk.clinic.settings else (neutral,)
    plans = [checklist]
    plans += [plan_of(connection, desk, fold(entries[:end])) for end in range(1, len(entries)) if _moves(entries[end])]
    once = {one.step for plan in plans for way in ways for one in shown(plan, neutral=way)}
    now = {one.step for one in shown(checklist, neutral=neutral)}
    version = checklist.record.version
    changed_at = max(entries[-1].at, feeding.changed_at(desk.clinic) or entries[-1].at)
    sequence = version + feeding.changes(desk.clinic) + EDITION
    return Days(procedure_id, checklist, frozenset(once - now), version, sequence, changed_at)


def _moves(entry: Entry) -> bool:
    """Say whether an entry can change which steps have a day, or which: most of a record are marks, which do not."""
    return not isinstance(entry, QUIET) and not (isinstance(entry, e.Marked) and entry.mark != "done")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
