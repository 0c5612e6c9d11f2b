"""The portal says what it has texts for, has texts for all it says, and says it simply."""

from __future__ import annotations

import re

import pytest

from prep_tracker.catalog import texts
from tests.architecture.tree import SOURCE
from tests.data.readability import grade

HARDEST = 8
WORDS_FOR_ONE_LINE = 5
"""The measure is made for sentences: a label of a few words is as hard as its longest word."""
WEB = SOURCE / "web"
FORMS = {"zero", "one", "two", "few", "many", "other"}
STATES = ("closed", "short", "unknown", "late", "open", "upcoming", "done", "waived", "over")
LEVELS = ("ready", "on-track", "waiting", "at-risk", "blocked", "past", "completed", "cancelled", "no-show")
MADE = {
    *(f"state.{name}" for name in STATES),
    *(f"standing.{name}" for name in LEVELS),
    *("product_medicine", "product_skincare", "offline_empty", "problem_empty", "offline", "problem"),
    *("ended", "ended_unsent", "gone", "go_on", "next", "yes", "no", "thanks", "unsafe"),
}
"""Keys that are put together, or picked, where they are said."""
MADE_WITH = {"contacts", "contact."}
"""What the service adds to the words."""


def said() -> set[str]:
    """List the keys that the element and the page say, as far as they stand in one piece."""
    element = (WEB / "embed" / "prep-checklist.js").read_text(encoding="utf-8")
    found = set(re.findall(r'#[wn]\("([\w.-]+)"', element)) | set(re.findall(r'button\("[\w-]+", "([\w.-]+)"', element))
    calendar = (WEB / "embed" / "prep-calendar.js").read_text(encoding="utf-8")
    found |= set(re.findall(r'#w\("([\w.-]+)"', calendar)) | set(re.findall(r'"(calendar\.\w+)"', calendar))
    found |= {f"calendar.{key}" for key in re.findall(r'\b(?:p|button)\("(\w+)"', calendar)}
    page = (WEB / "templates" / "patient.html").read_text(encoding="utf-8")
    script = (WEB / "assets" / "patient.js").read_text(encoding="utf-8")
    found |= set(re.findall(r'data-(?:say|label)="([\w.]+)"', page)) | set(re.findall(r'"(page\.[\w.]+)"', script))
    found |= {
        "page.no_script",
        "by",
        "until_day",
        "may_offline",
        "change",
        "undo",
        "done",
        "kept",
        "was",
        "is_today",
        "why",
        "more",
    }
    return found | MADE


def kept() -> set[str]:
    """List the keys that there are, a counted one once."""
    own = [key.removeprefix("portal.") for key in texts("en") if key.startswith("portal.")]
    counted = {key.rpartition(".")[0] for key in own if key.rpartition(".")[2] in FORMS}
    return {key.rpartition(".")[0] if key.rpartition(".")[0] in counted else key for key in own}


def test_every_text_that_is_said_is_there_and_every_text_that_is_there_is_said() -> None:
    assert {key for key in said() - kept() if not key.startswith(tuple(MADE_WITH))} == set()
    assert kept() - said() == set()


def test_the_portal_reads_at_grade_eight_or_below() -> None:
    own = [text for key, text in texts("en").items() if key.startswith(("portal.", "may."))]
    assert grade(own) <= HARDEST


@pytest.mark.parametrize("prefix", ["portal.", "may."])
def test_no_sentence_hides_behind_the_others(prefix: str) -> None:
    sentences = {
        key: text
        for key, text in texts("en").items()
        if key.startswith(prefix) and len(text.split()) > WORDS_FOR_ONE_LINE
    }
    assert sentences
    grades = {key: round(grade([re.sub(r"\{\w+\}", "it", text)]), 1) for key, text in sentences.items()}
    assert {key: found for key, found in grades.items() if found > HARDEST} == {}


def test_nobody_is_told_to_give_up_a_medicine() -> None:
    """The portal asks people to tell and to call; what to do about a medicine says a clinician."""
    stop = re.compile(r"\b(stop|quit|give up)\b", re.IGNORECASE)
    assert [key for key, text in texts("en").items() if key.startswith(("portal.", "may.")) and stop.search(text)] == []
