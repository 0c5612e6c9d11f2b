"""A patient's own calendar: read back by two other readers, and the same events after every move."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from ical.calendar_stream import IcsCalendarStream

from prep_tracker.exports.ics import uid_of
from tests.api.house import PIA, Caller, House

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def ana(house: House) -> Caller:
    return house.person("Ana")


class Feed:
    """A patient with a calendar."""

    def __init__(self, house: House, ana: Caller, **booking: Any) -> None:  # noqa: ANN401 - fields of a booking
        """Book, and subscribe."""
        self.procedure = ana.book(**booking)
        token = ana.post(f"{self.procedure}/portal-links").json()["url"].partition("=")[2]
        made = house.stranger().post("/v1/portal/sessions", {"token": token}).json()
        self.patient, self.house = house.caller(made["access_token"]), house
        self.own = self.procedure.replace("/v1/", "/v1/portal/", 1)
        answer = self.patient.post(f"{self.own}/calendar")
        assert answer.status_code == 201
        self.path = str(answer.json()["url"]).removeprefix("http://aster.test")

    def get(self, **headers: str) -> Any:  # noqa: ANN401 - an answer
        """Fetch the calendar as a calendar does: without a credential."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.house.stranger().send("GET", self.path, headers=named, check=False)

    def events(self) -> dict[str, Any]:
        """Give the events by name."""
        read = icalendar.Calendar.from_ical(self.get().content)
        return {str(event["uid"]): event for event in read.walk("VEVENT")}


def test_two_readers_agree(house: House, ana: Caller) -> None:
    feed = Feed(house, ana, at="10:30", protocol="laser-ablative")
    answer = feed.get()
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    ours, theirs = feed.events(), IcsCalendarStream.calendar_from_ics(answer.text)
    assert {event.uid for event in theirs.events} == ours.keys()
    for event in theirs.events:
        own = ours[str(event.uid)]
        assert (event.dtstart, event.dtend) == (own.decoded("dtstart"), own.decoded("dtend"))
        assert event.sequence == own["sequence"]
    name = feed.procedure.rsplit("/", 1)[-1]
    start = ours[uid_of(name)].decoded("dtstart")
    assert start == datetime(2026, 12, 18, 9, 30, tzinfo=UTC)
    days = [event for uid, event in ours.items() if uid != uid_of(name)]
    assert all(type(event.decoded("dtstart")) is date for event in days)
    assert {event.decoded("dtend") - event.decoded("dtstart") for event in days} == {timedelta(days=1)}
    assert max(len(line) for line in answer.content.split(b"\r\n")) <= 75
    assert b"VTIMEZONE" not in answer.content


def test_moving_twice_moves_the_same_events(house: House, ana: Caller) -> None:
    feed = Feed(house, ana, at="10:30")
    before = feed.events()
    ana.move(feed.procedure, "2026-12-22")
    between = feed.events()
    ana.move(feed.procedure, "2026-12-18")
    after = feed.events()
    assert before.keys() == between.keys() == after.keys()
    for uid, event in before.items():
        assert event["sequence"] < between[uid]["sequence"] < after[uid]["sequence"]
        assert event.decoded("dtstart") == after[uid].decoded("dtstart")
    appointment = uid_of(feed.procedure.rsplit("/", 1)[-1])
    assert between[appointment].decoded("dtstart").date() == date(2026, 12, 22)


def test_what_is_off_stays_as_a_tombstone(house: House, ana: Caller) -> None:
    feed = Feed(house, ana)
    count = len(feed.events())
    ana.send(
        "PUT",
        f"{feed.procedure}/state",
        json={"state": "cancelled"},
        headers={"If-Match": ana.get(feed.procedure).headers["etag"]},
    )
    events = feed.events()
    assert len(events) == count
    assert {str(event["status"]) for event in events.values()} == {"CANCELLED"}


def test_a_step_that_goes_is_cancelled_not_forgotten(house: House, ana: Caller) -> None:
    house.person("Ada").send("PATCH", "/v1/clinic", json={"calendar_titles": "full"})
    feed = Feed(house, ana, protocol="laser-ablative", answers={"cold-sores": True, "area": "other"})
    name = uid_of(feed.procedure.rsplit("/", 1)[-1], "antiviral")
    assert str(feed.events()[name]["status"]) == "CONFIRMED"
    ana.put(f"{feed.procedure}/answers", {"cold-sores": False})
    assert str(feed.events()[name]["status"]) == "CANCELLED"
    ana.put(f"{feed.procedure}/answers", {"cold-sores": True})
    assert str(feed.events()[name]["status"]) == "CONFIRMED"


def test_titles_say_nothing_unless_the_clinic_wants_them_to(house: House, ana: Caller) -> None:
    feed = Feed(house, ana)
    neutral = feed.get().text
    assert "sun" not in neutral.lower().replace("subscri", "")
    assert "laser" not in neutral.lower()
    house.person("Ada").send("PATCH", "/v1/clinic", json={"calendar_titles": "full"})
    assert "No sun and no tanning beds" in feed.get().text.replace("\r\n ", "")


def test_an_unchanged_calendar_is_a_304(house: House, ana: Caller) -> None:
    feed = Feed(house, ana)
    first = feed.get()
    again = feed.get(If_None_Match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    ana.move(feed.procedure, "2026-12-22")
    assert feed.get(If_None_Match=first.headers["etag"]).status_code == 200


def test_what_is_unchanged_is_not_reckoned(house: House, ana: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Feed(house, ana)
    tag = feed.get().headers["etag"]
    monkeypatch.setattr("prep_tracker.services.calendars.read_days", lambda *_: pytest.fail("it was reckoned"))
    assert feed.get(If_None_Match=tag).status_code == 304


@pytest.mark.parametrize(
    "change",
    [
        {"time_zone": "America/New_York"},
        {"name": "Aster Skin"},
        {"closing_days": ["2026-12-17"]},
        {"holidays": {"country": "NL"}},
        {"calendar_titles": "full"},
        {"patient_url": "https://portal.aster.example/"},
    ],
)
def test_what_the_clinic_changes_is_fetched_and_taken_for_newer(
    house: House, ana: Caller, change: dict[str, Any]
) -> None:
    feed = Feed(house, ana, at="10:30")
    appointment = uid_of(feed.procedure.rsplit("/", 1)[-1])
    first, before = feed.get(), feed.events()
    house.clock.advance(timedelta(hours=1))
    assert house.person("Ada").send("PATCH", "/v1/clinic", json=change).status_code == 200
    again = feed.get(If_None_Match=first.headers["etag"])
    assert (again.status_code, again.headers["etag"] == first.headers["etag"]) == (200, False)
    after = feed.events()
    for uid in before.keys() & after.keys():
        assert after[uid]["sequence"] > before[uid]["sequence"]
        for stamp in ("dtstamp", "last-modified"):
            assert after[uid].decoded(stamp) - before[uid].decoded(stamp) == timedelta(hours=1)
    moved = after[appointment].decoded("dtstart") - before[appointment].decoded("dtstart")
    assert moved == (timedelta(hours=6) if "time_zone" in change else timedelta(0))
    assert feed.get(If_None_Match=again.headers["etag"]).status_code == 304
    if "patient_url" in change:
        assert {str(event["url"]) for event in after.values()} == {"https://portal.aster.example/"}


def test_where_patients_reach_the_service_is_part_of_the_tag(
    house: House, ana: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Feed(house, ana)
    tag = feed.get().headers["etag"]
    monkeypatch.setitem(house.app.state._state, "public_url", "https://prep.example")
    again = feed.get(If_None_Match=tag)
    assert again.status_code == 200
    assert {str(event["url"]) for event in feed.events().values()} == {"https://prep.example/p/"}


def test_the_sequence_never_falls_whatever_is_changed_and_moved(house: House, ana: Caller) -> None:
    feed, ada = Feed(house, ana, at="10:30"), house.person("Ada")
    appointment, seen = uid_of(feed.procedure.rsplit("/", 1)[-1]), []
    for number, day in enumerate(("2026-12-22", "2026-12-18", "2026-12-23", "2026-12-18")):
        ada.send("PATCH", "/v1/clinic", json={"closing_days": [f"2026-12-2{number}"]})
        seen.append(int(feed.events()[appointment]["sequence"]))
        ana.move(feed.procedure, day)
        seen.append(int(feed.events()[appointment]["sequence"]))
    assert seen == sorted(set(seen))


def test_a_neutral_calendar_has_one_event_a_day_and_none_beside_the_procedure(house: House, ana: Caller) -> None:
    """Booked for tomorrow, everything that should have begun begins today: one event says so, not twenty-six."""
    for on in ("2026-11-23", "2026-12-18"):
        feed = Feed(house, ana, on=on, at="10:30", protocol="laser-ablative", patient=PIA | {"reference": on})
        appointment = uid_of(feed.procedure.rsplit("/", 1)[-1])
        events = feed.events()
        starts = [event.decoded("dtstart") for uid, event in events.items() if uid != appointment]
        assert len(starts) == len(set(starts)) > 1
        assert date.fromisoformat(on) not in starts
        for uid, event in events.items():
            if uid != appointment:
                is_before = event.decoded("dtstart") < date.fromisoformat(on)
                said = "Your preparation: open your list" if is_before else "After your appointment: open your list"
                assert str(event["summary"]) == said


def test_with_full_titles_two_weeks_are_shown_whole_and_of_more_the_first_day(house: House, ana: Caller) -> None:
    house.person("Ada").send("PATCH", "/v1/clinic", json={"calendar_titles": "full"})
    feed = Feed(house, ana)
    steps = {
        "two-weeks": {"days_before": 14, "title": "No scrubs"},
        "a-day-more": {"days_before": 15, "title": "No sauna"},
    }
    for name, step in steps.items():
        rule = {"id": name, "kind": "avoid", "of": ["scrub"], "severity": "advisory", "source": "Ours"} | step
        tag = ana.get(feed.procedure).headers["etag"]
        assert ana.post(f"{feed.procedure}/steps", rule, If_Match=tag).status_code == 201
    events, name = feed.events(), feed.procedure.rsplit("/", 1)[-1]
    whole, first = (events[uid_of(name, step)] for step in steps)
    assert str(whole["summary"]) == "No scrubs"
    assert (whole.decoded("dtstart"), whole.decoded("dtend")) == (date(2026, 12, 4), date(2026, 12, 19))
    assert str(first["summary"]) == "From today: No sauna"
    assert (first.decoded("dtstart"), first.decoded("dtend")) == (date(2026, 12, 3), date(2026, 12, 4))


def test_what_fell_away_stays_cancelled_however_much_is_said_after_it(house: House, ana: Caller) -> None:
    house.person("Ada").send("PATCH", "/v1/clinic", json={"calendar_titles": "full"})
    feed = Feed(house, ana, protocol="laser-ablative", answers={"cold-sores": True, "area": "other"})
    name = uid_of(feed.procedure.rsplit("/", 1)[-1], "antiviral")
    ana.put(f"{feed.procedure}/answers", {"cold-sores": False})
    for _ in range(210):
        ana.post(f"{feed.procedure}/marks", {"step": "sunscreen", "kind": "kept"})
    assert str(feed.events()[name]["status"]) == "CANCELLED"


def test_what_full_titles_showed_is_cancelled_when_they_are_neutral_again(house: House, ana: Caller) -> None:
    feed, ada = Feed(house, ana), house.person("Ada")
    ada.send("PATCH", "/v1/clinic", json={"calendar_titles": "full"})
    full = feed.events()
    ada.send("PATCH", "/v1/clinic", json={"calendar_titles": "neutral"})
    neutral = feed.events()
    assert full.keys() <= neutral.keys()
    statuses = [str(event["status"]) for event in neutral.values()]
    assert statuses.count("CONFIRMED") < len(full)
    assert statuses.count("CANCELLED") > 0
    assert b"No sun" not in feed.get().content


def test_a_calendar_that_has_ended_looks_like_none(house: House, ana: Caller) -> None:
    feed = Feed(house, ana)
    assert feed.patient.send("DELETE", f"{feed.own}/calendar").status_code == 204
    ended = feed.get()
    feed.path = f"/calendar/{'x' * 43}.ics"
    unknown = feed.get()
    assert ended.status_code == unknown.status_code == 404
    same = {"request_id"}
    assert {k: v for k, v in ended.json().items() if k not in same} == {
        k: v for k, v in unknown.json().items() if k not in same
    }


def test_the_days_can_be_taken_along_once(house: House, ana: Caller) -> None:
    feed = Feed(house, ana)
    taken = feed.patient.send("GET", f"{feed.own}/calendar.ics", check=False)
    assert taken.status_code == 200
    assert taken.content == feed.get().content


def test_the_secret_is_in_no_log(
    house: House, ana: Caller, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Feed(house, ana)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("prep_tracker.services.calendars.read_days", broken)
    assert feed.get().status_code == 500
    secret = feed.path.rsplit("/", 1)[-1].removesuffix(".ics")
    said = capsys.readouterr()
    assert secret not in said.out + said.err
