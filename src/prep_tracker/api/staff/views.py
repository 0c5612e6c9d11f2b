"""Write the answers that several staff operations share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prep_tracker.api.door import tag
from prep_tracker.desk.ordering import Contact, Known, NewProduct
from prep_tracker.domain.change import change
from prep_tracker.domain.standing import Status, level_on, on, reasons_on
from prep_tracker.exports.document import change_document, iso, item_document, standing_document

if TYPE_CHECKING:
    from prep_tracker.api.schemas import KnownIn
    from prep_tracker.catalog.words import Words
    from prep_tracker.desk.case import Case, Desk
    from prep_tracker.domain.entries import Entry
    from prep_tracker.exports.document import Own
    from prep_tracker.services.checklist import Standing
    from prep_tracker.store.patients import PatientRow


def known_of(body: KnownIn) -> Known:
    """Take what is known out of a body."""
    return Known(
        answers=body.answers,
        exposures=[Contact(x.to, x.on, x.kind, x.note) for x in body.exposures],
        kept_since=body.kept_since,
        products=[NewProduct(x.text, x.kind, x.prescribed, x.last_used_on) for x in body.products],
    )


def etag(case: Case, desk: Desk, words: Words) -> str:
    """Give the tag of a procedure as it stands today."""
    return tag(desk, case.row.version, None, words.language, view_of(desk))


def view_of(desk: Desk) -> str:
    """Give the name of the view that a caller has: patients and carers differ in which marks are their own."""
    return desk.actor.role if desk.actor.procedure_id else "staff"


def own_of(desk: Desk) -> Own | None:
    """Give what tells a patient or carer which marks they may take back; staff are told nothing of it."""
    return desk.actor.may_withdraw if desk.actor.procedure_id else None


def procedure_document(found: Standing, patient: PatientRow, words: Words) -> dict[str, Any]:
    """Write a procedure with its patient and how it stands."""
    case, status = found.case, found.status
    checklist, record = case.checklist, case.checklist.record
    if checklist.rules.protocol.clearance == "none":
        clearance = "not-required"
    else:
        clearance = "cleared" if checklist.cleared else "void" if checklist.clearance_void else "missing"
    return {
        "id": case.row.id,
        "on": iso(record.on),
        "at": record.start,
        "time_zone": checklist.calendar.zone,
        "protocol": checklist.rules.name,
        "patient": {
            "id": patient.id,
            "reference": patient.reference,
            "name": patient.name,
            "language": patient.language,
        },
        "as_of": iso(status.day),
        "days_to_go": record.on - status.day,
        "standing": standing_document(checklist, status, words),
        "earliest_safe_on": iso(status.earliest_safe),
        "earliest_preferred_on": iso(status.earliest_preferred),
        "clearance": clearance,
        "version": record.version,
    }


def said_document(case: Case, words: Words) -> dict[str, Any]:
    """Write what follows from the newest entry."""
    status = on(case.checklist, case.today)
    return {
        "entry": case.row.version,
        "standing": standing_document(case.checklist, status, words),
        "earliest_safe_on": iso(status.earliest_safe),
        "earliest_preferred_on": iso(status.earliest_preferred),
        "version": case.row.version,
    }


def marked_document(case: Case, step: str | None, words: Words, own: Own | None) -> dict[str, Any]:
    """Write the item as it now stands; "no more products" is about the reviews, so the first of them is given."""
    checklist, day = case.checklist, case.today
    # Not the earliest safe day, which takes a search: this answer does not show it.
    reasons = reasons_on(checklist, min(day, checklist.record.on)) if checklist.record.ended is None else ()
    status = Status(day, level_on(checklist, day), reasons, None, None, None)
    items = (*case.checklist.items, *case.checklist.left_out)
    item = next((i for i in items if (i.rule.step.id == step if step else i.rule.step.kind == "review")), None)
    document = item_document(case.checklist, item, case.today, words, own) if item else {"step": None}
    return document | {
        "entry": case.row.version,
        "standing": standing_document(case.checklist, status, words),
        "version": case.row.version,
    }


def exposed_document(before: Case, after: Case, words: Words) -> dict[str, Any]:
    """Write what a contact changes."""
    document = change_document(change(before.checklist, after.checklist, after.today), words)
    kept = ("standing", "earliest_safe_on", "earliest_preferred_on", "steps")
    return {"entry": after.row.version} | {name: document[name] for name in kept}


def entry_document(entry: Entry, withdrawn: frozenset[int]) -> dict[str, Any]:
    """Write one entry of the record, with who said it and when."""
    fields = entry.model_dump(mode="json", exclude={"seq", "by", "person", "credential_id", "on_behalf_of"})
    return {
        "n": entry.seq,
        "kind": fields.pop("kind"),
        "said_on": fields.pop("said_on"),
        "at": fields.pop("at"),
        "actor": {"role": entry.by, "person": entry.person, "on_behalf_of": entry.on_behalf_of},
        "withdrawn": entry.seq in withdrawn,
        **fields,
    }
