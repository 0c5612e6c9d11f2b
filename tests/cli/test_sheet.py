"""The plan of a day for people: calm, in groups, no wider than the terminal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from prep_tracker.catalog import languages
from tests.cli.terminal import SHEET, program, run
from tests.cli.test_plan import OWN

ABLATIVE = ("plan", "laser-ablative", "2026-12-18", "--booked", "2026-11-22", "--as-of", "2026-12-04")


def headings(text: str) -> list[str]:
    """Give the headings of the groups in their order."""
    return [line for line in text.splitlines() if line in {"Today", "Next", "Later", "Done", "Does not apply"}]


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize("language", languages())
def test_no_line_is_wider_than_the_terminal(columns: int, language: str) -> None:
    """Counted in cells: Arabic has signs that take none."""
    text = run(*ABLATIVE, "--lang", language, COLUMNS=str(columns)).stdout
    longest = max(map(cell_len, text.splitlines()))
    assert columns * 0.8 <= longest <= min(columns, 100)
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("language", languages())
def test_the_days_of_the_items_end_at_the_right_edge(language: str) -> None:
    text = run(*ABLATIVE, "--lang", language, COLUMNS="80").stdout
    rows = [line for line in text.splitlines() if re.match(r"[?●○] {2}", line)]
    assert len(rows) > 20
    assert {cell_len(row) for row in rows} == {80}


FRAME = re.compile(r"\b(to go|as of|Today|Next|Later|Done|by|patient|clinician|staff|needs|answer|short|Because)\b")


@pytest.mark.parametrize(("language", "own"), [("es", set()), ("nl", {"Later"}), ("ar", set())])
def test_the_whole_sheet_is_in_the_language_that_was_asked_for(language: str, own: set[str]) -> None:
    said = ("--exposed", "sun=2026-12-01", "--fact", "cold-sores=yes", "--fact", "sedation=no", "--all")
    text = run(*ABLATIVE, *said, "--lang", language).stdout
    assert set(FRAME.findall(text)) == own
    english = set(FRAME.findall(run(*ABLATIVE, *said).stdout))
    assert english >= {"to go", "as of", "Today", "Next", "by", "patient", "clinician", "needs", "answer", "short"}


def test_it_begins_with_the_procedure_the_days_to_go_and_how_it_stands() -> None:
    text = run(*SHEET, "--as-of", "2026-12-04", "--at", "10:30", "--zone", "Europe/Amsterdam").stdout.splitlines()
    assert text[:5] == [
        "Laser skin resurfacing",
        "Friday 18 December 2026 at 10:30 · Europe/Amsterdam · laser-resurfacing",
        "",
        "14 days to go, as of Friday 4 December 2026",
        "Waiting for an answer",
    ]
    assert "Earliest safe day: Fri 18 Dec" in text


def test_items_stand_under_today_next_later_and_done() -> None:
    text = run(*SHEET, "--as-of", "2026-12-04", "--done", "provider-instructions=2026-12-01").stdout
    assert headings(text) == ["Today", "Next", "Later", "Done"]
    parts = {name: text.split(f"\n{name}\n")[1] for name in headings(text)}
    assert parts["Today"].index("No sun") < parts["Today"].index("Next")
    assert parts["Next"].index("No AHA") < parts["Next"].index("Later")
    assert parts["Later"].index("clean face") < parts["Later"].index("Done")
    assert "Read what your own clinician told you  done" in parts["Done"]


def test_today_asks_its_question_and_says_why() -> None:
    text = " ".join(run(*SHEET, "--as-of", "2026-12-04").stdout.split())
    assert "→ Since which day have you kept to this? No sun and no tanning beds" in text
    assert "14 clear days before your procedure on Friday 18 December 2026" in text


def test_the_days_to_go_are_drawn_until_the_day_itself() -> None:
    text = run(*SHEET, "--as-of", "2026-12-04").stdout.splitlines()
    (line,) = (number for number, one in enumerate(text) if one.startswith("●─"))
    assert text[line - 1].split()[0] == "14"
    assert text[line].endswith("◆")
    assert text[line + 1].startswith("4 Dec")
    assert text[line + 1].endswith("18 Dec")
    assert "●─" not in run(*SHEET, "--as-of", "2026-12-18").stdout


@pytest.mark.parametrize(
    ("as_of", "said"), [("2026-12-18", "0 days to go, as of"), ("2026-12-19", "1 day ago, as of Saturday 19")]
)
def test_the_day_itself_and_the_days_after_it(as_of: str, said: str) -> None:
    text = run(*SHEET, "--as-of", as_of).stdout
    assert said in text
    assert ("The day has passed" in text) == (as_of > "2026-12-18")


def test_what_is_short_says_by_how_much_and_when_it_would_be_safe() -> None:
    text = run(*SHEET, "--as-of", "2026-12-05", "--exposed", "sun=2026-12-05").stdout
    assert "Blocked" in text
    assert "No sun and no tanning beds  2 days short" in text
    assert "Earliest safe day: Sun 20 Dec" in text


def test_what_does_not_apply_is_shown_when_asked_for() -> None:
    without = (*ABLATIVE, "--fact", "sedation=no")
    assert "Does not apply" not in run(*without).stdout
    assert "Nothing to eat before sedation" in run(*without, "--all").stdout.split("Does not apply")[1]


def test_a_protocols_words_are_text_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN, encoding="utf-8")
    assert "[red]No[/red] tanning beds" in run("plan", "own.yaml", "2026-12-18", "--as-of", "2026-12-04").stdout


def test_a_pipe_gets_no_colours_and_no_color_is_respected() -> None:
    piped = program(*SHEET, "--as-of", "2026-12-04")
    assert (piped.returncode, piped.stderr) == (0, "")
    assert "\x1b" not in piped.stdout
    coloured = program(*SHEET, "--as-of", "2026-12-04", FORCE_COLOR="1")
    grey = program(*SHEET, "--as-of", "2026-12-04", FORCE_COLOR="1", NO_COLOR="1")
    assert "\x1b[1;33m" in coloured.stdout
    assert "33m" not in grey.stdout


def test_a_terminal_without_our_signs_still_gets_the_sheet() -> None:
    ended = program(*SHEET, "--as-of", "2026-12-04", PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "14 days to go" in ended.stdout
    document = program(*SHEET, "--as-of", "2026-12-04", "--json", PYTHONIOENCODING="ascii")
    assert document.stdout.isascii()
    assert json.loads(document.stdout) == json.loads(program(*SHEET, "--as-of", "2026-12-04", "--json").stdout)
