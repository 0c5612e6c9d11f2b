"""A secret is given by a setting or a file, and comes out nowhere: help, errors, logs, answers, other programs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import Field, ValidationError
from sqlalchemy import make_url
from typer.main import get_command

from prep_tracker.api.app import create_app
from prep_tracker.cli import app
from prep_tracker.clock import SetClock
from prep_tracker.settings import Settings, WrongSettingsError, load
from prep_tracker.store import backup
from prep_tracker.store.session import Store
from tests.api.house import NOBODY
from tests.cli.terminal import program, run

CANARY = "canary-7f3a"
AWAY = f"postgresql://ana:{CANARY}@127.0.0.1:1/aster"
"""A database that nobody has; its password must not come out."""
GOOD: dict[str, Any] = {
    "database_url": AWAY,
    "audit_key": f"{CANARY}-{'x' * 40}",
    "smtp_password": CANARY,
    "sms_token": CANARY,
}
"""For each secret a value with the canary in it."""
BAD: dict[str, Any] = {
    "database_url": AWAY.replace("postgresql", "mysql"),
    "audit_key": CANARY,
    "smtp_password": f"{CANARY}\n{CANARY}",
    "sms_token": f"{CANARY}\n{CANARY}",
}
"""And one that is refused."""
TELLING = {"database", "secret", "password", "token", "pepper", "key", "dsn", "credential"}
"""What tells of a secret in the name of a setting; and, but for the name of a database, in that of an option."""
KEY = f"prep_live_0123456789abcdef_{'x' * 43}"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("PREP_") and not name.startswith("PREP_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def secrets_of(kind: type[Settings]) -> set[str]:
    """List the settings that may hold a secret."""
    return {name for name, told in kind.model_fields.items() if not told.repr}


def check_what_sounds_secret_is(kind: type[Settings]) -> None:
    """Hold that no text setting whose name tells of a secret is shown."""
    texts = {name for name, told in kind.model_fields.items() if "str" in str(told.annotation)}
    assert {name for name in texts if set(name.split("_")) & TELLING} <= secrets_of(kind)


def check_no_repr_shows_it(kind: type[Settings]) -> None:
    """Hold that neither repr nor str shows a secret."""
    for name, value in GOOD.items():
        made = kind(**{name: value})
        assert CANARY in str(getattr(made, name))
        assert CANARY not in f"{made!r} {made} {made.model_fields_set} {[made]}"


def commands() -> Iterator[list[str]]:
    """List all commands, and the groups that they are in."""

    def within(path: list[str], command: object) -> Iterator[list[str]]:
        yield path
        for name, inner in getattr(command, "commands", {}).items():
            yield from within([*path, name], inner)

    yield from within([], get_command(app))


def test_every_secret_is_tried_here() -> None:
    assert secrets_of(Settings) == set(GOOD)
    check_what_sounds_secret_is(Settings)


def test_no_repr_shows_a_secret() -> None:
    check_no_repr_shows_it(Settings)


def test_a_secret_that_is_shown_is_found() -> None:
    class Loud(Settings):
        database_url: str = Field("sqlite:///x.db")

    for check in (check_no_repr_shows_it, check_what_sounds_secret_is):
        with pytest.raises(AssertionError):
            check(Loud)


@pytest.mark.parametrize("name", GOOD)
def test_every_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text(f"{GOOD[name]}\n", encoding="utf-8")
    monkeypatch.setenv(f"PREP_{name.upper()}_FILE", str(tmp_path / "secret"))
    assert GOOD[name] in str(getattr(load(), name))


@pytest.mark.parametrize("name", GOOD)
def test_no_error_shows_a_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    wrong = BAD[name]
    with pytest.raises(ValidationError) as caught:
        Settings(**{name: wrong})
    assert CANARY not in f"{caught.value} {caught.value!r}"
    for variable, value in ((f"PREP_{name.upper()}", wrong), (f"PREP_{name.upper()}_FILE", str(tmp_path / "secret"))):
        (tmp_path / "secret").write_text(wrong, encoding="utf-8")
        with monkeypatch.context() as patch:
            patch.setenv(variable, value)
            with pytest.raises(WrongSettingsError) as refused:
                load()
        assert CANARY not in f"{refused.value} {refused.value!r} {refused.value.lines}"
        assert refused.value.__cause__ is None


def test_no_help_shows_a_secret_and_no_option_takes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands on a command line is seen by everybody on the machine."""
    for name, value in GOOD.items():
        monkeypatch.setenv(f"PREP_{name.upper()}", value)
    paths = list(commands())
    assert ["keys", "add"] in paths
    for path in paths:
        told = run(*path, "--help").stdout
        assert CANARY not in told
        options = [word.lstrip("-").rstrip(",") for word in told.split() if word.startswith("--")]
        assert not {word for option in options for word in option.split("-")} & (TELLING - {"database"} | {"url"}), path


@pytest.mark.parametrize(
    "command", ["serve", "migrate", "init --clinic A --zone UTC", "keys list", "clinic list", "backup copy.db", "check"]
)
def test_a_database_that_is_away_is_told_without_its_password(command: str) -> None:
    done = program(*command.split(), PREP_DATABASE_URL=AWAY, PREP_LOG="json")
    assert done.returncode == 1
    assert "127.0.0.1" in done.stderr
    assert CANARY not in done.stdout + done.stderr


def test_no_answer_and_no_log_shows_a_secret(
    capsys: pytest.CaptureFixture[str], log_to_stderr: Callable[[], None]
) -> None:
    """Whatever is asked while the database is away, and of the chores of every minute."""

    async def asked() -> list[httpx.Response]:
        made = create_app(Store.open(AWAY), SetClock(datetime(2026, 12, 4, tzinfo=UTC)), log_requests=True)
        transport = httpx.ASGITransport(made, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://aster.test", trust_env=False)
        async with client, made.router.lifespan_context(made):
            paths = ("/readyz", "/v1/worklist", f"/v1/procedures/{NOBODY}/checklist")
            return [await client.get(path, headers={"Authorization": f"Bearer {KEY}"}) for path in paths]

    log_to_stderr()
    answers = asyncio.run(asked())
    assert [answer.status_code for answer in answers] == [503] * 3
    said = capsys.readouterr()
    assert '"status": 503' in said.err
    for place in (said.out, said.err, *(f"{answer.headers} {answer.text}" for answer in answers)):
        assert CANARY not in place
        assert KEY[-43:] not in place


def test_other_programs_are_given_the_password_where_nobody_else_sees_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Arguments are seen by everybody on the machine; the environment of a process by its owner only."""
    (tmp_path / "pg_dump").write_text('#!/bin/sh\necho "$0 $@" > seen; echo "$PGPASSWORD" > known\n', encoding="utf-8")
    (tmp_path / "pg_dump").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    backup._run("pg_dump", make_url(AWAY), "--format=custom", "copy.db")
    assert "--format=custom" in (tmp_path / "seen").read_text("utf-8")
    assert CANARY not in (tmp_path / "seen").read_text("utf-8")
    assert CANARY in (tmp_path / "known").read_text("utf-8")
