"""Run commands as at a terminal: in this process, or as the installed program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from prep_tracker.cli import app

PROGRAM = Path(sys.executable).parent / "prep-tracker"
SHEET = ("plan", "laser-resurfacing", "2026-12-18", "--booked", "2026-11-22")


def run(*args: str, **settings: str) -> Result:
    """Run a command with settings; whatever it does not expect is raised here."""
    result = CliRunner().invoke(app, args, env=settings, prog_name="prep-tracker", catch_exceptions=False)
    assert "Traceback" not in result.stderr
    return result


def run_json(*args: str, **settings: str) -> Any:  # noqa: ANN401 - whatever the command prints
    """Run a command that must succeed; give the one document that it prints."""
    result = run(*args, "--json", **settings)
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def lines(*args: str, **settings: str) -> tuple[int, list[str]]:
    """Run a command that must fail without printing a result; give its exit code and what it complains about."""
    result = run(*args, **settings)
    assert result.stdout == ""
    assert result.exit_code != 0
    return result.exit_code, result.stderr.splitlines()


def program(*args: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the installed program to its end."""
    return subprocess.run(
        [PROGRAM, *args], capture_output=True, text=True, check=False, env=os.environ | settings, timeout=60
    )
