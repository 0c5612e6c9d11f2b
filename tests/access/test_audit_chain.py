"""What was sealed cannot be changed without its being seen: a thousand tamperings on each database, all found."""

from __future__ import annotations

import threading
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from prep_tracker.desk import pruning
from prep_tracker.desk.proving import Anchor, Report, prove
from prep_tracker.desk.pruning import find_old, months_before, prune
from prep_tracker.domain.chain import Digest, Keys
from prep_tracker.domain.errors import ConflictError, ForbiddenError
from prep_tracker.store import audit, seals
from prep_tracker.store.owner import run_as_owner
from prep_tracker.store.session import QueryError, Store
from prep_tracker.store.tables import audit as lines_table
from prep_tracker.store.tables import audit_seals
from tests.access.auditing import (
    ASTER,
    BIRCH,
    KEYS,
    NO_KEYS,
    NOW,
    OLD_SECRET,
    SECRET,
    a_line,
    as_intruder,
    fill,
    undone,
)
from tests.access.tampering import PLAINLY_SEEN, Done, anchors_of, cut_off, of, write_anew

SHARE = 900
"""So many of the thousand are of the kinds that need no anchor; the rest cut off or write anew."""


@pytest.fixture(params=["without a key", "with a key"])
def keys(request: pytest.FixtureRequest) -> Keys:
    """Seal without a key and with one in turn."""
    return NO_KEYS if request.param == "without a key" else KEYS


@pytest.fixture
def filled(store: Store, database_url: str, keys: Keys) -> str:
    """Give a database with three chains."""
    store.run_write(lambda connection: fill(connection, keys))
    return database_url


def is_found(report: Report, done: Done) -> bool:
    """Say whether a proof names the clinic, the first seal, and what was done."""
    mine = [finding for finding in report.findings if finding.clinic_id == done.clinic]
    return bool(mine) and done.seal in {None, mine[0].seal} and mine[0].what in done.what


def test_what_nobody_touched_is_whole(store: Store, filled: str, keys: Keys) -> None:
    store.run_write(lambda connection: audit.add(connection, ASTER, a_line(99)))
    report = store.run_read(lambda connection: prove(connection, keys))
    assert (report.findings, report.doubts, report.late) == ([], [], 0)
    assert (report.lines, report.unsealed) == (91, 1)
    assert [(head.clinic_id, head.number) for head in report.heads] == [("", 6), (ASTER, 6), (BIRCH, 6)]
    assert filled


def test_five_hundred_tamperings_are_found(filled: str, keys: Keys) -> None:
    """With and without a key that makes a thousand on each database."""
    with as_intruder(filled) as connection:
        anchors = anchors_of(connection)
        for number in range(500):
            dice = Random(number)
            with undone(connection):
                if number < SHARE // 2:
                    done = PLAINLY_SEEN[number % len(PLAINLY_SEEN)](connection, dice)
                    report = prove(connection, keys)
                else:
                    done = (cut_off, write_anew)[number % 2](connection, dice)
                    report = prove(connection, keys, anchors=anchors)
                assert is_found(report, done), (number, done, report)
        assert prove(connection, keys, anchors=anchors).findings == []


def test_without_key_and_anchor_a_chain_that_was_written_anew_looks_whole(store: Store, database_url: str) -> None:
    """What the documentation says that it does not prove."""
    store.run_write(lambda connection: fill(connection, NO_KEYS))
    with as_intruder(database_url) as connection:
        for number in range(5):
            write_anew(connection, Random(number))
            assert prove(connection, NO_KEYS).findings == []


def test_with_the_key_a_chain_that_was_written_anew_is_found(store: Store, database_url: str) -> None:
    """Whoever has the database and not the key can make no seal: neither without a key, nor with another one."""
    store.run_write(lambda connection: fill(connection, KEYS))
    for number in range(10):
        for others in (NO_KEYS, Keys(["a key of the intruder's own, long enough"])):
            with as_intruder(database_url) as connection:
                write_anew(connection, Random(number), others)
                report = prove(connection, KEYS)
                assert report.findings or report.doubts
    with as_intruder(database_url) as connection:  # all of it from the first seal on, without a key
        for clinic in (ASTER, BIRCH, ""):
            connection.execute(delete(audit_seals).where(audit_seals.c.clinic_id == clinic))
            connection.execute(update(lines_table).where(of(clinic)).values(seal=None, person="Nobody"))
            seals.seal(connection, clinic, NO_KEYS, now=NOW)
        report = prove(connection, KEYS)
        assert [doubt.clinic_id for doubt in report.doubts] == ["", ASTER, BIRCH]


def test_without_its_key_a_chain_cannot_be_told(store: Store) -> None:
    store.run_write(lambda connection: fill(connection, KEYS))
    for others in (NO_KEYS, Keys(["some key that has nothing to do with it"])):
        report = store.run_read(lambda connection, others=others: prove(connection, others))  # type: ignore[misc]
        assert report.findings == []
        assert [(doubt.clinic_id, doubt.seal) for doubt in report.doubts] == [("", 1), (ASTER, 1), (BIRCH, 1)]


def test_without_its_key_a_chain_does_not_go_on(store: Store) -> None:
    """A process that was started without the key leaves the lines to one that has it."""
    store.run_write(lambda connection: fill(connection, KEYS, batches=1))
    store.run_write(lambda connection: audit.add(connection, ASTER, a_line(9)))
    assert store.run_write(lambda connection: seals.seal(connection, ASTER, NO_KEYS, now=NOW)) is None
    assert store.run_write(lambda connection: seals.seal(connection, ASTER, KEYS, now=NOW)) == 1
    assert store.run_read(lambda connection: prove(connection, KEYS)).findings == []


def test_a_new_key_follows_an_old_one_and_the_old_one_still_proves(store: Store) -> None:
    store.run_write(lambda connection: fill(connection, Keys([OLD_SECRET]), batches=2))
    store.run_write(lambda connection: audit.add(connection, ASTER, a_line(50)))
    store.run_write(lambda connection: seals.seal(connection, ASTER, Keys([SECRET, OLD_SECRET]), now=NOW))
    whole = store.run_read(lambda connection: prove(connection, Keys([SECRET, OLD_SECRET])))
    assert (whole.findings, whole.doubts) == ([], [])
    newest = store.run_read(lambda connection: prove(connection, Keys([SECRET])))
    assert newest.findings == []
    assert newest.doubts


def test_a_chain_without_a_key_is_closed_when_it_gets_one(store: Store) -> None:
    """An empty seal with the key stands on what was sealed without; for that, only an anchor can vouch."""
    store.run_write(lambda connection: fill(connection, NO_KEYS, batches=2))
    anchors = store.run_read(anchors_of)
    for clinic in (ASTER, BIRCH, ""):
        assert store.run_write(lambda c, clinic=clinic: seals.seal(c, clinic, KEYS, now=NOW)) == 0  # type: ignore[misc]
        assert store.run_write(lambda c, clinic=clinic: seals.seal(c, clinic, KEYS, now=NOW)) == 0  # type: ignore[misc]
    alone = store.run_read(lambda connection: prove(connection, KEYS))
    assert alone.findings == []
    assert [doubt.seal for doubt in alone.doubts] == [2, 2, 2]
    vouched = store.run_read(lambda connection: prove(connection, KEYS, anchors=anchors))
    assert (vouched.findings, vouched.doubts) == ([], [])
    assert [head.number for head in vouched.heads] == [3, 3, 3]


def test_an_anchor_of_a_clinic_that_is_gone_is_found(store: Store) -> None:
    store.run_write(lambda connection: fill(connection, NO_KEYS, batches=1))
    gone = Anchor("c" * 36, 3, "0" * 64)
    report = store.run_read(lambda connection: prove(connection, NO_KEYS, anchors=[gone]))
    assert [(finding.clinic_id, finding.what) for finding in report.findings] == [(gone.clinic_id, "missing")]
    assert store.run_read(lambda c: prove(c, NO_KEYS, clinic_id=ASTER, anchors=[gone])).findings == []


def test_lines_that_waited_long_for_their_seal_are_counted(store: Store) -> None:
    """Whoever cuts a chain off and lets the service seal it again cannot hide when that was."""
    store.run_write(lambda connection: audit.add(connection, ASTER, a_line(0), a_line(1)))
    store.run_write(lambda connection: seals.seal(connection, ASTER, NO_KEYS, now=NOW + timedelta(days=3)))
    assert store.run_read(lambda connection: prove(connection, NO_KEYS)).late == 2


def test_the_database_itself_refuses_changes(store: Store) -> None:
    store.run_write(lambda connection: fill(connection, NO_KEYS, batches=1))
    store.run_write(lambda connection: audit.add(connection, ASTER, a_line(9)))
    for statement in (
        update(lines_table).values(person="Nobody"),
        update(lines_table).where(lines_table.c.seal.is_(None)).values(seen=["nobody"], seal=1),
        delete(lines_table),
        update(audit_seals).values(lines=0),
        delete(audit_seals),
    ):
        with pytest.raises(QueryError):
            store.run_write(lambda connection, statement=statement: connection.execute(statement))  # type: ignore[misc]


def test_several_processes_seal_and_no_chain_forks(store: Store, database_url: str) -> None:
    """Eight threads on two stores write and seal at once; each line is covered once, and the chain is one."""
    other = Store.open(database_url)
    wrong: list[BaseException] = []

    def work(number: int) -> None:
        mine = (store, other)[number % 2]
        try:
            for each in range(12):
                line = a_line(number * 100 + each)
                mine.run_write(lambda connection, line=line: audit.add(connection, ASTER, line))  # type: ignore[misc]
                mine.run_write(lambda connection: seals.seal(connection, ASTER, KEYS, now=NOW))
        except BaseException as error:  # noqa: BLE001 - told to the test
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.run_write(lambda connection: seals.seal(connection, ASTER, KEYS, now=NOW))
    other.close()
    assert wrong == []
    report = store.run_read(lambda connection: prove(connection, KEYS))
    assert (report.findings, report.doubts, report.lines, report.unsealed) == ([], [], 96, 0)


def days_of_lines(connection: Connection, keys: Keys) -> None:
    """Seal five lines on each of forty days, the last one today."""
    for day in range(40):
        at = NOW - timedelta(days=39 - day)
        audit.add(connection, ASTER, *(a_line(day * 5 + each, at=at) for each in range(5)))
        seals.seal(connection, ASTER, keys, now=at + timedelta(seconds=5))


def test_what_is_old_is_taken_away_and_the_rest_can_still_be_proven(
    store: Store, database_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "LINES_AT_ONCE", 12)
    store.run_write(lambda connection: days_of_lines(connection, keys))
    anchors = store.run_read(anchors_of)
    before = months_before(NOW, 1)
    old = store.run_read(lambda connection: find_old(connection, ASTER, before))
    assert old is not None
    assert (old.upto.number, old.lines) == (9, 45)
    taken = []
    while lines := run_as_owner(database_url, lambda connection: prune(connection, old, keys, now=NOW)):
        taken.append(lines)
    assert sum(taken) == 45
    assert max(taken) == 15
    assert store.run_read(lambda connection: find_old(connection, ASTER, before)) is None
    report = store.run_read(lambda connection: prove(connection, keys, anchors=anchors))
    assert (report.findings, report.doubts, report.lines) == ([], [], 40 * 5 - 45 + len(taken))
    marks = store.run_read(lambda connection: audit.lines(connection, ASTER, limit=len(taken)))
    assert {(line.event, line.actor_role, line.action) for _, line in marks} == {("audit.pruned", "system", "D")}
    with pytest.raises(QueryError):  # the triggers, or the rights, are as before
        store.run_write(lambda connection: connection.execute(delete(lines_table)))


def test_whoever_takes_more_away_than_was_pruned_is_found(store: Store, database_url: str, keys: Keys) -> None:
    store.run_write(lambda connection: days_of_lines(connection, keys))
    old = store.run_read(lambda connection: find_old(connection, ASTER, months_before(NOW, 1)))
    assert old is not None
    run_as_owner(database_url, lambda connection: prune(connection, old, keys, now=NOW))
    store.run_write(lambda connection: seals.seal(connection, ASTER, keys, now=NOW))
    with as_intruder(database_url) as connection:
        seals.take_away(connection, ASTER, 20)
        assert [finding.what for finding in prove(connection, keys).findings][:1] == ["missing"]
    with as_intruder(database_url) as connection:
        connection.execute(delete(lines_table).where(lines_table.c.event == "audit.pruned"))
        assert prove(connection, keys).findings
    if keys is KEYS:  # nobody without the key can vouch for another beginning
        with as_intruder(database_url) as connection:
            seals.take_away(connection, ASTER, 20)
            line = a_line(999, event="audit.pruned", entity="audit", entity_id="20")
            audit.add(connection, ASTER, line)
            assert prove(connection, keys).findings
    whole = store.run_read(lambda connection: prove(connection, keys))
    assert (whole.findings, whole.doubts) == ([], [])


def test_a_chain_with_a_key_is_pruned_by_whoever_has_it_only(store: Store, database_url: str) -> None:
    store.run_write(lambda connection: days_of_lines(connection, KEYS))
    old = store.run_read(lambda connection: find_old(connection, ASTER, months_before(NOW, 1)))
    assert old is not None
    with pytest.raises(ConflictError, match="PREP_AUDIT_KEY"):
        run_as_owner(database_url, lambda connection: prune(connection, old, NO_KEYS, now=NOW))


def test_the_service_itself_may_take_nothing_away(store: Store) -> None:
    if store.run_read(lambda connection: connection.dialect.name) == "sqlite":
        return  # nobody has rights there
    store.run_write(lambda connection: days_of_lines(connection, NO_KEYS))
    with pytest.raises(QueryError, match="42501"):
        store.run_write(lambda connection: seals.take_away(connection, ASTER, 3))
    count = store.run_read(lambda connection: connection.execute(select(lines_table.c.id)).all())
    assert len(count) == 200


def test_not_the_owner_is_told_so_in_one_line(database_url: str) -> None:
    def refuse(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            raise ForbiddenError("Only the owner")
        connection.exec_driver_sql("SET ROLE prep_tracker_service")
        seals.take_away(connection, ASTER, 3)

    with pytest.raises(ForbiddenError, match="Only the owner"):
        run_as_owner(database_url, refuse)


def test_a_strange_value_is_a_change_and_no_crash(store: Store, database_url: str) -> None:
    """SQLite takes anything in any column; whatever it is, it is found."""
    store.run_write(lambda connection: fill(connection, NO_KEYS, batches=2))
    with as_intruder(database_url) as connection:
        if connection.dialect.name != "sqlite":
            with pytest.raises(DBAPIError):
                connection.exec_driver_sql("UPDATE audit SET outcome = 'strange'")
            return
        for sql in (
            "UPDATE audit SET at = 'yesterday' WHERE id = 1",
            "UPDATE audit SET outcome = 'two hundred' WHERE id = 1",
            "UPDATE audit SET person = x'00ff' WHERE id = 1",
            "UPDATE audit SET seal = 'first' WHERE id = 1",
            "UPDATE audit SET seen = 'no list' WHERE id = 1",
            "UPDATE audit_seals SET sealed_at = 'later' WHERE number = 1",
            "UPDATE audit_seals SET lines = 'many' WHERE number = 1",
            "UPDATE audit_seals SET number = 'one' WHERE number = 1",
        ):
            with undone(connection):
                connection.exec_driver_sql(sql)
                assert prove(connection, NO_KEYS).findings, sql


def test_a_fault_in_the_walk_is_seen(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a line left out when sealing, a tampering would go unseen: then these tests are red."""
    monkeypatch.setattr(Digest, "add", lambda self, line: setattr(self, "lines", self.lines + bool(line)))
    store.run_write(lambda connection: fill(connection, NO_KEYS, batches=2))
    with as_intruder(database_url) as connection:
        done = PLAINLY_SEEN[0](connection, Random(1))
        assert not is_found(prove(connection, NO_KEYS), done)
        connection.execute(insert(lines_table).values(clinic_id=ASTER, **_values()))


def _values() -> dict[str, object]:
    line = a_line(1)
    names = ("at", "actor_role", "credential_id", "person", "action", "event", "entity", "outcome")
    return {name: getattr(line, name) for name in names}
