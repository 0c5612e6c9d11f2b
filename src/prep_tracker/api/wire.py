"""Give the small types of the wire: strict days and times, clean texts, and answers as bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError, to_json

from prep_tracker.clock import assert_zone
from prep_tracker.domain.days import parse_day, parse_time
from prep_tracker.domain.terms import clean_text

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def _day(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, str):
        try:
            return parse_day(value)
        except ValueError as error:  # says the day again, and a day of birth stands in no problem document
            msg = str(error).replace(f"no day {value}", "no such day")
            raise ValueError(msg) from None
    if isinstance(value, date):
        return value
    msg = "write the day as a text, YYYY-MM-DD, for example 2026-12-18"
    raise ValueError(msg)


Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$", "examples": ["2026-12-18"]}),
]
"""A civil date as YYYY-MM-DD, nothing else: no numbers, no times, no timestamps."""

Time = Annotated[
    str,
    AfterValidator(parse_time),
    WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$", "examples": ["10:30"]}),
]
"""A wall-clock time as HH:MM."""


def some_text(text: str) -> str:
    """Refuse a text of nothing but spaces and line ends."""
    if not text.strip():
        msg = "write something other than spaces"
        raise ValueError(msg)
    return text


def _zone(name: str) -> str:
    assert_zone(name)
    return name


Name = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=200),
    AfterValidator(clean_text),
    AfterValidator(some_text),
]
Zone = Annotated[Name, AfterValidator(_zone)]
"""An IANA name, as in Europe/Amsterdam."""
Words = Annotated[str, StringConstraints(strict=True, max_length=2000), AfterValidator(clean_text)]
Key = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64), AfterValidator(clean_text)]
"""The id of a step, fact, class or the like."""


class In(BaseModel):
    """A request body: strict, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @classmethod
    def between(cls, sent: dict[str, Any]) -> Iterator[tuple[str, str]]:  # noqa: ARG003 - for those that look
        """Find fields of a body, as it was sent, that do not fit together: the field, and what to send."""
        yield from ()

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, sent: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:  # noqa: ANN401 - whatever was sent
        """Name what is wrong in the fields and what is wrong between them together, not one after the other."""
        wrong = [
            InitErrorDetails(type=PydanticCustomError("together", "{what}", {"what": message}), loc=(name,), input=None)
            for name, message in (cls.between(sent) if isinstance(sent, dict) else ())
        ]
        try:
            made = handler(sent)
        except ValidationError as error:
            if not wrong:
                raise
            # The fields' own faults come as they are; a field that is wrong by itself is named once.
            own = [_again(one) for one in error.errors()]
            named = {one["loc"][:1] for one in own}
            both = [*own, *(one for one in wrong if one["loc"] not in named)]
            raise ValidationError.from_exception_data(cls.__name__, both) from None
        if wrong:
            raise ValidationError.from_exception_data(cls.__name__, wrong)
        return made


def _again(one: ErrorDetails) -> InitErrorDetails:
    """Raise once more what was found, with everything that its message is made from."""
    error = PydanticCustomError(one["type"], "{what}", {**one.get("ctx", {}), "what": one["msg"]})
    return InitErrorDetails(type=error, loc=one["loc"], input=None)


class Out(BaseModel):
    """An answer, for the documentation and for the tests; the bytes come from ``exports``."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: made inside the transaction, so that a repeated request gets the very same bytes."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def answer(status: int, document: object, **headers: str) -> Answer:
    """Make an answer of a JSON document; header names are written with underscores."""
    return Answer(status, to_json(document), {name.replace("_", "-"): value for name, value in headers.items()})
