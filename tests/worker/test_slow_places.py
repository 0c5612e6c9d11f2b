"""A receiver that hangs keeps few threads busy: whatever goes elsewhere is sent meanwhile."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic, sleep

import pytest

from prep_tracker.channels.webhook import WebhookChannel
from prep_tracker.clock import SystemClock
from prep_tracker.store import outbox, webhooks
from prep_tracker.store.message_rows import NewMessage, new_id
from prep_tracker.store.session import Store
from prep_tracker.store.webhooks import WebhookRow
from prep_tracker.worker import Worker
from prep_tracker.worker.crowd import Crowd
from tests.channels.receiver import hang, receiving
from tests.store.cast import Cast, settle_aster
from tests.worker.killing import now

SLOW, GOOD, THREADS = 60, 10, 8
HANGS = 0.4
PATIENCE = 30


def plan(store: Store, cast: Cast, urls: dict[str, str]) -> None:
    """Plan many messages to one place, and then a few to the other, about nobody's procedure."""
    for name, url in urls.items():
        row = WebhookRow(
            name, url, [], "ids", ["whsec_c2VjcmV0"], active=True, disabled_reason=None, created_at=now(), version=1
        )
        store.run_write(lambda c, row=row: webhooks.add(c, cast.clinic, row))  # type: ignore[misc]
    due = now() - timedelta(seconds=9)
    for name, number in (("slow", SLOW), ("good", GOOD)):
        due += timedelta(seconds=1)
        new = [NewMessage(new_id(), "test", "webhook", {}, due, endpoint_id=name) for _ in range(number)]
        store.run_write(lambda c, new=new, due=due: outbox.add(c, cast.clinic, new, now=due))  # type: ignore[misc]


def went_to_the_slow_one_first(store: Store) -> int:
    """Give how many messages had gone to the slow receiver when the other one had all of its own."""
    cast = store.run_write(settle_aster)
    with receiving() as slow, receiving() as good:
        slow.ways = {"/hook": hang}
        plan(store, cast, {"slow": slow.url, "good": good.url})
        channel = WebhookChannel(SystemClock().now, loopback=True, seconds=HANGS)
        worker = Worker(store, SystemClock(), {"webhook": channel}, threads=THREADS, chance=lambda: 0.0)
        worker.start()
        deadline = monotonic() + PATIENCE
        while len(good.requests) < GOOD and monotonic() < deadline:
            sleep(0.005)
        found = slow.connects
        worker.stop()
        assert len({headers["webhook-id"] for headers, _ in good.requests}) == GOOD
    return found


def test_whatever_goes_elsewhere_does_not_wait(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Crowd, "SLOW", HANGS / 2)
    assert went_to_the_slow_one_first(store) < SLOW // 2


def test_and_would_wait_if_nobody_counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Crowd, "SLOW", PATIENCE)
    assert went_to_the_slow_one_first(store) >= SLOW // 2
