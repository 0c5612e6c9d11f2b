"""One patient, from the booking to the day after, in each language, on a phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import pytest

from prep_tracker.catalog.locales import languages
from tests.browser.conftest import PageAt
from tests.browser.patients import Patient
from tests.browser.serving import ON, Service

if TYPE_CHECKING:
    from playwright.sync_api import Page

NEVER = ("no-retinoids", "no-aha", "no-bha")


def days_left(service: Service) -> int:
    """Give the days to go by the service's clock."""
    return (date.fromisoformat(ON) - date.fromisoformat(service.clock.day)).days


@pytest.mark.parametrize("lang", languages())
def test_two_weeks(service: Service, page_at: PageAt, axe: Callable[[Page], list[str]], lang: str) -> None:
    procedure = service.book()
    page = page_at(390, "light", lang)
    page.goto(service.link(procedure))
    pia = Patient(page, lang)
    assert page.locator("html").get_attribute("dir") == ("rtl" if lang == "ar" else "ltr")
    assert axe(page) == []
    page.click("#go")
    pia.see_list()
    assert pia.number == pia.count("days", 26)
    assert pia.find("prep-checklist .standing strong").inner_text() == pia.say("standing.waiting")
    assert axe(page) == []

    pia.tap("none-medication-review")
    assert pia.note == pia.say("thanks")
    assert axe(page) == []

    service.clock.go_to("2026-12-04")
    pia.come_back()
    assert pia.number == pia.count("days", 14)
    pia.tap("never-no-sun")
    pia.tap("done-provider-instructions")
    pia.open("past")
    assert pia.states()["provider-instructions"] == pia.say("state.done")
    assert pia.find("prep-checklist .standing strong").inner_text() == pia.say("standing.on-track")
    assert axe(page) == []

    while service.clock.day < "2026-12-11":
        service.clock.advance()
        pia.come_back()
        assert pia.number == pia.count("days", days_left(service))
        assert pia.fits()
    for step in NEVER:
        pia.tap(f"never-{step}")
    assert pia.find("prep-checklist .standing strong").inner_text() == pia.say("standing.ready")
    assert pia.find("#go-no-aha").count() == 0
    assert axe(page) == []

    while service.clock.day < "2026-12-17":
        service.clock.advance()
        pia.come_back()
        assert pia.number == pia.count("days", days_left(service))
    assert pia.sees(pia.say("nothing_today"))

    service.clock.go_to(ON)
    pia.come_back()
    assert pia.number == pia.say("is_today")
    assert axe(page) == []
    service.clock.advance()
    pia.come_back()
    assert pia.number == pia.say("was")
    assert axe(page) == []
    said = [(one["mark"], one["step"], one["actor"]["role"]) for one in service.entries(procedure)]
    assert said == [
        ("no_more_products", None, "patient"),
        ("since", "no-sun", "patient"),
        ("done", "provider-instructions", "patient"),
        *(("since", step, "patient") for step in NEVER),
    ]
