"""Show what was told of a procedure, what will be and what will not, each with why; and send something once more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from prep_tracker.catalog.speaking import choose_language, words
from prep_tracker.channels import Outgoing
from prep_tracker.desk.case import Desk, note, note_other, open_case, plan_of
from prep_tracker.desk.letterhead import addresses
from prep_tracker.desk.telling import sending_of
from prep_tracker.domain import people
from prep_tracker.domain.entries import Ended, Moved
from prep_tracker.domain.errors import ConflictError, Fault, InvalidError, NotFoundError
from prep_tracker.domain.record import fold
from prep_tracker.domain.reminders import Digest, digest_of, digests
from prep_tracker.exports.messages import Letterhead, write_test
from prep_tracker.store import outbox, patients, procedures
from prep_tracker.store.message_rows import new_id

if TYPE_CHECKING:
    from prep_tracker.desk.case import Case
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.store import Connection
    from prep_tracker.store.message_rows import MessageRow
    from prep_tracker.store.patients import PatientRow

MOST_ROWS = 500
MOST_CHANGES = 10
"""So many moves back, and the end, it is said what each took away."""
Why = Literal["reminders-off", "no-consent", "no-address", "moved", "ended", "too-many"]
ENDLESS = 10**6
OFF = "The endpoint was taken away or turned off. Turn it on first (active: true)."
NO_CONSENT = "The patient does not want messages this way, so it is not sent once more."
NO_ADDRESS = "There is no address of the patient to send it to."
NOTHING_LEFT = "Nothing of it holds any more: it was answered, moved or ended meanwhile."


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
    again: frozenset[str]
    """The ids of those that ``replay`` would plan again."""


def list_messages(connection: Connection, desk: Desk, procedure_id: str) -> Messages:
    """List what was sent, is planned, was dropped and failed. Raises ``NotFoundError``."""
    case = open_case(connection, desk, procedure_id)
    patient = patients.get(connection, desk.clinic.id, case.row.patient_id)
    kept = outbox.of_procedure(connection, desk.clinic.id, procedure_id, limit=MOST_ROWS)
    sent, last = outbox.reminded(connection, desk.clinic.id, procedure_id)
    first = case.today - 1 if last is None else max(case.today - 1, last.toordinal() + 1)
    planned = _planned(desk, case, patient, first, sent)
    taken = _taken_away(connection, desk, case, patient, {one.digest.day for one in planned})
    reckoned = sorted((*planned, *taken), key=lambda one: one.digest.due_at)
    looked = _look(connection, desk, case.checklist, patient)
    again = frozenset(row.id for row in kept if looked.why_not(row) is None)
    return Messages(case, patient, kept, reckoned, again)


def list_failed(connection: Connection, desk: Desk) -> list[MessageRow]:
    """List the last messages of the clinic that could not be sent, newest first."""
    return outbox.failed(connection, desk.clinic.id, limit=MOST_ROWS)


def replay(connection: Connection, desk: Desk, procedure_id: str, message_id: str) -> MessageRow:
    """Plan a message again that was sent, dropped or could not be sent.

    Raises ``NotFoundError``, and ``ConflictError`` for one that is planned already, whose time has passed, or that
    would not be sent: consent, the address, the endpoint and what it says are looked at now.
    """
    case = open_case(connection, desk, procedure_id)
    row = outbox.get(connection, desk.clinic.id, message_id)
    if row.procedure_id != procedure_id:
        raise NotFoundError
    patient = patients.get(connection, desk.clinic.id, case.row.patient_id)
    wrong = _look(connection, desk, case.checklist, patient).why_not(row)
    if wrong is not None:
        raise ConflictError(wrong)
    again = outbox.replay(connection, desk.clinic.id, message_id, now=desk.now)
    note(connection, desk, "U", "message.replayed", case.row)
    desk.due.append(procedure_id)
    return again


def write_trial(
    connection: Connection, desk: Desk, channel: Literal["email", "sms"], to: str, language: str
) -> Outgoing:
    """Write a message about nobody to an address of the clinic's own; whoever asked for it sends it, and keeps nothing.

    Raises ``InvalidError`` for what is no address.
    """
    to = to.strip()
    if not (people.is_email(to) if channel == "email" else people.is_phone(to)):
        raise InvalidError(Fault("/to", "address", people.EMAIL_LIKE if channel == "email" else people.PHONE_LIKE))
    sender = desk.clinic.settings.get("sender") or {}
    name = sender.get("name") or desk.clinic.name
    written = write_test(words(choose_language(language, None)), Letterhead(name, ""))
    trial = Outgoing(
        id=new_id(),
        clinic_id=desk.clinic.id,
        topic="test",
        to=to,
        created_at=desk.now,
        sender_name=name,
        sender_address=sender.get("email"),
        language=language,
        subject=written.subject if channel == "email" else "",
        text=written.text if channel == "email" else written.sms,
        html=written.html if channel == "email" else None,
    )
    note_other(connection, desk, "E", "message.tested", "message", trial.id)
    return trial


@dataclass(frozen=True, slots=True)
class _Look:
    """What decides whether a message would be sent if it was planned once more; ``on``: the endpoints that are told."""

    desk: Desk
    checklist: Checklist
    patient: PatientRow
    on: Collection[str]

    def why_not(self, row: MessageRow) -> str | None:
        """Say why it would not be; None: it would."""
        wrong = row.why_not_again(self.desk.now)
        if wrong is not None:
            return wrong
        if row.channel == "webhook":
            return None if row.endpoint_id in self.on else OFF
        agreed = addresses(self.patient)
        if row.channel not in agreed:
            return NO_CONSENT
        if not agreed[row.channel]:
            return NO_ADDRESS
        sending = sending_of(self.desk.clinic, self.patient.time_zone)
        digest = None if row.day is None else digest_of(self.checklist, sending, row.day.toordinal())
        return NOTHING_LEFT if digest is None or digest.not_after <= self.desk.now else None


def _look(connection: Connection, desk: Desk, checklist: Checklist, patient: PatientRow) -> _Look:
    return _Look(desk, checklist, patient, {one.id for one in outbox.wanting(connection, desk.clinic.id)})


def _planned(desk: Desk, case: Case, patient: PatientRow, first: int, sent: int) -> list[Reckoned]:
    """Reckon what is still to come, and say of what will not come why."""
    checklist, next_at = case.checklist, case.row.attend_at
    sending = sending_of(desk.clinic, patient.time_zone)
    why: Why | None = None
    agreed = addresses(patient)
    if not sending.active:
        why = "reminders-off"
    elif not agreed:
        why = "no-consent"
    elif not any(agreed.values()):
        why = "no-address"
    sending = replace(sending, active=True)
    days = {digest.day for digest in digests(checklist, sending, first, sent=sent)}
    every = digests(checklist, replace(sending, most=ENDLESS), first, sent=sent)
    found = []
    for digest in every:
        due_at = digest.due_at
        if due_at <= desk.now and next_at is not None:  # what was said meanwhile is said a while later
            due_at = max(next_at, desk.now)
        if desk.now <= due_at < digest.not_after and (due_at > desk.now or next_at is not None):
            shown = replace(digest, due_at=due_at)
            found.append(Reckoned(shown, checklist, why or (None if digest.day in days else "too-many")))
    return found


def _taken_away(
    connection: Connection, desk: Desk, case: Case, patient: PatientRow, planned: set[int]
) -> list[Reckoned]:
    """List the digests that moves and the end took away, those of days on which no other one is to come."""
    entries = procedures.entries(connection, desk.clinic.id, case.row.id)
    changes = [entry for entry in entries if isinstance(entry, Moved | Ended)][-MOST_CHANGES:]
    sending = sending_of(desk.clinic, patient.time_zone)
    found: dict[int, Reckoned] = {}
    for change in changes:
        before = plan_of(connection, desk, fold(entry for entry in entries if entry.seq < change.seq))
        for digest in digests(before, sending, change.said_on.toordinal()):
            if digest.due_at > change.at and digest.day not in planned:
                found[digest.day] = Reckoned(digest, before, "moved" if isinstance(change, Moved) else "ended")
    return list(found.values())
