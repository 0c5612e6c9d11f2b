"""Work on one procedure at a screen: open its page, send its forms, read what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.pages.browser import Browser
from tests.pages.forms import Form, forms, press

if TYPE_CHECKING:
    import httpx

    from tests.api.house import House, Json


class Desk:
    """Somebody at the page of one procedure."""

    def __init__(self, house: House, person: str, procedure: str) -> None:
        """Sign in; ``procedure`` is the address that the API gave."""
        self.house, self.browser, self.person = house, Browser(house), person
        self.browser.sign_in(person)
        self.api = procedure
        self.before: list[Json] = []
        self.path = f"/staff/procedures/{procedure.rsplit('/', 1)[-1]}"

    def go_to(self, day: str) -> None:
        """Come back on another day, and sign in again."""
        self.house.go_to(day)
        self.browser.sign_in(self.person)

    def open(self, query: str = "") -> httpx.Response:
        """Open the page."""
        answer = self.browser.get(f"{self.path}{query}")
        assert answer.status_code == 200, answer.text
        return answer

    def form(self, name: str) -> Form:
        """Open the page and give one of its forms."""
        self.before = self.entries()
        return forms(self.open())[name]

    def has(self, name: str) -> bool:
        """Say whether the page has a form."""
        return name in forms(self.open())

    def do(self, name: str, button: tuple[str, str] | None = None, **fields: Any) -> httpx.Response:  # noqa: ANN401 - a text, or several
        """Open the page, fill in a form and press a button."""
        return press(self.browser, self.form(name), button, **fields)

    def done(self, name: str, what: str, button: tuple[str, str] | None = None, **fields: Any) -> httpx.Response:  # noqa: ANN401 - a text, or several
        """Do something, and go where that leads: to the page that says what was done."""
        answer = self.do(name, button, **fields)
        assert answer.status_code == 303, answer.text
        target = answer.headers["location"]
        assert target.startswith(f"{self.path}?done={what}"), target
        shown = self.browser.get(target)
        assert shown.status_code == 200
        assert shown.text.count('id="told" role="status"') == 1
        return shown

    def entries(self) -> list[Json]:
        """Give the record, as the API has it."""
        items: list[Json] = self.house.person("Ana").get(f"{self.api}/entries", limit="200").json()["items"]
        return items

    def last(self) -> Json:
        """Give the newest entry."""
        return self.entries()[-1]
