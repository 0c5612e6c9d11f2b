"""The service with a fault put in on purpose, in a process of its own.

Run as ``python -m tests.store.faulty FAULT serve …``: the tests that hold the real service good must find it bad.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi import Request
    from starlette.responses import Response

    from prep_tracker.api.wire import Answer
    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection
    from prep_tracker.store.idempotency import Repeat
    from prep_tracker.store.procedures import ProcedureRow

SECONDS_BETWEEN = 0.06
"""How long a procedure stands without its entries. Wide enough that a kill falls into it, as one of thousands would."""


def procedure_first() -> None:
    """Keep the procedure, and only then begin with its entries."""
    from sqlalchemy.util import await_only

    from prep_tracker.store import procedures

    add = procedures.add

    def kept_at_once(connection: Connection, clinic_id: str, row: ProcedureRow) -> None:
        add(connection, clinic_id, row)
        driver: Any = connection.connection.driver_connection
        if connection.dialect.name == "sqlite":
            for statement in ("COMMIT", "BEGIN IMMEDIATE", "SAVEPOINT op"):
                driver.execute(statement)
        else:
            await_only(driver.execute(f"COMMIT; BEGIN; SET LOCAL prep.clinic = '{clinic_id}'"))
        time.sleep(SECONDS_BETWEEN)

    procedures.add = kept_at_once


def no_lock() -> None:
    """Read a procedure that is to be changed as if it were only to be read."""
    from prep_tracker.store import procedures
    from prep_tracker.store.hot import Query

    statement = procedures._WHOLE.add_columns(procedures._LAST)
    procedures._LOCK_LOAD = Query(statement, procedures._LOCK_LOAD._row)


def late_lock() -> None:
    """Begin as SQLite does by itself: the lock is asked for at the first write, when others have written since."""
    _instead({"BEGIN IMMEDIATE": "BEGIN"})


def no_transaction() -> None:
    """Read, and write what was read, each by itself: what SQLite's driver does when it is left alone."""
    _instead(dict.fromkeys(("BEGIN IMMEDIATE", "SAVEPOINT op", "ROLLBACK TO op", "RELEASE op", "COMMIT"), "SELECT 1"))


def key_outside() -> None:
    """Look for the key before the transaction, and add it with the effect."""
    from prep_tracker.api import door
    from prep_tracker.api.repeating import again
    from prep_tracker.store import idempotency

    async def act(
        request: Request, fn: Callable[[Connection, Desk], Answer], *, keep: bool = True, asked: bytes | None = None
    ) -> Response:
        repeat = await door._repeat_of(request, asked)
        if repeat is None:
            return door.respond(await door.done(request, fn))
        return door.respond(await looked_up(request, fn, repeat, keep=keep))

    async def looked_up(
        request: Request, fn: Callable[[Connection, Desk], Answer], repeat: Repeat, *, keep: bool
    ) -> Answer:
        known = await door.read(request, lambda c, d: idempotency.find(c, d.clinic.id, repeat))
        if known is not None:
            return again(known, repeat, keep=keep)

        def work(connection: Connection, desk: Desk) -> Answer:
            made = fn(connection, desk)
            idempotency.claim(connection, desk.clinic.id, repeat, now=desk.now)
            idempotency.finish(connection, desk.clinic.id, repeat, made.status, made.headers, made.body)
            return made

        return await door.done(request, work)

    door.act = act


def told_too_early() -> None:
    """Answer before the commit, on PostgreSQL."""
    import asyncio

    from sqlalchemy.util import await_only

    from prep_tracker.store.postgresql import PostgresqlStore

    write = PostgresqlStore.write

    async def hasty(self: PostgresqlStore, fn: Callable[[Connection], Any], clinic: str) -> Any:  # noqa: ANN401 - what the function gives
        made: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def early(connection: Connection) -> Any:  # noqa: ANN401 - what the function gives
            result = fn(connection)
            if not made.done():
                made.set_result(result)
            await_only(asyncio.sleep(SECONDS_BETWEEN))
            return result

        keeping = asyncio.ensure_future(write(self, early, clinic))
        done, _ = await asyncio.wait({made, keeping}, return_when=asyncio.FIRST_COMPLETED)
        keeping.add_done_callback(lambda task: task.cancelled() or task.exception())
        return next(iter(done)).result()

    PostgresqlStore.write = hasty  # type: ignore[method-assign]


def sick_is_a_fault() -> None:
    """Take a database that is away for a fault of ours."""
    from prep_tracker.store import postgresql

    postgresql._is_sick = lambda *_: False


def wait_unsaid() -> None:
    """Refuse without a word of when to come again."""
    from prep_tracker.api import problems

    problem = problems.problem

    def curt(request: Request, slug: str, detail: str, **rest: Any) -> Response:  # noqa: ANN401 - handed on
        answer = problem(request, slug, detail, **rest)
        if "retry-after" in answer.headers:
            del answer.headers["retry-after"]
        return answer

    problems.problem = curt


def hoarding() -> None:
    """Keep something of every request for ever."""
    from prep_tracker.api.envelope import Envelope

    hoard: list[bytes] = []
    answer = Envelope.__call__

    async def kept(self: Envelope, *given: Any) -> None:  # noqa: ANN401 - handed on
        hoard.append(b"x" * 1_000_000)
        await answer(self, *given)

    Envelope.__call__ = kept  # type: ignore[assignment,method-assign]


def _instead(said: dict[str, str]) -> None:
    """Let SQLite's writer say something else than it means to."""
    from prep_tracker.store import sqlite

    raw = sqlite._raw

    class Misled:
        def __init__(self, connection: Any) -> None:  # noqa: ANN401 - of one of two modules
            self._connection = connection

        def execute(self, statement: str, *values: Any) -> Any:  # noqa: ANN401 - handed on
            return self._connection.execute(said.get(statement, statement), *values)

        def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - handed on
            return getattr(self._connection, name)

    sqlite._raw = lambda connection: Misled(raw(connection))


FAULTS: dict[str, Callable[[], None]] = {
    fault.__name__: fault
    for fault in (
        procedure_first,
        no_lock,
        late_lock,
        no_transaction,
        key_outside,
        told_too_early,
        sick_is_a_fault,
        wait_unsaid,
        hoarding,
    )
}


def main() -> None:
    """Put the fault in, then be the service."""
    FAULTS[sys.argv.pop(1)]()
    from prep_tracker.cli import main

    main()


if __name__ == "__main__":
    main()
