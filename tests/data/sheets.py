"""Read the sheets of real clinics that are written in the language, and the table of what each says.

Days are reckoned here once more with the standard library alone, so that planning is compared with something else.
"""

import csv
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import NamedTuple

from prep_tracker.catalog import lexicon
from prep_tracker.catalog.protocols import Located, load_protocol
from prep_tracker.catalog.reader import read
from prep_tracker.domain import entries as e
from prep_tracker.domain.days import Span
from prep_tracker.domain.protocol import Avoid, Daily, Do, Fact, Gate, Note, Protocol, Review, Step
from prep_tracker.domain.terms import Point, When
from tests.architecture.tree import ROOT

FOLDER = ROOT / "tests" / "sheets"
TABLE = ROOT / "tests" / "sheets.csv"
ONE = timedelta(days=1)
NOWHERE: tuple[date | None, date | None] = (None, None)


class Instruction(NamedTuple):
    """One row of the table: an instruction of a sheet, and the steps that carry it."""

    sheet: str
    number: int
    codes: tuple[str, ...]
    steps: tuple[str, ...]
    about: str


def names() -> list[str]:
    """List the sheets in the folder, as the table writes them."""
    return sorted(path.stem.upper() for path in FOLDER.glob("*.yaml"))


def text(sheet: str) -> str:
    return (FOLDER / f"{sheet.lower()}.yaml").read_text(encoding="utf-8")


@cache
def loaded(sheet: str) -> tuple[Protocol, tuple[Located, ...]]:
    """Give a sheet as a protocol, with what the linter says."""
    found, findings = load_protocol(text(sheet), lexicon(), f"{sheet.lower()}.yaml")
    assert found is not None, [str(one) for one in findings]
    return found, findings


def first_keys(sheet: str) -> list[str]:
    """Give the first key of each step, as the file has it."""
    data = read(text(sheet)).data
    assert isinstance(data, dict)
    return [next(iter(step)) for step in data["steps"]]


@cache
def table() -> tuple[Instruction, ...]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Instruction(
                row["sheet"],
                int(row["instruction"]),
                tuple(row["codes"].split()),
                tuple(row["steps"].split()),
                row["about"],
            )
            for row in csv.DictReader(file)
        )


@dataclass(frozen=True)
class Booking:
    """One booking of a sheet, and what was said about it on the day of booking or is to happen later."""

    on: date
    booked: date
    start: time | None
    answers: dict[str, e.FactValue] = field(default_factory=dict)
    events: dict[str, date] = field(default_factory=dict)

    def entries(self) -> Iterator[e.Entry]:
        head = {"at": datetime(2000, 1, 1, tzinfo=UTC), "by": "coordinator", "said_on": self.booked}
        start = None if self.start is None else self.start.strftime("%H:%M")
        yield e.Booked.model_validate({**head, "seq": 1, "on": self.on, "start": start, "protocol": "sheet@1"})
        if self.answers:
            yield e.Answered.model_validate({**head, "seq": 2, "answers": self.answers})
        for number, (event, on) in enumerate(self.events.items(), start=3):
            yield e.EventRecorded.model_validate({**head, "seq": number, "event": event, "on": on})

    def window(self, step: Step) -> tuple[date | None, date | None]:
        """Give the first and the last day of a step; None for a day that nobody can know yet."""
        match step:
            case Avoid():
                return self._avoided(step)
            case Do():
                due = self.on - ONE * max(1, step.lead_days or 0) if step.due is None else self.lands(step.due)
                opens = self.lands(step.opens, self.booked)
                late = due is not None and due > self.on and step.lead_days is None
                return NOWHERE if due is None or opens is None else (opens, due if late else self.on)
            case Daily():
                first = self.lands(step.from_, self.booked)
                by = self.lands(step.start_by, self.booked)
                if first is None or by is None:
                    return NOWHERE
                return first, self.lands(step.to) if step.to else self.events.get(step.until or "")
            case Gate():
                opens = self.lands(step.opens, self.booked)
                return NOWHERE if opens is None else (opens, self.on)
            case Review():
                return NOWHERE if step.due and self.lands(step.due) is None else (self.booked, self.on)
            case Note():
                at = self.lands(step.at, self.booked)
                to = self.lands(step.to, self.on if step.at is None else at)
                return NOWHERE if at is None or to is None else (at, to)

    def _avoided(self, step: Avoid) -> tuple[date | None, date | None]:
        opens: date | None = self.on
        if step.days_before is not None:
            opens = back(self.on, step.days_before)
        elif step.from_ is not None:
            opens = self.lands(step.from_)
        last: date | None = self.on
        if step.until is not None:
            last = self.events.get(step.until)
        elif step.days_after is not None:
            last = back(self.on, Span(-step.days_after.days, -step.days_after.months))
        return opens, last

    def lands(self, point: Point | None, otherwise: date | None = None) -> date | None:
        """Lay a point on the calendar; ``otherwise`` where there is none, None while its event has not happened."""
        if point is None:
            return otherwise
        anchor: date | None = self.on
        if point.event is not None:
            anchor = self.booked if point.event == "booked" else self.events.get(point.event)
        if anchor is None or point.done is not None:
            return None
        if point.months is not None:
            return shifted(anchor, point.months)
        if point.business_days is not None:
            step = ONE if point.business_days > 0 else -ONE
            for _ in range(abs(point.business_days)):
                anchor += step
                while anchor.isoweekday() > 5:
                    anchor += step
            return anchor
        if point.by_clock:
            away = timedelta(hours=point.hours or 0, minutes=point.minutes or 0)
            known = self.start if point.event is None else None
            return (datetime.combine(anchor, known or time()) + away).date()
        return anchor + ONE * (point.days or 0)

    def applies(self, when: When | None) -> bool | None:
        """Judge a condition; None while an answer is missing."""
        if when is None:
            return True
        if when.not_ is not None:
            inner = self.applies(when.not_)
            return None if inner is None else not inner
        if when.all_ or when.any_:
            parts = [self.applies(part) for part in when.all_ or when.any_ or ()]
            decides = when.all_ is None
            return decides if decides in parts else None if None in parts else not decides
        if when.starts is not None:
            if self.start is None:
                return None
            now = self.start.strftime("%H:%M")
            return now < when.starts.before if when.starts.before else now >= (when.starts.from_ or "")
        answer = self.answers.get(when.fact or "")
        if answer is None:
            return None
        given = answer if isinstance(answer, tuple) else (answer,)
        wanted = (when.is_,) if when.in_ is None else when.in_
        return any(one == other and type(one) is type(other) for one in given for other in wanted)


def back(day: date, span: Span) -> date:
    return shifted(day, -span.months) if span.months else day - ONE * span.days


def shifted(day: date, months: int) -> date:
    """Go so many calendar months; a missing day becomes the month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def answer(fact: Fact, *, first: bool) -> e.FactValue:
    """Give one of two answers that are as unlike as possible."""
    match fact.type:
        case "yes-no":
            return first
        case "one-of":
            return fact.options[0 if first else -1]
        case "many-of":
            return fact.options[:-1] if first else fact.options[-1:]
        case "number":
            return 3 if first else 0
        case "date":
            return "2026-01-01" if first else "2020-01-01"
        case "text":
            return "something" if first else "nothing"
