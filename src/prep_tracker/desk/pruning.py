"""Take old lines of the audit away, whole seals at a time, so that what stays can still be proven."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from prep_tracker.desk.proving import PRUNED
from prep_tracker.domain.chain import Keys, Seal
from prep_tracker.domain.days import add_months
from prep_tracker.domain.errors import ConflictError
from prep_tracker.store import audit, seals
from prep_tracker.store.audit import AuditLine

if TYPE_CHECKING:
    from prep_tracker.store import Connection

LINES_AT_ONCE = 20_000
"""How many lines one transaction takes away, a seal more or less: others who write wait for so long."""
_SEALS = 1_000


class Old(NamedTuple):
    """What would be taken away of a clinic's chain: its lines up to a seal, that one included."""

    clinic_id: str
    upto: Seal
    lines: int


def months_before(now: datetime, months: int) -> datetime:
    """Give the instant so many calendar months ago."""
    return datetime.combine(date.fromordinal(add_months(now.toordinal(), -months)), now.timetz())


def find_old(connection: Connection, clinic_id: str, before: datetime) -> Old | None:
    """Find the lines of a chain that were all sealed before an instant; None where there is nothing to take away."""
    upto = seals.older(connection, clinic_id, before)
    if upto is None:
        return None
    lines = seals.count(connection, clinic_id, upto.number)
    return Old(clinic_id, upto, lines) if lines else None


def prune(connection: Connection, old: Old, keys: Keys, *, now: datetime) -> int:
    """Take away some of what is old, and add a line that vouches for the new beginning; give how many lines went.

    0: it is done. Raises ``ConflictError`` where the chain has a key and none is given.
    """
    upto, covered = None, 0
    for seal in seals.after(connection, old.clinic_id, 0, _SEALS):
        if seal.number > old.upto.number or covered >= LINES_AT_ONCE:
            break
        upto, covered = seal, covered + seal.lines
    lines = 0 if upto is None else seals.count(connection, old.clinic_id, upto.number)
    if upto is None or not lines:
        return 0
    if not keys.may_follow(upto):
        raise ConflictError(
            "This audit is sealed with a key: set PREP_AUDIT_KEY, so that the new beginning can be proven."
        )
    seals.take_away(connection, old.clinic_id, upto.number)
    line = AuditLine(now, "system", "", "", "D", PRUNED, "audit", 200, keys.vouch(upto))
    audit.add(connection, old.clinic_id or None, line)
    return lines
