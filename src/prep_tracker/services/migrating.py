"""Move a booked procedure to another version of its protocol; what was said stays said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from prep_tracker.desk.case import (
    Case,
    Desk,
    keep,
    note,
    open_case,
    open_to_change,
    require_match,
    require_open,
    rules_of,
)
from prep_tracker.desk.telling import with_messages
from prep_tracker.domain import entries as e
from prep_tracker.domain.change import Change, change
from prep_tracker.domain.errors import Fault, InvalidError, NotFoundError
from prep_tracker.domain.plan import plan
from prep_tracker.store import protocols

if TYPE_CHECKING:
    from prep_tracker.desk.case import Versions
    from prep_tracker.store import Connection


def preview(connection: Connection, desk: Desk, procedure_id: str, version: int) -> Change:
    """Say what moving to another version would do, and change nothing."""
    return _changed(connection, desk, open_case(connection, desk, procedure_id), version)


def migrate(
    connection: Connection, desk: Desk, procedure_id: str, version: int, *, if_match: Versions
) -> tuple[Case, Change]:
    """Move a procedure to another version of its protocol, as an entry in its record."""
    case = open_to_change(connection, desk, procedure_id)
    require_match(case, if_match)
    done = _changed(connection, desk, case, version)
    entry = e.ProtocolChanged(**desk.said(case.row.version + 1), protocol=done.after.rules.name)
    after = keep(connection, desk, case, [entry])
    note(connection, desk, "U", "procedure.migrated", after.row)
    return after, done


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one procedure of a list; ``change`` where it moved, or would."""

    procedure_id: str
    outcome: Literal["migrated", "stale", "not-found", "ended", "other-protocol"]
    version: int | None = None
    change: Change | None = None


def migrate_many(
    connection: Connection, desk: Desk, slug: str, version: int, chosen: Mapping[str, int], *, preview: bool
) -> list[Outcome]:
    """Move a chosen list of procedures, each only if it still has the version that is given with it.

    What cannot move is told and left; the others move. Raises ``NotFoundError`` for a protocol that the clinic does not
    have, ``InvalidError`` for a version that is not published.
    """
    if not protocols.every(connection, desk.clinic.id, slug):
        raise NotFoundError
    _published(connection, desk, slug, version)
    return [_one(connection, desk, slug, version, one, known, preview=preview) for one, known in sorted(chosen.items())]


def _one(
    connection: Connection, desk: Desk, slug: str, version: int, procedure_id: str, known: int, *, preview: bool
) -> Outcome:
    try:
        case = (open_case if preview else open_to_change)(connection, desk, procedure_id)
    except NotFoundError:
        return Outcome(procedure_id, "not-found")
    if case.row.version != known:
        return Outcome(procedure_id, "stale", case.row.version)
    if case.row.ended is not None:
        return Outcome(procedure_id, "ended", known)
    if case.row.protocol_slug != slug:
        return Outcome(procedure_id, "other-protocol", known)
    done = _changed(connection, desk, case, version)
    if not preview:
        entry = e.ProtocolChanged(**desk.said(known + 1), protocol=done.after.rules.name)
        case = keep(connection, desk, case, [entry])
        note(connection, desk, "U", "procedure.migrated", case.row)
    return Outcome(procedure_id, "migrated", case.row.version, done)


def _published(connection: Connection, desk: Desk, slug: str, version: int) -> None:
    try:
        row = protocols.get(connection, desk.clinic.id, slug, version)
    except NotFoundError:
        row = None
    if row is None or row.status != "published":
        known = [str(v.number) for v in protocols.every(connection, desk.clinic.id, slug) if v.status == "published"]
        message = f"{slug} has no published version {version}. Send one of {', '.join(known) or 'none yet'}."
        raise InvalidError(Fault("/version", "unknown-version", message))


def _changed(connection: Connection, desk: Desk, case: Case, version: int) -> Change:
    require_open(case)
    slug = case.row.protocol_slug
    _published(connection, desk, slug, version)
    before = case.checklist
    rules = rules_of(connection, desk.clinic.id, f"{slug}@{version}")
    after = plan(rules, replace(before.record, protocol=rules.name), before.calendar)
    return with_messages(connection, desk, case.row.patient_id, change(before, after, case.today))
