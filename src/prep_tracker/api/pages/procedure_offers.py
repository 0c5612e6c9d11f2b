"""Offer what a form lets people choose from, and the group of forms that they most likely need next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from prep_tracker.api.pages.procedure_history import option
from prep_tracker.domain.items import BLOCKED
from prep_tracker.domain.protocol import BUILT_IN_EVENTS, Avoid
from prep_tracker.domain.standing import reasons_on

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.desk.case import Case, Desk
    from prep_tracker.domain.entries import FactValue
    from prep_tracker.domain.lexicon import Lexicon
    from prep_tracker.domain.protocol import Fact, Step
    from prep_tracker.services.checklist import Standing

ENDS = ("completed", "no-show", "cancelled")
KINDS = {"yes-no": "bool:", "number": "int:", "many-of": "list:"}
"""How the field of a question says what is typed into it, by the type of the fact."""


def offers(case: Case, words: Words, newest: int | None) -> dict[str, Any]:
    """Give what the forms of a procedure offer; ``newest`` is the newest published version of its protocol."""
    plan, today = case.checklist, case.today
    protocol, record = plan.rules.protocol, plan.record
    items = (*plan.items, *plan.left_out)
    steps = [(item.rule.step.id, words.text(item.rule.step.title), item.state_on(today)) for item in plan.items]
    titles = {step: title for step, title, _ in steps}
    blocking = [] if record.ended else [r for r in reasons_on(plan, min(today, record.on)) if r.level >= BLOCKED]
    return {
        **contacts((item.rule.step for item in items), case.lexicon, words),
        "facts": [question(fact, record.answers.get(fact.id), words) for fact in protocol.facts],
        "events": [
            *((name, "") for name in sorted(BUILT_IN_EVENTS - {"booked"})),
            *((event.id, words.text(event.ask)) for event in protocol.events),
        ],
        "steps": steps,
        "closed": [(step, title) for step, title, state in steps if state == "closed"],
        "blocking": [(reason.step, titles.get(reason.step, reason.step)) for reason in blocking],
        "clearance": protocol.clearance == "required" or record.cleared is not None,
        "cleared": record.cleared is not None,
        "ends": [end for end in ENDS if end == "cancelled" or today >= record.on],
        "newer": newest if newest is not None and newest > case.row.protocol_number else None,
        "unanswered": len(plan.open_facts),
    }


def contacts(steps: Iterable[Step], lexicon: Lexicon, words: Words) -> dict[str, list[tuple[str, str]]]:
    """Give the classes with which there may be a contact: what these steps avoid first, then everything else."""
    avoided: dict[str, None] = {}
    special: dict[str, None] = {}
    for step in steps:
        if isinstance(step, Avoid):
            avoided |= dict.fromkeys(step.of)
            special |= dict.fromkeys(step.longer)

    def named(names: Iterable[str]) -> list[tuple[str, str]]:
        return [(name, lexicon.title(name, words.language)) for name in names]

    others = sorted(named(set(lexicon.classes) - set(avoided)), key=lambda pair: pair[1].casefold())
    return {"avoided": named(avoided), "others": others, "special": named(special)}


def question(fact: Fact, value: FactValue, words: Words) -> dict[str, Any]:
    """Lay out a question of the protocol with its answer, written as its field sends it."""
    given = value if isinstance(value, tuple) else () if value is None else (value,)
    return {
        "name": f"{KINDS.get(fact.type, '')}answers/{fact.id}",
        "type": fact.type,
        "ask": words.text(fact.ask),
        "options": [(one, option(words, one)) for one in fact.options],
        "by": fact.by,
        "was": [str(one).lower() if isinstance(one, bool) else str(one) for one in given],
    }


def likely(found: Standing, desk: Desk, *, has_come: bool) -> str:
    """Name the group of forms, or the item, that is needed next, so that it is open when the page comes; or nothing.

    ``has_come``: the patient has signed in before, and needs no link.
    """
    case, status = found.case, found.status
    if case.row.ended is not None:
        return "event" if case.row.ended == "completed" else ""
    if status.level == "past":
        return "end"
    if not status.reasons:
        return "" if has_come or status.level == "ready" else "access"
    reason, is_clinician = status.reasons[0], desk.actor.may("clinician")
    if reason.fact is not None:
        return "answer"
    if reason.item is None:
        return "clear" if is_clinician else ""
    if reason.state == "closed":
        return "gate" if is_clinician else "move"
    if reason.item.undecided:  # the products have their forms beside them
        return ""
    return "move" if reason.state == "short" else f"item-{reason.step}"
