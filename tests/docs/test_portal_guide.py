"""The portal guide, done as it stands there against a real server, and held against the element itself."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.architecture.tree import ROOT, SOURCE
from tests.docs.pages import blocks
from tests.docs.test_readme import CURL, told_by

GUIDE = ROOT / "docs" / "portal.md"
ELEMENT = (SOURCE / "web" / "embed" / "prep-checklist.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Start the demo as `make run` does, and do everything that the guide's shell blocks say."""
    folder = tmp_path_factory.mktemp("guide")
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
            script = "\n".join(block.body for block in blocks(GUIDE, "sh"))
            for shown, real in {
                "URL=http://127.0.0.1:8321": f"URL={told['url']}",
                "STAFF=prep_demo_...": f"STAFF={told['keys']['coordinator']}",
                "\nKEY=prep_demo_...": f"\nKEY={told['keys']['integration']}",
            }.items():
                assert shown in script
                script = script.replace(shown, real)
            subprocess.run(["sh", "-e", "-c", script], cwd=folder, env=environment, check=True, timeout=120)
            yield folder, told
        finally:
            server.terminate()


def answer(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return found


def test_a_session_opens_the_one_procedure_until_it_is_ended(run: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = run
    session, mine = answer(folder, "session"), answer(folder, "mine")
    assert set(session) == {"access_token", "expires_at", "procedure_id"}
    assert [one["id"] for one in mine["items"]] == [session["procedure_id"]]
    assert answer(folder, "checklist")["language"] == "ar"
    assert answer(folder, "questions")["items"]
    assert answer(folder, "ended")["status"] == 401


def test_what_a_patient_says_is_kept_and_can_be_taken_back(run: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = run
    assert answer(folder, "undone")["entry"] == answer(folder, "said")["entry"] + 1
    may = answer(folder, "may")
    assert [one["step"] for one in may["concerns"]] == ["no-retinoids"]
    assert may["concerns"][0]["words"] == ["Differin"]
    assert may["verdict"] in {"not-now", "later"}


def test_links_and_calendars_are_as_shown(run: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = run
    link, carer = answer(folder, "link"), answer(folder, "carer")
    assert "/p/#token=" in link["url"]
    assert link["qr_svg"].startswith("<svg")
    assert (link["for"], carer["for"]) == ("patient", "carer")
    assert re.fullmatch(r".*/calendar/[\w-]{43}\.ics", answer(folder, "calendar")["url"])
    assert (folder / "days.ics").read_text(encoding="utf-8").startswith("BEGIN:VCALENDAR")


def test_the_lines_of_python_run(run: tuple[Path, dict[str, Any]]) -> None:
    folder, told = run
    [block] = blocks(GUIDE, "python")
    settings = {
        "PREP_URL": told["url"],
        "PREP_KEY": told["keys"]["integration"],
        "PREP_PROCEDURE": answer(folder, "session")["procedure_id"],
    }
    done = subprocess.run(
        [sys.executable, "-c", block.body], env=os.environ | settings, capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) == 1 + len(answer(folder, "checklist")["items"])


def test_the_portal_of_the_demo_is_where_it_says(run: tuple[Path, dict[str, Any]]) -> None:
    _, told = run
    page = httpx.get(f"{told['url']}/demo/", trust_env=False, timeout=30)
    assert page.status_code == 200
    assert "<prep-checklist" in page.text
    assert "http://127.0.0.1:8321/demo/" in GUIDE.read_text(encoding="utf-8")


def test_everything_that_the_element_offers_is_in_the_guide_and_nothing_else() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    tones = re.findall(r'\["([a-z-]+)", "[0-9a-f]{3,6}"', ELEMENT)
    assert len(tones) == 10
    properties = {f"--prep-{name}" for name in (*tones, "radius", "font")}
    assert {f"--prep-{name}" for name in re.findall(r"`--prep-([a-z-]+)`", text)} == properties
    told = set(re.findall(r'#tell\("([a-z-]+)"', ELEMENT))
    assert (
        set(re.findall(r"^\| `(prep-[a-z]+)` \|", text, re.MULTILINE))
        == told
        == {"prep-load", "prep-change", "prep-error"}
    )
    listed = re.search(r"^Parts: (.+?)\. Give", text, re.MULTILINE | re.DOTALL)
    assert listed is not None
    named = {word for quoted in re.findall(r'part: [`"]([a-z ]+)', ELEMENT) for word in quoted.split()}
    assert named - {"with", "its", "level"} <= set(re.findall(r"`([a-z]+)`", listed[1]))
    for attribute in re.findall(r'(?:get|has)Attribute\("([a-z-]+)"\)', ELEMENT):
        assert f"| `{attribute}` |" in text
