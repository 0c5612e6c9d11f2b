"""A clinic's systems are told what happened, in its order, and nothing of what was taken back in time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from prep_tracker.channels import Gone, Outcome, Outgoing, Retry, Sent
from prep_tracker.domain.events import EVENTS
from tests.worker.office import PIA_AGREED, Office
from tests.worker.test_reminding import at

TWO_MINUTES = timedelta(minutes=2)


def told(office: Office) -> list[tuple[str, dict[str, Any]]]:
    """Give what was told since the last time, as type and details."""
    return [(event["type"], event["data"]) for event in events(office.webhook.taken())]


def events(sent: Sequence[Outgoing]) -> list[dict[str, Any]]:
    return [json.loads(one.payload) for one in sent]


def types(office: Office) -> list[str]:
    return [kind for kind, _ in told(office)]


def later(office: Office, by: timedelta = TWO_MINUTES) -> None:
    office.clock.advance(by)
    office.worker.drain()


def test_every_type_of_event_is_told(office: Office) -> None:
    office.endpoint()
    ana, cleo = office.house.person("Ana"), office.house.person("Cleo")
    procedure = ana.book(patient=PIA_AGREED, protocol="laser-ablative")
    ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-22"})
    ana.post(f"{procedure}/marks", {"step": "driver", "kind": "done"})
    ana.post(f"{procedure}/products", {"text": "ibuprofen", "kind": "medicine"})
    ana.move(procedure, "2026-11-24")
    tag = cleo.get(procedure).headers["etag"]
    cleo.send("PUT", f"{procedure}/state", json={"state": "cancelled"}, headers={"If-Match": tag})
    later(office)
    assert set(types(office)) == set(EVENTS)


def test_an_event_has_ids_only_unless_the_clinic_allows_more(office: Office) -> None:
    office.endpoint(content="ids")
    office.endpoint(content="full")
    procedure = office.house.person("Ana").book(patient=PIA_AGREED)
    patient = office.house.person("Ana").get(procedure).json()["patient"]["id"]
    later(office)
    first, second = sorted(events(office.webhook.taken()), key=lambda event: len(event["data"]))
    assert first["data"] == {
        "procedure_id": procedure.rsplit("/", 1)[-1],
        "patient_id": patient,
        "version": 1,
        "entry": 1,
    }
    assert second["data"] == first["data"] | {"on": "2026-12-18", "at": "10:30", "standing": "waiting"}
    assert first["subject"] == first["data"]["procedure_id"]
    assert (first["specversion"], first["time"]) == ("1.0", "2026-11-22T09:00:00.000Z")
    assert first["source"] == f"https://prep.example/clinics/{office.house.clinics['Aster']}"
    assert first["id"] != second["id"]


def test_an_endpoint_gets_what_it_wants_and_only_of_its_own_clinic(office: Office) -> None:
    office.endpoint(events=["procedure.moved"])
    office.endpoint("Birch")
    office.endpoint(active=False)
    ana = office.house.person("Ana")
    ana.move(ana.book(patient=PIA_AGREED), "2027-01-22")
    later(office)
    assert types(office) == ["procedure.moved"]


def test_what_staff_do_waits_two_minutes_and_what_patients_say_does_not(office: Office) -> None:
    office.endpoint(events=["item.marked"])
    house = office.house
    procedure = house.person("Ana").book(patient=PIA_AGREED)
    minted = house.system("portal:mint").post("/v1/portal/sessions", {"procedure_id": procedure.rsplit("/", 1)[-1]})
    mine = house.caller(minted.json()["access_token"])
    path = f"/v1/portal{procedure.removeprefix('/v1')}/marks"
    assert mine.post(path, {"step": "no-sun", "kind": "since", "on": "2026-11-20"}).status_code == 201
    office.worker.drain()
    assert types(office) == ["item.marked"]
    house.person("Ana").post(f"{procedure}/marks", {"step": "no-aha", "kind": "since", "on": "2026-11-20"})
    later(office, TWO_MINUTES - timedelta(seconds=1))
    assert types(office) == []
    later(office, timedelta(seconds=1))
    assert types(office) == ["item.marked"]


def test_a_move_that_is_moved_back_in_time_is_told_to_nobody(office: Office) -> None:
    office.endpoint()
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    later(office)
    office.webhook.taken()
    ana.move(procedure, "2026-11-30")
    ana.move(procedure, "2026-12-18")
    later(office)
    assert types(office) == []
    assert {row["reason"] for row in office.rows(status="dropped")} == {"It was taken back before anybody was told."}


def test_a_move_that_is_moved_back_too_late_is_told_twice(office: Office) -> None:
    office.endpoint(events=["procedure.moved"])
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    ana.move(procedure, "2027-01-22")
    later(office)
    ana.move(procedure, "2026-12-18")
    later(office)
    first, second = told(office)
    assert (first[1]["before"]["on"], first[1]["after"]["on"]) == ("2026-12-18", "2027-01-22")
    assert (second[1]["before"]["on"], second[1]["after"]["on"]) == ("2027-01-22", "2026-12-18")


def test_a_slip_of_the_finger_is_told_to_nobody_and_a_late_withdrawal_is(office: Office) -> None:
    office.endpoint(events=["item.marked"])
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    mark = {"step": "provider-instructions", "kind": "done"}
    entry = ana.post(f"{procedure}/marks", mark).json()["entry"]
    ana.post(f"{procedure}/entries/{entry}/withdrawal", {})
    later(office)
    assert types(office) == []
    entry = ana.post(f"{procedure}/marks", mark).json()["entry"]
    later(office)
    ana.post(f"{procedure}/entries/{entry}/withdrawal", {})
    later(office)
    assert [data.get("withdrawn") for _, data in told(office)] == [None, entry]


def test_events_about_one_procedure_come_in_their_order_whatever_happens(office: Office) -> None:
    """The earlier one is, the more often it is refused; none overtakes another, and other procedures do not wait."""
    office.endpoint()
    refusals: dict[str, int] = {}
    arrived: list[dict[str, Any]] = []

    def refuse(message: Outgoing) -> Outcome:
        event = json.loads(message.payload)
        refusals[message.id] = refusals.get(message.id, -1) + 1
        if refusals[message.id] < 4 - event["data"]["version"]:
            return Retry("answered 503")
        arrived.append(event)
        return Sent("200")

    office.webhook.answers = refuse
    ana = office.house.person("Ana")
    procedures = [ana.book(patient=PIA_AGREED | {"reference": f"A-{n}"}) for n in range(3)]
    for day in ("2027-01-04", "2027-01-05", "2027-01-06"):
        for procedure in procedures:
            ana.move(procedure, day)
    for _ in range(30):
        later(office, timedelta(seconds=20))
    for procedure in procedures:
        mine = [event["data"]["version"] for event in arrived if event["subject"] == procedure.rsplit("/", 1)[-1]]
        assert mine == sorted(mine)
        assert {1, 2, 3, 4} <= set(mine)
    assert not office.rows(status="planned")


def test_a_receiver_that_is_down_for_a_day_gets_everything_in_order(office: Office) -> None:
    office.endpoint(events=["procedure.booked", "procedure.moved"])
    office.webhook.answers = lambda _: Retry("no answer")
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    for day in ("2027-01-04", "2027-01-05", "2027-01-06"):
        office.wait(timedelta(hours=8), timedelta(minutes=10))
        ana.move(procedure, day)
    office.webhook.taken()
    office.webhook.answers = lambda _: Sent("200")
    office.wait(timedelta(hours=30), timedelta(minutes=30))
    found = [data["version"] for _, data in told(office)]
    assert found == [1, 2, 3, 4]


def test_what_nobody_takes_for_three_days_is_parked_and_can_be_sent_again(office: Office) -> None:
    office.endpoint(events=["procedure.booked"])
    office.webhook.answers = lambda _: Retry("no answer")
    office.house.person("Ana").book(patient=PIA_AGREED)
    office.wait(timedelta(days=4), timedelta(minutes=30))
    (row,) = office.rows(topic="procedure.booked")
    assert (row["status"], row["attempts"]) == ("failed", 13)
    assert len(row["history"]) == 13
    assert timedelta(days=2.5) < row["settled_at"] - row["created_at"] < timedelta(days=4)


def test_an_endpoint_that_is_gone_is_turned_off(office: Office) -> None:
    office.endpoint()
    office.webhook.answers = lambda _: Gone("answered 410")
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    ana.move(procedure, "2027-01-22")
    later(office)
    assert len(office.webhook.taken()) == 1
    assert {row["status"] for row in office.rows(channel="webhook")} == {"failed"}
    ana.move(procedure, "2027-01-25")
    later(office)
    assert office.webhook.taken() == []


def test_a_receiver_that_asks_for_time_gets_it(office: Office) -> None:
    office.endpoint(events=["procedure.booked"])
    office.webhook.answers = lambda _: Retry("answered 429", 3600)
    office.house.person("Ana").book(patient=PIA_AGREED)
    later(office)
    assert len(office.webhook.taken()) == 1
    office.wait(timedelta(minutes=59), timedelta(minutes=1))
    assert office.webhook.taken() == []
    office.wait(timedelta(minutes=2), timedelta(minutes=1))
    assert len(office.webhook.taken()) == 1


def test_a_standing_that_changes_because_a_day_begins_is_told_of(office: Office) -> None:
    office.endpoint(events=["procedure.standing_changed"])
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    ana.post(f"{procedure}/marks", {"kind": "no_more_products"})
    later(office)
    office.webhook.taken()
    found = []
    for _ in range(40):
        office.clock.set(office.clock.now() + timedelta(hours=18))
        office.worker.drain()
        found += [(office.clock.now().date().isoformat(), data["before"], data["after"]) for _, data in told(office)]
    assert found == [("2026-12-04", "on-track", "waiting"), ("2026-12-19", "waiting", "past")]


def test_a_day_that_begins_is_told_of_once_by_whichever_worker(office: Office) -> None:
    office.endpoint(events=["procedure.standing_changed"])
    procedure = office.house.person("Ana").book(patient=PIA_AGREED)
    office.house.person("Ana").post(f"{procedure}/marks", {"kind": "no_more_products"})
    later(office)
    office.webhook.taken()
    office.go_to(at("2026-12-04", 3))
    office.go_to(at("2026-12-04", 12))
    assert types(office) == ["procedure.standing_changed"]


def test_what_is_withdrawn_in_time_takes_nothing_else_along(office: Office) -> None:
    """The standing went there and back by it: nobody is told of that either, least of all of the way back alone."""
    office.endpoint()
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED, on="2026-11-27")
    later(office)
    office.webhook.taken()
    entry = ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-22"}).json()["entry"]
    ana.post(f"{procedure}/marks", {"step": "provider-instructions", "kind": "done"})
    ana.post(f"{procedure}/entries/{entry}/withdrawal", {})
    later(office)
    assert types(office) == ["item.marked"]


def test_whatever_mark_is_withdrawn_is_told_of(office: Office) -> None:
    office.endpoint(events=["item.marked"])
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    entry = ana.post(f"{procedure}/marks", {"kind": "no_more_products"}).json()["entry"]
    later(office)
    ana.post(f"{procedure}/entries/{entry}/withdrawal", {})
    later(office)
    assert [data.get("withdrawn") for _, data in told(office)] == [None, entry]


def test_a_day_that_began_while_the_worker_slept_is_told_before_what_was_said_then(office: Office) -> None:
    """Each change begins where the one before it ended, and the last one is how it stands."""
    office.endpoint(events=["procedure.standing_changed"])
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED, protocol="laser-resurfacing")
    ana.post(f"{procedure}/marks", {"kind": "no_more_products"})
    office.go_to(at("2026-12-03", 12))
    office.webhook.taken()
    office.clock.set(at("2026-12-19", 7))  # its day has passed, and nobody was there to tell
    ana.move(procedure, "2026-12-28")
    office.go_to(at("2026-12-19", 8))
    found = [(data["before"], data["after"]) for _, data in told(office)]
    assert found == [("on-track", "past"), ("past", "waiting")]
