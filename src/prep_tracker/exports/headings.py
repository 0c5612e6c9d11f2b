"""Say under which heading of a reminder a line stands, so that no heading says the opposite of what the line means.

"The last day for this" is right for a task and wrong for what is to be avoided: that begins on this day, and tomorrow
it goes on. What is said of a day thus depends on what kind of step it is said of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prep_tracker.domain.items import Item
    from prep_tracker.domain.reminders import Line

HEADINGS = (
    *("last-day.avoid", "last-day.daily", "last-day", "late", "answer"),
    *("today", "today.from", "tomorrow", "tomorrow.from", "day-before", "day-before.avoid", "day-before.gate"),
    "aftercare",
)
"""In this order they are read: first what cannot wait."""
GOES_ON = frozenset({"avoid", "daily"})
"""Steps that last: of them it is said when they begin, never that they are for one day."""


def heading_of(line: Line, item: Item, day: int) -> str:
    """Give the heading for what is said of an item on a day."""
    step = item.rule.step
    match line.kind:
        case "last-day" if step.kind == "avoid":
            # Nothing moves for what is only advised.
            return "today.from" if step.severity == "advisory" else "last-day.avoid"
        case "last-day" if step.kind == "daily":
            return "last-day.daily"
        case "today" if step.kind in GOES_ON:
            return "today.from"
        case "tomorrow" if _lasts(item, line.on):
            return "tomorrow.from"
        case "day-before":
            return _on_the_eve(item, day)
        case _:
            return line.kind


def is_question(heading: str) -> bool:
    """Say whether under a heading stand questions instead of titles."""
    return heading in {"answer", "day-before.gate"}


def _lasts(item: Item, first: int | None) -> bool:
    """Say whether what begins on a day is for more than that day: a task has until it is due."""
    if item.rule.step.kind in GOES_ON:
        return True
    last = item.due if item.rule.step.kind == "do" else item.closes
    return last != first


def _on_the_eve(item: Item, day: int) -> str:
    kind = item.rule.step.kind
    if kind == "do" and item.due is not None and item.due <= day:
        return "today"
    if kind == "review":
        return "answer"
    return f"day-before.{kind}" if kind in {"avoid", "gate"} else "day-before"
