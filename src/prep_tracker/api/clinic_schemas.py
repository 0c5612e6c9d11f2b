"""Show the shapes of what staff send and get: patients, the clinic, keys, decisions, the worklist."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StringConstraints, field_validator

from prep_tracker.api.results import PatientRefOut, StandingOut
from prep_tracker.api.schemas import Email, Instant, LanguageTag, MessagesIn, Phone, Reference
from prep_tracker.api.wire import SOME, WHOLE, Day, In, Key, Name, Out, Stays, Time, Words, Zone, some_text
from prep_tracker.domain import web_link
from prep_tracker.domain.terms import clean_text

Reason = Annotated[
    str,
    StringConstraints(strict=True, min_length=3, max_length=2000),
    AfterValidator(clean_text),
    AfterValidator(some_text),
    Field(description="Why; others will read it.", json_schema_extra=SOME),
]


class PatientChangeIn(In):
    """What to change about a patient; what is left out stays."""

    reference: Annotated[Reference | None, Stays()] = None
    name: Annotated[Name | None, Stays()] = None
    language: Annotated[LanguageTag | None, Stays()] = None
    birth_date: Day | None = None
    time_zone: Zone | None = None
    email: Email | None = None
    phone: Phone | None = None
    messages: Annotated[MessagesIn | None, Stays()] = None


class PatientOut(PatientRefOut):
    """A patient."""

    birth_date: Day | None
    time_zone: str | None
    email: str | None
    phone: str | None
    messages: dict[str, bool]
    version: int


class PatientsOut(Out):
    """The patient with a reference, or nobody."""

    items: list[PatientOut]
    next: str | None


class ExportOut(Out):
    """Everything that is kept about a patient, table by table."""

    patient_id: str
    exported_at: str
    tables: dict[str, list[dict[str, Any]]]


class HolidaysIn(In):
    """Whose public holidays are no business days."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$", examples=["NL"])]
    region: Annotated[str, Field(max_length=10)] | None = None


class ContactIn(In):
    """How patients reach the clinic."""

    phone: Phone | None = None
    email: Email | None = None
    address: Words | None = None


Months = Annotated[StrictInt, Field(ge=1, le=1200, examples=[120]), WHOLE]


class SenderIn(In):
    """Who messages come from."""

    name: Name
    email: Email


class QuietIn(In):
    """When patients are not disturbed, on the wall clock where they live; it may go over midnight."""

    from_: Annotated[Time, Field(alias="from", examples=["21:00"])]
    to: Annotated[Time, Field(examples=["08:00"])]


PatientUrl = Annotated[
    str,
    StringConstraints(strict=True, max_length=web_link.LONGEST),
    Field(json_schema_extra={"pattern": web_link.PATTERN}, examples=["https://portal.clinic.example/my-list"]),
]
Origin = Annotated[str, Field(pattern=r"^https?://[^\x00-\x20\x7f/?#@,]+$", max_length=200)]


class ClinicChangeIn(In):
    """Settings to change; what is left out stays."""

    name: Annotated[Name | None, Stays()] = None
    time_zone: Annotated[Zone | None, Stays()] = None
    contact: Annotated[ContactIn | None, Stays()] = None
    holidays: HolidaysIn | None = None
    closing_days: Annotated[Annotated[list[Day], Field(max_length=400)] | None, Stays()] = None
    sender: SenderIn | None = None
    retention_months: Months | None = Field(
        None, description="Erase patients so long after their last procedure; null keeps them for ever."
    )
    origins: Annotated[
        Annotated[list[Origin], Field(max_length=20)] | None,
        Stays(),
        Field(description="Web addresses of portals that may call, without a path."),
    ] = None
    chase_days: Annotated[Annotated[StrictInt, Field(ge=0, le=30), WHOLE] | None, Stays()] = None
    reminders: Annotated[StrictBool | None, Stays()] = None
    remind_at: Annotated[Time | None, Stays(), Field(description="When reminders go out, where the patient lives.")] = (
        None
    )
    quiet: QuietIn | None = None
    most_messages: Annotated[Annotated[StrictInt, Field(ge=1, le=200), WHOLE] | None, Stays()] = None
    plain_subjects: Annotated[
        StrictBool | None, Stays(), Field(description="Subjects of e-mails say nothing about the treatment.")
    ] = None
    calendar_titles: Annotated[
        Literal["neutral", "full"] | None, Stays(), Field(description="What the patients' calendars may say.")
    ] = None
    patient_url: PatientUrl | None = Field(
        None,
        description="Where your patients find their list, for messages and calendars: an https address of your portal "
        "(http too in a demo). null: this service's own page, /p/.",
    )
    portal_birth_date: Annotated[
        StrictBool | None, Stays(), Field(description="Whether a patient's link asks for the date of birth.")
    ] = None


class ClinicOut(Out):
    """A clinic and its settings."""

    id: str
    name: str
    time_zone: str
    contact: dict[str, str | None]
    holidays: dict[str, str | None] | None
    closing_days: list[Day]
    sender: dict[str, str] | None
    origins: list[str]
    chase_days: int
    reminders: bool
    remind_at: str
    quiet: dict[str, str] | None
    most_messages: int
    plain_subjects: bool
    portal_birth_date: bool
    calendar_titles: Literal["neutral", "full"]
    patient_url: str | None
    retention_months: int | None


class DueOut(Out):
    """A patient who goes. ``last_on``: the last day on which anything was done for them, aftercare included."""

    id: str
    reference: str
    last_on: Day


class RetentionOut(Out):
    """Whom the clinic's setting erases, by id. ``months`` is what was asked for, else the setting itself.

    ``acts_from``: from this day on they are erased every day; null while the setting is null.
    """

    retention_months: int | None
    months: int | None
    acts_from: Day | None
    as_of: Day
    patients: list[DueOut]
    next: str | None


class WaiverIn(In):
    """A reasoned exception."""

    step: Key
    reason: Reason


class GateIn(In):
    """Open a closed gate."""

    open: Annotated[
        StrictBool, Field(description="true: a clinician opens; an answer closes.", json_schema_extra={"const": True})
    ]
    reason: Reason

    @field_validator("open")
    @classmethod
    def _opens(cls, value: bool) -> bool:  # noqa: FBT001 - a field
        if not value:
            msg = "send true; to close a gate, mark its step unsafe"
            raise ValueError(msg)
        return value


class ClearanceIn(In):
    """May go ahead, by name."""

    accept: list[Key] = Field([], max_length=50, description="The blocking steps that are accepted all the same.")
    note: Words | None = None


class ReasonIn(In):
    """Why."""

    reason: Words | None = None


class StateIn(In):
    """How a procedure ended."""

    state: Literal["cancelled", "completed", "no-show"]
    reason: Words | None = None


class EventIn(In):
    """Something that happened on a day."""

    event: Key
    on: Day


class KeyIn(In):
    """A key for a named person, or for a system with scopes."""

    role: Literal["coordinator", "clinician", "admin", "integration"]
    person: Name
    scopes: list[Key] = Field([], max_length=20)
    expires_at: Instant | None = None


class KeyOut(Out):
    """A key, without its secret."""

    id: str
    role: str
    person: str
    scopes: list[str]
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None


class MadeKeyOut(KeyOut):
    """A key at the only moment at which it is shown."""

    key: str


class KeysOut(Out):
    """The clinic's keys, oldest first."""

    items: list[KeyOut]
    next: str | None


class LineOut(Out):
    """One procedure of the worklist."""

    procedure_id: str
    patient: PatientRefOut
    on: Day
    at: str | None
    days_to_go: int
    protocol: str
    standing: StandingOut = Field(description="With the first reasons only.")
    act_by: Day | None = Field(description="The last day on which somebody can still act in time.")
    clearance_void: bool
    failed_messages: int


class WorklistOut(Out):
    """Who is not ready and why, most urgent first."""

    as_of: Day
    until: Day
    counts: dict[str, int]
    items: list[LineOut]
    next: str | None
