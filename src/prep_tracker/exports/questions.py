"""Write what a protocol asks as one form that a portal can render, with what is still unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prep_tracker.domain import explain
from prep_tracker.domain.protocol import Avoid, Do, Gate, Note, Review
from prep_tracker.domain.standing import who
from prep_tracker.exports.document import iso

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prep_tracker.domain.items import Item
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.exports.sayings import Words


def questions_document(checklist: Checklist, day: int, words: Words) -> dict[str, Any]:
    """Write the form of one day: what is open first, in the order in which it is asked."""
    asked = [*_facts(checklist, words), *_steps(checklist, day, words)]
    asked.sort(key=lambda one: (one["answered"], one["from"] or ""))
    return {
        "as_of": iso(day),
        "language": words.language,
        "open": sum(not one["answered"] for one in asked),
        "items": asked,
    }


def _facts(checklist: Checklist, words: Words) -> Iterator[dict[str, Any]]:
    record = checklist.record
    for fact in checklist.rules.protocol.facts:
        value = record.answers.get(fact.id)
        yield {
            "id": fact.id,
            "kind": "fact",
            "type": fact.type,
            "text": words.text(fact.ask),
            "options": list(fact.options),
            "who": fact.by,
            "from": iso(record.booked_on),
            "answered": value is not None,
            "value": value,
        }


def _steps(checklist: Checklist, day: int, words: Words) -> Iterator[dict[str, Any]]:
    record, products_asked = checklist.record, False
    for item in checklist.items:
        step = item.rule.step
        if item.opens is None or (item.silent and not isinstance(step, Gate)):
            continue
        state = item.state_on(day)
        answered = state not in {"unknown", "upcoming"} or item.settled
        if isinstance(step, Avoid):
            since = record.sinces.get(step.id)
            kept = None if since is None else iso(since.on) or "never"
            yield _step(item, "since", "since", words, answered=answered, value=kept)
        elif isinstance(step, Gate):
            value: bool | None = step.safe if item.settled else (not step.safe if state == "closed" else None)
            yield _step(item, "gate", "yes-no", words, answered=state in {"done", "closed", "waived"}, value=value)
        elif isinstance(step, Note) and step.confirm:
            yield _step(item, "understood", "confirm", words, answered=item.settled, value=None)
        elif isinstance(step, Do):
            yield _step(item, "done", "confirm", words, answered=item.settled, value=None)
        elif isinstance(step, Review) and step.of and not products_asked:
            products_asked = True
            said = record.no_more is not None and record.no_more[0] > max(record.products, default=0)
            asked = _step(item, "no_more_products", "confirm", words, answered=said, value=None)
            yield asked | {"text": words.say(explain.Phrase("ask.no_more")), "who": "patient"}


def _step(item: Item, kind: str, type_: str, words: Words, *, answered: bool, value: object) -> dict[str, Any]:
    step = item.rule.step
    asked = explain.question(item, "unknown" if kind in {"since", "gate", "understood"} else "open")
    text = words.say(asked[1]) if asked else words.text(step.title)
    return {
        "id": step.id,
        "kind": kind,
        "type": type_,
        "text": text,
        "options": [],
        "who": who(item),
        "from": iso(item.opens),
        "answered": answered,
        "value": value,
    }
