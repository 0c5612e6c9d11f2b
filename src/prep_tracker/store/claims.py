"""Let workers claim what is due, and say what became of it. For the service itself: a claim takes from all clinics.

Whoever sends claims rows under a lease, sends outside any transaction, and settles with the token of the lease; who has
lost it meanwhile settles nothing. While an earlier row of a lane is planned, a later one is not claimed. So that what
waits behind another costs nobody anything, however much it is, a claim that comes across it notes for which one it
waits, and no claim looks at it again before its turn: whatever ends a row gives the turn to the next of its lane.

A row that waits always has an earlier one that is planned, and whichever of these ends last gives it the turn. For that
a claim that notes it holds the earlier one (``FOR SHARE``): what is being ended at this moment is not waited for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import uuid4

from sqlalchemy import Connection, and_, bindparam, delete, func, literal, or_, select, text, update

from prep_tracker.store.message_rows import MessageRow
from prep_tracker.store.message_tables import IN_TURN, TO_ENDPOINT, messages
from prep_tracker.store.rows import columns, of_clinic, this
from prep_tracker.store.types import Instant

LOOKS: Final = 10
AT_ONCE: Final = 100
"""A claim looks so often, and at so many rows that may wait for others; whatever it has noted, the next one passes."""
_M = messages.c
_earlier = messages.alias("earlier")
_COLUMNS = columns(messages, MessageRow)
_PLANNED = literal("planned", literal_execute=True)
"""With a bound value PostgreSQL would leave the index aside."""
_NOW = bindparam("now", type_=Instant)
_FREE = or_(_M.lease_until.is_(None), _M.lease_until < _NOW)
_BEFORE = (
    select(_earlier.c.number)
    .where(_earlier.c.status == _PLANNED, _earlier.c.lane == _M.lane, _earlier.c.number < _M.number)
    .order_by(_earlier.c.number)
    .limit(1)
    .scalar_subquery()
)
_LOOK = (
    select(_M.number, _BEFORE)
    .where(IN_TURN, _M.due_at <= _NOW, _FREE)
    .order_by(_M.due_at, _M.number)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=messages)
)
_BY_INDEX = text("SET LOCAL enable_sort = off")
"""PostgreSQL takes it that of two hundred rows one belongs to the clinic, and would rather sort all that are due."""
_TAKE = (
    update(messages)
    .where(_M.number.in_(bindparam("numbers", expanding=True)))
    .values(lease_until=bindparam("until", type_=Instant), lease_token=bindparam("token"), attempts=_M.attempts + 1)
    .returning(*_COLUMNS)
)
_AHEAD = (
    select(_earlier.c.number, _earlier.c.lane)
    .where(_earlier.c.number.in_(bindparam("ahead", expanding=True)), _earlier.c.status == _PLANNED)
    .with_for_update(read=True, skip_locked=True, of=_earlier)
    .cte("ahead")
)
_ASIDE = (
    update(messages)
    .where(
        _M.number.in_(bindparam("numbers", expanding=True)),
        _AHEAD.c.lane == _M.lane,
        _AHEAD.c.number < _M.number,
    )
    .values(waits_for=_AHEAD.c.number)
)
_HELD = and_(
    of_clinic(messages),
    _M.number == bindparam("this_number"),
    _M.lease_token == bindparam("token"),
    _M.status == _PLANNED,
)
_SETTLE = update(messages).where(_HELD)
_TURN = (
    update(messages)
    .where(
        of_clinic(messages),
        _M.waits_for.is_not(None),
        _M.number
        == select(func.min(_earlier.c.number))
        .where(
            _earlier.c.status == _PLANNED,
            _earlier.c.lane == bindparam("this_lane"),
            _earlier.c.number > bindparam("this_number"),
        )
        .scalar_subquery(),
    )
    .values(waits_for=None)
)
_RELEASE = (
    update(messages)
    .where(_M.lease_token == bindparam("token"), _M.status == _PLANNED)
    .values(lease_until=None, lease_token=None, attempts=_M.attempts - 1)
)
_NEXT = select(func.min(_M.due_at)).where(IN_TURN, _M.due_at > _NOW)
_OLD = select(_M.number).where(or_(TO_ENDPOINT, _M.topic == "test"), _M.settled_at < bindparam("before", type_=Instant))


def claim(connection: Connection, *, now: datetime, limit: int, lease: timedelta) -> list[MessageRow]:
    """Take at most ``limit`` messages that are due, of whatever clinic, for as long as the lease; oldest first.

    Each counts as tried from now on, so that one at which its worker dies does not come back for ever.
    """
    return claim_some(connection, now=now, limit=limit, lease=lease).rows


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim took. ``more``: it has looked at so much that waits that it stopped; the next one goes on."""

    rows: list[MessageRow]
    more: bool


def claim_some(connection: Connection, *, now: datetime, limit: int, lease: timedelta) -> Claimed:
    """Claim as ``claim`` does, and say whether there may be more behind what was looked at in vain."""
    given = {"until": now + lease, "token": str(uuid4())}
    taken: list[MessageRow] = []
    if connection.dialect.name == "postgresql":
        connection.execute(_BY_INDEX)
    more, looks = True, 0
    while more and looks < LOOKS and len(taken) < limit:
        most = limit - len(taken) if looks == 0 else AT_ONCE
        looked = connection.execute(_LOOK, {"now": now, "most": most}).all()
        looks += 1
        heads = [number for number, ahead in looked if ahead is None][: limit - len(taken)]
        if heads:
            found = connection.execute(_TAKE, {**given, "numbers": heads})
            taken += [MessageRow(*row) for row in found]
        behind = {number: ahead for number, ahead in looked if ahead is not None}
        if behind:
            waiting = {"numbers": list(behind), "ahead": list(set(behind.values()))}
            connection.execute(_ASIDE, waiting)
        more = len(looked) == most
    return Claimed(sorted(taken, key=lambda row: (row.due_at, row.number)), more and not taken)


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
    if settled.retry_at is None and row.lane is not None:
        connection.execute(_TURN, {**this(clinic_id), "this_lane": row.lane, "this_number": row.number})
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
    """How much waits: messages that are due and not sent, since when the oldest, and how many could not be sent.

    Those that wait for another of their lane are not yet due. Tests that fail have told whoever asked for them.
    """

    waiting: int
    oldest_at: datetime | None
    planned: int
    failed: int


def queue(connection: Connection, *, now: datetime) -> Queue:
    """Count the messages of all clinics, for whoever watches over the service."""
    due = select(func.count(), func.min(_M.due_at)).where(IN_TURN, _M.due_at <= _NOW)
    waiting, oldest = connection.execute(due, {"now": now}).one()
    planned = connection.execute(select(func.count()).where(_M.status == _PLANNED)).scalar_one()
    lost = select(func.count()).where(_M.status == literal("failed", literal_execute=True), _M.topic != "test")
    return Queue(waiting, oldest, planned, connection.execute(lost).scalar_one())


def old(connection: Connection, *, before: datetime, limit: int) -> list[int]:
    """List messages to systems, and tests, that were settled before an instant; what went to patients stays."""
    return list(connection.execute(_OLD.limit(limit), {"before": before}).scalars())


def forget(connection: Connection, numbers: Sequence[int]) -> int:
    """Forget messages by their numbers; gives how many there were."""
    return connection.execute(delete(messages).where(_M.number.in_(numbers))).rowcount if numbers else 0
