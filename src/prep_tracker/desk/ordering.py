"""Take an order for a procedure: find its protocol, check what is known already, and make the first entries of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal

from prep_tracker.catalog import lexicon
from prep_tracker.catalog.published import prepared, published
from prep_tracker.desk import answers as checks
from prep_tracker.desk.products import product_fields
from prep_tracker.domain import entries as e
from prep_tracker.domain.errors import Fault
from prep_tracker.store import protocols

if TYPE_CHECKING:
    from prep_tracker.desk.case import Desk
    from prep_tracker.domain.entries import Entry
    from prep_tracker.domain.rules import Rules
    from prep_tracker.store import Connection


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact that is known already."""

    to: str
    on: date
    kind: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product or medicine as somebody names it: a name, a brand, or a whole label."""

    text: str
    kind: Literal["skincare", "medicine"]
    prescribed: bool | None = None
    last_used_on: date | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a patient before the procedure is booked."""

    answers: Mapping[str, object] = field(default_factory=dict)
    exposures: Sequence[Contact] = ()
    kept_since: Mapping[str, date | None] = field(default_factory=dict)
    products: Sequence[NewProduct] = ()


def find_rules(connection: Connection, desk: Desk, name: str) -> tuple[Rules | None, list[Fault]]:
    """Find a published protocol version by slug or slug@number; what is not there is a fault with what there is."""
    slug, at, number = name.partition("@")
    if at and not (number.isascii() and number.isdecimal() and len(number) < 7):  # noqa: PLR2004 - no version is higher
        message = 'Write a version as slug@number, for example "laser-ablative@3".'
        return None, [Fault("/protocol", "unknown-protocol", message)]
    head = protocols.find_head(connection, desk.clinic.id, slug, int(number) if at else None)
    if head is None or head.status != "published":
        known = sorted({p.slug for p in protocols.every(connection, desk.clinic.id) if p.status == "published"})
        return None, [Fault("/protocol", "unknown-protocol", f"Send a published protocol: {', '.join(known)}.")]
    rules = prepared(head.slug, head.number, head.content_hash)
    if rules is None:
        row = protocols.get(connection, desk.clinic.id, head.slug, head.number)
        rules = published(row.slug, row.number, row.content_hash, row.content)
    return rules, []


def known_faults(rules: Rules | None, known: Known, today: date) -> list[Fault]:
    """Check what is known against the lexicon, and against the protocol where there is one; names every wrong field."""
    faults: list[Fault] = []
    if rules is not None:
        faults += checks.answer_faults(rules.protocol, known.answers, "/answers")
        faults += checks.since_faults({step.id: step for step in rules.protocol.steps}, known.kept_since, today)
    for number, contact in enumerate(known.exposures):
        pointer = f"/exposures/{number}"
        faults += checks.exposure_faults(lexicon(), contact.to, contact.kind, contact.on, today, pointer)
    for number, product in enumerate(known.products):
        faults += checks.day_faults(f"/products/{number}/last_used_on", product.last_used_on, today)
    return faults


def first_entries(desk: Desk, on: date, at: str | None, protocol: str, known: Known) -> list[Entry]:
    """Make the booking and everything that was said with it."""
    new: list[Entry] = [e.Booked(**desk.said(1), on=on, start=at, protocol=protocol)]
    if known.answers:
        new.append(e.Answered(**desk.said(len(new) + 1), answers=checks.typed_answers(known.answers)))
    for contact in known.exposures:
        said = desk.said(len(new) + 1)
        new.append(e.Exposed(**said, to=contact.to, on=contact.on, special=contact.kind, note=contact.note))
    for step, day in known.kept_since.items():
        new.append(e.Marked(**desk.said(len(new) + 1), step=step, mark="since", on=day))
    for product in known.products:
        fields = product_fields(product.text, product.kind)
        said = desk.said(len(new) + 1)
        new.append(e.ProductAdded(**said, **fields, prescribed=product.prescribed, last_used_on=product.last_used_on))
    return new
