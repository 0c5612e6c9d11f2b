"""The elements as an npm package: packed from the source files, with types that a compiler agrees with."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, SOURCE

pytestmark = pytest.mark.client
PACKAGE = ROOT / "clients" / "prep-checklist"
FILES = ("prep-checklist.js", "prep-checklist.d.ts", "prep-calendar.js", "prep-calendar.d.ts")
USE = """
import type { PrepChecklist, PrepLoad } from "./prep-checklist.js";
const list: PrepChecklist = document.querySelector("prep-checklist")!;
list.accessToken = async ({ expired }) => (expired ? null : "ps_x");
list.addEventListener("prep-load", (event) => { const load: PrepLoad = event.detail; void load.checklist.items; });
list.addEventListener("prep-error", (event) => { const status: number = event.detail.status; void status; });
list.refresh().then(() => list.forget());
// @ts-expect-error: a number is no token
list.accessToken = 5;
import type { PrepCalendar } from "./prep-calendar.js";
const calendar: PrepCalendar = document.createElement("prep-calendar");
calendar.accessToken = "ps_x";
calendar.addEventListener("prep-error", (event) => { const status: number = event.detail.status; void status; });
// @ts-expect-error: a number is no token
calendar.accessToken = 5;
"""


def run(*argv: str, folder: Path) -> str:
    """Run a program of Node.js; what it says is shown when it fails."""
    program = shutil.which(argv[0])
    assert program, "this needs Node.js 18 or newer with npm"
    done = subprocess.run([program, *argv[1:]], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_package_holds_what_the_service_gives_out(tmp_path: Path) -> None:
    run("npm", "pack", "--pack-destination", str(tmp_path), folder=PACKAGE)
    (packed,) = tmp_path.glob("*.tgz")
    with tarfile.open(packed) as archive:
        held = {name.partition("/")[2]: archive.extractfile(name) for name in archive.getnames()}
        assert held.keys() == {"package.json", "README.md", *FILES}
        for name in FILES:
            found = held[name]
            assert found is not None
            assert found.read() == (SOURCE / "web" / "embed" / name).read_bytes()


def test_the_types_are_those_of_the_element(tmp_path: Path) -> None:
    """The compiler is the one that the TypeScript client locks."""
    run("npm", "ci", folder=ROOT / "clients" / "typescript")
    compiler = ROOT / "clients" / "typescript" / "node_modules" / "typescript" / "bin" / "tsc"
    for name in ("prep-checklist.d.ts", "prep-calendar.d.ts"):
        shutil.copy(SOURCE / "web" / "embed" / name, tmp_path)
    (tmp_path / "use.ts").write_text(USE, encoding="utf-8")
    options = {"strict": True, "noEmit": True, "target": "es2022", "module": "nodenext", "types": []}
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["*.ts"]}))
    run("node", str(compiler), "-p", ".", folder=tmp_path)
