"""Write worked cases in a protocol: what is booked and said, and what must then stand on a day."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, model_validator

from prep_tracker.domain.days import parse_day
from prep_tracker.domain.terms import Line, Model, Scalar, Slug, WallTime


def _day(text: str) -> str:
    parse_day(text)
    return text


DayText = Annotated[str, AfterValidator(_day)]
"""A day as YYYY-MM-DD, in quotes or not."""
Since = DayText | Literal["never"]


class Saying(Model):
    """What is said on one day; left out, on the day of the example. Days inside say what it speaks of."""

    day: DayText | None = None
    exposed: Slug | None = Field(None, description="A contact with this class, on the saying's day unless on is given.")
    kind: Slug | None = Field(None, description="The kind of contact, for example sunburn.")
    on: DayText | None = Field(None, description="The day of the contact, where it is not the saying's day.")
    since: dict[Slug, Since] = Field({}, description="Steps kept since a day, or never broken.")
    done: dict[Slug, DayText] = Field({}, description="Tasks done on a day.")
    kept: dict[Slug, tuple[DayText, ...]] = Field({}, description="Days on which a daily step was kept.")
    safe: tuple[Slug, ...] = Field((), description="Gates answered so that the procedure may go ahead.")
    unsafe: tuple[Slug, ...] = ()
    opened: tuple[Slug, ...] = Field((), description="Gates that a clinician opened.")
    waived: tuple[Slug, ...] = ()
    understood: tuple[Slug, ...] = ()
    answers: dict[Slug, Scalar | tuple[Slug, ...]] = Field({}, description="Facts, answered.")
    events: dict[Slug, DayText] = Field({}, description="Events that happened on a day.")
    product: tuple[Slug, ...] = Field((), description="A product is named that belongs to these classes.")
    prescribed: StrictBool | None = None
    last_used: DayText | None = None
    no_more_products: StrictBool = False
    moved_to: DayText | None = None


class Expected(Model):
    """What must then stand; what is left out may be anything."""

    standing: Literal["ready", "on-track", "waiting", "at-risk", "blocked", "past"] | None = None
    states: dict[Slug, Line] = Field({}, description="The state of steps: open, unknown, short …; absent: left out.")
    opens: dict[Slug, DayText] = Field({}, description="The first day of steps.")
    closes: dict[Slug, DayText] = Field({}, description="The last day of steps.")
    earliest_safe_on: DayText | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            msg = "say what is expected: standing, states, opens, closes or earliest_safe_on"
            raise ValueError(msg)
        return self


class Example(Model):
    """One worked case of a protocol."""

    title: Line
    on: DayText = Field(description="The procedure day.")
    at: WallTime | None = None
    booked: DayText | None = Field(None, description="Left out: the day of the example.")
    as_of: DayText = Field(description="The day on which it is looked at.")
    said: tuple[Saying, ...] = ()
    expect: Expected

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        days = [self.booked or self.as_of, *(s.day or self.as_of for s in self.said), self.as_of]
        if days != sorted(days):
            msg = "booked, the days of said, and as_of must follow each other"
            raise ValueError(msg)
        return self
