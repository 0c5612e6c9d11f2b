"""Receivers that are gone, or away for a day or longer: each event arrives in its order, or is given up and said so."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise

from prep_tracker.domain.backoff import WAITS
from prep_tracker.store import claims
from tests.channels.receiver import receiving
from tests.worker.keeping import Json, hold_shown, hold_unsaid, later, sending_with
from tests.worker.office import PIA_AGREED, Office
from tests.worker.test_bad_receivers import TOLD_AT, UNDO, answering, closed_port, named, really


def test_who_is_gone_is_told_nothing_more_until_turned_on(office: Office) -> None:
    sending_with(office, webhook=really(office))
    ana, ada = office.house.person("Ana"), office.house.person("Ada")
    with receiving() as receiver:
        receiver.ways = {"/hook": answering(410)}
        office.endpoint(id=named("gone"), url=receiver.url, events=["procedure.booked", "procedure.moved"])
        procedure = ana.book(patient=PIA_AGREED)
        ana.move(procedure, "2027-01-22")
        later(office, UNDO)
        assert len(receiver.requests) == 1
        assert {row["status"] for row in office.rows(channel="webhook")} == {"failed"}
        for row in office.rows(channel="webhook"):
            assert len(row["history"]) == row["attempts"]
            hold_unsaid(row["reason"])
        receiver.ways = {}
        ana.move(procedure, "2027-01-25")
        later(office, UNDO)
        assert len(receiver.requests) == 1
        assert ada.send("PATCH", f"/v1/webhooks/{named('gone')}", json={"active": True}).status_code == 200
        ana.move(procedure, "2027-01-26")
        later(office, UNDO)
    events = [json.loads(body) for _, body in receiver.requests]
    assert [event["type"] for event in events] == ["procedure.booked", "procedure.moved"]
    assert events[-1]["data"]["after"]["on"] == "2027-01-26"


def hours(office: Office, number: float) -> None:
    """Let hours pass: from one due instant to the next, so that no wait is longer than it has to be."""
    end = office.clock.now() + timedelta(hours=number)
    while True:
        at = office.house.store.run_read(lambda c: claims.next_due(c, now=office.clock.now()))
        if at is None or at > end:
            break
        office.go_to(at)
    office.go_to(end)


def told_at(row: Json) -> list[datetime]:
    return [datetime.fromisoformat(line.partition(" ")[0]) for line in row["history"]]


def test_who_is_down_for_a_day_gets_everything_in_order_when_back(office: Office) -> None:
    """Nothing listens: each attempt is a real connection that is refused."""
    sending_with(office, webhook=really(office))
    port, ana = closed_port(), office.house.person("Ana")
    office.endpoint(url=f"http://127.0.0.1:{port}/hook", events=["procedure.booked", "procedure.moved"])
    first, second = (ana.book(patient=PIA_AGREED | {"reference": f"A-100{n}"}) for n in (1, 2))
    for day in ("2027-01-04", "2027-01-05", "2027-01-06"):
        hours(office, 8)
        ana.move(first, day)
        ana.move(second, day)
    hours(office, 0.1)
    assert {row["status"] for row in office.rows(channel="webhook")} == {"planned"}
    tried = office.rows(topic="procedure.booked")
    with receiving(port) as receiver:
        hours(office, 30)
    events = [json.loads(body) for _, body in receiver.requests]
    for procedure in (first, second):
        mine = [event["data"]["version"] for event in events if event["subject"] == procedure.rsplit("/", 1)[-1]]
        assert mine == [1, 2, 3, 4]
    assert len(events) == 8
    assert {row["status"] for row in office.rows(channel="webhook")} == {"sent"}
    for row in tried:
        instants = told_at(row)
        assert instants[0] == TOLD_AT
        assert [late - early for early, late in pairwise(instants)] == list(WAITS[: len(instants) - 1])
        assert len(instants) == row["attempts"] >= 9
    assert all(len(row["history"]) == row["attempts"] for row in office.rows(channel="webhook"))


def test_who_is_down_for_longer_is_given_up_and_can_be_told_again(office: Office) -> None:
    sending_with(office, webhook=really(office))
    port, ana = closed_port(), office.house.person("Ana")
    office.endpoint(url=f"http://127.0.0.1:{port}/hook", events=["procedure.booked"])
    procedure = ana.book(patient=PIA_AGREED)
    hours(office, 24 * 4)
    (row,) = office.rows(topic="procedure.booked")
    instants = told_at(row)
    assert [late - early for early, late in pairwise(instants)] == list(WAITS)
    assert row["history"][-1].endswith(" given up: no connection could be made")
    assert row["reason"] == "Given up after 13 attempts: no connection could be made"
    assert (row["status"], row["attempts"], row["settled_at"]) == ("failed", 13, instants[-1])
    hold_shown(ana.get(f"{procedure}/messages").json()["items"], [row])
    (line,) = ana.get("/v1/worklist", within_days="60").json()["items"]
    assert line["failed_messages"] == 1
    with receiving(port) as receiver:
        hours(office, 48)
        assert receiver.connects == 0
        assert ana.post(f"{procedure}/messages/{row['id']}/replay").status_code == 200
        hours(office, 1)
    assert [headers["webhook-id"] for headers, _ in receiver.requests] == [row["id"]]
    (line,) = ana.get("/v1/worklist", within_days="60").json()["items"]
    assert line["failed_messages"] == 0
