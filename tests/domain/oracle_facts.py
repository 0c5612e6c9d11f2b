"""Read a record the slow way: what was said about a procedure, by walking over its entries each time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from prep_tracker.domain import entries as e
from prep_tracker.domain.protocol import Avoid, Daily, Do, Gate, Note, Protocol, Review, Step
from prep_tracker.domain.terms import Point, When
from tests.domain import oracle_days as days

ClassBook = dict[str, dict[str, Any]]
"""Class → its ``kind_of`` (a list of names), ``medicine`` (true or false) and ``route``."""


@dataclass
class Product:
    """A product as it is known after all that was said."""

    seq: int
    named_on: date
    classes: set[str]
    prescribed: bool | None
    last_used: date | None
    stopped: date | None = None
    decision: str | None = None
    decided_on: date | None = None

    def contacts(self) -> list[date]:
        """Both the last use and the day on which it was stopped are contacts."""
        return [day for day in (self.last_used, self.stopped) if day]


@dataclass
class World:
    """One procedure as somebody who knows these entries sees it; ``today`` asks "what if all were kept from today"."""

    protocol: Protocol
    book: ClassBook
    entries: Sequence[e.Entry]
    closed: frozenset[date] = frozenset()
    moved_to: date | None = None
    today: date | None = None
    said: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        gone = {x.entry for x in self.entries if isinstance(x, e.Withdrawn)}
        self.said = [x for x in self.entries if x.seq not in gone]

    def of_kind(self, kind: type) -> list[Any]:
        """List what was said in one kind of entry, in order."""
        return [x for x in self.said if isinstance(x, kind)]

    @property
    def booked_on(self) -> date:
        return self.entries[0].said_on

    @property
    def day(self) -> date:
        """The procedure day."""
        if self.moved_to:
            return self.moved_to
        return [x.on for x in self.said if isinstance(x, e.Booked | e.Moved)][-1]

    @property
    def start(self) -> str | None:
        return [x.start for x in self.said if isinstance(x, e.Booked | e.Moved)][-1]

    def steps(self) -> list[Step]:
        """List the protocol's steps, with those that staff added or replaced."""
        steps: dict[str, Step] = {s.id: s for s in self.protocol.steps}
        for entry in self.of_kind(e.StepAdded):
            steps[entry.rule.id] = entry.rule
        return list(steps.values())

    # -- classes ----------------------------------------------------------------------------------------------------

    def wider(self, name: str) -> set[str]:
        found = {name}
        for parent in self.book.get(name, {}).get("kind_of", ()):
            found |= self.wider(parent)
        return found

    def members(self, names: Iterable[str]) -> set[str]:
        wanted = set(names)
        return wanted | {name for name in self.book if self.wider(name) & wanted}

    def medicine(self, name: str) -> bool:
        return any(self.book.get(n, {}).get("medicine") for n in self.wider(name))

    def systemic(self, name: str) -> bool:
        """Say whether it acts on the whole body."""
        return any(self.book.get(n, {}).get("route") == "systemic" for n in self.wider(name))

    def watched(self, step: Step) -> set[str]:
        """List the classes that a step is about."""
        of = step.of if isinstance(step, Avoid | Daily | Review) else ()
        return self.members(of) - self.members(step.except_ if isinstance(step, Avoid) else ())

    # -- what was said ----------------------------------------------------------------------------------------------

    def marks(self, step: str, kind: str) -> list[e.Marked]:
        return [x for x in self.of_kind(e.Marked) if x.step == step and x.mark == kind]

    def days_marked(self, step: str) -> dict[date, bool]:
        """For a daily: which days were kept (true) or missed (false); the later word about a day counts."""
        return {
            x.on or x.said_on: x.mark == "kept"
            for x in self.of_kind(e.Marked)
            if x.step == step and x.mark in {"kept", "missed"}
        }

    def mark_entry(self, step: str, day: date) -> int:
        """Find the number of the entry that said last how a day of a daily went."""
        return max(
            int(x.seq)
            for x in self.of_kind(e.Marked)
            if x.step == step and x.mark in {"kept", "missed"} and (x.on or x.said_on) == day
        )

    def events(self) -> dict[str, date]:
        return {"booked": self.booked_on} | {x.event: x.on for x in self.of_kind(e.EventRecorded)}

    def answers(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for entry in self.of_kind(e.Answered):
            found.update(entry.answers)
        return {fact: value for fact, value in found.items() if value is not None}

    def products(self) -> list[Product]:
        found: dict[int, Product] = {}
        for x in self.said:
            if isinstance(x, e.ProductAdded):
                found[x.seq] = Product(x.seq, x.said_on, set(x.classes), x.prescribed, x.last_used_on)
            elif isinstance(x, e.ProductChanged) and x.product in found:
                product = found[x.product]
                product.prescribed = product.prescribed if x.prescribed is None else x.prescribed
                product.last_used = x.last_used_on or product.last_used
                product.stopped = x.stopped_on or product.stopped
                product.classes = (product.classes | set(x.confirmed)) - set(x.rejected)
            elif isinstance(x, e.Decided) and x.product in found:
                found[x.product].decision, found[x.product].decided_on = x.decision, x.said_on
        return list(found.values())

    def contacts(self, step: Avoid) -> list[tuple[int, date, set[str]]]:
        """List contacts with what a step avoids: entry, day, names; of products only those that the dates follow."""
        watched = self.watched(step)
        found = [
            (x.seq, x.on, {x.to} | ({x.special} if x.special else set()))
            for x in self.of_kind(e.Exposed)
            if {x.to, x.special} & watched
        ]
        for daily in self.steps():
            if isinstance(daily, Daily) and self.members(daily.of) & watched:
                found += [
                    (self.mark_entry(daily.id, day), day, self.members(daily.of) & watched)
                    for day, kept in self.days_marked(daily.id).items()
                    if kept
                ]
        for product in self.products():
            if product.classes & watched and self.role(step, product) == "counts":
                found += [(product.seq, day, product.classes & watched) for day in product.contacts()]
        return found

    def role(self, step: Avoid, product: Product) -> str:
        """Say what a product of the step's classes does: ``counts``, ``satisfied`` or ``outstanding``."""
        if product.decision == "continue":
            return "satisfied"
        if self.reviewed(step, product) and product.decision not in {"hold", "stop_agreed"}:
            return "outstanding"
        return "counts"

    def reviewed(self, step: Avoid, product: Product) -> bool:
        """Say whether a clinician's decision rules over this product (section 5, prescribed medicines)."""
        mode = step.prescribed
        if mode is None and any(self.medicine(name) for name in product.classes & self.watched(step)):
            mode = "review"
        return mode == "review" and product.prescribed is not False

    # -- conditions and points --------------------------------------------------------------------------------------

    def holds(self, when: When, step: Step) -> bool | None:
        """Judge a condition: true, false, or None for unknown."""
        if when.all_ is not None:
            parts = [self.holds(part, step) for part in when.all_]
            return False if False in parts else None if None in parts else True
        if when.any_ is not None:
            parts = [self.holds(part, step) for part in when.any_]
            return True if True in parts else None if None in parts else False
        if when.not_ is not None:
            inner = self.holds(when.not_, step)
            return None if inner is None else not inner
        if when.fact is not None:
            value = self.answers().get(when.fact)
            if value is None:
                return None
            wanted = [when.is_] if when.in_ is None else list(when.in_)
            return any(v in wanted for v in (value if isinstance(value, tuple) else (value,)))
        if when.starts is not None:
            if self.start is None:
                return None
            if when.starts.before is not None:
                return self.start < when.starts.before
            return self.start >= str(when.starts.from_)
        return self.uses(str(when.uses), step)

    def uses(self, name: str, step: Step) -> bool | None:
        """Say whether a product of a class is used now, or was within the step's own window."""
        window = self.window(step)
        found = [p for p in self.products() if p.classes & self.members([name])]
        if any(p.stopped is None or p.stopped >= window for p in found):
            return True
        return False if self.nothing_more() else None

    def window(self, step: Step) -> date:
        """Find the first day of a step's own window; where it has none, the booking."""
        first: date | str = self.booked_on
        if isinstance(step, Avoid):
            first = days.opens_on(self.day, step.days_before) if step.days_before is not None else self.day
            if step.from_ is not None:
                first = self.point(step.from_)
        else:
            begin = {Do: "opens", Daily: "from_", Gate: "opens", Note: "at"}.get(type(step))
            point = getattr(step, begin) if begin else None
            first = self.booked_on if point is None else self.point(point)
        return self.booked_on if isinstance(first, str) else first

    def nothing_more(self) -> bool:
        """Say whether "no (more) products" was said after the last product was named."""
        said = [x.seq for x in self.of_kind(e.Marked) if x.mark == "no_more_products"]
        return bool(said) and all(p.seq < said[-1] for p in self.products())

    def missing(self, when: When, step: Step) -> set[str]:
        """List the unanswered facts for whose lack a condition is unknown."""
        if self.holds(when, step) is not None:
            return set()
        if when.fact is not None:
            return {when.fact}
        parts = (when.all_ or ()) + (when.any_ or ()) + ((when.not_,) if when.not_ else ())
        return set().union(*(self.missing(part, step) for part in parts)) if parts else set()

    def point(self, point: Point) -> date | str:
        """Lay a point on the calendar: a day, or ``undated`` or ``to-follow``."""
        base: date | str = self.day
        if point.event:
            base = self.events().get(point.event, "undated")
        elif point.done:
            base = max((x.on or x.said_on for x in self.marks(point.done, "done")), default="undated")
        if isinstance(base, str):
            return base
        if point.months is not None:
            return days.months(base, point.months)
        if point.business_days is not None:
            return days.business(base, point.business_days, self.closed)
        if point.hours is not None or point.minutes is not None:
            if point.event or point.done:
                return base + timedelta(hours=point.hours or 0, minutes=point.minutes or 0)
            if self.start is None:
                return "to-follow"
            clock = datetime.fromisoformat(f"{base}T{self.start}")
            return (clock + timedelta(hours=point.hours or 0, minutes=point.minutes or 0)).date()
        return base + timedelta(days=point.days or 0)
