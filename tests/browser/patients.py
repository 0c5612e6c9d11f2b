"""Sit down with a patient at the page: open the link, read, tap, and wait until the list says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prep_tracker.catalog.speaking import words
from prep_tracker.domain.explain import Phrase

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SECONDS = 15
READY = "prep-checklist h2, prep-checklist .notice.bad"


class Patient:
    """Somebody before the page. What is looked for is found in the element's shadow tree too."""

    def __init__(self, page: Page, lang: str = "en") -> None:
        """Take a page, and the language in which it will be read."""
        self.page, self.lang = page, lang

    def come_in(self, link: str) -> Patient:
        """Open the link and press the button; wait for the list."""
        self.page.goto(link)
        self.page.click("#go")
        return self.see_list()

    def see_list(self) -> Patient:
        """Wait until there is a list."""
        self.page.wait_for_selector("prep-checklist .countdown")
        return self

    def say(self, key: str, **values: str | int) -> str:
        """Give one of the portal's texts in the patient's language."""
        return words(self.lang).say(Phrase(f"portal.{key}", values))

    def count(self, key: str, number: int) -> str:
        """Give one of the portal's counted texts."""
        return words(self.lang).count(f"portal.{key}", number)

    def find(self, selector: str) -> Locator:
        """Give what a selector finds, in the shadow tree too."""
        return self.page.locator(selector)

    def tap(self, name: str) -> None:
        """Tap something by its id, and wait until the list has been drawn anew."""
        self.find(f"#{name}").click()
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is on its way."""
        self.page.wait_for_function(
            "() => !document.querySelector('prep-checklist').shadowRoot.querySelector('[aria-busy=true]')"
        )

    def open(self, name: str) -> None:
        """Open a box by its id, unless it is open."""
        box = self.find(f"#{name}")
        if box.get_attribute("open") is None:
            box.locator("summary").first.click()

    def come_back(self) -> None:
        """Look at the page again, as after a night, and wait for what the service says."""
        self.page.evaluate("() => document.querySelector('prep-checklist').refresh()")

    def sees(self, text: str) -> bool:
        """Say whether a text is to be read, once the list has had time to say it."""
        shown = self.page.get_by_text(text).and_(self.page.locator(":not(.unseen)")).locator("visible=true").first
        try:
            shown.wait_for(timeout=SECONDS * 1000)
        except Exception as error:  # noqa: BLE001 - Playwright's own, which is not there to be imported everywhere
            print(type(error).__name__, self.page.locator("body").inner_text()[:2000])  # noqa: T201 - for whoever reads the failure
            return False
        return True

    @property
    def number(self) -> str:
        """Give the countdown."""
        return str(self.find("prep-checklist .number").inner_text())

    @property
    def note(self) -> str:
        """Give what was said last at the bottom of the page."""
        return str(self.find("#note p").inner_text())

    def states(self) -> dict[str, str]:
        """Give each step with what is said about it."""
        rows = self.find("prep-checklist li.item").evaluate_all(
            "all => all.map(one => [one.dataset.step, one.querySelector('.state').textContent])"
        )
        return {str(step): str(state) for step, state in rows}

    def kept(self) -> list[str]:
        """List what is kept on the device, by key."""
        return sorted(self.page.evaluate("() => Object.keys(localStorage)"))

    def fits(self) -> bool:
        """Say whether nothing sticks out to the side."""
        return bool(self.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))
