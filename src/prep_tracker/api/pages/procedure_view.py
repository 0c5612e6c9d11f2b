"""Gather what the page of one procedure shows, and what whoever looks at it may do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from babel import Locale, UnknownLocaleError

from prep_tracker.api.pages.procedure_changes import short, when, with_days
from prep_tracker.api.pages.procedure_history import history
from prep_tracker.api.pages.procedure_messages import messages_view
from prep_tracker.api.pages.procedure_offers import likely, offers
from prep_tracker.api.pages.procedure_products import DECISIONS, products_view
from prep_tracker.api.staff.views import procedure_document
from prep_tracker.catalog import languages, speaking
from prep_tracker.desk.answers import MARKS, mark_faults
from prep_tracker.domain.explain import Phrase
from prep_tracker.domain.protocol import Gate, Review
from prep_tracker.exports.document import checklist_document
from prep_tracker.services import checklist, marking, messages, portal
from prep_tracker.services.protocols import list_protocols

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.desk.case import Case, Desk
    from prep_tracker.domain.entries import Entry
    from prep_tracker.domain.items import Item
    from prep_tracker.services.checklist import Standing
    from prep_tracker.services.messages import Messages
    from prep_tracker.store import Connection
    from prep_tracker.store.patients import PatientRow
    from prep_tracker.store.portal import SessionRow

SOON = 7
"""What begins within so many days is next, the rest is later."""
URGENT = frozenset({"closed", "short", "unknown", "late"})
BEHIND = frozenset({"done", "waived", "over"})
PARTS = frozenset({"morning", "midday", "evening", "bedtime"})


@dataclass(frozen=True, slots=True)
class Found:
    """A procedure with everything that its page shows, as it was read in one go."""

    standing: Standing
    patient: PatientRow
    entries: tuple[Entry, ...]
    sessions: list[SessionRow]
    messages: Messages
    newest: int | None
    """The newest published version of its protocol."""


def find(connection: Connection, desk: Desk, procedure_id: str) -> Found:
    """Read a procedure for its page. Raises ``NotFoundError``."""
    standing = checklist.read_checklist(connection, desk, procedure_id, None)
    row = standing.case.row
    _, patient = checklist.find_versions(connection, desk, procedure_id)
    entries = tuple(x for x in marking.read_entries(connection, desk, procedure_id) if x.seq <= row.version)
    sessions = portal.sessions_of(connection, desk, procedure_id)
    told = messages.list_messages(connection, desk, procedure_id)
    newest = next((p.number for p in list_protocols(connection, desk) if p.slug == row.protocol_slug), None)
    return Found(standing, patient, entries, sessions, told, newest)


def view(found: Found, desk: Desk, words: Words) -> dict[str, Any]:
    """Lay the page out for staff."""
    case, status = found.standing.case, found.standing.status
    plan = case.checklist
    products = products_view(case, words)
    document = checklist_document(plan, status, words, everything=True)
    known = {item.rule.step.id: item for item in (*plan.items, *plan.left_out)}
    items = [_item(one, known[one["step"]], case, desk, words) for one in with_days(document["items"])]
    procedure = with_days(procedure_document(found.standing, found.patient, words))
    return {
        "p": procedure,
        "title": words.text(plan.rules.protocol.title),
        "patient": found.patient,
        "language": language_name(found.patient.language, words),
        "languages": _languages(found.patient.language, words),
        "items": [one for one in items if one["applies"]],
        "left_out": [one for one in items if not one["applies"]],
        "products": products,
        "first_undecided": products[0]["n"] if products and products[0]["undecided"] else None,
        "anchors": {
            **{one["step"]: "products" if one["undecided"] else f"about-{one['step']}" for one in items},
            "clearance": "do-clear",
        },
        "history": history(found.entries, plan, words),
        "mail": messages_view(found.messages, desk, words),
        "sessions": [one for one in found.sessions if one.revoked_at is None and one.expires_at > desk.now],
        "is_open": case.row.ended is None,
        "takes_aftercare": case.row.ended in {None, "completed"},
        "offers": offers(found.standing.case, words, found.newest),
        "likely": likely(found.standing, desk, has_come=bool(found.sessions)),
        "decisions": DECISIONS,
        "short": lambda on: short(on, words, desk.today),
        "urgent": URGENT,
    }


def _item(document: dict[str, Any], item: Item, case: Case, desk: Desk, words: Words) -> dict[str, Any]:
    """Add to an item what the page offers for it: what can be marked, and in which words."""
    step = item.rule.step
    kinds = [
        kind for kind in MARKS[step.kind] if not list(mark_faults(step, kind, None, desk.today, case.row.booked_on))
    ]
    yes = ("safe", "unsafe") if isinstance(step, Gate) and step.safe else ("unsafe", "safe")
    return document | {
        "applies": document.get("applies", True),
        "undecided": bool(item.undecided),
        "when": when(document, words, desk.today),
        "marks_offered": kinds,
        "yes": yes[0],
        "no": yes[1],
        "question": words.text(step.ask) if isinstance(step, Gate) else "",
        "no_more": isinstance(step, Review) and bool(step.of),
        "part_of_day": [_part(time, words) for time in document["times"] or ()],
    }


def _part(time: str, words: Words) -> str:
    return words.say(Phrase(f"part.{time}")) if time in PARTS else time


def patient_view(found: Found) -> dict[str, Any]:
    """Lay the checklist out as the patient sees it, in the patient's language."""
    spoken = speaking.words(speaking.choose_language(found.patient.language, None))
    case, status = found.standing.case, found.standing.status
    items = with_days(checklist_document(case.checklist, status, spoken)["items"])
    groups: dict[str, list[dict[str, Any]]] = {"today": [], "next": [], "later": [], "done": []}
    today = date.fromordinal(status.day)
    for item in items:
        groups[_group(item, today=status.day)].append(item | {"when": when(item, spoken, today)})
    return {
        "say": lambda key: spoken.say(Phrase(key)),
        "lang": spoken.language,
        "dir": "rtl" if Locale.parse(spoken.language, sep="-").text_direction == "rtl" else "ltr",
        "title": spoken.text(case.checklist.rules.protocol.title),
        "groups": {name: found for name, found in groups.items() if found},
    }


def _group(item: dict[str, Any], *, today: int) -> str:
    state, opens = item["state"], item["opens_on"]
    if state != "upcoming":
        return "done" if state in BEHIND else "today"
    return "next" if opens and opens.toordinal() - today <= SOON else "later"


def _languages(own: str, words: Words) -> list[tuple[str, str]]:
    """Name the languages in which patients can read, and the patient's own, should it be another."""
    return [(tag, language_name(tag, words)) for tag in dict.fromkeys((*languages(), own))]


def language_name(tag: str, words: Words) -> str:
    """Name a language in the language of the page."""
    try:
        name = Locale.parse(tag, sep="-").get_display_name(words.language)
    except (UnknownLocaleError, ValueError):
        name = None
    return name or tag
