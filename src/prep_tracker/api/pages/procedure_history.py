"""Say what was said: every entry of a record in words, with who said it and when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from prep_tracker.catalog.locales import texts
from prep_tracker.domain import entries as e
from prep_tracker.domain.days import civil_day, civil_time
from prep_tracker.domain.explain import Classes, Day, Joined, Phrase

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.domain.entries import Entry
    from prep_tracker.domain.explain import Value
    from prep_tracker.domain.plan import Checklist


def history(entries: Sequence[Entry], checklist: Checklist, words: Words) -> list[dict[str, Any]]:
    """Tell a record, newest first. What was taken back stays, and is marked as such."""
    teller = _Teller(entries, checklist, words)
    return [teller.line(entry) for entry in reversed(entries)]


class _Teller:
    """Tell entries in one language, by the titles that the checklist has."""

    def __init__(self, entries: Sequence[Entry], checklist: Checklist, words: Words) -> None:
        self._words, self._zone = words, checklist.calendar.zone
        protocol = checklist.rules.protocol
        items = (*checklist.items, *checklist.left_out)
        self._steps: dict[str, Value] = {item.rule.step.id: item.rule.step.title for item in items}
        self._facts: dict[str, Value] = {fact.id: fact.ask for fact in protocol.facts}
        self._events: dict[str, Value] = {event.id: event.ask for event in protocol.events}
        self._products = {x.seq: x.label or x.text for x in entries if isinstance(x, e.ProductAdded)}
        self._gone = {x.entry for x in entries if isinstance(x, e.Withdrawn)}

    def line(self, entry: Entry) -> dict[str, Any]:
        """Tell one entry."""
        reason = getattr(entry, "reason", None) or getattr(entry, "note", None)
        return {
            "n": entry.seq,
            "texts": [self._words.say(phrase) for phrase in self._phrases(entry)],
            "reason": reason,
            "role": entry.by,
            "person": entry.person,
            "on_behalf_of": entry.on_behalf_of,
            "on": civil_day(entry.at, self._zone),
            "at": civil_time(entry.at, self._zone),
            "withdrawn": entry.seq in self._gone,
            "undo": entry.seq not in self._gone and entry.kind not in e.NOT_WITHDRAWABLE,
        }

    def _phrases(self, entry: Entry) -> Iterator[Phrase]:  # noqa: C901, PLR0912 - one flat case a kind reads best
        match entry:
            case e.Booked() | e.Moved():
                at = Joined((Phrase("at.time", {"time": entry.start}),)) if entry.start else ""
                yield _said(entry.kind, on=_day(entry.on), at=at)
                if isinstance(entry, e.Booked):
                    yield _said("protocol-changed", protocol=entry.protocol)
            case e.Answered():
                for fact, value in entry.answers.items():
                    yield _said("answered", ask=self._facts.get(fact, fact), answer=self._answer(value))
            case e.ProductAdded():
                yield _said(f"product-added.{entry.category}", product=entry.label or entry.text)
                yield from self._more(entry)
            case e.ProductChanged():
                yield _said("product-changed", product=self._product(entry.product))
                yield from self._more(entry)
            case e.Decided():
                decision = self._words.say(Phrase(f"procedure.decision.{entry.decision}"))
                yield _said("decided", product=self._product(entry.product), decision=decision)
            case e.Marked():
                yield self._mark(entry)
            case e.Exposed():
                values: dict[str, Value] = {"class": Classes((entry.to,)), "on": _day(entry.on)}
                if entry.special:
                    yield _said("exposed.kind", **values, special=Classes((entry.special,)))
                else:
                    yield _said("exposed", **values)
            case e.Withdrawn():
                yield _said("withdrawn", n=entry.entry)
            case e.StepAdded():
                yield _said("step-added", title=entry.rule.title)
            case e.Waived() | e.GateOpened():
                yield _said(entry.kind, title=self._step(entry.step))
            case e.Cleared():
                yield _said("cleared", on=_day(entry.on))
                for step in entry.accepted:
                    yield _said("accepted", title=self._step(step))
            case e.EventRecorded():
                if entry.event == "healed":
                    yield _said("healed", on=_day(entry.on))
                else:
                    yield _said("event", event=self._events.get(entry.event, entry.event), on=_day(entry.on))
            case e.ProtocolChanged():
                yield _said("protocol-changed", protocol=entry.protocol)
            case e.Ended():
                yield _said(f"ended.{entry.state}")
            case e.ClearanceRemoved():
                yield _said("clearance-removed")

    def _mark(self, entry: e.Marked) -> Phrase:
        if entry.step is None:
            return _said("no-more-products")
        values: dict[str, Value] = {"title": self._step(entry.step)}
        if entry.mark == "since" and entry.on is None:
            return _said("never", **values)
        return _said(f"mark.{entry.mark}", **values, on=_day(entry.on or entry.said_on))

    def _more(self, entry: e.ProductAdded | e.ProductChanged) -> Iterator[Phrase]:
        if entry.prescribed is not None:
            yield _said("prescribed" if entry.prescribed else "not-prescribed")
        if entry.last_used_on is not None:
            yield _said("last-used", on=_day(entry.last_used_on))
        if isinstance(entry, e.ProductChanged):
            if entry.stopped_on is not None:
                yield _said("stopped", on=_day(entry.stopped_on))
            if entry.confirmed:
                yield _said("confirmed", classes=Classes(entry.confirmed))
            if entry.rejected:
                yield _said("rejected", classes=Classes(entry.rejected))

    def _step(self, step: str) -> Value:
        """Give the title of a step; one that the protocol no longer has is called by its name."""
        return self._steps.get(step, step)

    def _product(self, number: int) -> str:
        return self._products.get(number, str(number))

    def _answer(self, value: e.FactValue) -> str:
        if value is None:
            return self._words.say(Phrase("procedure.taken_back"))
        if isinstance(value, bool):
            return self._words.say(Phrase("procedure.yes" if value else "procedure.no"))
        given = value if isinstance(value, tuple) else (str(value),)
        return ", ".join(option(self._words, one) for one in given)


def option(words: Words, name: str) -> str:
    """Name an option that the built-in protocols offer; another one is said as it is."""
    return words.say(Phrase(f"option.{name}")) if f"option.{name}" in texts("en") else name


def _said(what: str, **values: Value) -> Phrase:
    return Phrase(f"procedure.said.{what}", values)


def _day(on: date) -> Day:
    return Day(on.toordinal(), year=True)
