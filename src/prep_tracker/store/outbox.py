"""Keep what is to be sent: add it, take it back while nobody has sent it, show it, and plan it again.

How it goes out is in ``claims``. Rows of one lane go out in their order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from prep_tracker.domain.errors import ConflictError, NotFoundError
from prep_tracker.store.hot import Change, Query
from prep_tracker.store.message_rows import EndpointRow, MessageRow, NewMessage
from prep_tracker.store.message_tables import TO_ENDPOINT
from prep_tracker.store.rows import columns, is_one, of_clinic, this
from prep_tracker.store.tables import FAILED, messages, webhook_endpoints
from prep_tracker.store.types import Instant

_M, _E = messages.c, webhook_endpoints.c
_gone = messages.alias("gone")

_COLUMNS = columns(messages, MessageRow)
_GIVEN = [column.name for column in messages.c if column.name != "number"]
_ADD = Change(insert(messages), _GIVEN)
_ENDPOINTS = select(*columns(webhook_endpoints, EndpointRow)).where(of_clinic(webhook_endpoints))
_WANTING = Query(_ENDPOINTS.where(_E.active.is_(True)).order_by(_E.id), EndpointRow)
_ENDPOINT = Query(_ENDPOINTS.where(is_one(webhook_endpoints)), EndpointRow)
_ALL = select(*_COLUMNS).where(of_clinic(messages))
_ONE = Query(_ALL.where(is_one(messages)), MessageRow)
_LOCK = Query(_ALL.where(is_one(messages)).with_for_update(), MessageRow)
_STILL = _M.status == literal("planned", literal_execute=True)
_IN_LANES = (
    _ALL.where(_STILL, _M.lane.in_(bindparam("lanes", expanding=True))).order_by(_M.number).with_for_update(read=True)
)
_FAILED_BY = Query(
    select(_M.procedure_id, func.count())
    .where(of_clinic(messages), FAILED, _M.procedure_id.is_not(None))
    .where(or_(TO_ENDPOINT, _M.settled_at >= bindparam("since", type_=Instant)))
    .group_by(_M.procedure_id),
    lambda name, number: (str(name), int(number)),
)
_REMINDED = select(func.count(_M.day.distinct()), func.max(_M.day)).where(
    of_clinic(messages), is_one(messages, "procedure_id"), _M.topic == "reminder"
)
_UNDO = (
    update(messages)
    .where(
        of_clinic(messages),
        _STILL,
        _M.number.in_(bindparam("numbers", expanding=True)),
        _M.attempts == 0,
        _M.lease_token.is_(None),
    )
    .values(status="dropped", reason=bindparam("why"), settled_at=bindparam("now", type_=Instant))
)
_WAITED = (
    update(messages)
    .where(
        of_clinic(messages),
        _STILL,
        _M.waits_for.is_not(None),
        _M.lane.in_(select(_gone.c.lane).where(_gone.c.number.in_(bindparam("numbers", expanding=True)))),
    )
    .values(waits_for=None)
)


def add(connection: Connection, clinic_id: str, new: Sequence[NewMessage], *, now: datetime) -> None:
    """Add messages, in their order; whoever adds to a lane has locked its procedure."""
    rows: list[dict[str, Any]] = [
        {
            "clinic_id": clinic_id,
            "id": one.id,
            "procedure_id": one.procedure_id,
            "topic": one.topic,
            "channel": one.channel,
            "endpoint_id": one.endpoint_id,
            "lane": one.lane,
            "day": one.day,
            "body": one.body,
            "status": one.status,
            "due_at": one.due_at,
            "not_after": one.not_after,
            "attempts": 0,
            "lease_until": None,
            "lease_token": None,
            "reason": one.reason,
            "history": [],
            "created_at": now,
            "settled_at": None if one.status == "planned" else now,
            "waits_for": one.waits_for,
        }
        for one in new
    ]
    if rows:
        _ADD.run(connection, *rows)


def wanting(connection: Connection, clinic_id: str) -> list[EndpointRow]:
    """List the endpoints of a clinic that are to be told."""
    return _WANTING.all(connection, this(clinic_id))


def find_endpoint(connection: Connection, clinic_id: str, endpoint_id: str) -> EndpointRow | None:
    """Give an endpoint, whether it is active or not, if it is still there."""
    return _ENDPOINT.one(connection, this(clinic_id, endpoint_id))


def disable_endpoint(connection: Connection, clinic_id: str, endpoint_id: str, reason: str, *, now: datetime) -> None:
    """Send nothing more to an endpoint until somebody turns it on; what was planned for it has failed."""
    turned_off = {"active": False, "disabled_reason": reason, "version": _E.version + 1}
    connection.execute(
        update(webhook_endpoints)
        .where(_E.clinic_id == clinic_id, _E.id == endpoint_id, _E.active.is_(True))
        .values(turned_off)
    )
    connection.execute(
        update(messages)
        .where(_M.clinic_id == clinic_id, _M.endpoint_id == endpoint_id, _STILL)
        .values(status="failed", reason=reason, settled_at=now, lease_until=None, lease_token=None, waits_for=None)
    )
    # What was added meanwhile waits for nothing any more.
    connection.execute(
        update(messages)
        .where(_M.clinic_id == clinic_id, _M.endpoint_id == endpoint_id, _STILL, _M.waits_for.is_not(None))
        .values(waits_for=None)
    )


def planned_in(connection: Connection, clinic_id: str, lanes: Collection[str]) -> list[MessageRow]:
    """List what is planned in these lanes, in its order; it stays planned until this transaction ends or undoes it."""
    found = connection.execute(_IN_LANES, {**this(clinic_id), "lanes": list(lanes)})
    return [MessageRow(*row) for row in found]


def undo(connection: Connection, clinic_id: str, numbers: Iterable[int], reason: str, *, now: datetime) -> int:
    """Drop planned messages that nobody has tried to send yet; gives how many there were."""
    given = {**this(clinic_id), "numbers": list(numbers), "why": reason, "now": now}
    dropped = connection.execute(_UNDO, given).rowcount if given["numbers"] else 0
    if dropped:  # what waited for one of them may be next
        connection.execute(_WAITED, {**this(clinic_id), "numbers": given["numbers"]})
    return dropped


def get(connection: Connection, clinic_id: str, message_id: str) -> MessageRow:
    """Give a message, or raise ``NotFoundError``."""
    return _there(_ONE.one(connection, this(clinic_id, message_id)))


def replay(connection: Connection, clinic_id: str, message_id: str, *, now: datetime) -> MessageRow:
    """Plan a message again, from now on, and give it.

    One that is planned already, or whose time has passed, is a ``ConflictError``.
    """
    row = _there(_LOCK.one(connection, this(clinic_id, message_id)))
    wrong = row.why_not_again(now)
    if wrong is not None:
        raise ConflictError(wrong)
    connection.execute(
        update(messages)
        .where(_M.clinic_id == clinic_id, _M.number == row.number)
        .values(status="planned", due_at=now, attempts=0, reason=None, settled_at=None, waits_for=None)
    )
    return get(connection, clinic_id, message_id)


def of_procedure(connection: Connection, clinic_id: str, procedure_id: str, *, limit: int) -> list[MessageRow]:
    """List the last messages about a procedure, newest first."""
    statement = _ALL.where(is_one(messages, "procedure_id")).order_by(_M.number.desc()).limit(limit)
    return [MessageRow(*row) for row in connection.execute(statement, this(clinic_id, procedure_id))]


def of_endpoint(
    connection: Connection, clinic_id: str, endpoint_id: str, *, before: int | None = None, limit: int = 50
) -> list[MessageRow]:
    """List what was and is to be sent to an endpoint, newest first; ``before``: those with a smaller number."""
    statement = _ALL.where(is_one(messages, "endpoint_id")).order_by(_M.number.desc()).limit(limit)
    if before is not None:
        statement = statement.where(_M.number < before)
    return [MessageRow(*row) for row in connection.execute(statement, this(clinic_id, endpoint_id))]


def failed_by_procedure(connection: Connection, clinic_id: str, *, since: datetime) -> dict[str, int]:
    """Count the messages of a clinic that could not be sent, by procedure; procedures without any are left out.

    To patients: since an instant. What failed to reach a system counts until it is sent again or forgotten.
    """
    return dict(_FAILED_BY.all(connection, {**this(clinic_id), "since": since}))


def failed(connection: Connection, clinic_id: str, *, limit: int) -> list[MessageRow]:
    """List messages of a clinic that could not be sent, newest first, without tests."""
    statement = _ALL.where(FAILED, _M.topic != "test").order_by(_M.number.desc()).limit(limit)
    return [MessageRow(*row) for row in connection.execute(statement, this(clinic_id))]


def reminded(connection: Connection, clinic_id: str, procedure_id: str) -> tuple[int, date | None]:
    """Say for how many days a patient was reminded, and the last of them, whatever became of it."""
    found = connection.execute(_REMINDED, this(clinic_id, procedure_id)).one()
    return int(found[0]), found[1]


def _there(found: MessageRow | None) -> MessageRow:
    if found is None:
        raise NotFoundError
    return found
