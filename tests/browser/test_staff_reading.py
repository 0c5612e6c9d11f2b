"""The staff pages are for everybody: no barrier in any state, on a phone, enlarged, in the dark, on paper, by keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import PageAt
from tests.browser.serving import Service
from tests.browser.staff import Staff, end, say_all_but_the_sun, somebody

if TYPE_CHECKING:
    from playwright.sync_api import Page

Axe = Callable[["Page"], list[str]]
SCHEMES = ["light", "dark"]
NARROW = 320
LABEL = {
    "on-track": "On track",
    "waiting": "Waiting",
    "ready": "Ready",
    "at-risk": "At risk",
    "blocked": "Blocked",
    "past": "Day passed",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "no-show": "Did not come",
}
PLACES = {
    "worklist": "/staff/?days=60",
    "nobody fits": "/staff/?q=nobody",
    "booking": "/staff/book",
    "protocols": "/staff/protocols",
    "protocol": "/staff/protocols/laser-resurfacing",
    "drafts": "/staff/drafts",
    "trying": "/staff/protocols/laser-resurfacing@1/try",
    "imports": "/staff/imports",
    "not there": "/staff/procedures/00000000-0000-4000-8000-000000000000",
}
ROLES = {"drafts": "clinician", "trying": "clinician", "imports": "admin"}


def stand(service: Service, level: str) -> str:
    """Bring a procedure into a standing; give its id."""
    on = {"on-track": "2027-01-02", "blocked": "2026-12-05", "at-risk": "2026-12-05"}.get(level, "2026-12-18")
    procedure = somebody(service, "Pia", on)
    if level in {"ready", "at-risk"}:
        service.clock.go_to("2026-12-04" if level == "at-risk" else "2026-12-11")
        mark = {"step": "no-sun", "kind": "since", "on": None}
        service.send("POST", f"/v1/procedures/{procedure}/marks", mark)
        say_all_but_the_sun(service, procedure)
    if level == "on-track":
        service.send("POST", f"/v1/procedures/{procedure}/marks", {"kind": "no_more_products"})
    if level in {"blocked", "at-risk"}:
        to = "sun" if level == "blocked" else "retinoid"
        service.send("POST", f"/v1/procedures/{procedure}/exposures", {"to": to, "on": service.clock.day})
    if level == "past":
        service.clock.go_to("2026-12-20")
    if level in {"completed", "no-show"}:
        service.clock.go_to("2026-12-18")
    if level in {"completed", "cancelled", "no-show"}:
        end(service, procedure, level)
    return procedure


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("level", LABEL)
def test_no_standing_has_a_barrier(service: Service, page_at: PageAt, axe: Axe, level: str, scheme: str) -> None:
    procedure = stand(service, level)
    staff = Staff(page_at(1280, scheme), service).sign_in("clinician").procedure(procedure)
    assert staff.standing == LABEL[level]
    assert axe(staff.page) == []
    staff.open_everything()
    assert axe(staff.page) == []
    staff.page.set_viewport_size({"width": NARROW, "height": 700})
    assert staff.fits()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("place", PLACES)
def test_no_page_has_a_barrier_or_sticks_out(
    service: Service, page_at: PageAt, axe: Axe, place: str, scheme: str
) -> None:
    somebody(service, "Pia", "2026-12-18")
    somebody(service, "Bartholomäus-Maximilian-von-und-zu-Hohenstein-Wittelsbach", "2026-12-05")
    staff = Staff(page_at(1280, scheme), service).sign_in(ROLES.get(place, "coordinator")).go(PLACES[place])
    assert staff.page.locator("h1").count() == 1
    staff.open_everything()
    assert axe(staff.page) == []
    for width in (640, NARROW):  # 1280 at 200 and at 400 %
        staff.page.set_viewport_size({"width": width, "height": 700})
        assert staff.fits(), width
    assert axe(staff.page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_signing_in_has_no_barrier_and_neither_has_a_wrong_key(
    service: Service, page_at: PageAt, axe: Axe, scheme: str
) -> None:
    page = page_at(NARROW, scheme)
    staff = Staff(page, service).go("/staff/sign-in")
    assert axe(page) == []
    page.fill("#key", "prep_wrong")
    page.click("main form button")
    assert "This key is not known" in page.locator("[role=alert]").inner_text()
    assert axe(page) == []
    assert staff.fits()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_empty_clinic_has_no_barrier(service: Service, page_at: PageAt, axe: Axe, scheme: str) -> None:
    staff = Staff(page_at(1280, scheme), service).sign_in()
    assert "Enjoy the quiet" in staff.page.locator("#list").inner_text()
    assert axe(staff.page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_forms_that_come_back_have_no_barrier(service: Service, page_at: PageAt, axe: Axe, scheme: str) -> None:
    procedure = somebody(service, "Pia", "2026-12-18")
    staff = Staff(page_at(1280, scheme), service).sign_in().procedure(procedure)
    form = staff.sheet("expose")
    form.locator("[name=on]").fill("2027-01-01")
    staff.send(form, "Report")
    assert "Nothing was changed" in staff.told
    assert axe(staff.page) == []
    staff.procedure(procedure)
    form = staff.sheet("move")
    form.locator("[name=to_on]").fill("2026-12-22")
    staff.send(form, "See what it would do")
    assert axe(staff.page) == []
    service.send("POST", f"/v1/procedures/{procedure}/exposures", {"to": "sun", "on": service.clock.day})
    staff.send(staff.sheet("move"), "Move to")
    assert "Somebody was faster" in staff.told
    assert axe(staff.page) == []
    staff.page.set_viewport_size({"width": NARROW, "height": 700})
    assert staff.fits()


def test_somebody_with_a_keyboard_skips_to_the_content(service: Service, page_at: PageAt) -> None:
    page = Staff(page_at(1280), service).sign_in().page
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    assert skip.evaluate("one => one === document.activeElement")
    box = skip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_the_days_list_is_printed_without_what_is_for_the_screen(service: Service, page_at: PageAt) -> None:
    somebody(service, "Pia", "2026-12-18")
    page = Staff(page_at(1280), service).sign_in().go("/staff/?days=60").page
    page.emulate_media(media="print")
    for hidden in (".bar nav", ".bar .who", ".filters", ".foot", ".skip", ".fold"):
        assert not page.locator(hidden).first.is_visible(), hidden
    assert page.get_by_role("row", name="Pia Example").is_visible()
    assert page.locator("h1").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_on_a_phone_the_first_row_is_seen_before_anything_is_done(service: Service, page_at: PageAt) -> None:
    somebody(service, "Pia", "2026-12-18")
    page = Staff(page_at(390), service).sign_in().go("/staff/?days=60").page
    row = page.get_by_role("link", name="Pia Example").bounding_box()
    assert row is not None
    assert row["y"] < 844
    assert not page.locator("#q").is_visible()
    page.locator(".fold > summary").click()
    assert page.locator("#q").is_visible()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_draft_is_looked_at_kept_compared_and_tried_without_a_barrier(
    service: Service, page_at: PageAt, axe: Axe, scheme: str
) -> None:
    somebody(service, "Pia", "2026-12-18")
    staff = Staff(page_at(1280, scheme), service).sign_in("clinician").go("/staff/drafts?from=laser-resurfacing")
    page = staff.page
    text = page.locator("#text").input_value()
    page.fill("#text", text.replace("kind: avoid", "kind: forbid", 1))
    staff.send(page.locator("main form.card"), "Check")
    assert page.locator("#text").get_attribute("aria-invalid") == "true"
    assert axe(page) == []
    slug = f"our-laser-{scheme}"
    page.fill("#text", text.replace("protocol: laser-resurfacing", f"protocol: {slug}", 1))
    staff.send(page.locator("main form.card"), "Check")
    assert axe(page) == []
    page.locator("button[value=keep]").click()
    page.wait_for_url(f"**/staff/protocols/{slug}@1?done=drafted*")
    staff.open_everything()
    assert axe(page) == []
    staff.go(f"/staff/protocols/{slug}@1/try")
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    assert axe(page) == []
    staff.go("/staff/drafts?from=laser-resurfacing")
    page.fill(
        "#text", page.locator("#text").input_value().replace("protocol: laser-resurfacing", f"protocol: {slug}", 1)
    )
    page.fill("#text", page.locator("#text").input_value().replace("days_before: 14", "days_before: 21", 1))
    staff.send(page.locator("main form.card"), "Check")
    page.locator("button[value=keep]").click()
    page.wait_for_url(f"**/staff/protocols/{slug}@2?done=drafted*")
    staff.go(f"/staff/protocols/{slug}/compare?from=1&to=2")
    assert "21" in page.locator("main").inner_text()
    assert axe(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_file_with_faults_has_no_barrier(service: Service, page_at: PageAt, axe: Axe, scheme: str) -> None:
    staff = Staff(page_at(1280, scheme), service).sign_in("admin").go("/staff/imports")
    page = staff.page
    rows = b"reference,name,protocol,date\nA-1,Pia Example,laser-resurfacing,2026-12-18\nA-2,,nothing,someday\n"
    page.set_input_files("input[type=file]", {"name": "bookings.csv", "mimeType": "text/csv", "buffer": rows})
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    page.wait_for_selector("#told, .notice")
    staff.open_everything()
    assert axe(page) == []
    page.set_viewport_size({"width": NARROW, "height": 700})
    assert staff.fits()
