"""Give every test of the pages a real service and a real browser: Debian's Chromium, driven by Playwright.

``service`` is a clinic of its own in a running service, ``page_at`` opens pages, ``axe`` looks for barriers. When a
test ends, its pages must have had no error on the console, no exception, and no breach of their security policy.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.portal import Portal
from tests.browser.portal import portal as open_portal
from tests.browser.serving import Clock, Service, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from prep_tracker.store.session import Store

HERE = Path(__file__).parent
PHONE = 390
HEIGHTS = {PHONE: 844}
NETWORK = re.compile(r"Failed to load resource|net::ERR_")
"""What Chromium itself says about an answer that was no success; what follows from it is tested by what people see."""
TOLD = "told"
"""The property under which a test keeps a figure that is shown at the end of the run."""
PageAt = Callable[..., "Page"]


def is_wrong(kind: str, text: str) -> bool:
    """Say whether a line on the console is a fault of the page."""
    return kind in {"error", "warning"} and not NETWORK.search(text)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures that tests were asked to measure."""
    for report in terminalreporter.getreports("passed"):
        for name, figure in report.user_properties:
            if name == TOLD:
                terminalreporter.write_line(str(figure))


@pytest.fixture(scope="session")
def portal() -> Iterator[Portal]:
    """Run a portal on another origin, from which pages may call the service."""
    with open_portal() as server:
        yield server


@pytest.fixture(scope="session")
def _running(tmp_path_factory: pytest.TempPathFactory, portal: Portal) -> Iterator[tuple[str, Store, Clock]]:
    with running(tmp_path_factory.mktemp("service"), portal.url) as found:
        yield found


@pytest.fixture
def service(_running: tuple[str, Store, Clock]) -> Service:
    """Give a clinic of its own: its ``url``, the ``keys`` of its people by role, its ``clock``, and how to book."""
    return Service(*_running)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the browser that this system has."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("PREP_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "There is no Chromium; make browser says how to install it."
    alone = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=alone)
        yield started
        started.close()


@pytest.fixture
def context_at(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Open browsers of people: ``context_at(width, scheme, lang)``; what one keeps, another does not see."""
    opened: list[BrowserContext] = []
    wrong: list[str] = []

    def heard(kind: str, text: str) -> None:
        if is_wrong(kind, text):
            wrong.append(f"{kind}: {text}")

    def listen(page: Page) -> None:
        page.on("console", lambda message: heard(message.type, message.text))
        page.on("pageerror", lambda error: wrong.append(f"exception: {error}"))

    def open_(width: int = PHONE, scheme: str = "light", lang: str = "en", **more: Any) -> BrowserContext:  # noqa: ANN401 - handed on to Playwright
        more |= {"color_scheme": scheme, "locale": lang}
        context = browser.new_context(viewport={"width": width, "height": HEIGHTS.get(width, 900)}, **more)
        context.set_default_timeout(15_000)
        context.on("page", listen)
        opened.append(context)
        return context

    yield open_
    for context in opened:
        context.close()
    assert wrong == []


@pytest.fixture
def page_at(context_at: Callable[..., BrowserContext]) -> PageAt:
    """Open a page in a browser of its own: ``page_at(width, scheme, lang)``."""

    def open_(width: int = PHONE, scheme: str = "light", lang: str = "en", **more: Any) -> Page:  # noqa: ANN401 - handed on to Playwright
        return context_at(width, scheme, lang, **more).new_page()

    return open_


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Look for barriers: gives what axe-core finds wrong with a page as it stands, one line each."""
    from axe_playwright_python.sync_playwright import Axe

    def look(page: Page) -> list[str]:
        found = Axe().run(page).response["violations"]
        return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]]

    return look
