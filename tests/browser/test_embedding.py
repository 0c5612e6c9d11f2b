"""The element in a portal's own page, on another origin: loaded, signed in, themed, listened to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from prep_tracker.catalog.locales import languages
from tests.architecture.tree import ROOT
from tests.browser.conftest import PageAt
from tests.browser.patients import Patient
from tests.browser.portal import Portal
from tests.browser.serving import Service

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Portal</title>
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; script-src {service} 'nonce-a'; style-src 'nonce-a'; connect-src {service}">
<meta name="viewport" content="width=device-width, initial-scale=1"><style nonce="a">{style}</style></head>
<body><main><h1>Portal</h1>{body}</main>
<script nonce="a">window.seen = []; for (const name of ["prep-load", "prep-change", "prep-error"])
  addEventListener(name, (event) => seen.push([name, event.detail]));</script>
<script type="module" src="{service}/embed/prep-checklist.js"></script></body></html>"""


@pytest.fixture
def embedded(service: Service, portal: Portal, page_at: PageAt) -> Embedded:
    """Give a portal whose pages hold the element."""
    return Embedded(service, portal, page_at)


class Embedded:
    """A page of the portal with the element in it."""

    def __init__(self, service: Service, portal: Portal, page_at: PageAt) -> None:
        """Know the service and the portal."""
        self.service, self.portal, self._page_at = service, portal, page_at

    def open(self, attributes: str = "", style: str = "", **more: str) -> Page:
        """Open the page; nobody is signed in yet."""
        body = f'<prep-checklist base-url="{self.service.url}" {attributes}></prep-checklist>'
        self.portal.pages["/"] = PAGE.format(service=self.service.url, style=style, body=body)
        page = self._page_at(390, **more)
        page.goto(f"{self.portal.url}/")
        return page

    def sign_in(self, page: Page, procedure: str) -> str:
        """Let the portal's backend mint a session, and hand it to the element; give the token."""
        token = self.service.mint(procedure)
        page.evaluate("token => { document.querySelector('prep-checklist').accessToken = token; }", token)
        return token


def test_a_portal_shows_the_list_of_its_patient(embedded: Embedded) -> None:
    procedure = embedded.service.book()
    page = embedded.open(f'procedure="{procedure}"')
    token = embedded.sign_in(page, procedure)
    patient = Patient(page).see_list()
    assert patient.number == "26 days"
    assert patient.fits()
    assert token not in page.content()
    patient.tap("done-provider-instructions")
    told = page.evaluate("seen.map(([name, detail]) => [name, Object.keys(detail)])")
    assert ["prep-load", ["checklist", "loading", "drawing"]] in told
    assert ["prep-change", ["said", "answer"]] in told
    page.context.set_offline(offline=True)
    assert patient.sees("You have no connection. This is what we knew last.")
    page.context.set_offline(offline=False)


@pytest.mark.parametrize("lang", [*languages(), "nl-BE", "fr"])
def test_it_speaks_the_language_that_the_page_asks_for(embedded: Embedded, lang: str) -> None:
    procedure = embedded.service.book()
    page = embedded.open(f'procedure="{procedure}" lang="{lang}"')
    embedded.sign_in(page, procedure)
    spoken = {"nl-BE": "nl", "fr": "en"}.get(lang, lang)
    patient = Patient(page, spoken).see_list()
    assert patient.number == patient.count("days", 26)
    other = "es" if spoken != "es" else "nl"
    page.evaluate("lang => { document.querySelector('prep-checklist').lang = lang; }", other)
    changed = Patient(page, other)
    assert changed.sees(changed.say("today"))
    assert page.locator("prep-checklist [part=checklist]").get_attribute("lang") == other


def test_a_token_may_come_from_a_function_that_is_asked_again_when_it_has_ended(embedded: Embedded) -> None:
    procedure = embedded.service.book()
    page = embedded.open(f'procedure="{procedure}"')
    good, ended = embedded.service.mint(procedure), embedded.service.mint(procedure)
    embedded.service.sign_everybody_out(procedure)
    good = embedded.service.mint(procedure)
    page.evaluate(
        "([ended, good]) => { window.asked = []; document.querySelector('prep-checklist').accessToken ="
        " async (why) => { asked.push(why.expired); return why.expired ? good : ended; }; }",
        [ended, good],
    )
    assert Patient(page).see_list().number == "26 days"
    assert page.evaluate("asked.includes(true) && asked[0] === false")


def test_a_token_set_before_the_script_has_come_counts(embedded: Embedded) -> None:
    procedure = embedded.service.book()
    token = embedded.service.mint(procedure)
    page = embedded.open()
    page.evaluate(
        "([url, value]) => { const one = document.createElement('prep-checklist'); one.setAttribute('base-url', url);"
        " Object.defineProperty(one, 'accessToken', { value, configurable: true, enumerable: true, writable: true });"
        " document.querySelector('prep-checklist').replaceWith(one); }",
        [embedded.service.url, token],
    )
    assert Patient(page).see_list().number == "26 days"


def test_a_session_that_was_ended_is_told_to_the_portal(embedded: Embedded) -> None:
    procedure = embedded.service.book()
    page = embedded.open(f'procedure="{procedure}"')
    embedded.sign_in(page, procedure)
    patient = Patient(page).see_list()
    embedded.service.sign_everybody_out(procedure)
    patient.come_back()
    assert patient.sees("You are signed out. Please ask your clinic for a new link.")
    assert page.evaluate("seen.at(-1)[0] === 'prep-error' && seen.at(-1)[1].status === 401")
    embedded.sign_in(page, procedure)
    assert patient.see_list().number == "26 days"


def test_it_takes_the_portals_colours_and_parts(embedded: Embedded) -> None:
    procedure = embedded.service.book()
    style = (
        "prep-checklist { --prep-accent: rgb(120, 0, 90); --prep-font: serif }"
        " prep-checklist::part(number) { font-size: 40px } prep-checklist::part(item) { border-radius: 0 }"
    )
    page = embedded.open(f'procedure="{procedure}"', style)
    embedded.sign_in(page, procedure)
    patient = Patient(page).see_list()
    css = "(one, name) => getComputedStyle(one)[name]"
    assert patient.find("prep-checklist .number").evaluate(css, "fontSize") == "40px"
    assert patient.find("prep-checklist .item").first.evaluate(css, "borderTopLeftRadius") == "0px"
    assert patient.find("#done-provider-instructions").evaluate(css, "backgroundColor") == "rgb(120, 0, 90)"
    assert patient.find("prep-checklist .countdown").evaluate(css, "fontFamily") == "serif"


@pytest.mark.parametrize(("page_scheme", "expected"), [("", "rgb(29, 35, 39)"), ("light dark", "rgb(233, 231, 226)")])
def test_it_is_dark_only_where_the_page_around_it_is(embedded: Embedded, page_scheme: str, expected: str) -> None:
    procedure = embedded.service.book()
    page = embedded.open(
        f'procedure="{procedure}"', f":root {{ color-scheme: {page_scheme or 'normal'} }}", scheme="dark"
    )
    embedded.sign_in(page, procedure)
    patient = Patient(page).see_list()
    ink = patient.find("prep-checklist .countdown").evaluate("one => getComputedStyle(one).color")
    assert ink == expected


def test_nothing_is_kept_where_the_portal_does_not_want_it(embedded: Embedded) -> None:
    procedure = embedded.service.book()
    page = embedded.open(f'procedure="{procedure}" no-store')
    embedded.sign_in(page, procedure)
    patient = Patient(page).see_list()
    page.context.set_offline(offline=True)
    patient.tap("done-provider-instructions")
    assert patient.kept() == []
    page.context.set_offline(offline=False)
    assert patient.sees("You are back. What you said before has been sent.")
    assert [one["mark"] for one in embedded.service.entries(procedure)] == ["done"]


def test_what_a_product_is_called_is_text_and_never_html(embedded: Embedded) -> None:
    procedure = embedded.service.book()
    page = embedded.open(f'procedure="{procedure}"')
    embedded.sign_in(page, procedure)
    patient = Patient(page).see_list()
    evil = '<img src=x onerror="window.hit=1"><b>Retinol</b>'
    page.fill("#product-medication-review", evil)
    patient.tap("add-medication-review")
    assert patient.note == f"Thank you. We noted: {evil}."
    assert page.evaluate("window.hit") is None
    assert page.locator("prep-checklist img, prep-checklist b:text('Retinol')").count() == 0


def test_its_parts_are_those_that_the_guide_names(embedded: Embedded) -> None:
    """A portal's style sheet is written against these names."""
    procedure = embedded.service.book("laser-ablative")
    page = embedded.open(f'procedure="{procedure}"')
    embedded.sign_in(page, procedure)
    patient = Patient(page).see_list()
    patient.tap("fact-cold-sores-0")
    parts = patient.find("prep-checklist [part]").evaluate_all("all => all.flatMap(one => [...one.part])")
    levels = {"ready", "on-track", "waiting", "at-risk", "blocked", "past", "completed", "cancelled", "no-show"}
    guide = (ROOT / "clients" / "prep-checklist" / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([a-z-]+)` \|", guide, re.MULTILINE))
    assert set(parts) - levels <= named
