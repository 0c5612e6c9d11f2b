"""Problem documents: every refusal has all its fields, a type that is explained, and an error behind it."""

from __future__ import annotations

import ast
from collections.abc import AsyncIterator
from pathlib import Path

from prep_tracker.api import problems
from prep_tracker.domain import errors
from tests.api import contract
from tests.api.house import BOOKING, Caller, House, wrong

API = Path(problems.__file__).parent


def expected_errors() -> set[type[errors.PrepError]]:
    """List the errors that the domain names."""
    found = {e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.PrepError)}
    return found - {errors.PrepError}


def test_every_error_has_a_problem_and_every_problem_an_error() -> None:
    assert set(problems.ERRORS) == expected_errors()
    assert set(problems.ERRORS.values()) | set(problems.BY_STATUS.values()) | {"internal"} == set(problems.KINDS)


def test_every_status_that_the_framework_refuses_with_has_a_problem_of_that_status() -> None:
    assert {status: problems.KINDS[slug].status for status, slug in problems.BY_STATUS.items()} == {
        status: status for status in problems.BY_STATUS
    }


def test_problems_are_made_of_known_types_only() -> None:
    named = set()
    for path in API.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "problem" and len(node.args) > 1:
                slug = node.args[1]
                if isinstance(slug, ast.Constant):
                    named.add(slug.value)
    assert named <= set(problems.KINDS)
    assert "internal" in named


def test_every_type_is_explained_to_everybody(house: House) -> None:
    stranger = house.stranger()
    for slug, kind in problems.KINDS.items():
        told = stranger.get(f"/v1/problems/{slug}")
        assert told.status_code == 200
        assert told.json() == {
            "type": f"/v1/problems/{slug}",
            "title": kind.title,
            "status": kind.status,
            "detail": kind.advice,
        }
    assert stranger.get("/v1/problems/no-such-problem").status_code == 404


def test_malformed_json_is_a_400(house: House, ana: Caller) -> None:
    procedure = ana.book()
    rows = house.rows()
    for body in (b"{", b'{"on": }', b"\xff\xfe", b'{"a": 1} {"b": 2}', b"not json", b"'x'"):
        for path in (
            "/v1/procedures",
            f"{procedure}/marks",
            f"{procedure}/exposures",
            f"{procedure}/moves?preview=true",
        ):
            answer = ana.send("POST", path, content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == 400, (path, body)
            assert answer.json()["type"] == "/v1/problems/bad-request"
    assert house.rows() == rows


def test_json_that_is_nested_too_deeply_is_refused(house: House, ana: Caller) -> None:
    known = (
        b'{"patient": {"reference": "1", "name": "Pia"}, "protocol": "laser-ablative", "on": "2026-12-18", "answers": '
    )
    for opening, closing in ((b"[", b"]"), (b'{"sedation":', b"1}")):
        for depth in (10, 500, 990, 5_000, 20_000):
            nested = opening * depth + closing * depth
            for body in (nested, known + nested + b"}"):
                answer = ana.send("POST", "/v1/procedures", content=body, headers={"Content-Type": "application/json"})
                assert answer.status_code in {400, 413, 422}, depth
    assert house.rows()["procedures"] == []


def test_numbers_that_nobody_can_read_are_refused(house: House, ana: Caller) -> None:
    for number in (b"9" * 5000, b"1e999999", b"NaN", b"-Infinity"):
        body = b'{"on": ' + number + b"}"
        answer = ana.send("POST", "/v1/procedures", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in {400, 422}
    assert house.rows()["procedures"] == []


def test_a_body_that_is_not_sent_as_json_is_refused(house: House, ana: Caller) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data"):
        answer = ana.send("POST", "/v1/procedures", content=b"on=2026-12-18", headers={"Content-Type": kind})
        assert answer.status_code == 422, kind
    assert ana.send("POST", "/v1/procedures").status_code == 422
    assert house.rows()["procedures"] == []


def test_a_body_that_is_no_object_is_refused(house: House, ana: Caller) -> None:
    procedure = ana.book()
    rows = house.rows()
    paths = ("POST", "/v1/procedures"), ("POST", f"{procedure}/marks"), ("PUT", f"{procedure}/answers")
    for body in (b"null", b"[]", b'"text"', b"17", b"true"):
        for method, path in paths:
            answer = ana.send(method, path, content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == 422, (path, body)
    assert house.rows() == rows


def test_ten_megabytes_are_too_many(house: House, ana: Caller) -> None:
    procedure = ana.book()
    rows = house.rows()
    for path in ("/v1/procedures", f"{procedure}/marks"):
        answer = ana.send("POST", path, content=b'"' + b"x" * 10_000_000 + b'"')
        assert answer.status_code == 413
        assert answer.json()["type"] == "/v1/problems/too-large"
    assert house.rows() == rows


def test_a_body_that_does_not_say_how_long_it_is_is_counted(house: House, ana: Caller) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 65536
            yield b"x" * 65536

    assert ana.send("POST", "/v1/procedures", content=endless()).status_code == 413
    assert house.rows()["procedures"] == []


def test_a_body_as_large_as_allowed_is_read(ana: Caller) -> None:
    filler = b" " * (256 * 1024 - 2)
    answer = ana.send("POST", "/v1/procedures", content=filler + b"{}", headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    answer = ana.send("POST", "/v1/procedures", content=filler + b" {}", headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


def test_a_method_that_there_is_not_is_a_405(ana: Caller) -> None:
    procedure = ana.book()
    for method, path in (
        ("DELETE", "/v1/procedures"),
        ("PUT", procedure),
        ("DELETE", f"{procedure}/entries"),
        ("PATCH", f"{procedure}/entries/1"),
        ("GET", f"{procedure}/marks"),
    ):
        answer = ana.send(method, path, json={})
        assert answer.status_code in {404, 405}, path
        if answer.status_code == 405:
            assert answer.headers["allow"]


def test_an_address_that_there_is_not_is_a_404(house: House, ana: Caller) -> None:
    for path in ("/", "/v1", "/v2/procedures", "/v1/procedures/x/y/z", "/v1/nothing", "/openapi.yaml", "/.env"):
        assert ana.get(path).status_code == 404, path
        assert house.stranger().get(path).status_code == 404, path


def test_a_wrong_query_is_named(ana: Caller) -> None:
    procedure = ana.book()
    for path, name, value in (
        ("", "as_of", "2026-1-5"),
        ("", "as_of", "0"),
        ("/checklist", "as_of", "2026-02-30"),
        ("/checklist", "all", "perhaps"),
        ("/entries", "limit", "0"),
        ("/entries", "limit", "201"),
        ("/entries", "limit", "many"),
        ("", "lang", "x" * 36),
    ):
        answer = ana.send("GET", procedure + path, params={name: value})
        assert list(wrong(answer)) == [f"/{name}"], value


def test_a_request_id_is_taken_over_if_it_is_harmless(ana: Caller) -> None:
    given = ana.get("/v1/nothing", headers={"X-Request-Id": "from.the-portal_17"})
    assert given.json()["request_id"] == given.headers["x-request-id"] == "from.the-portal_17"
    for harmful in ("x" * 65, "with space", 'quo"te', "", "<script>"):
        answer = ana.get("/v1/nothing", headers={"X-Request-Id": harmful})
        assert answer.json()["request_id"] != harmful
        assert len(answer.json()["request_id"]) == 24


def test_no_answer_can_be_taken_for_something_else(house: House, ana: Caller) -> None:
    procedure = ana.book()
    for answer in (ana.get(procedure), ana.get("/v1/nothing"), house.stranger().get(procedure), ana.get("/healthz")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert ana.get(procedure).headers["cache-control"] == "private, no-cache"
    assert ana.get("/v1/nothing").headers["cache-control"] == "no-store"


def test_the_helper_that_judges_problems_finds_what_is_missing(ana: Caller) -> None:
    answer = ana.post("/v1/procedures", BOOKING | {"on": 0})
    assert list(contract.faults(answer)) == []
    told = answer.json()
    answer._content = b'{"type": "/v1/problems/invalid"}'
    assert list(contract.faults(answer)) != []
    answer._content = (str(told | {"status": 400}).replace("'", '"')).encode()
    assert list(contract.faults(answer)) != []
