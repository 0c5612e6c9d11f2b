"""The worklist: who is not ready and why, most urgent first; it agrees with every procedure read by itself."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from prep_tracker.demo.acting import play
from prep_tracker.demo.people import ASTER
from prep_tracker.services.worklist import LEVELS
from prep_tracker.store import Connection, clinics
from tests.api.deciding import READY
from tests.api.house import BOOKING, Caller, House, Json, wrong


@pytest.fixture
def full(house: House) -> House:
    """Fill Aster with patients in every standing, and Birch with one of its own."""

    def fill(connection: Connection) -> None:
        clinic = clinics.get(connection, house.clinics["Aster"])
        for story in ASTER:
            play(connection, clinic, story, house.clock.now())

    house.store.run_write(fill)
    house.person("Ben").book()
    return house


def walk(caller: Caller, **query: str) -> list[Json]:
    """Read every page."""
    found: list[Json] = []
    answer = caller.send("GET", "/v1/worklist", params=query)
    while True:
        told = answer.json()
        found += told["items"]
        link = answer.links.get("next", {}).get("url")
        assert (link is None) == (told["next"] is None)
        if link is None:
            return found
        assert parse_qs(urlsplit(link).query)["cursor"] == [told["next"]]
        answer = caller.send("GET", link)
        assert answer.status_code == 200


def one_by_one(house: House, caller: Caller) -> dict[str, Json]:
    """Read every procedure of the clinic by itself."""
    ids = [row[1] for row in house.rows()["procedures"] if house.clinics["Aster"] in row]
    return {name: caller.get(f"/v1/procedures/{name}").json() for name in ids}


def test_it_agrees_with_every_procedure_read_by_itself_whatever_the_day(full: House) -> None:
    ana = full.person("Ana")
    start = full.clock.today("Europe/Amsterdam")
    for ahead in (0, 1, 2, 5, 9, 15, 45):
        today = start + timedelta(days=ahead)
        full.go_to(today.isoformat())
        every = one_by_one(full, ana)
        for within in (0, 14, 60):
            told = ana.get("/v1/worklist", within_days=str(within), limit="200").json()
            until = today + timedelta(days=within)
            assert (told["as_of"], told["until"]) == (today.isoformat(), until.isoformat())
            expected = {
                name: one
                for name, one in every.items()
                if one["standing"]["level"] in LEVELS and date.fromisoformat(one["on"]) <= until
            }
            assert {row["procedure_id"] for row in told["items"]} == expected.keys()
            counted = Counter(one["standing"]["level"] for one in expected.values())
            assert told["counts"] == {level: counted[level] for level in LEVELS}
            for row in told["items"]:
                one = every[row["procedure_id"]]
                assert row["standing"]["level"] == one["standing"]["level"]
                assert row["days_to_go"] == one["days_to_go"]
                assert row["patient"] == one["patient"]
                if row["on"] >= today.isoformat():
                    assert row["standing"]["reasons"] == one["standing"]["reasons"][:3]
                    assert row["act_by"] is None or row["act_by"] >= today.isoformat()


def test_the_stories_stand_in_every_level(full: House) -> None:
    told = full.person("Ana").get("/v1/worklist", within_days="60").json()
    assert all(told["counts"][level] for level in LEVELS), told["counts"]


def test_most_urgent_comes_first_and_what_waits_for_nobody_last(full: House) -> None:
    rows = walk(full.person("Ana"), within_days="60", limit="200")
    places = [(row["act_by"] is None, row["act_by"] or "", row["on"]) for row in rows]
    assert places == sorted(places)
    assert {row["act_by"] is None for row in rows} == {True, False}


@pytest.mark.parametrize("limit", ["1", "2", "7"])
def test_a_cursor_walks_every_row_once(full: House, limit: str) -> None:
    ana = full.person("Ana")
    whole = walk(ana, within_days="60", limit="200")
    for query in ({}, {"standing": "waiting,blocked"}, {"act_by": "2026-11-28"}):
        rows = walk(ana, within_days="60", limit=limit, **query)
        expected = [
            row
            for row in whole
            if ("standing" not in query or row["standing"]["level"] in {"waiting", "blocked"})
            and ("act_by" not in query or (row["act_by"] or "9999") <= query["act_by"])
        ]
        assert rows == expected
        assert 0 < len(rows) <= len(whole)


def test_every_level_can_be_asked_for_by_itself(full: House) -> None:
    ana = full.person("Ana")
    told = ana.get("/v1/worklist", within_days="60").json()
    for level in LEVELS:
        only = ana.get("/v1/worklist", within_days="60", standing=level).json()
        assert {row["standing"]["level"] for row in only["items"]} == {level}
        assert len(only["items"]) == told["counts"][level]
        assert only["counts"] == told["counts"]


def test_a_cursor_that_was_tampered_with_is_refused(full: House) -> None:
    ana = full.person("Ana")
    given = ana.get("/v1/worklist", within_days="60", limit="2").json()["next"]
    flipped = [given[:n] + ("A" if given[n] != "A" else "B") + given[n + 1 :] for n in range(0, len(given), 5)]
    for wrong_one in (*flipped, given + "A", given + "=", given[:-1], "", "%00", "é", given[::-1], "A" * 400):
        answer = ana.get("/v1/worklist", within_days="60", cursor=wrong_one)
        assert (answer.status_code, answer.json()["type"]) == (400, "/v1/problems/bad-request"), wrong_one
    assert full.person("Ben").get("/v1/worklist", cursor=given).status_code == 400
    assert ana.get("/v1/worklist", cursor="x" * 501).status_code == 422


def test_a_cursor_of_another_list_is_refused(full: House) -> None:
    ana = full.person("Ana")
    procedure = ana.book(kept_since=READY, patient=BOOKING["patient"] | {"reference": "A-9"})
    given = ana.get(f"{procedure}/entries", limit="2").json()["next"]
    assert ana.get("/v1/worklist", cursor=given).status_code == 400
    ours = ana.get("/v1/worklist", within_days="60", limit="2").json()["next"]
    assert ana.get(f"{procedure}/entries", cursor=ours).status_code == 400


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"within_days": "-1"}, "/within_days"),
        ({"within_days": "731"}, "/within_days"),
        ({"within_days": "many"}, "/within_days"),
        ({"standing": "happy"}, "/standing"),
        ({"standing": "blocked;at-risk"}, "/standing"),
        ({"standing": "cancelled"}, "/standing"),
        ({"act_by": "tomorrow"}, "/act_by"),
        ({"act_by": "1764547200"}, "/act_by"),
        ({"limit": "0"}, "/limit"),
        ({"limit": "201"}, "/limit"),
    ],
)
def test_a_wrong_filter_is_named(ana: Caller, query: dict[str, str], pointer: str) -> None:
    assert wrong(ana.send("GET", "/v1/worklist", params=query)).keys() == {pointer}


def test_the_last_day_to_act_is_reckoned_anew_when_it_has_passed(house: House, ana: Caller) -> None:
    """Nobody says anything; days pass; the row asks for the next thing of all that stands or will stand in the way."""
    procedure = ana.book(on="2026-12-18")
    days = [(date(2026, 11, 22) + timedelta(days=n)).isoformat() for n in range(27)]
    standing = {day: ana.get(procedure, as_of=day).json()["standing"]["reasons"] for day in days}
    seen = []
    for number, day in enumerate(days):
        house.go_to(day)
        (row,) = ana.get("/v1/worklist", within_days="60").json()["items"]
        coming = min(reason["act_by"] for later in days[number:] for reason in standing[later])
        assert row["act_by"] == coming >= day, day
        seen.append(row["act_by"])
    assert seen == sorted(seen)
    assert len(set(seen)) == 3
    assert ana.get(procedure).json()["version"] == 1


def test_what_comes_up_later_and_is_more_urgent_comes_first(full: House) -> None:
    """A row is never sorted behind the last day to act of a reason that it shows."""
    start = full.clock.today("Europe/Amsterdam")
    for ahead in range(0, 20, 3):
        full.go_to((start + timedelta(days=ahead)).isoformat())
        for row in walk(full.person("Ana"), within_days="60"):
            if row["on"] >= (start + timedelta(days=ahead)).isoformat():
                shown = [reason["act_by"] for reason in row["standing"]["reasons"]]
                assert row["act_by"] is None or not shown or row["act_by"] <= min(shown)
                assert shown == [] or row["act_by"] is not None


def test_what_has_ended_and_what_is_further_away_is_not_listed(house: House, ana: Caller) -> None:
    near, far = ana.book(on="2026-12-06"), ana.book(on="2026-12-07")
    listed = {row["procedure_id"] for row in ana.get("/v1/worklist").json()["items"]}
    assert listed == {near.rsplit("/", 1)[-1]}
    ana.send("PUT", f"{near}/state", json={"state": "cancelled"}, headers={"If-Match": '"1"'})
    assert ana.get("/v1/worklist").json()["items"] == []
    house.go_to("2026-12-08")
    (row,) = ana.get("/v1/worklist").json()["items"]
    assert (row["procedure_id"], row["days_to_go"], row["standing"]["level"]) == (far.rsplit("/", 1)[-1], -1, "past")


def test_it_speaks_the_language_of_the_caller_and_says_so(ana: Caller) -> None:
    ana.book(on="2026-12-01")
    answer = ana.get("/v1/worklist", lang="en")
    assert answer.headers["content-language"] == "en"
    assert answer.headers["cache-control"] == "private, no-cache"


def test_rows_that_stand_alike_are_each_listed_once(ana: Caller) -> None:
    """Many of the same day, patient and standing: only the id tells them apart."""
    booked = {ana.book().rsplit("/", 1)[-1] for _ in range(12)}
    rows = walk(ana, within_days="60", limit="5")
    assert [row["procedure_id"] for row in rows] == sorted(booked)
    assert BOOKING["on"] == rows[0]["on"]
