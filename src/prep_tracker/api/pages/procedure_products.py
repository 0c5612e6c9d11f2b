"""Show the products and medicines of a patient: what each matches and by which words, and what is still to decide."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from prep_tracker.desk.products import scan

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.desk.case import Case
    from prep_tracker.domain.record import Product

DECISIONS = ("continue", "hold", "change", "stop_agreed", "ask_prescriber")


def products_view(case: Case, words: Words) -> list[dict[str, Any]]:
    """Lay the products out, those first about which somebody has to decide."""
    products = case.checklist.record.products.values()
    made = [_product(case, product, words) for product in products]
    return sorted(made, key=lambda one: (not one["undecided"], one["n"]))


def _product(case: Case, product: Product, words: Words) -> dict[str, Any]:
    lexicon = case.lexicon
    found = scan(product.text)
    said: dict[str, list[str]] = {}
    for match in found.matches:
        for name in (match.class_, match.entry):
            said.setdefault(name, []).append(match.words)
    for question in found.questions:
        for name in question.classes:
            said.setdefault(name, []).append(question.words)

    def classes(names: Iterable[str]) -> list[dict[str, Any]]:
        known = sorted(name for name in names if name in lexicon.classes)
        return [
            {
                "id": name,
                "title": lexicon.title(name, words.language),
                "words": list(dict.fromkeys(said.get(name, ()))),
            }
            for name in known
        ]

    items = [item for item in case.checklist.items if (product.classes | product.doubtful) & item.rule.members]
    return {
        "n": product.number,
        "label": product.label,
        "text": "" if product.label.startswith(product.text.strip()) else product.text,
        "kind": product.category,
        "prescribed": product.prescribed,
        "last_used_on": _day(product.last_used),
        "stopped_on": _day(product.stopped),
        "classes": classes(product.classes),
        "minor": classes(product.minor),
        "doubtful": classes(product.doubtful),
        "decision": product.decision,
        "decided_on": _day(product.decided_on or None),
        "steps": [words.text(item.rule.step.title) for item in items],
        "undecided": any(product.number in item.undecided for item in case.checklist.items),
        "unknown": not product.classes and not product.doubtful and not product.minor,
    }


def _day(on: int | None) -> date | None:
    return None if on is None else date.fromordinal(on)
