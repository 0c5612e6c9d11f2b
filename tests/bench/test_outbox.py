"""The measurements of the outbox measure what they say, on few messages: slow figures are fine here, wrong ones not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bench import delivering, outbox, waiting
from bench.cast import sqlite_url
from prep_tracker.clock import SystemClock
from prep_tracker.store import claims, migrate
from prep_tracker.store.session import Store


@pytest.mark.parametrize("shape", waiting.SHAPES)
def test_what_waits_is_what_its_name_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str) -> None:
    """Whatever waits, as many as asked for are claimed, and no earlier one of a lane is left planned."""
    monkeypatch.setattr(waiting, "CLAIMS", 2)
    url = sqlite_url(tmp_path, "many")
    found = waiting.measured((sqlite_url(tmp_path, "few"), 200), (url, 640), shape)
    assert min(found.few, found.many) > 0
    assert found.pages is None
    store = Store.open(url)
    query = text("SELECT count(*), count(waits_for) FROM messages WHERE id LIKE 'fill-%' AND status = 'planned'")
    planned, behind = store.run_read(lambda c: c.execute(query).one())
    sent = 640 - planned
    assert sent == (2 * waiting.LIMIT if shape == "due" else 0)
    first = {"later": 640, "down": 128, "sending": 64, "due": 128}[shape]
    # A first one that was sent has given its turn to the next of its lane.
    assert behind == 640 - first - sent
    soon = SystemClock().now() + timedelta(minutes=5)
    left = store.run_read(lambda c: claims.queue(c, now=soon))
    assert left.planned == planned + (0 if shape == "due" else 10 * waiting.LIMIT)
    store.close()


def test_a_claim_that_found_too_few_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "CLAIMS", 2)
    places = (sqlite_url(tmp_path, "few"), 5), (sqlite_url(tmp_path, "many"), 500)
    with pytest.raises(RuntimeError, match="claimed 1 instead of 16"):
        waiting.measured(*places, "due")


def test_sqlite_goes_by_the_index_of_what_is_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "CLAIMS", 1)
    url = sqlite_url(tmp_path, "one")
    waiting.measured((url, 10), (sqlite_url(tmp_path, "two"), 10), "later")
    plan = list(waiting.query_plan(url))
    assert plan[0] == "SEARCH messages USING INDEX ix_messages_due (due_at<?)"
    assert not any("SCAN" in line or "TEMP B-TREE" in line for line in plan)


def test_webhooks_arrive_signed_and_in_order(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path, "service")
    migrate.upgrade(url)
    found = delivering.run(url, 12)
    assert min(found.rate, found.processor, found.statements) > 0


def test_what_planning_adds_is_told_with_and_without_a_webhook(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path, "service")
    migrate.upgrade(url)
    lines = list(outbox._bookings(url, 2))
    assert [line[0].rpartition("with ")[2] for line in lines] == ["no webhook", "one webhook"]
    store = Store.open(url)
    told, attended, booked = (
        store.run_read(lambda c, query=query: c.execute(text(f"SELECT count(*) FROM {query}")).scalar_one())  # type: ignore[misc]
        for query in ("messages", "procedures WHERE attend_at IS NOT NULL", "procedures")
    )
    assert (told, attended, booked) == (7, 14, 28)
    store.close()
