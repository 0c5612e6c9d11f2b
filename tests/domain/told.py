"""Tell a procedure on Friday 18 December 2026 in Amsterdam in few words: its steps, and what was said on which day."""

from __future__ import annotations

from datetime import date
from typing import Any

from prep_tracker.domain import entries as e
from prep_tracker.domain.items import Item
from prep_tracker.domain.plan import Checklist, plan
from prep_tracker.domain.protocol import Protocol
from prep_tracker.domain.record import fold
from tests.domain.strategies import AT, Case, prepared

Saying = tuple[date, type[Any], dict[str, Any]]
"""On which day, what kind of entry, with what."""
BOOKED, DAY = date(2026, 11, 22), date(2026, 12, 18)


def dec(number: int) -> date:
    """Name a day of December 2026."""
    return date(2026, 12, number)


def nov(number: int) -> date:
    """Name a day of November 2026."""
    return date(2026, 11, number)


def tell(*steps: dict[str, Any], said: tuple[Saying, ...] = (), start: str | None = None, **protocol: Any) -> Case:  # noqa: ANN401 - whatever a protocol may hold
    """Book on 22 November for 18 December, then say things. A single step is called "step", others say their id."""
    whole = [{"id": "step", "title": "Step", "source": "made up", "severity": "blocking"} | step for step in steps]
    written = Protocol.model_validate({"protocol": "told", "title": "Told", "steps": whole} | protocol)
    head: dict[str, Any] = {"at": AT, "by": "staff"}
    booked = e.Booked(seq=1, said_on=BOOKED, on=DAY, start=start, protocol="told@1", **head)
    entries = [kind(seq=n, said_on=when, **head, **what) for n, (when, kind, what) in enumerate(said, start=2)]
    return Case(written, (booked, *entries))


def planned(case: Case) -> Checklist:
    """Plan it."""
    return plan(prepared(case.protocol), fold(case.entries), case.calendar)


def item(checklist: Checklist, step: str = "step") -> Item:
    """Find the item of a step."""
    return next(i for i in (*checklist.items, *checklist.left_out) if i.rule.step.id == step)


def named(when: date, *classes: str, **more: Any) -> Saying:  # noqa: ANN401 - whatever is known of a product
    """Name a product of these classes."""
    return when, e.ProductAdded, {"text": "Something", "category": "medicine", "classes": classes} | more


def decided(when: date, product: int, decision: str) -> Saying:
    """Let a clinician decide about the product of an entry."""
    return when, e.Decided, {"product": product, "decision": decision}


def mark(when: date, kind: str, on: date | None = None, step: str | None = "step") -> Saying:
    """Make a statement about a step."""
    return when, e.Marked, {"step": step, "mark": kind, "on": on}


def sun(when: date, special: str | None = None) -> Saying:
    """Say on that day that there was sun on it."""
    return when, e.Exposed, {"to": "sun", "on": when, "special": special}
