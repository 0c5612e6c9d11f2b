"""What holds on SQLite alone: its settings, the shared commit, and a read that never waits for a write."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from prep_tracker.domain.errors import UnavailableError
from prep_tracker.store import clinics, engine, patients, procedures, sqlite
from prep_tracker.store.session import EVERY, QueryError, Store
from tests.store.cast import Cast, append, booked, patient_row, settle_aster

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), "delete"),
        ((3, 44, 5), "delete"),
        ((3, 44, 6), "wal"),
        ((3, 45, 0), "delete"),
        ((3, 50, 6), "delete"),
        ((3, 50, 7), "wal"),
        ((3, 51, 0), "delete"),
        ((3, 51, 2), "delete"),
        ((3, 51, 3), "wal"),
        ((3, 53, 4), "wal"),
        ((4, 0, 0), "wal"),
    ],
)
def test_the_write_ahead_log_is_used_only_where_it_is_sound(
    database_url: str, version: tuple[int, ...], mode: str
) -> None:
    assert database_url
    assert engine.wal_is_safe(version) is (mode == "wal")


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_every_connection_has_the_settings(database_url: str, journal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "wal_is_safe", lambda _version: journal == "wal")
    store = Store.open(database_url)

    def settings(connection: Connection) -> tuple[object, ...]:
        names = ("journal_mode", "synchronous", "foreign_keys", "trusted_schema", "secure_delete", "busy_timeout")
        return tuple(connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in names)

    async def awaited() -> tuple[object, ...]:
        found = await store.read(settings, EVERY)
        await store.aclose()
        return found

    expected = (journal, 2, 1, 0, 1, 5000)
    assert (store.run_read(settings), store.run_write(settings), asyncio.run(awaited())) == (expected,) * 3
    cast = store.run_write(settle_aster)
    assert store.run_write(lambda c: append(c, cast)) == 2
    store.close()


def together(store: Store, functions: Sequence[Callable[[Connection], object]]) -> list[object]:
    """Hold the writer until all functions wait, so that they share one commit."""
    gate = threading.Event()

    async def run() -> list[object]:
        waiting: list[asyncio.Future[object]] = [asyncio.ensure_future(store.write(lambda _: gate.wait(10), EVERY))]
        await asyncio.sleep(0.05)
        waiting += [asyncio.ensure_future(store.write(fn, EVERY)) for fn in functions]
        await asyncio.sleep(0)
        gate.set()
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        await store.aclose()
        return answers[1:]

    return asyncio.run(run())


def poisoned(cast: Cast, connection: Connection) -> str:
    """Add an entry without a procedure, which is found out at the commit only."""
    connection.execute(text("PRAGMA defer_foreign_keys=ON"))
    procedures.add_entries(connection, cast.clinic, "nobody's", [booked()])
    return "done"


def test_a_shared_commit_that_fails_keeps_nothing_and_tells_all(store: Store) -> None:
    cast = store.run_write(settle_aster)
    answers = together(store, [lambda c: append(c, cast), lambda c: poisoned(cast, c), lambda c: append(c, cast)])
    assert [type(answer) for answer in answers] == [UnavailableError] * 3
    assert store.run_read(lambda c: procedures.get(c, cast.clinic, cast.procedure)).version == 1
    assert store.run_write(lambda c: append(c, cast)) == 2


def test_nobody_is_told_before_the_commit(database_url: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the rollback journal a reader holds up a commit, so one can look at what has been told meanwhile."""
    cast = store.run_write(settle_aster)
    store.close()
    monkeypatch.setattr(engine, "wal_is_safe", lambda _version: False)
    slow = Store.open(database_url)
    told, appended = threading.Event(), threading.Event()

    def say(connection: Connection) -> int:
        seq = append(connection, cast)
        appended.set()
        return seq

    def write() -> None:
        slow.run_write(say)
        told.set()

    def look(connection: Connection) -> bool:
        procedures.get(connection, cast.clinic, cast.procedure)
        writer.start()
        return appended.wait(10) and told.wait(0.3)

    writer = threading.Thread(target=write)
    assert not slow.run_read(look)
    writer.join()
    assert told.is_set()
    slow.close()


def test_many_who_wait_share_one_commit(store: Store) -> None:
    cast = store.run_write(settle_aster)
    assert together(store, [lambda c: append(c, cast)] * 20) == list(range(2, 22))
    # One batch: what each did is seen by the next, and nothing was in the file before the last.
    seen: list[int] = []

    def append_and_look(connection: Connection) -> int:
        seen.append(store.run_read(lambda c: procedures.get(c, cast.clinic, cast.procedure)).version)
        return append(connection, cast)

    assert together(store, [append_and_look] * 3) == [22, 23, 24]
    assert seen == [21, 21, 21]


def test_whoever_would_wait_too_long_is_told_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "MOST_WAITING", 5)
    cast = store.run_write(settle_aster)
    answers = together(store, [lambda c: append(c, cast)] * 20)
    assert answers[:5] == [2, 3, 4, 5, 6]
    assert [type(answer) for answer in answers[5:]] == [UnavailableError] * 15
    assert store.run_write(lambda c: append(c, cast)) == 7


def test_a_full_disk_is_told_and_leaves_the_rest_working(store: Store) -> None:
    cast = store.run_write(settle_aster)

    def fill(connection: Connection) -> None:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count={pages}"))
        patients.add(connection, cast.clinic, patient_row("full", "F" * 100_000))

    answers = together(store, [lambda c: append(c, cast), fill, lambda c: append(c, cast)])
    assert UnavailableError in [type(answer) for answer in answers]
    kept = store.run_read(lambda c: procedures.get(c, cast.clinic, cast.procedure)).version
    assert kept == max([1, *(answer for answer in answers if isinstance(answer, int))])
    assert store.run_write(lambda c: append(c, cast)) == kept + 1


def test_a_full_disk_that_is_passed_over_is_found(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite._Op, "fail", lambda *_: None)  # nobody hears that the commit went wrong
    with pytest.raises(AssertionError):
        test_a_full_disk_is_told_and_leaves_the_rest_working(store)


def test_a_read_sees_one_moment_and_does_not_wait_for_a_write(database_url: str, store: Store) -> None:
    cast = store.run_write(settle_aster)
    other = Store.open(database_url)

    def twice(connection: Connection) -> tuple[int, int]:
        first = procedures.get(connection, cast.clinic, cast.procedure).version
        other.run_write(lambda c: append(c, cast))
        return first, len(procedures.entries(connection, cast.clinic, cast.procedure))

    assert store.run_read(twice) == (1, 1)
    assert store.run_read(lambda c: len(procedures.entries(c, cast.clinic, cast.procedure))) == 2
    other.close()


def test_a_writer_of_another_process_is_waited_for_and_then_reported(
    database_url: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = store.run_write(settle_aster)
    monkeypatch.setattr(engine, "_PRAGMAS", ("foreign_keys=ON", "busy_timeout=50"))
    hasty = Store.open(database_url)
    held, done = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        held.set()
        done.wait(10)

    holder = threading.Thread(target=store.run_write, args=(hold,))
    holder.start()
    held.wait(10)
    with pytest.raises(UnavailableError):
        hasty.run_write(lambda c: append(c, cast))
    assert hasty.run_read(lambda c: clinics.get(c, cast.clinic)).name == "Aster"
    done.set()
    holder.join()
    assert hasty.run_write(lambda c: append(c, cast)) == 2
    hasty.close()


def test_a_function_that_ends_with_stop_iteration_leaves_nobody_waiting(store: Store) -> None:
    def bad(_: Connection) -> object:
        return next(iter(()))

    (answer,) = together(store, [bad])
    assert isinstance(answer, RuntimeError)


def test_a_damaged_file_is_no_busy_database(tmp_path: Path, database_url: str) -> None:
    assert database_url
    path = tmp_path / "text.db"
    path.write_text("this is not a database, although it is long enough to look like one" * 20, encoding="utf-8")
    store = Store.open(f"sqlite:///{path}")
    with pytest.raises(QueryError):
        store.run_read(clinics.every)
    store.close()
