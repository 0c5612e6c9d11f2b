"""No heading says the opposite of what a line under it means, whatever kind of step it is said of."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from prep_tracker.catalog import languages, texts
from prep_tracker.domain.items import Item
from prep_tracker.domain.remind import KINDS, RemindKind
from prep_tracker.domain.reminders import Line
from prep_tracker.exports.headings import HEADINGS, heading_of, is_question

DAY = 738_000
STEPS = ("avoid", "do", "daily", "gate", "review", "note")
TABLE: dict[RemindKind, tuple[str, ...]] = {
    # what is said    avoid                do            daily             gate               review         note
    "last-day": ("last-day.avoid", "last-day", "last-day.daily", "last-day", "last-day", "last-day"),
    "late": ("late",) * 6,
    "answer": ("answer",) * 6,
    "today": ("today.from", "today", "today.from", "today", "today", "today"),
    "tomorrow": ("tomorrow.from",) * 6,
    "day-before": ("day-before.avoid", "day-before", "day-before", "day-before.gate", "answer", "day-before"),
    "aftercare": ("aftercare",) * 6,
}
"""For what goes on for some days from the day that is spoken of."""


def item(kind: str, severity: str = "blocking", **days: Any) -> Item:  # noqa: ANN401 - days of an item
    rule = SimpleNamespace(step=SimpleNamespace(kind=kind, severity=severity))
    return Item(cast("Any", rule), (), **{"opens": DAY, "due": DAY + 5, "closes": DAY + 9} | days)


def line(kind: RemindKind) -> Line:
    return Line(kind, "step", DAY + 1 if kind == "tomorrow" else DAY)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", STEPS)
def test_the_table_of_headings(kind: RemindKind, step: str) -> None:
    assert heading_of(line(kind), item(step), DAY) == TABLE[kind][STEPS.index(step)]


def test_every_heading_is_in_the_table_or_below_and_has_words() -> None:
    assert {heading for row in TABLE.values() for heading in row} | {"tomorrow"} == set(HEADINGS)
    assert [f"message.part.{one}" for one in HEADINGS if f"message.part.{one}" not in texts("en")] == []


@pytest.mark.parametrize("language", languages())
def test_only_what_ends_today_is_called_the_last_day(language: str) -> None:
    """What begins on its last day to begin, and what is due every day, goes on tomorrow."""
    said = texts(language)
    assert len({said[f"message.part.{one}"] for one in ("last-day", "last-day.avoid", "last-day.daily")}) == 3
    assert said["message.part.today"] != said["message.part.today.from"]
    assert said["message.part.tomorrow"] != said["message.part.tomorrow.from"]


def test_what_is_only_advised_moves_no_day() -> None:
    assert heading_of(line("last-day"), item("avoid", "advisory"), DAY) == "today.from"


@pytest.mark.parametrize("step", ["do", "note"])
def test_what_is_for_one_day_is_for_tomorrow_and_not_from_tomorrow(step: str) -> None:
    assert heading_of(line("tomorrow"), item(step, due=DAY + 1, closes=DAY + 1), DAY) == "tomorrow"


@pytest.mark.parametrize("step", ["avoid", "daily"])
def test_what_lasts_begins_tomorrow_even_if_its_end_is_not_known(step: str) -> None:
    assert heading_of(line("tomorrow"), item(step, due=None, closes=None), DAY) == "tomorrow.from"


def test_a_task_that_is_due_on_the_day_before_is_for_today() -> None:
    assert heading_of(line("day-before"), item("do", due=DAY), DAY) == "today"


def test_questions_stand_under_two_headings() -> None:
    assert [heading for heading in HEADINGS if is_question(heading)] == ["answer", "day-before.gate"]
