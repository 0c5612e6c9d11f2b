"""Who may come in: nobody without a key, nobody into another clinic, and nobody learns that there was a door."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from prep_tracker.services import access
from tests.api.contract import operations
from tests.api.house import BOOKING, NOBODY, PIA, Caller, House

NOT_KEYS = (
    None,
    "",
    "Bearer",
    "Bearer ",
    "Bearer nonsense",
    "Basic QW5hOnNlY3JldA==",
    f"Bearer prep_live_{'0' * 16}_{'A' * 43}",
    f"Bearer prep_live_{'0' * 16}_{'A' * 44}",
)
GUARDED = tuple(operation for operation in operations() if not operation.is_public)
PUBLIC = {"GET /healthz", "GET /readyz", "GET /v1/problems/{slug}"}


def test_only_what_says_nothing_about_anybody_is_public() -> None:
    assert {operation.name for operation in operations() if operation.is_public} == PUBLIC


def test_nobody_comes_in_without_a_key(house: House, ana: Caller) -> None:
    procedure = ana.book()
    rows = house.rows()
    bodies: tuple[dict[str, object], ...] = (
        {},
        {"content": b'{"malformed', "headers": {"Content-Type": "application/json"}},
        {"content": b"[" * 300_000},
        {"json": BOOKING, "params": {"as_of": "never", "limit": "-1", "cursor": "x"}},
    )
    for operation in GUARDED:
        for path in (
            operation.at(),
            operation.at(procedure_id=procedure.rsplit("/", 1)[-1]),
            operation.at(procedure_id="%00"),
        ):
            for request in bodies:
                refused(house.stranger().send(operation.method, path, **request))
    assert house.rows() == rows


def test_what_is_no_key_opens_nothing(house: House) -> None:
    for authorization in NOT_KEYS:
        for operation in GUARDED:
            refused(house.stranger(authorization).send(operation.method, operation.at()))


def test_nearly_a_key_opens_nothing(house: House) -> None:
    key = house.tokens["Ana"]
    other = house.tokens["Ben"]
    _, environment, key_id, secret = key.split("_", 3)
    flipped = secret[:-2] + ("A" if secret[-2] != "A" else "B") + secret[-1]
    for wrong in (
        key[:-1],
        key + "x",
        key.upper(),
        f"prep_{environment}_{key_id}_{flipped}",
        f"prep_{environment}_{key_id}_{other.split('_', 3)[3]}",
        f"prep_{environment}_{other.split('_', 3)[2]}_{secret}",
        f"{key}, {key}",
    ):
        refused(house.stranger(f"Bearer {wrong}").get("/v1/protocols"))


def test_the_scheme_is_spelled_as_one_likes(house: House) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        answer = house.stranger(f"{scheme} {house.tokens['Ana']}").get("/v1/protocols")
        assert answer.status_code == 200


def test_a_revoked_key_opens_nothing_any_more(house: House, ana: Caller) -> None:
    assert ana.get("/v1/protocols").status_code == 200
    key_id = house.tokens["Ana"].split("_")[2]
    house.store.run_write(lambda c: access.revoke_key(c, house.clinics["Aster"], key_id, now=house.clock.now()))
    refused(ana.get("/v1/protocols"))


def test_a_key_ends_when_it_was_said_to(house: House) -> None:
    now = house.clock.now()
    ends = now + timedelta(minutes=5)
    made = house.store.run_write(
        lambda c: access.add_key(c, house.clinics["Aster"], "coordinator", "Ida", now=now, expires_at=ends)
    )
    ida = Caller(house, made.token)
    house.clock.set(ends - timedelta(seconds=1))
    assert ida.get("/v1/protocols").status_code == 200
    house.clock.set(ends)
    refused(ida.get("/v1/protocols"))


def test_a_key_is_stored_as_a_hash_only(house: House) -> None:
    kept = str(house.rows())
    for token in house.tokens.values():
        assert token not in kept
        assert token.split("_", 3)[3] not in kept


def test_another_clinics_procedure_looks_like_none_at_all(house: House, ana: Caller) -> None:
    procedure = ana.book()
    ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-20"})
    theirs = procedure.rsplit("/", 1)[-1]
    rows = house.rows()
    tag = ana.get(procedure).headers["etag"]
    same = {"X-Request-Id": "the-same", "If-Match": tag, "If-None-Match": tag}
    for operation in GUARDED:
        if "{procedure_id}" not in operation.path or "patient" in operation.told.get("x-roles", ()):
            continue  # tests/access has what patients' sessions may ask
        body = operation.told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        request = {"headers": same} | ({} if body is None else {"json": body})
        birch = house.person("Bea" if operation.told.get("x-roles") == ["clinician"] else "Ben")
        answers = []
        for each in (theirs, NOBODY, theirs.upper(), "not-an-id", "0", "%00", "' OR 1=1 --", "x" * 5000):
            answer = birch.send(operation.method, operation.at(procedure_id=each, n=2), **request)
            answers.append((answer.status_code, answer.content, sorted(answer.headers.items())))
        assert answers[0][0] == 404, operation.name
        assert all(answer == answers[0] for answer in answers), operation.name
    assert house.rows() == rows


def test_another_clinics_patient_cannot_be_booked(house: House, ana: Caller, ben: Caller) -> None:
    pia = ana.get(ana.book()).json()["patient"]["id"]
    rows = house.rows()
    booking = {"protocol": "laser-resurfacing", "on": "2026-12-18"}
    same = {"X_Request_Id": "the-same"}
    known = ben.post("/v1/procedures", booking | {"patient_id": pia}, **same)
    unknown = ben.post("/v1/procedures", booking | {"patient_id": NOBODY}, **same)
    assert known.status_code == 422
    assert known.content == unknown.content
    assert house.rows() == rows


def test_ben_never_sees_pia(ana: Caller, ben: Caller) -> None:
    procedure = ana.book(patient=PIA | {"name": "Pia Canary", "email": "canary@example.org"})
    seen = [ben.get("/v1/protocols"), ben.get(procedure), ben.get(f"{procedure}/entries")]
    seen.append(ben.post("/v1/procedures", BOOKING | {"patient": PIA | {"name": "Bo", "birth_date": "1980-01-01"}}))
    assert seen[-1].status_code == 201
    assert "anary" not in "".join(answer.text for answer in seen)


def test_the_wrong_role_is_told_so(house: House) -> None:
    iris = house.person("Iris")
    for operation in GUARDED:
        if operation.told.get("x-scope") == "scan":  # the one thing that this system may do
            continue
        answer = iris.send(operation.method, operation.at())
        assert answer.status_code == 403, operation.name
        assert answer.json()["type"] == "/v1/problems/forbidden"


@pytest.mark.parametrize("person", ["Ana", "Cleo", "Ada"])
def test_all_of_the_staff_book_read_and_say(house: House, person: str) -> None:
    caller = house.person(person)
    procedure = caller.book()
    assert caller.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-20"}).status_code == 201
    assert caller.move(procedure, "2026-12-20").status_code == 200
    assert [e["actor"]["person"] for e in caller.get(f"{procedure}/entries").json()["items"]] == [person] * 3


def refused(answer: httpx.Response) -> None:
    """Hold that nobody was let in, and that nothing else was looked at before."""
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["type"] == "/v1/problems/unauthenticated"
