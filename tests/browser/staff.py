"""Sit down with a member of staff at the pages: sign in, find somebody, open a form, send it, read what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.serving import Json, Service

ABLATIVE = {"cold-sores": False, "area": "other", "sedation": False}
CONTACT = "sun"


class Staff:
    """Somebody of the clinic before the pages."""

    def __init__(self, page: Page, service: Service) -> None:
        """Take a page, and the service with the keys of its people."""
        self.page, self.service = page, service

    def sign_in(self, role: str = "coordinator") -> Staff:
        """Paste a key and press the button."""
        self.page.goto(f"{self.service.url}/staff/sign-in")
        self.page.fill("#key", self.service.keys[role])
        self.page.click("main form button")
        self.page.wait_for_url("**/staff/")
        return self

    def go(self, path: str) -> Staff:
        """Open an address of the pages."""
        self.page.goto(f"{self.service.url}{path}")
        return self

    def procedure(self, name: str) -> Staff:
        """Open the page of one procedure by its id."""
        return self.go(f"/staff/procedures/{name}")

    def sheet(self, name: str) -> Locator:
        """Give a form of the page by its name, with the boxes around it opened."""
        form = self.page.locator(f'main form:has(input[name="form"][value="{name}"])')
        for box in form.locator("xpath=ancestor::details[not(@open)]").all():
            box.locator("xpath=./summary").click()
        return form

    def send(self, form: Locator, button: str) -> None:
        """Press a button of a form by its name on the screen, and wait until the page says what came of it."""
        form.get_by_role("button", name=button).click()
        self.page.wait_for_load_state()
        self.page.wait_for_selector("#told")

    @property
    def told(self) -> str:
        """Give what the page says about what was just done."""
        return str(self.page.locator("#told").inner_text())

    @property
    def standing(self) -> str:
        """Give how the open procedure stands."""
        return str(self.page.locator(".stands .standing").inner_text())

    def rows(self) -> list[str]:
        """List the patients of the worklist, as they stand there."""
        return list(self.page.locator("#list tbody th a").all_inner_texts())

    def fits(self) -> bool:
        """Say whether nothing sticks out to the side."""
        return bool(self.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))

    def open_everything(self) -> None:
        """Unfold every box."""
        for box in self.page.locator("details").all():
            box.evaluate("one => { one.open = true; }")


def somebody(service: Service, name: str, on: str, protocol: str = "laser-resurfacing", **more: object) -> str:
    """Book a procedure for somebody; give its id."""
    patient = {"reference": f"S-{name.lower()}", "name": f"{name} Example"}
    return service.book(protocol, patient=patient, on=on, **more)


def say(service: Service, procedure: str, *marks: Json) -> None:
    """Say something about the steps of a procedure."""
    for mark in marks:
        service.send("POST", f"/v1/procedures/{procedure}/marks", mark)


def say_all_but_the_sun(service: Service, procedure: str) -> None:
    """Say all that a first resurfacing asks for, but nothing about the sun."""
    say(
        service,
        procedure,
        {"step": "no-retinoids", "kind": "since", "on": None},
        {"step": "no-aha", "kind": "since", "on": service.clock.day},
        {"step": "no-bha", "kind": "since", "on": "2026-12-01"},
        {"step": "provider-instructions", "kind": "done", "on": service.clock.day},
        {"kind": "no_more_products"},
    )


def end(service: Service, procedure: str, state: str) -> None:
    """End a procedure."""
    version = service.get(f"/v1/procedures/{procedure}")["version"]
    service.send("PUT", f"/v1/procedures/{procedure}/state", {"state": state}, If_Match=f'"{version}"')


class Mouse(Staff):
    """Somebody who points and clicks."""

    def press(self, what: Locator) -> None:
        """Press a button, a link or a box."""
        what.click()

    def write(self, what: Locator, text: str) -> None:
        """Write into a field; a day is written as 2026-12-18."""
        what.fill(text)

    def choose(self, what: Locator, label: str) -> None:
        """Choose from a list by the words on the screen."""
        what.select_option(label=label)

    def mark(self, group: Locator, value: str) -> None:
        """Choose one of a few round boxes."""
        group.and_(self.page.locator(f'[value="{value}"]')).check()


class Keyboard(Mouse):
    """Somebody who has no mouse: everything is reached by Tab, and always to be seen."""

    MOST = 250

    def reach(self, what: Locator) -> None:
        """Go on until something has the focus, which must show."""
        for _ in range(self.MOST):
            if what.evaluate_all("all => all.includes(document.activeElement)"):
                shown = self.page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
                assert shown != "none"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(what)

    def press(self, what: Locator) -> None:
        """Press Enter, or the space bar on a box."""
        self.reach(what)
        self.page.keyboard.press("Space" if what.get_attribute("type") == "checkbox" else "Enter")

    def write(self, what: Locator, text: str) -> None:
        """Type; a day is typed month first, as an English browser shows it."""
        self.reach(what)
        if what.get_attribute("type") == "date":
            year, month, day = text.split("-")
            self.page.keyboard.type(f"{month}{day}{year}")
        else:
            self.page.keyboard.press("ControlOrMeta+a")
            self.page.keyboard.type(text)

    def choose(self, what: Locator, label: str) -> None:
        """Go down from the first to what is wanted."""
        self.reach(what)
        self.page.keyboard.press("Home")
        for _ in range(self.MOST):
            if what.evaluate("one => one.selectedOptions[0].textContent.trim()") == label:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(label)

    def mark(self, group: Locator, value: str) -> None:
        """Go up and down until the wanted one is marked."""
        self.reach(group)
        self.page.keyboard.press("Space")
        wanted = group.and_(self.page.locator(f'[value="{value}"]'))
        for _ in range(group.count()):
            if wanted.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        assert wanted.is_checked()
