"""Patients are reminded on the right day at the right hour, of what holds at that moment, where they agreed to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from prep_tracker.channels import Failed, Retry, Sent
from tests.worker.office import PIA_AGREED, Office


def at(day: str, hour: int, minute: int = 0) -> datetime:
    """Give an instant (UTC); in winter Amsterdam is one hour ahead."""
    on = date.fromisoformat(day)
    return datetime(on.year, on.month, on.day, hour, minute, tzinfo=UTC)


def days(office: Office) -> list[tuple[str, str]]:
    """List the reminders, by day and what became of them."""
    return [(row["day"].isoformat(), row["status"]) for row in office.rows(topic="reminder")]


def test_a_window_that_opens_tomorrow_is_told_of_at_nine_where_the_patient_lives(office: Office) -> None:
    office.house.person("Ana").book(patient=PIA_AGREED)
    office.go_to(at("2026-12-03", 7, 59))
    office.email.taken()
    assert office.go_to(at("2026-12-03", 8, 0)) == 1
    (sent,) = office.email.taken()
    assert sent.to == "pia@example.org"
    assert "From tomorrow:\n- " in sent.text
    assert "https://prep.example/p/" in sent.text
    assert sent.subject == "A message from Aster"
    assert not office.sms.given


def test_a_patient_in_another_zone_is_reminded_at_their_own_nine(office: Office) -> None:
    office.house.person("Ana").book(patient=PIA_AGREED | {"time_zone": "America/New_York"})
    office.go_to(at("2026-12-03", 13, 59))
    before = len(office.rows(day=date(2026, 12, 3)))
    office.go_to(at("2026-12-03", 14, 0))
    assert (before, len(office.rows(day=date(2026, 12, 3)))) == (0, 1)


def test_who_moves_to_another_zone_is_reminded_there(office: Office) -> None:
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    patient = ana.get(procedure).json()["patient"]["id"]
    office.go_to(at("2026-11-22", 20))
    assert office.house.row(procedure)["attend_at"] == at("2026-11-25", 8)
    answer = ana.send("PATCH", f"/v1/patients/{patient}", json={"time_zone": "Asia/Tokyo"})
    assert answer.status_code == 200
    office.worker.drain()
    assert office.house.row(procedure)["attend_at"] == at("2026-11-25", 0)


def test_nobody_is_written_to_without_having_agreed(office: Office) -> None:
    office.house.person("Ana").book()
    office.wait(timedelta(days=40), timedelta(hours=6))
    assert office.rows() == []
    assert not office.email.given


def test_consent_and_address_are_those_of_the_moment_of_sending(office: Office) -> None:
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    patient = ana.get(procedure).json()["patient"]["id"]
    office.email.answers = lambda _: Retry("busy")
    office.go_to(at("2026-12-03", 8))
    ana.send("PATCH", f"/v1/patients/{patient}", json={"messages": {"email": False, "sms": False}})
    office.go_to(at("2026-12-03", 9))
    (row,) = office.rows(day=date(2026, 12, 3))
    assert (row["status"], row["reason"]) == ("dropped", "The patient does not want messages this way.")


def test_a_day_that_has_moved_is_not_spoken_of_any_more(office: Office) -> None:
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    office.go_to(at("2026-12-02", 12))
    office.email.taken()
    assert ana.move(procedure, "2027-01-22").status_code == 200
    office.go_to(at("2026-12-03", 8))
    assert all("From tomorrow" not in one.text for one in office.email.taken())
    office.wait(timedelta(days=45), timedelta(hours=3))
    tomorrow = [one.text for one in office.email.taken() if "From tomorrow:" in one.text]
    assert len(tomorrow) == 2
    assert all("22 January 2027" in one for one in tomorrow)


def test_what_moves_between_two_attempts_is_dropped(office: Office) -> None:
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    office.email.answers = lambda _: Retry("busy")
    office.go_to(at("2026-12-03", 8))
    ana.move(procedure, "2027-01-22")
    office.email.answers = lambda _: Failed("nothing may come here")
    office.go_to(at("2026-12-03", 9))
    (row,) = office.rows(day=date(2026, 12, 3))
    assert (row["status"], row["attempts"]) == ("dropped", 2)


def test_what_is_answered_is_not_asked_again(office: Office) -> None:
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    office.go_to(at("2026-12-04", 7))
    office.email.taken()
    for step in ("no-sun", "no-retinoids", "no-aha", "no-bha"):
        ana.post(f"{procedure}/marks", {"step": step, "kind": "since", "on": "2026-11-25"})
    ana.post(f"{procedure}/marks", {"kind": "no_more_products"})
    ana.post(f"{procedure}/marks", {"step": "provider-instructions", "kind": "done"})
    office.wait(timedelta(days=13, hours=6), timedelta(hours=1))
    assert [one.text.count("\n- ") for one in office.email.taken()] == [3, 0]  # the next windows, and the eve


def test_a_message_that_cannot_be_sent_in_its_time_is_dropped_and_said_so(office: Office) -> None:
    office.house.person("Ana").book(patient=PIA_AGREED)
    office.email.answers = lambda _: Retry("the mail server is away")
    office.go_to(at("2026-12-03", 8))
    office.wait(timedelta(hours=14), timedelta(minutes=10))
    (row,) = office.rows(day=date(2026, 12, 3))
    assert row["status"] == "dropped"
    assert row["settled_at"] < at("2026-12-03", 20)
    assert len(row["history"]) == row["attempts"] > 5


def test_a_worker_that_was_away_reminds_of_today_and_says_what_was_missed(office: Office) -> None:
    office.house.person("Ana").book(patient=PIA_AGREED)
    office.go_to(at("2026-12-03", 7))
    missed = len(days(office))
    office.go_to(at("2026-12-11", 10))
    assert days(office)[missed:] == [
        ("2026-12-03", "dropped"),
        ("2026-12-04", "dropped"),
        ("2026-12-06", "dropped"),
        ("2026-12-07", "dropped"),
        ("2026-12-08", "dropped"),
        ("2026-12-10", "dropped"),
        ("2026-12-11", "sent"),
    ]


def test_a_text_message_says_nothing_of_health(office: Office) -> None:
    office.house.person("Ana").book(patient=PIA_AGREED | {"messages": {"email": False, "sms": True}})
    office.go_to(at("2026-12-03", 8))
    sent = office.sms.taken()
    assert sent
    begin = "A reminder from Aster: https://prep.example/p/ Stop: https://prep.example/s/"
    assert {one.text[:-43] for one in sent} == {begin}
    assert all((one.subject, one.html, one.to) == ("", None, "+31 6 0000 0000") for one in sent)


def test_a_patient_without_an_address_is_shown_to_staff(office: Office) -> None:
    office.house.person("Ana").book(patient=PIA_AGREED | {"email": None})
    office.go_to(at("2026-12-03", 8))
    rows = office.rows(day=date(2026, 12, 3))
    assert [(row["channel"], row["status"]) for row in rows] == [("patient", "dropped")]
    assert "no address" in rows[0]["reason"]


def end(office: Office, procedure: str, state: str) -> None:
    ana = office.house.person("Ana")
    tag = ana.get(procedure).headers["etag"]
    answer = ana.send("PUT", f"{procedure}/state", json={"state": state}, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text


def test_a_cancelled_procedure_reminds_of_nothing_any_more(office: Office) -> None:
    procedure = office.house.person("Ana").book(patient=PIA_AGREED, protocol="laser-ablative")
    end(office, procedure, "cancelled")
    assert office.house.row(procedure)["attend_at"] is None
    office.wait(timedelta(days=60), timedelta(hours=8))
    assert office.rows() == []


def test_a_completed_one_reminds_of_aftercare_only(office: Office) -> None:
    procedure = office.house.person("Ana").book(patient=PIA_AGREED, protocol="laser-ablative")
    office.go_to(at("2026-12-18", 15))
    office.email.taken()
    end(office, procedure, "completed")
    office.wait(timedelta(days=30), timedelta(hours=4))
    sent = office.email.taken()
    assert len(sent) >= 1
    assert all("For the time after:" in one.text and "answer from you" not in one.text for one in sent)
    assert office.house.row(procedure)["attend_at"] is None


def test_settings_of_the_clinic_hold_at_once(office: Office) -> None:
    house = office.house
    house.person("Ana").book(patient=PIA_AGREED)
    ada = house.person("Ada")
    ada.send("PATCH", "/v1/clinic", json={"remind_at": "12:15", "plain_subjects": False})
    office.go_to(at("2026-12-17", 11, 14))
    office.email.taken()
    office.go_to(at("2026-12-17", 11, 15))
    (sent,) = office.email.taken()
    assert sent.subject == "Your appointment is tomorrow"
    ada.send("PATCH", "/v1/clinic", json={"reminders": False})
    office.wait(timedelta(days=20), timedelta(hours=6))
    assert not office.email.given


def test_what_is_tried_again_waits_for_the_hour_that_holds_by_then(office: Office) -> None:
    house = office.house
    house.person("Ana").book(patient=PIA_AGREED)
    office.email.answers = lambda _: Retry("busy")
    office.go_to(at("2026-12-03", 8))
    house.person("Ada").send("PATCH", "/v1/clinic", json={"remind_at": "12:15"})
    office.email.answers = lambda _: Sent("250")
    office.email.taken()
    office.wait(timedelta(hours=3), timedelta(minutes=5))
    assert office.email.taken() == []
    office.wait(timedelta(minutes=15), timedelta(minutes=5))
    assert len(office.email.taken()) == 1


def test_what_waits_for_an_hour_after_its_time_is_dropped(office: Office) -> None:
    """Where the patient has gone to, it is a day of another hour: what was planned for the old one is too late."""
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED | {"time_zone": "Asia/Tokyo"})
    patient = ana.get(procedure).json()["patient"]["id"]
    office.email.answers = lambda _: Retry("busy")
    office.go_to(at("2026-12-03", 0))
    ana.send("PATCH", f"/v1/patients/{patient}", json={"time_zone": "America/New_York"})
    office.email.answers = lambda _: Sent("250")
    office.email.taken()
    office.go_to(at("2026-12-03", 1))
    (row,) = office.rows(day=date(2026, 12, 3))
    assert (row["status"], row["reason"]) == ("dropped", "Its time had passed before it was taken.")
    assert office.email.taken() == []


def test_what_comes_up_after_the_hour_is_said_an_hour_later(office: Office) -> None:
    """Booked in the afternoon: the first questions need not wait for days; and nothing comes twice on a day."""
    office.clock.set(at("2026-11-22", 14))
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    office.go_to(at("2026-11-22", 14, 59))
    assert not office.email.taken()
    office.go_to(at("2026-11-22", 15))
    assert len(office.email.taken()) == 1
    ana.post(f"{procedure}/marks", {"kind": "no_more_products"})
    office.wait(timedelta(hours=9), timedelta(minutes=10))
    assert not office.email.taken()


def test_the_day_before_is_spoken_of_however_late_it_becomes_that(office: Office) -> None:
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    office.go_to(at("2026-12-05", 10))
    office.email.taken()
    preview = ana.send("POST", f"{procedure}/moves?preview=true", json={"to_on": "2026-12-06"}).json()
    assert preview["messages"]["planned"][0]["day"] == "2026-12-05"
    ana.move(procedure, "2026-12-06")
    items = ana.get(f"{procedure}/messages").json()["items"]
    assert ("2026-12-05", "planned", "2026-12-05T11:00:00Z") in [(i["day"], i["status"], i["due_at"]) for i in items]
    office.go_to(at("2026-12-05", 11))
    assert ["6 December 2026" in one.text for one in office.email.taken()] == [True]


def test_close_to_the_quiet_hours_what_comes_up_comes_before_them(office: Office) -> None:
    office.clock.set(at("2026-12-10", 19, 30))
    office.house.person("Ana").book(patient=PIA_AGREED, on="2026-12-11")
    office.wait(timedelta(minutes=29), timedelta(minutes=1))
    (sent,) = office.email.taken()
    assert sent.created_at == at("2026-12-10", 19, 45)


def test_who_agrees_after_the_hour_is_told_of_the_day_at_once(office: Office) -> None:
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED | {"messages": {"email": False, "sms": False}})
    office.go_to(at("2026-12-17", 12))
    patient = ana.get(procedure).json()["patient"]["id"]
    ana.send("PATCH", f"/v1/patients/{patient}", json={"messages": {"email": True, "sms": False}})
    office.worker.drain()
    assert len(office.email.taken()) == 1


def test_a_day_that_has_passed_takes_none_of_the_messages_that_a_clinic_wants_at_most(office: Office) -> None:
    """The procedure moves to tomorrow at night: for the day before it is too late, and the last one goes to the day."""
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED, at="16:00")
    office.go_to(at("2026-12-05", 20, 30))
    sent = len({day for day, _ in days(office)})
    assert ("2026-12-05", "sent") not in days(office)
    office.house.person("Ada").send("PATCH", "/v1/clinic", json={"most_messages": sent + 1})
    office.email.taken()
    ana.move(procedure, "2026-12-06")
    office.go_to(at("2026-12-06", 8))
    assert len(office.email.taken()) == 1
