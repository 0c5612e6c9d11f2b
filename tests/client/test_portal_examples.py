"""The portals of the examples, in a real browser against the real service: plain HTML, React and Vue."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.client
EXAMPLES = Path(__file__).parents[2] / "clients" / "prep-checklist" / "examples"


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Serve the demo to a portal on a free port; gives what the portal and its tests have to know."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREP_")}
    own = {
        "PREP_DATABASE_URL": f"sqlite:///{tmp_path / 'demo.db'}",
        "PREP_ORIGINS": f"http://127.0.0.1:{port}",
        "PREP_WORKER": "off",
    }
    argv = [str(Path(sys.executable).parent / "prep-tracker"), "serve", "--demo", "--port", "0", "--json"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=kept | own, cwd=tmp_path, text=True) as service:
        assert service.stdout is not None
        told = ""
        while not told.endswith("\n}\n"):
            line = service.stdout.readline()
            assert line, "the service did not start"
            told += line
        url, key = json.loads(told)["url"], json.loads(told)["keys"]["integration"]
        answer = httpx.get(
            f"{url}/v1/worklist?within_days=60", headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=30
        )
        procedure = answer.json()["items"][0]["procedure_id"]
        yield {"PREP_URL": url, "PREP_KEY": key, "PREP_PROCEDURE": procedure, "PORT": str(port)}
        service.terminate()


def test_each_portal_shows_the_checklist_and_says_something(settings: dict[str, str]) -> None:
    browser = os.environ.get("PREP_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert browser, "this needs Chromium: apt-get install chromium"
    npm = shutil.which("npm")
    assert npm, "this needs Node.js 18 or newer with npm"
    for argv in (["ci"], ["run", "build"], ["test"]):
        done = subprocess.run(
            [npm, *argv],
            cwd=EXAMPLES,
            env=os.environ | settings | {"PREP_TEST_CHROMIUM": browser},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
