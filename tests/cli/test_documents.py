"""With --json, every command prints one document and nothing else; and what is light starts without what is heavy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from jsonschema import Draft202012Validator
from sqlalchemy import select

from prep_tracker import __version__
from prep_tracker.catalog import slugs
from prep_tracker.catalog.protocols import FOLDER
from prep_tracker.cli import app
from prep_tracker.clock import SystemClock
from prep_tracker.demo import open_demo
from prep_tracker.store.session import Store
from prep_tracker.store.tables import METADATA
from tests.cli.terminal import SHEET, run, run_json
from tests.cli.test_plan import OWN

COMMANDS = {
    "plan": [*SHEET[1:], "--as-of", "2026-12-04"],
    "init": ["--clinic", "Birch", "--zone", "UTC"],
    "migrate": [],
    "version": [],
    "keys add": ["--role", "admin", "--person", "Ada"],
    "keys list": [],
    "keys revoke": ["KEY"],
    "feasible": ["laser-resurfacing", "--as-of", "2026-12-04"],
    "scan": ["Aqua, Retinol"],
    "protocol lint": ["own.yaml"],
    "protocol schema": [],
    "protocol new": ["our-peel"],
    "protocol try": ["own.yaml", "2026-12-18", "--as-of", "2026-12-04"],
    "protocol diff": ["own.yaml", "own.yaml"],
    "protocol simulate": ["own.yaml"],
    "clinic list": [],
    "clinic show": [],
    "clinic set": ["--name", "Aster and Birch"],
    "procedures show": ["PROCEDURE", "--clinic", "CLINIC"],
    "import": ["bookings.csv"],
    "backup": ["copy.db"],
    "restore": ["copy.db"],
    "retention": ["--months", "12"],
    "check": [],
    "settings": [],
    "audit verify": [],
    "messages list": ["PROCEDURE", "--clinic", "CLINIC"],
    "messages failed": [],
    "audit prune": ["--older-than", "12"],
    "db roles": [],
    "clinic sign-in set": [
        *("--issuer", "https://id.example", "--audience", "prep", "--role", "desk=coordinator", "--no-check"),
    ],
}
"""Every command that does something and ends, with what it takes."""
ELSEWHERE = {
    *("messages replay", "messages test", "serve", "work", "audit export"),
    *("clinic sign-in show", "clinic sign-in remove"),
}
"""What is tested where it has something to do."""
ENDLESS = {"work", "audit export"}
"""What prints lines of JSON by itself, or says nothing until it is told to end."""
EMPTY = {"init", "migrate", "restore"}
"""What begins with no database, or with an empty one."""


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer's own
    """Yield every command that does something, with its words."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def test_every_command_takes_json() -> None:
    """Those below, and those that are tested where they have something to do."""
    found = dict(commands(typer.main.get_command(app)))
    assert set(found) == {*COMMANDS, *ELSEWHERE}
    without = {name for name, command in found.items() if not any("--json" in p.opts for p in command.params)}
    assert without == ENDLESS


@pytest.mark.parametrize("name", COMMANDS)
def test_json_is_one_document_and_nothing_else(tmp_path: Path, name: str) -> None:
    (tmp_path / "own.yaml").write_text(OWN, encoding="utf-8")
    (tmp_path / "bookings.csv").write_text("Booking no.,Patient no.,Name,Date,Protocol\n", encoding="utf-8")
    known = {} if name in EMPTY else settle(demo="PROCEDURE" in COMMANDS[name])
    if name == "restore":
        settle(demo=False, url="sqlite:///first.db")
        run_json("backup", "copy.db", PREP_DATABASE_URL="sqlite:///first.db")
    args = [known.get(word, word) for word in (*name.split(), *COMMANDS[name])]
    assert run_json(*args)


def settle(*, demo: bool, url: str = "sqlite:///prep-tracker.db") -> dict[str, str]:
    """Make a clinic, or a demo with its patients; give the names of what is in it."""
    if not demo:
        made = run_json("init", "--clinic", "Aster", "--zone", "UTC", PREP_DATABASE_URL=url)
        return {"KEY": made["key"], "CLINIC": made["clinic_id"]}
    run_json("migrate", PREP_DATABASE_URL=url)
    store = Store.open(url)
    clinic = store.run_write(lambda connection: open_demo(connection, now=SystemClock().now())).clinic
    procedures = select(METADATA.tables["procedures"].c.id).where(
        METADATA.tables["procedures"].c.clinic_id == clinic.id
    )
    first = store.run_read(lambda connection: connection.execute(procedures).scalars().first())
    store.close()
    return {"PROCEDURE": str(first), "CLINIC": clinic.id}


def test_version_is_that_of_the_package() -> None:
    assert run_json("version") == {"version": __version__}
    assert run("--version").stdout == run("version").stdout == f"prep-tracker {__version__}\n"


def test_lint_reports_faults_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(OWN, encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(OWN.replace("blocking", "blocing"), encoding="utf-8")
    result = run("protocol", "lint", "good.yaml", "bad.yaml")
    assert (result.exit_code, result.stderr) == (1, "")
    said = result.stdout.splitlines()
    assert said[0] == "good.yaml (own, 1 step): 0 faults, 0 notes"
    assert said[1].startswith("bad.yaml:8: fault: no-tan: severity cannot be blocing.")
    report = run("protocol", "lint", "good.yaml", "bad.yaml", "--json")
    assert (report.exit_code, report.stderr) == (1, "")
    assert '"ok": false' in report.stdout


def test_lint_of_what_ships_finds_notes_only() -> None:
    report = run_json("protocol", "lint", *(str(FOLDER / f"{slug}.yaml") for slug in slugs()))
    assert report["ok"] is True
    levels = {finding["level"] for file in report["files"] for finding in file["findings"]}
    assert levels == {"note"}
    assert [file["protocol"] for file in report["files"]] == list(slugs())


def test_lint_of_a_missing_file_is_one_line() -> None:
    result = run("protocol", "lint", "missing.yaml", "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "prep-tracker: missing.yaml: No such file or directory\n"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(run_json("protocol", "schema"))


@pytest.mark.parametrize(
    ("args", "without"),
    [
        (["--help"], {"pydantic", "rich.console", "sqlalchemy", "fastapi", "yaml", "babel"}),
        ([*SHEET, "--json"], {"rich.console", "sqlalchemy", "alembic", "fastapi", "uvicorn", "pydantic_settings"}),
        (SHEET, {"sqlalchemy", "alembic", "fastapi", "uvicorn", "pydantic_settings"}),
        (["scan", "retinol"], {"rich.console", "sqlalchemy", "fastapi", "babel", "pydantic_settings"}),
        (["feasible", "laser-resurfacing"], {"rich.console", "sqlalchemy", "fastapi", "pydantic_settings"}),
        (["protocol", "new", "ours"], {"rich.console", "sqlalchemy", "fastapi", "pydantic_settings"}),
        (["protocol", "try", *SHEET[1:]], {"rich.console", "sqlalchemy", "fastapi", "pydantic_settings"}),
        (["protocol", "diff", SHEET[1], SHEET[1]], {"rich.console", "sqlalchemy", "fastapi", "pydantic_settings"}),
        (["keys", "list"], {"fastapi", "uvicorn", "alembic"}),
    ],
)
def test_a_command_loads_only_what_it_needs(args: list[str], without: set[str]) -> None:
    """Whoever asks for help at a terminal should not wait for a database library."""
    code = (
        "import sys\nfrom prep_tracker.cli import app\n"
        f"app({args!r}, prog_name='prep-tracker', standalone_mode=False)\n"
        f"print('loaded:', *sorted({without!r} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert ended.stdout.splitlines()[-1] == "loaded:"
