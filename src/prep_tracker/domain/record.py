"""Fold the entries of a procedure into what is known: the input of every rule.

Days are ordinals here (see ``days``). A withdrawn entry is left out as if it had never been said; everything else
counts in the order of its number, and where a later statement replaces an earlier one this says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from prep_tracker.domain import entries as e

if TYPE_CHECKING:
    from prep_tracker.domain.protocol import Step


class Contact(NamedTuple):
    """One contact: its entry, its day, what it was with, and of which kind."""

    seq: int
    on: int
    to: str
    special: str | None


class Since(NamedTuple):
    """The last "kept since" of a step: its first clear day, None for never; with its entry and when it was said."""

    seq: int
    on: int | None
    said_on: int


class Dated(NamedTuple):
    """A statement about one day, with the entry and the day on which it was said."""

    seq: int
    on: int
    said_on: int


@dataclass(slots=True)
class Product:
    """A product or medicine that was named, with what has become known of it since."""

    number: int
    named_on: int
    text: str
    label: str
    category: str
    classes: frozenset[str]
    minor: frozenset[str]
    doubtful: frozenset[str]
    """Classes that staff have still to confirm or reject."""
    prescribed: bool | None
    last_used: int | None
    stopped: int | None = None
    decision: e.Decision | None = None
    decided_on: int = 0
    changed: int = 0

    @property
    def last_contact(self) -> int | None:
        """Give the last day on which it was used, as far as anybody said."""
        days = [d for d in (self.last_used, self.stopped) if d is not None]
        return max(days) if days else None


class Waiver(NamedTuple):
    """A waiver: its entry, and the days short that it covers."""

    seq: int
    days_short: int
    said_on: int


@dataclass(slots=True)
class Record:
    """What is known of one procedure. Built by ``fold`` only; the rules read it and never change it."""

    on: int
    booked_on: int
    start: str | None
    protocol: str
    version: int = 0
    last_on: int = 0
    answers: dict[str, e.FactValue] = field(default_factory=dict)
    sinces: dict[str, Since] = field(default_factory=dict)
    contacts: list[Contact] = field(default_factory=list)
    done: dict[str, list[Dated]] = field(default_factory=dict)
    kept: dict[str, dict[int, tuple[int, bool]]] = field(default_factory=dict)
    understood: dict[str, int] = field(default_factory=dict)
    marks: dict[str, list[e.Marked]] = field(default_factory=dict)
    """By step; what is said about no step stands under an empty name."""
    safe: dict[str, list[Dated]] = field(default_factory=dict)
    unsafe: dict[str, int] = field(default_factory=dict)
    opened: dict[str, Dated] = field(default_factory=dict)
    products: dict[int, Product] = field(default_factory=dict)
    no_more: tuple[int, int] | None = None
    waivers: dict[str, Waiver] = field(default_factory=dict)
    cleared: e.Cleared | None = None
    events: dict[str, int] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    ended: e.Ended | None = None
    assumed_from: int | None = None
    """Reckon as if everything still open were kept or done from this day; None: only what was said."""


def fold(entries: Iterable[e.Entry], upto: date | None = None) -> Record:
    """Read the entries in order; with ``upto``, only those said on that day or before.

    The first entry must be the booking; a record without one is a ``ValueError``.
    """
    known = [x for x in entries if upto is None or x.said_on <= upto]
    gone = {x.entry for x in known if isinstance(x, e.Withdrawn)}
    if not known or not isinstance(known[0], e.Booked):
        msg = "a record begins with its booking"
        raise ValueError(msg)
    first = known[0]
    record = Record(first.on.toordinal(), first.said_on.toordinal(), first.start, first.protocol)
    record.events["booked"] = record.booked_on
    for entry in known:
        if entry.seq not in gone:
            _apply(record, entry)
    record.version = known[-1].seq
    record.last_on = max(x.said_on for x in known).toordinal()
    return record


def _apply(record: Record, entry: e.Entry) -> None:  # noqa: C901, PLR0912 - one flat case a kind reads best
    match entry:
        case e.Marked():
            _mark(record, entry)
        case e.Exposed():
            record.contacts.append(Contact(entry.seq, entry.on.toordinal(), entry.to, entry.special))
        case e.Answered():
            record.answers.update(entry.answers)
        case e.Moved():
            record.on, record.start = entry.on.toordinal(), entry.start
        case e.ProductAdded():
            record.products[entry.seq] = Product(
                entry.seq,
                entry.said_on.toordinal(),
                entry.text,
                entry.label or entry.text,
                entry.category,
                frozenset(entry.classes),
                frozenset(entry.minor),
                frozenset(entry.doubtful),
                entry.prescribed,
                _ordinal(entry.last_used_on),
            )
        case e.ProductChanged() | e.Decided():
            _change_product(record, entry)
        case e.Waived():
            record.waivers[entry.step] = Waiver(entry.seq, entry.days_short, entry.said_on.toordinal())
        case e.GateOpened():
            day = entry.said_on.toordinal()
            record.opened[entry.step] = Dated(entry.seq, day, day)
        case e.Cleared():
            record.cleared = entry
        case e.ClearanceRemoved():
            record.cleared = None
        case e.EventRecorded():
            record.events[entry.event] = entry.on.toordinal()
        case e.StepAdded():
            record.steps[entry.rule.id] = entry.rule
        case e.ProtocolChanged():
            record.protocol = entry.protocol
        case e.Ended():
            record.ended = entry
        case e.Booked() | e.Withdrawn():
            pass


def _mark(record: Record, entry: e.Marked) -> None:
    step, said_on = entry.step or "", entry.said_on.toordinal()
    on = said_on if entry.on is None else entry.on.toordinal()
    record.marks.setdefault(step, []).append(entry)
    match entry.mark:
        case "no_more_products":
            record.no_more = (entry.seq, said_on)
        case "since":
            record.sinces[step] = Since(entry.seq, _ordinal(entry.on), said_on)
        case "done":
            record.done.setdefault(step, []).append(Dated(entry.seq, on, said_on))
        case "kept" | "missed":
            record.kept.setdefault(step, {})[on] = (entry.seq, entry.mark == "kept")
        case "understood":
            record.understood[step] = on
        case "safe":
            record.safe.setdefault(step, []).append(Dated(entry.seq, on, said_on))
        case "unsafe":
            record.unsafe[step] = entry.seq


def _change_product(record: Record, entry: e.ProductChanged | e.Decided) -> None:
    product = record.products.get(entry.product)
    if product is None:  # the product itself was withdrawn
        return
    if isinstance(entry, e.Decided):
        product.decision, product.decided_on = entry.decision, entry.said_on.toordinal()
        return
    product.changed = entry.seq
    if entry.prescribed is not None:
        product.prescribed = entry.prescribed
    if entry.last_used_on is not None:
        product.last_used = entry.last_used_on.toordinal()
    if entry.stopped_on is not None:
        product.stopped = entry.stopped_on.toordinal()
    confirmed, rejected = frozenset(entry.confirmed), frozenset(entry.rejected)
    product.classes = (product.classes | confirmed) - rejected
    product.minor -= confirmed | rejected
    product.doubtful -= confirmed | rejected


def _ordinal(day: date | None) -> int | None:
    return None if day is None else day.toordinal()
