"""Put a procedure's days into the patient's own calendar: by a secret address that stays up to date, or once."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from prep_tracker.desk.case import Desk, note, plan_of
from prep_tracker.domain.record import fold
from prep_tracker.exports.ics import shown_steps
from prep_tracker.store import calendars, procedures
from prep_tracker.store.calendars import FeedRow

if TYPE_CHECKING:
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.store import Connection

MOST_LOOKED_BACK = 200
"""Over how many of the newest entries it is looked for days that were there once."""


@dataclass(frozen=True, slots=True)
class Days:
    """What a calendar shows: the plan, the steps that had a day once and have none now, and when it last changed."""

    procedure_id: str
    checklist: Checklist
    gone: frozenset[str]
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


def read_days(connection: Connection, desk: Desk, procedure_id: str) -> Days:
    """Read what a calendar shows. Raises ``NotFoundError``."""
    entries = procedures.load(connection, desk.clinic.id, procedure_id).entries()
    checklist = plan_of(connection, desk, fold(entries))
    shown = shown_steps(checklist)
    once: set[str] = set()
    for end in range(max(1, len(entries) - MOST_LOOKED_BACK), len(entries)):
        once |= shown_steps(plan_of(connection, desk, fold(entries[:end])))
    return Days(procedure_id, checklist, frozenset(once - shown), entries[-1].at)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
