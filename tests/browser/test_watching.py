"""What watches over the pages sees what it is there for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import PageAt, is_wrong
from tests.browser.paper import Paper

if TYPE_CHECKING:
    from playwright.sync_api import Page

WRONG = '<html lang="en"><title>A</title><main><h1>A</h1><input><p style="color:#ccc;background:#fff">pale</p></main>'


def test_a_barrier_is_found(page_at: PageAt, axe: Callable[[Page], list[str]]) -> None:
    page = page_at()
    page.set_content(WRONG)
    assert {line.partition(":")[0] for line in axe(page)} == {"label", "color-contrast"}


@pytest.mark.parametrize(
    ("kind", "text", "wrong"),
    [
        ("error", "Refused to apply inline style because it violates the Content Security Policy", True),
        ("warning", "Something is deprecated", True),
        ("error", "Failed to load resource: the server responded with a status of 401 ()", False),
        ("log", "anything", False),
    ],
)
def test_what_the_console_says_counts(kind: str, text: str, *, wrong: bool) -> None:
    assert is_wrong(kind, text) == wrong


def test_what_is_not_on_paper_is_not_read(page_at: PageAt) -> None:
    page = page_at()
    page.set_content('<html lang="en"><p>On paper, 14 days</p><p hidden>Not here</p></html>')
    paper = Paper(page.pdf())
    assert paper.says("On paper, 14 days")
    assert not paper.says("Not here")
