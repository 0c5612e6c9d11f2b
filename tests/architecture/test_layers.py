"""The import contracts hold, and break when somebody crosses a layer."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT


def lint_imports(top: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of the checkout against the source tree below `top`."""
    lint = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(cache_dir=None))"
    return subprocess.run(
        [sys.executable, "-c", lint],
        cwd=top,
        env=os.environ | {"PYTHONPATH": str(top / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("domain/stray.py", "import prep_tracker.services.stray", "Imports point down"),
        ("services/stray.py", "import prep_tracker.clock", "Imports point down"),
        ("services/stray.py", "import prep_tracker.settings", "Imports point down"),
        ("utilities.py", "import json", "Imports point down"),
        ("domain/stray.py", "import sqlalchemy", "The domain and the exports are pure"),
        ("domain/stray.py", "from pathlib import Path", "The domain and the exports are pure"),
        ("exports/stray.py", "import random", "The domain and the exports are pure"),
        ("services/stray.py", "from sqlalchemy import select", "Only the store knows the database"),
        ("api/stray.py", "from psycopg import sql", "Only the store knows the database"),
        ("services/stray.py", "import prep_tracker.services.other", "A service never calls another"),
    ],
)
def test_a_crossed_layer_breaks_its_contract(tmp_path: Path, module: str, line: str, contract: str) -> None:
    """Put one stray import into a copy of the tree: the contract named must break."""
    shutil.copytree(ROOT / "src", tmp_path / "src")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    package = tmp_path / "src" / "prep_tracker"
    for name in ("services/other.py", "services/stray.py", "clock.py", "settings.py", module):
        path = package / name
        path.parent.mkdir(exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.touch()
    (package / module).write_text(f'"""Cross a layer."""\n\n{line}\n', encoding="utf-8")
    result = lint_imports(tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{contract} BROKEN" in result.stdout


def test_a_store_may_know_the_database(tmp_path: Path) -> None:
    """The same import that breaks a contract elsewhere is the store's business."""
    package = tmp_path / "src" / "prep_tracker"
    for name in ("store", "domain"):
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "store" / "stray.py").write_text("import sqlalchemy\n", encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    result = lint_imports(tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr


def test_imports_point_down() -> None:
    """The tree itself keeps every contract."""
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
