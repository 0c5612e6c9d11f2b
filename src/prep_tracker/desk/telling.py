"""Plan what is to be sent because of what was said, in the transaction in which it was said.

Of reminders only the instant of the next one is kept, on the procedure's own row: what it says is reckoned when it is
due. Of events a message is added for each system that wants to be told; what staff do waits for two minutes, and what
they take back meanwhile is told to nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from prep_tracker.domain.actor import STAFF
from prep_tracker.domain.days import civil_day
from prep_tracker.domain.entries import Withdrawn
from prep_tracker.domain.events import UNDOABLE, Event, happened, turned, turns
from prep_tracker.domain.reminders import Sending, digests, instant, next_at
from prep_tracker.store import outbox, patients
from prep_tracker.store.message_rows import NewMessage, lane_of, new_id

if TYPE_CHECKING:
    from prep_tracker.desk.case import Desk
    from prep_tracker.domain.change import Change
    from prep_tracker.domain.entries import Entry
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.domain.reminders import Digest
    from prep_tracker.store import Connection
    from prep_tracker.store.clinics import ClinicRow
    from prep_tracker.store.message_rows import EndpointRow, MessageRow
    from prep_tracker.store.patients import PatientRow
    from prep_tracker.store.procedures import ProcedureRow

UNDO = timedelta(minutes=2)
"""How long what staff do waits before others are told."""
TAKEN_BACK = "It was taken back before anybody was told."
MESSAGE_DEFAULTS: Mapping[str, Any] = {
    "reminders": True,
    "remind_at": "09:00",
    "quiet": {"from": "21:00", "to": "08:00"},
    "most_messages": 20,
    "plain_subjects": True,
}
"""How a clinic reminds before it says otherwise.

``remind_at``: the hour of the patient's wall clock. ``quiet``: from when until when nobody is disturbed; None: never.
``most_messages``: days on which a procedure reminds. ``plain_subjects``: subjects say nothing about the treatment.
"""


def setting(clinic: ClinicRow, name: str) -> Any:  # noqa: ANN401 - a setting's own type
    """Give a clinic's setting about messages, or what holds before it says otherwise."""
    return clinic.settings.get(name, MESSAGE_DEFAULTS[name])


def sending_of(clinic: ClinicRow, zone: str | None) -> Sending:
    """Say how a clinic reminds a patient who lives in this time zone; None: in the clinic's."""
    quiet = setting(clinic, "quiet")
    return Sending(
        zone or clinic.time_zone,
        setting(clinic, "remind_at"),
        None if quiet is None else (quiet["from"], quiet["to"]),
        setting(clinic, "most_messages"),
        clinic.settings.get("chase_days", 3),
        setting(clinic, "reminders"),
    )


def is_quiet(clinic: ClinicRow) -> bool:
    """Say whether a clinic's hour for reminders lies within its quiet hours."""
    sending = sending_of(clinic, None)
    if sending.quiet is None:
        return False
    rest, wake = sending.quiet
    return rest <= sending.at < wake if rest <= wake else sending.at >= rest or sending.at < wake


def attend_at(
    clinic: ClinicRow,
    checklist: Checklist,
    zone: str | None,
    now: datetime,
    was: datetime | None = None,
    *,
    said: bool = True,
) -> datetime | None:
    """Give the next instant at which there is something to do about a procedure by itself; None: never again.

    A reminder is due, or a day begins on which it may stand otherwise. ``was`` is what was planned before: what is due
    already and has not been attended to is not put off. Without ``said``, all that is due by now has been attended to.
    """
    today = civil_day(now, clinic.time_zone).toordinal()
    # Where the patient lives, it may still be yesterday.
    due_at = next_at(checklist, sending_of(clinic, zone), today - 1, now, said=said)
    turn = next((day for day in turns(checklist) if day > today), None)
    found = [] if due_at is None else [due_at]
    if turn is not None:
        found.append(instant(turn, 0, checklist.calendar.zone))
    if was is not None and was <= now and (found or checklist.record.ended is None):
        found.append(was)
    return min(found, default=None)


def with_messages(connection: Connection, desk: Desk, patient_id: str, done: Change) -> Change:
    """Say of a change which reminders it takes away and which it brings."""
    patient = patients.get(connection, desk.clinic.id, patient_id)
    dropped, planned = changed_digests(desk, patient, done.before, done.after)
    return replace(done, dropped=dropped, planned=planned)


def changed_digests(
    desk: Desk, patient: PatientRow, before: Checklist, after: Checklist
) -> tuple[tuple[Digest, ...], tuple[Digest, ...]]:
    """Give the reminders to come that only the plan before has, and those that only the one after has.

    None where the patient wants no messages.
    """
    if not any(patient.messages.values()):
        return (), ()
    sending, first = sending_of(desk.clinic, patient.time_zone), desk.today.toordinal() - 1
    old, new = (
        {(digest.day, digest.lines): digest for digest in digests(one, sending, first) if digest.not_after > desk.now}
        for one in (before, after)
    )
    # Of a day whose hour has passed was spoken then, if there was anything to say; else it is yet.
    spoken = {digest.day for digest in old.values() if digest.due_at <= desk.now}
    dropped = tuple(digest for key, digest in old.items() if key not in new and digest.day not in spoken)
    return dropped, tuple(digest for key, digest in new.items() if key not in old and digest.day not in spoken)


def tell(
    connection: Connection,
    desk: Desk,
    row: ProcedureRow,
    before: Checklist | None,
    after: Checklist,
    new: Sequence[Entry],
) -> None:
    """Plan to tell the clinic's systems what new entries have brought about; ``before`` is None for a booking."""
    endpoints = outbox.wanting(connection, desk.clinic.id)
    if not endpoints:
        return
    waits = desk.actor.role in STAFF
    events = happened(before, after, new, desk.today.toordinal())
    if before is not None and row.attend_at is not None and row.attend_at <= desk.now:
        turn = passed(before, row.attend_at, desk.today.toordinal())
        events = events if turn is None else (turn, *events)
    withdrawn = {entry.entry for entry in new if isinstance(entry, Withdrawn)}
    found: list[NewMessage] = []
    for endpoint in endpoints:
        wanted = _wanted(endpoint, events)
        planned: list[MessageRow] = []
        if before is not None and wanted:
            planned = outbox.planned_in(connection, desk.clinic.id, [lane_of(row.id, endpoint.id)])
        told = [event for event in wanted if not _undone(connection, desk, planned, event, withdrawn)]
        found += messages_for(row, endpoint, told, planned, desk.now + UNDO if waits else desk.now)
    outbox.add(connection, desk.clinic.id, found, now=desk.now)
    if found and not waits:
        desk.due.append(row.id)


def passed(checklist: Checklist, since: datetime, today: int) -> Event | None:
    """Say that a procedure stands otherwise because days have begun, since an instant and since anything was said.

    Whatever is said tells first of the days that had begun by then: from what it led to nobody is told otherwise.
    """
    zone, last = checklist.calendar.zone, checklist.record.last_on
    begun = [day for day in turns(checklist) if last < day <= today and instant(day, 0, zone) >= since]
    return turned(checklist, begun[0] - 1, today) if begun else None


def tell_turn(connection: Connection, row: ProcedureRow, clinic_id: str, event: Event, *, now: datetime) -> None:
    """Plan to tell the clinic's systems that a procedure stands otherwise because days have passed."""
    found: list[NewMessage] = []
    for endpoint in outbox.wanting(connection, clinic_id):
        if _wanted(endpoint, [event]):
            planned = outbox.planned_in(connection, clinic_id, [lane_of(row.id, endpoint.id)])
            found += messages_for(row, endpoint, [event], planned, now)
    outbox.add(connection, clinic_id, found, now=now)


def messages_for(
    row: ProcedureRow, endpoint: EndpointRow, events: Sequence[Event], planned: Sequence[MessageRow], due_at: datetime
) -> list[NewMessage]:
    """Make the messages that tell an endpoint of events, behind what is planned for it about this procedure.

    They are due no sooner than what they have to wait for anyway, so that nobody looks at them in vain.
    """
    due_at = max([due_at, *(other.due_at for other in planned)])
    return [
        NewMessage(
            id=new_id(),
            topic=event.type,
            channel="webhook",
            body={
                "patient_id": row.patient_id,
                "version": event.version,
                "entry": event.entry,
                "details": dict(event.details),
            },
            due_at=due_at,
            procedure_id=row.id,
            endpoint_id=endpoint.id,
            waits_for=planned[-1].number if planned else None,
        )
        for event in events
    ]


def _wanted(endpoint: EndpointRow, events: Sequence[Event]) -> list[Event]:
    return [event for event in events if not endpoint.events or event.type in endpoint.events]


def _undone(
    connection: Connection, desk: Desk, planned: list[MessageRow], event: Event, withdrawn: Collection[int]
) -> bool:
    """Say whether an event takes back something of which nobody has been told, and drop that where it does."""
    waiting = [row for row in planned if row.attempts == 0 and not row.history]  # sent again is told already
    if event.type in UNDOABLE:
        last = [row for row in waiting if row.topic == event.type][-1:]
        back = [row for row in last if _leads_back(row.body["details"], event.details)]
    else:
        said = [row for row in waiting if row.topic == event.type] if "withdrawn" in event.details else []
        back = [row for row in said if row.body["entry"] in withdrawn]
    numbers = [row.number for row in back]
    if not numbers or outbox.undo(connection, desk.clinic.id, numbers, TAKEN_BACK, now=desk.now) != len(numbers):
        return False
    planned[:] = [row for row in planned if row.number not in numbers]
    return True


def _leads_back(first: Mapping[str, Any], then: Mapping[str, Any]) -> bool:
    return bool(first["before"] == then["after"] and first["after"] == then["before"])
