"""The reference page: every operation, nothing from outside, and nothing that could run."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.api.contract import document, operations
from tests.api.house import House

LINKING = {"href", "src", "srcset", "action", "formaction", "poster", "data", "background", "xlink:href", "ping"}


class Page(HTMLParser):
    """Collect what a page loads or runs."""

    def __init__(self, page: str) -> None:
        """Read the page."""
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.handlers: list[str] = []
        self.inline_styles: list[str] = []
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        self.tags.append(tag)
        for name, value in attrs:
            if name in LINKING:
                self.links.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)
            if name == "style":
                self.inline_styles.append(value or "")
            if name == "id":
                self.ids.append(value or "")


@pytest.fixture
def page(house: House) -> Page:
    """Give the page as anybody reads it."""
    answer = house.stranger().send("GET", "/docs", check=False)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return Page(answer.text)


def test_it_loads_nothing_from_outside(house: House, page: Page) -> None:
    for link in page.links:
        assert re.fullmatch(r"#[\w{}/.-]*|/[^/].*", link), link
    loaded = [link for link in page.links if not link.startswith("#")]
    assert loaded
    for link in loaded:
        answer = house.stranger().send("GET", link, check=False)
        assert answer.status_code == 200, link
        assert not re.search(r"url\(|@import|https?:", answer.text) or link == "/openapi.json", link


def test_it_runs_nothing_and_styles_nothing_inline(page: Page) -> None:
    assert not {"script", "style", "iframe", "object", "embed", "form", "base"} & set(page.tags)
    assert page.handlers == []
    assert page.inline_styles == []


@pytest.mark.parametrize("path", ["/docs", "/docs/reference.css"])
def test_its_policy_forbids_what_it_does_not_need(house: House, path: str) -> None:
    answer = house.stranger().send("GET", path, check=False)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_it_shows_every_operation_with_who_may_call(house: House, page: Page) -> None:
    shown = house.stranger().send("GET", "/docs", check=False).text
    for operation in operations():
        assert operation.told["operationId"] in page.ids, operation.name
        assert operation.told["summary"] in shown
        if "x-scope" in operation.told:
            assert f"integration with {operation.told['x-scope']}" in shown
    assert len(page.ids) == len(set(page.ids))


def test_every_place_that_it_links_to_is_on_the_page(page: Page) -> None:
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.ids, link


def test_what_an_example_holds_is_shown_as_text(house: House) -> None:
    shown = house.stranger().send("GET", "/docs", check=False).text
    assert document()["info"]["title"] in shown
    assert "&#34;" in shown or "&quot;" in shown


def test_a_style_that_is_not_there_is_not_found(house: House) -> None:
    for path in ("/docs/other.css", "/docs/../settings.py", "/docs/%2e%2e/app.py"):
        assert house.stranger().send("GET", path, check=False).status_code == 404
