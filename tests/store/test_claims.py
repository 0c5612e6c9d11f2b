"""Claims: what is due goes out once, in the order of its lane, and comes back when whoever held it is gone."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from prep_tracker.domain.errors import ConflictError, NotFoundError
from prep_tracker.store import Connection, claims, outbox, webhooks
from prep_tracker.store.claims import Settled
from prep_tracker.store.message_rows import MessageRow, NewMessage, new_id
from prep_tracker.store.session import Store
from prep_tracker.store.tables import messages
from prep_tracker.store.webhooks import WebhookRow
from tests.store.cast import NOW, Cast, settle_aster, settle_birch

LEASE = timedelta(seconds=60)
SENT = Settled("sent", None, "sent")


def plan(store: Store, cast: Cast, *, due_at: datetime = NOW, place: str = "email", **differing: object) -> str:
    """Plan a message about the patient's procedure; give its id."""
    fields = {"procedure_id": cast.procedure, **differing}
    new = NewMessage(new_id(), "reminder", place, {"lines": []}, due_at, **fields)  # type: ignore[arg-type]
    store.run_write(lambda c: outbox.add(c, cast.clinic, [new], now=NOW))
    return new.id


def claim(store: Store, *, now: datetime = NOW, limit: int = 100) -> list[MessageRow]:
    return store.run_write(lambda c: claims.claim(c, now=now, limit=limit, lease=LEASE))


def settle(store: Store, row: MessageRow, settled: Settled = SENT, *, now: datetime = NOW) -> bool:
    return store.run_write(lambda c: claims.settle(c, row.clinic_id, row, settled, now=now))


def retry(at: datetime) -> Settled:
    return Settled("planned", "busy", "again later: busy", retry_at=at)


def get(store: Store, cast: Cast, message_id: str) -> MessageRow:
    return store.run_read(lambda c: outbox.get(c, cast.clinic, message_id))


@pytest.fixture
def aster(store: Store) -> Cast:
    """Settle clinic Aster."""
    return store.run_write(settle_aster)


def test_only_what_is_due_is_claimed_and_of_every_clinic(store: Store, aster: Cast) -> None:
    birch = store.run_write(settle_birch)
    first, other = plan(store, aster), plan(store, birch)
    later = plan(store, aster, due_at=NOW + timedelta(seconds=1), place="sms")
    assert [row.id for row in claim(store)] == [first, other]
    assert [row.id for row in claim(store, now=NOW + timedelta(seconds=1))] == [later]


def test_what_is_claimed_is_nobody_elses_until_the_lease_ends(store: Store, aster: Cast) -> None:
    plan(store, aster)
    (held,) = claim(store)
    assert claim(store, now=NOW + LEASE) == []
    (again,) = claim(store, now=NOW + LEASE + timedelta(seconds=1))
    assert (again.id, held.attempts, again.attempts) == (held.id, 1, 2)
    assert again.lease_token != held.lease_token


def test_who_has_lost_the_lease_settles_nothing(store: Store, aster: Cast) -> None:
    plan(store, aster)
    (held,) = claim(store)
    (again,) = claim(store, now=NOW + 2 * LEASE)
    assert not settle(store, held)
    assert get(store, aster, held.id).status == "planned"
    assert settle(store, again)
    assert not settle(store, again)
    assert get(store, aster, held.id).history == ["sent"]


def test_a_lane_keeps_its_order(store: Store, aster: Cast) -> None:
    """The second waits for the first, however long that takes; another lane does not."""
    first, second = plan(store, aster), plan(store, aster)
    other = plan(store, aster, place="sms")
    (one, two) = claim(store)
    assert [one.id, two.id] == [first, other]
    settle(store, two)
    settle(store, one, retry(NOW + timedelta(hours=1)))
    assert claim(store, now=NOW + timedelta(minutes=59)) == []
    (one,) = claim(store, now=NOW + timedelta(hours=1))
    assert one.id == first
    settle(store, one)
    assert [row.id for row in claim(store, now=NOW + timedelta(hours=1))] == [second]


@pytest.mark.parametrize("status", ["sent", "failed", "dropped"])
def test_whatever_ends_the_first_lets_the_second_go(store: Store, aster: Cast, status: str) -> None:
    plan(store, aster)
    second = plan(store, aster)
    (one,) = claim(store)
    settle(store, one, Settled(status, "why", "line"))  # type: ignore[arg-type]
    assert [row.id for row in claim(store)] == [second]


def waiting(store: Store) -> dict[int, int | None]:
    """Give the numbers of what is planned, and for which one each was found to wait."""
    query = select(messages.c.number, messages.c.waits_for).where(messages.c.status == "planned")
    return dict(store.run_read(lambda c: [(row[0], row[1]) for row in c.execute(query)]))


def test_what_waits_behind_another_is_looked_at_once_and_again_at_its_turn(store: Store, aster: Cast) -> None:
    """Or a receiver that is down would make every claim slower, the more is waiting for it."""
    names = [plan(store, aster) for _ in range(4)]
    (one,) = claim(store)
    rest = [get(store, aster, name).number for name in names[1:]]
    assert waiting(store) == {one.number: None} | dict.fromkeys(rest, one.number)
    settle(store, one, retry(NOW + timedelta(hours=1)))
    assert claim(store, now=NOW + timedelta(minutes=59)) == []
    assert waiting(store) == {one.number: None} | dict.fromkeys(rest, one.number)
    for name in names:
        (row,) = claim(store, now=NOW + timedelta(hours=1))
        assert row.id == name
        settle(store, row)
    assert waiting(store) == {}


def test_what_was_added_while_the_first_waits_for_another_attempt_goes_out_after_it(store: Store, aster: Cast) -> None:
    first = plan(store, aster)
    (one,) = claim(store)
    settle(store, one, retry(NOW + timedelta(hours=1)))
    second = plan(store, aster)
    assert claim(store) == []
    (one,) = claim(store, now=NOW + timedelta(hours=1))
    assert one.id == first
    settle(store, one)
    assert [row.id for row in claim(store, now=NOW + timedelta(hours=1))] == [second]


def test_what_is_added_behind_another_waits_from_the_start(store: Store, aster: Cast) -> None:
    plan(store, aster)
    (one,) = claim(store)
    (ahead,) = store.run_write(lambda c: outbox.planned_in(c, aster.clinic, [one.lane or ""]))
    second = plan(store, aster, waits_for=ahead.number)
    assert waiting(store) == {one.number: None, get(store, aster, second).number: one.number}
    assert claim(store) == []
    settle(store, one)
    assert [row.id for row in claim(store)] == [second]


def test_much_that_waits_does_not_hide_what_is_behind_it(store: Store, aster: Cast) -> None:
    """A claim looks at so much and no more; it says so, and the next one goes on."""
    one, *_ = (plan(store, aster, due_at=NOW - timedelta(hours=1)) for _ in range(claims.LOOKS * claims.AT_ONCE + 200))
    other = plan(store, aster, place="sms")

    def take() -> claims.Claimed:
        return store.run_write(lambda c: claims.claim_some(c, now=NOW, limit=1, lease=LEASE))

    assert [row.id for row in take().rows] == [one]
    assert take() == claims.Claimed([], more=True)
    found = take()
    assert ([row.id for row in found.rows], found.more) == ([other], False)
    assert take() == claims.Claimed([], more=False)


def test_whatever_is_taken_back_lets_go_what_waited_for_it(store: Store, aster: Cast) -> None:
    first, second = plan(store, aster), plan(store, aster)
    assert [row.id for row in claim(store)] == [first]
    (held,) = claim(store, now=NOW + 2 * LEASE)
    store.run_write(lambda c: claims.release(c, aster.clinic, [held]))
    store.run_write(lambda c: claims.release(c, aster.clinic, [held]))
    numbers = [held.number]
    store.run_write(lambda c: c.execute(update(messages).values(attempts=0)))
    assert store.run_write(lambda c: outbox.undo(c, aster.clinic, numbers, "why", now=NOW)) == 1
    assert [row.id for row in claim(store, now=NOW + 2 * LEASE)] == [second]


def test_whatever_was_taken_back_while_it_waited_can_be_sent_after_all(store: Store, aster: Cast) -> None:
    first, second = plan(store, aster), plan(store, aster)
    (held,) = claim(store)
    assert held.id == first
    numbers = [get(store, aster, second).number]
    assert store.run_write(lambda c: outbox.undo(c, aster.clinic, numbers, "why", now=NOW)) == 1
    settle(store, held)
    store.run_write(lambda c: outbox.replay(c, aster.clinic, second, now=NOW))
    assert [row.id for row in claim(store)] == [second]


def test_a_first_one_that_is_planned_again_is_waited_for(store: Store, aster: Cast) -> None:
    first, second = plan(store, aster), plan(store, aster)
    (held,) = claim(store)
    settle(store, held, Settled("failed", "refused", "failed: refused"))
    store.run_write(lambda c: outbox.replay(c, aster.clinic, first, now=NOW))
    (held,) = claim(store)
    assert held.id == first
    settle(store, held)
    assert [row.id for row in claim(store)] == [second]


def test_messages_about_nobodys_procedure_wait_for_nobody(store: Store, aster: Cast) -> None:
    names = [plan(store, aster, procedure_id=None) for _ in range(3)]
    assert [row.id for row in claim(store)] == names


def test_what_is_given_back_can_be_had_at_once_and_counts_as_never_tried(store: Store, aster: Cast) -> None:
    plan(store, aster)
    (held,) = claim(store)
    store.run_write(lambda c: claims.release(c, aster.clinic, [held]))
    (again,) = claim(store)
    assert again.attempts == 1
    store.run_write(lambda c: claims.defer(c, aster.clinic, again, until=NOW + LEASE))
    assert claim(store) == []
    (later,) = claim(store, now=NOW + LEASE)
    assert later.attempts == 1
    assert not settle(store, held)


def test_a_limit_is_kept_and_the_oldest_come_first(store: Store, aster: Cast) -> None:
    names = [plan(store, aster, due_at=NOW - timedelta(minutes=n), procedure_id=None) for n in range(5)]
    assert [row.id for row in claim(store, limit=2)] == [names[4], names[3]]


def test_the_next_instant_is_known(store: Store, aster: Cast) -> None:
    assert store.run_read(lambda c: claims.next_due(c, now=NOW)) is None
    plan(store, aster)
    plan(store, aster, due_at=NOW + timedelta(minutes=3))
    assert store.run_read(lambda c: claims.next_due(c, now=NOW)) == NOW + timedelta(minutes=3)


def test_the_queue_is_counted(store: Store, aster: Cast) -> None:
    for n in range(3):
        plan(store, aster, due_at=NOW + timedelta(minutes=n - 1), procedure_id=None)
    (first,) = claim(store, limit=1)
    settle(store, first, Settled("failed", "why", "line"))
    queue = store.run_read(lambda c: claims.queue(c, now=NOW))
    assert (queue.waiting, queue.oldest_at, queue.planned, queue.failed) == (1, NOW, 2, 1)


def test_many_workers_never_hold_the_same_and_keep_every_order(store: Store, aster: Cast) -> None:
    """Four threads send forty messages in eight lanes, as fast as they can."""
    lanes = 8
    for _ in range(5):
        for lane in range(lanes):
            plan(store, aster, place="webhook", endpoint_id=f"endpoint-{lane}")
    sent: list[MessageRow] = []
    lock = threading.Lock()

    def work() -> None:
        idle = 0
        while idle < 20:
            rows = store.run_write(lambda c: claims.claim(c, now=NOW, limit=3, lease=LEASE))
            idle = 0 if rows else idle + 1
            for row in rows:
                with lock:
                    sent.append(row)
                assert store.run_write(lambda c, row=row: claims.settle(c, row.clinic_id, row, SENT, now=NOW))  # type: ignore[misc]

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(row.id for row in sent).most_common(1)[0][1] == 1
    assert len(sent) == 5 * lanes
    for name in {row.lane for row in sent}:
        numbers = [row.number for row in sent if row.lane == name]
        assert numbers == sorted(numbers)


def test_what_nobody_has_tried_can_be_taken_back(store: Store, aster: Cast) -> None:
    plan(store, aster)
    (held,) = claim(store)
    free = get(store, aster, plan(store, aster, place="sms"))

    def undo(rows: Sequence[MessageRow]) -> int:
        return store.run_write(lambda c: outbox.undo(c, aster.clinic, [r.number for r in rows], "why", now=NOW))

    assert undo([held, free]) == 1
    assert (get(store, aster, free.id).status, get(store, aster, held.id).status) == ("dropped", "planned")


def test_what_failed_can_be_planned_again(store: Store, aster: Cast) -> None:
    name = plan(store, aster)
    with pytest.raises(ConflictError):
        store.run_write(lambda c: outbox.replay(c, aster.clinic, name, now=NOW))
    (held,) = claim(store)
    settle(store, held, Settled("failed", "refused", "failed: refused"))
    assert store.run_read(lambda c: outbox.failed_by_procedure(c, aster.clinic, since=NOW)) == {aster.procedure: 1}
    a_week_on = NOW + timedelta(days=7)
    assert store.run_read(lambda c: outbox.failed_by_procedure(c, aster.clinic, since=a_week_on)) == {}
    row = store.run_write(lambda c: outbox.replay(c, aster.clinic, name, now=NOW))
    assert (row.status, row.attempts, row.reason, list(row.history)) == ("planned", 0, None, ["failed: refused"])
    assert [row.id for row in claim(store)] == [name]
    assert store.run_read(lambda c: outbox.failed_by_procedure(c, aster.clinic, since=NOW)) == {}


def test_birch_finds_nothing_of_asters(store: Store, aster: Cast) -> None:
    birch = store.run_write(settle_birch)
    name = plan(store, aster)
    (held,) = claim(store)
    theirs = replace(held, clinic_id=birch.clinic)
    assert not settle(store, theirs)
    store.run_write(lambda c: claims.release(c, birch.clinic, [theirs]))
    assert get(store, aster, name).lease_token == held.lease_token
    for look in (outbox.get, lambda c, clinic, one: outbox.replay(c, clinic, one, now=NOW)):
        with pytest.raises(NotFoundError):
            store.run_write(lambda c, look=look: look(c, birch.clinic, name))  # type: ignore[misc]
    assert store.run_read(lambda c: outbox.of_procedure(c, birch.clinic, aster.procedure, limit=9)) == []
    assert store.run_write(lambda c: outbox.planned_in(c, birch.clinic, [held.lane or ""])) == []


def test_what_systems_were_told_long_ago_is_forgotten_and_what_patients_were_is_not(store: Store, aster: Cast) -> None:
    def endpoint(connection: Connection) -> None:
        secrets = ["whsec_c2VjcmV0"]
        row = WebhookRow("endpoint", "https://aster.example", [], "ids", secrets, True, None, NOW, 1)  # noqa: FBT003 - active
        webhooks.add(connection, aster.clinic, row)

    store.run_write(endpoint)
    mine, told = plan(store, aster), plan(store, aster, place="webhook", endpoint_id="endpoint")
    waiting = plan(store, aster, place="webhook", endpoint_id="endpoint")
    for row in claim(store):
        settle(store, row)
    later = NOW + timedelta(days=31)
    old = store.run_read(lambda c: claims.old(c, before=later - timedelta(days=30), limit=10))
    assert store.run_write(lambda c: claims.forget(c, old)) == 1
    assert {get(store, aster, name).status for name in (mine, waiting)} == {"sent", "planned"}
    with pytest.raises(NotFoundError):
        get(store, aster, told)


def test_nothing_is_forgotten_where_nothing_is_old(store: Store, aster: Cast) -> None:
    assert store.run_write(lambda c: claims.forget(c, [])) == 0
    assert get(store, aster, plan(store, aster)).status == "planned"
