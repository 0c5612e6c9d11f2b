"""What an operator is told before a start: all that is wrong at once, and nothing changed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from prep_tracker.store import roles
from tests.cli.terminal import lines, run, run_json


def test_a_service_that_can_start_is_told_so(database_url: str, tmp_path: Path) -> None:
    for path in tmp_path.glob("prep-tracker.db*"):
        path.chmod(0o600)
    assert run_json("check", PREP_DATABASE_URL=database_url) == {"ok": True, "problems": []}
    told = run("check", PREP_DATABASE_URL=database_url)
    assert (told.exit_code, told.stderr) == (0, "")
    assert told.stdout == "The settings fit, and the database is there, up to date and closed to others.\n"


def test_all_that_is_wrong_is_said_at_once() -> None:
    wrong = {"PREP_PORT": "geheim", "PREP_TRUSTED_PROXIES": "*", "PREP_REQUESTS_A_MINUTE": "-1", "PREP_COLOUR": "x"}
    code, said = lines("check", **wrong)
    assert code == 1
    assert {re.findall(r"PREP_[A-Z_]+", line)[0] for line in said} == wrong.keys()
    assert "geheim" not in "".join(said)


def test_a_file_that_others_may_open_and_an_old_schema_are_both_said(tmp_path: Path) -> None:
    file = tmp_path / "clinic.db"
    file.touch(mode=0o644)
    file.chmod(0o644)
    told = run("check", "--json", PREP_DATABASE_URL=f"sqlite:///{file}")
    assert told.exit_code == 1
    readable, outdated = json.loads(told.stdout)["problems"]
    assert readable == f"Others on this machine may open {file}. Close it with chmod 600."
    assert outdated.endswith("Bring it up to date with prep-tracker migrate.")
    assert file.stat().st_mode & 0o777 == 0o644
    _, said = lines("keys", "list", PREP_DATABASE_URL=f"sqlite:///{file}")  # and nothing was migrated
    assert said[-1].endswith("Bring it up to date with prep-tracker migrate.")


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    code, (said,) = lines("check", PREP_DATABASE_URL=f"sqlite:///{tmp_path}/none.db")
    assert code == 1
    assert said.startswith(f"prep-tracker: There is no database at {tmp_path}/none.db.")
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_away_is_said_with_the_reason() -> None:
    code, (said,) = lines("check", PREP_DATABASE_URL="postgresql://ana:geheim@127.0.0.1:1/aster")
    assert code == 1
    assert "127.0.0.1" in said
    assert "geheim" not in said


def test_clinics_that_are_not_kept_apart_are_said(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in tmp_path.glob("prep-tracker.db*"):
        path.chmod(0o600)
    monkeypatch.setattr(roles, "faults", lambda _: ["it works as an owner"])
    code, (said,) = lines("check", PREP_DATABASE_URL=database_url)
    assert code == 1
    assert said.startswith("prep-tracker: PostgreSQL would not keep the clinics apart: it works as an owner. Make the")


HALF = [
    ({"HOST": "mail.example"}, "PREP_SMTP_HOST is set without PREP_SMTP_SENDER"),
    ({"SENDER": "prep@aster.example"}, "PREP_SMTP_HOST is not set"),
    ({"HOST": "mail.example", "SENDER": "prep@aster.example", "USER": "ada"}, "belong together"),
    ({"HOST": "mail.example", "SENDER": "prep@aster.example", "PASSWORD": "geheim"}, "belong together"),
]


@pytest.mark.parametrize(("half", "says"), HALF)
def test_settings_for_mail_that_need_another_are_said(
    database_url: str, tmp_path: Path, half: dict[str, str], says: str
) -> None:
    for path in tmp_path.glob("prep-tracker.db*"):
        path.chmod(0o600)
    given = {f"PREP_SMTP_{name}": value for name, value in half.items()}
    code, (said,) = lines("check", PREP_DATABASE_URL=database_url, **given)
    assert code == 1
    assert says in said
    assert "geheim" not in said


def test_whole_settings_for_mail_are_well(database_url: str, tmp_path: Path) -> None:
    for path in tmp_path.glob("prep-tracker.db*"):
        path.chmod(0o600)
    names = {"HOST": "mail.example", "SENDER": "prep@aster.example", "USER": "ada", "PASSWORD": "geheim"}
    given = {f"PREP_SMTP_{name}": value for name, value in names.items()}
    assert run_json("check", PREP_DATABASE_URL=database_url, **given) == {"ok": True, "problems": []}
