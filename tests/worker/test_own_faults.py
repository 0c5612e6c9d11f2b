"""A fault of ours while a message is written is one line in its history, waits as any other, and comes to an end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from prep_tracker.services.sending import LOST, MOST_CLAIMS
from prep_tracker.store.tables import messages
from prep_tracker.worker import loop
from tests.worker.office import Office

FAULT = "A fault of ours: ZeroDivisionError."


def broken(*_: object, **__: object) -> None:
    """Fail as a fault of ours would."""
    raise ZeroDivisionError


def book(office: Office) -> dict[str, Any]:
    """Book something that a system is to be told of, and try to tell it."""
    office.endpoint(events=["procedure.booked"])
    office.house.person("Ana").book()
    office.clock.advance(timedelta(minutes=2))
    office.worker.drain()
    (row,) = office.rows()
    return row


def test_what_cannot_be_written_is_tried_again_and_then_parked(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "compose", broken)
    row = book(office)
    assert (row["status"], row["attempts"], row["reason"]) == ("planned", 1, FAULT)
    assert [line.partition(" ")[2] for line in row["history"]] == [f"again later: {FAULT}"]
    office.wait(timedelta(days=6), timedelta(hours=6))
    (row,) = office.rows()
    assert (row["status"], row["reason"]) == ("failed", f"Given up after 13 attempts: {FAULT}")
    assert len(row["history"]) == 13
    monkeypatch.undo()
    assert not office.webhook.given


def test_what_could_be_written_at_last_is_sent(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(loop, "compose", broken)
        book(office)
    office.wait(timedelta(minutes=1), timedelta(seconds=10))
    assert [row["status"] for row in office.rows()] == ["sent"]


def test_what_ended_whoever_tried_it_is_parked(office: Office) -> None:
    """Its worker died each time, so that nobody could say why."""
    office.webhook.answers = broken  # type: ignore[assignment]
    row = book(office)
    claimed = update(messages).where(messages.c.number == row["number"]).values(attempts=MOST_CLAIMS)
    office.house.store.run_write(lambda c: c.execute(claimed))
    office.webhook.taken()
    office.wait(timedelta(minutes=1), timedelta(seconds=10))
    (row,) = office.rows()
    assert (row["status"], row["reason"]) == ("failed", LOST)
    assert not office.webhook.given
