"""The headers that keep answers where they belong: on every answer there is, and on none where they would do harm."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.responses import Response

from prep_tracker.api import envelope
from prep_tracker.api.app import ROUTERS
from prep_tracker.api.limits import Limits
from prep_tracker.domain.errors import UnavailableError
from prep_tracker.services import marking
from tests.api.house import BOOKING, NOBODY, House

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-resource-policy": "same-origin",
}
STRICT = "default-src 'none'; frame-ancestors 'none'"
PERSONAL_PATHS = ("/v1/procedures", "/v1/worklist")
PERSONAL = "private, no-cache"
PORTAL = "https://portal.example"
OVER_HTTPS = "max-age=31536000"


def answers(
    house: House, monkeypatch: pytest.MonkeyPatch, address: str = "http://aster.test"
) -> Iterator[httpx.Response]:
    """Ask for everything that can be answered, good and bad, as over the wire."""
    ana = house.person("Ana")
    procedure = ana.book()
    etag = ana.get(f"{procedure}/checklist").headers["etag"]

    def ask(method: str, path: str, status: int, **request: Any) -> httpx.Response:  # noqa: ANN401 - handed on to httpx
        return asked(house, f"{address}{path}", method, status, **request)

    yield ask("GET", "/healthz", 200)
    yield ask("GET", "/readyz", 200)
    yield ask("GET", "/openapi.json", 200)
    yield ask("GET", "/docs", 200)
    yield ask("GET", "/docs/reference.css", 200)
    yield ask("GET", "/v1/problems/stale", 200)
    yield ask("GET", "/v1/worklist", 200)
    yield ask("GET", procedure, 200)
    for headers in ({}, {"Origin": PORTAL}):  # quick, and ordinary
        yield ask("GET", f"{procedure}/checklist", 200, headers=headers)
        yield ask("GET", f"{procedure}/checklist", 304, headers={"If-None-Match": etag} | headers)
    yield ask("POST", f"{procedure}/exposures", 201, json={"to": "sun", "on": "2026-11-21"})
    yield ask("POST", "/v1/procedures", 400, content=b"{", headers={"Content-Type": "application/json"})
    for given in ("", "Bearer wrong", "Basic wrong"):
        yield ask("GET", procedure, 401, headers={"Authorization": given})
    yield ask("GET", "/v1/keys", 403)
    yield ask("GET", f"/v1/procedures/{NOBODY}/checklist", 404)
    yield ask("GET", "/nowhere", 404)
    yield ask("DELETE", "/healthz", 405)
    yield ask("POST", f"{procedure}/moves", 412, json={"to_on": "2026-12-20"}, headers={"If-Match": '"1"'})
    yield ask("POST", "/v1/procedures", 413, content=b"x" * (256 * 1024 + 1))
    yield ask("POST", "/v1/procedures", 422, json={})
    yield ask("POST", f"{procedure}/moves", 428, json={"to_on": "2026-12-20"})
    yield ask("OPTIONS", "/v1/worklist", 400, headers={"Origin": PORTAL, "Access-Control-Request-Method": "GET"})
    with monkeypatch.context() as patch:
        patch.setitem(house.app.state._state, "limits", Limits(1, 1))
        ask("GET", procedure, 200)
        ask("GET", procedure, 401, headers={"Authorization": "Bearer wrong"})
        yield ask("GET", procedure, 429)
        yield ask("GET", f"{procedure}/checklist", 429)
        yield ask("GET", procedure, 429, headers={"Authorization": "Bearer wrong"})
    with monkeypatch.context() as patch:
        patch.setattr(marking, "read_entries", None)
        yield ask("GET", f"{procedure}/entries", 500)
    with monkeypatch.context() as patch:

        async def away(*_: object) -> None:
            raise UnavailableError("The database cannot answer at the moment.")

        patch.setattr(type(house.store), "read", away)
        yield ask("GET", procedure, 503)
        yield ask("GET", f"{procedure}/checklist", 503)
        yield ask("GET", "/readyz", 503)


def asked(house: House, address: str, method: str, status: int, **request: Any) -> httpx.Response:  # noqa: ANN401 - handed on to httpx
    """Ask as Ana, over http or https; the answer must have this status."""
    headers = {"Authorization": f"Bearer {house.tokens['Ana']}"} | request.pop("headers", {})
    answer = house.wait(house.client.request(method, address, headers=headers, **request))
    assert answer.status_code == status, (method, address, answer.text[:200])
    return answer


def check_every_answer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold that every answer has what it must have, once."""
    for answer in answers(house, monkeypatch):
        told = f"{answer.request.method} {answer.request.url} {answer.status_code}"
        assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS, told
        for name in (*ALWAYS, "content-security-policy", "cache-control", "x-request-id"):
            assert len(answer.headers.get_list(name)) == 1, (told, name)
        assert "strict-transport-security" not in answer.headers, told
        policy = answer.headers["content-security-policy"]
        if answer.request.url.path.startswith("/docs"):
            assert policy.startswith("default-src 'none'; style-src 'self'; "), told
            assert answer.headers["cache-control"] == "public, max-age=300"
        else:
            assert policy == STRICT, told
            personal = answer.status_code < 400 and answer.request.url.path.startswith(
                ("/v1/procedures", "/v1/worklist")
            )
            assert answer.headers["cache-control"] == (PERSONAL if personal else "no-store"), told
        assert "frame-ancestors 'none'" in policy
        assert "server" not in answer.headers
        assert "x-powered-by" not in answer.headers


def check_https_is_asked_for_over_https_only(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold that whoever came by https is told to stay there, with every answer."""
    for answer in answers(house, monkeypatch, "https://aster.test"):
        assert answer.headers.get_list("strict-transport-security") == [OVER_HTTPS], answer.request.url
        assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS


def check_every_route(house: House, _: pytest.MonkeyPatch) -> None:
    """Hold that every address, also one that nobody documents, answers with a policy that keeps others out."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    assert {route.path for route in routes} > {"/docs", "/v1/worklist"}
    for route in routes:
        for method in route.methods or ():
            for key in ("", house.tokens["Ana"]):
                address = re.sub(r"\{.*?\}", NOBODY, route.path)
                headers = {"Authorization": f"Bearer {key}"} if key else {}
                answer = house.wait(house.client.request(method, address, headers=headers))
                told = f"{method} {route.path} {answer.status_code}"
                assert answer.status_code < 500, told
                assert answer.headers.get_list("x-content-type-options") == ["nosniff"], told
                assert answer.headers.get_list("referrer-policy") == ["no-referrer"], told
                for name in ("content-security-policy", "cache-control", "cross-origin-resource-policy"):
                    assert len(answer.headers.get_list(name)) == 1, (told, name)
                assert answer.headers["content-security-policy"].startswith("default-src 'none'; "), told
                assert "'unsafe-" not in answer.headers["content-security-policy"], told


Check = Callable[[House, pytest.MonkeyPatch], None]
Fault = Callable[[pytest.MonkeyPatch], None]


def lost(place: str, name: bytes) -> Fault:
    """Leave one header out."""

    def fault(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(envelope, place, tuple(one for one in getattr(envelope, place) if one[0] != name))

    return fault


def doubled(patch: pytest.MonkeyPatch) -> None:
    """Say what an answer says itself once more."""
    patch.setattr(envelope, "HEADERS", envelope.HEADERS + envelope.UNLESS_SAID)
    patch.setattr(envelope, "UNLESS_SAID", ())


def https_for_everybody(patch: pytest.MonkeyPatch) -> None:
    """Ask for https over http, where anybody on the way could ask for it."""
    patch.setattr(envelope, "HEADERS", (*envelope.HEADERS, envelope.OVER_HTTPS))


def https_for_nobody(patch: pytest.MonkeyPatch) -> None:
    """Never ask for https."""
    patch.setattr(envelope, "OVER_HTTPS", (b"x-nothing", b""))


FAULTS: dict[str, tuple[Check, Fault]] = {
    **{
        name.decode(): (check_every_answer, lost(place, name))
        for place in ("HEADERS", "UNLESS_SAID")
        for name, _ in getattr(envelope, place)
    },
    "doubled": (check_every_answer, doubled),
    "no policy for some": (check_every_route, lost("UNLESS_SAID", b"content-security-policy")),
    "https for everybody": (check_every_answer, https_for_everybody),
    "https for nobody": (check_https_is_asked_for_over_https_only, https_for_nobody),
}


def test_every_answer_has_its_headers(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    check_every_answer(house, monkeypatch)


def test_every_route_has_a_policy(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    check_every_route(house, monkeypatch)


def test_https_is_asked_for_over_https_only(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    check_https_is_asked_for_over_https_only(house, monkeypatch)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", FAULTS)
def test_a_header_that_is_missing_or_too_many_is_found(
    house: House, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    check, fault = FAULTS[name]
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        check(house, monkeypatch)


def test_a_portals_page_may_still_call(house: House) -> None:
    """What keeps answers from being taken in as images and scripts leaves calls by CORS alone."""
    house.app.state.origins.add(PORTAL)
    try:
        ana = house.person("Ana")
        checklist = f"{ana.book()}/checklist"
        asked = {
            "Origin": PORTAL,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        }
        before = ana.send("OPTIONS", checklist, headers=asked, check=False)
        assert before.status_code == 200
        assert before.headers["access-control-allow-origin"] == PORTAL
        assert before.headers["access-control-max-age"] == "600"
        answer = ana.get(checklist, headers={"Origin": PORTAL})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == PORTAL
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
        assert answer.headers["vary"] == "Accept-Language, Origin"
    finally:
        house.app.state.origins.discard(PORTAL)


def test_an_answer_may_say_otherwise(house: House) -> None:
    """What is made for other sites says so itself, and nothing is added against it."""
    own = {
        "content-security-policy": "default-src 'self'",
        "cache-control": "public, max-age=60",
        "cross-origin-resource-policy": "cross-origin",
    }

    made = Response(headers=own)

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(envelope.Envelope(made))
        async with httpx.AsyncClient(transport=transport, base_url="http://aster.test", trust_env=False) as client:
            return await client.get("/")

    answer = house.wait(asked())
    assert {name: answer.headers.get_list(name) for name in own} == {name: [value] for name, value in own.items()}
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_booking_that_is_done_again_is_not_kept_by_anybody(house: House) -> None:
    ana = house.person("Ana")
    for _ in range(2):
        answer = ana.post("/v1/procedures", BOOKING, Idempotency_Key="once")
        assert answer.headers["cache-control"] == PERSONAL
