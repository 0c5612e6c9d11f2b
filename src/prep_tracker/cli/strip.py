"""Draw the days from today to the procedure as one line, with the days on which something changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

WIDEST_DAY = 6
TODAY, CHANGE, PROCEDURE, DAY, BETWEEN = "●", "○", "◆", "┴", "─"


def strip(
    start: int, end: int, changes: Iterable[int], label: Callable[[int], str], width: int
) -> tuple[str, str, str]:
    """Draw the days ``start`` to ``end``, both included: days to go above, signs, and dates below.

    Each day is equally wide, up to six signs; where a line is too short for one sign a day, several days share it.
    Labels that would touch are left out, first those between today and the procedure. ``end`` lies after ``start``.
    """
    days = end - start
    room = width - 1
    wide = min(WIDEST_DAY, room // days)
    length = wide * days if wide else room

    def place(day: int) -> int:
        return (day - start) * wide if wide else (day - start) * room // days

    marks = sorted({day for day in changes if start < day < end})
    line = [BETWEEN] * (length + 1)
    for day in range(start, end + 1) if wide > 1 else ():
        line[place(day)] = DAY
    for day in marks:
        line[place(day)] = CHANGE
    line[0], line[length] = TODAY, PROCEDURE
    order = (start, end, *marks)
    above = _labels([(place(day), str(end - day)) for day in order], width)
    below = _labels([(place(day), label(day)) for day in order], width)
    return above, "".join(line), below


def _labels(wanted: Iterable[tuple[int, str]], width: int) -> str:
    """Place labels at their columns, in this order, as long as two spaces remain between them."""
    line = [" "] * width
    for column, text in wanted:
        at = max(0, min(column, width - len(text)))
        around = line[max(0, at - 2) : at + len(text) + 2]
        if all(sign == " " for sign in around):
            line[at : at + len(text)] = text
    return "".join(line).rstrip()
