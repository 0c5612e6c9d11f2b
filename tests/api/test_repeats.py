"""Idempotency-Key: what is sent again is answered again and done once."""

from __future__ import annotations

from datetime import timedelta

from tests.api.house import BOOKING, Caller, House, wrong

KEY = "0f8b6a2e-made-by-the-caller"


def requests(procedure: str) -> list[tuple[str, object]]:
    """List every request that changes one procedure and needs no If-Match."""
    return [
        (f"{procedure}/marks", {"step": "no-sun", "kind": "since", "on": "2026-11-20"}),
        (f"{procedure}/exposures", {"to": "sun", "on": "2026-11-21"}),
        (f"{procedure}/entries/2/withdrawal", {"reason": "a slip"}),
    ]


def test_a_booking_sent_again_is_answered_again(house: House, ana: Caller) -> None:
    first = ana.post("/v1/procedures", BOOKING, Idempotency_Key=KEY)
    rows = house.rows()
    house.clock.advance(timedelta(hours=23, minutes=59))
    again = ana.post("/v1/procedures", BOOKING, Idempotency_Key=KEY)
    assert (again.status_code, again.content) == (201, first.content)
    for name in ("location", "etag", "content-language", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert house.rows() == rows


def test_whatever_is_said_twice_under_one_key_is_said_once(house: House, ana: Caller) -> None:
    procedure = ana.book()
    for path, body in requests(procedure):
        first = ana.post(path, body, Idempotency_Key=KEY)
        rows = house.rows()
        again = ana.post(path, body, Idempotency_Key=KEY)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"
        assert house.rows() == rows


def test_a_move_sent_again_is_not_stale(house: House, ana: Caller) -> None:
    procedure = ana.book()
    headers = {"If_Match": ana.get(procedure).headers["etag"], "Idempotency_Key": KEY}
    first = ana.post(f"{procedure}/moves", {"to_on": "2026-12-20"}, **headers)
    again = ana.post(f"{procedure}/moves", {"to_on": "2026-12-20"}, **headers)
    assert (again.status_code, again.content) == (200, first.content)
    assert house.row(procedure)["version"] == 2


def test_another_request_under_the_same_key_is_refused(house: House, ana: Caller) -> None:
    ana.post("/v1/procedures", BOOKING, Idempotency_Key=KEY)
    rows = house.rows()
    others: list[tuple[str, object]] = [
        ("/v1/procedures", BOOKING | {"on": "2026-12-19"}),
        ("/v1/procedures", BOOKING | {"at": None}),
        ("/v1/procedures?lang=en", BOOKING),
    ]
    for path, body in others:
        answer = ana.post(path, body, Idempotency_Key=KEY)
        assert answer.status_code == 422
        assert answer.json()["type"] == "/v1/problems/key-reused"
    assert house.rows() == rows


def test_a_key_means_one_address(ana: Caller) -> None:
    one, two = ana.book(), ana.book(on="2026-12-30")
    mark = {"step": "no-sun", "kind": "since", "on": None}
    first = ana.post(f"{one}/marks", mark, Idempotency_Key=KEY)
    other = ana.post(f"{two}/marks", mark, Idempotency_Key=KEY)
    assert "idempotent-replayed" not in first.headers
    assert "idempotent-replayed" not in other.headers


def test_a_key_belongs_to_whoever_made_it_up(house: House, ana: Caller, ben: Caller) -> None:
    ana.post("/v1/procedures", BOOKING, Idempotency_Key=KEY)
    for caller in (ben, house.person("Ada")):
        answer = caller.post("/v1/procedures", BOOKING, Idempotency_Key=KEY)
        assert answer.status_code == 201
        assert "idempotent-replayed" not in answer.headers
    assert len(house.rows()["procedures"]) == 3


def test_a_refused_request_may_be_mended_under_the_same_key(house: House, ana: Caller) -> None:
    assert ana.post("/v1/procedures", BOOKING | {"protocol": "nope"}, Idempotency_Key=KEY).status_code == 422
    assert house.rows()["idempotency"] == []
    answer = ana.post("/v1/procedures", BOOKING, Idempotency_Key=KEY)
    assert answer.status_code == 201
    assert "idempotent-replayed" not in answer.headers


def test_a_key_that_cannot_be_one_is_refused(house: House, ana: Caller) -> None:
    rows = house.rows()
    for key in ("", " ", "x" * 256, "two words", "é", "a\tb"):
        answer = ana.send("POST", "/v1/procedures", json=BOOKING, headers={"Idempotency-Key": key.encode("latin-1")})
        assert "/Idempotency-Key" in wrong(answer), key
    assert house.rows() == rows


def test_a_preview_takes_no_key_away(ana: Caller) -> None:
    procedure = ana.book()
    path, move = f"{procedure}/moves", {"to_on": "2026-12-20"}
    assert ana.post(f"{path}?preview=true", move, Idempotency_Key=KEY).status_code == 200
    assert ana.post(path, move, Idempotency_Key=KEY, If_Match='"1"').status_code == 200
