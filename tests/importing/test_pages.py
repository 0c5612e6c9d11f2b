"""What docs/import.md says is so: its example, its table of fields, and every code of a fault."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest

from prep_tracker.clock import SystemClock
from prep_tracker.imports.faults import MESSAGES
from prep_tracker.imports.headers import NAMES, REQUIRED, find_columns
from prep_tracker.imports.table import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, Row, Table
from prep_tracker.imports.values import NotReadableError
from tests.architecture.tree import ROOT, SOURCE
from tests.cli.terminal import run, run_json
from tests.docs.pages import blocks

PAGE = ROOT / "docs" / "import.md"
TEXT = PAGE.read_text(encoding="utf-8")
FIELDS = re.findall(r"^\| (`[a-z_`, ]+`) \| ([a-z ]+) \| [^|]+ \| ([^|]+) \|$", TEXT, re.MULTILINE)


def december() -> bytes:
    """Write the file of the page, for the next weeks."""
    day = SystemClock().now().date() + timedelta(days=20)
    days = [f"{one.day:02d}-{one.month:02d}-{one.year}" for one in (day + timedelta(days=n) for n in range(14))]
    rows = [
        ["Boekingsnummer", "Patiëntnummer", "Naam", "Geboortedatum", "Datum", "Tijd", "Behandeling", "Opmerking"],
        ["B-1", "P-1", "Pia Palm", "28-02-1990", days[0], "10:30", "laser-resurfacing", ""],
        ["B-2", "P-2", "Quinn Sample", "13-07-1984", days[1], "9.05", "laser-resurfacing", "belt nog"],
        ["B-3", "P-3", "Rosa Invented", "30-01-1971", days[2], "11:00", "CO2-laser", ""],
        ["B-4", "P-4", "Sam Madeup", "21-11-1966", days[3], "half elf", "laser-resurfacing", ""],
        ["B-2", "P-5", "Tara Fictive", "19-05-1999", days[13], "", "laser-resurfacing", ""],
    ]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(rows)
    return text.getvalue().encode()


def test_the_example_answers_what_the_page_shows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    run_json("init", "--clinic", "Aster", "--zone", "Europe/Amsterdam")
    Path("december.csv").write_bytes(december())
    shown, said = (block.body for block in blocks(PAGE, "text")[:2])
    command, _, answer = shown.partition("\n")
    assert command == "$ prep-tracker import december.csv"
    # Which columns of days prove their order depends on the days of today; where both do, the page's words come out.
    told = run("import", "december.csv", "--date-order", "dmy")
    assert (told.exit_code, told.stdout) == (1, answer)
    assert [line.split()[:3] for line in said.splitlines()] == [["prep-tracker", "import", "december.csv"]] * 2
    assert "CO2-laser=laser-ablative" in said


def test_every_field_is_told_and_its_headers_are_known() -> None:
    told = {name: (needed, headers) for names, needed, headers in FIELDS for name in re.findall(r"[a-z_]+", names)}
    assert set(told) == set(NAMES)
    assert {name for name, (needed, _) in told.items() if needed == "yes"} == set(REQUIRED)
    for names, _, headers in FIELDS:
        fields = re.findall(r"[a-z_]+", names)
        for language in headers.split(" · "):
            for field, header in zip(fields, language.split(", "), strict=True):
                table = Table("csv", (Row(1, ("Reserva", header) if field != "booking_reference" else (header,)),))
                more = ("Apellidos",) if header == "Nombre" else ()
                table = Table("csv", (Row(1, (*table.rows[0].cells, *more)),))
                assert field in find_columns(table, {}, {}, {}).columns, header


def test_every_code_of_a_fault_is_explained() -> None:
    explained = set(re.findall(r"`([a-z-]+)`", TEXT[TEXT.index("## What a fault means") :]))
    assert MESSAGES.keys() - explained == set()
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (SOURCE / "imports").glob("*.py"))
    refused = set(re.findall(r'refuse\(\s*"([a-z-]+)"', sources)) | set(
        re.findall(r'\("[^"]+", "([a-z]+)", "This is', sources)
    )
    assert {"encoding", "xlsb", "damaged"} <= refused
    assert refused - explained == set()
    raised = set(re.findall(rf'{NotReadableError.__name__}\(\s*"([a-z-]+)"', sources))
    assert raised - MESSAGES.keys() == set()
    assert explained - MESSAGES.keys() - refused == {"error"} - MESSAGES.keys()


def test_the_limits_are_those_of_the_page() -> None:
    limits = f"At most {MOST_ROWS:,}\nrows, {MOST_COLUMNS} columns and {MOST_BYTES // 2**20} MiB."
    assert limits.replace("\n", " ") in TEXT.replace("\n", " ")


def test_every_option_is_told() -> None:
    options = set(re.findall(r"^ +(--[a-z-]+)", run("import", "--help").stdout, re.MULTILINE))
    assert options >= {"--apply", "--map", "--means", "--date-order"}
    told = {option for option in options if option in TEXT}
    assert options - told <= {"--clinic", "--json", "--help", "--remember"}
