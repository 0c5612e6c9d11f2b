"""``prep-tracker import``: what people read, what programs read, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from bench import imports as bench
from prep_tracker.clock import SystemClock
from tests.cli.terminal import lines, run, run_json
from tests.importing.made import HEAD, csv_of, row, xlsx_of

PROGRAM = Path(sys.executable).parent / "prep-tracker"
DAY = (SystemClock().now().date() + timedelta(days=60)).isoformat()


@pytest.fixture(autouse=True)
def clinic(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Make a clinic in a database of its own, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    made: str = run_json("init", "--clinic", "Aster", "--zone", "Europe/Amsterdam")["clinic_id"]
    return made


def write(name: str, data: bytes) -> str:
    Path(name).write_bytes(data)
    return name


def test_people_read_what_would_be_booked_and_what_was() -> None:
    rows = [row(1, date=DAY), row(2, date=DAY), row(3, date="2020-01-01")]
    file = write("bookings.xlsx", xlsx_of([[*one, "x"] for one in rows], [*HEAD, "Notes"]))
    looked = run("import", file)
    assert (looked.exit_code, looked.stderr) == (0, "")
    assert looked.stdout.splitlines() == [
        "bookings.xlsx, sheet Bookings: 3 rows below the headers in row 1.",
        "  A  Booking no.: booking reference",
        "  B  Patient no.: patient reference",
        "  C  Name: name",
        "  D  Birth date: birth date",
        "  E  Date: day of the procedure",
        "  F  Time: time of the procedure",
        "  G  Treatment: protocol",
        "  H  Email: e-mail address",
        "  I  Phone: phone number",
        "  J  Language: language",
        "  not used: Notes",
        "Passed over: 1 past.",
        "To be booked: 2. Nothing was booked yet; add --apply.",
    ]
    booked = run("import", file, "--apply")
    assert (booked.exit_code, booked.stdout.splitlines()[-1]) == (0, "Booked: 2.")
    again = run("import", file, "--apply").stdout.splitlines()
    assert again[-3:] == ["Here already: 2.", "Passed over: 1 past.", "Booked: 0."]


def test_people_read_every_wrong_cell_with_its_address_and_nothing_is_booked() -> None:
    file = write("bookings.csv", csv_of([row(1, date=DAY), row(2, date="03/04/2027", email="Pia"), row(3, date=DAY)]))
    for more in ((), ("--apply",)):
        said = run("import", file, *more)
        assert (said.exit_code, said.stderr) == (1, "")
        *_, day, address, end = said.stdout.splitlines()
        assert day.startswith("  E3  This can be two different days.")
        assert address.startswith("  H3  This is no e-mail address.")
        assert end == "2 cells to be corrected. Nothing was booked."
    assert run_json("import", write("one.csv", csv_of([row(1, date=DAY)])))["known"] == 0


def test_a_long_list_of_faults_is_cut_for_people_and_whole_for_programs() -> None:
    file = write("bookings.csv", csv_of([row(n, date="never") for n in range(200)]))
    said = run("import", file).stdout.splitlines()
    assert said[-2:] == ["  and 150 more; --json lists them", "200 cells to be corrected. Nothing was booked."]
    told = run("import", file, "--json")
    assert told.exit_code == 1
    assert len(json.loads(told.stdout)["faults"]) == 200


def test_what_differs_from_what_is_here_is_named() -> None:
    run("import", write("bookings.csv", csv_of([row(1, date=DAY)])), "--apply")
    said = run("import", write("bookings.csv", csv_of([row(1, date=DAY, time="11:00")]))).stdout.splitlines()
    assert said[-3:] == [
        f"  A2: here it is {DAY} 10:30, laser-resurfacing@1; the file differs in at",
        "Here already: 1, 1 of them differ and stay as they are.",
        "There is nothing to book.",
    ]


def test_all_that_can_be_said_about_a_file_is_said_by_options() -> None:
    head = ["Code", *HEAD[1:6], "What", *HEAD[7:9]]
    data = csv_of(
        [[*row(1, date="03/04/2027")[:6], "CO2=new", *row(1)[7:9]], [*row(2, date=DAY)[:6], "Talk", *row(2)[7:9]]], head
    )
    file = write("bookings.csv", data)
    said = ["--map", "booking_reference=Code", "--map", "protocol=What", "--means", "CO2=new=laser-ablative"]
    said += ["--means", "Talk=", "--date-order", "dmy", "--language", "es"]
    told = run_json("import", file, *said, "--apply")
    assert (told["booked"], told["fixed"], told["date_orders"]["on"]) == (1, {"language": "es"}, "dmy")
    assert [one["reason"] for one in told["skipped"]] == ["left-out"]
    assert run_json("import", file)["known"] == 1, "it is remembered"
    assert json.loads(run("import", file, "--forget", "--json").stdout)["faults"] != []


def test_windows_letters_and_other_sheets_are_read_where_they_are_named() -> None:
    old = write("old.csv", csv_of([row(1, date=DAY, name="Zoë")], encoding="cp1252"))
    assert run("import", old).exit_code == 1
    assert run_json("import", old, "--encoding", "windows-1252")["to_book"] == 1
    book = write("book.xlsx", xlsx_of([row(1, date=DAY)], sheet="December"))
    assert run_json("import", book, "--sheet", "december")["file"]["sheet"] == "December"
    assert run_json("import", book, "--protocol", "laser-ablative")["fixed"] == {"protocol": "laser-ablative"}


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (["--map", "size=Size"], 2, "--map: Name columns for"),
        (["--map", "name"], 2, "--map name: write FIELD=HEADER."),
        (["--means", "CO2"], 2, "--means CO2: write WORD=PROTOCOL."),
        (["--means", "laser-resurfacing=none"], 2, "--means: A word is said to mean"),
        (["--protocol", "none"], 2, "--protocol: Say a published protocol"),
        (["--language", "!"], 2, "--language: Say a language"),
        (["--date-order", "dd"], 2, "--date-order: Say one of dmy, mdy, ymd."),
        (["--encoding", "latin"], 2, "--encoding: Say one of utf-8, windows-1252."),
        (["--sheet", "x"], 1, "bookings.csv: A CSV file has no sheets."),
        (["--clinic", "x"], 2, "There is no clinic x."),
    ],
)
def test_what_cannot_be_said_ends_with_one_line(more: list[str], code: int, says: str) -> None:
    ended, said = lines("import", write("bookings.csv", csv_of([row(1, date=DAY)])), *more)
    assert (ended, said[0].startswith(f"prep-tracker: {says}")) == (code, True), said


def test_a_file_that_cannot_be_read_ends_with_one_line() -> None:
    for name, data in (("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), ("b.xlsx", b"PK\x03\x04"), ("c.csv", b"")):
        code, said = lines("import", write(name, data))
        assert (code, len(said), said[0].startswith(f"prep-tracker: {name}: ")) == (1, 1, True), said
    with Path("big.csv").open("wb") as big:
        big.truncate(11 * 1024 * 1024)
    assert lines("import", "big.csv")[1][0].startswith("prep-tracker: big.csv: The file is larger than 10 MiB.")
    assert lines("import", "missing.csv")[0] == 2


def test_progress_shows_on_a_terminal_and_never_in_the_document() -> None:
    file = write("bookings.csv", csv_of([row(n, date=DAY) for n in range(400)]))
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [PROGRAM, "import", file, "--apply", "--json"],
            stdout=subprocess.PIPE,
            stderr=theirs,
            env=os.environ | {"TERM": "xterm"},
        ) as running:
            told = json.loads(running.communicate(timeout=60)[0])
        shown = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert (running.returncode, told["booked"]) == (0, 400)
    assert "Booking" in shown
    assert "Traceback" not in shown


def test_what_the_measurement_does_works(tmp_path: Path) -> None:
    file = tmp_path / "bench.xlsx"
    file.write_bytes(bench.as_workbook(list(bench.made(60, SystemClock().now().date()))))
    assert min(bench.by_command(f"sqlite:///{tmp_path}/one.db", file, 60)) > 0
    assert min(bench.by_server(f"sqlite:///{tmp_path}/two.db", file, 60)) > 0
