"""Whatever staff may do to a procedure is done by a form, through the same services as the API, and once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.api.house import PIA, House
from tests.pages.browser import text_of
from tests.pages.forms import forms, press
from tests.pages.staff import Desk

if TYPE_CHECKING:
    import httpx

APPLY, LOOK = ("do", "apply"), ("do", "look")


@pytest.fixture
def desk(house: House) -> Desk:
    """Put Ana in front of Pia's procedure."""
    return Desk(house, "Ana", house.person("Ana").book())


@pytest.fixture
def cleo(house: House) -> Desk:
    """Put Cleo, the clinician, in front of a procedure that has to be cleared."""
    answers = {"cold-sores": False, "area": "other", "sedation": False}
    return Desk(house, "Cleo", house.person("Ana").book(protocol="laser-ablative", answers=answers))


def faulty(desk: Desk, answer: httpx.Response, name: str, *fields: str) -> None:
    """Hold that a form came back with these fields marked, and that nothing was kept."""
    assert answer.status_code == 422, text_of(answer)
    assert forms(answer)[name].wrong >= set(fields), forms(answer)[name].wrong
    assert answer.text.count('id="told"') == 1
    assert 'role="alert"' in answer.text
    assert "Nothing was changed" in text_of(answer)
    assert desk.entries() == desk.before


# Saying something.


def test_since_when_a_step_is_kept_is_said_for_a_patient_who_told_it(desk: Desk) -> None:
    desk.go_to("2026-12-05")
    shown = desk.done("mark-no-sun", "marked", on="2026-12-02")
    said = desk.last()
    assert (said["kind"], said["mark"], said["on"]) == ("marked", "since", "2026-12-02")
    assert said["actor"] == {"role": "coordinator", "person": "Ana", "on_behalf_of": "patient"}
    item = shown.text.partition('id="item-no-sun"')[2].partition("</li>")[0]
    assert 'id="told"' in item


def test_the_clinics_own_word_is_not_the_patients(desk: Desk) -> None:
    desk.done("mark-no-sun", "marked", on="2026-11-20", on_behalf_of=None)
    assert desk.last()["actor"]["on_behalf_of"] is None


def test_never_broken_is_a_button(desk: Desk) -> None:
    desk.done("mark-no-sun", "marked", ("null:on", "never"), on="2026-11-20")
    assert (desk.last()["mark"], desk.last()["on"]) == ("since", None)


@pytest.mark.parametrize(
    ("protocol", "step", "button"),
    [
        ("laser-ablative", "sunscreen-before", ("kind", "kept")),
        ("laser-ablative", "sunscreen-before", ("kind", "missed")),
        ("laser-ablative", "pregnancy", ("kind", "safe")),
        ("laser-ablative", "pregnancy", ("kind", "unsafe")),
        ("laser-resurfacing", "provider-instructions", ("kind", "done")),
    ],
)
def test_every_kind_of_step_takes_its_own_marks(
    house: House, protocol: str, step: str, button: tuple[str, str]
) -> None:
    desk = Desk(house, "Ana", house.person("Ana").book(protocol=protocol))
    desk.done(f"mark-{step}", "marked", button)
    assert (desk.last()["mark"], desk.last()["step"], desk.last()["on"]) == (button[1], step, "2026-11-22")


def test_a_note_is_understood_where_that_is_asked(desk: Desk) -> None:
    assert not desk.has("mark-call-us")
    note = "id: read-this\nkind: note\nconfirm: true\ntitle: Read this\nsource: Our own sheet\n"
    desk.done("step", "step", rule=note)
    desk.done("mark-read-this", "marked", ("kind", "understood"))
    assert (desk.last()["mark"], desk.last()["step"]) == ("understood", "read-this")


def test_no_more_products_is_said_at_the_review(desk: Desk) -> None:
    desk.done("mark-medication-review", "marked")
    assert (desk.last()["mark"], desk.last()["step"]) == ("no_more_products", None)


def test_a_mark_on_a_day_that_has_not_come_stays_in_its_field(desk: Desk) -> None:
    answer = desk.do("mark-no-sun", on="2026-12-24")
    faulty(desk, answer, "mark-no-sun", "on")
    assert forms(answer)["mark-no-sun"].value("on") == "2026-12-24"
    assert "This day has not come yet." in text_of(answer)


def test_a_contact_is_reported(desk: Desk) -> None:
    shown = desk.done("expose", "exposed", to="sun", kind="", on="2026-11-21", note="at the lake")
    said = desk.last()
    assert (said["kind"], said["to"], said["on"], said["note"]) == ("exposed", "sun", "2026-11-21", "at the lake")
    assert "Contact with sun on Saturday 21 November 2026." in text_of(shown)


def test_a_contact_with_nothing_known_names_every_field(desk: Desk) -> None:
    answer = desk.do("expose", to="moonlight", on="2027-01-01", note="x")
    faulty(desk, answer, "expose", "to", "on")
    assert forms(answer)["expose"].value("note") == "x"


def test_answers_are_only_what_was_changed(house: House) -> None:
    desk = Desk(house, "Ana", house.person("Ana").book(protocol="laser-ablative", answers={"sedation": True}))
    desk.done("answer", "answered", more={"bool:answers/cold-sores": "true", "answers/area": "full-face"})
    assert desk.last()["answers"] == {"cold-sores": True, "area": "full-face"}
    desk.done("answer", "answered", more={"bool:answers/sedation": ""})
    assert desk.last()["answers"] == {"sedation": None}
    answer = desk.do("answer")
    assert answer.status_code == 422
    assert "Nothing was filled in or changed." in text_of(answer)


def test_an_answer_that_does_not_fit_stands_beside_its_question(house: House) -> None:
    desk = Desk(house, "Ana", house.person("Ana").book(protocol="laser-ablative"))
    answer = desk.do("answer", more={"answers/area": "elbow", "bool:answers/sedation": "maybe"})
    faulty(desk, answer, "answer", "answers/area", "bool:answers/sedation")


def test_a_product_is_named_and_more_is_said_about_it(desk: Desk) -> None:
    desk.done(
        "product",
        "added",
        text="Differin gel",
        kind="skincare",
        last_used_on="2026-11-20",
        more={"bool:prescribed": "true"},
    )
    said = desk.last()
    assert (said["text"], said["prescribed"], said["last_used_on"]) == ("Differin gel", True, "2026-11-20")
    desk.done("more-2", "changed", stopped_on="2026-11-22")
    changed = desk.last()
    assert (changed["kind"], changed["stopped_on"], changed["last_used_on"]) == ("product-changed", "2026-11-22", None)


def test_an_empty_product_is_told_so(desk: Desk) -> None:
    answer = desk.do("product", text="  ", last_used_on="2030-01-01")
    faulty(desk, answer, "product", "text")
    assert forms(answer)["product"].value("last_used_on") == "2030-01-01"


def test_what_a_product_may_be_is_confirmed_or_rejected(desk: Desk, house: House) -> None:
    house.person("Ana").post(f"{desk.api}/products", {"text": "adapalenne", "kind": "skincare"})
    assert desk.form("more-2").choices["list:reject"] == ["prescription-retinoid", "retinoid"]
    both = desk.do("more-2", more={"list:confirm": ["retinoid"], "list:reject": ["retinoid"]})
    assert both.status_code == 422
    assert "Choose one of the two." in text_of(both)
    desk.done("more-2", "changed", more={"list:reject": ["retinoid"]})
    assert desk.last()["rejected"] == ["retinoid", "prescription-retinoid"]
    assert "list:reject" not in forms(desk.open())["more-2"].choices


def test_what_happened_is_recorded(desk: Desk) -> None:
    early = desk.do("event", event="healed", on="2026-11-22")
    faulty(desk, early, "event", "on")
    desk.go_to("2026-12-24")
    desk.done("event", "event", event="healed", on="2026-12-23")
    assert (desk.last()["event"], desk.last()["on"]) == ("healed", "2026-12-23")


def test_a_mistake_is_taken_back_and_stays_to_be_seen(desk: Desk) -> None:
    desk.done("expose", "exposed", to="sun", on="2026-11-21")
    shown = desk.done("undo-2", "withdrawn", reason="wrong patient")
    assert (desk.last()["kind"], desk.last()["entry"], desk.last()["reason"]) == ("withdrawn", 2, "wrong patient")
    assert "<del>" in shown.text
    assert "undo-2" not in forms(shown)


# Moving, after a look.


def test_a_move_is_looked_at_and_then_done_on_the_same_version(desk: Desk) -> None:
    desk.done("expose", "exposed", to="sun", on="2026-11-21")
    looked = desk.do("move", LOOK, to_on="2026-12-03", reason="holiday")
    assert looked.status_code == 200
    said = text_of(looked)
    assert "Fri 18 Dec , 10:30 → Thu 3 Dec" in said or "Fri 18 Dec, 10:30 → Thu 3 Dec, 10:30" in said
    assert "Blocked" in said
    assert "No longer enough time" in said
    assert "Fri 4 Dec – Fri 18 Dec → Thu 19 Nov – Thu 3 Dec" in said
    assert desk.last()["kind"] == "exposed"
    form = forms(looked)["move"]
    assert form.value("reason") == "holiday"
    moved = press(desk.browser, form, APPLY)
    assert moved.headers["location"] == f"{desk.path}?done=moved"
    assert (desk.last()["kind"], desk.last()["on"], desk.last()["start"]) == ("moved", "2026-12-03", "10:30")
    assert desk.last()["reason"] == "holiday"


def test_a_day_that_nobody_looked_at_is_shown_first(desk: Desk) -> None:
    form = forms(desk.do("move", LOOK, to_on="2026-12-21"))["move"]
    again = press(desk.browser, form, APPLY, to_on="2026-12-22")
    assert again.status_code == 200
    assert "Move to Tue 22 Dec" in text_of(again)
    assert desk.last()["kind"] == "booked"
    assert press(desk.browser, forms(again)["move"], APPLY).status_code == 303
    assert desk.last()["on"] == "2026-12-22"


def test_a_time_is_changed_or_taken_away_with_the_day(desk: Desk) -> None:
    for typed, kept in (("14:15", "14:15"), ("", None)):
        form = forms(desk.do("move", LOOK, to_on="2026-12-21", to_at=typed))["move"]
        assert press(desk.browser, form, APPLY).status_code == 303
        assert desk.last()["start"] == kept


def test_the_earliest_safe_day_is_one_button_away(desk: Desk) -> None:
    desk.go_to("2026-12-06")
    desk.done("expose", "exposed", to="sun", on="2026-12-05")
    looked = desk.do("move", ("pick", "2026-12-20"))
    assert forms(looked)["move"].value("to_on") == "2026-12-20"
    assert press(desk.browser, forms(looked)["move"], APPLY).status_code == 303
    assert desk.last()["on"] == "2026-12-20"


def test_a_past_day_is_refused_until_it_is_said_to_be_recorded_afterwards(desk: Desk) -> None:
    answer = desk.do("move", LOOK, to_on="2026-11-01")
    faulty(desk, answer, "move", "to_on")
    form = forms(answer)["move"]
    looked = press(desk.browser, form, LOOK, more={"bool:backdated": "true"})
    assert looked.status_code == 200
    assert press(desk.browser, forms(looked)["move"], APPLY).status_code == 303
    assert desk.last()["on"] == "2026-11-01"


def test_a_move_to_nowhere_says_what_is_needed(desk: Desk) -> None:
    answer = desk.do("move", LOOK, reason="they rang")
    faulty(desk, answer, "move", "to_on")
    assert forms(answer)["move"].value("reason") == "they rang"
    assert "This is needed." in text_of(answer)


# Deciding, as a clinician.


def test_a_clinician_decides_about_a_product(desk: Desk, house: House) -> None:
    house.person("Ana").post(f"{desk.api}/products", {"text": "Roaccutane", "kind": "medicine"})
    cleo = Desk(house, "Cleo", desk.api)
    assert "needs a decision" in text_of(cleo.open())
    nothing = cleo.do("decide-2", note="seen")
    assert nothing.status_code == 422
    assert forms(nothing)["decide-2"].value("note") == "seen"
    cleo.done("decide-2", "decided", decision="continue", note="seen")
    assert (desk.last()["kind"], desk.last()["decision"], desk.last()["note"]) == ("decided", "continue", "seen")


def test_a_step_is_waived_with_a_reason(cleo: Desk) -> None:
    answer = cleo.do("waive", reason="")
    faulty(cleo, answer, "waive", "step", "reason")
    cleo.done("waive", "waived", step="no-sun", reason="One day, long ago.")
    assert (cleo.last()["step"], cleo.last()["reason"]) == ("no-sun", "One day, long ago.")


def test_a_closed_gate_is_opened(cleo: Desk) -> None:
    assert not cleo.has("gate-pregnancy")
    cleo.done("mark-pregnancy", "marked", ("kind", "unsafe"))
    assert "Open what an answer closed" in text_of(cleo.open())
    cleo.done("gate-pregnancy", "opened", reason="The question did not apply.")
    assert (cleo.last()["kind"], cleo.last()["step"]) == ("gate-opened", "pregnancy")


def test_a_clearance_names_what_it_accepts_and_can_be_taken_back(cleo: Desk) -> None:
    cleo.go_to("2026-12-10")
    cleo.done("expose", "exposed", to="sun", on="2026-12-09")
    form = cleo.form("clear")
    assert "no-sun" in form.choices["list:accept"]
    blocked = cleo.do("clear", note="seen today")
    assert blocked.status_code == 409
    assert "accept each of these by name" in text_of(blocked)
    assert forms(blocked)["clear"].value("note") == "seen today"
    cleo.done("clear", "cleared", note="seen today", more={"list:accept": form.choices["list:accept"]})
    assert (cleo.last()["kind"], cleo.last()["accepted"]) == ("cleared", form.choices["list:accept"])
    cleo.done("unclear", "uncleared", reason="a fever")
    assert (cleo.last()["kind"], cleo.last()["reason"]) == ("clearance-removed", "a fever")
    assert not cleo.has("unclear")


STEP = """id: bring-photos
kind: do
due:
  days: -1
severity: clinician
title: Bring your old photos
source: The clinician's own instruction
"""


def test_a_step_is_added_in_the_protocol_language(desk: Desk) -> None:
    desk.done("step", "step", rule=STEP)
    assert desk.last()["kind"] == "step-added"
    assert "Bring your old photos" in text_of(desk.open())


def test_the_example_of_a_step_can_be_sent_as_it_is(desk: Desk) -> None:
    for language in ("en", "es"):
        desk.browser.get(f"/staff/language?to={language}&next=/staff/")
        desk.done("step", "step")


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (STEP.replace("severity: clinician\n", ""), "Line 1: severity is missing."),
        (STEP.replace("days: -1", "days: soon"), "Line 4: days: soon does not fit here."),
        (STEP.replace("kind: do", "kind: dance"), "Line 2: there is no kind of step called dance."),
        ("id: x\nid: y\n", "Line 2: "),
        ("id: x", "Line 1: kind is missing."),
        ("- a list", "Line 1: Write one step"),
        ("", "Line 1: "),
        ("{", "Line 1: "),
    ],
)
def test_a_faulty_step_names_the_line_and_stays_as_it_was_typed(desk: Desk, rule: str, told: str) -> None:
    answer = desk.do("step", rule=rule)
    faulty(desk, answer, "step", "rule")
    assert told in text_of(answer)
    assert forms(answer)["step"].value("rule") == rule


# Ending it.


def test_it_is_cancelled_with_a_reason(desk: Desk) -> None:
    desk.done("end", "cancelled", ("state", "cancelled"), reason="moved away")
    assert (desk.last()["state"], desk.last()["reason"]) == ("cancelled", "moved away")


@pytest.mark.parametrize("state", ["completed", "no-show"])
def test_it_is_completed_or_missed_from_its_day_on(desk: Desk, state: str) -> None:
    form = desk.form("end")
    assert [value for _, value in form.buttons] == ["cancelled"]
    form.buttons.append(("state", state))
    faulty(desk, press(desk.browser, form, ("state", state)), "end")
    desk.go_to("2026-12-18")
    desk.done("end", state, ("state", state))
    assert desk.last()["state"] == state


def test_a_completed_one_still_takes_aftercare(desk: Desk) -> None:
    desk.go_to("2026-12-19")
    desk.done("end", "completed", ("state", "completed"))
    assert {"expose", "event"} <= set(forms(desk.open()))
    assert not {"move", "end", "step"} & set(forms(desk.open()))
    desk.done("event", "event", event="healed", on="2026-12-19")


# Letting the patient in.


def test_a_link_is_shown_once_and_its_session_is_ended(desk: Desk, house: House) -> None:
    form = desk.form("link")
    made = press(desk.browser, form, more={"for": "carer", "int:expires_in_days": "7"})
    assert made.status_code == 200
    assert "A link for a carer. It works once, until Sunday 29 November 2026." in text_of(made)
    assert "<svg" in made.text
    assert made.headers["cache-control"] == "no-store"
    token = made.text.partition("/p/#token=")[2].partition('"')[0]
    again = press(desk.browser, form, more={"for": "carer", "int:expires_in_days": "7"})
    assert again.status_code == 409
    assert "shown only once" in text_of(again)
    assert token not in again.text
    house.wait(house.client.post("/v1/portal/sessions", json={"token": token}))
    [session] = house.person("Ana").get(f"{desk.api}/portal-sessions").json()["items"]
    desk.done(f"session-{session['id']}", "session")
    assert house.person("Ana").get(f"{desk.api}/portal-sessions").json()["items"][0]["revoked_at"] is not None
    assert not desk.has(f"session-{session['id']}")


def test_a_link_for_ever_is_not_made(desk: Desk) -> None:
    answer = desk.do("link", more={"int:expires_in_days": "900"})
    faulty(desk, answer, "link", "int:expires_in_days")


# A newer version of the protocol.

PEEL = """protocol: our-peel
title: Our peel
steps:
  - {id: no-sun, kind: avoid, of: [sun], days_before: 14, severity: blocking, title: No sun, source: Our own sheet}
"""


def test_a_newer_version_is_looked_at_and_then_used(house: House) -> None:
    def publish(text: str, number: int) -> None:
        sent = {"content": text, "headers": {"Content-Type": "application/yaml"}}
        assert house.person("Ada").send("POST", "/v1/protocols/our-peel/drafts", **sent).status_code == 201
        assert house.person("Cleo").post(f"/v1/protocols/our-peel/drafts/{number}/publish").status_code == 200

    publish(PEEL, 1)
    agreed = PIA | {"email": "pia@example.org", "messages": {"email": True, "sms": False}}
    desk = Desk(house, "Ana", house.person("Ana").book(protocol="our-peel", patient=agreed))
    assert not desk.has("migrate")
    publish(PEEL.replace("14", "21"), 2)
    looked = desk.do("migrate", LOOK)
    assert "our-peel@1 → Fri 18 Dec, 10:30 · our-peel@2" in text_of(looked)
    assert "Fri 4 Dec – Fri 18 Dec → Fri 27 Nov – Fri 18 Dec" in text_of(looked)
    assert re.search(r"[1-9]\d* reminders? falls? away, [1-9]\d* (is|are) planned", text_of(looked))
    assert press(desk.browser, forms(looked)["migrate"], APPLY).status_code == 303
    assert desk.last()["protocol"] == "our-peel@2"
    assert not desk.has("migrate")


def test_two_clicks_do_it_once(desk: Desk) -> None:
    form = desk.form("expose")
    answers = [press(desk.browser, form, to="sun", on="2026-11-21") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert [entry["kind"] for entry in desk.entries()] == ["booked", "exposed"]
    other = press(desk.browser, form, to="sun", on="2026-11-20")
    assert other.status_code == 422
    assert "sent before and is done" in text_of(other)
    assert press(desk.browser, forms(other)["expose"]).status_code == 303
    assert desk.last()["on"] == "2026-11-20"


def test_patients_of_others_are_not_touched(house: House, desk: Desk) -> None:
    house.person("Ben").book(patient=PIA)
    assert len(desk.entries()) == 1
