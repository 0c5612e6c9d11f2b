"""Before anything is booked: what a text contains, how often that is right, and which days could be."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prep_tracker.cli import app
from prep_tracker.clock import SetClock
from prep_tracker.store import migrate
from prep_tracker.store.session import Store
from tests.api.house import BOOKED_AT, House
from tests.cli.terminal import PROGRAM, lines, program, run, run_json

LABEL = "Aqua, Homosalate, Retinyl Palmitate, adaplaene"
NOT_SAFE = "Not recognised does not mean safe: nobody has said anything about it."
ASKED = ("feasible", "laser-resurfacing", "--as-of", "2026-12-04")


@contextmanager
def settled(folder: Path) -> Iterator[House]:
    """Open the door of a new database, on 22 November 2026."""
    url = f"sqlite:///{folder / 'house.db'}"
    migrate.upgrade(url)
    house = House(Store.open(url), SetClock(BOOKED_AT))
    try:
        yield house
    finally:
        house.close()


def test_a_text_shows_its_words_its_questions_and_what_nobody_knows() -> None:
    said = run("scan", LABEL).stdout.splitlines()
    assert said == [
        "retinoid: Retinol and other retinoids on the skin. In the words: Retinyl Palmitate (retinyl-palmitate)",
        "retinyl-ester: Weak vitamin A, such as retinyl palmitate. In the words: Retinyl Palmitate (retinyl-palmitate)",
        "question: adaplaene: did you mean adapalene (retinoid, prescription-retinoid)?",
        "unrecognised: Aqua",
        "unrecognised: Homosalate",
        "unrecognised: adaplaene",
        NOT_SAFE,
    ]


def test_the_terminal_and_the_api_find_the_same(tmp_path: Path) -> None:
    texts = (LABEL, "", "Differin gel 0.1%", "BHA", "Aqua, Glycerin, Squalane, Betaine, Carbomer, Citric Acid")
    with settled(tmp_path) as house:
        iris = house.person("Iris")
        over_http = [iris.post("/v1/scan", {"text": text}).json() for text in texts]
    assert [run_json("scan", text) for text in texts] == over_http


def test_a_file_and_standard_input_are_read(tmp_path: Path) -> None:
    (tmp_path / "label.txt").write_bytes(b"\xef\xbb\xbf" + LABEL.encode())
    assert run_json("scan", "label.txt") == run_json("scan", LABEL)
    ended = subprocess.run(
        [PROGRAM, "scan", "-", "--json"], input=LABEL.encode(), capture_output=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert json.loads(ended.stdout) == run_json("scan", LABEL)


@pytest.mark.parametrize(
    "text", ["", " ", "?!", "a" * 5000, "a/b" * 2000, "\u202eretinol\u202c, 😀 Betaine", "\x00", "nowhere/label.txt"]
)
def test_whatever_is_no_file_is_the_text_itself(text: str) -> None:
    said = run("scan", text)
    assert said.exit_code == 0
    assert NOT_SAFE in said.stdout


def test_bytes_that_are_no_text_are_never_safe(tmp_path: Path) -> None:
    (tmp_path / "label.txt").write_bytes(bytes(range(256)) * 40)
    assert NOT_SAFE in run("scan", "label.txt").stdout


def test_a_text_that_is_too_long_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "label.txt").write_text("a " * 500_000, encoding="utf-8")
    code, (said,) = lines("scan", "label.txt", "--json")
    assert (code, said) == (
        2,
        "prep-tracker: text: The text has more than 32,768 characters: paste one label at a time.",
    )


@pytest.mark.parametrize("args", [[], ["retinol", "--measure", "labels.csv"]])
def test_one_thing_at_a_time_is_looked_at(args: list[str]) -> None:
    code, (said,) = lines("scan", *args)
    assert (code, said.startswith("prep-tracker: Write one of the two:")) == (2, True)


def test_a_table_of_labels_is_measured(tmp_path: Path) -> None:
    rows = ["text,classes", '"Aqua, Retinol","retinoid cosmetic-retinoid"', "Salicylic Acid,", "Aqua,bha"]
    (tmp_path / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    report = run_json("scan", "--measure", "labels.csv", "--class", "bha", "--class", "retinoid")
    nothing = {"found": 0, "wrong": 0, "missed": 0, "wrong_rows": [], "missed_rows": []}
    assert report == {
        "labels": 3,
        "classes": {
            "bha": nothing
            | {"precision": 0.0, "recall": 0.0, "wrong": 1, "missed": 1, "wrong_rows": [2], "missed_rows": [3]},
            "retinoid": nothing | {"precision": 1.0, "recall": 1.0, "found": 1},
        },
    }
    said = run("scan", "--measure", "labels.csv").stdout.splitlines()
    assert said[0].startswith("3 labels.")
    assert [line.split()[0] for line in said[2:5]] == ["bha", "cosmetic-retinoid", "retinoid"]
    assert said[5:] == ["bha wrong: 2", "bha missed: 3"]


@pytest.mark.parametrize("minor", [True, False])
def test_a_minor_match_is_wrong_only_if_it_shall_count(tmp_path: Path, minor: bool) -> None:  # noqa: FBT001
    (tmp_path / "labels.csv").write_text(
        'label;x,has\n"Aqua, Glycerin, Squalane, Betaine, Carbomer, Citric Acid",\n', encoding="utf-8"
    )
    columns = ("--text-column", "label;x", "--expected-column", "has")
    more = ("--minor-counts",) if minor else ()
    report = run_json("scan", "--measure", "labels.csv", *columns, "--class", "aha", *more)
    assert report["classes"]["aha"]["wrong"] == int(minor)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"label,classes\na,b\n", "labels.csv: there is no column text. Its columns: label, classes."),
        (b"", "labels.csv: there is no column text. Its columns: none."),
        (b"text,classes\nRetinol,retinoidd\n", "labels.csv: the lexicon has no retinoidd. Did you mean"),
        (b"text,classes\n\xff\xfe,\n", "labels.csv: this is no table in UTF-8"),
        (None, "labels.csv: No such file or directory"),
    ],
)
def test_a_table_that_cannot_be_measured_is_refused(tmp_path: Path, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / "labels.csv").write_bytes(content)
    code, said = lines("scan", "--measure", "labels.csv")
    assert code == 2
    assert said[0].startswith(f"prep-tracker: {says}")


def test_the_first_days_come_with_their_reasons() -> None:
    """In the sun on 1 December: fourteen clear days, so from the 16th."""
    found = run_json(*ASKED, "--exposed", "sun=2026-12-01", "--since", "no-retinoids=never", "--count", "2")
    assert (found["as_of"], found["earliest_safe_on"]) == ("2026-12-04", "2026-12-16")
    assert [day["on"] for day in found["days"] if day["ok"]] == ["2026-12-16", "2026-12-17"]
    (before,) = (day for day in found["days"] if day["on"] == "2026-12-15")
    assert before["because"][0]["step"] == "no-sun"
    assert before["because"][0]["days_short"] == 1
    said = run(*ASKED, "--exposed", "sun=2026-12-01", "--count", "1").stdout.splitlines()
    assert said[1] == "Safe from Wednesday 16 December 2026 by the rules alone."
    assert said[-6] == "✓ Wednesday 16 December 2026"


def test_the_terminal_and_the_api_find_the_same_days(tmp_path: Path) -> None:
    wish = {
        "protocol": "laser-resurfacing",
        "not_before": "2026-11-30",
        "exposures": [{"to": "sun", "on": "2026-11-20", "kind": "sunburn"}],
        "kept_since": {"no-retinoids": "2026-11-01"},
    }
    with settled(tmp_path) as house:
        over_http = house.person("Ana").post("/v1/feasibility", wish).json()
    said = ("--exposed", "sun:sunburn=2026-11-20", "--since", "no-retinoids=2026-11-01")
    asked = ("--as-of", "2026-11-22", "--not-before", "2026-11-30", "--zone", "Europe/Amsterdam")
    found = run_json("feasible", "laser-resurfacing", *asked, *said)
    assert found == over_http | {"protocol": "laser-resurfacing"}  # a file has no number


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["nothing"], "PROTOCOL: there is no protocol nothing."),
        (["laser-resurfacing", "--not-before", "2026-12-03"], "--not-before 2026-12-03: this day is past"),
        (["laser-resurfacing", "--not-before", "soon"], "--not-before soon:"),
        (["laser-resurfacing", "--zone", "Mars"], "--zone Mars:"),
        (["laser-resurfacing", "--count", "0"], "Invalid value for '--count'"),
        (["laser-resurfacing", "--lang", "xx"], "--lang xx: there are texts in ar, en, es, nl"),
        (["laser-resurfacing", "--exposed", "sunn=2026-12-01"], "--exposed sunn: there is no class sunn."),
    ],
)
def test_a_wrong_wish_is_one_line(args: list[str], says: str) -> None:
    code, (said,) = lines("feasible", *args, "--as-of", "2026-12-04")
    assert code == 2
    assert said.startswith(f"prep-tracker: {says}")


def test_a_closed_gate_leaves_no_day(tmp_path: Path) -> None:
    """A protocol file, in a process of its own; nothing that was said can make this one safe."""
    steps = "    kind: avoid\n    of: [sun]\n    days_before: 900\n    severity: blocking\n    title: No sun\n"
    text = f"protocol: own\ntitle: Own\nsteps:\n  - id: no-sun\n{steps}    source: Ours\n"
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    ended = program("feasible", "own.yaml", "--exposed", "sun=2026-12-01", "--as-of", "2026-12-04")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[1] == "No day within two years is safe by what is known."


def test_nothing_needs_a_database(tmp_path: Path) -> None:
    for args in (["scan", "retinol"], list(ASKED)):
        assert CliRunner().invoke(app, args, env={"PREP_DATABASE_URL": "nonsense"}).exit_code == 0
    assert list(tmp_path.iterdir()) == []
