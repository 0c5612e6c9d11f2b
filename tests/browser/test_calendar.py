"""A patient puts their days into their own calendar from the page, and ends it; so does a portal's page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from prep_tracker.catalog.locales import languages
from tests.browser.conftest import PageAt
from tests.browser.patients import Patient
from tests.browser.portal import Portal
from tests.browser.serving import Service

if TYPE_CHECKING:
    from playwright.sync_api import Page

Axe = Callable[["Page"], list[str]]
NARROW = 320
FOCUS = """() => {
  const one = document.activeElement?.shadowRoot?.activeElement ?? document.activeElement;
  return one.id || `${one.localName} of ${one.parentElement?.id}`;
}"""
COPIED = "It is copied."
SIGN_IN = "token => { document.querySelector('prep-calendar').accessToken = token; }"
PORTAL = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Portal</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src {service}; connect-src {service}">
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>Portal</h1><prep-calendar base-url="{service}" lang="nl"></prep-calendar></main>
<script type="module" src="{service}/embed/prep-calendar.js"></script></body></html>"""


class Person(Patient):
    """A patient at the page, or at the page of a portal, with the box of the calendar open."""

    def begin(self) -> Person:
        """Open the box."""
        self.open("calendar")
        return self

    def press(self, name: str) -> None:
        """Press a button of the box, and wait until it is done."""
        self.find(f"#calendar-{name}").click()
        self.wait()

    def wait(self) -> None:
        """Wait until nothing is on its way."""
        self.page.wait_for_selector("#calendar[aria-busy=false]")

    def make(self) -> str:
        """Make an address, and give it."""
        self.press("make")
        self.page.wait_for_selector("#calendar-url:visible")
        return str(self.find("#calendar-url").input_value())

    @property
    def told(self) -> str:
        """Give what the box says about what was just done."""
        return str(self.find("#calendar [role=status]").inner_text())


def come(service: Service, page: Page, lang: str = "en") -> Person:
    """Open somebody's link, and the box."""
    person = Person(page, lang)
    person.come_in(service.link(service.book()))
    return person.begin()


def read(url: str) -> httpx.Response:
    """Fetch an address as a calendar does."""
    return httpx.get(url, trust_env=False, timeout=30)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_address_is_made_used_and_ended_without_a_barrier(
    service: Service, page_at: PageAt, axe: Axe, scheme: str
) -> None:
    person = come(service, page_at(NARROW, scheme))
    assert person.fits()
    assert axe(person.page) == []
    url = person.make()
    assert re.fullmatch(rf"{service.url}/calendar/[\w-]{{43}}\.ics", url)
    assert person.find("#calendar-open").get_attribute("href") == f"webcal:{url.partition(':')[2]}"
    assert person.page.evaluate("() => document.activeElement.shadowRoot.activeElement.innerText").startswith("This is")
    assert person.fits()
    assert axe(person.page) == []
    assert "BEGIN:VEVENT" in read(url).text
    person.press("end")
    assert person.sees("End it?")
    assert person.fits()
    assert axe(person.page) == []
    assert read(url).status_code == 200, "nothing is ended before it is said twice"
    person.press("yes")
    assert person.told.startswith("It has ended.")
    assert read(url).status_code == 404
    assert not person.find("#calendar-url").is_visible()
    assert person.page.evaluate(FOCUS) == "calendar-end"
    assert axe(person.page) == []


def test_the_address_is_copied_and_kept_nowhere(service: Service, page_at: PageAt) -> None:
    person = come(service, page_at(permissions=["clipboard-read", "clipboard-write"]))
    url = person.make()
    person.press("copy")
    assert person.told.startswith(COPIED)
    assert person.page.evaluate("() => navigator.clipboard.readText()") == url
    secret = url.rpartition("/")[2].removesuffix(".ics")
    assert secret not in person.page.evaluate("() => JSON.stringify(Object.entries(localStorage))")
    assert secret not in person.page.url
    person.page.reload()
    person.see_list()
    person.begin()
    assert secret not in person.page.content()
    assert not person.find("#calendar-url").is_visible()
    assert read(url).status_code == 200


def test_where_copying_is_refused_the_address_is_marked(service: Service, page_at: PageAt) -> None:
    page = page_at()
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('no'));")
    person = come(service, page)
    url = person.make()
    person.press("copy")
    assert person.told.startswith("Your browser does not let us copy.")
    marked = "one => one.value.slice(one.selectionStart, one.selectionEnd)"
    assert person.find("#calendar-url").evaluate(marked) == url


def test_the_days_are_saved_as_a_file(service: Service, page_at: PageAt) -> None:
    person = come(service, page_at(), "en")
    with person.page.expect_download() as coming:
        person.press("file")
    saved = coming.value
    assert saved.suggested_filename == "preparation.ics"
    text = Path(saved.path()).read_text(encoding="utf-8")
    assert text.startswith("BEGIN:VCALENDAR")
    assert text.count("BEGIN:VEVENT") > 3
    assert "SUMMARY:Your appointment" in text
    assert person.told.startswith("The file is saved.")


@pytest.mark.parametrize("lang", languages())
def test_it_is_said_in_every_language_in_its_direction(service: Service, page_at: PageAt, axe: Axe, lang: str) -> None:
    person = come(service, page_at(NARROW, "light", lang), lang)
    for key in ("hint", "neutral", "secret", "file_hint"):
        assert person.sees(person.say(f"calendar.{key}"))
    box = person.find("#calendar")
    assert box.get_attribute("lang") == lang
    assert box.evaluate("one => getComputedStyle(one).direction") == ("rtl" if lang == "ar" else "ltr")
    person.make()
    assert person.sees(person.say("calendar.once"))
    person.page.evaluate("document.documentElement.style.fontSize = '200%'")
    person.press("end")
    assert person.fits()
    assert axe(person.page) == []


def test_the_language_may_change_and_the_address_stays(service: Service, page_at: PageAt) -> None:
    person = come(service, page_at())
    url = person.make()
    person.page.click("[data-language=es]")
    spanish = Person(person.page, "es")
    assert spanish.sees(spanish.say("calendar.once"))
    assert spanish.find("#calendar-url").input_value() == url


def test_it_is_done_by_the_keyboard_alone(service: Service, page_at: PageAt) -> None:
    person = Person(page_at())
    person.come_in(service.link(service.book()))
    page = person.page

    def reach(name: str) -> None:
        for _ in range(120):
            page.keyboard.press("Tab")
            if page.evaluate(FOCUS) == name:
                return
        raise AssertionError(name)

    reach("summary of calendar")
    page.keyboard.press("Enter")
    reach("calendar-make")
    page.keyboard.press("Enter")
    page.wait_for_selector("#calendar-url:visible")
    url = person.find("#calendar-url").input_value()
    reach("calendar-open")
    reach("calendar-copy")
    reach("calendar-end")
    page.keyboard.press("Space")
    reach("calendar-yes")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => document.querySelector('prep-calendar').shadowRoot.querySelector('[role=status]').textContent"
    )
    assert read(url).status_code == 404


def test_without_a_network_and_signed_out_it_says_so(service: Service, page_at: PageAt) -> None:
    procedure = service.book()
    person = Person(page_at())
    person.come_in(service.link(procedure))
    person.begin()
    person.page.context.set_offline(offline=True)
    person.press("make")
    assert person.told == person.say("page.no_connection")
    person.page.context.set_offline(offline=False)
    service.sign_everybody_out(procedure)
    person.find("#calendar-make").click()
    assert person.sees(person.say("ended"))
    person.page.wait_for_selector("prep-calendar", state="hidden")


def test_whoever_signs_out_leaves_no_address_behind(service: Service, page_at: PageAt) -> None:
    person = come(service, page_at())
    secret = person.make().rpartition("/")[2]
    person.page.click("#out")
    person.page.click("#out-yes")
    assert person.sees("You are signed out")
    everything = "() => document.querySelector('prep-calendar').shadowRoot.innerHTML + JSON.stringify(localStorage)"
    assert secret not in person.page.evaluate(everything)


def test_on_paper_it_is_left_out(service: Service, page_at: PageAt) -> None:
    person = come(service, page_at())
    person.page.emulate_media(media="print")
    assert not person.find("prep-calendar").is_visible()


def test_a_portal_has_it_too_under_a_policy_that_lets_in_nothing_else(
    service: Service, portal: Portal, page_at: PageAt, axe: Axe
) -> None:
    procedure = service.book()
    portal.pages["/calendar"] = PORTAL.format(service=service.url)
    page = page_at(NARROW)
    page.goto(f"{portal.url}/calendar")
    page.wait_for_function("() => customElements.get('prep-calendar')")
    assert page.locator("prep-calendar details").count() == 0, "nobody is signed in"
    page.evaluate(SIGN_IN, service.mint(procedure))
    person = Person(page, "nl")
    page.wait_for_selector("#calendar")
    person.begin()
    assert person.sees(person.say("calendar.secret"))
    url = person.make()
    assert read(url).status_code == 200
    assert axe(page) == []
    with page.expect_download() as coming:
        person.press("file")
    assert "BEGIN:VEVENT" in Path(coming.value.path()).read_text(encoding="utf-8")
    person.press("end")
    person.press("yes")
    assert read(url).status_code == 404
    page.evaluate(SIGN_IN, None)
    page.wait_for_function("() => !document.querySelector('prep-calendar').shadowRoot.childElementCount")


def test_a_portals_function_is_asked_again_when_the_session_has_ended(
    service: Service, portal: Portal, page_at: PageAt
) -> None:
    procedure = service.book()
    portal.pages["/calendar"] = PORTAL.format(service=service.url)
    page = page_at()
    page.goto(f"{portal.url}/calendar")
    ended = service.mint(procedure)
    service.sign_everybody_out(procedure)
    page.evaluate(
        "([ended, good]) => { window.asked = []; document.querySelector('prep-calendar').accessToken ="
        " async (why) => { asked.push(why.expired); return why.expired ? good : ended; }; }",
        [ended, service.mint(procedure)],
    )
    page.wait_for_selector("#calendar")
    assert read(Person(page, "nl").begin().make()).status_code == 200
    assert page.evaluate("asked[0] === false && asked.includes(true)")
