"""Write a clinic's protocols: draft, publish by another person, retire; compare versions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import uuid4

from prep_tracker.catalog import check_protocol, lexicon
from prep_tracker.catalog.published import content_of
from prep_tracker.desk.case import BATCH, Desk, note_other, plans_of
from prep_tracker.domain.differences import Difference, differences
from prep_tracker.domain.errors import ConflictError, Fault, ForbiddenError, InvalidError, NotFoundError
from prep_tracker.domain.plan import plan
from prep_tracker.domain.protocol import Avoid, Protocol
from prep_tracker.domain.rules import prepare
from prep_tracker.store import protocols, worklist
from prep_tracker.store.protocols import ProtocolRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prep_tracker.domain.lint_finding import Finding
    from prep_tracker.store import Connection


@dataclass(frozen=True, slots=True)
class Compared:
    """A difference, with how many booked patients it asks to start earlier."""

    difference: Difference
    earlier: int


def draft(connection: Connection, desk: Desk, slug: str, protocol: Protocol) -> ProtocolRow:
    """Keep a draft; its number is the version that it becomes when it is published.

    Raises ``InvalidError`` where the protocol's own name is another one.
    """
    if protocol.protocol != slug:
        message = f"The protocol calls itself {protocol.protocol}; send it to that address, or write {slug}."
        raise InvalidError(Fault("/protocol", "other-name", message))
    versions = protocols.every(connection, desk.clinic.id, slug)
    content, digest = content_of(protocol)
    row = ProtocolRow(
        id=str(uuid4()),
        clinic_id=desk.clinic.id,
        slug=slug,
        number=max((v.number for v in versions), default=0) + 1,
        status="draft",
        content=content,
        content_hash=digest,
        created_by=desk.actor.person,
        published_by=None,
        created_at=desk.now,
        published_at=None,
    )
    protocols.add_version(connection, desk.clinic.id, row)
    note_other(connection, desk, "C", "protocol.drafted", "protocol", f"{slug}@{row.number}", outcome=201)
    return row


def publish(connection: Connection, desk: Desk, slug: str, number: int) -> tuple[ProtocolRow, tuple[Finding, ...]]:
    """Publish a draft that somebody else wrote; from then on it never changes. Gives what the linter notes.

    Raises ``ForbiddenError`` for the person who drafted it, ``InvalidError`` while the linter finds faults, and
    ``ConflictError`` where it was published before, or a higher version was published in the meantime.
    """
    row = _own(connection, desk, slug, number, lock=True)
    if row.status != "draft":
        msg = f"{slug}@{number} is {row.status} already, by {row.published_by or 'somebody'}."
        raise ConflictError(msg)
    if row.created_by.strip().casefold() == desk.actor.person.strip().casefold():
        msg = "Another person than the one who drafted it must publish it."
        raise ForbiddenError(msg)
    newest = max(
        (v.number for v in protocols.every(connection, desk.clinic.id, slug) if v.status != "draft"), default=0
    )
    if newest > number:
        msg = f"{slug}@{newest} was published in the meantime. Compare with it, and draft anew."
        raise ConflictError(msg)
    findings = lint_draft(row)
    faults = [f for f in findings if f.level == "fault"]
    if faults:
        raise InvalidError(*(Fault(f.pointer, f.code, f"{f.message}. {f.mend}") for f in faults))
    row = replace(row, status="published", published_by=desk.actor.person, published_at=desk.now)
    protocols.change(connection, desk.clinic.id, row)
    note_other(connection, desk, "U", "protocol.published", "protocol", f"{slug}@{number}")
    return row, findings


def retire(connection: Connection, desk: Desk, slug: str, number: int) -> ProtocolRow:
    """Retire a published version: nobody books it any more; what is booked with it stays."""
    row = _own(connection, desk, slug, number, lock=True)
    if row.status != "published":
        msg = f"{slug}@{number} is {row.status}, so it cannot be retired."
        raise ConflictError(msg)
    row = replace(row, status="retired")
    protocols.change(connection, desk.clinic.id, row)
    note_other(connection, desk, "U", "protocol.retired", "protocol", f"{slug}@{number}")
    return row


def lint_draft(row: ProtocolRow) -> tuple[Finding, ...]:
    """Lint what is kept, its examples included."""
    import json

    return check_protocol(json.loads(row.content), lexicon())[1]


def read_draft(connection: Connection, desk: Desk, slug: str, number: int) -> ProtocolRow:
    """Read a clinic's own version, whatever its status."""
    return _own(connection, desk, slug, number)


def list_versions(connection: Connection, desk: Desk, slug: str) -> list[ProtocolRow]:
    """List every version of a protocol that the clinic can see, drafts included, in the order of their numbers."""
    found = protocols.every(connection, desk.clinic.id, slug)
    if not found:
        raise NotFoundError
    return sorted(found, key=lambda row: row.number)


def list_all(connection: Connection, desk: Desk) -> list[ProtocolRow]:
    """List every version of every protocol that the clinic can see, drafts included, by name."""
    return protocols.every(connection, desk.clinic.id)


def compare(connection: Connection, desk: Desk, slug: str, old: int, new: int) -> tuple[Compared, ...]:
    """Compare two versions, drafts included, with how many booked patients each change asks to start earlier."""
    before = _protocol(protocols.get(connection, desk.clinic.id, slug, old))
    after = _protocol(protocols.get(connection, desk.clinic.id, slug, new))
    found = differences(before, after)
    earlier = _earlier(connection, desk, slug, after, [d.step for d in found])
    return tuple(Compared(d, earlier.get(d.step, 0)) for d in found)


def _earlier(connection: Connection, desk: Desk, slug: str, new: Protocol, steps: Sequence[str]) -> dict[str, int]:
    """Count, by step, the booked patients whose window would open earlier than it does now."""
    rules = prepare(new, lexicon())
    counts: dict[str, int] = {}
    after = ""
    while rows := worklist.booked(connection, desk.clinic.id, after, BATCH):
        after = rows[-1].id
        mine = [row for row in rows if row.protocol_slug == slug]
        for checklist in plans_of(connection, desk, mine):
            now = {i.rule.step.id: i for i in checklist.items}
            for item in plan(rules, checklist.record, desk.calendar).items:
                step, known = item.rule.step, now.get(item.rule.step.id)
                if step.id in steps and isinstance(step, Avoid) and item.opens is not None:
                    opens = known.opens if known is not None else None
                    if opens is None or item.opens < opens:
                        counts[step.id] = counts.get(step.id, 0) + 1
    return counts


def _own(connection: Connection, desk: Desk, slug: str, number: int, *, lock: bool = False) -> ProtocolRow:
    """Give a version that the clinic wrote itself; what ships belongs to nobody here."""
    row = (protocols.lock if lock else protocols.get)(connection, desk.clinic.id, slug, number)
    if row.clinic_id != desk.clinic.id:
        raise NotFoundError
    return row


def _protocol(row: ProtocolRow) -> Protocol:
    return Protocol.model_validate_json(row.content)
