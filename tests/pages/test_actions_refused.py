"""What somebody may not do, did not mean, or decided on an older page is not done; and nothing typed is lost."""

from __future__ import annotations

import re
from typing import Any

import pytest

from prep_tracker.api.app import ROUTERS
from prep_tracker.api.door import STAFF
from prep_tracker.api.pages.gate import Gate
from tests.api.contract import operations
from tests.api.house import NOBODY, House
from tests.pages.browser import text_of
from tests.pages.forms import Form, forms, press
from tests.pages.staff import Desk

APPLY, LOOK = ("do", "apply"), ("do", "look")
STEP = "id: bring-photos\nkind: do\nseverity: clinician\ntitle: Bring photos\nsource: Our own sheet\n"
PAGES = {
    "move": ("POST", "moves"),
    "migrate": ("POST", "protocol"),
    "mark": ("POST", "marks"),
    "expose": ("POST", "exposures"),
    "answer": ("PUT", "answers"),
    "event": ("POST", "events"),
    "products": ("POST", "products"),
    "products/{n:int}": ("PATCH", "products/{n}"),
    "products/{n:int}/decision": ("POST", "products/{n}/decision"),
    "entries/{n:int}/withdrawal": ("POST", "entries/{n}/withdrawal"),
    "waive": ("POST", "waivers"),
    "gates/{step}": ("PUT", "gates/{step}"),
    "clear": ("PUT", "clearance"),
    "unclear": ("DELETE", "clearance"),
    "steps": ("POST", "steps"),
    "end": ("PUT", "state"),
    "portal-links": ("POST", "portal-links"),
    "portal-sessions/{session}": ("DELETE", "portal-sessions/{session}"),
    "messages/{message}/replay": ("POST", "messages/{message}/replay"),
    "patient": ("PATCH", "/v1/patients/{patient_id}"),
}
"""Every form of the procedure page, and the operation of the API that does the same."""


@pytest.fixture
def booked(house: House) -> str:
    """Book a procedure with one of everything that can be decided about; give its address in the API."""
    ana = house.person("Ana")
    answers = {"cold-sores": False, "area": "other", "sedation": False}
    address = ana.book(protocol="laser-ablative", answers=answers)
    ana.post(f"{address}/products", {"text": "Roaccutane", "kind": "medicine"})
    ana.post(f"{address}/marks", {"step": "pregnancy", "kind": "unsafe"})
    return address


def sent(path: str) -> dict[str, Any]:
    """Give a form that would do something at each address."""
    return {
        "move": {"do": "apply", "to_on": "2026-12-21", "seen": "2026-12-21||True"},
        "mark": {"step": "no-sun", "kind": "since", "on": "2026-11-20"},
        "expose": {"to": "sun", "on": "2026-11-20"},
        "answer": {"bool:answers/sedation": "true"},
        "event": {"event": "healed", "on": "2026-12-18"},
        "products": {"text": "Differin", "kind": "skincare"},
        "products/{n:int}": {"bool:prescribed": "true"},
        "products/{n:int}/decision": {"decision": "continue"},
        "waive": {"step": "no-sun", "reason": "seen"},
        "gates/{step}": {"bool:open": "true", "reason": "seen"},
        "clear": {"list:accept": "pregnancy"},
        "steps": {"rule": STEP},
        "end": {"state": "cancelled"},
        "patient": {"name": "Somebody Else"},
    }.get(path, {})


def post_routes() -> dict[str, Any]:
    """Give the forms' routes of the procedure page, by what follows its address."""
    here = "/staff/procedures/{procedure_id}/"
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, Gate)]
    return {r.path.removeprefix(here): r for r in routes if r.path.startswith(here) and "POST" in (r.methods or ())}


def test_every_form_is_for_those_for_whom_the_api_does_the_same() -> None:
    routes = post_routes()
    assert set(routes) == set(PAGES)
    told = {operation.name: operation.told for operation in operations()}
    for path, (method, there) in PAGES.items():
        name = f"{method} {there if there.startswith('/') else f'/v1/procedures/{{procedure_id}}/{there}'}"
        roles = (routes[path].openapi_extra or {}).get("x-roles", STAFF)
        assert sorted(roles) == sorted(told[name].get("x-roles", STAFF)), path


def addresses(booked: str, which: str = "") -> dict[str, str]:
    """Give the address of every form, for this procedure or for another id."""
    here = f"/staff/procedures/{which or booked.rsplit('/', 1)[-1]}"
    filled = {"{n:int}": "3", "{step}": "pregnancy", "{session}": "0123456789abcdef", "{message}": f"msg_{0:032x}"}
    return {path: f"{here}/{re.sub(r'{[^}]+}', lambda m: filled[m[0]], path)}" for path in PAGES}


def test_a_form_without_our_mark_or_with_a_strangers_does_nothing(house: House, booked: str) -> None:
    cleo, ben = Desk(house, "Cleo", booked), Desk(house, "Ben", booked)
    rows = house.rows()
    strange = ben.browser.mark("/staff/")
    for path, address in addresses(booked).items():
        for mark in (None, "", "00" * 32, strange):
            fields = {**sent(path), "made": "4", **({} if mark is None else {"csrf": mark})}
            answer = cleo.browser.post(address, fields)
            assert answer.status_code == 403, path
            assert "did not come from our page" in text_of(answer)
    assert house.rows() == rows


def test_who_may_not_decide_is_told_so_on_a_page_and_nothing_is_done(house: House, booked: str) -> None:
    ana = Desk(house, "Ana", booked)
    rows, mark = house.rows(), ana.browser.mark("/staff/")
    clinicians = [path for path, route in post_routes().items() if route.openapi_extra]
    assert len(clinicians) == 5
    for path in clinicians:
        answer = ana.browser.post(addresses(booked)[path], {**sent(path), "made": "4", "csrf": mark})
        assert answer.status_code == 403, path
        assert "This needs the role clinician; yours is coordinator." in text_of(answer)
        assert answer.headers["content-type"].startswith("text/html")
    assert house.rows() == rows


def test_another_clinics_procedure_looks_like_none_at_all(house: House, booked: str) -> None:
    bea = Desk(house, "Bea", booked)
    rows, mark = house.rows(), bea.browser.mark("/staff/")
    nowhere = addresses(booked, NOBODY)
    for path, address in addresses(booked).items():
        fields = {
            **sent(path),
            "int:version": "1",
            "for": "patient",
            "int:expires_in_days": "7",
            "made": "4",
            "csrf": mark,
        }
        fields = {name: value for name, value in fields.items() if name in {"csrf", "made"} or name in wanted(path)}
        answers = [bea.browser.post(one, fields) for one in (address, nowhere[path])]
        assert [answer.status_code for answer in answers] == [404, 404], (path, text_of(answers[0]))
        bodies = {re.sub(r"[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f-]{27}", "", answer.text) for answer in answers}
        assert len(bodies) == 1, path
    assert house.rows() == rows


def wanted(path: str) -> set[str]:
    """Give the fields that the form at an address has."""
    return set(sent(path)) | {"migrate": {"int:version"}, "portal-links": {"for", "int:expires_in_days"}}.get(
        path, set()
    )


def stale(desk: Desk, form: Form, button: tuple[str, str] | None = None, **fields: Any) -> Form:  # noqa: ANN401 - a text, or several
    """Send a form of an older page; hold that it comes back with what was said since; give it as it came back."""
    Desk(desk.house, "Ana", desk.api).done("expose", "exposed", to="sun", on="2026-11-21", note="by the pool")
    before = desk.entries()
    answer = press(desk.browser, form, button, **fields)
    assert answer.status_code == 412, text_of(answer)
    assert desk.entries() == before
    told = answer.text.partition('id="told"')[2].partition("</div>")[0]
    assert "Somebody was faster" in told
    assert "Contact with sun on Saturday 21 November 2026." in told
    assert "by the pool" in told
    assert "Ana" in told
    assert told.count("<li>") == 1, "only what is new"
    return forms(answer)[form.name]


@pytest.mark.parametrize(
    ("name", "button", "fields"),
    [
        ("waive", None, {"step": "no-smoking", "reason": "One cigarette."}),
        ("gate-pregnancy", None, {"reason": "It did not apply."}),
        ("clear", None, {"note": "Seen in the clinic.", "more": {"list:accept": ["pregnancy"]}}),
        ("decide-3", None, {"decision": "hold", "note": "Until it has healed."}),
        ("step", None, {"rule": STEP}),
        ("end", ("state", "cancelled"), {"reason": "moved away"}),
    ],
)
def test_who_comes_second_sees_what_changed_and_decides_again(
    house: House, booked: str, name: str, button: tuple[str, str] | None, fields: dict[str, Any]
) -> None:
    cleo = Desk(house, "Cleo", booked)
    back = stale(cleo, cleo.form(name), button, **fields)
    typed = {key: value for key, value in fields.items() if key != "more"}
    assert {key: back.value(key) for key in typed} == {
        key: value.strip() if key != "rule" else value for key, value in typed.items()
    }
    assert press(cleo.browser, back, button).status_code == 303
    assert len(cleo.entries()) == len(house.person("Ana").get(f"{booked}/entries").json()["items"])
    assert cleo.last()["actor"]["person"] == "Cleo"


def test_a_move_of_an_older_page_is_shown_anew_and_moves_on_the_second_word(house: House, booked: str) -> None:
    ana = Desk(house, "Ana", booked)
    looked = forms(ana.do("move", LOOK, to_on="2026-12-21", reason="holiday"))["move"]
    back = stale(ana, looked, APPLY)
    assert (back.value("to_on"), back.value("reason")) == ("2026-12-21", "holiday")
    assert APPLY in back.buttons
    assert press(ana.browser, back, APPLY).status_code == 303
    assert ana.last()["on"] == "2026-12-21"


def test_what_is_only_said_needs_no_newest_page(house: House, booked: str) -> None:
    ana = Desk(house, "Ana", booked)
    form = ana.form("product")
    Desk(house, "Ana", booked).done("expose", "exposed", to="sun", on="2026-11-21")
    assert press(ana.browser, form, text="Differin", kind="skincare").status_code == 303


def test_a_form_that_is_gone_by_now_still_says_why(house: House, booked: str) -> None:
    ana = Desk(house, "Ana", booked)
    form = ana.form("end")
    Desk(house, "Ana", booked).done("end", "cancelled", ("state", "cancelled"))
    answer = press(ana.browser, form, ("state", "cancelled"), reason="twice")
    assert answer.status_code == 412
    assert "Somebody was faster" in text_of(answer)
    assert answer.text.count('id="told"') == 1
    late = press(
        ana.browser,
        Form(f"{ana.path}/expose", {**form.fields, "form": ["expose"], "once": ["x"]}, [("", "")]),
        to="sun",
        on="2026-11-21",
    )
    assert late.status_code == 409
    assert "This procedure is cancelled" in text_of(late)


def test_a_decision_without_the_version_it_was_made_for_is_not_taken(house: House, booked: str) -> None:
    cleo = Desk(house, "Cleo", booked)
    for made in (None, "", "soon", "-1", "9" * 12):
        form = cleo.form("waive")
        form.fields.pop("made")
        answer = press(cleo.browser, form, step="no-sun", reason="seen", more={} if made is None else {"made": made})
        assert answer.status_code == 428, made
        assert cleo.entries() == cleo.before


def test_numbers_that_nothing_has_are_a_page_that_does_not_exist(house: House, booked: str) -> None:
    cleo = Desk(house, "Cleo", booked)
    mark = cleo.browser.mark("/staff/")
    for path in ("entries/99/withdrawal", "products/99", "products/99999999999999999999/decision", "gates/nothing"):
        fields = (
            {"csrf": mark, "made": "4", "bool:prescribed": "true"}
            if path == "products/99"
            else {"csrf": mark, "made": "4"}
        )
        fields |= {"decision": "hold"} if path.endswith("decision") else {}
        fields |= {"bool:open": "true", "reason": "seen"} if path.startswith("gates") else {}
        assert cleo.browser.post(f"{cleo.path}/{path}", fields).status_code == 404, path


@pytest.mark.parametrize("name", ["answers", "answers/", "/", "x/y/z", "int:", "csrf/x", "bool:answers/sedation/deep"])
def test_fields_that_no_form_of_ours_has_do_no_harm(house: House, booked: str, name: str) -> None:
    ana = Desk(house, "Ana", booked)
    form = ana.form("answer")
    answer = press(ana.browser, form, more={name: "1"})
    assert answer.status_code == 422
    assert ana.entries() == ana.before


def test_hostile_words_come_back_as_words(house: House, booked: str) -> None:
    evil = '</textarea><script>alert(1)</script>"><b>'
    cleo = Desk(house, "Cleo", booked)
    for name, fields in (
        ("waive", {"reason": evil}),
        ("step", {"rule": evil}),
        ("expose", {"note": evil, "on": evil, "to": evil}),
    ):
        answer = cleo.do(name, None, **fields)
        assert answer.status_code == 422, name
        assert "<script>alert" not in answer.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert "<b>" not in cleo.do("waive", reason=evil).text.partition('name="reason"')[2][:200]


def test_what_is_wrong_and_what_changed_is_said_in_spanish(house: House, booked: str) -> None:
    cleo = Desk(house, "Cleo", booked)
    cleo.browser.get("/staff/language?to=es&next=/staff/")
    form = cleo.form("waive")
    assert "Escriba un poco más." in text_of(press(cleo.browser, form, step="no-sun", reason="x"))
    Desk(house, "Ana", booked).done("expose", "exposed", to="sun", on="2026-11-21")
    answer = press(cleo.browser, form, step="no-sun", reason="visto")
    for part in ("Alguien se adelantó.", "Contacto con sol el sábado 21 de noviembre de 2026.", "pulse otra vez"):
        assert part in text_of(answer), part
