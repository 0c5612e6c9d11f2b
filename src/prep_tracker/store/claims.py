"""Let workers claim what is due, and say what became of it. For the service itself: a claim takes from all clinics.

Whoever sends claims rows under a lease, sends outside any transaction, and settles with the token of the lease; who has
lost it meanwhile settles nothing. While an earlier row of a lane is planned, a later one is not claimed. So that a lane
whose first row waits for its next attempt costs nobody anything, the rows behind it wait as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Connection, and_, bindparam, delete, exists, func, literal, or_, select, update

from prep_tracker.store.message_rows import MessageRow
from prep_tracker.store.message_tables import TO_ENDPOINT, messages
from prep_tracker.store.rows import columns, of_clinic, this
from prep_tracker.store.types import Instant

_M = messages.c
_earlier = messages.alias("earlier")
_COLUMNS = columns(messages, MessageRow)
_PLANNED = literal("planned", literal_execute=True)
"""With a bound value PostgreSQL would leave the index aside."""
_NOW = bindparam("now", type_=Instant)
_FREE = or_(_M.lease_until.is_(None), _M.lease_until < _NOW)
_DUE = (
    select(_M.number)
    .where(
        _M.status == _PLANNED,
        _M.due_at <= _NOW,
        _FREE,
        ~exists().where(_earlier.c.status == _PLANNED, _earlier.c.lane == _M.lane, _earlier.c.number < _M.number),
    )
    .order_by(_M.due_at, _M.number)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=messages)
    .cte("due")  # a bare sub-query may be run again, and lock more than it may, on PostgreSQL
)
_CLAIM = (
    update(messages)
    .where(_M.number.in_(select(_DUE.c.number)))
    .values(lease_until=bindparam("until", type_=Instant), lease_token=bindparam("token"), attempts=_M.attempts + 1)
    .returning(*_COLUMNS)
)
_HELD = and_(
    of_clinic(messages),
    _M.number == bindparam("this_number"),
    _M.lease_token == bindparam("token"),
    _M.status == _PLANNED,
)
_SETTLE = update(messages).where(_HELD)
_BEHIND = (
    update(messages)
    .where(
        of_clinic(messages),
        _M.status == _PLANNED,
        _M.lane == bindparam("this_lane"),
        _M.number > bindparam("this_number"),
        _M.due_at < bindparam("until", type_=Instant),
    )
    .values(due_at=bindparam("until", type_=Instant))
)
_RELEASE = (
    update(messages)
    .where(_M.lease_token == bindparam("token"), _M.status == _PLANNED)
    .values(lease_until=None, lease_token=None, attempts=_M.attempts - 1)
)
_NEXT = select(func.min(_M.due_at)).where(_M.status == _PLANNED, _M.due_at > _NOW)
_OLD = select(_M.number).where(TO_ENDPOINT, _M.settled_at < bindparam("before", type_=Instant))


def claim(connection: Connection, *, now: datetime, limit: int, lease: timedelta) -> list[MessageRow]:
    """Take at most ``limit`` messages that are due, of whatever clinic, for as long as the lease; oldest first.

    Each counts as tried from now on, so that one at which its worker dies does not come back for ever.
    """
    given = {"now": now, "most": limit, "until": now + lease, "token": str(uuid4())}
    found = [MessageRow(*row) for row in connection.execute(_CLAIM, given)]
    return sorted(found, key=lambda row: (row.due_at, row.number))


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an attempt, and why; ``line`` goes into the history. A retry has the instant of the next one."""

    status: Literal["planned", "sent", "failed", "dropped"]
    reason: str | None
    line: str
    retry_at: datetime | None = None
    body: dict[str, Any] | None = None
    """What was sent in the end, where that is to be kept instead of what was planned."""


def settle(connection: Connection, clinic_id: str, row: MessageRow, settled: Settled, *, now: datetime) -> bool:
    """Keep what became of a claimed message; False: the lease was lost, and nothing is changed."""
    values: dict[str, Any] = {
        "status": settled.status,
        "reason": settled.reason,
        "history": [*row.history, settled.line],
        "lease_until": None,
        "lease_token": None,
    }
    if settled.body is not None:
        values["body"] = settled.body
    if settled.retry_at is not None:
        values["due_at"] = settled.retry_at
    else:
        values["settled_at"] = now
    given = {**this(clinic_id), "this_number": row.number, "token": row.lease_token}
    if connection.execute(_SETTLE.values(values), given).rowcount != 1:
        return False
    if settled.retry_at is not None and row.lane is not None:
        behind = {**this(clinic_id), "this_lane": row.lane, "this_number": row.number, "until": settled.retry_at}
        connection.execute(_BEHIND, behind)
    return True


def release(connection: Connection, clinic_id: str, rows: Sequence[MessageRow]) -> None:
    """Give claimed messages back that nobody has tried to send: another worker may take them at once."""
    for row in rows:
        connection.execute(
            _RELEASE.where(of_clinic(messages), _M.number == row.number), {**this(clinic_id), "token": row.lease_token}
        )


def defer(connection: Connection, clinic_id: str, row: MessageRow, *, until: datetime) -> None:
    """Give a claimed message back that is to be tried later, without counting this as an attempt."""
    statement = _RELEASE.where(of_clinic(messages), _M.number == row.number).values(due_at=until)
    connection.execute(statement, {**this(clinic_id), "token": row.lease_token})


def next_due(connection: Connection, *, now: datetime) -> datetime | None:
    """Give the next instant after now at which a message may be due; None: nothing is planned."""
    return connection.execute(_NEXT, {"now": now}).scalar()


@dataclass(frozen=True, slots=True)
class Queue:
    """How much waits: messages that are due and not sent, since when the oldest, and how many could not be sent."""

    waiting: int
    oldest_at: datetime | None
    planned: int
    failed: int


def queue(connection: Connection, *, now: datetime) -> Queue:
    """Count the messages of all clinics, for whoever watches over the service."""
    due = select(func.count(), func.min(_M.due_at)).where(_M.status == _PLANNED, _M.due_at <= _NOW)
    waiting, oldest = connection.execute(due, {"now": now}).one()
    planned = connection.execute(select(func.count()).where(_M.status == _PLANNED)).scalar_one()
    lost = select(func.count()).where(_M.status == literal("failed", literal_execute=True))
    return Queue(waiting, oldest, planned, connection.execute(lost).scalar_one())


def old(connection: Connection, *, before: datetime, limit: int) -> list[int]:
    """List messages to systems, by number, that were settled before an instant; what went to patients stays."""
    return list(connection.execute(_OLD.limit(limit), {"before": before}).scalars())


def forget(connection: Connection, numbers: Sequence[int]) -> int:
    """Forget messages by their numbers; gives how many there were."""
    return connection.execute(delete(messages).where(_M.number.in_(numbers))).rowcount if numbers else 0
