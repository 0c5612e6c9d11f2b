"""Webhooks are settled by an admin; secrets are shown once, and each delivery says what became of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from prep_tracker.desk.telling import TAKEN_BACK
from prep_tracker.services.webhooks import MOST, TAKEN_AWAY
from prep_tracker.store import Connection, claims, outbox
from tests.api.house import PIA, Caller, House, wrong

URL = "https://clinic.example/hooks/prep"


@pytest.fixture
def ada(house: House) -> Caller:
    return house.person("Ada")


def added(ada: Caller, **differing: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of a webhook
    answer = ada.post("/v1/webhooks", {"url": URL} | differing)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def deliveries(ada: Caller, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ada.get(f"/v1/webhooks/{webhook['id']}/deliveries").json()["items"]
    return found


def test_a_secret_is_shown_once(ada: Caller) -> None:
    made = added(ada)
    assert made["secret"].startswith("whsec_")
    assert made["secret"] not in ada.get("/v1/webhooks").text
    again = ada.post("/v1/webhooks", {"url": URL}, Idempotency_Key="one")
    assert again.status_code == 201
    assert ada.post("/v1/webhooks", {"url": URL}, Idempotency_Key="one").status_code == 409


def kept_secrets(house: House) -> list[str]:
    [row] = house.rows()["webhook_endpoints"]
    return next(value for value in row if isinstance(value, list) and value and value[0].startswith("whsec_"))


def test_secrets_change_over_in_peace(ada: Caller, house: House) -> None:
    made = added(ada)
    path = f"/v1/webhooks/{made['id']}"
    second = ada.send("PATCH", path, json={"new_secret": True}).json()["secret"]
    third = ada.send("PATCH", path, json={"new_secret": True}).json()["secret"]
    assert ada.send("PATCH", path, json={"content": "full"}).json()["secret"] is None
    # One whose answer got lost has not pushed out the one that the receiver has.
    assert kept_secrets(house) == [third, second, made["secret"]]
    fourth = ada.send("PATCH", path, json={"new_secret": True}).json()["secret"]
    assert kept_secrets(house) == [fourth, third, second]


def test_a_secret_that_leaked_signs_nothing_any_more(ada: Caller, house: House) -> None:
    made = added(ada)
    path = f"/v1/webhooks/{made['id']}"
    second = ada.send("PATCH", path, json={"new_secret": True}).json()["secret"]
    assert ada.send("PATCH", path, json={"drop_old_secret": True}).json()["secret"] is None
    assert kept_secrets(house) == [second]
    third = ada.send("PATCH", path, json={"new_secret": True, "drop_old_secret": True}).json()["secret"]
    assert kept_secrets(house) == [third]


def test_a_new_secret_is_kept_with_the_endpoint_only(ada: Caller, house: House) -> None:
    path = f"/v1/webhooks/{added(ada)['id']}"
    key = {"Idempotency-Key": "one"}
    secret = ada.send("PATCH", path, json={"new_secret": True}, headers=key).json()["secret"]
    again = ada.send("PATCH", path, json={"new_secret": True}, headers=key)
    assert (again.status_code, "shown only once" in again.json()["detail"]) == (409, True)
    assert secret in kept_secrets(house)
    assert [name for name, rows in house.rows().items() if secret in str(rows)] == ["webhook_endpoints"]
    [kept] = house.rows()["idempotency"]
    assert b"whsec_" not in b"".join(value for value in kept if isinstance(value, bytes))
    for _ in range(2):  # any other change is answered twice
        changed = ada.send("PATCH", path, json={"content": "full"}, headers={"Idempotency-Key": "two"})
        assert (changed.status_code, changed.json()["content"]) == (200, "full")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://clinic.example/", "begins with https://."),
        ("ftp://clinic.example", "begins with https://."),
        ("https://", "Name the host"),
        ("https://user:pw@clinic.example/", "without a user name"),
        ("https://x:0/", "port from 1"),
        ("https://10.1.2.3/", "This address is not on the public internet."),
        ("https://clinic.example/" + "x" * 500, "at most 500"),
    ],
)
def test_what_cannot_be_an_endpoint_is_refused_with_what_is_wrong(ada: Caller, url: str, says: str) -> None:
    assert says in wrong(ada.post("/v1/webhooks", {"url": url}))["/url"]
    path = f"/v1/webhooks/{added(ada)['id']}"
    assert says in wrong(ada.send("PATCH", path, json={"url": url}))["/url"]


def test_events_that_are_no_list_are_told_so(ada: Caller) -> None:
    refusal = wrong(ada.post("/v1/webhooks", {"url": URL, "events": "procedure.moved"}))
    assert refusal == {"/events": "Send a list, in square brackets."}


def test_unknown_events_are_refused(ada: Caller) -> None:
    assert wrong(ada.post("/v1/webhooks", {"url": URL, "events": ["procedure.vanished"]}))


def test_a_clinic_has_a_few_at_most(ada: Caller) -> None:
    for _ in range(MOST):
        added(ada)
    assert ada.post("/v1/webhooks", {"url": URL}).status_code == 409


def test_what_happens_is_planned_for_whoever_wants_it(ada: Caller, house: House) -> None:
    everything, moves = added(ada), added(ada, events=["procedure.moved"])
    ana = house.person("Ana")
    procedure = ana.book()
    ana.move(procedure, "2026-12-20")
    assert "procedure.booked" in {row["type"] for row in deliveries(ada, everything)}
    [moved] = deliveries(ada, moves)
    assert (moved["type"], moved["status"]) == ("procedure.moved", "planned")
    assert moved["procedure_id"] == procedure.rsplit("/", 1)[-1]


def test_nothing_is_planned_where_it_is_off(ada: Caller, house: House) -> None:
    made = added(ada)
    path = f"/v1/webhooks/{made['id']}"
    off = ada.send("PATCH", path, json={"active": False}).json()
    assert off["disabled_reason"] == "turned off by the clinic"
    house.person("Ana").book()
    assert deliveries(ada, made) == []
    assert ada.send("PATCH", path, json={"active": True}).json()["disabled_reason"] is None


def settled(house: House, status: Literal["sent", "failed", "dropped"], reason: str | None = None) -> None:
    """Let whatever is due be tried once, and become of it what is said here."""
    now = datetime(2026, 11, 22, 9, 2, tzinfo=UTC)
    became = claims.Settled(status, reason, "line")

    def work(connection: Connection) -> None:
        for row in claims.claim(connection, now=now, limit=50, lease=timedelta(minutes=1)):
            assert claims.settle(connection, row.clinic_id, row, became, now=now)

    house.store.run_write(work)


def test_a_delivery_is_sent_once_more_only_when_it_does_not_wait(ada: Caller, house: House) -> None:
    made = added(ada)
    path = f"/v1/webhooks/{made['id']}"
    tested = ada.post(f"{path}/test")
    assert (tested.status_code, tested.json()["status"]) == (202, "planned")
    delivery = tested.json()["id"]
    assert ada.post(f"{path}/deliveries/{delivery}/replay").status_code == 409
    settled(house, "sent")
    assert [one["status"] for one in deliveries(ada, made)] == ["sent"]
    again = ada.post(f"{path}/deliveries/{delivery}/replay")
    assert (again.status_code, again.json()["status"]) == (202, "planned")


def test_what_was_taken_back_is_told_to_nobody_later_either(ada: Caller, house: House) -> None:
    made = added(ada, events=["procedure.moved"])
    ana = house.person("Ana")
    procedure = ana.book()
    ana.move(procedure, "2026-12-20")
    ana.move(procedure, "2026-12-18")
    [dropped] = deliveries(ada, made)
    assert dropped["status"] == "dropped"
    for caller, path in (
        (ada, f"/v1/webhooks/{made['id']}/deliveries/{dropped['id']}/replay"),
        (ana, f"{procedure}/messages/{dropped['id']}/replay"),
    ):
        refusal = caller.post(path)
        assert refusal.status_code == 409
        assert refusal.json()["detail"].endswith(TAKEN_BACK)
    assert deliveries(ada, made) == [dropped]


def test_nothing_is_sent_to_an_endpoint_that_is_off(ada: Caller, house: House) -> None:
    made = added(ada)
    path = f"/v1/webhooks/{made['id']}"
    ana = house.person("Ana")
    procedure = ana.book()
    ada.post(f"{path}/test")
    settled(house, "sent")
    told, tested = (one["id"] for one in deliveries(ada, made)[::-1])
    ada.send("PATCH", path, json={"active": False})
    for caller, to in (
        (ada, f"{path}/test"),
        (ada, f"{path}/deliveries/{tested}/replay"),
        (ana, f"{procedure}/messages/{told}/replay"),
    ):
        refusal = caller.post(to)
        assert refusal.status_code == 409
        assert "on first (active: true)." in refusal.json()["detail"]
    assert {one["status"] for one in deliveries(ada, made)} == {"sent"}
    ada.send("PATCH", path, json={"active": True})
    assert ada.post(f"{path}/test").status_code == 202
    assert ana.post(f"{procedure}/messages/{told}/replay").status_code == 200


def test_another_clinics_webhook_looks_like_none(ada: Caller, house: House) -> None:
    made = added(ada)
    bob = house.person("Bob")
    for method, path in (
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/deliveries"),
        ("POST", "/test"),
        ("POST", "/deliveries/msg_1/replay"),
    ):
        body = {"json": {"active": False}} if method == "PATCH" else {}
        assert bob.send(method, f"/v1/webhooks/{made['id']}{path}", **body).status_code == 404
    other = added(bob)
    delivery = ada.post(f"/v1/webhooks/{made['id']}/test").json()["id"]
    assert bob.post(f"/v1/webhooks/{other['id']}/deliveries/{delivery}/replay").status_code == 404


def test_a_webhook_that_goes_takes_nothing_with_it_that_was_sent(ada: Caller) -> None:
    made = added(ada)
    ada.post(f"/v1/webhooks/{made['id']}/test")
    assert ada.send("DELETE", f"/v1/webhooks/{made['id']}").status_code == 204
    assert ada.get(f"/v1/webhooks/{made['id']}/deliveries").status_code == 404
    assert ada.get("/v1/webhooks").json()["items"] == []


def test_what_failed_there_is_nobodys_worry_once_it_is_gone(ada: Caller, house: House) -> None:
    made, other = added(ada), added(ada)
    ana = house.person("Ana")
    ana.book()
    settled(house, "failed", "answered 500")
    ana.book(patient=PIA | {"reference": "A-2"})
    assert {row["status"] for row in deliveries(ada, made)} == {"planned", "failed"}
    kept = deliveries(ada, other)
    assert ada.send("DELETE", f"/v1/webhooks/{made['id']}").status_code == 204
    assert deliveries(ada, other) == kept
    clinic = house.clinics["Aster"]
    gone = house.store.run_read(lambda c: outbox.of_endpoint(c, clinic, made["id"]))
    assert {(row.status, row.reason) for row in gone} == {("dropped", TAKEN_AWAY)}
    assert all(row.settled_at is not None and row.lease_token is None for row in gone)
