"""Bad marks, contacts, answers and withdrawals: each is refused with what to say instead, and nothing is stored."""

from __future__ import annotations

from tests.api.house import BOOKING, Caller, House, refused


def test_an_unknown_step_is_refused(house: House, ana: Caller) -> None:
    procedure = ana.book()
    for step in ("no-such-step", "No-Sun", "no-sun ", "x"):
        assert refused(house, ana, f"{procedure}/marks", {"step": step, "kind": "done"}).keys() == {"/step"}
    for never in ("", "x" * 65, 7, "a\x00b", "\ud800"):
        assert refused(house, ana, f"{procedure}/marks", {"step": never, "kind": "done"}).keys() == {"/step"}
    found = refused(house, ana, f"{procedure}/marks", {"step": "no-such-step", "kind": "done", "on": "2026-11-23"})
    assert found.keys() == {"/step", "/on"}


def test_a_day_that_has_not_come_is_refused(house: House, ana: Caller) -> None:
    procedure = ana.book(protocol="laser-ablative")
    tomorrow = "2026-11-23"
    for step, kind in (
        ("no-sun", "since"),
        ("driver", "done"),
        ("sunscreen-before", "kept"),
        ("sunscreen-before", "missed"),
        ("pregnancy", "safe"),
        ("pregnancy", "unsafe"),
    ):
        mark = {"step": step, "kind": kind, "on": tomorrow}
        assert "2026-11-22" in refused(house, ana, f"{procedure}/marks", mark)["/on"], (step, kind)
    assert refused(house, ana, f"{procedure}/exposures", {"to": "sun", "on": tomorrow}).keys() == {"/on"}
    body = BOOKING | {"exposures": [{"to": "sun", "on": tomorrow}], "kept_since": {"no-sun": tomorrow}}
    assert refused(house, ana, "/v1/procedures", body).keys() == {"/exposures/0/on", "/kept_since/no-sun"}


def test_days_before_the_booking_may_be_spoken_of(ana: Caller) -> None:
    procedure = ana.book(protocol="laser-ablative", kept_since={"no-smoking": "2020-02-29"})
    for step, kind in (("no-sun", "since"), ("driver", "done"), ("sunscreen-before", "kept")):
        answer = ana.post(f"{procedure}/marks", {"step": step, "kind": kind, "on": "2026-10-01"})
        assert answer.status_code == 201, (step, kind)
    assert ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-01-01"}).status_code == 201


def test_a_gate_is_not_answered_for_a_day_before_the_booking(house: House, ana: Caller) -> None:
    procedure = ana.book(protocol="laser-ablative")
    for kind in ("safe", "unsafe"):
        mark = {"step": "pregnancy", "kind": kind, "on": "2026-11-21"}
        assert "2026-11-22" in refused(house, ana, f"{procedure}/marks", mark)["/on"]
    assert ana.post(f"{procedure}/marks", {"step": "pregnancy", "kind": "safe", "on": "2026-11-22"}).status_code == 201


def test_a_mark_that_does_not_fit_its_step_is_refused(house: House, ana: Caller) -> None:
    procedure = ana.book(protocol="laser-ablative")
    for step, fitting in (
        ("no-sun", {"since"}),
        ("driver", {"done"}),
        ("sunscreen-before", {"kept", "missed"}),
        ("pregnancy", {"safe", "unsafe"}),
        ("medication-review", set()),
        ("on-the-day", set()),
    ):
        for kind in ("done", "since", "kept", "missed", "understood", "safe", "unsafe"):
            if kind not in fitting:
                mark = {"step": step, "kind": kind, "on": "2026-11-22"}
                found = refused(house, ana, f"{procedure}/marks", mark)
                assert found.keys() == {"/kind"}, (step, kind)
                assert all(name in found["/kind"] for name in fitting)


def test_marks_that_are_no_marks_are_refused(house: House, ana: Caller) -> None:
    procedure = ana.book()
    for body, pointers in (
        ({}, {"/kind", "/step"}),
        ({"step": "no-sun"}, {"/kind"}),
        ({"step": "no-such-step", "kind": 7, "on": "2026-11-23", "bogus": 1}, {"/kind", "/step", "/on", "/bogus"}),
        ({"step": 7, "kind": "since"}, {"/step", "/on"}),
        ({"step": "no-sun", "kind": "finished"}, {"/kind"}),
        ({"step": "no-sun", "kind": 7}, {"/kind"}),
        ({"kind": "done"}, {"/step"}),
        ({"step": "no-sun", "kind": "since"}, {"/on"}),
        ({"kind": "no_more_products", "step": "no-sun"}, {"/step"}),
        ({"kind": "no_more_products", "on": "2026-11-23"}, {"/on"}),
        ({"step": "no-sun", "kind": "since", "on": None, "on_behalf_of": "Pia"}, {"/on_behalf_of"}),
        ({"step": "no-sun", "kind": "since", "on": "2026-02-30", "because": 1}, {"/on", "/because"}),
    ):
        assert refused(house, ana, f"{procedure}/marks", body).keys() == pointers, body


def test_contacts_with_what_nobody_knows_are_refused(house: House, ana: Caller) -> None:
    procedure = ana.book()
    for to in ("sunn", "Sun", "no-sun", "", 7, None, "x" * 10_000):
        assert refused(house, ana, f"{procedure}/exposures", {"to": to, "on": "2026-11-20"}).keys() == {"/to"}, to
    for kind in ("burn", "retinoid", "", 7):
        body = {"to": "sun", "on": "2026-11-20", "kind": kind}
        assert refused(house, ana, f"{procedure}/exposures", body).keys() == {"/kind"}, kind
    both = refused(house, ana, f"{procedure}/exposures", {"to": "sunn", "on": "2026-11-23"})
    assert both.keys() == {"/to", "/on"}
    every = refused(house, ana, f"{procedure}/exposures", {"to": "sunn", "on": "2026-11-23", "note": 7, "bogus": 1})
    assert every.keys() == {"/to", "/on", "/note", "/bogus"}


def test_answers_that_do_not_fit_are_refused(house: House, ana: Caller) -> None:
    procedure = ana.book(protocol="laser-ablative")
    for value in ("yes", 1, 0, [True], {"is": True}, "", "\ud800"):
        assert refused(house, ana, f"{procedure}/answers", {"sedation": value}, "PUT").keys() == {"/sedation"}, value
    found = refused(house, ana, f"{procedure}/answers", {"sedation": 1, "shoe-size": 38, "a/b~c": 1}, "PUT")
    assert found.keys() == {"/sedation", "/shoe-size", "/a~1b~0c"}
    assert refused(house, ana, f"{procedure}/answers", {}, "PUT").keys() == {""}
    assert len(refused(house, ana, f"{procedure}/answers", {"x" * 10_000: True}, "PUT")) == 1
    assert len(refused(house, ana, f"{procedure}/answers", {"\ud800": True}, "PUT")) == 1
    assert len(refused(house, ana, f"{procedure}/answers", {f"f{n}": True for n in range(201)}, "PUT")) == 1


def test_a_pointer_names_fields_whatever_they_are_called(house: House, ana: Caller) -> None:
    for name, token in (
        ("strong-sun", "strong-sun"),
        ("a/b", "a~1b"),
        ("m~n", "m~0n"),
        ("function-key", "function-key"),
    ):
        found = refused(house, ana, "/v1/procedures", BOOKING | {"kept_since": {name: 0}})
        assert found.keys() == {f"/kept_since/{token}"}


def test_more_than_anybody_needs_is_refused(house: House, ana: Caller) -> None:
    exposures = [{"to": "sun", "on": "2026-11-20"}] * 201
    assert refused(house, ana, "/v1/procedures", BOOKING | {"exposures": exposures}).keys() == {"/exposures"}
    assert ana.post("/v1/procedures", BOOKING | {"exposures": exposures[:200]}).status_code == 201


def test_what_cannot_be_withdrawn_is_refused(house: House, ana: Caller) -> None:
    procedure = ana.book()
    ana.move(procedure, "2026-12-20")
    ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-20"})
    ana.post(f"{procedure}/entries/3/withdrawal")
    for number in (1, 2, 3, 4):
        assert len(refused(house, ana, f"{procedure}/entries/{number}/withdrawal", {})) == 1, number
    for never in ("0", "-1", "1.5", "one", "9" * 30, "1e3"):
        rows = house.rows()
        assert ana.post(f"{procedure}/entries/{never}/withdrawal").status_code in {404, 422}, never
        assert house.rows() == rows
    assert ana.post(f"{procedure}/entries/5/withdrawal").status_code == 404


def test_a_reason_says_something(house: House, ana: Caller) -> None:
    procedure, cleo = ana.book(), house.person("Cleo")
    for never in ("", "no", "   ", "\n\n\n", "a\x00b", 7, None):
        found = refused(house, cleo, f"{procedure}/waivers", {"step": "no-sun", "reason": never})
        assert found.keys() == {"/reason"}, never
        assert "items" not in found["/reason"], never
