"""The five hard sheets of the page are real: their lines stand in the files, their calendars are what is printed."""

import re
import shlex
from collections.abc import Iterable, Iterator

import pytest
from typer.testing import CliRunner

from prep_tracker.cli import app
from tests.architecture.tree import ROOT
from tests.data.sheets import table, text
from tests.docs.pages import Block, blocks

PAGE = ROOT / "docs" / "hard-sheets.md"
CUT = "…"
WRITTEN = blocks(PAGE, "yaml")
PRINTED = blocks(PAGE, "console")
_FILE = re.compile(r"^\S.*\(\[\w+\.yaml\]\(\.\./tests/sheets/(\w+)\.yaml\)\)\.$", re.MULTILINE)
_ROW = re.compile(r"^\| .+ \| ((?:`[a-z0-9-]+`(?:, )?)+) \|$", re.MULTILINE)


def chunks(lines: Iterable[str]) -> Iterator[list[str]]:
    """Yield the lines that stand together, without those that say that something is left out."""
    chunk: list[str] = []
    for line in (*lines, CUT):
        if line.strip() != CUT:
            chunk.append(line)
        elif chunk:
            yield chunk
            chunk = []


def follow(shown: str, whole: str) -> list[str]:
    """Give the first chunk of an abridged text that does not stand in the whole after the one before it, or nothing."""
    rest = [line for line in whole.splitlines() if line.strip()]
    for chunk in chunks(line for line in shown.splitlines() if line.strip()):
        size = len(chunk)
        at = next((n for n in range(len(rest)) if rest[n : n + size] == chunk), None)
        if at is None:
            return chunk
        rest = rest[at + size :]
    return []


def sections() -> list[str]:
    """List the parts of the page, one a sheet."""
    return PAGE.read_text(encoding="utf-8").split("\n## ")[1:]


def test_five_sheets_are_shown_each_written_and_as_a_calendar() -> None:
    named = [_FILE.findall(section) for section in sections()]
    assert [len(names) for names in named] == [1] * 5
    assert len({names[0] for names in named}) == 5
    assert [block.info for block in WRITTEN] == ["yaml excerpt"] * 5
    assert len(PRINTED) == 5


@pytest.mark.parametrize("number", range(5))
def test_the_table_is_that_of_the_sheet(number: int) -> None:
    section = sections()[number]
    sheet = _FILE.findall(section)[0].upper()
    shown = [tuple(re.findall(r"`([a-z0-9-]+)`", row)) for row in _ROW.findall(section)]
    assert shown == [row.steps for row in table() if row.sheet == sheet]


@pytest.mark.parametrize("number", range(5))
def test_what_is_written_stands_in_the_file(number: int) -> None:
    sheet = _FILE.findall(sections()[number])[0]
    assert follow(WRITTEN[number].body, text(sheet)) == []


@pytest.mark.parametrize("block", PRINTED, ids=str)
def test_the_calendar_is_what_is_printed(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    command, _, answer = block.body.removeprefix("$ ").replace("\\\n", " ").partition("\n")
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    program, *arguments = shlex.split(command)
    result = CliRunner().invoke(app, arguments)
    assert (program, result.exit_code) == ("prep-tracker", 0), result.output
    assert follow(answer, result.output) == []


def test_a_line_that_is_not_there_is_found() -> None:
    whole = "one\ntwo\nthree\nfour\n"
    assert follow("one\n…\nthree\nfour", whole) == []
    assert follow("one\nthree", whole) == ["one", "three"]
    assert follow("three\n…\none", whole) == ["one"]
