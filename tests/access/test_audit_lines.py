"""Whatever is asked about a clinic's data leaves its line: who, what for, about whom, and how it ended."""

from __future__ import annotations

import pytest

from prep_tracker.api import envelope, witness
from tests.access.auditing import check_audited, flush, fresh, lines_for, lines_of
from tests.api.contract import operations
from tests.api.house import BOOKING, NOBODY, PIA, Caller, House, Json
from tests.api.test_publishing import DRAFTS, draft, peel, publish
from tests.pages.browser import Browser

GUARDED = tuple(operation for operation in operations() if not operation.is_public)
EXPOSURE = {"to": "sun", "on": "2026-11-20"}


def test_what_is_read_leaves_a_line_each(house: House, ana: Caller) -> None:
    procedure = ana.book()
    procedure_id = procedure.rsplit("/", 1)[-1]
    patient = ana.get(procedure).json()["patient"]["id"]
    ada = house.person("Ada")
    expected = {
        procedure: ("procedure.read", "R", "procedure", procedure_id, patient),
        f"{procedure}?as_of=2026-12-01": ("procedure.read", "R", "procedure", procedure_id, patient),
        f"{procedure}/checklist": ("checklist.read", "R", "procedure", procedure_id, patient),
        f"{procedure}/checklist?all=true": ("checklist.read", "R", "procedure", procedure_id, patient),
        f"{procedure}/entries": ("entries.read", "R", "procedure", procedure_id, patient),
        f"{procedure}/products": ("products.read", "E", "procedure", procedure_id, patient),
        f"{procedure}/questions": ("questions.read", "R", "procedure", procedure_id, patient),
        f"/v1/patients/{patient}": ("patient.read", "R", "patient", patient, patient),
        "/v1/patients?reference=A-1001": ("patient.searched", "E", "patient", None, None),
        "/v1/worklist?within_days=60": ("worklist.read", "E", "worklist", None, None),
        "/v1/protocols": ("protocols.read", "E", "protocol", None, None),
        "/v1/protocols/laser-resurfacing": ("protocol.read", "R", "protocol", "laser-resurfacing", None),
        "/v1/clinic": ("clinic.read", "R", "clinic", house.clinics["Aster"], None),
        "/v1/keys": ("keys.read", "E", "key", None, None),
        "/v1/audit": ("audit.read", "E", "audit", None, None),
        "/v1/audit/export": ("audit.exported", "E", "audit", None, None),
    }
    for path, told in expected.items():
        _, line = check_audited(house, ada, "GET", path)
        assert tuple(line[name] for name in ("event", "action", "entity", "entity_id", "patient_id")) == told, path
        assert line["clinic_id"] == house.clinics["Aster"]
        assert (line["actor_role"], line["person"]) == ("admin", "Ada")
        assert line["credential_id"] == house.tokens["Ada"].split("_")[2]


def test_a_list_names_whom_it_showed_and_nobody_else(house: House, ana: Caller, ben: Caller) -> None:
    mine = {ana.get(ana.book(patient=PIA | {"reference": str(n)})).json()["patient"]["id"] for n in range(3)}
    ben.book()
    _, line = check_audited(house, ana, "GET", "/v1/worklist?within_days=60")
    assert set(line["seen"]) == mine
    answer, line = check_audited(house, ana, "GET", "/v1/worklist?within_days=60&limit=2")
    assert line["seen"] == [item["patient"]["id"] for item in answer.json()["items"]]
    _, line = check_audited(house, ana, "GET", "/v1/worklist?within_days=0")
    assert line["seen"] == []
    answer, line = check_audited(house, ana, "GET", "/v1/patients?reference=1")
    assert line["seen"] == [answer.json()["items"][0]["id"]]


def test_what_is_tried_and_changes_nothing_leaves_a_line(house: House, ana: Caller) -> None:
    procedure = ana.book()
    _, line = check_audited(house, ana, "POST", f"{procedure}/moves?preview=true", json={"to_on": "2026-12-20"})
    assert (line["event"], line["action"], line["outcome"]) == ("move.tried", "E", 200)
    _, line = check_audited(house, ana, "POST", "/v1/scan", json={"text": "retinol"})
    assert (line["event"], line["entity"]) == ("text.scanned", "scan")
    wish = {"protocol": "laser-resurfacing", "not_before": "2026-12-18"}
    _, line = check_audited(house, ana, "POST", "/v1/feasibility", json=wish)
    assert line["event"] == "days.searched"


def test_a_simulation_names_every_patient_it_showed(house: House, ana: Caller) -> None:
    publish(house, 14)
    procedure = ana.book(protocol="our-peel", on="2026-12-18", exposures=[{"to": "sun", "on": "2026-11-21"}])
    patient = ana.get(procedure).json()["patient"]["id"]
    cleo = house.person("Cleo")
    draft(cleo, peel(21))
    answer = cleo.send("POST", f"{DRAFTS}/2/simulate", check=False)
    assert procedure.rsplit("/", 1)[-1] in answer.text
    first, more = lines_for(house, answer)
    assert (first["event"], first["entity_id"], first["seen"]) == ("draft.simulated", "our-peel@2", None)
    assert (more["event"], more["seen"]) == ("draft.simulated", [patient])


def test_what_is_unchanged_shows_nothing_and_leaves_no_line(house: House, ana: Caller) -> None:
    procedure = ana.book()
    for path in (procedure, f"{procedure}/checklist", f"{procedure}/checklist?lang=es"):
        tag = ana.get(path).headers["etag"]
        answer = ana.get(path, headers={"If-None-Match": tag})
        assert answer.status_code == 304
        assert lines_for(house, answer) == [], path


def test_a_change_leaves_its_own_line_and_no_other(house: House, ana: Caller) -> None:
    answer = ana.post("/v1/procedures", BOOKING | {"protocol": "laser-ablative"})
    procedure = answer.headers["location"]
    assert [line["event"] for line in lines_for(house, answer)] == ["patient.added", "procedure.booked"]
    for method, path, body in (
        ("POST", f"{procedure}/exposures", EXPOSURE),
        ("PUT", f"{procedure}/answers", {"sedation": True}),
        ("POST", f"{procedure}/marks", {"step": "no-sun", "kind": "since", "on": None}),
        ("POST", f"{procedure}/entries/2/withdrawal", {}),
        ("POST", f"{procedure}/products", {"text": "retinol cream", "kind": "skincare"}),
    ):
        answer = ana.send(method, path, json=body)
        assert answer.is_success, answer.text
        told = [line["event"] for line in lines_for(house, answer)]
        assert len(told) == 1, (path, told)
        assert not told[0].endswith((".tried", ".read"))


def test_an_answer_that_is_given_again_is_read_again(house: House, ana: Caller) -> None:
    first = ana.post("/v1/procedures", BOOKING, Idempotency_Key="once")
    patient = first.json()["patient"]["id"]
    again = ana.post("/v1/procedures", BOOKING, Idempotency_Key="once")
    assert again.headers["idempotent-replayed"] == "true"
    (line,) = lines_for(house, again)
    assert (line["event"], line["action"], line["outcome"]) == ("book.repeated", "R", 201)
    assert (line["entity_id"], line["patient_id"]) == (first.json()["id"], patient)


def test_what_is_refused_leaves_a_line_each(house: House, ana: Caller, ben: Caller) -> None:
    procedure = ana.book()
    patient = ana.get(procedure).json()["patient"]["id"]
    refused: tuple[tuple[Caller, str, str, Json, int], ...] = (
        (ben, "GET", procedure, {}, 404),
        (ana, "GET", f"/v1/procedures/{NOBODY}", {}, 404),
        (ana, "GET", "/v1/procedures/not-an-id/checklist", {}, 404),
        (ana, "GET", f"/v1/patients/{NOBODY}", {}, 404),
        (ana, "GET", "/v1/keys", {}, 403),
        (ana, "GET", "/v1/audit", {}, 403),
        (house.person("Iris"), "GET", f"{procedure}/checklist", {}, 403),
        (ana, "POST", f"{procedure}/waivers", {"json": {"step": "no-sun", "reason": "for a test"}}, 403),
        (ana, "DELETE", f"/v1/patients/{patient}", {}, 403),
        (ana, "POST", f"{procedure}/moves", {"json": {"to_on": "2026-12-20"}}, 428),
        (ana, "POST", f"{procedure}/moves", {"json": {"to_on": "2026-12-20"}, "headers": {"If-Match": '"99"'}}, 412),
        (ana, "POST", f"{procedure}/moves", {"json": {"to_on": "never"}}, 422),
        (ana, "POST", "/v1/procedures", {"json": {}}, 422),
        (ana, "POST", "/v1/procedures", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        (ana, "POST", "/v1/procedures", {"content": b"x" * 300_000}, 413),
        (ana, "POST", "/v1/patients", {"json": PIA}, 409),
        (ana, "GET", "/v1/worklist?cursor=wrong", {}, 400),
    )
    for caller, method, path, request, status in refused:
        answer, line = check_audited(house, caller, method, path, **request)
        assert answer.status_code == status, (path, answer.text)
        assert line["clinic_id"] is not None
        assert line["seen"] is None
    theirs = [line for line in lines_of(house) if line["clinic_id"] == house.clinics["Birch"]]
    assert [(line["entity_id"], line["patient_id"]) for line in theirs if line["outcome"] == 404] == [
        (procedure.rsplit("/", 1)[-1], None)
    ]
    waived = [line for line in lines_of(house) if line["event"] == "waive.tried"]
    assert [line["patient_id"] for line in waived] == [patient]


def test_every_operation_leaves_its_line_when_it_is_refused(house: House) -> None:
    """Every cell of the matrix that refuses, also those of operations that are not there yet."""
    iris = house.person("Iris")
    for operation in GUARDED:
        fresh(house)
        answer, line = check_audited(house, house.stranger(), operation.method, operation.at())
        assert (answer.status_code, line["clinic_id"]) == (401, None), operation.name
        if operation.told.get("x-scope") == "scan":
            continue
        answer, line = check_audited(house, iris, operation.method, operation.at())
        assert answer.status_code in {401, 403}, operation.name
        if answer.status_code == 403:
            assert line["clinic_id"] == house.clinics["Aster"], operation.name
            assert line["person"] == "Iris"


def test_a_wrong_secret_is_told_to_the_clinic_whose_key_it_is(house: House) -> None:
    token = house.tokens["Ana"]
    wrong = house.stranger(f"Bearer {token[:-1]}{'A' if token[-1] != 'A' else 'B'}")
    _, line = check_audited(house, wrong, "GET", "/v1/worklist")
    assert (line["event"], line["clinic_id"]) == ("credential.refused", house.clinics["Aster"])
    assert (line["entity"], line["entity_id"]) == ("credential", token.split("_")[2])
    assert (line["credential_id"], line["person"]) == ("", ""), "nobody knows that it was Ana"


def test_what_a_patient_does_is_told_with_the_patient(house: House, ana: Caller) -> None:
    house.person("Ada").send("PATCH", "/v1/clinic", json={"portal_birth_date": True})
    procedure = ana.book()
    procedure_id, patient = procedure.rsplit("/", 1)[-1], ana.get(procedure).json()["patient"]["id"]
    other = ana.book(patient=PIA | {"reference": "2", "name": "Bo"})
    url = ana.post(f"{procedure}/portal-links", {}).json()["url"]
    given = {"token": url.rpartition("=")[2]}
    nobody = house.stranger()
    _, line = check_audited(house, nobody, "POST", "/v1/portal/sessions", json={"token": "wrong"})
    assert (line["event"], line["clinic_id"], line["outcome"]) == ("credential.refused", None, 401)
    for birth_date in (None, "1980-01-01"):
        answer, line = check_audited(
            house, nobody, "POST", "/v1/portal/sessions", json=given | {"birth_date": birth_date}
        )
        assert answer.status_code == 422
        assert (line["event"], line["clinic_id"]) == ("credential.refused", house.clinics["Aster"])
    answer, line = check_audited(
        house, nobody, "POST", "/v1/portal/sessions", json=given | {"birth_date": PIA["birth_date"]}
    )
    assert (line["event"], line["patient_id"], line["actor_role"]) == ("portal-session.began", patient, "patient")
    pia = Caller(house, answer.json()["access_token"])
    here = f"/v1/portal/procedures/{procedure_id}"
    for method, path, body, event in (
        ("GET", "/v1/portal/procedures", None, "procedure.read"),
        ("GET", f"{here}/checklist", None, "checklist.read"),
        ("GET", f"{here}/questions", None, "questions.read"),
        ("POST", f"{here}/scan", {"text": "retinol"}, "text.scanned"),
        ("POST", f"{here}/marks", {}, "mark.tried"),
        ("GET", "/v1/worklist", None, "worklist.read"),
    ):
        _, line = check_audited(house, pia, method, path, json=body)
        assert (line["event"], line["patient_id"]) == (event, patient), path
        assert (line["actor_role"], line["person"]) == ("patient", ""), "a patient's name stands in no line"
    foreign = f"/v1/portal/procedures/{other.rsplit('/', 1)[-1]}/checklist"
    answer, line = check_audited(house, pia, "GET", foreign)
    assert (answer.status_code, line["entity_id"]) == (404, other.rsplit("/", 1)[-1])


def test_the_pages_leave_the_same_lines(house: House, ana: Caller) -> None:
    patient = ana.get(ana.book()).json()["patient"]["id"]
    browser = Browser(house)
    wrong = browser.post("/staff/sign-in", {"csrf": browser.mark("/staff/sign-in"), "key": "wrong"})
    assert [line["event"] for line in lines_for(house, wrong)] == ["credential.refused"]
    began = browser.sign_in("Ana")
    assert [(line["event"], line["person"]) for line in lines_for(house, began)] == [("session.began", "Ana")]
    shown = browser.get("/staff/?days=60")
    (line,) = lines_for(house, shown)
    assert (line["event"], line["action"], line["entity"]) == ("worklist.read", "E", "worklist")
    assert (line["person"], line["seen"]) == ("Ana", [patient])
    (line,) = lines_for(house, browser.get("/staff/?days=0"))
    assert line["seen"] == []


def test_what_fails_is_told_as_failed(house: House, ana: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from prep_tracker.services import marking

    procedure = ana.book()

    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(marking, "expose", broken)
    answer, line = check_audited(house, ana, "POST", f"{procedure}/exposures", json=EXPOSURE)
    assert (answer.status_code, line["event"]) == (500, "expose.tried")


def test_no_line_holds_what_somebody_typed(house: House, ana: Caller) -> None:
    canary = "zqcanary"
    ana.book(patient=PIA | {"name": f"Pia {canary}", "reference": canary})
    for path in (
        f"/v1/patients?reference={canary}",
        f"/v1/protocols/{canary}",
        f"/v1/procedures/{canary}",
        f"/v1/patients/{canary}",
        f"/v1/worklist?standing={canary}",
    ):
        ana.send("GET", path, check=False)
    ana.send("POST", "/v1/procedures", json=BOOKING | {"protocol": canary}, check=False)
    ana.send("POST", "/v1/scan", json={"text": canary}, check=False)
    house.person("Ada").send("DELETE", f"/v1/keys/{canary}", check=False)
    assert canary not in str(lines_of(house))


def test_a_line_that_is_skipped_is_found(house: House, ana: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    procedure = ana.book()
    flush(house)
    monkeypatch.setattr(envelope, "witness", lambda *_: None)
    with pytest.raises(AssertionError):
        check_audited(house, ana, "GET", f"{procedure}/checklist")
    with pytest.raises(AssertionError):
        check_audited(house, ana, "GET", f"/v1/procedures/{NOBODY}")


def test_a_list_that_does_not_say_whom_it_showed_is_found(
    house: House, ana: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana.book()
    monkeypatch.setattr(witness, "Shown", lambda *_: None)
    with pytest.raises(AssertionError):
        check_audited(house, ana, "GET", "/v1/worklist?within_days=60")
