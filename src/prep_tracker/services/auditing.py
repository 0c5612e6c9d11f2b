"""Look into the audit of a clinic: who saw or changed what, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prep_tracker.store import audit

if TYPE_CHECKING:
    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection
    from prep_tracker.store.audit import Found, Place, Wanted

WITHIN = 5_000
"""How many lines one query looks at: some milliseconds, in which SQLite answers nobody else."""


def find_lines(
    connection: Connection, desk: Desk, wanted: Wanted, after: Place | None, limit: int
) -> tuple[list[Found], Place | None]:
    """Give at most ``limit`` lines out of the next few thousand, and where to go on; None at the end."""
    return audit.search(connection, desk.clinic.id, wanted, after=after, limit=limit, within=WITHIN)
