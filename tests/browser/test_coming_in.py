"""A link opens the list once, for a person, and leaves no trace of itself; every other link says what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from prep_tracker.catalog.locales import languages, texts
from tests.browser.conftest import PageAt
from tests.browser.patients import Patient
from tests.browser.serving import Service

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Route

Axe = Callable[["Page"], list[str]]
LOST = "/p/#token=5uZ0rJ0d4mQ1wX8bT3yK6nL9pV2sF7hG-cA_eR4iUoY"


def test_nothing_is_sent_before_somebody_presses(service: Service, page_at: PageAt) -> None:
    """Mail scanners open links, with a browser too."""
    link = service.link(service.book())
    page = page_at()
    asked: list[tuple[str, str]] = []
    page.on("request", lambda request: asked.append((request.method, request.url)))
    page.goto(link)
    page.wait_for_selector("#open:not([hidden])")
    page.wait_for_load_state("networkidle")
    assert asked
    assert {method for method, _ in asked} == {"GET"}
    token = link.partition("token=")[2]
    assert [url for _, url in asked if "/v1/" in url or token in url.partition("#")[0]] == []
    assert Patient(page_at()).come_in(link).number == "26 days"


def test_the_token_leaves_the_address_bar_at_once(service: Service, page_at: PageAt) -> None:
    page = page_at()
    page.goto(service.link(service.book()))
    page.wait_for_selector("#open:not([hidden])")
    assert page.evaluate("location.href") == f"{service.url}/p/"
    assert page.evaluate("history.length") == 2  # the empty page of a new window, and this one
    page.click("#go")
    page.wait_for_selector("prep-checklist .countdown")
    page.reload()
    assert Patient(page).see_list().number == "26 days"


@pytest.mark.parametrize("lang", languages())
def test_a_used_link_says_what_to_do_and_not_whose_it_was(
    service: Service, page_at: PageAt, axe: Axe, lang: str
) -> None:
    link = service.link(service.book())
    Patient(page_at()).come_in(link)
    told = []
    for address in (link, f"{service.url}{LOST}"):
        page = page_at(lang=lang)
        page.goto(address)
        page.click("#go")
        patient = Patient(page, lang)
        assert patient.sees(patient.say("page.refused.title"))
        assert axe(page) == []
        told.append(page.locator("body").inner_text())
    assert told[0] == told[1]
    assert "Vermeer" not in told[0]
    assert "Aster" not in told[0]


def test_so_does_one_that_waited_too_long(service: Service, page_at: PageAt) -> None:
    link = service.link(service.book(), expires_in_days=2)
    service.clock.go_to("2026-11-25")
    page = page_at()
    page.goto(link)
    page.click("#go")
    assert Patient(page).sees("This link does not work any more")
    assert page.evaluate("document.activeElement.textContent") == "This link does not work any more"


def test_the_same_link_tapped_again_on_the_same_phone_opens_the_list(service: Service, page_at: PageAt) -> None:
    """People keep the message and tap it every day."""
    link = service.link(service.book())
    patient = Patient(page_at()).come_in(link)
    patient.page.goto("about:blank")
    patient.page.goto(link)
    assert patient.see_list().number == "26 days"


def lose_answers(page: Page, times: int) -> list[str | None]:
    """Let requests to come in arrive, and lose the first answers on the way; gives the keys that came with them."""
    keys: list[str | None] = []

    def lose(route: Route) -> None:
        keys.append(route.request.headers.get("idempotency-key"))
        if len(keys) > times:
            route.continue_()
        else:
            route.fetch()
            route.abort("connectionreset")

    page.route("**/v1/portal/sessions", lose)
    return keys


def test_an_answer_that_was_lost_in_a_lift_is_asked_for_again(service: Service, page_at: PageAt) -> None:
    procedure = service.book()
    page = page_at()
    keys = lose_answers(page, 2)
    patient = Patient(page)
    page.goto(service.link(procedure))
    page.click("#go")
    assert patient.sees("The connection is weak. We are trying again. Please wait.")
    assert patient.see_list().number == "26 days"
    assert (len(keys), len(set(keys))) == (3, 1)
    assert len(service.get(f"/v1/procedures/{procedure}/portal-sessions")["items"]) == 1
    assert page.locator("#notice").inner_text() == ""
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.endsWith('knock'))") == []


def test_the_same_message_tapped_again_after_the_lift_still_opens_the_list(service: Service, page_at: PageAt) -> None:
    link = service.link(service.book())
    page = page_at()
    lose_answers(page, 1)
    page.goto(link)
    page.click("#go")
    assert Patient(page).sees("The connection is weak.")
    page.goto("about:blank")
    assert Patient(page).come_in(link).number == "26 days"
    other = page_at()
    other.goto(link)
    other.click("#go")
    assert Patient(other).sees("This link does not work any more"), "another phone has another key"


def test_another_used_link_leads_back_to_the_list_of_whoever_is_signed_in(service: Service, page_at: PageAt) -> None:
    procedure = service.book()
    used = service.link(procedure)
    Patient(page_at()).come_in(used)
    patient = Patient(page_at()).come_in(service.link(procedure))
    patient.page.goto("about:blank")
    patient.page.goto(used)
    patient.page.click("#go")
    assert patient.sees("This link does not work any more")
    patient.page.click("#back")
    assert patient.see_list().number == "26 days"


def test_without_a_link_the_page_says_where_to_get_one(service: Service, page_at: PageAt, axe: Axe) -> None:
    page = page_at()
    page.goto(f"{service.url}/p/")
    assert Patient(page).sees("You are not signed in")
    assert axe(page) == []


def test_the_date_of_birth_is_asked_where_the_clinic_wants_it(service: Service, page_at: PageAt, axe: Axe) -> None:
    service.send("PATCH", "/v1/clinic", {"portal_birth_date": True}, role="admin")
    page = page_at()
    page.goto(service.link(service.book()))
    assert not page.locator("#birth").is_visible()
    page.click("#go")
    page.wait_for_selector("#birth:not([hidden])")
    assert page.evaluate("document.activeElement.id") == "birth-date"
    assert axe(page) == []
    page.click("#go")
    assert page.locator("#birth-date").get_attribute("aria-invalid") == "true"
    page.fill("#birth-date", "1990-03-28")
    page.click("#go")
    patient = Patient(page)
    assert patient.sees("This is not the date that your clinic has. Please look at it once more.")
    assert axe(page) == []
    page.fill("#birth-date", "1990-02-28")
    page.click("#go")
    assert patient.see_list().number == "26 days"
    assert page.locator("#birth-date").input_value() == ""


def test_signing_out_asks_once_and_forgets_everything(service: Service, page_at: PageAt, axe: Axe) -> None:
    procedure = service.book()
    patient = Patient(page_at()).come_in(service.link(procedure))
    page = patient.page
    assert len(patient.kept()) == 2
    token = page.evaluate("JSON.parse(localStorage['prep-tracker:session']).access_token")
    page.click("#out")
    assert page.evaluate("document.activeElement.id") == "sure-text"
    assert axe(page) == []
    page.click("#out-no")
    assert page.evaluate("document.activeElement.id") == "out"
    page.click("#out")
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as ended:
        page.click("#out-yes")
    assert ended.value.status == 204
    assert patient.sees("You are signed out")
    assert patient.kept() == []
    assert page.locator("prep-checklist .number").count() == 0
    assert axe(page) == []
    refused = page.request.get(f"{service.url}/v1/portal/procedures", headers={"Authorization": f"Bearer {token}"})
    assert refused.status == 401
    page.reload()
    assert patient.sees("You are not signed in")


def test_signing_out_in_one_tab_is_signing_out_in_all(
    service: Service, context_at: Callable[..., BrowserContext]
) -> None:
    context = context_at()
    first = Patient(context.new_page()).come_in(service.link(service.book()))
    second = Patient(context.new_page())
    second.page.goto(f"{service.url}/p/")
    second.see_list()
    first.page.click("#out")
    first.page.click("#out-yes")
    assert second.sees("You are signed out")
    assert second.page.locator("prep-checklist .number").count() == 0


def test_the_language_changes_in_place_and_the_link_in_hand_is_not_lost(
    service: Service, page_at: PageAt, axe: Axe
) -> None:
    page = page_at()
    page.goto(service.link(service.book()))
    patient = Patient(page)
    for lang in ("nl", "es", "ar"):
        page.click(f"[data-language={lang}]")
        patient = Patient(page, lang)
        assert patient.sees(patient.say("page.open.go"))
        assert page.title() == patient.say("page.title")
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert axe(page) == []
    page.click("#go")
    assert Patient(page, "ar").see_list().number == patient.count("days", 26)
    page.reload()
    patient.see_list()
    page.wait_for_selector("html[dir=rtl]")
    assert patient.sees(patient.say("today"))
    page.click("[data-language=en]")
    english = Patient(page)
    assert english.sees("To do today")
    assert page.locator("html").get_attribute("dir") == "ltr"


def test_without_scripts_the_page_says_so_in_every_language(service: Service, page_at: PageAt) -> None:
    page = page_at(java_script_enabled=False)
    page.goto(f"{service.url}/p/")
    said = page.locator("main").inner_text()
    assert [lang for lang in languages() if texts(lang)["portal.page.no_script"] not in said] == []
    assert not page.locator("#go").is_visible()


def test_the_page_is_an_app_that_can_be_installed(service: Service, page_at: PageAt) -> None:
    page = page_at()
    page.goto(f"{service.url}/p/")
    manifest = page.request.get(page.evaluate("document.querySelector('link[rel=manifest]').href")).json()
    assert manifest["start_url"] == manifest["scope"] == manifest["id"] == "/p/"
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    for icon in manifest["icons"]:
        size = page.evaluate(
            "src => new Promise((done, no) => { const one = new Image(); one.onload = () => done(one.naturalWidth);"
            " one.onerror = no; one.src = src; })",
            icon["src"],
        )
        assert icon["sizes"] in {"any", f"{size}x{size}"}
    assert page.evaluate("navigator.serviceWorker.ready.then(one => one.scope)") == f"{service.url}/p/"
