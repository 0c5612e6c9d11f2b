"""Say something about a procedure: marks, contacts, answers; and take back what was said by mistake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from prep_tracker.desk import answers as checks
from prep_tracker.desk.case import Case, Desk, keep, note, open_case, open_to_change, require_open
from prep_tracker.domain import entries as e
from prep_tracker.domain.entries import NOT_WITHDRAWABLE, Entry
from prep_tracker.domain.errors import Fault, InvalidError, NotFoundError
from prep_tracker.store import procedures

if TYPE_CHECKING:
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.domain.protocol import Step
    from prep_tracker.store import Connection


def mark(
    connection: Connection, desk: Desk, procedure_id: str, kind: e.MarkKind, step: str | None, on: date | None
) -> Case:
    """Mark a step: done, kept since a day (None: never broken), kept or missed on a day, understood, safe or unsafe.

    ``no_more_products`` is said about no step. Raises ``InvalidError`` for what does not fit.
    """
    case = open_to_change(connection, desk, procedure_id)
    require_open(case, aftercare=True)
    faults = _mark_faults(desk, case, kind, step, on)
    if faults:
        raise InvalidError(*faults)
    day = None if kind == "no_more_products" else on
    entry = e.Marked(**desk.said(case.row.version + 1), step=step, mark=kind, on=day)
    return _say(connection, desk, case, entry, "item.marked")


def check_mark(
    connection: Connection, desk: Desk, procedure_id: str, kind: str | None, step: str | None, on: date | None
) -> list[Fault]:
    """Check as much of a mark as is known; None is passed over. Raises ``NotFoundError``."""
    return _mark_faults(desk, open_case(connection, desk, procedure_id), kind, step, on)


def _mark_faults(desk: Desk, case: Case, kind: str | None, step: str | None, on: date | None) -> list[Fault]:
    if kind == "no_more_products" and step is not None:
        return [Fault("/step", "no-step", "This is said about no step: leave step out.")]
    if step is None:
        return list(checks.day_faults("/on", on, desk.today))
    known = steps_of(case.checklist).get(step)
    own = checks.own_mark_faults(known, kind) if desk.actor.procedure_id else ()
    return [*checks.mark_faults(known, kind, on, desk.today, case.row.booked_on), *own]


def expose(
    connection: Connection, desk: Desk, procedure_id: str, to: str, on: date, kind: str | None, words: str | None
) -> tuple[Case, Case]:
    """Report a contact with something to be avoided. Gives the case before and after it."""
    case = open_to_change(connection, desk, procedure_id)
    require_open(case, aftercare=True)
    faults = tuple(checks.exposure_faults(case.lexicon, to, kind, on, desk.today))
    if faults:
        raise InvalidError(*faults)
    entry = e.Exposed(**desk.said(case.row.version + 1), to=to, on=on, special=kind, note=words)
    return case, _say(connection, desk, case, entry, "exposure.reported")


def check_exposure(
    connection: Connection, desk: Desk, procedure_id: str, to: str | None, kind: str | None, on: date | None
) -> list[Fault]:
    """Check as much of a contact as is known; None is passed over. Raises ``NotFoundError``."""
    case = open_case(connection, desk, procedure_id)
    return list(checks.exposure_faults(case.lexicon, to, kind, on, desk.today))


def answer(connection: Connection, desk: Desk, procedure_id: str, answers: Mapping[str, object]) -> Case:
    """Answer facts that the protocol asks; a value of None takes an answer back."""
    case = open_to_change(connection, desk, procedure_id)
    require_open(case)
    protocol = case.checklist.rules.protocol
    own = checks.own_answer_faults(protocol, answers) if desk.actor.procedure_id else ()
    faults = (*checks.answer_faults(protocol, answers), *own)
    if not answers:
        faults = (Fault("", "empty", "Send at least one fact with its answer."),)
    if faults:
        raise InvalidError(*faults)
    entry = e.Answered(**desk.said(case.row.version + 1), answers=checks.typed_answers(answers))
    return _say(connection, desk, case, entry, "facts.answered", outcome=200)


def withdraw(connection: Connection, desk: Desk, procedure_id: str, number: int, reason: str | None) -> Case:
    """Withdraw an entry: it stays in the record and is ignored from now on. A patient withdraws their own only."""
    case = open_to_change(connection, desk, procedure_id)
    require_open(case, aftercare=True)
    wanted = next((x for x in case.entries if x.seq == number), None)
    if wanted is None or not desk.actor.may_withdraw(wanted.by):
        raise NotFoundError
    if wanted.kind in NOT_WITHDRAWABLE:
        instead = "Move it again instead." if wanted.kind in {"booked", "moved"} else "It stays."
        raise InvalidError(
            Fault("/entry", "not-withdrawable", f"An entry of kind {wanted.kind} is not withdrawn. {instead}")
        )
    if any(isinstance(x, e.Withdrawn) and x.entry == number for x in case.entries):
        raise InvalidError(Fault("/entry", "withdrawn", "This entry was withdrawn before."))
    entry = e.Withdrawn(**desk.said(case.row.version + 1), entry=number, reason=reason)
    return _say(connection, desk, case, entry, "entry.withdrawn")


def read_entries(connection: Connection, desk: Desk, procedure_id: str) -> tuple[Entry, ...]:
    """Read the whole record, newest last. Raises ``NotFoundError``."""
    procedures.get(connection, desk.clinic.id, procedure_id)
    return procedures.entries(connection, desk.clinic.id, procedure_id)


def steps_of(checklist: Checklist) -> dict[str, Step]:
    """Give the steps of a procedure by id, those that its conditions leave out too."""
    return {item.rule.step.id: item.rule.step for item in (*checklist.items, *checklist.left_out)}


def _say(connection: Connection, desk: Desk, case: Case, entry: Entry, event: str, *, outcome: int = 201) -> Case:
    after = keep(connection, desk, case, [entry])
    note(connection, desk, "C", event, after.row, outcome)
    return after
