"""Show the shapes of answers about products, texts, questions and days that could be."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from prep_tracker.api.results import StandingOut
from prep_tracker.api.wire import Day, Out


class MatchOut(Out):
    """One class that a text matched."""

    class_: str = Field(alias="class")
    entry: str
    words: str
    span: tuple[int, int] = Field(description="Where the words stand: first character, and the one after the last.")
    how: Literal["exact", "synonym", "brand", "misspelling"]
    minor: bool = Field(description="A pH adjuster far down a list: shown, not alarming.")


class QuestionOut(Out):
    """Something to ask, as in "did you mean this"."""

    words: str
    span: tuple[int, int]
    entry: str
    classes: list[str]
    suggestion: str
    reason: str


class ScanOut(Out):
    """What a text says. What is not recognised is never safe."""

    matches: list[MatchOut]
    questions: list[QuestionOut]
    unrecognised: list[str]


class ProductOut(Out):
    """A product as it is kept."""

    n: int
    text: str
    kind: Literal["skincare", "medicine"]
    label: str
    prescribed: bool | None
    last_used_on: Day | None
    stopped_on: Day | None
    classes: list[str]
    minor: list[str]
    doubtful: list[str] = Field(description="Classes that staff have still to confirm or reject.")
    decision: str | None
    decided_on: Day | None
    steps: list[str] = Field(description="The steps that it brings in.")


class ProductsOut(Out):
    """The products and medicines that were named, oldest first."""

    items: list[ProductOut]
    next: str | None


class AddedProductOut(ProductOut, ScanOut):
    """A product that was just named, with what its text matched."""

    standing: StandingOut
    earliest_safe_on: Day | None
    earliest_preferred_on: Day | None
    version: int


class ArithmeticOut(Out):
    """What one rule says about one day."""

    step: str
    sentence: str
    days_short: int


class CandidateOut(Out):
    """A day on which the clinic works."""

    on: Day
    ok: bool
    because: list[ArithmeticOut]


class FeasibilityOut(Out):
    """The first days that could be, and why not earlier. Nothing was stored."""

    protocol: str
    as_of: Day
    earliest_safe_on: Day | None
    earliest_preferred_on: Day | None
    days: list[CandidateOut]


class AskedOut(Out):
    """One thing that a protocol asks, as a field of a form."""

    id: str
    kind: Literal["fact", "since", "done", "gate", "understood", "no_more_products"]
    type: Literal["yes-no", "one-of", "many-of", "number", "date", "text", "since", "confirm"]
    text: str
    options: list[str]
    who: Literal["patient", "staff", "clinician"]
    from_: Day | None = Field(alias="from", description="From which day it is asked.")
    answered: bool
    value: Any


class QuestionsOut(Out):
    """What the protocol asks, with what is still unknown, the most pressing first."""

    as_of: Day
    language: str
    open: int
    items: list[AskedOut]
