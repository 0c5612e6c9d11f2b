"""Show the shapes of what goes in and out, with an example of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
)

from prep_tracker.api.wire import CLEAN, WHOLE, Day, In, Key, Name, Time, Words, Zone
from prep_tracker.domain import people
from prep_tracker.domain.days import LATEST
from prep_tracker.domain.entries import LONGEST_LABEL
from prep_tracker.domain.terms import clean_text

_INSTANT = r"(19|2[01])[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
MarkName = Literal["done", "since", "kept", "missed", "understood", "safe", "unsafe", "no_more_products"]
Reference = Annotated[Name, Field(description="The clinic's own number for the patient, unique in the clinic.")]
Email = Annotated[
    str,
    StringConstraints(strict=True, max_length=people.LONGEST_EMAIL, pattern=people.EMAIL),
]
Phone = Annotated[str, StringConstraints(strict=True, max_length=people.LONGEST_PHONE, pattern=people.PHONE)]
ProtocolName = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=80),
    AfterValidator(clean_text),
    Field(json_schema_extra=CLEAN),
]
LanguageTag = Annotated[str, StringConstraints(strict=True, pattern=people.LANGUAGE)]


def instant(value: object) -> object:
    """Read an RFC 3339 instant; numbers are none, and years are those of days."""
    msg = "write the instant as a text, for example 2026-12-18T09:30:00Z"
    if not isinstance(value, str) or not re.fullmatch(_INSTANT, value):
        raise ValueError(msg)
    try:
        return datetime.fromisoformat(value)
    except ValueError:  # says again what was sent
        raise ValueError(msg) from None


Instant = Annotated[AwareDatetime, BeforeValidator(instant), Field(json_schema_extra={"pattern": f"^{_INSTANT}$"})]
"""An instant with its distance from UTC."""


class MessagesIn(In):
    """By which channels the patient agreed to be written to."""

    email: StrictBool = False
    sms: StrictBool = False


class PatientIn(In):
    """A patient, as the clinic names them."""

    reference: Reference
    name: Name
    language: LanguageTag = "en"
    birth_date: Day | None = None
    time_zone: Zone | None = None
    email: Email | None = None
    phone: Phone | None = None
    messages: MessagesIn = MessagesIn()


class ExposureIn(In):
    """A contact with something to be avoided."""

    to: Key = Field(description="A class of the lexicon: sun, tanning-bed, retinoid …", examples=["sun"])
    on: Day
    kind: Key | None = Field(None, description="The kind of contact, for example sunburn.")
    note: Words | None = None


class ProductIn(In):
    """A product or medicine as somebody names it."""

    text: Annotated[
        str,
        StringConstraints(strict=True, min_length=1, max_length=LONGEST_LABEL),
        AfterValidator(clean_text),
        Field(
            description="A name, a brand, a pasted label, or a medicine with strength and form.",
            json_schema_extra=CLEAN,
        ),
    ]
    kind: Literal["skincare", "medicine"]
    prescribed: StrictBool | None = None
    last_used_on: Day | None = None


class KnownIn(In):
    """What is known of a patient before the procedure."""

    answers: dict[Key, Any] = Field({}, max_length=200, description="Facts that the protocol asks, by id.")
    exposures: list[ExposureIn] = Field([], max_length=200)
    kept_since: dict[Key, Day | None] = Field(
        {}, max_length=200, description="Since when steps have been kept; null is never broken, as far as known."
    )
    products: list[ProductIn] = Field([], max_length=100)


class FeasibilityIn(KnownIn):
    """A wish for a day, with whatever is known already."""

    protocol: ProtocolName = Field(description="A slug, or one version as slug@number.", examples=["laser-resurfacing"])
    not_before: Day | None = None
    count: Annotated[StrictInt, Field(ge=1, le=30, description="How many safe days to find."), WHOLE] = 5


class ScanIn(In):
    """A text to look through."""

    text: Annotated[str, StringConstraints(strict=True, max_length=32_768)]


class ProductChangeIn(In):
    """What more is known about a product; what is left out stays."""

    prescribed: StrictBool | None = None
    last_used_on: Day | None = None
    stopped_on: Day | None = None
    confirm: list[Key] = Field([], max_length=50, description="Classes that staff say it belongs to.")
    reject: list[Key] = Field([], max_length=50, description="Classes that staff say it does not belong to, for good.")


class DecisionIn(In):
    """A clinician's decision about a product."""

    decision: Literal["continue", "hold", "change", "stop_agreed", "ask_prescriber"]
    note: Words = ""


class ProcedureIn(KnownIn):
    """A booking, with whatever is known already."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["patient"], "properties": {"patient": {"type": "object"}}},
                {"required": ["patient_id"], "properties": {"patient_id": {"type": "string"}}},
            ]
        }
    )

    patient: PatientIn | None = None
    patient_id: Key | None = None
    protocol: ProtocolName = Field(description="A slug, or one version as slug@number.", examples=["laser-resurfacing"])
    on: Day = Field(description="The procedure's civil date in the clinic's zone.")
    at: Time | None = Field(None, description="Its time of day, on the clinic's clock.")
    backdated: StrictBool = Field(default=False, description="Allow a day that is past.")

    @classmethod
    def between(cls, sent: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Ask for one patient."""
        if (sent.get("patient") is None) == (sent.get("patient_id") is None):
            yield "patient", "Send either patient (with reference and name) or patient_id."


class SoundProcedureIn(ProcedureIn):
    """Whatever fields of a booking are well-formed; the others are left out."""

    patient: PatientIn | None = Field(None, exclude=True)
    protocol: str = ""
    on: Day = LATEST

    @classmethod
    def between(cls, sent: dict[str, Any]) -> Iterator[tuple[str, str]]:  # noqa: ARG003 - whatever is left is sound
        """Ask for nothing more."""
        yield from ()


class MoveIn(In):
    """Where a procedure moves to."""

    to_on: Day
    to_at: Time | None = Field(None, description="Left out: the time stays. null: no time is set.")
    reason: Words | None = None
    backdated: StrictBool = False


class MarkIn(In):
    """A statement about a step."""

    step: Key | None = None
    kind: MarkName
    on: Day | None = Field(None, description="The day that it speaks of; left out: today. null with since: never.")
    on_behalf_of: Literal["patient"] | None = Field(None, description="Said by the patient by phone.")

    @classmethod
    def between(cls, sent: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Ask for the step, and for the day of a since."""
        if sent.get("kind") != "no_more_products" and sent.get("step") is None:
            yield "step", "Send the step that it is about."
        if sent.get("kind") == "since" and "on" not in sent:
            yield "on", "Send the first day since which it has been kept, or null for never broken."


class WithdrawalIn(In):
    """Why an entry is withdrawn."""

    reason: Words | None = None
