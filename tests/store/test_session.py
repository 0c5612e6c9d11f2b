"""What is answered is kept, what is not kept is not answered, and nobody overwrites anybody."""

import asyncio
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from prep_tracker.domain.errors import ConflictError, NotFoundError, UnavailableError
from prep_tracker.store import clinics, patients, procedures
from prep_tracker.store.rows import values
from prep_tracker.store.session import EVERY, QueryError, Store
from tests.store.cast import append, as_owner, booked, patient_row, settle_aster

DEFERRED_CHECK = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'refused at commit'; END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON entries DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.seq = 666) EXECUTE FUNCTION refuse();
"""


def at_once(store: Store, functions: list[Callable[[Connection], object]]) -> list[object]:
    """Write all of them concurrently on one event loop; give answers and errors in their order."""

    async def run() -> list[object]:
        answers = await asyncio.gather(*(store.write(fn, EVERY) for fn in functions), return_exceptions=True)
        await store.aclose()
        return answers

    return asyncio.run(run())


def test_both_doors_answer_what_the_function_answers(store: Store) -> None:
    cast = store.run_write(settle_aster)

    async def names() -> tuple[str, str]:
        found = await store.read(lambda c: clinics.get(c, cast.clinic), EVERY)
        await store.write(lambda c: clinics.change(c, cast.clinic, replace(found, name="Aster & Co")), EVERY)
        again = await store.read(lambda c: clinics.get(c, cast.clinic), EVERY)
        await store.aclose()
        return found.name, again.name

    assert asyncio.run(names()) == ("Aster", "Aster & Co")


def test_no_update_is_lost(database_url: str, store: Store) -> None:
    """Eight who read, add one and write, fifty times each: four hundred. Left to itself SQLite's driver kept fifty."""
    cast = store.run_write(settle_aster)
    others = [Store.open(database_url) for _ in range(2)]  # as other processes would

    def increment(connection: Connection) -> None:
        row = clinics.get(connection, cast.clinic, lock=True)
        clinics.change(connection, cast.clinic, replace(row, settings={"count": row.settings.get("count", 0) + 1}))

    def fifty(mine: Store) -> None:
        for _ in range(50):
            mine.run_write(increment)

    threads = [threading.Thread(target=fifty, args=([store, *others][number % 3],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.run_read(lambda c: clinics.get(c, cast.clinic)).settings == {"count": 400}
    for other in others:
        other.close()


def test_two_hundred_who_append_at_once_stand_in_one_order(store: Store) -> None:
    cast = store.run_write(settle_aster)
    answers = at_once(store, [lambda c: append(c, cast)] * 200)
    assert set(answers) == set(range(2, 202))
    found = store.run_read(lambda c: procedures.load(c, cast.clinic, cast.procedure))
    assert [entry.seq for entry in found.entries()] == list(range(1, 202))
    assert found.row.version == 201


def test_a_commit_that_fails_is_told_to_everybody_who_shared_it(database_url: str, store: Store) -> None:
    cast = store.run_write(settle_aster)
    if is_sqlite(store):

        def poisoned(connection: Connection) -> str:
            connection.execute(text("PRAGMA defer_foreign_keys=ON"))
            procedures.add_entries(connection, cast.clinic, "nobody's", [booked()])
            return "done"
    else:
        as_owner(database_url, DEFERRED_CHECK)

        def poisoned(connection: Connection) -> str:
            entry = booked().model_copy(update={"seq": 666})
            procedures.add_entries(connection, cast.clinic, cast.procedure, [entry])
            return "done"

    answers = at_once(store, [poisoned])
    assert isinstance(answers[0], UnavailableError)
    assert len(store.run_read(lambda c: procedures.entries(c, cast.clinic, cast.procedure))) == 1


def is_sqlite(store: Store) -> bool:
    return store.run_read(lambda c: c.dialect.name) == "sqlite"


def test_what_one_got_wrong_is_undone_for_it_alone(store: Store) -> None:
    cast = store.run_write(settle_aster)

    def wrong(connection: Connection) -> None:
        patients.add(connection, cast.clinic, patient_row("half", "Half"))
        raise NotFoundError

    def right(reference: str) -> Callable[[Connection], None]:
        return lambda c: patients.add(c, cast.clinic, patient_row(reference, "Whole"))

    answers = at_once(store, [right("a"), wrong, right("b"), wrong, right("c")])
    assert [type(answer) for answer in answers] == [type(None), NotFoundError, type(None), NotFoundError, type(None)]
    kept = store.run_read(lambda c: [patients.find_by_reference(c, cast.clinic, r) for r in ("a", "b", "c", "half")])
    assert [row is not None for row in kept] == [True, True, True, False]


def test_nothing_of_a_function_that_raises_is_kept(store: Store) -> None:
    cast = store.run_write(settle_aster)

    def half(connection: Connection) -> None:
        append(connection, cast)
        raise NotFoundError

    with pytest.raises(NotFoundError):
        store.run_write(half)
    assert store.run_read(lambda c: procedures.get(c, cast.clinic, cast.procedure)).version == 1
    assert store.run_write(lambda c: append(c, cast)) == 2


def test_a_read_cannot_write(store: Store) -> None:
    cast = store.run_write(settle_aster)

    def write(connection: Connection) -> None:
        patients.add(connection, cast.clinic, patient_row("2", "Sneaked"))

    async def awaited() -> None:
        try:
            await store.read(write, EVERY)
        finally:
            await store.aclose()

    with pytest.raises(QueryError):
        store.run_read(write)
    with pytest.raises(QueryError):
        asyncio.run(awaited())
    assert store.run_read(lambda c: patients.find_by_reference(c, cast.clinic, "2")) is None


def test_a_caller_who_leaves_does_not_stop_the_write(store: Store) -> None:
    cast = store.run_write(settle_aster)

    async def leave() -> None:
        loop, begun = asyncio.get_running_loop(), asyncio.Event()

        def slow(connection: Connection) -> int:
            loop.call_soon_threadsafe(begun.set)
            return append(connection, cast)

        task = asyncio.create_task(store.write(slow, EVERY))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await store.write(lambda c: append(c, cast), EVERY) == 3
        await store.aclose()

    asyncio.run(leave())


@pytest.mark.parametrize("hot", [True, False])
@pytest.mark.parametrize("awaited", [True, False])
def test_an_error_of_the_database_holds_nothing_personal(store: Store, *, hot: bool, awaited: bool) -> None:
    cast = store.run_write(settle_aster)

    def incomplete(connection: Connection) -> None:
        row = replace(patient_row("2", "Pia Canary"), language=None)  # type: ignore[arg-type]
        if hot:
            patients._ADD.run(connection, {"clinic_id": cast.clinic, **values(row)})
        else:
            connection.execute(patients._ADD.statement, {"clinic_id": cast.clinic, **values(row)})

    async def door() -> None:
        try:
            await store.write(incomplete, EVERY)
        finally:
            await store.aclose()

    with pytest.raises(QueryError, match=r"patients.*language|23502 patients") as caught:
        asyncio.run(door()) if awaited else store.run_write(incomplete)
    shown = "".join(traceback.format_exception(caught.value))
    assert "Canary" not in shown
    assert cast.clinic not in shown
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("awaited", [True, False])
def test_going_on_after_a_refusal_is_never_answered_as_kept(store: Store, *, awaited: bool) -> None:
    """PostgreSQL rolls back then, and says so without an error."""
    cast = store.run_write(settle_aster)

    def goes_on(connection: Connection) -> str:
        with suppress(ConflictError):
            patients.add(connection, cast.clinic, patient_row("1001", "Taken"))
        if is_sqlite(store):
            patients.add(connection, cast.clinic, patient_row("1002", "Kept"))
        return "answered"

    async def door() -> str:
        try:
            return await store.write(goes_on, EVERY)
        finally:
            await store.aclose()

    def call() -> str:
        return asyncio.run(door()) if awaited else store.run_write(goes_on)

    if is_sqlite(store):
        assert call() == "answered"
        assert store.run_read(lambda c: patients.find_by_reference(c, cast.clinic, "1002")) is not None
    else:
        with pytest.raises(RuntimeError, match="went on"):
            call()
    assert store.run_write(lambda c: append(c, cast)) == 2


KEEP_WRITING = """
import sys
from prep_tracker.store.rows import values
from prep_tracker.store.session import QueryError, Store
from tests.store.cast import Cast, append
store, cast = Store.open(sys.argv[1]), Cast(*sys.argv[2:])
while True:
    print(store.run_write(lambda c: append(c, cast)), flush=True)
"""


def test_what_was_acknowledged_outlives_a_kill(database_url: str, store: Store) -> None:
    cast = store.run_write(settle_aster)
    store.close()
    argv = [sys.executable, "-c", KEEP_WRITING, database_url, cast.clinic, cast.patient, cast.procedure, cast.key]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(20)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]
    again = Store.open(database_url)
    found = again.run_read(lambda c: procedures.load(c, cast.clinic, cast.procedure))
    assert found.row.version == len(found.entries())
    assert found.row.version - acknowledged[-1] in (0, 1)  # the last one may have been kept and not told
    again.close()


def test_a_closed_store_opens_again(store: Store) -> None:
    cast = store.run_write(settle_aster)
    store.close()
    store.close()
    assert store.run_write(lambda c: append(c, cast)) == 2
    assert len(at_once(store, [lambda c: append(c, cast)] * 3)) == 3
    assert len(at_once(store, [lambda c: append(c, cast)] * 3)) == 3
    assert store.run_read(lambda c: procedures.get(c, cast.clinic, cast.procedure)).version == 8


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all.db", "postgresql://prep@127.0.0.1:1/prep"])
def test_a_database_that_is_not_there_is_unavailable(url: str) -> None:
    store = Store.open(url)

    async def awaited() -> None:
        for door in (store.read, store.write):
            with pytest.raises(UnavailableError):
                await door(clinics.every, EVERY)
        await store.aclose()

    asyncio.run(awaited())
    for run in (store.run_read, store.run_write):
        with pytest.raises(UnavailableError):
            run(clinics.every)
    store.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/prep", "prep.db"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///"):
        Store.open(url)
