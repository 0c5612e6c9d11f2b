"""Give the small types of the wire: strict days and times, clean texts, and answers as bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, WithJsonSchema
from pydantic_core import to_json

from prep_tracker.domain.days import parse_day, parse_time
from prep_tracker.domain.terms import clean_text

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def _day(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, str):
        return parse_day(value)
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


def _some(text: str) -> str:
    if not text.strip():
        msg = "write something other than spaces"
        raise ValueError(msg)
    return text


Name = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=200), AfterValidator(clean_text), AfterValidator(_some)
]
Words = Annotated[str, StringConstraints(strict=True, max_length=2000), AfterValidator(clean_text)]
Key = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64), AfterValidator(clean_text)]
"""The id of a step, fact, class or the like."""


class In(BaseModel):
    """A request body: strict, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


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
