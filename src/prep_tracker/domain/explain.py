"""Say why: why this date, why this item, why the procedure stands as it does. As data; the words come from locales.

A ``Phrase`` is the key of a sentence and the values that belong into it. Whoever has the words of a language makes a
sentence of it (``catalog.words``); whoever wants the data takes the phrase as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from prep_tracker.domain.days import Span
from prep_tracker.domain.protocol import Avoid, Daily, Do, Gate, Note, Review

if TYPE_CHECKING:
    from prep_tracker.domain.conditions import Cause
    from prep_tracker.domain.items import Item
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.domain.points import Moment
    from prep_tracker.domain.standing import Reason


class Day(NamedTuple):
    """A day in a sentence; ``year`` says whether the year is named."""

    on: int
    year: bool = False


class Count(NamedTuple):
    """A number with its noun: "14 clear days", "1 day"."""

    noun: str
    number: int


class Classes(NamedTuple):
    """Names of the lexicon, to be listed."""

    names: tuple[str, ...]


class Joined(NamedTuple):
    """Phrases that follow each other."""

    phrases: tuple[Phrase, ...]


Value = str | int | Day | Count | Classes | Joined | Mapping[str, str]


class Phrase(NamedTuple):
    """The key of a sentence in the locale files, with what belongs into it."""

    key: str
    values: Mapping[str, Value] = {}


def lowered(name: str) -> str:
    """Write a name as within a sentence: "Adapalene" becomes "adapalene"; "AHA" and "St. John's wort" stay."""
    first, _, rest = name.partition(" ")
    proper = not first[1:].islower() or first.endswith(".") or rest[:1].isupper()
    return name if proper else f"{name[:1].lower()}{name[1:]}"


def length(span: Span, noun: str = "clear_days") -> Count:
    """Name a length in the unit in which the protocol gives it."""
    return Count("months", span.months) if span.months else Count(noun, span.days)


def why(checklist: Checklist, item: Item) -> Phrase:
    """Say by which rule an item lies on its days: what it counts from, how far, in which zone."""
    step, record = item.rule.step, checklist.record
    values: dict[str, Value] = {
        "on": Day(record.on, year=True),
        "zone": _place(checklist.calendar.zone),
        "title": step.title,
    }
    if item.opens is None:
        return Phrase("why.undated", values)
    values["opens"] = Day(item.opens)
    if item.closes is not None:
        values["closes"] = Day(item.closes)
    if item.due is not None:
        values["due"] = Day(item.due)
    if any(m.to_follow for m in item.moments):
        return Phrase("why.to_follow", values)
    if isinstance(step, Avoid):
        return _why_avoid(step, item, values)
    if isinstance(step, Do):
        if step.lead_days:
            values["lead"] = Count("days", step.lead_days)
            values["last"] = Day(record.on - step.lead_days)
            return Phrase("why.do.lead", values)
        return Phrase("why.do", values)
    if isinstance(step, Daily):
        return Phrase("why.daily" if item.closes is not None else "why.daily.until", values)
    if isinstance(step, Gate):
        return Phrase("why.gate.once" if step.once else "why.gate", values)
    if isinstance(step, Review):
        return Phrase("why.review" if item.due is not None else "why.review.now", values)
    return Phrase("why.note", values)


def _why_avoid(step: Avoid, item: Item, values: dict[str, Value]) -> Phrase:
    if step.days_before is None:
        if step.from_ is None:
            return Phrase("why.avoid.after" if item.closes is not None else "why.avoid.after.until", values)
        return Phrase("why.avoid.from", values | _at(item.moments[0]))
    values["ask"] = length(step.days_before)
    key = "why.avoid"
    # A floor blocks only where the step does.
    if step.floor_days is not None and step.floor_days != step.days_before and step.severity == "blocking":
        values["floor"] = length(step.floor_days)
        key = "why.avoid.floor"
    if item.reviewing:
        key = "why.avoid.review"
    if step.days_after is None and step.until is None:
        return Phrase(key, values)
    first = Joined((Phrase(key, values),))
    if item.closes is None:
        return Phrase("why.both.until", {"first": first})
    return Phrase("why.both", {"first": first, "closes": values["closes"]})


def _at(moment: Moment) -> dict[str, Value]:
    if moment.time is not None:
        return {"at": Joined((Phrase("at.time", {"time": moment.time}),))}
    if moment.part is not None:
        return {"at": Joined((Phrase(f"at.{moment.part}"),))}
    return {"at": ""}


def because(checklist: Checklist, item: Item) -> tuple[Phrase, ...]:
    """Name the answers and products that brought an item in, or that it is about."""
    causes = [_cause(checklist, cause) for cause in item.causes]
    step, record = item.rule.step, checklist.record
    if isinstance(step, Avoid | Review):
        causes += [
            _product(product.label, product.classes & item.rule.members)
            for product in record.products.values()
            if product.classes & item.rule.members and product.decision != "continue"
        ]
    if item.rule.added:
        causes.append(Phrase("because.added"))
    if item.provisional and item.missing:
        causes.append(Phrase("because.unknown"))
    return tuple(dict.fromkeys(causes)) if not causes else tuple(causes)


def _cause(checklist: Checklist, cause: Cause) -> Phrase:
    if cause.what == "product":
        product = checklist.record.products[int(cause.which)]
        return _product(product.label, product.classes)
    fact = next(f for f in checklist.rules.protocol.facts if f.id == cause.which)
    answer = checklist.record.answers.get(fact.id)
    if isinstance(answer, bool):
        return Phrase("because.yes" if answer else "because.no", {"ask": fact.ask})
    given = ", ".join(answer) if isinstance(answer, tuple) else str(answer)
    return Phrase("because.answer", {"ask": fact.ask, "answer": given})


def _product(label: str, classes: frozenset[str]) -> Phrase:
    return Phrase("because.product", {"product": label, "classes": Classes(tuple(sorted(classes)))})


def reason(checklist: Checklist, found: Reason) -> Phrase:
    """Say one reason of the standing in a sentence."""
    on = Day(checklist.record.on, year=True)
    if found.fact is not None:
        return Phrase("reason.fact", {"ask": found.fact.ask})
    if found.item is None:
        return Phrase("reason.clearance.void" if checklist.clearance_void else "reason.clearance", {"on": on})
    item, step = found.item, found.item.rule.step
    values: dict[str, Value] = {"title": step.title, "on": on, "act_by": Day(found.act_by)}
    if isinstance(step, Gate):
        values["title"] = step.ask
    if found.state == "unknown":
        if item.undecided:
            return Phrase("reason.undecided", values)
        if isinstance(step, Avoid) and found.worst_case_days_short:
            values["days"] = Count("days", found.worst_case_days_short)
            return Phrase("reason.avoid.unknown.worst", values)
        kind = "review.own" if isinstance(step, Review) and not step.of else step.kind
        return Phrase(f"reason.{kind}.unknown", values)
    if found.state == "short":
        values["days"] = Count("days", found.days_short or 0)
        if isinstance(step, Avoid):
            floor = step.floor_days is not None and not found.floor_days_short
            return Phrase("reason.avoid.short.ask" if floor else "reason.avoid.short", values)
        return Phrase(f"reason.{step.kind}.short", values)
    return Phrase(f"reason.{step.kind}.{found.state}", values)


def arithmetic(checklist: Checklist, item: Item, short: int) -> Phrase:
    """Say what one rule asks for a day, and whether that is enough or by how many days it is short."""
    step = item.rule.step
    values: dict[str, Value] = {"title": step.title, "on": Day(checklist.record.on)}
    if item.opens is not None:
        values["opens"] = Day(item.opens)
    if isinstance(step, Avoid) and step.days_before is not None:
        values["ask"] = length(step.days_before)
        key = "arithmetic.avoid"
    else:
        key = "arithmetic.other"
    if short:
        return Phrase(f"{key}.short", values | {"days": Count("days", short)})
    return Phrase(key, values)


def question(item: Item, state: str) -> tuple[str, Phrase] | None:
    """Give the kind of answer that an item waits for in this state, and the question; None when it asks nothing."""
    step = item.rule.step
    if state in {"done", "over", "waived", "closed", "upcoming"}:
        return None
    if isinstance(step, Avoid):
        if state != "unknown" or item.undecided:
            return None
        if step.ask is not None:
            return "since", Phrase("text", {"text": step.ask})
        key = "ask.last" if item.rule.prescribed == "wait" else "ask.since"
        key = "ask.review" if item.reviewing else key
        return "since", Phrase(key, {"title": step.title, "classes": Classes(step.of)})
    if isinstance(step, Gate):
        return "gate", Phrase("text", {"text": step.ask})
    if isinstance(step, Review):
        if item.undecided:
            return "decision", Phrase("ask.decision", {"title": step.title})
        return (
            ("no_more_products", Phrase("ask.no_more"))
            if step.of
            else ("done", Phrase("ask.done", {"title": step.title}))
        )
    if isinstance(step, Note):
        return (
            ("understood", Phrase("ask.understood", {"title": step.title}))
            if step.confirm and state == "unknown"
            else None
        )
    kind = "done" if isinstance(step, Do) else "kept"
    return kind, Phrase(f"ask.{kind}", {"title": step.title})


def _place(zone: str) -> str:
    return zone.rsplit("/", 1)[-1].replace("_", " ")
