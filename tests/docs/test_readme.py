"""The tour: its booking and its walk through the demo, done as they stand there against a real server."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import TOUR, blocks

CURL = """\
#!{python}
import sys
import httpx

headers, options, words = {{}}, {{}}, sys.argv[1:]
while words:
    word = words.pop(0)
    if word == "-H":
        name, _, value = words.pop(0).partition(":")
        headers[name] = value.strip()
    elif word in {{"-d", "-X", "-o", "-D"}}:
        options[word] = words.pop(0)
    elif word != "-sS":
        address = word
body = options.get("-d")
method = options.get("-X") or ("GET" if body is None else "POST")
answer = httpx.request(method, address, headers=headers, content=body, timeout=30, trust_env=False)
if options.get("-D") == "-":
    print("".join(f"{{name}}: {{value}}\\r\\n" for name, value in answer.headers.items()))
if "-o" not in options:
    print(answer.text)
"""
"""As much of curl as the pages use, so that the test runs where there is none."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Start the demo as `make run` does, and do everything that the tour's shell blocks say."""
    folder = tmp_path_factory.mktemp("readme")
    tools = folder / "bin"
    tools.mkdir()
    (tools / "curl").write_text(CURL.format(python=sys.executable), encoding="utf-8")
    (tools / "curl").chmod(0o755)
    (tools / "python3").symlink_to(sys.executable)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREP_")}
    environment |= {"PREP_DATABASE_URL": f"sqlite:///{folder}/demo.db", "PATH": f"{tools}:{os.environ['PATH']}"}
    command = [sys.executable, "-c", "from prep_tracker.cli import main; main()", "serve", "--demo", "--port", "0"]
    with subprocess.Popen([*command, "--json"], env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            told = told_by(server)
            here = {
                "URL=http://127.0.0.1:8321": f"URL={told['url']}",
                "KEY=prep_demo_...": f"KEY={told['keys']['coordinator']}",
            }
            script = "\n".join(block.body for block in blocks(TOUR, "sh"))
            for shown, real in here.items():
                assert shown in script
                script = script.replace(shown, real)
            subprocess.run(["sh", "-e", "-c", script], cwd=folder, env=environment, check=True, timeout=120)
            yield folder
        finally:
            server.terminate()


def told_by(server: subprocess.Popen[str]) -> dict[str, Any]:
    """Read the one JSON document that the server prints when it is ready."""
    text = ""
    assert server.stdout is not None
    for line in server.stdout:
        text += line
        if line == "}\n":
            break
    found: dict[str, Any] = json.loads(text)
    return found


def answer(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return found


def test_the_booking_answers_what_the_tour_shows(folder: Path) -> None:
    booked, exposed = answer(folder, "booked"), answer(folder, "exposed")
    assert (booked["days_to_go"], booked["standing"]["level"]) == (13, "waiting")
    sun = next(item for item in answer(folder, "checklist")["items"] if item["step"] == "no-sun")
    assert [state for _, state in sun["timeline"]] == ["open", "done"]
    assert exposed["entry"] == 3
    assert exposed["standing"]["after"]["level"] == "blocked"
    assert exposed["standing"]["after"]["reasons"][0]["days_short"] == 2
    preview = answer(folder, "preview")
    assert preview["to"]["on"] == exposed["earliest_safe_on"]
    assert preview["standing"]["after"]["level"] == "waiting"
    assert [step["change"] for step in preview["steps"]][:2] == ["no_longer_short", "moved"]


def test_the_move_is_what_the_preview_promised_and_the_record_tells_all(folder: Path) -> None:
    assert answer(folder, "moved") == answer(folder, "preview")
    entries = [(entry["kind"], entry["withdrawn"]) for entry in answer(folder, "entries")["items"]]
    assert entries == [
        ("booked", False),
        ("marked", False),
        ("exposed", True),
        ("moved", False),
        ("withdrawn", False),
    ]


def test_the_patients_of_the_walk_stand_as_the_tour_says(folder: Path) -> None:
    rows = re.findall(r"^\| (A-\d+) ([^|]+?) \| ([a-z-]+) \|", TOUR.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) > 8
    found = {
        line["patient"]["reference"]: (line["patient"]["name"], line["standing"]["level"])
        for line in answer(folder, "worklist")["items"]
    }
    assert {reference: found.get(reference) for reference, _, _ in rows} == {
        reference: (name, level) for reference, name, level in rows
    }
