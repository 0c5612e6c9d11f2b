"""Patients come in by a link, once; they see and say what is theirs, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from prep_tracker.services.portal import AGAIN, LINK_DAYS, MOST_TRIES, SESSION_DAYS
from tests.api.house import PIA, Caller, House

BORN = {"birth_date": "1990-02-03"}


@pytest.fixture
def ana(house: House) -> Caller:
    return house.person("Ana")


def link_of(caller: Caller, procedure: str, **wanted: object) -> str:
    """Make a link; give its token."""
    made = caller.post(f"{procedure}/portal-links", wanted or None)
    assert made.status_code == 201, made.text
    return str(made.json()["url"]).partition("/p/#token=")[2]


def open_session(house: House, token: str, **more: object) -> httpx.Response:
    """Use a link, as the page does."""
    return house.stranger().post("/v1/portal/sessions", {"token": token, **more})


def patient_of(house: House, caller: Caller, procedure: str, **wanted: object) -> Caller:
    """Give somebody who came in by a link."""
    made = open_session(house, link_of(caller, procedure, **wanted))
    assert made.status_code == 201, made.text
    return house.caller(made.json()["access_token"])


NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def own(procedure: str) -> str:
    return procedure.replace("/v1/", "/v1/portal/", 1)


def test_a_link_lets_one_person_in_once(house: House, ana: Caller) -> None:
    token = link_of(ana, ana.book())
    assert len(token) == 43
    assert "=" not in token
    first = open_session(house, token)
    assert first.status_code == 201
    assert first.headers["cache-control"] == "no-store"
    again = open_session(house, token)
    assert again.status_code == 401
    assert again.json()["detail"] == open_session(house, "x" * 43).json()["detail"]


KEY = "7d0c2f6b9a1e4835b6c0d1e2f3a49587"


def knock(house: House, token: str, key: str = KEY, **more: object) -> httpx.Response:
    """Use a link under a key, as the page does, so that a lost answer can be asked for again."""
    return house.stranger().post("/v1/portal/sessions", {"token": token, **more}, Idempotency_Key=key)


def test_an_answer_that_was_lost_on_the_way_is_given_again_to_the_same_key(house: House, ana: Caller) -> None:
    procedure = ana.book()
    token = link_of(ana, procedure)
    first = knock(house, token)
    assert first.status_code == 201
    assert "idempotent-replayed" not in first.headers
    house.clock.advance(AGAIN)
    rows = house.rows()
    again = knock(house, token)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["cache-control"] == "no-store"
    assert {name for name, found in house.rows().items() if found != rows[name]} <= {"audit"}, "one session"
    assert house.caller(again.json()["access_token"]).get("/v1/portal/procedures").status_code == 200
    house.clock.advance(timedelta(seconds=1))
    assert knock(house, token).status_code == 401, "too late"
    assert house.caller(first.json()["access_token"]).get("/v1/portal/procedures").status_code == 200


@pytest.mark.parametrize("key", ["", KEY, "1", "short-of-twenty-char"[:19]])
def test_a_second_person_with_the_same_link_is_not_let_in(house: House, ana: Caller, key: str) -> None:
    token = link_of(ana, ana.book())
    first = knock(house, token, key) if key else open_session(house, token)
    assert first.status_code == 201
    others = [KEY[::-1], KEY[:-1], KEY + "0", KEY.upper(), "1", *([] if key == KEY else [key] * bool(key))]
    rows = house.rows()["portal_sessions"]
    answers = [knock(house, token, other) for other in others] + [open_session(house, token)]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.json()["detail"] for answer in answers} == {open_session(house, "x" * 43).json()["detail"]}
    assert house.rows()["portal_sessions"] == rows


def test_the_key_of_one_link_opens_no_other(house: House, ana: Caller) -> None:
    procedure = ana.book()
    one, other = link_of(ana, procedure), link_of(ana, procedure)
    assert knock(house, one).json()["access_token"] != knock(house, other).json()["access_token"]


def test_a_link_used_by_many_at_once_makes_one_session(house: House, ana: Caller) -> None:
    token = link_of(ana, ana.book())
    asked = {"json": {"token": token}, "headers": {"Idempotency-Key": KEY}}
    answers = house.stranger().together([("POST", "/v1/portal/sessions", asked)] * 5)
    assert [answer.status_code for answer in answers] == [201] * 5
    assert len({answer.content for answer in answers}) == 1
    assert len(house.rows()["portal_sessions"]) == 1


def test_an_ended_session_is_not_given_again(house: House, ana: Caller) -> None:
    token = link_of(ana, ana.book())
    made = knock(house, token)
    assert house.caller(made.json()["access_token"]).send("DELETE", "/v1/portal/sessions").status_code == 204
    assert knock(house, token).status_code == 401


def test_the_date_of_birth_is_asked_again_too(house: House, ana: Caller) -> None:
    house.person("Ada").send("PATCH", "/v1/clinic", json={"portal_birth_date": True})
    token = link_of(ana, ana.book(patient=PIA | BORN))
    assert knock(house, token).status_code == 422, "nothing is spent"
    first = knock(house, token, **BORN)
    assert first.status_code == 201
    assert knock(house, token).status_code == 422
    assert knock(house, token, birth_date="1990-02-04").status_code == 422
    assert knock(house, token, **BORN).content == first.content


def test_nothing_that_is_kept_opens_the_session_again(house: House, ana: Caller) -> None:
    token = link_of(ana, ana.book())
    secret = knock(house, token).json()["access_token"]
    kept = repr(house.rows())
    for known in (secret, secret.removeprefix("ps_"), token, KEY):
        assert known not in kept


def test_a_key_that_is_none_is_said_so_and_spends_nothing(house: House, ana: Caller) -> None:
    token = link_of(ana, ana.book())
    refused = knock(house, token, "no key " * 3)
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/Idempotency-Key"]
    assert knock(house, token).status_code == 201


def test_an_erased_patient_leaves_nothing_of_how_they_came_in(house: House, ana: Caller) -> None:
    procedure = ana.book()
    token = link_of(ana, procedure)
    assert knock(house, token).status_code == 201
    assert any(b"salt" in (row[7] or b"") for row in house.rows()["idempotency"])
    patient = ana.get(procedure).json()["patient"]["id"]
    assert house.person("Ada").send("DELETE", f"/v1/patients/{patient}").status_code == 204
    assert house.rows()["idempotency"] == []
    assert knock(house, token).status_code == 401


def test_a_link_that_waited_too_long_is_worth_nothing(house: House, ana: Caller) -> None:
    token = link_of(ana, ana.book(), expires_in_days=2)
    house.clock.set(NOW + timedelta(days=2))
    assert open_session(house, token).status_code == 401


def test_the_link_and_its_picture_say_the_same(ana: Caller) -> None:
    made = ana.post(f"{ana.book()}/portal-links").json()
    assert made["url"].startswith("http")
    assert made["qr_svg"].startswith("<svg")
    assert made["for"] == "patient"
    assert made["expires_at"].startswith((NOW + timedelta(days=LINK_DAYS)).date().isoformat())


def test_a_repeated_request_for_a_link_does_not_show_it_again(ana: Caller) -> None:
    procedure = ana.book()
    assert ana.post(f"{procedure}/portal-links", Idempotency_Key="one").status_code == 201
    assert ana.post(f"{procedure}/portal-links", Idempotency_Key="one").status_code == 409


def test_the_date_of_birth_is_asked_where_the_clinic_wants_it(house: House, ana: Caller) -> None:
    house.person("Ada").send("PATCH", "/v1/clinic", json={"portal_birth_date": True})
    procedure = ana.book(patient=PIA | BORN)
    token = link_of(ana, procedure)
    asked = open_session(house, token)
    assert (asked.status_code, asked.json()["errors"][0]["code"]) == (422, "birth-date-needed")
    wrong = open_session(house, token, birth_date="1990-03-02")
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, "birth-date-wrong")
    assert open_session(house, token, **BORN).status_code == 201


def test_a_date_of_birth_is_guessed_a_few_times_only(house: House, ana: Caller) -> None:
    house.person("Ada").send("PATCH", "/v1/clinic", json={"portal_birth_date": True})
    token = link_of(ana, ana.book(patient=PIA | BORN))
    codes = [open_session(house, token, birth_date=f"1980-01-{n:02}").status_code for n in range(1, MOST_TRIES + 1)]
    assert codes == [422] * (MOST_TRIES - 1) + [401]
    assert open_session(house, token, **BORN).status_code == 401


def test_a_patient_sees_what_staff_see_of_the_checklist(house: House, ana: Caller) -> None:
    procedure = ana.book()
    pia = patient_of(house, ana, procedure)
    mine, theirs = pia.get(f"{own(procedure)}/checklist"), ana.get(f"{procedure}/checklist")
    assert mine.json() == theirs.json()
    assert mine.headers["etag"] == theirs.headers["etag"].replace("staff", "patient")
    again = pia.get(f"{own(procedure)}/checklist", headers={"If-None-Match": mine.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_patient_says_and_takes_back(house: House, ana: Caller) -> None:
    procedure = ana.book()
    pia, there = patient_of(house, ana, procedure), own(procedure)
    marked = pia.post(f"{there}/marks", {"step": "no-sun", "kind": "since", "on": "2026-11-20"})
    assert marked.status_code == 201
    assert pia.post(f"{there}/exposures", {"to": "sun", "on": "2026-11-21"}).status_code == 201
    assert pia.post(f"{there}/products", {"text": "Differin", "kind": "skincare"}).status_code == 201
    entry = marked.json()["entry"]
    assert pia.post(f"{there}/entries/{entry}/withdrawal").status_code == 201
    said = {x["kind"]: x for x in ana.get(f"{procedure}/entries").json()["items"]}
    assert {said[kind]["actor"]["role"] for kind in ("marked", "exposed", "withdrawn")} == {"patient"}


def test_a_patient_does_not_take_back_what_others_said(house: House, ana: Caller) -> None:
    procedure = ana.book()
    entry = ana.post(f"{procedure}/marks", {"step": "no-sun", "kind": "since", "on": None}).json()["entry"]
    pia = patient_of(house, ana, procedure)
    assert pia.post(f"{own(procedure)}/entries/{entry}/withdrawal").status_code == 404


def test_the_checklist_tells_everybody_which_marks_are_their_own(house: House, ana: Caller) -> None:
    procedure = ana.book()
    pia, carl = patient_of(house, ana, procedure), patient_of(house, ana, procedure, **{"for": "carer"})
    entries = {}
    for caller, there in ((ana, procedure), (pia, own(procedure)), (carl, own(procedure))):
        said = caller.post(f"{there}/marks", {"step": "no-sun", "kind": "since", "on": "2026-11-20"}).json()
        entries[caller] = said["entry"]
        assert [one.get("own") for one in said["marks"]][-1] is (None if caller is ana else True)
    for caller in (pia, carl):
        marks = caller.item(own(procedure), "no-sun")["marks"]
        assert {one["entry"]: one["own"] for one in marks} == {entries[who]: who is caller for who in entries}
        for who, entry in entries.items():
            if who is not caller:
                assert caller.post(f"{own(procedure)}/entries/{entry}/withdrawal").status_code == 404
    assert all("own" not in one for one in ana.item(procedure, "no-sun")["marks"])
    tags = [caller.get(f"{own(procedure)}/checklist").headers["etag"] for caller in (pia, carl)]
    assert tags[0] != tags[1], "the two are told different things"
    for caller in (pia, carl):
        assert caller.post(f"{own(procedure)}/entries/{entries[caller]}/withdrawal").status_code == 201


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("marks", {"step": "provider-instructions", "kind": "done"}),
        ("answers", {"sedation": True}),
    ],
)
def test_what_the_clinic_does_is_not_the_patients_to_mark(
    house: House, ana: Caller, path: str, body: dict[str, Any]
) -> None:
    protocol = "laser-ablative" if path == "answers" else "laser-resurfacing"
    procedure = ana.book(protocol=protocol)
    pia = patient_of(house, ana, procedure)
    method = "PUT" if path == "answers" else "POST"
    own_facts = {f["id"]: f["who"] for f in ana.get(f"{procedure}/questions").json()["items"]}
    answer = pia.send(method, f"{own(procedure)}/{path}", json=body)
    if own_facts.get(body.get("step", "sedation")) == "patient":
        assert answer.is_success
    else:
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == "clinics-own"


def test_may_i_use_this_never_says_yes(house: House, ana: Caller) -> None:
    procedure = ana.book()
    pia = patient_of(house, ana, procedure)
    house.clock.set(NOW + timedelta(days=20))
    for text, verdict in (("Differin", "not-now"), ("Advil", "ask"), ("Something Unheard Of", "nothing-found")):
        answer = pia.post(f"{own(procedure)}/scan", {"text": text}).json()
        assert answer["verdict"] == verdict, text
        assert "safe" not in answer["text"] or "not mean" in answer["text"]


def test_a_patient_reaches_nothing_else(house: House, ana: Caller) -> None:
    procedure, other = ana.book(), ana.book(patient=PIA | {"reference": "other"})
    pia = patient_of(house, ana, procedure)
    assert pia.get(f"{own(other)}/checklist").status_code == 404
    assert pia.get(f"{procedure}/checklist").status_code == 403
    assert pia.get("/v1/worklist").status_code == 403
    assert pia.post("/v1/portal/sessions", {"procedure_id": other.rsplit("/", 1)[-1]}).status_code == 403


def test_a_portal_mints_a_session_for_its_own_patient(house: House, ana: Caller) -> None:
    procedure = ana.book().rsplit("/", 1)[-1]
    iris = house.system("portal:mint")
    made = iris.post("/v1/portal/sessions", {"procedure_id": procedure})
    assert made.status_code == 201
    mine = house.caller(made.json()["access_token"]).get("/v1/portal/procedures").json()["items"]
    assert [one["id"] for one in mine] == [procedure]
    assert house.system("procedures:read").post("/v1/portal/sessions", {"procedure_id": procedure}).status_code == 403


def test_sessions_end(house: House, ana: Caller) -> None:
    procedure = ana.book()
    pia = patient_of(house, ana, procedure)
    carla = patient_of(house, ana, procedure, **{"for": "carer"})
    assert pia.send("DELETE", "/v1/portal/sessions").status_code == 204
    assert pia.get("/v1/portal/procedures").status_code == 401
    assert carla.get("/v1/portal/procedures").status_code == 200
    sessions = ana.get(f"{procedure}/portal-sessions").json()["items"]
    [session] = [one for one in sessions if one["for"] == "carer"]
    assert ana.send("DELETE", f"{procedure}/portal-sessions/{session['id']}").status_code == 204
    assert carla.get("/v1/portal/procedures").status_code == 401
    late = patient_of(house, ana, procedure)
    house.clock.set(NOW + timedelta(days=SESSION_DAYS))
    assert late.get("/v1/portal/procedures").status_code == 401


def test_a_session_survives_a_move_and_ends_with_the_patient(house: House, ana: Caller) -> None:
    procedure = ana.book()
    pia = patient_of(house, ana, procedure)
    ana.post(f"{procedure}/moves", {"to_on": "2026-12-20"}, If_Match='"1"')
    assert pia.get("/v1/portal/procedures").json()["items"][0]["on"] == "2026-12-20"
    patient = ana.get(procedure).json()["patient"]["id"]
    house.person("Ada").send("DELETE", f"/v1/patients/{patient}")
    assert pia.get("/v1/portal/procedures").status_code == 401


def test_a_cancelled_procedure_has_no_links(ana: Caller) -> None:
    procedure = ana.book()
    ana.send("PUT", f"{procedure}/state", json={"state": "cancelled"}, headers={"If-Match": '"1"'})
    assert ana.post(f"{procedure}/portal-links").status_code == 409
