"""What is left of an endpoint that was taken away, and of tests, calls nobody, and is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prep_tracker.store import claims, outbox, webhooks
from prep_tracker.store.claims import Settled
from prep_tracker.store.message_rows import MessageRow, NewMessage, Status, new_id
from prep_tracker.store.session import Store
from tests.store.cast import NOW, Cast, settle_aster, settle_birch

MINUTE = timedelta(minutes=1)


@pytest.fixture
def aster(store: Store) -> Cast:
    return store.run_write(settle_aster)


def plan(store: Store, cast: Cast, endpoint: str | None, topic: str = "item.marked", **differing: object) -> str:
    fields = {"procedure_id": cast.procedure, "endpoint_id": endpoint, **differing}
    new = NewMessage(new_id(), topic, "email" if endpoint is None else "webhook", {}, NOW, **fields)  # type: ignore[arg-type]
    store.run_write(lambda c: outbox.add(c, cast.clinic, [new], now=NOW))
    return new.id


def claim(store: Store) -> list[MessageRow]:
    return store.run_write(lambda c: claims.claim(c, now=NOW, limit=100, lease=MINUTE))


def fail(store: Store) -> None:
    """Let whatever can be claimed fail."""
    failed = Settled("failed", "answered 500", "failed: answered 500")
    for row in claim(store):
        assert store.run_write(lambda c, row=row: claims.settle(c, row.clinic_id, row, failed, now=NOW))  # type: ignore[misc]


def status(store: Store, cast: Cast, message_id: str) -> Status:
    return store.run_read(lambda c: outbox.get(c, cast.clinic, message_id)).status


def test_what_failed_and_what_waits_is_dropped_and_nothing_else(store: Store, aster: Cast) -> None:
    failed = plan(store, aster, "gone")
    others = plan(store, aster, "other"), plan(store, aster, None)
    fail(store)
    held, waiting = plan(store, aster, "gone"), plan(store, aster, "gone")
    [row] = claim(store)
    assert row.id == held
    store.run_write(lambda c: webhooks.settle_rest(c, aster.clinic, "gone", "It is gone.", now=NOW))
    assert [status(store, aster, one) for one in (failed, held, waiting)] == ["dropped"] * 3
    assert [status(store, aster, one) for one in others] == ["failed"] * 2
    # Whoever sends at this moment has lost its lease, and nothing waits for its turn.
    sent = Settled("sent", None, "sent: 200")
    assert not store.run_write(lambda c: claims.settle(c, aster.clinic, row, sent, now=NOW))
    assert claim(store) == []


def test_another_clinics_messages_are_left_alone(store: Store, aster: Cast) -> None:
    mine, birch = plan(store, aster, "gone"), store.run_write(settle_birch).clinic
    store.run_write(lambda c: webhooks.settle_rest(c, birch, "gone", "It is gone.", now=NOW))
    assert status(store, aster, mine) == "planned"


def test_a_test_that_failed_calls_nobody_and_is_forgotten_after_a_month(store: Store, aster: Cast) -> None:
    tests = (
        plan(store, aster, "endpoint", "test", procedure_id=None),
        plan(store, aster, None, "test", procedure_id=None),
    )
    mine = plan(store, aster, None, "reminder")
    fail(store)
    assert store.run_read(lambda c: claims.queue(c, now=NOW)).failed == 1
    old = store.run_read(lambda c: claims.old(c, before=NOW + MINUTE, limit=10))
    assert old == [store.run_read(lambda c, one=one: outbox.get(c, aster.clinic, one)).number for one in tests]  # type: ignore[misc]
    assert store.run_write(lambda c: claims.forget(c, old)) == 2
    assert status(store, aster, mine) == "failed"
