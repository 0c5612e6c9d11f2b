"""Show the shapes of drafts, reports, differences and simulations."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictInt

from prep_tracker.api.results import MoveOut
from prep_tracker.api.wire import WHOLE, In, Key, Out


class FindingOut(Out):
    """What the linter found: a fault forbids publishing, a note is something to look at."""

    level: Literal["fault", "note"]
    code: str
    step: str | None
    pointer: str
    line: int | None
    message: str
    mend: str


class DraftOut(Out):
    """A version of the clinic's own protocol, and what the linter thinks of it."""

    slug: str
    draft: int
    status: Literal["draft", "published", "retired"]
    created_by: str
    published_by: str | None
    content_hash: str
    publishable: bool
    findings: list[FindingOut]
    content: dict[str, Any] | None


class FieldChangeOut(Out):
    """One key of a step, before and now."""

    field: str
    from_: Any = Field(alias="from")
    to: Any


class DifferenceOut(Out):
    """What became of one step."""

    step: str
    change: Literal["added", "removed", "changed"]
    sentence: str
    only_texts: bool
    patients_earlier: int
    fields: list[FieldChangeOut]


class DiffOut(Out):
    """Two versions compared."""

    protocol: str
    from_: int = Field(alias="from")
    to: int
    steps: list[DifferenceOut]


class SimulationLineOut(Out):
    """One line of a simulation: a procedure that changes, progress, or the summary."""

    model_config = ConfigDict(extra="allow")

    line: Literal["procedure", "progress", "summary"]


class VersionOut(Out):
    """One version of a protocol."""

    version: int
    status: Literal["draft", "published", "retired"]
    own: bool
    created_by: str
    published_by: str | None
    content_hash: str


class VersionsOut(Out):
    """All versions of a protocol, drafts included."""

    items: list[VersionOut]
    next: str | None


class ChosenIn(In):
    """One procedure of a list, with the version that it was decided on."""

    id: Key
    version: Annotated[
        StrictInt, Field(ge=1, le=10**6, description="The version of the procedure as it was read."), WHOLE
    ]


class MigrationsIn(In):
    """Which procedures move to which version of the protocol."""

    version: Annotated[StrictInt, Field(ge=1, le=999_999), WHOLE]
    procedures: Annotated[list[ChosenIn], Field(min_length=1, max_length=200)]


class OutcomeOut(Out):
    """What became of one procedure."""

    procedure_id: str
    outcome: Literal["migrated", "stale", "not-found", "ended", "other-protocol"]
    version: int | None
    change: MoveOut | None


class MigrationsOut(Out):
    """What became of each procedure of the list."""

    preview: bool
    items: list[OutcomeOut]


class MigrationIn(In):
    """To which version."""

    version: Annotated[StrictInt, Field(ge=1, le=999_999), WHOLE]
