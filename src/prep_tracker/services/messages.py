"""Show what was told of a procedure, what will be and what will not, each with why; and send something once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from prep_tracker.desk.case import Desk, note, note_other, open_case, plan_of
from prep_tracker.desk.telling import sending_of
from prep_tracker.domain.entries import Moved
from prep_tracker.domain.errors import Fault, InvalidError, NotFoundError
from prep_tracker.domain.record import fold
from prep_tracker.domain.reminders import Digest, digests
from prep_tracker.store import outbox, patients, procedures
from prep_tracker.store.message_rows import NewMessage, new_id

if TYPE_CHECKING:
    from prep_tracker.desk.case import Case
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.store import Connection
    from prep_tracker.store.message_rows import MessageRow
    from prep_tracker.store.patients import PatientRow

MOST_ROWS = 500
MOST_MOVES = 10
"""So many moves back it is said what each took away."""
Why = Literal["reminders-off", "no-consent", "no-address", "moved", "too-many"]
ENDLESS = 10**6


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A digest that is to come, or that will not: ``why`` says why not. ``checklist`` is the plan that it is of."""

    digest: Digest
    checklist: Checklist
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Messages:
    """All messages about a procedure: those that are kept, newest first, and those that are reckoned, by their day."""

    case: Case
    patient: PatientRow
    kept: Sequence[MessageRow]
    reckoned: Sequence[Reckoned]


def list_messages(connection: Connection, desk: Desk, procedure_id: str) -> Messages:
    """List what was sent, is planned, was dropped and failed. Raises ``NotFoundError``."""
    case = open_case(connection, desk, procedure_id)
    patient = patients.get(connection, desk.clinic.id, case.row.patient_id)
    kept = outbox.of_procedure(connection, desk.clinic.id, procedure_id, limit=MOST_ROWS)
    sent, last = outbox.reminded(connection, desk.clinic.id, procedure_id)
    first = case.today - 1 if last is None else max(case.today - 1, last.toordinal() + 1)
    planned = _planned(desk, case.checklist, patient, first, sent)
    taken = _taken_by_moves(connection, desk, case, patient, {one.digest.day for one in planned})
    return Messages(case, patient, kept, sorted((*planned, *taken), key=lambda one: one.digest.due_at))


def replay(connection: Connection, desk: Desk, procedure_id: str, message_id: str) -> MessageRow:
    """Plan a message again that was sent, dropped or could not be sent.

    Raises ``NotFoundError``, and ``ConflictError`` for one that is planned already or whose time has passed.
    """
    row = procedures.get(connection, desk.clinic.id, procedure_id)
    if outbox.get(connection, desk.clinic.id, message_id).procedure_id != procedure_id:
        raise NotFoundError
    again = outbox.replay(connection, desk.clinic.id, message_id, now=desk.now)
    note(connection, desk, "U", "message.replayed", row)
    desk.due.append(procedure_id)
    return again


def send_test(connection: Connection, desk: Desk, channel: Literal["email", "sms"], to: str, language: str) -> str:
    """Plan a message to an address of the clinic's own, to see whether messages arrive; gives its id."""
    if not to.strip():
        raise InvalidError(Fault("/to", "missing", "Say to which address."))
    message_id = new_id()
    test = NewMessage(message_id, "test", channel, {"to": to.strip(), "language": language}, desk.now)
    outbox.add(connection, desk.clinic.id, [test], now=desk.now)
    note_other(connection, desk, "C", "message.tested", "message", message_id, outcome=201)
    desk.due.append(message_id)
    return message_id


def _planned(desk: Desk, checklist: Checklist, patient: PatientRow, first: int, sent: int) -> list[Reckoned]:
    """Reckon what is still to come, and say of what will not come why."""
    sending = sending_of(desk.clinic, patient.time_zone)
    why: Why | None = None
    agreed = [way for way in ("email", "sms") if patient.messages.get(way)]
    if not sending.active:
        why = "reminders-off"
    elif not agreed:
        why = "no-consent"
    elif not any(patient.email if way == "email" else patient.phone for way in agreed):
        why = "no-address"
    sending = replace(sending, active=True)
    days = {digest.day for digest in digests(checklist, sending, first, sent=sent)}
    every = digests(checklist, replace(sending, most=ENDLESS), first, sent=sent)
    return [
        Reckoned(digest, checklist, why or (None if digest.day in days else "too-many"))
        for digest in every
        if digest.due_at > desk.now
    ]


def _taken_by_moves(
    connection: Connection, desk: Desk, case: Case, patient: PatientRow, planned: set[int]
) -> list[Reckoned]:
    """List the digests that would have come if the procedure had not been moved, those of days without another one."""
    entries = procedures.entries(connection, desk.clinic.id, case.row.id)
    moves = [entry for entry in entries if isinstance(entry, Moved)][-MOST_MOVES:]
    sending = sending_of(desk.clinic, patient.time_zone)
    found: dict[int, Reckoned] = {}
    for move in moves:
        before = plan_of(connection, desk, fold(entry for entry in entries if entry.seq < move.seq))
        for digest in digests(before, sending, move.said_on.toordinal()):
            if digest.due_at > move.at and digest.day not in planned:
                found[digest.day] = Reckoned(digest, before, "moved")
    return list(found.values())
