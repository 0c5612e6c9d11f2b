"""The TypeScript client, made anew from the OpenAPI document, against the real service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prep_tracker.api.app import create_app
from prep_tracker.clock import SystemClock
from prep_tracker.store.session import Store

pytestmark = pytest.mark.client
CLIENT = Path(__file__).parents[2] / "clients" / "typescript"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[dict[str, object]]:
    """Serve the demo on a free port."""
    settings = {"PREP_DATABASE_URL": f"sqlite:///{tmp_path / 'demo.db'}", "PREP_WORKER": "off"}
    argv = [str(Path(sys.executable).parent / "prep-tracker"), "serve", "--demo", "--port", "0", "--json"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=os.environ | settings, cwd=tmp_path, text=True) as service:
        assert service.stdout is not None
        told = ""
        while not told.endswith("\n}\n"):
            line = service.stdout.readline()
            assert line, "the service did not start"
            told += line
        yield json.loads(told)
        service.terminate()


def npm(*argv: str, **settings: str) -> None:
    """Run npm in the client's folder; what it says is shown when it fails."""
    program = shutil.which("npm")
    assert program is not None, "this needs Node.js 18 or newer with npm"
    done = subprocess.run(
        [program, *argv], cwd=CLIENT, env=os.environ | settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_client_is_made_and_works(demo: dict[str, object], tmp_path: Path) -> None:
    document = create_app(Store.open(f"sqlite:///{tmp_path / 'none.db'}"), SystemClock()).openapi()
    (CLIENT / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    npm("ci")
    npm("run", "generate")
    npm("run", "build")
    npm("test", PREP_URL=str(demo["url"]), PREP_KEYS=json.dumps(demo["keys"]))
