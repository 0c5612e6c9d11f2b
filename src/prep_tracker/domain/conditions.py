"""Judge conditions with three values: true, false, and unknown as long as an answer is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from prep_tracker.domain.record import Record
    from prep_tracker.domain.rules import Rule
    from prep_tracker.domain.terms import When


class Cause(NamedTuple):
    """What brought an item in: an answer (the fact's id) or a product (its number)."""

    what: Literal["fact", "product"]
    which: str | int


class Verdict(NamedTuple):
    """A truth value, None for unknown, with what made it so and the facts that are still missing."""

    value: bool | None
    causes: tuple[Cause, ...] = ()
    missing: tuple[str, ...] = ()


TRUE = Verdict(value=True)


def judge(rule: Rule, record: Record, since: int) -> Verdict:
    """Judge a rule's condition; ``since`` is the first day of its window, for what is used within it."""
    when = rule.step.when
    return TRUE if when is None else _judge(when, rule, record, since)


def _judge(when: When, rule: Rule, record: Record, since: int) -> Verdict:
    if when.all_ is not None:
        return _every([_judge(part, rule, record, since) for part in when.all_], stop=False)
    if when.any_ is not None:
        return _every([_judge(part, rule, record, since) for part in when.any_], stop=True)
    if when.not_ is not None:
        inner = _judge(when.not_, rule, record, since)
        return inner if inner.value is None else inner._replace(value=not inner.value)
    if when.fact is not None:
        return _fact(when, record)
    if when.starts is not None:
        if record.start is None:
            return Verdict(value=None)
        bound = when.starts.before
        return Verdict(record.start < bound if bound is not None else record.start >= (when.starts.from_ or ""))
    return _uses(when, rule, record, since)


def _every(parts: list[Verdict], *, stop: bool) -> Verdict:
    """Join parts: one that equals ``stop`` decides, an unknown one leaves it open, else it is the opposite."""
    deciding = [p for p in parts if p.value is stop]
    if deciding:
        return Verdict(stop, tuple(c for p in deciding for c in p.causes))
    if any(p.value is None for p in parts):
        return Verdict(None, missing=tuple(m for p in parts if p.value is None for m in p.missing))
    return Verdict(not stop, tuple(c for p in parts for c in p.causes))


def _fact(when: When, record: Record) -> Verdict:
    answer = record.answers.get(when.fact or "")
    if answer is None:
        return Verdict(None, missing=(when.fact or "",))
    wanted = (when.is_,) if when.in_ is None else when.in_
    given = answer if isinstance(answer, tuple) else (answer,)
    met = any(type(a) is type(w) and a == w for a in given for w in wanted)
    return Verdict(met, (Cause("fact", when.fact or ""),))


def _uses(when: When, rule: Rule, record: Record, since: int) -> Verdict:
    members = next(m for name, m in rule.uses if name == when.uses)
    used = [
        Cause("product", p.number)
        for p in record.products.values()
        if p.classes & members and (p.stopped is None or p.stopped >= since)
    ]
    if used:
        return Verdict(value=True, causes=tuple(used))
    if any(p.doubtful & members for p in record.products.values()):
        return Verdict(value=None)  # somebody has still to say what it is
    newest = max(record.products, default=0)
    if record.no_more is not None and record.no_more[0] > newest:
        return Verdict(value=False)
    return Verdict(value=None)
