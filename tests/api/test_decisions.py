"""What staff decide about one procedure: waivers, gates, clearance, steps, how it ended, and events."""

from __future__ import annotations

from typing import Any

import pytest

from prep_tracker.catalog.locales import languages
from prep_tracker.store.tables import METADATA
from tests.api.deciding import READY, change, key_for, level, reasons
from tests.api.house import Caller, House, Json, wrong

FRACTIONAL: Json = {
    "protocol": "laser-fractional",
    "answers": {"cold-sores": False, "area": "other", "sedation": False},
}
WAIVER = {"step": "no-retinoids", "reason": "One thin layer on one evening"}


@pytest.fixture
def cleo(house: House) -> Caller:
    """Give Aster's clinician."""
    return house.person("Cleo")


def decisions(**differing: Any) -> list[tuple[str, str, Json | None]]:  # noqa: ANN401 - any body
    """Give every change that needs If-Match and that this booking takes."""
    step = {"id": "bring", "kind": "note", "at": {"days": -1}, "title": "Bring it", "source": "Our own"}
    found: list[tuple[str, str, Json | None]] = [
        ("POST", "waivers", WAIVER),
        ("PUT", "clearance", {"accept": []}),
        ("POST", "steps", step),
        ("POST", "moves", {"to_on": "2026-12-20"}),
        ("POST", "protocol", {"version": 1}),
        ("PUT", "state", {"state": "cancelled"}),
    ]
    return found + [("PUT", what, body) for what, body in differing.items()]


def test_a_decision_needs_the_version_that_was_read(cleo: Caller) -> None:
    for method, what, body in decisions():
        procedure = cleo.book()
        missing = cleo.send(method, f"{procedure}/{what}", json=body)
        assert missing.status_code == 428, what
        for tag in ('"7"', '"7.2026-11-22.en.staff"', 'W/"other"', "nonsense", '""'):
            stale = cleo.send(method, f"{procedure}/{what}", json=body, headers={"If-Match": tag})
            assert stale.status_code == 412, (what, tag)
            assert stale.headers["etag"].startswith('"1')
            assert stale.json()["etag"] == stale.headers["etag"]
        made = change(cleo, method, procedure, what, body)
        assert made.status_code in {200, 201}, (what, made.text)
        assert made.headers["etag"] != '"1"'


def test_of_the_tag_only_the_version_counts(cleo: Caller) -> None:
    procedure = cleo.book()
    given = '"1.1999-01-01.es.patient"'
    answer = cleo.post(f"{procedure}/waivers", WAIVER, If_Match=given)
    assert answer.status_code == 201


@pytest.mark.parametrize("reason", [None, "", "  ", "no", 7, "x" * 2001])
def test_a_waiver_needs_a_reason(cleo: Caller, reason: object) -> None:
    procedure = cleo.book()
    body = {"step": "no-sun"} | ({} if reason is None else {"reason": reason})
    assert "/reason" in wrong(change(cleo, "POST", procedure, "waivers", body))
    assert cleo.get(procedure).json()["version"] == 1


def test_a_waiver_of_no_step_is_told_so(cleo: Caller) -> None:
    procedure = cleo.book()
    body = {"step": "no-such", "reason": "Because of that"}
    assert wrong(change(cleo, "POST", procedure, "waivers", body)) == {
        "/step": "The checklist has no such step, or it does not apply."
    }


def test_a_waiver_covers_what_was_known_and_a_later_contact_reopens_it(house: House, cleo: Caller) -> None:
    house.go_to("2026-12-16")
    procedure = cleo.book(exposures=[{"to": "retinoid", "on": "2026-12-14"}], kept_since={"no-sun": None})
    assert reasons(cleo, procedure)["no-retinoids"]["days_short"] == 4
    waived = change(cleo, "POST", procedure, "waivers", WAIVER)
    assert waived.status_code == 201
    assert cleo.item(procedure, "no-retinoids")["state"] == "waived"
    assert "no-retinoids" not in reasons(cleo, procedure)

    again = cleo.post(f"{procedure}/exposures", {"to": "retinoid", "on": "2026-12-10"})
    assert again.status_code == 201
    assert cleo.item(procedure, "no-retinoids")["state"] == "short"


def test_a_waiver_holds_while_the_day_moves_later_and_back_and_not_when_more_is_short(
    house: House, cleo: Caller
) -> None:
    house.go_to("2026-12-10")
    procedure = cleo.book(exposures=[{"to": "retinoid", "on": "2026-12-09"}], on="2026-12-14")
    assert cleo.item(procedure, "no-retinoids")["days_short"] == 3
    assert change(cleo, "POST", procedure, "waivers", WAIVER).status_code == 201
    for to_on, state in (("2026-12-12", "short"), ("2026-12-14", "waived"), ("2026-12-30", "waived")):
        moved = cleo.move(procedure, to_on)
        assert moved.status_code == 200
        assert cleo.item(procedure, "no-retinoids", as_of="2026-12-11")["state"] == state, to_on


def test_a_waiver_stands_in_the_record_with_who_and_why(cleo: Caller) -> None:
    procedure = cleo.book()
    change(cleo, "POST", procedure, "waivers", WAIVER)
    last = cleo.get(f"{procedure}/entries").json()["items"][-1]
    assert (last["kind"], last["step"], last["reason"]) == ("waived", WAIVER["step"], WAIVER["reason"])
    assert last["actor"]["person"] == "Cleo"
    assert cleo.post(f"{procedure}/entries/2/withdrawal").status_code == 201
    assert cleo.item(procedure, "no-retinoids")["state"] != "waived"


def test_only_a_closed_gate_is_opened(cleo: Caller) -> None:
    procedure = cleo.book(**FRACTIONAL)
    body = {"open": True, "reason": "Seen in the clinic"}
    early = change(cleo, "PUT", procedure, "gates/pregnancy", body)
    assert (early.status_code, early.json()["type"]) == (409, "/v1/problems/conflict")
    for strange in ("no-such", "no-sun", "x" * 64):
        assert change(cleo, "PUT", procedure, f"gates/{strange}", body).status_code == 404
    closed = cleo.post(f"{procedure}/marks", {"step": "pregnancy", "kind": "unsafe"})
    assert closed.json()["state"] == "closed"
    assert level(cleo, procedure) == "blocked"
    for sent, field in (({"open": False, "reason": "no such thing"}, "/open"), ({"open": True}, "/reason")):
        assert field in wrong(change(cleo, "PUT", procedure, "gates/pregnancy", sent))
    opened = change(cleo, "PUT", procedure, "gates/pregnancy", body)
    assert opened.status_code == 200
    assert cleo.item(procedure, "pregnancy")["state"] != "closed"
    assert "pregnancy" not in reasons(cleo, procedure)
    assert change(cleo, "PUT", procedure, "gates/pregnancy", body).status_code == 409


def test_a_closed_gate_is_not_opened_by_a_later_safe(house: House, cleo: Caller) -> None:
    """Whoever said that it is not safe cannot simply say the opposite: somebody has looked at it."""
    procedure = cleo.book(**FRACTIONAL)
    cleo.post(f"{procedure}/marks", {"step": "pregnancy", "kind": "unsafe"})
    house.person("Ana").post(f"{procedure}/marks", {"step": "pregnancy", "kind": "safe"})
    assert cleo.item(procedure, "pregnancy")["state"] == "closed"


def cleared(house: House, cleo: Caller) -> str:
    """Book, say all that can be said, and clear for the day."""
    house.go_to("2026-12-16")
    procedure = cleo.book(protocol="laser-ablative", answers={"sedation": False}, on="2026-12-20")
    for item in cleo.get(f"{procedure}/checklist").json()["items"]:
        kind = {"avoid": "since", "gate": "safe"}.get(item["kind"])
        if kind:
            on = None if kind == "since" else "2026-12-16"
            cleo.post(f"{procedure}/marks", {"step": item["step"], "kind": kind, "on": on})
    answer = change(cleo, "PUT", procedure, "clearance", {"note": "Seen today"})
    assert answer.status_code == 200, answer.text
    assert cleo.get(procedure).json()["clearance"] == "cleared"
    return procedure


def test_a_clearance_while_blocked_names_what_blocks(house: House, cleo: Caller) -> None:
    house.go_to("2026-12-10")
    procedure = cleo.book(exposures=[{"to": "sun", "on": "2026-12-09"}])
    refusal = change(cleo, "PUT", procedure, "clearance", {})
    assert (refusal.status_code, refusal.json()["type"]) == (409, "/v1/problems/blocked")
    assert [(r["step"], r["days_short"]) for r in refusal.json()["reasons"]] == [("no-sun", 6)]
    assert "no-sun" in refusal.json()["detail"]
    assert "/accept" in wrong(change(cleo, "PUT", procedure, "clearance", {"accept": ["no-such"]}))
    others = change(cleo, "PUT", procedure, "clearance", {"accept": ["no-retinoids"]})
    assert others.status_code == 409
    accepted = change(cleo, "PUT", procedure, "clearance", {"accept": ["no-sun"]})
    assert accepted.status_code == 200
    entry = cleo.get(f"{procedure}/entries").json()["items"][-1]
    assert (entry["kind"], entry["accepted"], entry["actor"]["person"]) == ("cleared", ["no-sun"], "Cleo")


def test_the_reasons_of_a_refused_clearance_are_in_the_callers_language(house: House, cleo: Caller) -> None:
    house.go_to("2026-12-10")
    procedure = cleo.book(exposures=[{"to": "sun", "on": "2026-12-09"}])
    texts = set()
    for language in languages():
        tag = cleo.get(procedure).headers["etag"]
        answer = cleo.send(
            "PUT", f"{procedure}/clearance", json={}, headers={"If-Match": tag, "Accept-Language": language}
        )
        texts.add(answer.json()["reasons"][0]["text"])
    assert len(texts) == len(languages())


@pytest.mark.parametrize("later", ["move", "exposure", "unsafe"])
def test_a_clearance_is_void_when_the_day_moves_or_something_worse_becomes_known(
    house: House, cleo: Caller, later: str
) -> None:
    procedure = cleared(house, cleo)
    if later == "move":
        assert cleo.move(procedure, "2026-12-22").status_code == 200
    elif later == "exposure":
        assert cleo.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-12-16"}).status_code == 201
    else:
        assert cleo.post(f"{procedure}/marks", {"step": "pregnancy", "kind": "unsafe"}).status_code == 201
    assert cleo.get(procedure).json()["clearance"] == "void"
    (row,) = cleo.get("/v1/worklist", within_days="30").json()["items"]
    assert row["clearance_void"] is True
    assert house.row(procedure)["clearance_void"]


def test_a_clearance_outlives_what_makes_nothing_worse(house: House, cleo: Caller) -> None:
    procedure = cleared(house, cleo)
    cleo.post(f"{procedure}/marks", {"step": "no-sun", "kind": "since", "on": None})
    assert cleo.get(procedure).json()["clearance"] == "cleared"
    (row,) = cleo.get("/v1/worklist", within_days="30").json()["items"]
    assert row["clearance_void"] is False


def test_a_clearance_is_taken_back_once(house: House, cleo: Caller) -> None:
    procedure = cleared(house, cleo)
    assert change(cleo, "DELETE", procedure, "clearance").status_code == 200
    assert cleo.get(procedure).json()["clearance"] == "missing"
    assert change(cleo, "DELETE", procedure, "clearance").status_code == 409


def test_nothing_is_cleared_after_its_day(house: House, cleo: Caller) -> None:
    procedure = cleo.book()
    house.go_to("2026-12-19")
    assert change(cleo, "PUT", procedure, "clearance", {}).status_code == 409


STEP: Json = {
    "id": "bring-glasses",
    "kind": "do",
    "due": {"days": -3},
    "severity": "advisory",
    "title": "Bring your glasses",
    "source": "Ours",
}


def test_a_step_is_added_to_one_procedure_only(house: House, ana: Caller) -> None:
    procedure, other = ana.book(), ana.book(on="2027-01-20")
    made = change(ana, "POST", procedure, "steps", STEP)
    assert made.status_code == 201
    assert ana.item(procedure, "bring-glasses")["due_on"] == "2026-12-15"
    assert "bring-glasses" not in {item["step"] for item in ana.get(f"{other}/checklist").json()["items"]}
    assert ana.post(f"{procedure}/marks", {"step": "bring-glasses", "kind": "done"}).status_code == 201
    assert house.row(procedure)["version"] == 3


def test_a_step_of_the_same_id_replaces_the_protocols_and_again_itself(ana: Caller) -> None:
    procedure = ana.book()
    step = {
        "id": "no-retinoids",
        "kind": "avoid",
        "of": ["retinoid"],
        "severity": "clinician",
        "prescribed": "stop",
        "title": "No retinol for longer",
        "source": "Ours",
    }
    for days, opens_on in ((10, "2026-12-08"), (12, "2026-12-06")):
        assert change(ana, "POST", procedure, "steps", step | {"days_before": days}).status_code == 201
        items = ana.get(f"{procedure}/checklist").json()["items"]
        assert [i["opens_on"] for i in items if i["step"] == "no-retinoids"] == [opens_on]
        assert ana.item(procedure, "no-retinoids")["title"] == "No retinol for longer"


@pytest.mark.parametrize(
    ("step", "pointer"),
    [
        ({}, ""),
        (STEP | {"kind": "dance"}, ""),
        (STEP | {"colour": "red"}, "/colour"),
        (STEP | {"due": {"days": 3.5}}, "/due"),
        ({name: value for name, value in STEP.items() if name != "title"}, "/title"),
        (STEP | {"id": "Not A Slug"}, "/id"),
        (STEP | {"kind": "avoid", "of": ["no-such-class"], "days_before": 3, "severity": "blocking"}, ""),
        (STEP | {"when": {"fact": "no-such-fact", "is": True}}, "/when"),
        (STEP | {"due": {"event": "no-such-event"}}, "/due"),
    ],
)
def test_a_step_that_the_linter_refuses_is_refused_with_its_places(ana: Caller, step: Json, pointer: str) -> None:
    procedure = ana.book()
    answer = change(ana, "POST", procedure, "steps", step)
    found = wrong(answer)
    assert any(place.startswith(pointer) for place in found), found
    assert all(code["message"].endswith(".") for code in answer.json()["errors"])
    assert ana.get(procedure).json()["version"] == 1


def test_a_step_that_is_no_object_is_refused(ana: Caller) -> None:
    procedure = ana.book()
    for body in ([], "step", 7, [STEP], None):
        tag = ana.get(procedure).headers["etag"]
        answer = ana.send("POST", f"{procedure}/steps", json=body, headers={"If-Match": tag})
        assert answer.status_code == 422, body
    deep: Any = True
    for _ in range(200):
        deep = {"not": deep}
    assert change(ana, "POST", procedure, "steps", STEP | {"when": deep}).status_code == 422


def test_a_procedure_is_completed_or_missed_on_its_day_at_the_earliest(house: House, ana: Caller) -> None:
    procedure = ana.book()
    for state in ("completed", "no-show"):
        house.go_to("2026-12-17")
        assert "/state" in wrong(change(ana, "PUT", procedure, "state", {"state": state}))
    house.go_to("2026-12-18")
    assert change(ana, "PUT", procedure, "state", {"state": "completed"}).status_code == 200
    assert level(ana, procedure) == "completed"


@pytest.mark.parametrize("state", ["cancelled", "no-show", "completed"])
def test_what_has_ended_is_changed_no_more(house: House, cleo: Caller, state: str) -> None:
    procedure = cleo.book()
    house.go_to("2026-12-18")
    ended = change(cleo, "PUT", procedure, "state", {"state": state, "reason": "So it went"})
    assert ended.status_code == 200
    assert house.row(procedure)["ended"] == state
    for method, what, body in decisions():
        answer = change(cleo, method, procedure, what, body)
        assert answer.status_code == 409, (what, answer.text)
        assert state in answer.json()["detail"]
    for what, appended in (
        ("products", {"text": "Differin", "kind": "skincare"}),
        ("marks", {"step": "no-sun", "kind": "since", "on": None}),
        ("exposures", {"to": "sun", "on": "2026-12-18"}),
    ):
        expected = 201 if state == "completed" and what != "products" else 409
        assert cleo.post(f"{procedure}/{what}", appended).status_code == expected, what
    assert cleo.get("/v1/worklist").json()["items"] == []


def test_an_unknown_state_is_told_the_known_ones(ana: Caller) -> None:
    found = wrong(change(ana, "PUT", ana.book(), "state", {"state": "postponed"}))
    assert "cancelled" in found["/state"]


def test_healed_gives_the_aftercare_its_dates(house: House, ana: Caller) -> None:
    procedure = ana.book(**FRACTIONAL)
    assert ana.item(procedure, "sunscreen-after", all="true")["opens_on"] is None
    house.go_to("2026-12-18")
    assert change(ana, "PUT", procedure, "state", {"state": "completed"}).status_code == 200
    early = ana.post(f"{procedure}/events", {"event": "healed", "on": "2026-12-17"})
    assert "/on" in wrong(early)
    house.go_to("2026-12-27")
    healed = ana.post(f"{procedure}/events", {"event": "healed", "on": "2026-12-26"})
    assert healed.status_code == 201
    assert ana.item(procedure, "sunscreen-after")["opens_on"] == "2026-12-26"
    assert ana.item(procedure, "keep-moist", all="true")["closes_on"] in {"2026-12-25", "2026-12-26"}
    corrected = ana.post(f"{procedure}/events", {"event": "healed", "on": "2026-12-27"})
    assert corrected.status_code == 201
    assert ana.item(procedure, "sunscreen-after")["opens_on"] == "2026-12-27"


def test_an_event_that_nobody_knows_or_that_has_not_come_is_refused(ana: Caller) -> None:
    procedure = ana.book(**FRACTIONAL)
    found = wrong(ana.post(f"{procedure}/events", {"event": "party", "on": "2027-01-01"}))
    assert found.keys() == {"/event", "/on"}
    assert "healed" in found["/event"]
    assert "/event" in wrong(ana.post(f"{procedure}/events", {"event": "booked", "on": "2026-11-01"}))


def test_every_decision_leaves_one_line_of_audit_with_who_did_it(house: House, cleo: Caller) -> None:
    procedure = cleo.book()
    for number, (method, what, body) in enumerate(decisions(), 2):
        answer = change(cleo, method, procedure, what, body)
        assert answer.status_code in {200, 201}, (what, answer.text)
        columns = [column.name for column in METADATA.tables["audit"].columns]
        lines = [dict(zip(columns, line, strict=True)) for line in house.rows()["audit"]]
        mine = [line for line in lines if line["entity"] == "procedure"]
        assert len(mine) == number, what
        assert (mine[-1]["person"], mine[-1]["actor_role"]) == ("Cleo", "clinician")
        assert mine[-1]["request_id"] == answer.headers["x-request-id"]
        assert mine[-1]["outcome"] == answer.status_code
        assert mine[-1]["patient_id"] == cleo.get(procedure).json()["patient"]["id"]


def test_a_repeated_decision_is_made_once(cleo: Caller) -> None:
    procedure = cleo.book()
    tag = cleo.get(procedure).headers["etag"]
    first = cleo.post(f"{procedure}/waivers", WAIVER, If_Match=tag, Idempotency_Key="waive-once")
    again = cleo.post(f"{procedure}/waivers", WAIVER, If_Match=tag, Idempotency_Key="waive-once")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    assert cleo.get(procedure).json()["version"] == 2


def test_twenty_rounds_of_ten_changes_on_one_version_let_one_through_each(house: House, cleo: Caller) -> None:
    rounds_of_changes(house, cleo, 20)


@pytest.mark.soak
def test_two_hundred_rounds_of_ten_changes_on_one_version_let_one_through_each(house: House, cleo: Caller) -> None:
    rounds_of_changes(house, cleo, 200)


def rounds_of_changes(house: House, cleo: Caller, rounds: int) -> None:
    """Send ten changes of different kinds at once, each on the version that was read: one is made, nine are told."""
    procedure = cleo.book(kept_since=READY)
    for number in range(rounds):
        tag = cleo.get(procedure).headers["etag"]
        headers = {"If-Match": tag}
        kinds: list[tuple[str, str, Json]] = [
            ("POST", "waivers", WAIVER | {"reason": f"Reason {number}"}),
            ("PUT", "clearance", {}),
            ("POST", "steps", STEP | {"title": f"Bring glasses {number}"}),
            ("POST", "moves", {"to_on": f"2026-12-{18 + number % 2 * 2}", "reason": "so"}),
            ("POST", "protocol", {"version": 1}),
        ] * 2
        sent = [(method, f"{procedure}/{what}", {"json": body, "headers": headers}) for method, what, body in kinds]
        shift = number % len(sent)
        answers = cleo.together(sent[shift:] + sent[:shift])
        codes = sorted(answer.status_code for answer in answers)
        assert codes[1:] == [412] * 9, codes
        assert codes[0] in {200, 201}
        assert house.row(procedure)["version"] == number + 6
    entries = [row for row in house.rows()["entries"] if procedure.endswith(row[1])]
    assert len(entries) == rounds + 5


def test_a_system_needs_its_scope_to_record_an_event(house: House, ana: Caller) -> None:
    procedure = ana.book(**FRACTIONAL)
    house.go_to("2026-12-19")
    body = {"event": "healed", "on": "2026-12-19"}
    reads = key_for(house, "integration", "reader", "procedures:read")
    writes = key_for(house, "integration", "writer", "procedures:write")
    assert reads.post(f"{procedure}/events", body).status_code == 403
    assert writes.post(f"{procedure}/events", body).status_code == 201
