"""Look before booking: what a text contains, which days could be, and what a protocol asks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.api.house import BOOKING, Caller, House, Json, wrong

WISH: Json = {"protocol": "laser-resurfacing", "exposures": [{"to": "sun", "on": "2026-11-20"}], "count": 6}
LABEL = "Ingredients: Aqua, Glycerin, Niacinamide, Retinol, Glycolic Acid, Parfum. Free of salicylic acid."


def scan(caller: Caller, text: str) -> Json:
    answer = caller.post("/v1/scan", {"text": text})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def test_a_label_is_told_with_the_words_that_say_so(ana: Caller) -> None:
    told = scan(ana, LABEL)
    assert {"retinoid", "aha"} <= {m["class"] for m in told["matches"]}
    assert "bha" not in {m["class"] for m in told["matches"]}
    for match in told["matches"]:
        begin, end = match["span"]
        assert LABEL[begin:end] == match["words"]
    assert {"retinol", "glycolic-acid"} <= {m["entry"] for m in told["matches"]}


def test_a_possible_misspelling_only_asks(ana: Caller) -> None:
    told = scan(ana, "adapalane")
    assert told["matches"] == []
    (question,) = told["questions"]
    assert (question["suggestion"], question["words"]) == ("adapalene", "adapalane")


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "😀" * 200, "\u202e" * 50, "a\u200bb", "﷽" * 30, "<script>", "; DROP TABLE"]
)
def test_whatever_is_typed_is_answered_and_nothing_is_called_safe(ana: Caller, text: str) -> None:
    answer = ana.post("/v1/scan", {"text": text})
    assert answer.status_code in {200, 422}
    assert "safe" not in answer.text
    if answer.status_code == 200:
        assert answer.json()["matches"] == []


def test_a_text_that_is_too_long_is_refused_at_once(house: House, ana: Caller) -> None:
    for length in (32_769, 200_000):
        assert "/text" in wrong(ana.post("/v1/scan", {"text": "a" * length}))
    assert ana.post("/v1/scan", {"text": "retinol, " * 40_000}).status_code == 413
    assert scan(ana, "retinol, " * 200)["matches"] != []
    assert wrong(ana.post("/v1/scan", {})).keys() == {"/text"}
    assert wrong(ana.post("/v1/scan", {"text": 7})).keys() == {"/text"}
    assert house.person("Iris").post("/v1/scan", {"text": "retinol"}).status_code == 200


def find(caller: Caller, **differing: Any) -> Json:  # noqa: ANN401 - any field of a wish
    answer = caller.post("/v1/feasibility", WISH | differing)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def test_looking_for_a_day_stores_nothing(house: House, ana: Caller) -> None:
    rows = house.rows()
    find(ana, products=[{"text": "Differin", "kind": "skincare"}], kept_since={"no-retinoids": "2026-11-01"})
    assert house.rows() == rows


def test_the_first_days_are_safe_and_say_why(ana: Caller) -> None:
    told = find(ana)
    assert (told["protocol"], told["as_of"]) == ("laser-resurfacing@1", "2026-11-22")
    good = [day for day in told["days"] if day["ok"]]
    assert len(good) == WISH["count"]
    assert told["earliest_safe_on"] <= good[0]["on"]
    assert [day["on"] for day in told["days"]] == sorted(day["on"] for day in told["days"])
    for day in told["days"]:
        sun = next(rule for rule in day["because"] if rule["step"] == "no-sun")
        assert sun["sentence"].endswith(".")
        assert (sun["days_short"] == 0) == day["ok"]
        last_in_the_sun = date(2026, 11, 20)
        assert sun["days_short"] == max(0, 14 - (date.fromisoformat(day["on"]) - last_in_the_sun).days + 1)


def test_weekends_holidays_and_closing_days_are_skipped(house: House, ana: Caller) -> None:
    settings = {"holidays": {"country": "NL"}, "closing_days": ["2026-12-08", "2026-12-09"]}
    assert house.person("Ada").send("PATCH", "/v1/clinic", json=settings).status_code == 200
    told = find(ana, count=30)
    days = [date.fromisoformat(day["on"]) for day in told["days"]]
    assert all(day.weekday() < 5 for day in days)
    closed = {"2026-12-08", "2026-12-09", "2026-12-25", "2027-01-01"}
    assert not closed & {day["on"] for day in told["days"]}
    assert {"2026-12-07", "2026-12-10", "2026-12-24"} <= {day["on"] for day in told["days"]}


@pytest.mark.parametrize(
    "known",
    [
        {"exposures": [{"to": "sun", "on": "2026-11-20"}]},
        {"exposures": [{"to": "sun", "on": "2026-11-22"}, {"to": "retinoid", "on": "2026-11-21"}]},
        {"kept_since": {"no-sun": "2026-11-10"}},
        {"exposures": []},
    ],
)
def test_the_earliest_day_is_what_booking_every_day_one_after_the_other_finds(ana: Caller, known: Json) -> None:
    """A procedure moves to every day in turn, as if kept from today on: the first that is not blocked is found."""
    told = find(ana, **({"exposures": []} | known))
    today = date(2026, 11, 22)
    procedure = ana.book(**known)
    found = None
    for ahead in range(40):
        on = (today + timedelta(days=ahead)).isoformat()
        assert ana.move(procedure, on).status_code == 200
        if ana.get(procedure).json()["earliest_safe_on"] == on and found is None:
            found = on
    assert told["earliest_safe_on"] == found
    first = next(day["on"] for day in told["days"] if day["ok"])
    open_days = [
        (today + timedelta(days=n)).isoformat()
        for n in range(60)
        if (today + timedelta(days=n)).weekday() < 5 and (today + timedelta(days=n)).isoformat() >= str(found)
    ]
    assert first == open_days[0]


def test_a_day_is_looked_for_from_a_day_on(ana: Caller) -> None:
    told = find(ana, not_before="2027-02-01", count=3)
    assert [day["on"] for day in told["days"]] == ["2027-02-01", "2027-02-02", "2027-02-03"]
    assert all(day["ok"] for day in told["days"])


@pytest.mark.parametrize(
    ("differing", "pointers"),
    [
        ({"protocol": "no-such"}, {"/protocol"}),
        ({"protocol": "laser-resurfacing@99"}, {"/protocol"}),
        ({"not_before": "2026-11-21"}, {"/not_before"}),
        ({"count": 0}, {"/count"}),
        ({"count": 31}, {"/count"}),
        ({"exposures": [{"to": "moon", "on": "2026-11-20"}]}, {"/exposures/0/to"}),
        ({"exposures": [{"to": "sun", "on": "2026-11-23"}]}, {"/exposures/0/on"}),
        ({"answers": {"no-such": True}}, {"/answers/no-such"}),
        ({"kept_since": {"no-such": "2026-11-01"}}, {"/kept_since/no-such"}),
        ({"on": "2026-12-18"}, {"/on"}),
        (
            {"protocol": "laser-resurfacing", "not_before": "2026-11-01", "answers": {"x": 1}},
            {"/not_before", "/answers/x"},
        ),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_with_every_fault(
    ana: Caller, differing: Json, pointers: set[str]
) -> None:
    assert wrong(ana.post("/v1/feasibility", WISH | differing)).keys() == pointers


def test_the_form_asks_what_is_still_unknown_first(ana: Caller) -> None:
    procedure = ana.book(protocol="laser-fractional", answers={"sedation": True})
    told = ana.get(f"{procedure}/questions").json()
    facts = {one["id"]: one for one in told["items"] if one["kind"] == "fact"}
    assert facts.keys() == {"cold-sores", "area", "sedation"}
    assert (facts["sedation"]["answered"], facts["sedation"]["value"]) == (True, True)
    assert (facts["area"]["type"], facts["area"]["options"]) == ("one-of", ["full-face", "perioral", "other"])
    assert [one["answered"] for one in told["items"]] == sorted(one["answered"] for one in told["items"])
    assert told["open"] == sum(not one["answered"] for one in told["items"])
    before = told["open"]
    assert ana.put(f"{procedure}/answers", {"area": "other"}).status_code == 200
    ana.post(f"{procedure}/marks", {"kind": "no_more_products"})
    again = ana.get(f"{procedure}/questions").json()
    assert again["open"] < before
    assert "area" not in {one["id"] for one in again["items"] if not one["answered"]}


def test_whatever_the_form_asks_can_be_answered_as_it_says(house: House, ana: Caller) -> None:
    """Render the form, answer every question by its kind, and nothing is asked any more."""
    house.go_to("2026-12-18")
    procedure = ana.book(protocol="laser-ablative", answers={})
    for _ in range(4):
        for one in ana.get(f"{procedure}/questions").json()["items"]:
            if one["answered"]:
                continue
            if one["kind"] == "fact":
                value = {"yes-no": False, "one-of": (one["options"] or [None])[0]}[one["type"]]
                answer = ana.put(f"{procedure}/answers", {one["id"]: value})
            elif one["kind"] == "no_more_products":
                answer = ana.post(f"{procedure}/marks", {"kind": "no_more_products"})
            else:
                kind = {"gate": "safe", "daily": "kept"}.get(one["kind"], one["kind"])
                on = None if kind == "since" else "2026-12-18"
                answer = ana.post(f"{procedure}/marks", {"step": one["id"], "kind": kind, "on": on})
            assert answer.status_code in {200, 201}, (one, answer.text)
    left = [one for one in ana.get(f"{procedure}/questions").json()["items"] if not one["answered"]]
    assert left == []


def test_the_form_can_be_read_for_another_day(ana: Caller) -> None:
    procedure = ana.book()
    assert ana.get(f"{procedure}/questions").json()["as_of"] == "2026-11-22"
    later = ana.get(f"{procedure}/questions", as_of="2026-12-10").json()
    assert later["as_of"] == "2026-12-10"
    assert "/as_of" in wrong(ana.get(f"{procedure}/questions", as_of="2026-11-21"))
    assert BOOKING["on"] > later["as_of"]
