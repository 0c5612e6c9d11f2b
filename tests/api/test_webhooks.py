"""Webhooks are settled by an admin; secrets are shown once, and each delivery says what became of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prep_tracker.services.webhooks import MOST
from prep_tracker.store import claims
from tests.api.house import Caller, House, wrong

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


def test_secrets_change_over_in_peace(ada: Caller, house: House) -> None:
    made = added(ada)
    path = f"/v1/webhooks/{made['id']}"
    second = ada.send("PATCH", path, json={"new_secret": True}).json()["secret"]
    third = ada.send("PATCH", path, json={"new_secret": True}).json()["secret"]
    assert ada.send("PATCH", path, json={"content": "full"}).json()["secret"] is None
    table = house.rows()["webhook_endpoints"]
    kept = next(value for row in table for value in row if isinstance(value, list) and second in value)
    assert kept == [third, second]


@pytest.mark.parametrize(
    "url",
    ["http://clinic.example/", "ftp://clinic.example", "https://", "https://user:pw@clinic.example/", "https://x:0/"],
)
def test_what_cannot_be_an_endpoint_is_refused(ada: Caller, url: str) -> None:
    assert "/url" in wrong(ada.post("/v1/webhooks", {"url": url}))


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


def test_a_delivery_is_sent_once_more_only_when_it_does_not_wait(ada: Caller, house: House) -> None:
    made = added(ada)
    path = f"/v1/webhooks/{made['id']}"
    tested = ada.post(f"{path}/test")
    assert (tested.status_code, tested.json()["status"]) == (202, "planned")
    delivery = tested.json()["id"]
    assert ada.post(f"{path}/deliveries/{delivery}/replay").status_code == 409
    now = datetime(2026, 11, 22, 9, tzinfo=UTC)
    [row] = house.store.run_write(lambda c: claims.claim(c, now=now, limit=5, lease=timedelta(minutes=1)))
    sent = claims.Settled("sent", None, "sent: 204")
    house.store.run_write(lambda c: claims.settle(c, house.clinics["Aster"], row, sent, now=now))
    assert [one["status"] for one in deliveries(ada, made)] == ["sent"]
    again = ada.post(f"{path}/deliveries/{delivery}/replay")
    assert (again.status_code, again.json()["status"]) == (202, "planned")


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
