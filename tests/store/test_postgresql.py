"""What holds on PostgreSQL alone: locks, lost connections, round trips, and the limits of time."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import URL, Connection, Engine, make_url, text

from prep_tracker.domain.errors import BusyError, UnavailableError
from prep_tracker.store import clinics, engine, idempotency, postgresql, procedures
from prep_tracker.store.session import EVERY, Store
from tests.store.cast import NOW, Cast, append, clinic_row, settle_aster

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def end_all_others(admin: Engine, url: str) -> int:
    """End every connection to the database, as a restart of the server does; give their count."""
    sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :name"
    with admin.connect() as connection:
        return int(connection.execute(text(sql), {"name": make_url(url).database}).scalar_one())


def test_connections_that_died_meanwhile_are_replaced_unnoticed(
    database_url: str, store: Store, postgres_admin: Engine
) -> None:
    cast = store.run_write(settle_aster)

    async def run() -> tuple[int, str, int]:
        await asyncio.gather(*(store.read(clinics.every, EVERY) for _ in range(3)))
        await asyncio.gather(*(store.write(lambda c: clinics.get(c, cast.clinic), EVERY) for _ in range(3)))
        ended = end_all_others(postgres_admin, database_url)
        found = await store.read(lambda c: clinics.get(c, cast.clinic), EVERY)
        seq = await store.write(lambda c: append(c, cast), EVERY)
        await store.aclose()
        return ended, found.name, seq

    ended, name, seq = asyncio.run(run())
    assert ended >= 3
    assert (name, seq) == ("Aster", 2)
    store.run_read(clinics.every)
    assert end_all_others(postgres_admin, database_url) == 1
    assert store.run_read(lambda c: clinics.get(c, cast.clinic)).name == "Aster"


def test_a_connection_that_dies_before_the_commit_is_tried_again_as_a_whole(
    database_url: str, store: Store, postgres_admin: Engine
) -> None:
    cast = store.run_write(settle_aster)
    tries: list[int] = []

    def unlucky_once(connection: Connection) -> int:
        seq = append(connection, cast)
        tries.append(seq)
        if len(tries) == 1:
            end_all_others(postgres_admin, database_url)
        return seq + int(connection.execute(text("SELECT 1")).scalar_one())

    assert store.run_write(unlucky_once) == 3
    assert tries == [2, 2]
    assert store.run_read(lambda c: procedures.get(c, cast.clinic, cast.procedure)).version == 2


def test_a_connection_that_dies_at_the_commit_is_reported_and_not_tried_again(
    database_url: str, store: Store, postgres_admin: Engine
) -> None:
    """Whether it was kept nobody knows, so doing it again might do it twice."""
    cast = store.run_write(settle_aster)
    tries: list[int] = []

    def unlucky(connection: Connection) -> None:
        tries.append(append(connection, cast))
        end_all_others(postgres_admin, database_url)

    async def awaited() -> None:
        try:
            await store.write(unlucky, EVERY)
        finally:
            await store.aclose()

    with pytest.raises(UnavailableError):
        store.run_write(unlucky)
    with pytest.raises(UnavailableError):
        asyncio.run(awaited())
    assert tries == [2, 2]
    assert store.run_read(lambda c: procedures.get(c, cast.clinic, cast.procedure)).version == 1


def test_a_cancelled_read_leaves_the_connection_to_others(database_url: str) -> None:
    store = Store.open(database_url, connections=1)

    async def run() -> int:
        sleeping = asyncio.create_task(store.read(lambda c: c.execute(text("SELECT pg_sleep(4)")).all(), EVERY))
        await asyncio.to_thread(_until_somebody_waits, database_url, "wait_event = 'PgSleep'")
        sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
        found = await asyncio.wait_for(store.read(lambda c: c.execute(text("SELECT 7")).scalar_one(), EVERY), 3)
        await store.aclose()
        return int(found)

    assert asyncio.run(run()) == 7


def test_two_who_lock_each_other_out_both_succeed(store: Store) -> None:
    """PostgreSQL ends one of them; it is tried again."""
    names = ("Aster", "Birch")
    rows = store.run_write(lambda c: [_added(c, name) for name in names])
    tries: list[str] = []
    both_hold_one = threading.Barrier(2)

    def rename(first: str, second: str) -> None:
        def fn(connection: Connection) -> None:
            tries.append(first)
            clinics.get(connection, first, lock=True)
            if len(tries) <= 2:
                both_hold_one.wait(10)
            row = clinics.get(connection, second, lock=True)
            clinics.change(connection, second, replace(row, name=row.name + "!"))

        store.run_write(fn)

    threads = [threading.Thread(target=rename, args=order) for order in (rows, rows[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.name for row in store.run_read(clinics.every)] == ["Aster!", "Birch!"]
    assert len(tries) == 3


def _added(connection: Connection, name: str) -> str:
    row = replace(clinic_row(name), created_at=datetime(2026, 1, 1 + len(name), tzinfo=UTC))
    clinics.add(connection, replace(row, id=f"{name}-id"))
    return f"{name}-id"


@contextmanager
def held(store: Store, cast: Cast) -> Iterator[None]:
    """Keep the procedure locked for as long as the block takes."""
    locked, done = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        procedures.lock(connection, cast.clinic, cast.procedure)
        locked.set()
        done.wait(20)

    holder = threading.Thread(target=store.run_write, args=(hold,))
    holder.start()
    locked.wait(10)
    try:
        yield
    finally:
        done.set()
        holder.join()


def test_whoever_waited_for_the_lock_reads_what_was_said_meanwhile(database_url: str, store: Store) -> None:
    """The row comes as it is after the wait, the rest of the query as it was before: the record is read again."""
    cast = store.run_write(settle_aster)
    waiter = Store.open(database_url)
    locked, found = threading.Event(), []

    def say_more(connection: Connection) -> None:
        procedures.lock(connection, cast.clinic, cast.procedure)
        locked.set()
        _until_somebody_waits(database_url)
        append(connection, cast)

    def wait() -> None:
        locked.wait(10)
        found.append(waiter.run_write(lambda c: procedures.lock_and_load(c, cast.clinic, cast.procedure)))

    thread = threading.Thread(target=wait)
    thread.start()
    store.run_write(say_more)
    thread.join()
    assert found[0].row.version == 2
    assert [entry.seq for entry in found[0].entries()] == [1, 2]
    waiter.close()


def _until_somebody_waits(url: str, how: str = "wait_event_type = 'Lock'") -> None:
    sql = f"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND {how}"
    owner = engine.lasting_engine(engine.database_url(url))  # what others wait for is not for every role to see
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(1000):
            if connection.execute(text(sql)).scalar_one():
                return
    pytest.fail("nobody waits")


def test_whoever_waits_too_long_is_told_so(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "POSTGRES_SETTINGS", engine.POSTGRES_SETTINGS | {"lock_timeout": "50ms"})
    cast = store.run_write(settle_aster)
    hasty = Store.open(database_url)

    async def awaited() -> None:
        try:
            await hasty.write(lambda c: append(c, cast), EVERY)
        finally:
            await hasty.aclose()

    with held(store, cast), pytest.raises(UnavailableError):
        asyncio.run(awaited())
    assert store.run_write(lambda c: append(c, cast)) == 2


def test_a_key_that_is_being_worked_on_is_busy(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "POSTGRES_SETTINGS", engine.POSTGRES_SETTINGS | {"lock_timeout": "50ms"})
    cast = store.run_write(settle_aster)
    repeat = idempotency.Repeat(cast.key, "POST /v1/procedures", "k1", "f" * 64)
    hasty = Store.open(database_url)

    def twin_comes(connection: Connection) -> None:
        assert idempotency.claim(connection, cast.clinic, repeat, now=NOW) is None

        async def twin() -> None:
            try:
                await hasty.write(lambda c: idempotency.claim(c, cast.clinic, repeat, now=NOW), EVERY)
            finally:
                await hasty.aclose()

        with pytest.raises(BusyError):
            asyncio.run(twin())

    store.run_write(twin_comes)


class Wire:
    """Stand between client and server, and count how often the client waits for an answer."""

    def __init__(self, url: str, folder: Path) -> None:
        """Listen in ``folder`` once ``__aenter__`` is awaited."""
        self._server_url, self._folder = make_url(url), folder
        self.turns = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Give the address of the same database through this wire."""
        to, query = self._server_url, {"host": str(self._folder), "port": "5432"}
        url = URL.create("postgresql", to.username, to.password, database=to.database, query=query)
        return url.render_as_string(hide_password=False)

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        self._listener = await asyncio.start_unix_server(self._serve, self._folder / ".s.PGSQL.5432")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Listen no more."""
        self._listener.close()
        await asyncio.gather(*self._tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await self._connect()
        answered = True

        async def forward(source: asyncio.StreamReader, to: asyncio.StreamWriter, *, asks: bool) -> None:
            nonlocal answered
            while data := await source.read(65536):
                self.turns += asks and answered
                answered = not asks
                to.write(data)
            to.close()

        both = forward(reader, there_writer, asks=True), forward(there_reader, writer, asks=False)
        self._tasks.update(asyncio.ensure_future(each) for each in both)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host = self._server_url.query.get("host", self._server_url.host)
        port = self._server_url.query.get("port", self._server_url.port or 5432)
        if str(host).startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(str(host), int(str(port)))


def test_a_read_waits_three_times_for_the_server(store: Store, database_url: str, tmp_path: Path) -> None:
    """No ping, no reset: BEGIN goes out with the clinic in one turn, then what it asks, then COMMIT."""
    cast = store.run_write(settle_aster)

    async def turns(door: str, fn: Callable[[Connection], object], wire: Wire, through: Store) -> int:
        for _ in range(2):  # these connect and prepare
            await getattr(through, door)(fn, cast.clinic)
        before = wire.turns
        await getattr(through, door)(fn, cast.clinic)
        return wire.turns - before

    async def run() -> list[int]:
        async with Wire(database_url, tmp_path) as wire:
            through = Store.open(wire.url)
            counted = [
                await turns("read", lambda c: procedures.load(c, cast.clinic, cast.procedure), wire, through),
                await turns("write", lambda c: procedures.load(c, cast.clinic, cast.procedure), wire, through),
                await turns("write", lambda c: append(c, cast), wire, through),
            ]
            await through.aclose()
        return counted

    assert asyncio.run(run()) == [3, 3, 5]
