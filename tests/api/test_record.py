"""The record: what was said, in order; what was taken back; and what was known on an earlier day."""

from __future__ import annotations

from tests.api.house import Caller, House, wrong


def test_an_entry_says_who_said_what_and_when(house: House, ana: Caller) -> None:
    procedure = ana.book()
    house.go_to("2026-12-05", hour=23)  # past midnight in Amsterdam
    house.person("Cleo").post(
        f"{procedure}/exposures", {"to": "sun", "on": "2026-12-05", "kind": "sunburn", "note": "n"}
    )
    booked, exposed = ana.get(f"{procedure}/entries").json()["items"]
    assert booked == {
        "n": 1,
        "kind": "booked",
        "said_on": "2026-11-22",
        "at": "2026-11-22T09:00:00Z",
        "actor": {"role": "coordinator", "person": "Ana", "on_behalf_of": None},
        "withdrawn": False,
        "on": "2026-12-18",
        "start": "10:30",
        "protocol": "laser-resurfacing@1",
    }
    assert (exposed["said_on"], exposed["at"]) == ("2026-12-06", "2026-12-05T23:00:00Z")
    assert exposed["actor"] == {"role": "clinician", "person": "Cleo", "on_behalf_of": None}
    assert (exposed["to"], exposed["on"], exposed["special"], exposed["note"]) == ("sun", "2026-12-05", "sunburn", "n")


def test_entries_come_in_pages(ana: Caller) -> None:
    procedure = ana.book()
    for day in range(1, 8):
        ana.post(f"{procedure}/exposures", {"to": "sun", "on": f"2026-11-{day:02d}"})
    whole = ana.get(f"{procedure}/entries").json()
    assert whole["next"] is None
    seen, path, pages = [], f"{procedure}/entries?limit=3", 0
    while path:
        page = ana.get(path)
        told = page.json()
        seen += told["items"]
        pages += 1
        path = page.links["next"]["url"] if "next" in page.links else ""
        assert (told["next"] is None) == (path == "")
        if told["next"]:
            assert ana.get(f"{procedure}/entries", limit="3", cursor=told["next"]).json() == ana.get(path).json()
    assert (seen, pages) == (whole["items"], 3)
    assert ana.get(f"{procedure}/entries", limit="8").json()["next"] is None


def test_a_cursor_that_was_changed_is_refused(ana: Caller, ben: Caller) -> None:
    procedure, other = ana.book(), ana.book(on="2026-12-30")
    for path in (procedure, other):
        ana.post(f"{path}/exposures", {"to": "sun", "on": "2026-11-20"})
    cursor = ana.get(f"{procedure}/entries", limit="1").json()["next"]
    tampered = [cursor[:n] + ("A" if cursor[n] != "A" else "B") + cursor[n + 1 :] for n in range(len(cursor))]
    tampered += [cursor[:-1], cursor + "A", cursor + "=", "*" + cursor, cursor + "\u00e9", "x", "0", "W10", "é" * 20]
    for wrong_one in tampered:
        answer = ana.get(f"{procedure}/entries", cursor=wrong_one)
        assert answer.status_code == 400, wrong_one
        assert answer.json()["type"] == "/v1/problems/bad-request"
    assert ana.get(f"{other}/entries", cursor=cursor).status_code == 400
    assert ana.get(f"{procedure}/entries", cursor=cursor).status_code == 200
    assert ana.get(f"{procedure}/entries", cursor="x" * 501).status_code == 422
    theirs = ben.book()
    assert ben.get(f"{theirs}/entries", cursor=cursor).status_code == 400
    assert ana.get("/v1/worklist", cursor=cursor).status_code == 400


def test_a_slip_of_the_finger_is_taken_back_and_stays_in_the_record(house: House, ana: Caller) -> None:
    procedure = ana.book()
    house.go_to("2026-12-05")
    before = ana.get(f"{procedure}/checklist").content
    ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-12-05"})
    assert ana.get(procedure).json()["standing"]["level"] == "blocked"
    back = ana.post(f"{procedure}/entries/2/withdrawal", {"reason": "another patient"})
    assert back.status_code == 201
    assert (back.json()["entry"], back.json()["version"], back.json()["standing"]["level"]) == (3, 3, "waiting")
    assert ana.get(f"{procedure}/checklist").content == before
    booked, exposed, withdrawn = ana.get(f"{procedure}/entries").json()["items"]
    assert (booked["withdrawn"], exposed["withdrawn"], withdrawn["withdrawn"]) == (False, True, False)
    assert (withdrawn["kind"], withdrawn["entry"], withdrawn["reason"]) == ("withdrawn", 2, "another patient")
    row = house.row(procedure)
    assert (row["version"], row["blocked_on"]) == (3, None)


def test_what_may_be_withdrawn_and_what_not(house: House, ana: Caller) -> None:
    procedure = ana.book(protocol="laser-ablative", answers={"sedation": True})
    ana.post(f"{procedure}/marks", {"step": "pregnancy", "kind": "unsafe"})
    ana.move(procedure, "2026-12-20")
    assert ana.post(f"{procedure}/entries/2/withdrawal").status_code == 201
    assert ana.post(f"{procedure}/entries/3/withdrawal", {}).status_code == 201
    rows = house.rows()
    for number, words in ((1, "Move it again"), (4, "Move it again"), (5, "It stays"), (2, "before"), (3, "before")):
        answer = ana.post(f"{procedure}/entries/{number}/withdrawal")
        assert words in wrong(answer)["/entry"], number
    assert house.rows() == rows
    assert ana.item(procedure, "pregnancy")["state"] == "unknown"


def test_staff_withdraw_what_others_said(house: House, ana: Caller) -> None:
    procedure = ana.book()
    house.person("Cleo").post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-20"})
    assert ana.post(f"{procedure}/entries/2/withdrawal").status_code == 201


def test_an_answer_brings_steps_in_and_null_takes_it_back(ana: Caller) -> None:
    procedure = ana.book(protocol="laser-ablative")
    asked = [reason["fact"] for reason in ana.get(procedure).json()["standing"]["reasons"]]
    assert "sedation" in asked
    assert ana.item(procedure, "no-food")["provisional"] is True
    answered = ana.put(f"{procedure}/answers", {"sedation": True})
    assert (answered.status_code, answered.json()["entry"]) == (200, 2)
    assert "sedation" not in [reason["fact"] for reason in answered.json()["standing"]["reasons"]]
    assert ana.item(procedure, "no-food")["provisional"] is False
    ana.put(f"{procedure}/answers", {"sedation": False})
    assert "no-food" not in [item["step"] for item in ana.get(f"{procedure}/checklist").json()["items"]]
    ana.put(f"{procedure}/answers", {"sedation": None})
    assert ana.item(procedure, "no-food")["provisional"] is True
    kinds = [(entry["kind"], entry.get("answers")) for entry in ana.get(f"{procedure}/entries").json()["items"][1:]]
    assert kinds == [("answered", {"sedation": value}) for value in (True, False, None)]


def test_an_earlier_day_is_read_as_it_was_known_then(house: House, ana: Caller) -> None:
    procedure = ana.book()
    first = ana.get(f"{procedure}/checklist")
    house.go_to("2026-12-05")
    ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-12-04"})
    on_the_fifth = ana.get(f"{procedure}/checklist").content
    house.go_to("2026-12-06")
    ana.move(procedure, "2026-12-19")
    house.go_to("2026-12-10")
    assert ana.get(f"{procedure}/checklist", as_of="2026-11-22").content == first.content
    assert ana.get(f"{procedure}/checklist", as_of="2026-12-05").content == on_the_fifth
    known = ana.get(procedure, as_of="2026-12-05").json()
    assert (known["on"], known["version"], known["as_of"]) == ("2026-12-18", 2, "2026-12-05")
    assert known["standing"]["level"] == "blocked"
    before = ana.get(procedure, as_of="2026-12-04").json()
    assert (before["version"], before["standing"]["level"]) == (1, "waiting")
    now = ana.get(procedure).json()
    assert (now["on"], now["version"], now["as_of"]) == ("2026-12-19", 3, "2026-12-10")
    assert ana.get(procedure, as_of="2026-12-10").json() == now


def test_a_day_before_the_booking_has_nothing_to_show(ana: Caller) -> None:
    procedure = ana.book()
    for path in (procedure, f"{procedure}/checklist"):
        assert "2026-11-22" in wrong(ana.get(path, as_of="2026-11-21"))["/as_of"]
        assert ana.get(path, as_of="2026-11-22").status_code == 200


def test_a_later_day_is_what_follows_if_nothing_more_is_said(house: House, ana: Caller) -> None:
    procedure = ana.book()
    foreseen = {day: ana.get(f"{procedure}/checklist", as_of=day).content for day in ("2026-12-04", "2026-12-17")}
    assert ana.get(procedure, as_of="2026-12-18").json()["days_to_go"] == 0
    over = ana.get(procedure, as_of="2026-12-19").json()
    assert (over["days_to_go"], over["standing"]["level"]) == (-1, "past")
    assert ana.get(procedure, as_of="2199-12-31").status_code == 200
    for day, expected in foreseen.items():
        house.go_to(day)
        assert ana.get(f"{procedure}/checklist").content == expected


def test_the_timeline_says_beforehand_what_each_day_will_show(ana: Caller) -> None:
    procedure = ana.book()
    told = {item["step"]: item["timeline"] for item in ana.get(f"{procedure}/checklist").json()["items"]}
    for day in ("2026-11-30", "2026-12-03", "2026-12-04", "2026-12-11", "2026-12-18"):
        for item in ana.get(f"{procedure}/checklist", as_of=day).json()["items"]:
            expected = [state for start, state in told[item["step"]] if start <= day][-1]
            assert item["state"] == expected, (item["step"], day)
