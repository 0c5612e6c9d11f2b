"""Nothing personal and no secret stands in a log, an error, a header, an address or on a screen; only in answers."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from fastapi import Request

from prep_tracker import services
from prep_tracker.api import app as app_module
from prep_tracker.api import logs
from prep_tracker.api.limits import Limits
from prep_tracker.clock import SetClock
from prep_tracker.services import booking
from prep_tracker.store.session import Store
from tests.access.listening import FORMS, Ear, Form, lines_of, overheard, secret_of, words_of
from tests.access.living import CANARY, PHONE, PIA, Life, whole_life, word
from tests.access.test_erasure import look_around
from tests.api import contract
from tests.api.contract import Operation, operations
from tests.api.house import BOOKED_AT, BOOKING, NOBODY, Caller, House, Json

CALLERS = {"clinician": "Cleo", "coordinator": "Ana", "admin": "Ada"}
NO_SERVICE = {
    "GET /v1/clinic", "GET /healthz", "GET /readyz", "GET /v1/problems/{slug}", "POST /v1/scan", "POST /v1/imports",
}  # fmt: skip
"""Operations that ask no service for anything, or look at a file first."""


@pytest.fixture
def talking(monkeypatch: pytest.MonkeyPatch, store: Store) -> Iterator[House]:
    """Settle a house whose app writes a line for every request."""
    made = app_module.create_app(store, SetClock(BOOKED_AT), log_requests=True, limits=Limits(0, 0))
    monkeypatch.setattr(contract, "app", lambda: made)
    opened = House(store, SetClock(BOOKED_AT))
    yield opened
    opened.close()


def silent(ear: Ear, house: House, *more: str) -> dict[str, str]:
    """Hold that nothing was overheard; give everything that was written."""
    written = ear.written()
    assert overheard(written, words_of(house, *more)) == []
    return written


@pytest.mark.parametrize("form", FORMS)
def test_a_whole_life_leaves_no_word_outside_of_answers(
    talking: House, capfd: pytest.CaptureFixture[str], form: Form
) -> None:
    """Everything that can be said, read, given out, searched for, imported and erased, and a line for each request."""
    ear = Ear(capfd)
    with ear.listening(form, talking):
        life = whole_life(talking)
        look_around(talking, life)
        secrets = everything_else(talking, life)
        assert talking.person("Ada").send("DELETE", f"/v1/patients/{life.patient}").status_code == 204
        talking.wait(talking.app.state.service.trail.flush(talking.store))
    assert sum(CANARY in answer.text for answer in ear.answers if answer.is_success) > 10, "answers do tell"
    written = silent(ear, talking, *secrets)
    told = written["standard error"]
    assert told.count("request ") + told.count('"request"') >= len(ear.answers), "or nobody was listening"
    routes = {operation.path for operation in operations()}
    if form == "json":
        lines = [line for line in lines_of(told) if line["event"] == "request"]
        assert {line["route"] for line in lines} <= routes
        assert all(line.keys() <= {"event", "level", "timestamp", "status", "ms", *ABOUT} for line in lines)


ABOUT = {"request_id", "method", "route", "clinic", "credential"}


def everything_else(house: House, life: Life) -> list[str]:
    """Do what nobody says about a procedure; give the secrets that came to light."""
    ada, ana, iris = house.person("Ada"), house.person("Ana"), house.system("portal:mint", "scan", "patients:read")
    procedure = life.procedures[0]
    made = ada.post("/v1/keys", {"role": "coordinator", "person": "Olga"}).json()
    house.caller(made["key"]).get("/v1/worklist")
    assert ada.send("DELETE", f"/v1/keys/{made['id']}").status_code == 204
    assert house.caller(made["key"]).get("/v1/worklist").status_code == 401
    secrets = [secret_of(made["key"])]
    for caller in (house.stranger(f"Bearer {CANARY}"), house.stranger(f"Basic {CANARY}"), house.stranger(CANARY)):
        assert caller.get(procedure).status_code == 401
    assert ana.post("/v1/scan", {"text": f"{word('label')} retinol"}).status_code in {200, 403}
    assert iris.post("/v1/scan", {"text": f"{word('label')} retinol"}).status_code == 200
    assert iris.get("/v1/patients", reference=PIA["reference"]).json()["items"]
    assert ada.get("/v1/audit", patient_id=life.patient).status_code == 200
    assert ada.get("/v1/clinic/retention", months="1").status_code == 200
    assert ana.get("/v1/worklist", within_days="200", limit="1", reference=PIA["reference"]).status_code == 200
    wish = {"protocol": "our-treatment", "answers": {"work": word("wish")}, "exposures": []}
    assert ana.post("/v1/feasibility", wish).status_code == 200
    link = iris.post(f"{procedure}/portal-links", {})
    assert link.status_code == 201, link.text
    token = link.json()["url"].partition("#token=")[2]
    opened = house.stranger().post("/v1/portal/sessions", {"token": token, "birth_date": PIA["birth_date"]})
    assert opened.status_code == 201, opened.text
    session = opened.json()["access_token"]
    patient = house.caller(session)
    assert patient.get("/v1/portal/procedures").status_code == 200
    assert patient.post(f"{procedure.replace('/v1/', '/v1/portal/')}/scan", {"text": word("may-i")}).is_success
    secrets += [secret_of(token), secret_of(session)]
    file = "Patient reference,Name,Phone,Date,Procedure\n" + "\n".join(
        f"{word(f'r{n}')},{word('n')},{PHONE},{day},laser-resurfacing"
        for n, day in enumerate(("2026-12-20", "2026-12-21"))
    )
    for content in (file, f"{file}\n{word('r9')},,{word('no-phone')},{word('no-day')},{word('no-protocol')}"):
        for dry_run in ("true", "false"):
            sent = {"content": content.encode(), "headers": {"Content-Type": "text/csv"}}
            ada.send("POST", "/v1/imports", params={"dry_run": dry_run, "sheet": word("sheet")}, **sent)
    return secrets


def caller_for(house: House, operation: Operation) -> Caller:
    """Give somebody who may do it."""
    roles = operation.told.get("x-roles") or ["coordinator"]
    for role in roles:
        if role in CALLERS:
            return house.person(CALLERS[role])
    return house.system(operation.told.get("x-scope") or "procedures:read")


def address(operation: Operation, life: Life, **values: object) -> str:
    """Give the address of an operation about Pia."""
    named: dict[str, object] = {"patient_id": life.patient, "procedure_id": life.ids[1], "slug": "our-treatment"}
    named |= {name: NOBODY for name in re.findall(r"{(\w+)}", operation.path) if name not in named}
    return operation.at(**(named | {"n": 1, "name": "our-treatment", "step": "fever", "key": "0" * 16} | values))


def example(operation: Operation) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Give the example of a body, or None."""
    content = operation.told.get("requestBody", {}).get("content", {}).get("application/json", {})
    return content.get("example")


def wrong_bodies(body: Any) -> Iterator[bytes]:  # noqa: ANN401 - whatever JSON holds
    """Give bodies that are wrong, each in another way, and each with the word somewhere in it."""
    text = json.dumps(body)
    yield f"{{{CANARY}".encode()
    yield f'{{"{CANARY}": '.encode()
    yield f'"{CANARY}"'.encode()
    yield json.dumps([CANARY]).encode()
    yield text.encode().replace(b"}", f', "more": "{CANARY}"}}'.encode(), 1)
    yield f'{{"name": "{CANARY}\\ud800", "x": "{CANARY}"}}'.encode()
    yield b'{"name": "\xff\xfe ' + CANARY.encode() + b'"}'
    yield ("[" * 2000 + f'"{CANARY}"' + "]" * 2000).encode()
    yield f'{{"name": "{CANARY * 40_000}"}}'.encode()
    for name in body if isinstance(body, dict) else ():
        for value in (CANARY, f"{CANARY}\x00", [CANARY], {"is": CANARY}, CANARY * 500, f"{PHONE} 1931-03-07"):
            yield json.dumps(body | {name: value}).encode()
            if isinstance(body[name], dict):
                for inner in body[name]:
                    yield json.dumps(body | {name: body[name] | {inner: value}}).encode()
            if isinstance(body[name], list):
                yield json.dumps(body | {name: [value]}).encode()
                first = next((one for one in body[name] if isinstance(one, dict)), {})
                for inner in first:
                    yield json.dumps(body | {name: [first | {inner: value}]}).encode()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_refusal_repeats_what_was_sent(talking: House, capfd: pytest.CaptureFixture[str]) -> None:
    """Every operation with a body, every field of its example wrong in every way; every kind of body that is none."""
    ear, tried = Ear(capfd), 0
    life = whole_life(talking)
    tag = talking.person("Ana").get(life.procedures[0]).headers["etag"]
    with ear.listening("json", talking):
        for operation in operations():
            body = example(operation)
            if body is None:
                continue
            caller, path = caller_for(talking, operation), address(operation, life)
            for content in wrong_bodies(body):
                for kind in ("application/json", "text/plain", f"text/{CANARY}")[: 1 if tried % 20 else 3]:
                    headers = {"Content-Type": kind, "If-Match": tag}
                    caller.send(operation.method, path, content=content, headers=headers, check=False)
                tried += 1
    refused = [answer for answer in ear.answers if answer.is_error]
    drafts = [answer for answer in refused if answer.request.url.path.endswith("/drafts")]
    assert any(CANARY in answer.text for answer in drafts), "a draft is quoted: rules for everybody, about nobody"
    assert not any(CANARY in str(answer.headers) for answer in drafts)
    ear.answers = [answer for answer in ear.answers if answer not in drafts]
    assert len(refused) > 900
    assert {answer.status_code for answer in refused} >= {400, 409, 413, 422}
    assert not [answer.request.url for answer in refused if answer.status_code >= 500]
    silent(ear, talking)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_refusal_repeats_an_address_a_query_or_a_header(talking: House, capfd: pytest.CaptureFixture[str]) -> None:
    """Every parameter of every operation is a word of Pia's; known and unknown ways, methods and keys too."""
    ear = Ear(capfd)
    life = whole_life(talking)
    with ear.listening("json", talking):
        for operation in operations():
            caller, path = caller_for(talking, operation), address(operation, life)
            names = {one["name"]: one["in"] for one in operation.told.get("parameters", [])}
            for name, place in names.items():
                value = word(name)
                if place == "path":
                    for who in (caller, talking.stranger(), talking.person("Ben")):
                        who.send(operation.method, address(operation, life, **{name: value}), check=False)
                elif place == "query":
                    caller.send(operation.method, path, params={name: value * 10}, check=False)
                    caller.send(operation.method, path, params={name: value}, check=False)
                else:
                    caller.send(operation.method, path, headers={name: value}, check=False)
            for other in ("PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", CANARY.upper()):
                caller.send(other, address(operation, life, name=word("name"), slug=word("slug")), check=False)
            strange = {"X-Request-Id": f"{CANARY} {CANARY}", "Origin": f"https://{CANARY}.example", "Cookie": CANARY}
            caller.send("GET", f"{path}/{CANARY}", params={CANARY: CANARY}, headers=strange, check=False)
    assert {answer.status_code for answer in ear.answers} >= {401, 403, 404, 405, 422}
    written = silent(ear, talking)
    assert "v1" in written["problems"]


def service_functions() -> dict[tuple[ModuleType, str], Callable[..., Any]]:
    """Give every function of the services, but those by which callers are known."""
    found: dict[tuple[ModuleType, str], Callable[..., Any]] = {}
    for module in pkgutil.iter_modules(services.__path__):
        if module.name in {"access", "sign_in", "tokens", "identity", "staff_sessions"}:
            continue
        loaded = importlib.import_module(f"prep_tracker.services.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if function.__module__ == loaded.__name__ and not name.startswith("_") and name not in KNOWN_BY:
                found[loaded, name] = function
    return found


KNOWN_BY = {"calendar_of", "settings_of", "is_session", "recognise_session"}


@pytest.mark.parametrize("form", FORMS)
def test_a_fault_of_ours_anywhere_says_nothing_of_what_it_was_about(
    talking: House, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], form: Form
) -> None:
    """Every function of every service raises, with Pia in the error, its cause, its notes and its frames."""
    life = whole_life(talking)
    break_everything(monkeypatch)
    ear, hit = Ear(capfd), set()
    with ear.listening(form, talking):
        for operation in operations():
            caller = caller_for(talking, operation)
            request: Json = {"headers": {"If-Match": '"1"'}}
            if (body := example(operation)) is not None:
                request["json"] = body
            known = {p["name"]: p for p in operation.told.get("parameters", []) if p["in"] == "query"}
            needed = {name for name, p in known.items() if p.get("required") or name == "months"}
            request["params"] = {name: known[name]["schema"].get("examples", [1])[0] for name in needed}
            answer = caller.send(operation.method, address(operation, life), check=False, **request)
            hit |= {operation.name} if answer.status_code == 500 else set()
    missed = {operation.name for operation in operations()} - hit
    assert {name for name in missed if "portal" not in name} <= NO_SERVICE | BY_ACCESS | CUT_OFF
    written = silent(ear, talking)
    assert written["standard error"].count("RuntimeError") >= len(hit) > 40


CUT_OFF = {"GET /v1/audit/export"}
"""Operations that have answered 200 by the time at which something fails."""
BY_ACCESS = {"GET /v1/keys", "POST /v1/keys", "DELETE /v1/keys/{key}"}


def break_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every function of every service raise, wherever it was imported to."""

    def broken(*_: object, **__: object) -> None:
        patient = dict(PIA)
        error = RuntimeError(f"could not keep {patient}")
        error.add_note(str(patient))
        raise error from ValueError(str(patient))

    originals = {id(function) for function in service_functions().values()}
    for name, module in list(sys.modules.items()):
        if name.startswith("prep_tracker."):
            for attribute, value in list(vars(module).items()):
                if id(value) in originals and inspect.isfunction(value):
                    monkeypatch.setattr(module, attribute, broken)


def in_about(what: Callable[[Request], object]) -> Callable[[pytest.MonkeyPatch], None]:
    """Log one thing more about every request."""
    about = logs._about
    return lambda patch: patch.setattr(logs, "_about", lambda request: {**about(request), "more": what(request)})


def log_the_body(patch: pytest.MonkeyPatch) -> None:
    """Log what is to be booked."""
    book = booking.book

    def talkative(connection: Any, desk: Any, order: Any) -> Any:  # noqa: ANN401 - handed on
        logs.log().info("booking", order=str(order))
        return book(connection, desk, order)

    patch.setattr(booking, "book", talkative)


def log_the_error(patch: pytest.MonkeyPatch) -> None:
    """Log what an error says, and let there be one."""
    told = logs.told
    patch.setattr(logs, "told", lambda error: {**told(error), "text": str(error)})
    break_everything(patch)


SEEDS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "the body": log_the_body,
    "the raw path": in_about(lambda request: request.url.path),
    "the query": in_about(lambda request: request.url.query),
    "the key": in_about(lambda request: dict(request.headers)),
    "the error": log_the_error,
}
"""What somebody in a hurry might log as well."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("what", SEEDS)
@pytest.mark.parametrize("form", FORMS)
def test_whatever_is_logged_too_much_is_found(
    talking: House, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], what: str, form: Form
) -> None:
    for seeded in (False, True):
        ear = Ear(capfd)
        if seeded:
            SEEDS[what](monkeypatch)
        with ear.listening(form, talking):
            patient = PIA | {"reference": word(f"reference-{seeded}")}
            talking.person("Ana").post("/v1/procedures", BOOKING | {"patient": patient})
            talking.person("Ana").get("/v1/patients", reference=PIA["reference"])
            talking.person("Ana").get(f"/v1/protocols/{CANARY}")
        assert bool(overheard(ear.written(), words_of(talking))) == seeded
