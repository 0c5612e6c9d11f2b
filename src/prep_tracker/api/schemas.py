"""Show the shapes of what goes in and out, with an example of each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StrictBool, StringConstraints

from prep_tracker.api.wire import Day, In, Key, Name, Out, Time, Words, Zone
from prep_tracker.domain.days import LATEST
from prep_tracker.domain.terms import clean_text

MarkName = Literal["done", "since", "kept", "missed", "understood", "safe", "unsafe", "no_more_products"]
Reference = Annotated[Name, Field(description="The clinic's own number for the patient, unique in the clinic.")]
Email = Annotated[str, StringConstraints(strict=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Phone = Annotated[str, StringConstraints(strict=True, max_length=32, pattern=r"^\+?[0-9 ()\-.]{5,31}$")]
ProtocolName = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=80), AfterValidator(clean_text)]
LanguageTag = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,8})?$")]


def instant(value: object) -> object:
    """Read an RFC 3339 instant; numbers are none."""
    if not isinstance(value, str):
        msg = "write the instant as a text, for example 2026-12-18T09:30:00Z"
        raise ValueError(msg)  # noqa: TRY004 - Pydantic turns it into a fault of the field
    return datetime.fromisoformat(value)


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


class ProcedureIn(In):
    """A booking, with whatever is known already."""

    patient: PatientIn | None = None
    patient_id: Key | None = None
    protocol: ProtocolName = Field(description="A slug, or one version as slug@number.", examples=["laser-resurfacing"])
    on: Day = Field(description="The procedure's civil date in the clinic's zone.")
    at: Time | None = Field(None, description="Its time of day, on the clinic's clock.")
    backdated: StrictBool = Field(default=False, description="Allow a day that is past.")
    answers: dict[Key, Any] = Field({}, max_length=200, description="Facts that the protocol asks, by id.")
    exposures: list[ExposureIn] = Field([], max_length=200)
    kept_since: dict[Key, Day | None] = Field(
        {}, max_length=200, description="Since when steps have been kept; null is never broken, as far as known."
    )
    products: list[Any] = Field([], description="Not taken yet.")

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


class ProblemOut(Out):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    etag: str | None = None
    errors: list[dict[str, str]] | None = None


class ReasonOut(Out):
    """One thing that keeps the procedure from being ready."""

    step: str
    fact: str | None
    state: str
    text: str
    who: Literal["patient", "staff", "clinician"]
    act_by: Day
    days_short: int | None
    floor_days_short: int | None
    worst_case_days_short: int | None


Level = Literal["ready", "on-track", "waiting", "at-risk", "blocked", "past", "cancelled", "completed", "no-show"]
State = Literal["waived", "closed", "over", "short", "done", "late", "unknown", "open", "upcoming"]


class StandingOut(Out):
    """How the procedure stands, worst reason first."""

    level: Level
    reasons: list[ReasonOut]


class PatientRefOut(Out):
    """Whose procedure it is."""

    id: str
    reference: str
    name: str
    language: str


class ProcedureOut(Out):
    """A procedure and how it stands on the day that was used."""

    id: str
    on: Day
    at: str | None
    time_zone: str
    protocol: str
    patient: PatientRefOut
    as_of: Day
    days_to_go: int
    standing: StandingOut
    earliest_safe_on: Day | None
    earliest_preferred_on: Day | None
    clearance: Literal["not-required", "missing", "cleared", "void"]
    version: int


class AskOut(Out):
    """What an item waits to be told."""

    kind: str
    text: str


class MarkOut(Out):
    """What was said about the step."""

    entry: int
    kind: str
    on: Day | None
    said_on: Day


class ItemOut(Out):
    """A step as it lies on the calendar."""

    step: str
    kind: Literal["avoid", "do", "daily", "gate", "review", "note"]
    title: str
    detail: str | None
    who: Literal["patient", "staff", "clinician"]
    severity: Literal["blocking", "clinician", "advisory"]
    opens_on: Day | None
    due_on: Day | None = Field(description="The last day before it is late.")
    closes_on: Day | None = Field(description="The last day in force.")
    times: list[str] | None
    again: str | None
    state: State | None
    days_short: int | None
    floor_days_short: int | None
    worst_case_days_short: int | None
    days_done: int | None
    act_by: Day | None = Field(description="The last day on which acting still helps.")
    timeline: list[tuple[Day, State]]
    asks: AskOut | None
    provisional: bool
    because: list[str]
    why: str
    source: str
    marks: list[MarkOut]
    applies: bool = True


class CaseOut(Out):
    """Which procedure a checklist is of."""

    id: str | None
    on: Day
    at: str | None
    time_zone: str
    protocol: str


class ChecklistOut(Out):
    """The countdown checklist of one day."""

    procedure: CaseOut
    as_of: Day
    days_to_go: int
    language: str
    standing: StandingOut
    earliest_safe_on: Day | None
    earliest_preferred_on: Day | None
    items: list[ItemOut]


class BothOut(Out):
    """The standing before and after."""

    before: StandingOut
    after: StandingOut


class EndOut(Out):
    """One end of a move."""

    on: Day
    at: str | None
    protocol: str
    days_to_go: int


class SideOut(Out):
    """A step as it lies before or after."""

    opens_on: Day | None
    due_on: Day | None
    closes_on: Day | None
    state: State
    days_short: int


class StepChangeOut(Out):
    """What becomes of one step."""

    step: str
    title: str
    change: Literal["kept", "moved", "reopened", "newly_short", "no_longer_short", "added", "removed"]
    before: SideOut | None
    after: SideOut | None


class MoveOut(Out):
    """What a move does: the same for the preview and for the move itself."""

    as_of: Day
    from_: EndOut = Field(alias="from")
    to: EndOut
    standing: BothOut
    earliest_safe_on: Day | None
    earliest_preferred_on: Day | None
    steps: list[StepChangeOut]
    messages: dict[str, list[Any]]


class ExposureOut(Out):
    """What a contact changes."""

    entry: int
    standing: BothOut
    earliest_safe_on: Day | None
    earliest_preferred_on: Day | None
    steps: list[StepChangeOut]


class ActorOut(Out):
    """Who said something, and on whose behalf."""

    role: str
    person: str
    on_behalf_of: str | None


class EntryOut(Out):
    """One entry of the record; beside these it has the fields of its kind."""

    model_config = ConfigDict(extra="allow")

    n: int
    kind: str
    said_on: Day
    at: str
    actor: ActorOut
    withdrawn: bool


class EntriesOut(Out):
    """The record, newest last."""

    items: list[EntryOut]
    next: str | None


class SaidOut(Out):
    """What follows from something that was said."""

    entry: int
    standing: StandingOut
    earliest_safe_on: Day | None
    earliest_preferred_on: Day | None
    version: int


class MarkedOut(ItemOut):
    """The item as it now stands, and the entry that can be withdrawn."""

    entry: int
    standing: StandingOut
    version: int


class ProtocolOut(Out):
    """A published version of a protocol."""

    slug: str
    version: int
    status: Literal["published", "retired"]
    own: bool = Field(description="Written by the clinic itself.")
    title: dict[str, str]
    summary: dict[str, str] | None
    content_hash: str
    published_at: str | None
    content: dict[str, Any] | None = None


class ProtocolsOut(Out):
    """The protocols that can be booked."""

    items: list[ProtocolOut]
    next: str | None
