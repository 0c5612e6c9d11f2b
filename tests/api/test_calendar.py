"""A patient's own calendar: read back by two other readers, and the same events after every move."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from ical.calendar_stream import IcsCalendarStream

from prep_tracker.exports.ics import uid_of
from tests.api.house import Caller, House

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
    sun = ours[uid_of(name, "no-sun")]
    assert isinstance(sun.decoded("dtstart"), date)
    assert sun.decoded("dtend") - sun.decoded("dtstart") == timedelta(days=1)
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
