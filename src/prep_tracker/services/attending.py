"""Attend to a procedure when its time has come: remind the patient, tell the clinic's systems, and plan the next time.

All of it is reckoned now, from what has been said by now, and kept in one transaction: nothing that was planned
earlier can be stale, and nobody is reminded twice of one day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from prep_tracker.desk.case import Desk, plan_at
from prep_tracker.desk.letterhead import addresses
from prep_tracker.desk.telling import attend_at, passed, sending_of, tell_turn
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.days import civil_day
from prep_tracker.domain.reminders import digest_of, digests
from prep_tracker.store import attending, clinics, outbox, patients
from prep_tracker.store.message_rows import NewMessage, new_id

if TYPE_CHECKING:
    from prep_tracker.domain.days import Calendar
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.domain.reminders import Digest
    from prep_tracker.store import Connection
    from prep_tracker.store.clinics import ClinicRow
    from prep_tracker.store.message_rows import ChannelName
    from prep_tracker.store.patients import PatientRow
    from prep_tracker.store.procedures import ProcedureRow

TOO_LATE = "Its day had passed before it could be sent."
NO_ADDRESS = "The patient has agreed to messages, but there is no address to send them to."


def attend(
    connection: Connection,
    clinic_id: str,
    procedure_id: str,
    calendar_of: Callable[[ClinicRow], Calendar],
    *,
    now: datetime,
) -> bool:
    """Do for a procedure whatever is due by now. False: there is nothing to do any more, or somebody else does it."""
    row = attending.take(connection, clinic_id, procedure_id, now=now)
    if row is None or row.attend_at is None:
        return False
    clinic = clinics.get(connection, clinic_id)
    desk = Desk(Actor(clinic_id, "system", "", "prep-tracker worker"), clinic, calendar_of(clinic), now)
    _, checklist = plan_at(connection, desk, row.id, row.version)
    patient = patients.get(connection, clinic_id, row.patient_id)
    _remind(connection, desk, row, checklist, patient)
    _tell(connection, desk, row, checklist)
    attending.attend_at(connection, clinic_id, row.id, attend_at(clinic, checklist, patient.time_zone, now, said=False))
    return True


def _remind(connection: Connection, desk: Desk, row: ProcedureRow, checklist: Checklist, patient: PatientRow) -> None:
    """Plan the digests that are due since the procedure was to be attended to; what has missed its day is dropped."""
    ways = addresses(patient)
    begin, sending = row.attend_at or desk.now, sending_of(desk.clinic, patient.time_zone)
    first = civil_day(begin, sending.zone).toordinal()
    over = digest_of(checklist, sending, first)
    if over is not None and over.not_after <= begin:
        first += 1  # or it would count towards the clinic's most
    sent, last = outbox.reminded(connection, desk.clinic.id, row.id) if ways else (0, None)
    if last is not None:
        first = max(first, last.toordinal() + 1)
    today = civil_day(desk.now, sending.zone).toordinal()
    over = digest_of(checklist, sending, today)
    opens = today if over is None or over.not_after > desk.now else today + 1
    passed = [digest for digest in digests(checklist, sending, first, sent=sent) if digest.day < opens]
    new: list[NewMessage] = []
    # What has missed its time takes no place among the clinic's most.
    for digest in (*passed, *digests(checklist, sending, max(first, opens), sent=sent)):
        if digest.due_at > desk.now or not ways:
            break
        if digest.not_after <= desk.now:
            new.append(_message(row, digest, "patient", desk.now, TOO_LATE))
        elif not any(ways.values()):
            new.append(_message(row, digest, "patient", desk.now, NO_ADDRESS))
        else:
            new += [_message(row, digest, way, desk.now) for way, address in ways.items() if address]
    outbox.add(connection, desk.clinic.id, new, now=desk.now)


def _message(
    row: ProcedureRow, digest: Digest, channel: ChannelName, now: datetime, dropped: str | None = None
) -> NewMessage:
    return NewMessage(
        id=new_id(),
        topic="reminder",
        channel=channel,
        body=lines_document(digest),
        due_at=now,
        procedure_id=row.id,
        day=date.fromordinal(digest.day),
        not_after=digest.not_after,
        status="planned" if dropped is None else "dropped",
        reason=dropped,
    )


def lines_document(digest: Digest) -> dict[str, Any]:
    """Write what a digest is about, without a word of it."""
    return {"lines": [{"kind": line.kind, "step": line.step or None} for line in digest.lines]}


def _tell(connection: Connection, desk: Desk, row: ProcedureRow, checklist: Checklist) -> None:
    """Tell the clinic's systems where a day has begun on which the procedure stands otherwise."""
    event = passed(checklist, row.attend_at or desk.now, desk.today.toordinal())
    if event is not None:
        tell_turn(connection, row, desk.clinic.id, event, now=desk.now)
