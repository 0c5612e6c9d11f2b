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
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, InitErrorDetails, PydanticCustomError, core_schema, to_json

from prep_tracker.clock import assert_zone
from prep_tracker.domain.days import parse_day, parse_time
from prep_tracker.domain.people import LONGEST_NAME
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


_DAY = {"type": "string", "format": "date", "examples": ["2026-12-18"]}
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema(_DAY | {"pattern": r"^(19|2[01])[0-9]{2}-[0-9]{2}-[0-9]{2}$"}, mode="validation"),
    WithJsonSchema(_DAY | {"pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}, mode="serialization"),
]
"""A civil date as YYYY-MM-DD, nothing else: no numbers, no times, no timestamps.

What is sent lies between 1900 and 2199; what follows from it may lie after.
"""

Time = Annotated[
    str,
    AfterValidator(parse_time),
    WithJsonSchema({"type": "string", "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9]$", "examples": ["10:30"]}),
]
"""A wall-clock time as HH:MM."""


_HOSTILE = r"\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069"
_SPACES = r"\t\n \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What Python strips; other programs mean other characters by ``\\s``."""
CLEAN = {"pattern": f"^[^{_HOSTILE}]*$"}
"""Tell in a JSON schema what ``clean_text`` takes."""
SOME = {"pattern": f"^[^{_HOSTILE}]*[^{_HOSTILE}{_SPACES}][^{_HOSTILE}]*$"}
"""Tell in a JSON schema what ``clean_text`` and ``some_text`` take together."""


def some_text(text: str) -> str:
    """Refuse a text of nothing but spaces and line ends."""
    if not text.strip():
        msg = "write something other than spaces"
        raise ValueError(msg)
    return text


def _zone(name: str) -> str:
    try:
        assert_zone(name)
    except ValueError as error:
        raise PydanticCustomError("unknown_zone", "{what}", {"what": str(error).capitalize()}) from None
    return name


def _whole(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    return int(value) if isinstance(value, float) and value.is_integer() else value


Name = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=LONGEST_NAME),
    AfterValidator(clean_text),
    AfterValidator(some_text),
    Field(json_schema_extra=SOME),
]
Zone = Annotated[Name, AfterValidator(_zone)]
"""An IANA name, as in Europe/Amsterdam."""
Words = Annotated[
    str,
    StringConstraints(strict=True, max_length=2000),
    AfterValidator(clean_text),
    Field(json_schema_extra=CLEAN),
]
Key = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=64),
    AfterValidator(clean_text),
    Field(json_schema_extra=CLEAN),
]
"""The id of a step, fact, class or the like."""
WHOLE = BeforeValidator(_whole)
"""Let a strict whole number be written as 3.0 too, for JSON knows no difference."""


class Stays:
    """Mark a field that may be left out but not emptied: null is refused, and told of nowhere."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check the field as it is, and then that there is something."""
        return core_schema.no_info_after_validator_function(_stays, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Leave null out."""
        told = handler(schema)
        rest = [one for one in told.pop("anyOf") if one != {"type": "null"}]
        made: JsonSchemaValue = told | (rest[0] if len(rest) == 1 else {"anyOf": rest})
        return made


def _stays(value: object) -> object:
    if value is None:
        msg = "this cannot be emptied: send a value, or leave it out"
        raise ValueError(msg)
    return value


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
