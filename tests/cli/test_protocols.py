"""Protocols from a terminal: begin one, look at its calendar, follow it while it is written, compare two."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import jsonschema
import pytest

from prep_tracker import catalog
from tests.cli.terminal import PROGRAM, lines, run, run_json

TRY = ("2026-12-18", "--booked", "2026-11-22", "--as-of", "2026-11-22")


@pytest.fixture
def peel(tmp_path: Path) -> Path:
    """Write the short protocol that there is to begin with."""
    path = tmp_path / "our-peel.yaml"
    path.write_text(run("protocol", "new", "our-peel").stdout, encoding="utf-8")
    return path


def test_a_new_protocol_has_nothing_to_mend(peel: Path) -> None:
    assert run("protocol", "lint", str(peel)).stdout == f"{peel} (our-peel, 3 steps): 0 faults, 0 notes\n"
    data = catalog.read(peel.read_text(encoding="utf-8")).data
    jsonschema.validate(data, run_json("protocol", "schema"))


def test_its_first_line_names_the_schema_that_the_next_ones_make(peel: Path, tmp_path: Path) -> None:
    first, *more = peel.read_text(encoding="utf-8").splitlines()
    assert first == "# yaml-language-server: $schema=protocol.schema.json"
    assert "#   prep-tracker protocol schema > protocol.schema.json" in more
    made = run_json("protocol", "new", "our-peel")
    assert made["text"] == peel.read_text(encoding="utf-8")
    assert (tmp_path / made["schema"]).parent == peel.parent


@pytest.mark.parametrize("slug", catalog.slugs())
def test_a_copy_of_what_ships_has_its_own_name_and_no_faults(tmp_path: Path, slug: str) -> None:
    (tmp_path / "ours.yaml").write_text(run("protocol", "new", "ours", "--from", slug).stdout, encoding="utf-8")
    report = run_json("protocol", "lint", "ours.yaml")
    assert (report["ok"], report["files"][0]["protocol"]) == (True, "ours")
    assert run("protocol", "diff", slug, "ours.yaml").stdout == "No step differs.\n"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["Our Peel"], "SLUG Our Peel: write small letters"),
        (["a" * 65], f"SLUG {'a' * 64}: write small letters"),
        (["ours", "--from", "laser-resurfacin"], "--from: there is no protocol laser-resurfacin. Did you mean"),
        (["ours", "--from", "../secret"], "--from: there is no protocol ../secret."),
    ],
)
def test_what_cannot_be_begun_is_one_line(args: list[str], says: str) -> None:
    code, (said,) = lines("protocol", "new", *args)
    assert code == 2
    assert said.startswith(f"prep-tracker: {says}")


def test_the_calendar_has_each_step_with_its_window(peel: Path) -> None:
    assert run("protocol", "try", str(peel), *TRY).stdout.splitlines() == [
        "Our peel (our-peel, 3 steps)",
        "Friday 18 December 2026 · UTC · booked 2026-11-22",
        "",
        "Sun 22 Nov – Tue 15 Dec       -26 … -3  ride-home  Arrange a ride home [do, clinician]",
        "Fri 4 Dec – Fri 18 Dec         -14 … 0  no-sun     No sun and no tanning beds [avoid, blocking]",
        "Sat 19 Dec – Fri 15 Jan 2027  +1 … +28  sunscreen  Sunscreen every morning [daily, advisory] (morning)",
    ]


def test_the_calendar_as_data_has_every_step() -> None:
    document = run_json("protocol", "try", "laser-ablative", *TRY, "--at", "10:30", "--fact", "sedation=no")
    steps = {step["step"]: step for step in document["steps"]}
    assert len(steps) == len(catalog.protocol("laser-ablative").steps)
    assert (steps["no-sun"]["opens_on"], steps["no-sun"]["closes_on"]) == ("2026-11-20", "2027-01-15")
    assert [step for step, one in steps.items() if not one["applies"]] == ["no-food", "no-drink"]
    assert (document["on"], document["at"], document["booked_on"]) == ("2026-12-18", "10:30", "2026-11-22")


def test_faults_of_the_file_are_said_instead(peel: Path) -> None:
    peel.write_text(peel.read_text(encoding="utf-8").replace("[sun,", "[sunn,"), encoding="utf-8")
    code, said = lines("protocol", "try", str(peel), *TRY)
    assert code == 1
    assert said[0].startswith(f"{peel}:10: fault: no-sun: the lexicon has no sunn.")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["nothing.yaml", "2026-12-18"], "nothing.yaml: No such file or directory"),
        (["laser-resurfacing", "soon"], "DAY soon:"),
        (["laser-resurfacing", "2026-12-18", "--watch", "--json"], "Leave out --watch or --json"),
        (["laser-resurfacing", "2026-12-18", "--watch"], "--watch laser-resurfacing: there is no such file"),
        (["laser-resurfacing", "2026-12-18", "--fact", "x=yes"], "--fact x: the protocol asks no such fact."),
    ],
)
def test_what_cannot_be_tried_is_one_line(args: list[str], says: str) -> None:
    code, (said,) = lines("protocol", "try", *args)
    assert code == 2
    assert said.startswith(f"prep-tracker: {says}")


def pump(source: Iterable[str] | None, to: Queue[str]) -> None:
    """Hand on lines as they come."""
    for line in source or ():
        to.put(line)


def test_watching_prints_again_when_the_file_changes(peel: Path) -> None:
    """A save with a fault is said and watching goes on; Ctrl-C ends it as done."""
    good = peel.read_text(encoding="utf-8")
    with subprocess.Popen(
        [PROGRAM, "protocol", "try", peel, *TRY, "--watch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as running:
        try:
            said: Queue[str] = Queue()
            reader = Thread(target=pump, args=(running.stdout, said))
            reader.start()

            def until(wanted: str) -> list[str]:
                found: list[str] = []
                while not found or wanted not in found[-1]:
                    try:
                        found.append(said.get(timeout=30))
                    except Empty:
                        pytest.fail(f"no {wanted} in {found}")
                return found

            assert any("Fri 4 Dec – Fri 18 Dec" in line for line in until("Watching"))
            longer = good.replace("days_before: 14", "days_before: 21")
            peel.write_text(longer, encoding="utf-8")
            assert any("fault: the example In the sun ten days before" in line for line in until("Watching"))
            other = peel.with_suffix(".new")  # as editors do that put a new file in the place of the old one
            other.write_text(longer.partition("examples:")[0], encoding="utf-8")
            other.replace(peel)
            assert any("Fri 27 Nov – Fri 18 Dec" in line for line in until("Watching"))
        finally:
            running.send_signal(signal.SIGINT)
            try:
                running.wait(timeout=30)
            finally:
                running.kill()
            reader.join(timeout=30)
    assert running.returncode == 0


def test_a_difference_is_said_in_words_and_as_data(peel: Path, tmp_path: Path) -> None:
    text = peel.read_text(encoding="utf-8").partition("examples:")[0]
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(text, encoding="utf-8")
    new.write_text(
        text.replace("days_before: 14 ", "days_before: 28 ")
        .replace("  - id: sunscreen", "  - id: shade")
        .replace("Arrange a ride home", "Arrange a ride"),
        encoding="utf-8",
    )
    assert run("protocol", "diff", "old.yaml", "new.yaml").stdout.splitlines() == [
        "no-sun: No sun and no tanning beds: 14 days → 28 days before.",
        "  days_before: 14 → 28",
        "ride-home: Arrange a ride: only the words changed.",
        "shade: Added: Sunscreen every morning.",
        "sunscreen: Removed: Sunscreen every morning.",
    ]
    document = run_json("protocol", "diff", "old.yaml", "new.yaml")
    assert (document["from"], document["to"], document["protocol"]) == ("old.yaml", "new.yaml", "our-peel")
    assert document["steps"][0] == {
        "step": "no-sun",
        "change": "changed",
        "sentence": "No sun and no tanning beds: 14 days → 28 days before.",
        "only_texts": False,
        "fields": [{"field": "days_before", "from": 14, "to": 28}],
    }
    assert [step["change"] for step in document["steps"]] == ["changed", "changed", "added", "removed"]


def test_what_ships_can_be_compared() -> None:
    said = run("protocol", "diff", "laser-fractional", "laser-ablative").stdout
    assert "  floor_days: - → 14\n" in said
    assert json.dumps(run_json("protocol", "diff", "laser-ablative", "laser-ablative")["steps"]) == "[]"


@pytest.mark.parametrize("args", [["nothing", "laser-ablative"], ["laser-ablative", "nothing"]])
def test_what_is_not_there_cannot_be_compared(args: list[str]) -> None:
    code, (said,) = lines("protocol", "diff", *args)
    assert (code, said.startswith("prep-tracker: PROTOCOL: there is no protocol nothing.")) == (2, True)
