"""What the kills are worth: red where messages are noted before they are sent, inside a transaction, or out of turn."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from prep_tracker.channels import Outcome, Outgoing, Sent
from prep_tracker.store import claims, outbox
from prep_tracker.worker import Worker
from tests.worker import test_away_receivers, test_telling
from tests.worker.faults import WITHOUT_LANES as LOOK_WITHOUT_LANES
from tests.worker.faults import MarksFirst, SendsInside
from tests.worker.killing import killed_again_and_again
from tests.worker.office import PIA_AGREED, Office
from tests.worker.test_killed import MARKED_FIRST, SENT_INSIDE, WITHOUT_LANES

UNDO, LEASE = timedelta(minutes=2), timedelta(seconds=61)
PATIENCE = 0.4


def test_a_message_that_is_noted_before_it_is_sent_is_lost(database_url: str, tmp_path: Path) -> None:
    found = killed_again_and_again(database_url, tmp_path / "arrived", replace(MARKED_FIRST, fault="marks-first"))
    assert found.lost > 0
    assert f"{found.lost} were lost" in found.faults()


def test_messages_that_are_sent_inside_a_transaction_come_twice(database_url: str, tmp_path: Path) -> None:
    found = killed_again_and_again(database_url, tmp_path / "arrived", replace(SENT_INSIDE, fault="sends-inside"))
    assert found.doubles >= 8
    assert found.faults() == [f"{found.doubles} came twice"]


def test_messages_that_are_claimed_out_of_turn_lose_their_order(database_url: str, tmp_path: Path) -> None:
    found = killed_again_and_again(database_url, tmp_path / "arrived", replace(WITHOUT_LANES, fault="ignores-lanes"))
    assert found.faults() == ["1 lanes lost their order"]


def test_the_order_that_staff_and_systems_rely_on_is_held_too(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "_LOOK", LOOK_WITHOUT_LANES)
    with pytest.raises(AssertionError):
        test_telling.test_events_about_one_procedure_come_in_their_order_whatever_happens(office)


def test_and_when_a_receiver_was_down_for_a_day(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "_LOOK", LOOK_WITHOUT_LANES)
    with pytest.raises(AssertionError):
        test_away_receivers.test_who_is_down_for_a_day_gets_everything_in_order_when_back(office)


class DiedError(BaseException):
    """The worker dies: nothing that it would have done after this is done."""


def died_in_the_middle(office: Office, worker: type[Worker]) -> list[str]:
    """Let a worker die while it sends, and another go on when the lease has ended; give what arrived."""
    office.endpoint(events=["procedure.booked"])
    office.house.person("Ana").book(patient=PIA_AGREED)
    arrived: list[str] = []

    def die(_: Outgoing) -> Outcome:
        raise DiedError

    def take(message: Outgoing) -> Outcome:
        arrived.append(message.id)
        return Sent("200")

    office.clock.advance(UNDO)
    office.webhook.answers = die
    with pytest.raises(DiedError):
        working(office, worker).drain()
    office.webhook.answers = take
    office.clock.advance(LEASE)
    working(office, worker).drain()
    assert arrived == [row["id"] for row in office.rows(topic="procedure.booked")]
    return arrived


def working(office: Office, worker: type[Worker]) -> Worker:
    channels = {"email": office.email, "sms": office.sms, "webhook": office.webhook}
    return worker(office.house.store, office.clock, channels, chance=lambda: 0.5)


def test_what_is_being_sent_when_its_worker_dies_is_sent_by_the_next(office: Office) -> None:
    assert len(died_in_the_middle(office, Worker)) == 1


def test_and_is_lost_if_it_was_noted_before(office: Office) -> None:
    with pytest.raises(AssertionError):
        died_in_the_middle(office, MarksFirst)


def waited_for_while_sending(office: Office, worker: type[Worker]) -> bool:
    """Say whether somebody who takes something back has to wait for a message that is just being sent."""
    office.endpoint(events=["procedure.booked"])
    office.house.person("Ana").book(patient=PIA_AGREED)
    (row,) = office.rows(topic="procedure.booked")
    waited: list[bool] = []

    def take_back(connection: Any) -> int:  # noqa: ANN401 - the store's own
        return outbox.undo(connection, row["clinic_id"], [row["number"]], "taken back", now=office.clock.now())

    others = threading.Thread(target=lambda: office.house.store.run_write(take_back))

    def slow(_: Outgoing) -> Outcome:
        others.start()
        others.join(PATIENCE)
        waited.append(others.is_alive())
        return Sent("200")

    office.webhook.answers = slow
    office.clock.advance(UNDO)
    working(office, worker).drain()
    others.join()
    assert [one["status"] for one in office.rows(topic="procedure.booked")] == ["sent"]
    (found,) = waited
    return found


def test_nobody_waits_for_what_is_being_sent(office: Office) -> None:
    assert not waited_for_while_sending(office, Worker)


def test_and_they_would_if_it_were_sent_inside_a_transaction(office: Office) -> None:
    assert waited_for_while_sending(office, SendsInside)
