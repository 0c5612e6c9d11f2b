"""Moving a procedure: what is said stays said, what follows from the day follows the new day, and back again."""

from __future__ import annotations

from tests.api.house import Caller, House, wrong


def test_sun_too_late_a_later_day_and_back(house: House, ana: Caller) -> None:
    house.go_to("2026-12-05")
    procedure = ana.book()
    exposed = ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-12-05"}).json()
    assert exposed["standing"]["before"]["level"] == "waiting"
    assert exposed["standing"]["after"]["level"] == "blocked"
    assert exposed["earliest_safe_on"] == "2026-12-20"
    reason = exposed["standing"]["after"]["reasons"][0]
    assert (reason["step"], reason["state"]) == ("no-sun", "short")
    assert (reason["days_short"], reason["floor_days_short"]) == (2, 2)
    assert ana.get(procedure).json()["standing"] == exposed["standing"]["after"]
    at_first = ana.get(f"{procedure}/checklist")
    rows = house.rows()

    preview = ana.post(f"{procedure}/moves?preview=true", {"to_on": "2026-12-20"})
    assert preview.status_code == 200
    assert house.rows() == rows
    assert ana.get(f"{procedure}/checklist").content == at_first.content
    moved = ana.move(procedure, "2026-12-20")
    assert moved.status_code == 200
    assert moved.content == preview.content
    done = moved.json()
    assert (done["from"]["on"], done["to"]["on"]) == ("2026-12-18", "2026-12-20")
    assert (done["from"]["days_to_go"], done["to"]["days_to_go"]) == (13, 15)
    assert {s["step"]: s["change"] for s in done["steps"]}["no-sun"] == "no_longer_short"
    assert not [s for s in done["steps"] if s["after"]["state"] == "short"]
    assert not [i for i in ana.get(f"{procedure}/checklist").json()["items"] if i["state"] == "short"]
    assert ana.get(procedure).json()["standing"]["level"] == "waiting"

    back = ana.move(procedure, "2026-12-18").json()
    assert {s["step"]: s["change"] for s in back["steps"]}["no-sun"] == "newly_short"
    again = ana.get(f"{procedure}/checklist")
    assert again.content == at_first.content
    assert again.headers["etag"] != at_first.headers["etag"]
    assert [e["kind"] for e in ana.get(f"{procedure}/entries").json()["items"]] == [
        "booked",
        "exposed",
        "moved",
        "moved",
    ]


def test_a_move_without_a_time_keeps_it_and_null_removes_it(ana: Caller) -> None:
    procedure = ana.book()
    assert ana.move(procedure, "2026-12-19").json()["to"]["at"] == "10:30"
    assert ana.move(procedure, "2026-12-20", to_at="08:15").json()["to"]["at"] == "08:15"
    assert ana.move(procedure, "2026-12-21", to_at=None).json()["to"]["at"] is None
    assert ana.get(procedure).json()["at"] is None


def test_a_preview_needs_no_etag_and_a_move_does(house: House, ana: Caller) -> None:
    procedure = ana.book()
    rows = house.rows()
    assert ana.post(f"{procedure}/moves?preview=true", {"to_on": "2026-12-20"}).status_code == 200
    assert ana.post(f"{procedure}/moves", {"to_on": "2026-12-20"}).status_code == 428
    assert ana.post(f"{procedure}/moves?preview=false", {"to_on": "2026-12-20"}).status_code == 428
    assert house.rows() == rows


def test_a_move_decided_on_another_version_is_refused(house: House, ana: Caller) -> None:
    procedure = ana.book()
    ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-20"})
    rows = house.rows()
    for stale in ('"1.2026-11-22.en.staff"', '"1"', '"99.x"', '"nonsense"', "nonsense", "", '"0"'):
        answer = ana.post(f"{procedure}/moves", {"to_on": "2026-12-20"}, If_Match=stale)
        assert answer.status_code == 412, stale
        assert answer.headers["etag"] == ana.get(procedure).headers["etag"]
    assert house.rows() == rows


def test_only_the_version_of_the_tag_counts(ana: Caller) -> None:
    procedure = ana.book()
    tags = ('"1.2026-11-22.en.staff"', '"2"', '"3.1999-01-01.xx.whoever"')
    for version, current in enumerate(tags, 1):
        answer = ana.post(f"{procedure}/moves", {"to_on": f"2026-12-{20 + version}"}, If_Match=current)
        assert answer.status_code == 200
        assert answer.headers["etag"].startswith(f'"{version + 1}.')


def test_a_move_into_the_past_is_said_to_be_one(house: House, ana: Caller) -> None:
    procedure = ana.book()
    house.go_to("2026-12-04")
    rows = house.rows()
    for path in (f"{procedure}/moves", f"{procedure}/moves?preview=true"):
        answer = ana.post(path, {"to_on": "2026-12-03"}, If_Match='"1"')
        assert "backdated" in wrong(answer)["/to_on"]
    assert house.rows() == rows
    assert ana.move(procedure, "2026-12-03", backdated=True).status_code == 200
    assert ana.get(procedure).json()["standing"]["level"] == "past"


def test_today_is_not_past(house: House, ana: Caller) -> None:
    procedure = ana.book()
    house.go_to("2026-12-04")
    assert ana.move(procedure, "2026-12-04").json()["to"]["days_to_go"] == 0


def test_a_mark_outlives_a_move(house: House, ana: Caller) -> None:
    procedure = ana.book()
    house.go_to("2026-12-12")
    ana.post(f"{procedure}/marks", {"step": "no-aha", "kind": "since", "on": "2026-12-11"})
    moved = ana.move(procedure, "2026-12-22").json()
    step = next(s for s in moved["steps"] if s["step"] == "no-aha")
    assert (step["before"]["opens_on"], step["after"]["opens_on"]) == ("2026-12-11", "2026-12-15")
    assert step["after"]["days_short"] == 0
    assert ana.item(procedure, "no-aha")["state"] == "upcoming"


def test_the_projection_moves_along(house: House, ana: Caller) -> None:
    house.go_to("2026-12-05")
    procedure = ana.book()
    ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-12-05"})
    assert str(house.row(procedure)["blocked_on"]) == "2026-12-05"
    ana.move(procedure, "2026-12-20")
    row = house.row(procedure)
    assert (row["blocked_on"], str(row["procedure_on"]), row["version"]) == (None, "2026-12-20", 3)
