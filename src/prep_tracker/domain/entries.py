"""List what can be said about a procedure: the entries of its record, one tagged union."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    TypeAdapter,
)

from prep_tracker.domain.protocol import Step
from prep_tracker.domain.terms import Slug, WallTime, clean_text

MarkKind = Literal["done", "since", "kept", "missed", "understood", "safe", "unsafe", "no_more_products"]
Decision = Literal["continue", "hold", "change", "stop_agreed", "ask_prescriber"]
EndState = Literal["cancelled", "completed", "no-show"]
LONGEST_LABEL = 20_000
"""Characters of a product's text: a label may be pasted whole."""
Label = Annotated[str, StringConstraints(strict=True, max_length=LONGEST_LABEL), AfterValidator(clean_text)]
FactValue = StrictBool | StrictInt | str | tuple[str, ...] | None


class Said(BaseModel):
    """What every entry has: who said it, on whose behalf, when, and on which civil day of the clinic."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: StrictInt = Field(ge=1, description="Its place in the record, from 1, without gaps.")
    said_on: date
    at: datetime
    by: str = Field(description="The role of the person or system who said it.")
    person: str = ""
    credential_id: str = ""
    on_behalf_of: str | None = None


class Booked(Said):
    """The procedure was booked for a day."""

    kind: Literal["booked"] = "booked"
    on: date
    start: WallTime | None = None
    protocol: str = Field(description="The protocol version, as slug@number.")


class Moved(Said):
    """The procedure moved to another day or time."""

    kind: Literal["moved"] = "moved"
    on: date
    start: WallTime | None = None
    reason: str | None = None


class Answered(Said):
    """Facts were answered; a value of None takes an answer back."""

    kind: Literal["answered"] = "answered"
    answers: dict[Slug, FactValue]


class ProductAdded(Said):
    """A product or medicine was named; it keeps the classes that it matched on that day."""

    kind: Literal["product-added"] = "product-added"
    text: Label
    category: Literal["skincare", "medicine"]
    classes: tuple[str, ...] = ()
    minor: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = Field((), description="Classes that somebody has still to confirm or reject.")
    label: str = ""
    lexicon: int | None = None
    prescribed: StrictBool | None = None
    last_used_on: date | None = None


class ProductChanged(Said):
    """Something more is known about a product; only the fields that are given change."""

    kind: Literal["product-changed"] = "product-changed"
    product: StrictInt
    prescribed: StrictBool | None = None
    last_used_on: date | None = None
    stopped_on: date | None = None
    rejected: tuple[str, ...] = Field((), description="Classes that staff say it does not belong to.")
    confirmed: tuple[str, ...] = Field((), description="Classes that staff say it does belong to.")


class Decided(Said):
    """A clinician decided about a product."""

    kind: Literal["decided"] = "decided"
    product: StrictInt
    decision: Decision
    note: str = ""


class Marked(Said):
    """A statement about a step; ``on`` is the day that it speaks of, None with since means never."""

    kind: Literal["marked"] = "marked"
    step: str | None = None
    mark: MarkKind
    on: date | None = None


class Exposed(Said):
    """A contact with something to be avoided."""

    kind: Literal["exposed"] = "exposed"
    to: str
    on: date
    special: str | None = Field(None, description="The kind of contact, for example sunburn.")
    note: str | None = None


class Withdrawn(Said):
    """An earlier entry was a mistake: it stays in the record and is ignored from here on."""

    kind: Literal["withdrawn"] = "withdrawn"
    entry: StrictInt
    reason: str | None = None


class StepAdded(Said):
    """Staff added a step to this one procedure, or replaced the one with the same id."""

    kind: Literal["step-added"] = "step-added"
    rule: Step


class Waived(Said):
    """A clinician's reasoned exception. It covers what was known: the days that were short then."""

    kind: Literal["waived"] = "waived"
    step: str
    reason: str
    days_short: StrictInt = Field(0, ge=0, description="By how many days of the ask the step was short when waived.")


class GateOpened(Said):
    """A clinician opened a closed gate."""

    kind: Literal["gate-opened"] = "gate-opened"
    step: str
    reason: str


class Cleared(Said):
    """A clinician cleared the procedure, for this day and with what was known."""

    kind: Literal["cleared"] = "cleared"
    on: date
    waiting_on: date | None = None
    at_risk_on: date | None = None
    blocked_on: date | None = None
    accepted: tuple[str, ...] = Field((), description="The reasons that the clinician accepted by name.")
    note: str | None = None


class ClearanceRemoved(Said):
    """The clearance was taken back."""

    kind: Literal["clearance-removed"] = "clearance-removed"
    reason: str | None = None


class EventRecorded(Said):
    """An event happened on a day: healed, or one of the protocol's own."""

    kind: Literal["event-recorded"] = "event-recorded"
    event: str
    on: date


class ProtocolChanged(Said):
    """The procedure moved to another version of its protocol, or to another protocol."""

    kind: Literal["protocol-changed"] = "protocol-changed"
    protocol: str


class Ended(Said):
    """The procedure was cancelled, completed, or the patient did not come."""

    kind: Literal["ended"] = "ended"
    state: EndState
    reason: str | None = None


Entry = Annotated[
    Booked
    | Moved
    | Answered
    | ProductAdded
    | ProductChanged
    | Decided
    | Marked
    | Exposed
    | Withdrawn
    | StepAdded
    | Waived
    | GateOpened
    | Cleared
    | ClearanceRemoved
    | EventRecorded
    | ProtocolChanged
    | Ended,
    Field(discriminator="kind"),
]

ENTRIES: TypeAdapter[tuple[Entry, ...]] = TypeAdapter(tuple[Entry, ...])
ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)

NOT_WITHDRAWABLE = frozenset({"booked", "moved", "ended", "withdrawn"})
"""A move is undone by moving again, an end by a new booking; the rest may be a slip of the finger."""
