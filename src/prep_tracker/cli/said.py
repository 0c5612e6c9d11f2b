"""Read what is said on the command line as entries of a record, and name everything in it that does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, Literal

from prep_tracker.desk import answers as checks
from prep_tracker.domain import entries as e
from prep_tracker.domain.days import parse_day
from prep_tracker.domain.lint import near
from prep_tracker.domain.protocol import Note, Review

if TYPE_CHECKING:
    from prep_tracker.domain.entries import Entry, MarkKind
    from prep_tracker.domain.protocol import Fact, Step
    from prep_tracker.domain.rules import Rules

Option = Literal["fact", "exposed", "since", "done", "safe", "unsafe"]
SHAPES: dict[Option, str] = {
    "fact": "FACT=ANSWER, for example cold-sores=yes",
    "exposed": "CLASS=DAY or CLASS:KIND=DAY, for example sun:sunburn=2026-12-05",
    "since": "STEP=DAY or STEP=never, for example no-sun=2026-12-02",
    "done": "STEP=DAY, for example book-driver=2026-12-02",
    "safe": "STEP=DAY, for example cold-sore=2026-12-02",
    "unsafe": "STEP=DAY, for example cold-sore=2026-12-02",
}
MARKS: dict[Option, dict[str, MarkKind]] = {
    "since": {"avoid": "since"},
    "done": {"do": "done", "review": "done", "daily": "kept", "note": "understood"},
    "safe": {"gate": "safe"},
    "unsafe": {"gate": "unsafe"},
}
"""What an option says about each kind of step."""
INSTEAD = {"avoid": "--since", "gate": "--safe or --unsafe"}
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True, slots=True)
class Days:
    """The days of one procedure: ``booked_on`` is not after ``as_of``, on which everything else counts as said."""

    on: date
    start: str | None
    zone: str
    booked_on: date
    as_of: date


class Said:
    """What was said, entry by entry; ``faults`` has one line for each thing that does not fit."""

    def __init__(self, rules: Rules, days: Days) -> None:
        """Begin with the booking."""
        self.faults: list[str] = []
        self._rules, self._days = rules, days
        self._steps = {step.id: step for step in rules.protocol.steps}
        booked = e.Booked(**self._by(1, days.booked_on), on=days.on, start=days.start, protocol=rules.name)
        self.entries: list[Entry] = [booked]

    def answered(self, given: Sequence[str]) -> None:
        """Take answers to facts."""
        facts = {fact.id: fact for fact in self._rules.protocol.facts}
        answers: dict[str, object] = {}
        for name, text in self._pairs("fact", given, once=True):
            if name not in facts:
                asked = f"It asks {', '.join(facts)}." if facts else "It asks none."
                self._fault("fact", name, f"the protocol asks no such fact.{near(name, facts)} {asked}")
                continue
            value = _value(facts[name], text)
            for fault in checks.answer_faults(self._rules.protocol, {name: value}):
                self._fault("fact", name, fault.message.replace("Send true or false", "Write yes or no"))
            answers[name] = value
        if answers and not self.faults:
            self.entries.append(e.Answered(**self._next(), answers=checks.typed_answers(answers)))

    def exposed(self, given: Sequence[str]) -> None:
        """Take contacts with something to be avoided."""
        lexicon = self._rules.lexicon
        for name, text in self._pairs("exposed", given):
            to, colon, kind = name.partition(":")
            day = self._day("exposed", name, text)
            found = list(
                checks.exposure_faults(lexicon, to, kind if colon else None, self._days.as_of, self._days.as_of)
            )
            for fault in found:
                wrong = kind if fault.pointer == "/kind" else to
                hint = near(wrong, (*lexicon.classes, *lexicon.entries)) if fault.code == "unknown-class" else ""
                self._fault("exposed", name, f"there is no class {wrong}.{hint}" if hint else fault.message)
            if day is not None and not found:
                self.entries.append(e.Exposed(**self._next(), to=to, on=day, special=kind or None))

    def marked(self, option: Option, given: Sequence[str]) -> None:
        """Take statements about steps: kept since, done, safe, unsafe."""
        for name, text in self._pairs(option, given, once=option == "since"):
            step = self._steps.get(name)
            never = option == "since" and text == "never"
            day = None if never else self._day(option, name, text)
            instead = self._misfit(option, step, name)
            if instead is not None:
                self._fault(option, name, instead)
            elif step is not None and (never or day is not None):
                mark = MARKS[option][step.kind]
                late = list(checks.mark_faults(step, mark, day, date.max, self._days.booked_on))
                for fault in late:
                    self._fault(option, name, fault.message)
                if not late:
                    self.entries.append(e.Marked(**self._next(), step=name, mark=mark, on=day))

    def no_more_products(self) -> None:
        """Take "no (more) medicines or products"."""
        self.entries.append(e.Marked(**self._next(), mark="no_more_products"))

    def _misfit(self, option: Option, step: Step | None, name: str) -> str | None:
        """Say what to write instead of a step that the option cannot be about."""
        if step is None:
            fitting = [s.id for s in self._steps.values() if s.kind in MARKS[option] and _takes_a_mark(s)]
            listed = f"It fits {', '.join(fitting)}." if fitting else "None of its steps takes this option."
            return f"the protocol has no such step.{near(name, self._steps)} {listed}"
        if isinstance(step, Review) and step.of:
            return "it is done when a clinician has decided about each product; for none at all, write --no-products."
        if not _takes_a_mark(step):
            return "it is there to be read; nothing needs to be said about it."
        if step.kind not in MARKS[option]:
            return f"a step of kind {step.kind} takes {INSTEAD.get(step.kind, '--done')}."
        return None

    def _pairs(self, option: Option, given: Sequence[str], *, once: bool = False) -> Iterator[tuple[str, str]]:
        seen: set[str] = set()
        for text in given:
            name, equals, value = text.partition("=")
            if not name or not equals or not value:
                self._fault(option, text, f"write {SHAPES[option]}.")
            elif once and name in seen:
                self._fault(option, name, "it is said twice; leave one of them out.")
            else:
                seen.add(name)
                yield name, value

    def _day(self, option: Option, name: str, text: str) -> date | None:
        try:
            day = parse_day(text)
        except ValueError as error:
            self._fault(option, name, f"{error}.")
            return None
        if day > self._days.as_of:
            self._fault(
                option, name, f"{day} lies after the as-of day {self._days.as_of}; write that day or an earlier one."
            )
            return None
        return day

    def _fault(self, option: Option, name: str, message: str) -> None:
        self.faults.append(f"--{option} {name}: {message}")

    def _next(self) -> dict[str, Any]:
        return self._by(len(self.entries) + 1, self._days.as_of)

    @staticmethod
    def _by(seq: int, said_on: date) -> dict[str, Any]:
        return {"seq": seq, "said_on": said_on, "at": datetime.combine(said_on, time(), UTC), "by": "coordinator"}


def read_said(rules: Rules, days: Days, said: Mapping[Option, Sequence[str]], *, no_products: bool) -> Said:
    """Read everything that was said; whoever asks looks at ``faults`` first."""
    read = Said(rules, days)
    read.answered(said.get("fact", ()))
    read.exposed(said.get("exposed", ()))
    for option in MARKS:
        read.marked(option, said.get(option, ()))
    if no_products:
        read.no_more_products()
    return read


def _takes_a_mark(step: Step) -> bool:
    return not (isinstance(step, Note) and not step.confirm) and not (isinstance(step, Review) and step.of)


def _value(fact: Fact, text: str) -> object:
    """Read an answer in the way of its fact; what cannot be read stays text, and is refused as an answer."""
    match fact.type:
        case "yes-no":
            return _YES_NO.get(text.lower(), text)
        case "number":
            return int(text) if text.removeprefix("-").isascii() and text.removeprefix("-").isdecimal() else text
        case "many-of":
            return [part.strip() for part in text.split(",")]
        case _:
            return text
