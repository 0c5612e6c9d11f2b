"""The countdown as a line of days."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prep_tracker.cli.strip import strip


def test_three_days_are_drawn_six_signs_wide() -> None:
    above, line, below = strip(10, 13, [11], str, 80)
    assert above == "3     2           0"
    assert line == "●─────○─────┴─────◆"
    assert below == "10    11          13"


def test_more_days_than_signs_share_them() -> None:
    above, line, _ = strip(0, 200, [100], str, 41)
    assert (above[:3], above[-1], len(line)) == ("200", "0", 41)
    assert (line[0], line[20], line[40]) == ("●", "○", "◆")


def test_labels_that_would_touch_are_left_out() -> None:
    above, _, below = strip(0, 60, [1, 30], str, 61)
    assert above.split() == ["60", "30", "0"]
    assert below.split() == ["0", "30", "60"]


@given(
    start=st.integers(1, 3_000_000),
    days=st.integers(1, 4000),
    changes=st.lists(st.integers(-10, 4010)),
    width=st.integers(20, 200),
)
def test_it_fits_and_begins_today_and_ends_with_the_procedure(
    start: int, days: int, changes: list[int], width: int
) -> None:
    end = start + days
    above, line, below = strip(start, end, [start + change for change in changes], lambda day: f"d{day}", width)
    assert max(len(above), len(line), len(below)) <= width
    assert (line[0], line[-1]) == ("●", "◆")
    assert above.split()[0] == str(days)
    assert below.startswith(f"d{start}")
