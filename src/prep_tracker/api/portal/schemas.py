"""Shape what portals send and get."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, StrictInt, StringConstraints

from prep_tracker.api.results import StandingOut
from prep_tracker.api.review_results import ScanOut
from prep_tracker.api.wire import WHOLE, Day, In, Key, Out
from prep_tracker.services.portal import LINK_DAYS, MOST_LINK_DAYS

Token = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)]


class SessionIn(In):
    """Either the token of a link, with the date of birth where it is asked for, or the procedure of a patient."""

    token: Annotated[Token | None, Field(description="What stands behind #token= in the link.")] = None
    birth_date: Annotated[Day | None, Field(description="Where the clinic asks for it.")] = None
    procedure_id: Annotated[Key | None, Field(description="For a portal's backend: whose session to open.")] = None

    @classmethod
    def between(cls, sent: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Say that it is one or the other."""
        if (sent.get("token") is None) == (sent.get("procedure_id") is None):
            yield "token", "Send either the token of a link, or the procedure_id of a patient."


class SessionOut(Out):
    """A session at the only moment at which its secret is shown."""

    access_token: str
    expires_at: str
    procedure_id: str


class CalendarOut(Out):
    """A calendar's secret address, at the only moment at which it is shown."""

    url: str


class LinkIn(In):
    """For how many days the link waits, and who it is for."""

    expires_in_days: Annotated[StrictInt, Field(ge=1, le=MOST_LINK_DAYS), WHOLE] = LINK_DAYS
    for_: Annotated[Literal["patient", "carer"], Field(alias="for")] = "patient"


class LinkOut(Out):
    """A link for one person, once, as an address and as a picture of it."""

    url: str
    qr_svg: str
    expires_at: str
    holder: Annotated[Literal["patient", "carer"], Field(alias="for")]


class PortalSessionOut(Out):
    """Somebody who is or was signed in; no secret."""

    id: str
    holder: Annotated[Literal["patient", "carer"], Field(alias="for")]
    created_at: str
    expires_at: str
    revoked_at: str | None


class PortalSessionsOut(Out):
    """The sessions of a procedure, oldest first."""

    items: list[PortalSessionOut]
    next: str | None


class ClinicOut(Out):
    """Whom to call."""

    name: str
    contact: dict[str, str | None]


class MineOut(Out):
    """A procedure as its patient sees it."""

    id: str
    on: Day
    at: str | None
    time_zone: str
    title: str
    days_to_go: int
    standing: StandingOut
    clinic: ClinicOut


class AllMineOut(Out):
    """The procedures of the session."""

    items: list[MineOut]
    next: str | None


Verdict = Literal["ask", "not-now", "later", "nothing-found"]


class ConcernOut(Out):
    """A step of the patient's own checklist that is about what was found."""

    step: str
    title: str
    state: str
    verdict: Verdict
    opens_on: Day | None
    closes_on: Day | None
    words: list[str]
    text: str


class MyScanOut(ScanOut):
    """What a text contains, and which steps of the own checklist that concerns. It never says "safe"."""

    verdict: Verdict
    text: str
    concerns: list[ConcernOut]
