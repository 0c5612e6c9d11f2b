"""Decide about one procedure as the clinic: waive a step, open a gate, clear, add a step, end it, record an event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from prep_tracker.catalog import check_protocol
from prep_tracker.desk.answers import day_faults
from prep_tracker.desk.case import Case, Desk, keep, note, open_to_change, require_match, require_open
from prep_tracker.domain import entries as e
from prep_tracker.domain.errors import BlockedError, ConflictError, Fault, InvalidError, NotFoundError
from prep_tracker.domain.items import BLOCKED
from prep_tracker.domain.protocol import BUILT_IN_EVENTS
from prep_tracker.domain.standing import reasons_on, worst_case

if TYPE_CHECKING:
    from prep_tracker.desk.case import Versions
    from prep_tracker.domain.entries import EndState, Entry
    from prep_tracker.domain.items import Item
    from prep_tracker.store import Connection


def waive(connection: Connection, desk: Desk, procedure_id: str, step: str, reason: str, *, if_match: Versions) -> Case:
    """Waive a step, with a reason. It covers what is known now: the days that the step is short, or could be."""
    case = _matched(connection, desk, procedure_id, if_match)
    item = _item(case, step)
    if item is None:
        raise InvalidError(Fault("/step", "unknown-step", "The checklist has no such step, or it does not apply."))
    short = max(item.short_on(case.today)[0], worst_case(case.checklist, item, case.today) or 0)
    entry = e.Waived(**desk.said(case.row.version + 1), step=step, reason=reason, days_short=short)
    return _decide(connection, desk, case, entry, "step.waived", 201)


def open_gate(
    connection: Connection, desk: Desk, procedure_id: str, step: str, reason: str, *, if_match: Versions
) -> Case:
    """Open a gate that an answer closed. A gate that is not closed is a ``ConflictError``."""
    case = _matched(connection, desk, procedure_id, if_match)
    item = _item(case, step)
    if item is None or item.rule.step.kind != "gate":
        raise NotFoundError
    if item.state_on(case.today) != "closed":
        msg = "This gate is not closed, so there is nothing to open."
        raise ConflictError(msg)
    entry = e.GateOpened(**desk.said(case.row.version + 1), step=step, reason=reason)
    return _decide(connection, desk, case, entry, "gate.opened", 200)


def clear(
    connection: Connection,
    desk: Desk,
    procedure_id: str,
    accepted: Sequence[str],
    words: str | None,
    *,
    if_match: Versions,
) -> Case:
    """Clear a procedure for its day. While something blocks it, the clinician names every such step that they accept.

    Raises ``BlockedError`` with the steps that were not named.
    """
    case = _matched(connection, desk, procedure_id, if_match)
    checklist = case.checklist
    if case.today > checklist.record.on:
        msg = "The day of this procedure is past. Complete it, move it or cancel it."
        raise ConflictError(msg)
    known = {item.rule.step.id for item in checklist.items}
    strange = [name for name in accepted if name not in known]
    if strange:
        raise InvalidError(Fault("/accept", "unknown-step", "accept names a step that the checklist does not have."))
    missing = [r for r in reasons_on(checklist, case.today) if r.level >= BLOCKED and r.step not in accepted]
    if missing:
        raise BlockedError(checklist, missing)
    now = checklist.uncleared
    entry = e.Cleared(
        **desk.said(case.row.version + 1),
        on=date.fromordinal(checklist.record.on),
        waiting_on=_date(now.waiting_on),
        at_risk_on=_date(now.at_risk_on),
        blocked_on=_date(now.blocked_on),
        accepted=tuple(accepted),
        note=words,
    )
    return _decide(connection, desk, case, entry, "procedure.cleared", 200)


def remove_clearance(
    connection: Connection, desk: Desk, procedure_id: str, reason: str | None, *, if_match: Versions
) -> Case:
    """Take a clearance back. Without one there is nothing to take back: a ``ConflictError``."""
    case = _matched(connection, desk, procedure_id, if_match)
    if case.checklist.record.cleared is None:
        msg = "This procedure is not cleared."
        raise ConflictError(msg)
    entry = e.ClearanceRemoved(**desk.said(case.row.version + 1), reason=reason)
    return _decide(connection, desk, case, entry, "clearance.removed", 200)


def add_step(
    connection: Connection, desk: Desk, procedure_id: str, step: dict[str, Any], *, if_match: Versions
) -> Case:
    """Add a step to this one procedure, or replace the one with the same id. It must be sound within its protocol."""
    case = _matched(connection, desk, procedure_id, if_match)
    rules, record = case.checklist.rules, case.checklist.record
    whole = rules.protocol.model_dump(mode="json", by_alias=True, exclude_none=True)
    own = {s.id: s.model_dump(mode="json", by_alias=True, exclude_none=True) for s in record.steps.values()}
    own[str(step.get("id"))] = step
    steps = [own.pop(s["id"], s) for s in whole["steps"]] + list(own.values())
    number = next(n for n, s in enumerate(steps) if s is step)
    # Without its examples: they show what the protocol says for everybody, and this is said for one patient.
    protocol, findings = check_protocol(whole | {"steps": steps, "examples": []}, rules.lexicon)
    faults = [
        Fault(f.pointer.removeprefix(f"/steps/{number}"), f.code, f"{f.message}. {f.mend}")
        for f in findings
        if f.level == "fault" and f.path[:2] == ("steps", number)
    ]
    # A step that contradicts another one is reported where the other one stands.
    faults += [
        Fault("", f.code, f"{f.message}. {f.mend}")
        for f in findings
        if f.level == "fault" and f.path[:2] != ("steps", number)
    ]
    if faults or protocol is None:
        raise InvalidError(*faults)
    entry = e.StepAdded(**desk.said(case.row.version + 1), rule=protocol.steps[number])
    return _decide(connection, desk, case, entry, "step.added", 201)


def set_state(
    connection: Connection, desk: Desk, procedure_id: str, state: EndState, reason: str | None, *, if_match: Versions
) -> Case:
    """End a procedure: cancelled, completed or no-show. It cannot be completed or missed before its day."""
    case = _matched(connection, desk, procedure_id, if_match)
    on = case.checklist.record.on
    if state != "cancelled" and case.today < on:
        message = f"Its day, {date.fromordinal(on)}, has not come yet. Move it, or send cancelled."
        raise InvalidError(Fault("/state", "too-early", message))
    entry = e.Ended(**desk.said(case.row.version + 1), state=state, reason=reason)
    return _decide(connection, desk, case, entry, f"procedure.{state}", 200)


def record_event(connection: Connection, desk: Desk, procedure_id: str, event: str, on: date) -> Case:
    """Record that something happened on a day: healed, or an event of the protocol. The last word counts."""
    case = open_to_change(connection, desk, procedure_id)
    require_open(case, aftercare=True)
    known = sorted({x.id for x in case.checklist.rules.protocol.events} | (BUILT_IN_EVENTS - {"booked"}))
    faults = list(day_faults("/on", on, desk.today))
    if event not in known:
        faults.append(Fault("/event", "unknown-event", f"Send one of {', '.join(known)}."))
    if event == "healed" and on < date.fromordinal(case.checklist.record.on):
        faults.append(Fault("/on", "too-early", "healed is the treated skin, so its day is not before the procedure."))
    if faults:
        raise InvalidError(*faults)
    entry = e.EventRecorded(**desk.said(case.row.version + 1), event=event, on=on)
    return _decide(connection, desk, case, entry, "event.recorded", 201)


def _matched(connection: Connection, desk: Desk, procedure_id: str, if_match: Versions) -> Case:
    case = open_to_change(connection, desk, procedure_id)
    require_match(case, if_match)
    require_open(case)
    return case


def _decide(connection: Connection, desk: Desk, case: Case, entry: Entry, event: str, outcome: int) -> Case:
    after = keep(connection, desk, case, [entry])
    note(connection, desk, "U", event, after.row, outcome)
    return after


def _item(case: Case, step: str) -> Item | None:
    return next((i for i in case.checklist.items if i.rule.step.id == step), None)


def _date(day: int | None) -> date | None:
    return None if day is None else date.fromordinal(day)
