"""Check what people say against the protocol that it is about; every fault is named, with what to send instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from prep_tracker.domain.days import parse_day
from prep_tracker.domain.errors import Fault
from prep_tracker.domain.protocol import Avoid, Note, Review
from prep_tracker.domain.terms import clean_text

if TYPE_CHECKING:
    from prep_tracker.domain.entries import FactValue, MarkKind
    from prep_tracker.domain.lexicon import Lexicon
    from prep_tracker.domain.protocol import Fact, Protocol, Step

LONGEST_ANSWER = 1000
MARKS: dict[str, tuple[MarkKind, ...]] = {
    "avoid": ("since",),
    "do": ("done",),
    "daily": ("kept", "missed"),
    "gate": ("safe", "unsafe"),
    "review": ("done",),
    "note": ("understood",),
}
"""What can be said about a step of each kind."""


def day_faults(pointer: str, day: date | None, today: date) -> Iterator[Fault]:
    """Refuse a day that has not come yet; days long past are fine."""
    if day is not None and day > today:
        yield Fault(pointer, "future", f"This day has not come yet. Today is {today}; send today or an earlier day.")


def mark_faults(step: Step | None, kind: str | None, on: date | None, today: date, booked_on: date) -> Iterator[Fault]:
    """Check a mark: it must fit its kind of step, and lie on a day that has come. A kind of None is passed over."""
    yield from day_faults("/on", on, today)
    if step is None:
        yield Fault("/step", "unknown-step", "The checklist has no such step. Its steps are listed under items.")
        return
    fitting = MARKS[step.kind]
    if isinstance(step, Review) and step.of:
        fitting = ()
    if isinstance(step, Note) and not step.confirm:
        fitting = ()
    if kind is not None and kind not in fitting:
        instead = f"Send one of {', '.join(fitting)}." if fitting else "Nothing needs to be said about it."
        if isinstance(step, Review) and step.of:
            instead = "It is done by decisions about products, and by no_more_products."
        yield Fault("/kind", "wrong-mark", f"A step of kind {step.kind} takes no {kind}. {instead}")
    if step.kind == "gate" and on is not None and on < booked_on:
        yield Fault("/on", "before-booking", f"This is asked from the booking on; send {booked_on} or a later day.")


def own_mark_faults(step: Step | None, kind: str | None) -> Iterator[Fault]:
    """Refuse a patient's mark on what the clinic does; that something is not safe may be said by everybody."""
    by = "clinician" if isinstance(step, Review) else getattr(step, "by", "patient")
    if by != "patient" and kind not in {"unsafe", None}:
        yield Fault("/step", "clinics-own", "The clinic marks this step itself. If something is not right, call them.")


def own_answer_faults(protocol: Protocol, answers: Mapping[str, object]) -> Iterator[Fault]:
    """Refuse a patient's answer to what the protocol asks of the clinic."""
    for fact in protocol.facts:
        if fact.id in answers and fact.by != "patient":
            yield Fault(f"/{fact.id}", "clinics-own", "The clinic answers this question itself.")


def exposure_faults(
    lexicon: Lexicon, to: str | None, kind: str | None, on: date | None, today: date, pointer: str = ""
) -> Iterator[Fault]:
    """Check a contact: with something that the lexicon knows, of a kind that it can have, on a day that has come.

    What is None is passed over.
    """
    if to is not None and to not in lexicon:
        yield Fault(f"{pointer}/to", "unknown-class", f"Send a class of the lexicon, for example {_some(lexicon)}.")
    if kind is not None and (to is None or to in lexicon):
        if kind not in lexicon:
            yield Fault(f"{pointer}/kind", "unknown-class", "Send a class of the lexicon, or leave kind out.")
        elif to is not None and to not in lexicon.wider(kind):
            kinds = sorted(lexicon.members((to,)) - {to})
            listed = f" Kinds of {to}: {', '.join(kinds[:8])}." if kinds else ""
            yield Fault(f"{pointer}/kind", "wrong-kind", f"{kind} is no kind of {to}; leave kind out.{listed}")
    yield from day_faults(f"{pointer}/on", on, today)


def since_faults(steps: Mapping[str, Step], since: Mapping[str, date | None], today: date) -> Iterator[Fault]:
    """Check what is said at booking about since when steps have been kept."""
    for name, day in since.items():
        step = steps.get(name)
        pointer = f"/kept_since/{_token(name)}"
        if step is None:
            yield Fault(pointer, "unknown-step", f"The protocol has no step {_short(name)}.")
        elif not isinstance(step, Avoid):
            yield Fault(
                pointer, "wrong-mark", f"Only avoid steps are kept since a day; this one is of kind {step.kind}."
            )
        yield from day_faults(pointer, day, today)


def answer_faults(protocol: Protocol, answers: Mapping[str, object], pointer: str = "") -> Iterator[Fault]:
    """Check answers to a protocol's facts; null takes an answer back."""
    facts = {fact.id: fact for fact in protocol.facts}
    for name, value in answers.items():
        fact = facts.get(name)
        at = f"{pointer}/{_token(name)}"
        if fact is None:
            known = f"It asks {', '.join(facts)}." if facts else "It asks none."
            yield Fault(at, "unknown-fact", f"The protocol asks no fact {_short(name)}. {known}")
        elif value is not None:
            message = _answer_message(fact, value)
            if message:
                yield Fault(at, "wrong-answer", message)


def _answer_message(fact: Fact, value: object) -> str | None:
    """Say what to send instead, or None for a value that fits."""
    match fact.type:
        case "yes-no":
            fits, instead = isinstance(value, bool), "Send true or false."
        case "number":
            fits, instead = type(value) is int, "Send a whole number."
        case "one-of":
            fits, instead = value in fact.options, f"Send one of {', '.join(fact.options)}."
        case "many-of":
            fits = isinstance(value, list | tuple) and all(v in fact.options for v in value)
            instead = f"Send a list out of {', '.join(fact.options)}."
        case "date":
            fits, instead = _is_day(value), "Send a day as YYYY-MM-DD."
        case _:
            fits, instead = _is_text(value), f"Send a text of at most {LONGEST_ANSWER} characters."
    return None if fits else instead


def _is_day(value: object) -> bool:
    try:
        parse_day(value)
    except ValueError:
        return False
    return True


def _is_text(value: object) -> bool:
    try:
        return isinstance(value, str) and len(clean_text(value)) <= LONGEST_ANSWER
    except ValueError:
        return False


def typed_answers(answers: Mapping[str, object]) -> dict[str, FactValue]:
    """Give checked answers as they are kept: lists become tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in answers.items()}  # type: ignore[misc]


def _token(name: str) -> str:
    """Write a name as a part of a JSON pointer (RFC 6901, section 3)."""
    return _short(name).replace("~", "~0").replace("/", "~1")


def _short(name: str) -> str:
    return name if len(name) <= 64 else f"{name[:63]}…"  # noqa: PLR2004 - no name of ours is longer


def _some(lexicon: Lexicon) -> str:
    return ", ".join(list(lexicon.classes)[:3])
