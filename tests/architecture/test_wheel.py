"""The wheel carries everything that the service reads at run time."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from prep_tracker import __version__
from tests.architecture.tree import ROOT, SOURCE, files


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel and list the files in it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("prep_tracker-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_carries_code_protocols_texts_and_pages(packed: set[str]) -> None:
    """Every file below the package is in it, also those that are not Python."""
    package = {f"prep_tracker/{path.relative_to(SOURCE)}" for path in files(SOURCE)}
    assert "prep_tracker/py.typed" in package
    assert package - packed == set()


def test_the_wheel_carries_the_migrations(packed: set[str]) -> None:
    """A service installed without a checkout can still create and move its schema."""
    migrations = {
        f"prep_tracker/_migrations/{path.relative_to(ROOT / 'migrations')}" for path in files(ROOT / "migrations")
    }
    assert migrations - packed == set()


def test_the_wheel_carries_nothing_else(packed: set[str]) -> None:
    """Tests, locks and notes stay in the checkout."""
    assert {Path(name).parts[0] for name in packed} == {"prep_tracker", f"prep_tracker-{__version__}.dist-info"}
