"""Show the shapes of answers about procedures and protocols: for the documentation, and for the tests."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from prep_tracker.api.message_schemas import MessageChangesOut
from prep_tracker.api.wire import Day, Out


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
    reasons: list[ReasonOut] | None = None


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
    safe: bool = Field(default=False, description="Of a gate only: which answer lets it go ahead; true is yes.")


class MarkOut(Out):
    """What was said about the step."""

    entry: int
    kind: str
    on: Day | None
    said_on: Day
    own: bool = Field(
        default=False, description="In the portal only: whether this patient or carer said it, and may withdraw it."
    )


class ItemOut(Out):
    """A step as it lies on the calendar."""

    step: str
    kind: Literal["avoid", "do", "daily", "gate", "review", "note"]
    title: str
    detail: str | None
    language: str = Field(description="The language of title and detail: English where the other is missing.")
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
    messages: MessageChangesOut


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
