"""Give the small words of the protocol language: texts, lengths, points in time and conditions."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictBool,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from prep_tracker.domain.days import Span, parse_time

LONGEST_TEXT = 4000
LONGEST_SPAN = 3660
"""Ten years in days: no sheet asks for more, so more is a slip of the pen."""

Part = Literal["morning", "midday", "evening", "bedtime"]
Severity = Literal["blocking", "clinician", "advisory"]
Who = Literal["patient", "staff", "clinician"]


_HOSTILE = frozenset("\x7f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""DEL, and the characters that make a text read otherwise than it is stored."""


def clean_text(text: str) -> str:
    """Refuse what no screen, printer or database can hold, and what turns the reading direction of words around it."""
    for char in text:
        if (char < " " and char not in "\n\t") or "\ud800" <= char <= "\udfff" or char in _HOSTILE:
            msg = f"remove the character U+{ord(char):04X}: it cannot be shown or stored"
            raise ValueError(msg)
    return text


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64, strict=True)]
"""A name for machines: small letters, digits, single hyphens; stable for ever."""
Line = Annotated[str, StringConstraints(strict=True, max_length=LONGEST_TEXT), AfterValidator(clean_text)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][A-Za-z]{1,7})?$", strict=True)]


def _text(value: Any) -> Any:
    return {"en": value} if isinstance(value, str) else value


Text = Annotated[
    dict[Language, Line],
    BeforeValidator(_text),
    WithJsonSchema(
        {
            "description": "A text by language, for example {en: …, es: …}; a bare text is English.",
            "anyOf": [
                {"type": "string"},
                {"type": "object", "additionalProperties": {"type": "string"}},
            ],
        }
    ),
]


class Model(BaseModel):
    """A frozen value of the language; an unknown key is an error that names its place."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


def _span(value: Any) -> Any:
    if isinstance(value, Span):
        return value
    if isinstance(value, dict) and set(value) == {"months"}:
        count, months = value["months"], True
    else:
        count, months = value, False
    if type(count) is not int or not 0 <= count <= LONGEST_SPAN:
        msg = f"write a whole number of days from 0 to {LONGEST_SPAN}, or {{months: N}}"
        raise ValueError(msg)
    return Span(0, count) if months else Span(count)


def _unspan(value: Span) -> int | dict[str, int]:
    return {"months": value.months} if value.months else value.days


Length = Annotated[
    Span,
    BeforeValidator(_span),
    PlainSerializer(_unspan, return_type=int | dict[str, int]),
    WithJsonSchema(
        {
            "description": "Whole days, or {months: N} for calendar months.",
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": LONGEST_SPAN},
                {
                    "type": "object",
                    "properties": {"months": {"type": "integer", "minimum": 0}},
                    "required": ["months"],
                    "additionalProperties": False,
                },
            ],
        }
    ),
]

Offset = Annotated[StrictInt, Field(ge=-LONGEST_SPAN, le=LONGEST_SPAN)]
SmallOffset = Annotated[StrictInt, Field(ge=-100_000, le=100_000)]
WallTime = Annotated[
    str,
    AfterValidator(parse_time),
    WithJsonSchema(
        {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "description": 'HH:MM, in quotes: "18:00".'}
    ),
]


class Point(Model):
    """A point in time, counted from the procedure, or from an event or a task once it is recorded.

    ``days`` and ``months`` count on the calendar, ``business_days`` on the clinic's, ``hours`` and ``minutes`` on the
    wall clock from the procedure's time. Negative is before.
    """

    days: Offset | None = None
    months: Offset | None = None
    business_days: Offset | None = None
    hours: SmallOffset | None = None
    minutes: SmallOffset | None = None
    time: WallTime | None = Field(None, description='A wall-clock time on that day, in quotes: "18:00".')
    part: Part | None = None
    event: Slug | None = Field(
        None, description="Count from this event instead: healed, booked, or the protocol's own."
    )
    done: Slug | None = Field(None, description="Count from the day on which this task was done instead.")

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        units = [u for u in ("days", "months", "business_days", "hours", "minutes") if getattr(self, u) is not None]
        if len(units) > 1 or (not units and not (self.event or self.done)):
            msg = "give exactly one of days, months, business_days, hours, minutes"
            raise ValueError(msg)
        if self.event and self.done:
            msg = "count from an event or from a task that was done, not from both"
            raise ValueError(msg)
        if self.time and self.part:
            msg = "give a time or a part of the day, not both"
            raise ValueError(msg)
        if self.by_clock and (self.time or self.part):
            msg = "hours and minutes count from the procedure's own time: leave out time and part"
            raise ValueError(msg)
        return self

    @property
    def by_clock(self) -> bool:
        """Say whether this counts in hours or minutes from a time of day."""
        return self.hours is not None or self.minutes is not None


Scalar = StrictBool | StrictInt | Line


class Starts(Model):
    """Compare the procedure's time of day; the procedure has one, no fact is asked."""

    before: WallTime | None = None
    from_: WallTime | None = Field(None, alias="from", description="This time or later.")

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.before is None) == (self.from_ is None):
            msg = "give either before or from, with a time in quotes"
            raise ValueError(msg)
        return self


class When(Model):
    """A condition. It has three values: as long as an answer is missing, it is unknown and asks."""

    all_: tuple[When, ...] | None = Field(None, alias="all", min_length=1)
    any_: tuple[When, ...] | None = Field(None, alias="any", min_length=1)
    not_: When | None = Field(None, alias="not")
    fact: Slug | None = None
    is_: Scalar | None = Field(None, alias="is")
    in_: tuple[Scalar, ...] | None = Field(None, alias="in", min_length=1)
    uses: Slug | None = Field(None, description="A product of this class is used now or within the step's own window.")
    starts: Starts | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        forms = [f for f in ("all_", "any_", "not_", "fact", "uses", "starts") if getattr(self, f) is not None]
        if len(forms) != 1:
            msg = "give exactly one of all, any, not, fact, uses, starts"
            raise ValueError(msg)
        if (self.fact is not None) != ((self.is_ is not None) != (self.in_ is not None)) or (
            self.fact is None and (self.is_ is not None or self.in_ is not None)
        ):
            msg = "a condition on a fact has either is or in, and nothing else has them"
            raise ValueError(msg)
        return self
