"""The page of a procedure says what was told, what will be and what will not, each with why, and sends once more."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from prep_tracker.api.pages.procedure_messages import REASONS
from prep_tracker.catalog.locales import staff_texts
from prep_tracker.channels import Failed, Retry, Sent
from prep_tracker.domain.events import EVENTS
from prep_tracker.domain.remind import KINDS
from prep_tracker.exports.outbox import WHY
from prep_tracker.services import attending, sending
from tests.pages.browser import text_of
from tests.pages.forms import forms, press
from tests.pages.staff import Desk
from tests.worker.office import PIA_AGREED, Office

if TYPE_CHECKING:
    import httpx

    from tests.api.house import House, Json

FULL = "The mail server answered 550."
TAKEN = lambda _: Sent("250")  # noqa: E731 - what a channel answers


@pytest.fixture
def office(house: House) -> Office:
    """Set up the clinic's post."""
    return Office(house)


def at(day: str, hour: int = 8) -> datetime:
    """Give an instant."""
    return datetime.fromisoformat(f"{day}T{hour:02}:00:00").replace(tzinfo=UTC)


def desk_of(office: Office, person: str = "Ana", **patient: Any) -> Desk:  # noqa: ANN401 - any field of a patient
    """Put somebody in front of Pia's procedure."""
    booked = office.house.person("Ana").book(patient=PIA_AGREED | patient)
    return Desk(office.house, person, booked)


def card(answer: httpx.Response) -> str:
    """Give what the card of messages says."""
    found = re.search(r'<section class="card messages".*?</section>', answer.text, re.DOTALL)
    assert found is not None
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0]))


def kept(desk: Desk) -> list[Json]:
    """Give the messages, as the API has them."""
    items: list[Json] = desk.house.person("Ana").get(f"{desk.api}/messages").json()["items"]
    return items


def again(answer: httpx.Response) -> set[str]:
    """Give the ids of what may be sent again."""
    return {name.removeprefix("again-") for name in forms(answer) if name.startswith("again-")}


def test_what_is_planned_stands_there_with_its_days_and_ways(office: Office) -> None:
    desk = desk_of(office)
    shown, planned = card(desk.open()), kept(desk)
    assert {one["status"] for one in planned} == {"planned"}
    assert f"{len(planned) - 1} more are planned" in shown
    assert "Wed 25 Nov , 09:00" in shown.replace("Nov,", "Nov ,")
    assert shown.count("Reminder · E-mail") == len(planned)
    assert "E-mail Agreed to pia@example.org" in shown
    assert "SMS Not agreed to" in shown
    assert "An answer is missing: No sun and no tanning beds" in shown


@pytest.mark.parametrize(
    ("patient", "said"),
    [
        ({"messages": {"email": False, "sms": False}}, "The patient has not agreed to messages."),
        ({"email": None}, "There is no address of the patient."),
    ],
)
def test_what_will_not_come_is_said_with_why(office: Office, patient: Json, said: str) -> None:
    desk = desk_of(office, **patient)
    shown = card(desk.open())
    assert f"{len(kept(desk))} will not come. {said}" in shown
    assert ("Agreed to, but there is no address" in shown) == ("email" in patient)
    assert "planned" not in shown


def test_a_way_without_an_address_is_not_said_to_be_used(office: Office) -> None:
    shown = card(desk_of(office, phone=None, messages={"email": True, "sms": True}).open())
    assert "SMS Agreed to, but there is no address" in shown
    assert "Reminder · E-mail" in shown
    assert "E-mail, SMS" not in shown


def test_reminders_that_the_clinic_turned_off_are_said(office: Office) -> None:
    assert office.house.person("Ada").send("PATCH", "/v1/clinic", json={"reminders": False}).status_code == 200
    shown = card(desk_of(office).open())
    assert "The clinic has turned reminders off." in shown
    assert "more are planned" not in shown


def test_the_worklist_leads_to_what_could_not_be_sent_and_it_is_sent_again(office: Office) -> None:
    desk = desk_of(office)
    office.email.answers = lambda _: Failed(FULL)
    office.go_to(at("2026-11-25"))
    desk.browser.sign_in("Ana")
    row = desk.browser.get("/staff/?days=60")
    assert f'href="{desk.path}#messages"' in row.text
    page = desk.open()
    assert 'id="messages"' in page.text
    assert "A message could not be sent." in card(page)
    assert FULL in card(page)
    (failed,) = again(page)
    office.email.answers = TAKEN
    told = desk.done(f"again-{failed}", "resent")
    assert "It is planned again, and goes out now." in card(told)
    assert failed not in again(told)
    office.worker.drain()
    assert [one.id for one in office.email.taken()] == [failed, failed]
    after = card(desk.open())
    assert "could not be sent" not in after
    past = [one for one in kept(desk) if one["id"] and one["status"] in {"sent", "dropped"}]
    assert f"{len(past)} sent or dropped" in after
    assert "Reminder · E-mail · sent" in after


def test_sending_again_twice_by_the_same_form_plans_it_once(office: Office) -> None:
    desk = desk_of(office)
    office.email.answers = lambda _: Failed(FULL)
    office.go_to(at("2026-11-25"))
    desk.browser.sign_in("Ana")
    (name,) = again(page := desk.open())
    form = forms(page)[f"again-{name}"]
    office.email.answers = TAKEN
    assert press(desk.browser, form).status_code == 303
    office.worker.drain()
    repeated = press(desk.browser, form)
    assert repeated.status_code == 303
    assert repeated.headers["idempotent-replayed"] == "true"
    assert office.worker.drain() == 0


def test_what_waits_or_is_past_is_not_offered_and_a_form_of_before_says_why(office: Office) -> None:
    desk = desk_of(office)
    office.email.answers = lambda _: Retry("busy")
    office.go_to(at("2026-11-25"))
    desk.browser.sign_in("Ana")
    waiting = desk.open()
    assert again(waiting) == set()
    assert "busy" in card(waiting)
    office.email.answers = lambda _: Failed(FULL)
    office.go_to(at("2026-11-25", 9))
    desk.browser.sign_in("Ana")
    (name,) = again(page := desk.open())
    form = forms(page)[f"again-{name}"]
    office.go_to(at("2026-11-25", 21))
    desk.browser.sign_in("Ana")
    late = press(desk.browser, forms(page)[form.name], more={"csrf": desk.browser.mark("/staff/")})
    assert late.status_code == 409
    assert "This message was for a day that has passed" in text_of(late)
    assert again(late) == set()
    assert next(one["status"] for one in kept(desk) if one["id"] == name) == "failed"


def test_a_reader_of_spanish_reads_why(office: Office) -> None:
    desk = desk_of(office)
    office.go_to(at("2026-11-25", 7))
    patient = desk.house.person("Ana").get(desk.api).json()["patient"]["id"]
    refused = {"messages": {"email": False, "sms": False}}
    assert desk.house.person("Ana").send("PATCH", f"/v1/patients/{patient}", json=refused).status_code == 200
    office.go_to(at("2026-11-25"))
    desk.browser.sign_in("Ana")
    assert "no llegarán. El paciente no ha aceptado recibir mensajes." in card(desk.open("?lang=es"))


def test_what_the_clinics_own_system_is_told_stands_there_too(office: Office) -> None:
    office.endpoint()
    office.webhook.answers = lambda _: Failed("The endpoint answered 410.")
    desk = desk_of(office)
    office.go_to(at("2026-11-22", 10))
    desk.browser.sign_in("Ana")
    page = desk.open()
    assert "Booked · The clinic’s own system" in card(page)
    assert "The endpoint answered 410." in card(page)
    told = {one["id"]: one["status"] for one in kept(desk) if one["channel"] == "webhook"}
    assert set(told.values()) == {"failed"}
    assert set(told) <= again(page)


@pytest.mark.parametrize("message", ["msg_0", "msg_%00", "x" * 65])
def test_a_message_that_is_not_there_is_not_sent(office: Office, message: str) -> None:
    desk = desk_of(office)
    rows = office.rows()
    mark = desk.browser.mark("/staff/")
    address = f"{desk.path}/messages/{message}/replay"
    assert desk.browser.post(address, {"csrf": mark, "form": "again-x", "once": "0123456789"}).status_code == 404
    assert office.rows() == rows


def test_nobody_sends_another_procedures_message(office: Office) -> None:
    desk, other = desk_of(office), office.house.person("Ana").book(patient=PIA_AGREED | {"reference": "A-2"})
    office.email.answers = lambda _: Failed(FULL)
    office.go_to(at("2026-11-25"))
    desk.browser.sign_in("Ana")
    (name,) = again(desk.open())
    theirs = Desk(office.house, "Ana", other)
    assert name not in again(theirs.open())
    mark = theirs.browser.mark("/staff/")
    address = f"{theirs.path}/messages/{name}/replay"
    assert theirs.browser.post(address, {"csrf": mark, "form": "again-x", "once": "0123456789"}).status_code == 404
    assert next(one["status"] for one in kept(desk) if one["id"] == name) == "failed"


def test_a_move_says_before_it_is_made_which_reminders_fall_away(office: Office) -> None:
    desk = desk_of(office)
    ana = office.house.person("Ana")
    tag = ana.get(desk.api).headers["etag"]
    told = ana.post(f"{desk.api}/moves?preview=true", {"to_on": "2027-01-22"}, If_Match=tag).json()["messages"]
    looked = text_of(desk.do("move", ("do", "look"), to_on="2027-01-22"))
    dropped, planned = len(told["dropped"]), len(told["planned"])
    assert min(dropped, planned) > 1
    assert f"{dropped} reminders fall away, {planned} are planned" in looked
    assert "The day before" in looked


def test_a_move_that_changes_no_reminder_says_so(office: Office) -> None:
    desk = desk_of(office, messages={"email": False, "sms": False})
    looked = text_of(desk.do("move", ("do", "look"), to_on="2027-01-22"))
    assert "No reminder falls away, and no other one is planned." in looked


def test_after_a_move_it_is_said_what_it_took_away(office: Office) -> None:
    desk = desk_of(office)
    tag = office.house.person("Ana").get(desk.api).headers["etag"]
    assert tag
    assert office.house.person("Ana").move(desk.api, "2027-01-22").status_code in {200, 201}
    gone = [one for one in kept(desk) if one["why"] == "moved"]
    assert gone
    assert f"{len(gone)} will not come. The procedure was moved." in card(desk.open())


def test_every_reason_of_our_own_has_words() -> None:
    ours = {
        text
        for module in (attending, sending)
        for text in vars(module).values()
        if isinstance(text, str) and text.endswith(".") and text.count(" ") > 1 and "\n" not in text
    }
    assert {sending.NO_PROCEDURE} == ours - set(REASONS), "a procedure that is gone has no page"
    for language in ("en", "es"):
        assert {f"messages.why.{key}" for key in (*REASONS.values(), *WHY)} <= set(staff_texts(language))


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_topic_and_kind_has_its_words(language: str) -> None:
    texts = staff_texts(language)
    assert {f"messages.topic.{one}" for one in (*EVENTS, "reminder")} <= set(texts)
    assert {f"messages.kind.{one}" for one in KINDS} <= set(texts)
