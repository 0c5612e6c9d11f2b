"""Define the protocol language: a protocol, its facts and events, and the six kinds of step.

What a clinic may write, and nothing else. What may be written but makes no sense is the linter's business.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, StrictInt, model_validator

from prep_tracker.domain.remind import RemindKind
from prep_tracker.domain.terms import (
    Length,
    Line,
    Model,
    Part,
    Point,
    Scalar,
    Severity,
    Slug,
    Text,
    WallTime,
    When,
    Who,
)
from prep_tracker.domain.worked import Example

MOST_STEPS = 200
BUILT_IN_EVENTS = frozenset({"booked", "healed"})
Count = Annotated[StrictInt, Field(ge=0, le=3660)]
PositiveCount = Annotated[StrictInt, Field(ge=1, le=3660)]


class Fact(Model):
    """Something that must be asked. Unanswered is unknown, never no."""

    id: Slug
    type: Literal["yes-no", "one-of", "many-of", "number", "date", "text"]
    ask: Text
    options: tuple[Slug, ...] = Field((), description="What one-of and many-of choose from.")
    by: Who = Field("patient", description="Who answers.")

    @model_validator(mode="after")
    def _options_fit(self) -> Self:
        if (self.type in {"one-of", "many-of"}) != bool(self.options):
            msg = "one-of and many-of need options, the other types have none"
            raise ValueError(msg)
        return self


class Event(Model):
    """Something that happens on a day that nobody knows beforehand; steps may count from it."""

    id: Slug
    by: Who = "patient"
    ask: Text


class BaseStep(Model):
    """What every step has."""

    id: Slug
    title: Text
    detail: Text | None = Field(None, description="What counts, what to do instead: short, concrete, kind.")
    source: Line = Field(description="Where the rule comes from.")
    when: When | None = Field(None, description="Left out: for everybody.")
    severity: Severity = Field(description="blocking stops the booking, clinician decides, advisory never lowers it.")
    assumed: Line | None = Field(None, description="Why the number is the clinic's reading, not the source's.")
    remind: tuple[RemindKind, ...] | None = Field(
        None, description="Of what the patient is reminded; left out: what suits the kind of step; [] for nothing."
    )


class Avoid(BaseStep):
    """Keep away from classes or single entries of the lexicon."""

    kind: Literal["avoid"]
    of: tuple[Slug, ...] = Field(min_length=1)
    except_: tuple[Slug, ...] = Field((), alias="except", description="Allowed, and said so.")
    days_before: Length | None = Field(None, description="The clear days that the patient is asked for; at least 1.")
    floor_days: Length | None = Field(None, description="The clear days below which the booking is blocked.")
    days_after: Length | None = None
    until: Slug | None = Field(None, description="Instead of days_after: healed, an event of the protocol, or told.")
    longer: dict[Slug, Length] = Field({}, description="After this kind of contact, ask and floor are at least this.")
    from_: Point | None = Field(None, alias="from", description="Instead of days_before: asked on the day itself.")
    prescribed: Literal["review", "wait", "stop"] | None = None
    where: Literal["treated-area"] | None = None
    ask: Text | None = Field(None, description="The question for since when it was kept; left out: asked by the title.")

    @model_validator(mode="after")
    def _one_window(self) -> Self:
        if self.days_before is not None and not any(self.days_before):
            msg = "days_before must be at least 1"
            raise ValueError(msg)
        if self.days_before is not None and self.from_ is not None:
            msg = "give days_before or from, not both"
            raise ValueError(msg)
        if self.days_after is not None and self.until is not None:
            msg = "give days_after or until, not both"
            raise ValueError(msg)
        if (self.days_before or self.from_ or self.days_after or self.until) is None:
            msg = "give days_before, from, days_after or until"
            raise ValueError(msg)
        if self.days_before is None and (self.floor_days is not None or self.longer):
            msg = "floor_days and longer need days_before"
            raise ValueError(msg)
        return self


class Do(BaseStep):
    """Do one task, once."""

    kind: Literal["do"]
    by: Who = "patient"
    due: Point | None = Field(None, description="Left out: the procedure day less lead_days, at least the day before.")
    opens: Point | None = Field(None, description="When it is first shown; left out: from booking.")
    lead_days: Count | None = Field(None, description="Done on X allows the procedure from X + lead_days.")
    valid_days: PositiveCount | None = Field(None, description="Done more than this many days before does not count.")


class AtLeast(Model):
    """How many of the last days must have been kept."""

    of_last: PositiveCount
    kept: PositiveCount

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.kept > self.of_last:
            msg = "kept cannot be more than of_last"
            raise ValueError(msg)
        return self


class Daily(BaseStep):
    """Do the same thing every day of a window, both ends included."""

    kind: Literal["daily"]
    from_: Point | None = Field(None, alias="from", description="Left out: from booking.")
    to: Point | None = None
    until: Slug | None = Field(None, description="healed, an event of the protocol, or told (no known end).")
    times: tuple[Part | WallTime, ...] = ()
    again: Text | None = Field(None, description="How often within the day, as text only: every two to three hours.")
    at_least: AtLeast | None = None
    start_by: Point | None = Field(None, description="The latest start that is still enough.")
    of: tuple[Slug, ...] = Field((), description="The classes that it is a use of: its days count as contacts.")

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.to is None) == (self.until is None):
            msg = "give either to or until"
            raise ValueError(msg)
        return self


class Gate(BaseStep):
    """Ask a question whose answer lets the procedure go ahead."""

    kind: Literal["gate"]
    ask: Text
    safe: StrictBool = Field(description="The answer that lets the procedure go ahead: true is yes, false is no.")
    by: Who = "patient"
    opens: Point | None = Field(None, description="When it is first asked; left out: from booking.")
    once: StrictBool = Field(default=False, description="A lasting fact: not asked again on the day.")


class Review(BaseStep):
    """Let a clinician decide about products, or about a condition that holds."""

    kind: Literal["review"]
    of: tuple[Slug, ...] = ()
    due: Point | None = Field(None, description="Left out: as soon as something is flagged.")
    valid_days: PositiveCount | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.of and self.when is None:
            msg = "a review needs of, when, or both"
            raise ValueError(msg)
        return self


class Note(BaseStep):
    """Give an instruction to read."""

    kind: Literal["note"]
    at: Point | None = Field(None, description="When it is first shown; left out: from booking.")
    to: Point | None = Field(None, description="The last day on which it is shown; left out: the day of at, or D.")
    confirm: StrictBool = Field(default=False, description='Ask the patient for "I understand".')
    severity: Severity = "advisory"

    @model_validator(mode="after")
    def _confirmed_counts(self) -> Self:
        if self.confirm and "severity" not in self.model_fields_set:
            object.__setattr__(self, "severity", "clinician")
        return self


Step = Annotated[Avoid | Do | Daily | Gate | Review | Note, Field(discriminator="kind")]
KINDS = ("avoid", "do", "daily", "gate", "review", "note")


class Protocol(Model):
    """A clinic's preparation rules for one kind of procedure, as data."""

    protocol: Slug = Field(description="The slug, stable for ever; versions are numbered on publishing.")
    title: Text
    summary: Text | None = None
    clearance: Literal["required", "none"] = "none"
    clearance_due: Point = Field(Point(days=-1), description="From when a missing clearance is asked for.")
    facts: tuple[Fact, ...] = ()
    events: tuple[Event, ...] = ()
    steps: tuple[Step, ...] = Field(min_length=1, max_length=MOST_STEPS)
    examples: tuple[Example, ...] = Field((), max_length=100, description="Worked cases; publishing runs them.")

    @model_validator(mode="after")
    def _unique_ids(self) -> Self:
        for what, ids in (
            ("step", [s.id for s in self.steps]),
            ("fact", [f.id for f in self.facts]),
            ("event", [e.id for e in self.events]),
        ):
            twice = sorted({i for i in ids if ids.count(i) > 1})
            if twice:
                msg = f"the {what} id {twice[0]} is used twice"
                raise ValueError(msg)
        return self


Answer = Scalar | tuple[Slug, ...]
"""What a fact may hold: true or false, a number, an option, several options, a day or a text."""
