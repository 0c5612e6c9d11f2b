"""Whatever is to be expected to go wrong is one line on standard error, never a stack trace."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from prep_tracker.store import migrate
from prep_tracker.store.session import Store
from tests.cli.terminal import PROGRAM, lines, program, run

DATABASE_COMMANDS = (
    ["migrate"],
    ["serve", "--port", "0"],
    ["init", "--clinic", "Aster", "--zone", "UTC"],
    ["keys", "list"],
)


@pytest.mark.parametrize("command", DATABASE_COMMANDS)
def test_a_server_that_is_not_there_is_one_line(command: list[str]) -> None:
    code, (said,) = lines(*command, PREP_DATABASE_URL="postgresql://ana:geheim@127.0.0.1:1/aster")
    assert code == 1
    assert said.startswith("prep-tracker: The database cannot answer at the moment.")
    assert "Connection refused" in said
    assert "geheim" not in said


@pytest.mark.parametrize("command", DATABASE_COMMANDS)
def test_a_folder_that_is_not_there_is_one_line(command: list[str]) -> None:
    code, (said,) = lines(*command, PREP_DATABASE_URL="sqlite:///nowhere/aster.db")
    assert code == 1
    assert "nable to open database file" in said or "There is no database at nowhere/aster.db" in said


@pytest.mark.parametrize("command", DATABASE_COMMANDS)
def test_a_file_that_is_no_database_is_one_line(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "notes.txt").write_text("Call Pia back. " * 100, encoding="utf-8")
    code, (said,) = lines(*command, PREP_DATABASE_URL="sqlite:///notes.txt")
    assert code == 1
    assert said.startswith("prep-tracker: This cannot be used as a database (DatabaseError SQLITE_NOTADB")
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "Call Pia back. " * 100


@pytest.mark.parametrize("command", DATABASE_COMMANDS)
def test_a_database_of_a_newer_version_is_one_line(tmp_path: Path, command: list[str]) -> None:
    url = f"sqlite:///{tmp_path / 'newer.db'}"
    migrate.upgrade(url)
    store = Store.open(url)
    store.run_write(lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'").rowcount)
    store.close()
    code, (said,) = lines(*command, PREP_DATABASE_URL=url)
    assert code == 1
    assert "a newer prep-tracker has made it" in said or "of another version" in said


def test_looking_for_keys_makes_no_database(tmp_path: Path) -> None:
    code, (said,) = lines("keys", "list")
    assert (code, list(tmp_path.iterdir())) == (1, [])
    assert said.startswith("prep-tracker: There is no database at prep-tracker.db.")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["plam"], "No such command 'plam'. Did you mean 'plan'? See prep-tracker --help."),
        (["plan", "laser-resurfacing"], "Missing argument 'DAY'. See prep-tracker plan --help."),
        (["plan", "--jsn"], "No such option: --jsn"),
        (["keys"], "Missing command. See prep-tracker keys --help."),
        (["serve", "--port", "65536"], "Invalid value for '--port'"),
        (["protocol", "lint"], "Missing argument 'FILE...'"),
    ],
)
def test_a_slip_on_the_command_line_is_one_line(args: list[str], says: str) -> None:
    code, (said,) = lines(*args)
    assert code == 2
    assert said.startswith(f"prep-tracker: {says}")


def test_help_says_what_the_exit_codes_mean() -> None:
    for args in ([], ["--help"]):
        result = run(*args)
        assert (result.exit_code, result.stderr) == (0, "")
        assert "Exit codes: 0 done; 1 it could not be done" in " ".join(result.stdout.split())


def test_a_reader_who_leaves_early_is_no_error() -> None:
    """As in ``prep-tracker protocol schema | head -1``, where the pipe closes before the end."""
    with subprocess.Popen(
        [PROGRAM, "protocol", "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        said = running.stderr.read()
        running.wait(timeout=60)
    assert b"Traceback" not in said


def test_the_installed_program_fails_with_its_code() -> None:
    ended = program("plan", "nothing", "2026-12-18")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("prep-tracker: PROTOCOL: there is no protocol nothing.")
