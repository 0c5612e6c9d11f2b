"""Find steps that contradict each other, and conditions under which nobody gets a step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

from prep_tracker.domain.days import Span, after, before
from prep_tracker.domain.lexicon import Lexicon
from prep_tracker.domain.lint_calendar import FAR, Days, example, laid, samples
from prep_tracker.domain.lint_conditions import Possible
from prep_tracker.domain.lint_finding import Finding, Spot, points, spots
from prep_tracker.domain.protocol import Avoid, Daily, Protocol, Step
from prep_tracker.domain.terms import Point

_NEVER = Days(FAR, -FAR)
_NONE: frozenset[str] = frozenset()
_WITHOUT_END = frozenset({"healed", "told"})
"""How long either lasts nobody knows beforehand, so it may meet any later day."""


def clash_findings(protocol: Protocol, lexicon: Lexicon) -> Iterator[Finding]:
    """Yield contradictions on one class over the same days, and conditions that can never hold."""
    possible = Possible({fact.id: fact for fact in protocol.facts}, lexicon)
    yield from _conditions(protocol, possible)
    sides = [_Side(step, spot, lexicon) for spot, step in spots(protocol.steps) if isinstance(step, Avoid | Daily)]
    for one, other in combinations(sides, 2):
        for first, second in ((one, other), (other, one)):
            yield from _contradiction(first, second, other.spot, possible)


def _conditions(protocol: Protocol, possible: Possible) -> Iterator[Finding]:
    steps: dict[str, Step] = {step.id: step for step in protocol.steps}
    for spot, step in spots(protocol.steps):
        if not possible.together(step.when):
            yield (spot / "when").fault(
                "never-holds", "this can never hold, so nobody gets the step", "Look at all, not and the answers."
            )
            continue
        for key, point in points(step):
            task = steps.get(point.done or "")
            if task is not None and not possible.together(step.when, task.when):
                yield (spot / key).fault(
                    "never-dated",
                    f"it counts from {task.id}, but nobody who gets this step gets that one",
                    "Count from the procedure, or mend one of the two conditions.",
                )


@dataclass(slots=True)
class _Side:
    """A step about classes: what it forbids, allows or asks to use, and on which days."""

    step: Avoid | Daily
    spot: Spot
    lexicon: Lexicon
    forbids: frozenset[str] = _NONE
    allows: frozenset[str] = _NONE
    wants: frozenset[str] = _NONE
    _laid: dict[tuple[int, frozenset[str]], tuple[Days, list[Days]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Spread the names out, once."""
        spread = self.lexicon.members(self.step.of)
        if isinstance(self.step, Daily):
            self.wants = spread
        else:
            excepted = self.lexicon.members(self.step.except_)
            self.forbids, self.allows = spread - excepted, spread & excepted

    @property
    def counts_from(self) -> tuple[Point | Span | None, ...]:
        """Give what its days depend on."""
        step = self.step
        if isinstance(step, Daily):
            return (step.from_, step.to)
        return (step.from_, step.days_before, step.days_after, *step.longer.values())

    def days(self, among: range, names: frozenset[str]) -> tuple[Days, list[Days]]:
        """Give its whole days for each of these procedure days, after contact with what is named.

        The days are counted from the procedure day; first comes what encloses them all.
        """
        key = (len(among), names)
        if key not in self._laid:
            step = self.step
            if isinstance(step, Daily):
                found = [_used(step, on) for on in among]
            else:
                longer = [span for kind, span in step.longer.items() if names & self.lexicon.members((kind,))]
                found = [_avoided(step, on, longer) for on in among]
            offsets = [Days(first - on, last - on) for on, (first, last) in zip(among, found, strict=True)]
            self._laid[key] = Days(min(d.first for d in offsets), max(d.last for d in offsets)), offsets
        return self._laid[key]


def _contradiction(one: _Side, other: _Side, spot: Spot, possible: Possible) -> Iterator[Finding]:
    """Yield what the first forbids on a day on which the second asks for it, or says that it is allowed."""
    both = one.forbids & (other.wants | other.allows)
    if not both or not possible.together(one.step.when, other.step.when):
        return
    named = frozenset(other.step.of) if other.wants else _NONE
    among = samples(*one.counts_from, *other.counts_from)
    (around, firsts), (around_other, seconds) = one.days(among, named), other.days(among, _NONE)
    if not _meet(around, around_other):
        return
    on = next((on for on, *both_days in zip(among, firsts, seconds, strict=True) if _meet(*both_days)), None)
    if on:
        says = "says to use it" if other.wants else "says that it is allowed"
        yield spot.fault(
            "contradiction",
            f"{one.step.id} says not to use {min(both)}, {other.step.id} {says}, on the same days"
            f"{example(on, *one.counts_from, *other.counts_from)}",
            "Change the days, the classes or the conditions, so that no patient reads both.",
        )


def _meet(one: Days, other: Days) -> bool:
    return max(one.first, other.first) <= min(one.last, other.last)


def _avoided(step: Avoid, on: int, longer: list[Span]) -> Days:
    """Give the whole days on which something is avoided; a day on which it begins at some hour is none."""
    last = on if step.days_after is None else after(on, step.days_after)
    if step.until in _WITHOUT_END:
        last = on + FAR - 1  # what counts from the same event begins only after it
    if step.days_before is not None:
        return Days(min(before(on, span) for span in (step.days_before, *longer)), last)
    if step.from_ is None:
        return Days(on, last)
    days = laid(step.from_, on)
    timed = step.from_.by_clock or step.from_.time or step.from_.part
    return Days(days.last + (1 if timed else 0), last) if days else _NEVER


def _used(step: Daily, on: int) -> Days:
    """Give the days on which something is surely used, counting from booking as long before as one likes."""
    first: int | None = -FAR
    if step.from_ is not None and step.from_.event != "booked":
        days = laid(step.from_, on)
        first = days.last if days else None
    if first is None:
        return _NEVER
    if step.to is None:
        return Days(first, on + FAR if step.until in _WITHOUT_END else first)
    days = laid(step.to, on)
    return Days(first, days.first if days else first)
