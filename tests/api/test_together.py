"""Many at once: nothing is lost, nothing is done twice, and everything lies in one order."""

from __future__ import annotations

from typing import Any

from prep_tracker.desk.case import projected, rules_of
from prep_tracker.domain.days import Calendar
from prep_tracker.domain.plan import plan
from prep_tracker.domain.record import fold
from prep_tracker.store import procedures
from tests.api.house import BOOKING, PIA, Caller, House


def replayed(house: House, procedure: str) -> dict[str, Any]:
    """Give the projection as it follows from the entries alone, reckoned anew."""

    def read(connection: Any) -> dict[str, Any]:  # noqa: ANN401
        record = fold(procedures.entries(connection, house.clinics["Aster"], procedure.rsplit("/", 1)[-1]))
        rules = rules_of(connection, house.clinics["Aster"], record.protocol)
        return projected(
            plan(rules, record, Calendar("Europe/Amsterdam")), house.clock.today("Europe/Amsterdam").toordinal()
        )

    return house.store.run_read(read)


def test_two_hundred_marks_at_once(house: House, ana: Caller) -> None:
    procedure = ana.book()
    house.go_to("2026-12-10")
    steps = ("no-sun", "no-retinoids", "no-aha", "no-bha")
    days = [f"2026-11-{day:02d}" for day in range(1, 31)] + [f"2026-12-{day:02d}" for day in range(1, 11)]
    marks = [
        ("POST", f"{procedure}/marks", {"json": {"step": steps[n % 4], "kind": "since", "on": days[n % 40]}})
        for n in range(200)
    ]
    answers = ana.together(marks)
    assert [a.status_code for a in answers] == [201] * 200
    assert sorted(a.json()["entry"] for a in answers) == list(range(2, 202))

    entries = []
    following: str | None = f"{procedure}/entries?limit=200"
    while following:
        page = ana.send("GET", following)
        entries += page.json()["items"]
        following = page.links.get("next", {}).get("url")
    assert [e["n"] for e in entries] == list(range(1, 202))
    # Each answer belongs to the very entry that it named: nobody got another's number.
    said = {e["n"]: (e["step"], e["on"]) for e in entries[1:]}
    for (_, _, sent), answer in zip(marks, answers, strict=True):
        assert said[answer.json()["entry"]] == (sent["json"]["step"], sent["json"]["on"])
    # The order in the record is the order that counts: the last said of each step holds.
    for step in steps:
        last = [e for e in entries[1:] if e["step"] == step][-1]
        assert ana.item(procedure, step)["marks"][-1]["entry"] == last["n"]

    row = house.row(procedure)
    assert row["version"] == 201
    assert {name: row[name] for name in replayed(house, procedure)} == replayed(house, procedure)
    lines = [line for line in house.rows()["audit"] if "item.marked" in line]
    assert len(lines) == 200


def test_only_one_of_many_moves_from_the_same_version_is_made(house: House, ana: Caller) -> None:
    procedure = ana.book()
    tag = ana.get(procedure).headers["etag"]
    moves = [
        ("POST", f"{procedure}/moves", {"json": {"to_on": f"2026-12-{20 + n}"}, "headers": {"If-Match": tag}})
        for n in range(8)
    ]
    answers = ana.together(moves)
    assert sorted(a.status_code for a in answers) == [200, *[412] * 7]
    made = next(a for a in answers if a.status_code == 200).json()["to"]["on"]
    assert ana.get(procedure).json()["on"] == made
    assert house.row(procedure)["version"] == 2


def test_of_ten_who_decided_on_one_version_nine_are_told_round_after_round(ana: Caller) -> None:
    procedure = ana.book()
    for number in range(8):
        headers = {"If-Match": ana.get(procedure).headers["etag"]}
        days = [f"20{27 + number}-01-{n + 1:02d}" for n in range(10)]
        moves = [("POST", f"{procedure}/moves", {"json": {"to_on": day}, "headers": headers}) for day in days]
        answers = ana.together(moves)
        assert sorted(a.status_code for a in answers) == [200, *[412] * 9]
        made = next(day for day, a in zip(days, answers, strict=True) if a.status_code == 200)
        told = ana.get(procedure).json()
        assert (told["on"], told["version"]) == (made, number + 2)


def test_three_keys_twenty_times_at_once_are_three_bookings(house: House, ana: Caller) -> None:
    """All of them at once, one key among the others."""
    keys = ("one", "another", "the third")
    bodies = {key: BOOKING | {"on": f"2027-02-0{n + 1}"} for n, key in enumerate(keys)}
    sent = [
        ("POST", "/v1/procedures", {"json": bodies[key], "headers": {"Idempotency-Key": key.replace(" ", "-")}})
        for key in keys * 20
    ]
    answers = ana.together(sent)
    assert {a.status_code for a in answers} == {201}
    assert sum("idempotent-replayed" not in a.headers for a in answers) == 3
    for n, key in enumerate(keys):
        assert {a.json()["on"] for a in answers[n::3]} == {bodies[key]["on"]}
        assert len({a.content for a in answers[n::3]}) == 1
    assert len(house.rows()["procedures"]) == 3


def test_the_same_booking_sent_twenty_times_at_once_is_made_once(house: House, ana: Caller) -> None:
    request = {"json": BOOKING, "headers": {"Idempotency-Key": "one-and-the-same"}}
    answers = ana.together([("POST", "/v1/procedures", request)] * 20)
    assert {a.status_code for a in answers} == {201}
    assert len({a.content for a in answers}) == 1
    assert len({a.headers["location"] for a in answers}) == 1
    assert sum("idempotent-replayed" not in a.headers for a in answers) == 1
    rows = house.rows()
    assert (len(rows["procedures"]), len(rows["patients"]), len(rows["entries"])) == (1, 1, 1)


def test_many_bookings_of_one_new_patient_at_once_make_one_patient(house: House, ana: Caller) -> None:
    requests = [("POST", "/v1/procedures", {"json": BOOKING | {"on": f"2027-01-{n + 1:02d}"}}) for n in range(12)]
    answers = ana.together(requests)
    assert [a.status_code for a in answers] == [201] * 12
    assert len({a.json()["patient"]["id"] for a in answers}) == 1
    assert len(house.rows()["patients"]) == 1


def test_two_different_new_patients_under_one_reference_are_one_and_a_conflict(house: House, ana: Caller) -> None:
    requests = [
        ("POST", "/v1/procedures", {"json": BOOKING | {"patient": PIA | {"name": name}}}) for name in ("Pia", "Pina")
    ]
    answers = ana.together(requests)
    assert sorted(a.status_code for a in answers) == [201, 409]
    rows = house.rows()
    assert (len(rows["patients"]), len(rows["procedures"])) == (1, 1)


def test_reads_beside_writes_see_whole_procedures(ana: Caller) -> None:
    procedure = ana.book()
    requests: list[tuple[str, str, dict[str, Any]]] = []
    for n in range(20):
        requests.append(("POST", f"{procedure}/exposures", {"json": {"to": "sun", "on": f"2026-11-{n + 1:02d}"}}))
        requests += [("GET", procedure, {}), ("GET", f"{procedure}/entries?limit=200", {})]
    answers = ana.together(requests)
    assert {a.status_code for a in answers} == {200, 201}
    for answer in answers:
        told = answer.json()
        if "items" in told:
            assert [e["n"] for e in told["items"]] == list(range(1, len(told["items"]) + 1))
        elif "patient" in told:
            assert answer.headers["etag"].startswith(f'"{told["version"]}.')
