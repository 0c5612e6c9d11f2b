"""The page can be read and used by everybody: in every state, large, narrow, in the dark, and without a mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from prep_tracker.catalog.locales import languages
from tests.browser.conftest import PageAt
from tests.browser.patients import Patient
from tests.browser.serving import Service

if TYPE_CHECKING:
    from playwright.sync_api import Page

Axe = Callable[["Page"], list[str]]
DEEPEST = "let one = document.activeElement; while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;"
STATES = {
    "blocked": "As things stand, it cannot go ahead on this day.",
    "at-risk": "One thing is not as it should be. Your clinic will look at it with you.",
    "completed": "Your procedure is done. Take good care of yourself.",
    "cancelled": "Your procedure was cancelled. There is nothing you need to do.",
    "no-show": "We missed you on this day. Please call your clinic.",
    "past": "Your day has passed.",
}


def bring(service: Service, procedure: str, state: str) -> None:
    """Bring a procedure into a standing."""
    if state in {"completed", "no-show", "past"}:
        service.clock.go_to("2026-12-18" if state != "past" else "2026-12-20")
    if state in {"completed", "cancelled", "no-show"}:
        version = service.get(f"/v1/procedures/{procedure}")["version"]
        service.send("PUT", f"/v1/procedures/{procedure}/state", {"state": state}, If_Match=f'"{version}"')
    elif state != "past":
        service.clock.go_to("2026-12-13")
        to = {"blocked": "sun", "at-risk": "retinoid"}[state]
        if to == "retinoid":
            mark = {"step": "no-sun", "kind": "since", "on": None}
            service.send("POST", f"/v1/procedures/{procedure}/marks", mark)
        service.send("POST", f"/v1/procedures/{procedure}/exposures", {"to": to, "on": "2026-12-12"})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_no_state_has_a_barrier(service: Service, page_at: PageAt, axe: Axe, state: str, scheme: str) -> None:
    procedure = service.book()
    link = service.link(procedure)
    patient = Patient(page_at(scheme=scheme)).come_in(link)
    bring(service, procedure, state)
    patient.come_back()
    assert patient.sees(STATES[state])
    for box in patient.find("prep-checklist details").all():
        box.evaluate("one => { one.open = true; }")
    assert axe(patient.page) == []


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("protocol", ["laser-resurfacing", "laser-ablative"])
def test_it_fits_a_narrow_phone_and_letters_twice_as_large(
    service: Service, page_at: PageAt, axe: Axe, protocol: str, lang: str
) -> None:
    procedure = service.book(protocol)
    service.clock.go_to("2026-12-11")
    page = page_at(320, "light", lang)
    page.goto(service.link(procedure))
    patient = Patient(page, lang)
    for size in ("", "200%"):
        page.evaluate("size => { document.documentElement.style.fontSize = size; }", size)
        if not size:
            assert patient.fits()
            page.click("#go")
            patient.see_list()
        patient.open("sun")
        patient.open("may")
        assert patient.fits(), size
    assert axe(page) == []


def test_the_colours_hold_in_the_dark(service: Service, page_at: PageAt, axe: Axe) -> None:
    service.clock.go_to("2026-12-04")
    patient = Patient(page_at(scheme="dark")).come_in(service.link(service.book("laser-ablative", on="2026-12-20")))
    for box in patient.find("prep-checklist details").all():
        box.evaluate("one => { one.open = true; }")
    assert axe(patient.page) == []
    assert patient.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 25, 28)"


def test_everything_is_done_by_the_keyboard_alone(service: Service, page_at: PageAt) -> None:
    procedure = service.book()
    service.clock.go_to("2026-12-04")
    page = page_at()
    page.goto(service.link(procedure))
    patient = Patient(page)
    page.wait_for_selector("#open:not([hidden])")
    walk(page, "go")
    page.keyboard.press("Enter")
    patient.see_list()
    for name, key in (
        ("none-medication-review", "Enter"),
        ("never-no-sun", "Space"),
        ("done-provider-instructions", "Enter"),
    ):
        walk(page, name)
        page.keyboard.press(key)
        patient.settle()
        assert focused(page) in {"note", f"item-{name.partition('-')[2]}"}
    walk(page, "note-close")
    page.keyboard.press("Enter")
    walk(page, "may summary")
    page.keyboard.press("Enter")
    walk(page, "may-text")
    page.keyboard.type("Differin")
    walk(page, "may-go")
    page.keyboard.press("Enter")
    assert patient.sees("leave away later on")
    assert focused(page) == "may-go"
    walk(page, "out")
    page.keyboard.press("Enter")
    walk(page, "out-yes")
    page.keyboard.press("Enter")
    assert patient.sees("You are signed out")
    assert [one["mark"] for one in service.entries(procedure)] == ["no_more_products", "since", "done"]


def focused(page: Page) -> str:
    """Name what has the focus: its id, or that of the box whose summary it is."""
    return str(
        page.evaluate(
            f"() => {{ {DEEPEST} return one.id || (one.closest('details')?.id ?? '') + ' ' + one.localName; }}"
        )
    )


def walk(page: Page, name: str) -> None:
    """Press Tab until something has the focus, and see that it shows so."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if focused(page) == name:
            shown = page.evaluate(f"() => {{ {DEEPEST} return getComputedStyle(one).outlineStyle; }}")
            assert shown == "solid", name
            return
    raise AssertionError(f"Tab never leads to {name}")
