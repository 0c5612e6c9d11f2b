"""Everything a patient can say on the page arrives as they said it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import PageAt
from tests.browser.patients import Patient
from tests.browser.serving import Json, Service

if TYPE_CHECKING:
    from playwright.sync_api import Page

Axe = Callable[["Page"], list[str]]


def last(service: Service, procedure: str) -> Json:
    """Give what was said last."""
    return service.entries(procedure)[-1]


def test_sun_is_told_and_the_list_says_what_that_means(service: Service, page_at: PageAt, axe: Axe) -> None:
    procedure = service.book()
    service.clock.go_to("2026-12-06")
    patient = Patient(page_at()).come_in(service.link(procedure))
    patient.open("sun")
    assert axe(patient.page) == []
    patient.page.fill("#sun-day", "2026-12-05")
    patient.page.check("#sun-burn")
    patient.tap("sun-go")
    assert patient.note == "Thank you for telling us. Your list is up to date."
    said = last(service, procedure)
    assert (said["to"], said["special"], said["on"]) == ("sun", "sunburn", "2026-12-05")
    assert patient.sees("As things stand, it cannot go ahead on this day. Please call your clinic.")
    assert patient.sees("As far as we know, the first day that fits is Sunday 20 December.")
    assert patient.states()["no-sun"] == "2 days too short"
    assert axe(patient.page) == []
    patient.open("sun")
    assert patient.find("#sun-day").input_value() == "2026-12-06"
    assert not patient.find("#sun-burn").is_checked()
    patient.tap("note-undo")
    assert service.entries(procedure) == []


def test_a_tanning_bed_has_no_sunburn(service: Service, page_at: PageAt) -> None:
    procedure = service.book()
    patient = Patient(page_at()).come_in(service.link(procedure))
    patient.open("sun")
    patient.page.select_option("#sun-what", "tanning-bed")
    patient.page.check("#sun-burn")
    patient.tap("sun-go")
    said = last(service, procedure)
    assert (said["to"], said["special"]) == ("tanning-bed", None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Differin gel", "This has something in it that your list asks you to leave away later on."),
        ("Warfarin 5 mg", "Ask the clinic first. Do not change a medicine by yourself."),
        ("Plain soap", "We found nothing in this text that your list is about."),
    ],
)
def test_may_i_use_this_is_answered_by_the_own_list(
    service: Service, page_at: PageAt, axe: Axe, text: str, says: str
) -> None:
    patient = Patient(page_at()).come_in(service.link(service.book()))
    patient.open("may")
    patient.page.click("#may-go")
    assert patient.sees("Please fill this in first.")
    assert axe(patient.page) == []
    patient.page.fill("#may-text", text)
    patient.page.click("#may-go")
    assert patient.sees(says)
    assert axe(patient.page) == []
    assert patient.find("#may-text").input_value() == text


def test_may_i_use_this_says_so_without_a_network(service: Service, page_at: PageAt) -> None:
    patient = Patient(page_at()).come_in(service.link(service.book()))
    patient.open("may")
    patient.page.fill("#may-text", "Differin")
    patient.page.context.set_offline(offline=True)
    patient.page.click("#may-go")
    assert patient.sees("We need a connection for this. Until then, leave it off, or call your clinic.")


def test_medicines_are_named_one_by_one_and_then_that_is_all(service: Service, page_at: PageAt, axe: Axe) -> None:
    procedure = service.book()
    patient = Patient(page_at()).come_in(service.link(procedure))
    step = "medication-review"
    patient.page.fill(f"#product-{step}", "Differin 0.1% gel")
    patient.page.select_option(f"#kind-{step}", "skincare")
    patient.tap(f"add-{step}")
    assert patient.note == "Thank you. We noted: Differin 0.1% gel."
    patient.page.fill(f"#product-{step}", "Metformin")
    patient.tap(f"add-{step}")
    said = [(one["text"], one["category"]) for one in service.entries(procedure)]
    assert said == [("Differin 0.1% gel", "skincare"), ("Metformin", "medicine")]
    assert patient.find(f"#product-{step}").input_value() == ""
    patient.tap(f"none-{step}")
    assert last(service, procedure)["mark"] == "no_more_products"
    assert patient.find(f"#none-{step}").count() == 0
    assert axe(patient.page) == []


def test_since_a_day_or_never(service: Service, page_at: PageAt) -> None:
    procedure = service.book()
    service.clock.go_to("2026-12-04")
    patient = Patient(page_at()).come_in(service.link(procedure))
    patient.page.click("#go-no-sun")
    assert patient.sees("Please fill this in first.")
    assert service.entries(procedure) == []
    patient.page.fill("#since-no-sun", "2026-11-30")
    patient.tap("go-no-sun")
    said = last(service, procedure)
    assert (said["mark"], said["step"], said["on"]) == ("since", "no-sun", "2026-11-30")
    assert patient.states()["no-sun"] == "Now · until Friday 18 December"
    patient.tap("undo-no-sun")
    patient.tap("never-no-sun")
    assert last(service, procedure)["on"] is None


def test_questions_are_answered_and_answers_changed(service: Service, page_at: PageAt, axe: Axe) -> None:
    procedure = service.book("laser-ablative")
    patient = Patient(page_at()).come_in(service.link(procedure))
    assert patient.sees("Have you ever had cold sores on or near your mouth?")
    patient.tap("fact-cold-sores-0")
    assert last(service, procedure)["answers"] == {"cold-sores": True}
    patient.open("answered")
    assert patient.find("#fact-cold-sores-0").get_attribute("aria-pressed") == "true"
    assert axe(patient.page) == []
    patient.tap("fact-cold-sores-1")
    assert last(service, procedure)["answers"] == {"cold-sores": False}


def test_a_gate_is_answered_by_yes_or_no_and_what_is_not_safe_is_thanked_for(
    service: Service, page_at: PageAt, axe: Axe
) -> None:
    procedure = service.book("laser-ablative")
    patient = Patient(page_at()).come_in(service.link(procedure))
    patient.tap("no-raised-scars")
    assert last(service, procedure)["mark"] == "safe"
    patient.tap("yes-pregnancy")
    assert patient.note == "Thank you for telling us. That matters. Please call your clinic today."
    assert last(service, procedure)["mark"] == "unsafe"
    assert patient.states()["pregnancy"] == "On hold. Your clinic looks at this."
    assert axe(patient.page) == []


def test_a_daily_step_is_ticked_once_a_day(service: Service, page_at: PageAt) -> None:
    procedure = service.book("laser-ablative")
    patient = Patient(page_at()).come_in(service.link(procedure))
    step = "sunscreen-before"
    patient.tap(f"kept-{step}")
    assert patient.find(f"#kept-{step}").count() == 0
    assert patient.find(f"#item-{step}").inner_text().count("You did it today. Thank you!") == 1
    service.clock.advance()
    patient.come_back()
    patient.tap(f"kept-{step}")
    assert [(one["mark"], one["on"]) for one in service.entries(procedure)] == [
        ("kept", "2026-11-22"),
        ("kept", "2026-11-23"),
    ]


def test_what_somebody_is_typing_survives_what_comes_in(service: Service, page_at: PageAt) -> None:
    procedure = service.book()
    patient = Patient(page_at()).come_in(service.link(procedure))
    patient.open("may")
    patient.page.fill("#may-text", "Retinol ser")
    service.send("POST", f"/v1/procedures/{procedure}/marks", {"step": "provider-instructions", "kind": "done"})
    patient.come_back()
    patient.page.wait_for_selector("#done-provider-instructions", state="detached")
    assert patient.find("#may-text").input_value() == "Retinol ser"
    assert patient.page.evaluate("document.querySelector('prep-checklist').shadowRoot.activeElement.id") == "may-text"
