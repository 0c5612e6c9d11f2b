"""Write a message that was claimed, with whatever holds at this moment, and keep what became of it.

Addresses, consent and the plan are looked up now: what was agreed, moved or answered since it was planned counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from prep_tracker.catalog.speaking import choose_language, words
from prep_tracker.channels import Failed, Gone, Outcome, Outgoing, Retry, Sent
from prep_tracker.desk.case import Desk, plan_at
from prep_tracker.desk.letterhead import addresses, letterhead, stop_url
from prep_tracker.desk.telling import sending_of, setting
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.backoff import wait
from prep_tracker.domain.errors import NotFoundError
from prep_tracker.domain.reminders import digest_of
from prep_tracker.exports.events import event_payload
from prep_tracker.exports.messages import Letterhead, Written, write, write_test
from prep_tracker.store import claims, clinics, outbox, patients, procedures
from prep_tracker.store.claims import Settled

if TYPE_CHECKING:
    from prep_tracker.domain.days import Calendar
    from prep_tracker.store import Connection
    from prep_tracker.store.clinics import ClinicRow
    from prep_tracker.store.message_rows import EndpointRow, MessageRow

TOO_LATE = "Its time had passed before it was taken."
NO_PROCEDURE = "The procedure is not there any more."
TOO_EARLY = "It waits for the hour of its day at which it may be sent."
NOT_WANTED = "Nothing of it holds any more: it was answered, moved or ended meanwhile."
NO_CONSENT = "The patient does not want messages this way."
NO_ADDRESS = "There is no address of the patient to send it to."
NO_ENDPOINT = "The endpoint was taken away or turned off."
LOST = "It was tried so often without an answer that it seems to break whoever sends it."
MOST_CLAIMS = 30
"""How often a message is claimed at most: at one more, it ended whoever tried to send it, again and again."""


@dataclass(frozen=True, slots=True)
class Writing:
    """What is needed to write: where people reach the service, if that is known, and whose calendar is which."""

    public_url: str | None
    calendar_of: Callable[[ClinicRow], Calendar]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A message that is not to be sent any more, with the reason; with ``until``, not before then."""

    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """A message that is ready to be sent. ``body``: what it is about, where that is to be kept anew."""

    outgoing: Outgoing
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """What several messages share, looked up once."""

    clinics: dict[str, ClinicRow] = field(default_factory=dict)
    endpoints: dict[tuple[str, str], EndpointRow | None] = field(default_factory=dict)


def compose(connection: Connection, row: MessageRow, writing: Writing, *, now: datetime) -> Ready | Dropped:
    """Write a claimed message, or say why nothing is to be sent any more."""
    return _compose(connection, row, writing, now, _Seen())


def compose_all(
    connection: Connection, rows: Sequence[MessageRow], writing: Writing, *, now: datetime
) -> list[Ready | Dropped]:
    """Write several claimed messages as ``compose`` does, at one moment."""
    seen = _Seen()
    return [_compose(connection, row, writing, now, seen) for row in rows]


def _compose(connection: Connection, row: MessageRow, writing: Writing, now: datetime, seen: _Seen) -> Ready | Dropped:
    if row.not_after is not None and row.not_after <= now:
        return Dropped(TOO_LATE)
    clinic = seen.clinics.get(row.clinic_id)
    if clinic is None:
        clinic = seen.clinics[row.clinic_id] = clinics.get(connection, row.clinic_id)
    if row.channel == "webhook":
        return _webhook(connection, clinic, row, writing, seen)
    if row.procedure_id is None:
        return _test(clinic, row)
    try:
        kept = procedures.get(connection, clinic.id, row.procedure_id)
        patient = patients.get(connection, clinic.id, kept.patient_id)
    except NotFoundError:
        return Dropped(NO_PROCEDURE)
    agreed = addresses(patient)
    if row.channel not in agreed:
        return Dropped(NO_CONSENT)
    address = agreed[row.channel]
    if not address:
        return Dropped(NO_ADDRESS)
    desk = Desk(Actor(clinic.id, "system", "", ""), clinic, writing.calendar_of(clinic), now)
    _, checklist = plan_at(connection, desk, kept.id, kept.version)
    digest = None
    if row.day is not None:
        digest = digest_of(checklist, sending_of(clinic, patient.time_zone), row.day.toordinal())
    if digest is None or digest.not_after <= now:
        return Dropped(NOT_WANTED)
    if digest.due_at > now:  # the patient or the clinic has another hour since it was planned
        return Dropped(TOO_EARLY, digest.due_at)
    language = choose_language(patient.language, None)
    written = write(
        digest,
        checklist,
        words(language),
        letterhead(clinic, patient, writing.public_url, row.id),
        plain_subject=setting(clinic, "plain_subjects"),
    )
    lines = [{"kind": line.kind, "step": line.step or None} for line in digest.lines]
    return Ready(
        _outgoing(clinic, row, address, written, language, stop_url(writing.public_url, clinic, row.id)),
        {"lines": lines},
    )


def settle(
    connection: Connection,
    row: MessageRow,
    ready: Ready | Dropped | None,
    outcome: Outcome | None,
    *,
    now: datetime,
    chance: float,
) -> bool:
    """Keep what became of a claimed message. ``outcome`` is None for one that was not to be sent, or not once more.

    False: the lease was lost meanwhile; somebody else sends it, and nothing is changed.
    """
    settled = judge(row, ready, outcome, now=now, chance=chance)
    kept = claims.settle(connection, row.clinic_id, row, settled, now=now)
    if kept and isinstance(outcome, Gone) and row.endpoint_id is not None:
        outbox.disable_endpoint(connection, row.clinic_id, row.endpoint_id, outcome.reason, now=now)
    return kept


def judge(
    row: MessageRow, ready: Ready | Dropped | None, outcome: Outcome | None, *, now: datetime, chance: float
) -> Settled:
    """Decide what becomes of a message after an attempt."""
    body = dict(ready.body) if isinstance(ready, Ready) and ready.body is not None else None
    match outcome:
        case None:
            reason = ready.reason if isinstance(ready, Dropped) else LOST
            until = ready.until if isinstance(ready, Dropped) else None
            if until is not None:
                if row.not_after is None or until < row.not_after:
                    return Settled("planned", reason, _line(now, reason), retry_at=until)
                reason = TOO_LATE
            return Settled("dropped" if isinstance(ready, Dropped) else "failed", reason, _line(now, reason))
        case Sent(note):
            return Settled("sent", None, _line(now, f"sent: {note}" if note else "sent"), body=body)
        case Failed(reason) | Gone(reason):
            return Settled("failed", reason, _line(now, f"failed: {reason}"), body=body)
        case Retry(reason, after):
            waits = wait(row.attempts, chance, after)
            if waits is None:
                return Settled(
                    "failed", f"Given up after {row.attempts} attempts: {reason}", _line(now, f"given up: {reason}")
                )
            again = now + waits
            if row.not_after is not None and again >= row.not_after:
                return Settled("dropped", f"{TOO_LATE} Last answer: {reason}", _line(now, f"no time left: {reason}"))
            return Settled("planned", reason, _line(now, f"again later: {reason}"), retry_at=again)


def _line(now: datetime, what: str) -> str:
    return f"{now:%Y-%m-%dT%H:%M:%SZ} {what}"


def _webhook(
    connection: Connection, clinic: ClinicRow, row: MessageRow, writing: Writing, seen: _Seen
) -> Ready | Dropped:
    endpoint = None
    if row.endpoint_id is not None:
        key = (clinic.id, row.endpoint_id)
        if key not in seen.endpoints:
            seen.endpoints[key] = outbox.find_endpoint(connection, *key)
        endpoint = seen.endpoints[key]
    if endpoint is None or not endpoint.active:
        return Dropped(NO_ENDPOINT)
    payload = event_payload(
        row.id,
        row.topic,
        f"{writing.public_url or ''}/clinics/{clinic.id}",
        row.procedure_id,
        row.body,
        row.created_at,
        full=endpoint.content == "full",
    )
    return Ready(
        Outgoing(
            id=row.id,
            clinic_id=clinic.id,
            topic=row.topic,
            to=endpoint.url,
            created_at=row.created_at,
            attempt=row.attempts,
            payload=payload,
            secrets=tuple(endpoint.secrets),
        )
    )


def _test(clinic: ClinicRow, row: MessageRow) -> Ready | Dropped:
    """Write a message to whoever in the clinic tries out whether messages arrive."""
    language = choose_language(row.body.get("language"), None)
    written = write_test(words(language), Letterhead(clinic.name, ""))
    return Ready(_outgoing(clinic, row, str(row.body["to"]), written, language, None))


def _outgoing(
    clinic: ClinicRow, row: MessageRow, address: str, written: Written, language: str, stop: str | None
) -> Outgoing:
    sender = clinic.settings.get("sender") or {}
    is_email = row.channel == "email"
    headers = {}
    if is_email and stop is not None:
        headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return Outgoing(
        id=row.id,
        clinic_id=clinic.id,
        topic=row.topic,
        to=address,
        created_at=row.created_at,
        attempt=row.attempts,
        sender_name=sender.get("name") or clinic.name,
        sender_address=sender.get("email"),
        language=language,
        subject=written.subject if is_email else "",
        text=written.text if is_email else written.sms,
        html=written.html if is_email else None,
        headers=headers,
    )
