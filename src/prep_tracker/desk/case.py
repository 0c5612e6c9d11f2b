"""Open the case of one procedure for whatever is to be done with it, and keep what was said.

Shared by the services that work on one procedure: the row is read (or locked) first, and with its version in hand the
plan may come from memory, for a plan depends on nothing but the entries, the protocol version and the calendar.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from prep_tracker.catalog.published import published
from prep_tracker.desk import bell, memory, telling
from prep_tracker.desk.urgency import next_act_by
from prep_tracker.domain.days import Calendar, civil_day
from prep_tracker.domain.errors import ConflictError, Fault, InvalidError, PreconditionRequiredError, StaleError
from prep_tracker.domain.plan import Checklist, plan
from prep_tracker.domain.record import Record, fold
from prep_tracker.store import audit, procedures, protocols, worklist
from prep_tracker.store.audit import Action, AuditLine

if TYPE_CHECKING:
    from prep_tracker.domain.actor import Actor
    from prep_tracker.domain.entries import Entry
    from prep_tracker.domain.lexicon import Lexicon
    from prep_tracker.domain.rules import Rules
    from prep_tracker.store import Connection
    from prep_tracker.store.clinics import ClinicRow
    from prep_tracker.store.procedures import ProcedureRow
    from prep_tracker.store.worklist import LineRow

    Row = ProcedureRow | LineRow

Versions = Collection[int] | None
"""The versions on which a change was decided; None: nobody said."""
MOST_PLANS = 20_000
BATCH = 500
_plans: memory.Remembered[tuple[str, int, Calendar, str], Checklist] = memory.Remembered(lambda key: key[0])
_rules: dict[tuple[str, str], Rules] = {}
"""By clinic and slug@number: a published version never changes."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Who works, for which clinic, and when: what every service needs to know of the request."""

    actor: Actor
    clinic: ClinicRow
    calendar: Calendar
    now: datetime
    request_id: str | None = None
    on_behalf_of: str | None = None
    planned: list[tuple[ProcedureRow, Checklist]] = field(default_factory=list, compare=False)
    """What was planned in this transaction: worth remembering once it is committed, and not before."""
    noted: list[AuditLine] = field(default_factory=list, compare=False)
    """The lines of the audit that this transaction brings with it; who wrote none is noted at the door."""
    erased: list[str] = field(default_factory=list, compare=False)
    """The procedures that were erased in this transaction: to be forgotten once it is committed."""
    due: list[str] = field(default_factory=list, compare=False)
    """The procedures about which something is to be sent at once: whoever sends is woken once it is committed."""

    @property
    def today(self) -> date:
        """Give the clinic's civil day."""
        return civil_day(self.now, self.clinic.time_zone)

    def said(self, seq: int) -> dict[str, Any]:
        """Give what every new entry has: its number, day, instant, and who said it."""
        return {
            "seq": seq,
            "said_on": self.today,
            "at": self.now,
            "by": self.actor.role,
            "person": self.actor.person,
            "credential_id": self.actor.credential_id,
            "on_behalf_of": self.on_behalf_of,
        }


@dataclass(slots=True)
class Case:
    """One procedure as it is kept, with the plan that follows from it."""

    row: ProcedureRow
    checklist: Checklist
    today: int
    entries: tuple[Entry, ...] = ()
    """The record itself, read only where it is added to."""
    zone: str | None = None
    """Where the patient lives, read with it; None: where the clinic is."""

    @property
    def lexicon(self) -> Lexicon:
        """Give the lexicon by which the protocol was prepared."""
        return self.checklist.rules.lexicon


def rules_of(connection: Connection, clinic_id: str, name: str) -> Rules:
    """Give the rules of a protocol version by its name, slug@number; it is published, or was."""
    found = _rules.get((clinic_id, name))
    if found is None:
        slug, _, number = name.partition("@")
        row = protocols.get(connection, clinic_id, slug, int(number))
        found = _rules[clinic_id, name] = published(row.slug, row.number, row.content_hash, row.content)
    return found


def open_case(connection: Connection, desk: Desk, procedure_id: str, *, as_of: date | None = None) -> Case:
    """Read a procedure and plan it; ``as_of`` plans what had been said up to that day, both included.

    Raises ``NotFoundError``, and ``InvalidError`` for a day before the booking or one beyond what can be planned.
    """
    row = procedures.get(connection, desk.clinic.id, procedure_id)
    today = desk.today
    if as_of is None or as_of >= today:
        return Case(row, _planned(connection, desk, row), (as_of or today).toordinal())
    if as_of < row.booked_on:
        message = f"This procedure was booked on {row.booked_on}; ask for that day or a later one."
        raise InvalidError(Fault("/as_of", "before-booking", message))
    entries = _entries(connection, desk, row)
    return Case(row, plan_of(connection, desk, fold(entries, as_of)), as_of.toordinal())


def plan_at(connection: Connection, desk: Desk, procedure_id: str, version: int) -> tuple[int, Checklist]:
    """Plan a procedure of which the version was read before; gives the version planned, which may be a newer one.

    Raises ``NotFoundError``.
    """
    found = _plans.get((procedure_id, version, desk.calendar, desk.clinic.id))
    if found is not None:
        return version, found
    kept = procedures.load(connection, desk.clinic.id, procedure_id)
    return kept.row.version, _remember(kept.row, desk, plan_of(connection, desk, fold(kept.entries())))


def open_to_change(connection: Connection, desk: Desk, procedure_id: str) -> Case:
    """Lock a procedure, so that nobody else changes it until this transaction ends, and plan it."""
    kept = procedures.lock_and_load(connection, desk.clinic.id, procedure_id)
    entries = kept.entries()
    checklist = _remembered(kept.row, desk) or plan_of(connection, desk, fold(entries))
    return Case(kept.row, checklist, desk.today.toordinal(), entries, kept.zone)


def plan_of(connection: Connection, desk: Desk, record: Record) -> Checklist:
    """Plan a record by its own protocol version on the clinic's calendar."""
    return plan(rules_of(connection, desk.clinic.id, record.protocol), record, desk.calendar)


def committed(desk: Desk) -> None:
    """Remember what was planned, now that it is kept: whoever reads it next need not plan it again.

    What was erased is forgotten.
    """
    for row, checklist in desk.planned:
        _remember(row, desk, checklist)
    if desk.erased:
        memory.forget(frozenset(desk.erased))
    if desk.due:
        bell.ring()


def require_match(case: Case, if_match: Versions) -> None:
    """Let a change pass only if it was decided on the newest version; ``if_match`` holds the versions of the tags."""
    if if_match is None:
        msg = "Read the procedure first and send its ETag as If-Match, so that nobody's change is overwritten."
        raise PreconditionRequiredError(msg)
    if case.row.version not in if_match:
        raise StaleError(case.row.version)


def require_open(case: Case, *, aftercare: bool = False) -> None:
    """Refuse what cannot be done once a procedure has ended; with ``aftercare``, a completed one still takes it."""
    ended = case.row.ended
    if ended is not None and not (aftercare and ended == "completed"):
        msg = f"This procedure is {ended}; nothing can be changed on it any more."
        raise ConflictError(msg)


def keep(connection: Connection, desk: Desk, case: Case, new: Sequence[Entry]) -> Case:
    """Keep new entries of a locked procedure, what follows from them, and what is to be sent for it, in one go."""
    entries = (*case.entries, *new)
    checklist = plan_of(connection, desk, fold(entries))
    next_at = telling.attend_at(desk.clinic, checklist, case.zone, desk.now, case.row.attend_at)
    row = replace(case.row, **projected(checklist, case.today), attend_at=next_at)
    procedures.add_entries(connection, desk.clinic.id, row.id, new)
    procedures.save(connection, desk.clinic.id, row, was=case.row)
    telling.tell(connection, desk, row, case.checklist, checklist, new)
    desk.planned.append((row, checklist))
    return Case(row, checklist, case.today, entries, case.zone)


def projected(checklist: Checklist, today: int) -> dict[str, Any]:
    """Give the columns of the procedure's row that follow from its plan."""
    record, projection = checklist.record, checklist.projection
    slug, _, number = checklist.rules.name.partition("@")
    return {
        "version": record.version,
        "procedure_on": date.fromordinal(record.on),
        "start": record.start,
        "protocol_slug": slug,
        "protocol_number": int(number),
        "waiting_on": _date(projection.waiting_on),
        "at_risk_on": _date(projection.at_risk_on),
        "blocked_on": _date(projection.blocked_on),
        "ready": checklist.ready,
        "act_by": _date(next_act_by(checklist, today)),
        "ended": record.ended.state if record.ended else None,
        "clearance_void": checklist.clearance_void,
    }


def plans_of(connection: Connection, desk: Desk, rows: Sequence[Row], *, remember: bool = True) -> list[Checklist]:
    """Plan several procedures, in their order; the records that are not in memory are read at once."""
    missing = [row.id for row in rows if _remembered(row, desk) is None]
    records = worklist.records(connection, desk.clinic.id, missing)
    plans = []
    for row in rows:
        found = _remembered(row, desk)
        if found is None:
            entries = tuple(x for x in records[row.id] if x.seq <= row.version)
            found = plan_of(connection, desk, fold(entries))
            if remember:
                _remember(row, desk, found)
        plans.append(found)
    return plans


def replan(connection: Connection, desk: Desk) -> None:
    """Reckon the projection of every booked procedure of the clinic anew, a few hundred at a time."""
    after = ""
    while rows := worklist.booked(connection, desk.clinic.id, after, BATCH):
        reproject(connection, desk, rows)
        after = rows[-1].id


def reproject(connection: Connection, desk: Desk, rows: Sequence[ProcedureRow]) -> None:
    """Reckon the projection of these procedures anew, for today."""
    today = desk.today.toordinal()
    for row, checklist in zip(rows, plans_of(connection, desk, rows), strict=True):
        worklist.project(connection, desk.clinic.id, replace(row, **projected(checklist, today)))


def note(connection: Connection, desk: Desk, action: Action, event: str, row: ProcedureRow, outcome: int = 200) -> None:
    """Write the audit line of something done to a procedure; it commits with what was done."""
    note_other(connection, desk, action, event, "procedure", row.id, patient_id=row.patient_id, outcome=outcome)


def note_other(
    connection: Connection,
    desk: Desk,
    action: Action,
    event: str,
    entity: str,
    entity_id: str | None,
    *,
    patient_id: str | None = None,
    outcome: int = 200,
) -> None:
    """Write the audit line of something done to anything else."""
    actor = desk.actor
    who = (desk.now, actor.role, actor.credential_id, actor.person)
    line = AuditLine(*who, action, event, entity, outcome, entity_id, patient_id, desk.on_behalf_of, desk.request_id)
    audit.add(connection, desk.clinic.id, line)
    desk.noted.append(line)


def _entries(connection: Connection, desk: Desk, row: ProcedureRow) -> tuple[Entry, ...]:
    """Read the record that belongs to a row: something may have been said between the two queries."""
    return tuple(x for x in procedures.entries(connection, desk.clinic.id, row.id) if x.seq <= row.version)


def _planned(connection: Connection, desk: Desk, row: ProcedureRow) -> Checklist:
    found = _remembered(row, desk)
    if found is None:
        found = _remember(row, desk, plan_of(connection, desk, fold(_entries(connection, desk, row))))
    return found


def _remember(row: Row, desk: Desk, checklist: Checklist) -> Checklist:
    _plans[row.id, row.version, checklist.calendar, desk.clinic.id] = checklist
    if len(_plans) > MOST_PLANS:
        _plans.popitem(last=False)
    return checklist


def _remembered(row: Row, desk: Desk) -> Checklist | None:
    return _plans.get(_key(row, desk))


def _key(row: Row, desk: Desk) -> tuple[str, int, Calendar, str]:
    return row.id, row.version, desk.calendar, desk.clinic.id


def _date(day: int | None) -> date | None:
    return None if day is None else date.fromordinal(day)
