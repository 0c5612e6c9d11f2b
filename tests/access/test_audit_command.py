"""Whoever runs the service proves, writes out and prunes the audit; and a service that ends keeps every line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text

from prep_tracker.domain.chain import Keys
from prep_tracker.services.access import add_key, new_clinic
from prep_tracker.store import audit, seals
from prep_tracker.store.engine import database_url as parsed
from prep_tracker.store.session import Store
from prep_tracker.store.tables import audit as lines_table
from tests.access.auditing import NOW, SECRET, a_line
from tests.cli.terminal import PROGRAM, lines, program, run
from tests.store.cast import as_owner

UNTRIGGERED = "DROP TRIGGER IF EXISTS audit_is_not_changed"
OTHER = "a wholly different key of thirty-two and more"


@pytest.fixture
def clinics(store: Store) -> list[str]:
    """Make Aster and Birch, with sealed lines of three years each."""
    found = []
    for name in ("Aster", "Birch"):
        clinic = store.run_write(lambda c, name=name: new_clinic(c, name, "UTC", now=NOW))  # type: ignore[misc]
        store.run_write(lambda c, clinic=clinic: sealed(c, clinic.id))  # type: ignore[misc]
        found.append(clinic.id)
    store.close()
    return sorted(found)


def sealed(connection: Any, clinic: str, keys: Keys | None = None) -> None:  # noqa: ANN401 - a connection
    """Seal three lines a month for three years, until a month before today."""
    for month in range(36):
        at = datetime.now(UTC) - timedelta(days=31 * (36 - month))  # noqa: TID251 - the command asks the machine's clock
        audit.add(connection, clinic, *(a_line(month * 3 + each, at=at) for each in range(3)))
        seals.seal(connection, clinic, keys or Keys(), now=at + timedelta(seconds=3))


def verified(url: str, *args: str, **settings: str) -> tuple[int, dict[str, Any]]:
    """Prove the audit; give the exit code and what was said."""
    done = run("audit", "verify", "--json", *args, PREP_DATABASE_URL=url, **settings)
    assert done.stdout, done.stderr
    return done.exit_code, json.loads(done.stdout)


def test_a_whole_audit_is_proven_and_its_heads_are_anchors(
    database_url: str, clinics: list[str], tmp_path: Path
) -> None:
    code, told = verified(database_url)
    assert (code, told["whole"], told["lines"], told["not_sealed_yet"]) == (0, True, 216, 0)
    assert [(head["clinic_id"], head["seal"]) for head in told["heads"]] == [(each, 36) for each in clinics]
    said = program("audit", "verify", PREP_DATABASE_URL=database_url)  # as the installed program, once
    assert said.returncode == 0
    assert said.stdout.splitlines()[0] == "The audit is whole: 216 lines, 0 of them not sealed yet."
    assert said.stdout.splitlines()[-1] == f"{clinics[1]} 36 {told['heads'][1]['hash']}"
    for kept in (json.dumps(told), json.dumps(told) + "\n" + json.dumps(told, indent=2), said.stdout):
        (tmp_path / "anchors").write_text(kept, encoding="utf-8")
        assert verified(database_url, "--anchors", str(tmp_path / "anchors"))[0] == 0
    tampered(database_url, "DELETE FROM audit WHERE seal > 30")
    tampered(database_url, "DELETE FROM audit_seals WHERE number > 30")
    assert verified(database_url)[0] == 0, "without an anchor nobody can tell that it was longer"
    code, told = verified(database_url, "--anchors", str(tmp_path / "anchors"))
    assert code == 1
    assert [(one["clinic_id"], one["seal"], one["what"]) for one in told["findings"]] == [
        (each, 31, "missing") for each in clinics
    ]


def tampered(url: str, sql: str) -> None:
    """Change the audit behind the service's back."""
    if parsed(url).get_backend_name() == "sqlite":
        for name in ("audit_is_not_changed", "audit_is_not_deleted", "audit_seals_are_not_deleted"):
            as_owner(url, f"DROP TRIGGER IF EXISTS {name}")
    as_owner(url, sql)


def test_what_was_changed_is_named(database_url: str, clinics: list[str]) -> None:
    tampered(database_url, f"UPDATE audit SET person = 'Nobody' WHERE clinic_id = '{clinics[1]}' AND seal = 7")
    code, told = verified(database_url)
    assert (code, told["whole"]) == (1, False)
    assert [(one["clinic_id"], one["seal"], one["what"]) for one in told["findings"]] == [(clinics[1], 7, "changed")]
    assert verified(database_url, "--clinic", clinics[0])[0] == 0
    assert verified(database_url, "--clinic", clinics[1])[0] == 1
    said = run("audit", "verify", PREP_DATABASE_URL=database_url).stdout
    assert f"{clinics[1]}: seal 7 is the first: changed" in said


def test_what_cannot_be_told_is_said(store: Store, database_url: str, tmp_path: Path) -> None:
    clinic = store.run_write(lambda c: new_clinic(c, "Aster", "UTC", now=NOW))
    store.run_write(lambda c: sealed(c, clinic.id, Keys([SECRET])))
    store.close()
    assert verified(database_url, PREP_AUDIT_KEY=SECRET)[0] == 0
    assert verified(database_url, PREP_AUDIT_KEY=f"{OTHER},{SECRET}")[0] == 0
    for settings in ({}, {"PREP_AUDIT_KEY": OTHER}):
        code, told = verified(database_url, **settings)
        assert (code, told["whole"], told["findings"]) == (2, None, [])
        assert told["doubts"][0]["clinic_id"] == clinic.id
    said = run("audit", "verify", PREP_DATABASE_URL=database_url).stdout
    assert said.startswith("It cannot be told whether the audit is whole")
    (tmp_path / "empty").write_text("nothing here", encoding="utf-8")
    for args, url in (
        (("--anchors", str(tmp_path / "empty")), database_url),
        (("--anchors", str(tmp_path / "missing")), database_url),
        (("--clinic", "0" * 36), database_url),
        ((), f"sqlite:///{tmp_path}/missing.db"),
        ((), "postgresql://nobody@127.0.0.1:1/nothing"),
    ):
        code, (line,) = lines("audit", "verify", *args, PREP_DATABASE_URL=url, PREP_AUDIT_KEY=SECRET)
        assert code == 2, args
        assert line.startswith("prep-tracker: ")


def test_a_key_that_can_be_guessed_is_refused(database_url: str) -> None:
    code, (line,) = lines("audit", "verify", PREP_DATABASE_URL=database_url, PREP_AUDIT_KEY="short")
    assert code == 2
    assert "PREP_AUDIT_KEY" in line
    assert "32" in line


def test_it_is_written_out_line_by_line(database_url: str, store: Store, clinics: list[str]) -> None:
    done = run("audit", "export", "--clinic", clinics[0], PREP_DATABASE_URL=database_url)
    assert done.exit_code == 0
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == 108
    assert {line["clinic_id"] for line in found} == {clinics[0]}
    assert [line["seal"] for line in found] == sorted(line["seal"] for line in found)
    first, last = found[0]["at"][:10], found[50]["at"]
    part = run("audit", "export", "--from", first, "--to", last, PREP_DATABASE_URL=database_url)
    ats = [json.loads(line)["at"] for line in part.stdout.splitlines()]
    assert ats
    assert all(first <= at < last for at in ats)
    told = store.run_read(lambda c: audit.lines(c, clinics[0], limit=2))
    assert [(line.event, line.actor_role) for _, line in told] == [("audit.exported", "system")] * 2
    for wrong in ("yesterday", "2026-12-04T10:00:00", "2026-02-30"):
        code, (line,) = lines("audit", "export", "--from", wrong, PREP_DATABASE_URL=database_url)
        assert (code, "--from" in line) == (2, True)


def test_what_is_older_is_shown_first_and_taken_away_when_told(database_url: str, clinics: list[str]) -> None:
    def prune(*args: str) -> dict[str, Any]:
        done = run("audit", "prune", "--older-than", "24", "--json", *args, PREP_DATABASE_URL=database_url)
        assert done.exit_code == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    dry = prune()
    assert (dry["applied"], [one["clinic_id"] for one in dry["clinics"]]) == (False, clinics)
    lines_gone = dry["clinics"][0]["lines"]
    assert 30 <= lines_gone <= 40
    assert verified(database_url)[1]["lines"] == 216
    assert prune("--apply", "--clinic", clinics[0])["clinics"] == dry["clinics"][:1]
    assert prune("--apply")["clinics"] == dry["clinics"][1:]
    assert prune("--apply")["clinics"] == []
    code, told = verified(database_url)
    assert (code, told["whole"], told["lines"], told["not_sealed_yet"]) == (0, True, 216 - 2 * lines_gone + 2, 2)
    said = run("audit", "prune", "--older-than", "1200", PREP_DATABASE_URL=database_url)
    assert said.stdout == "Would take 0 lines away; with --apply it does.\n"


def test_not_the_owner_is_told_so(store: Store, database_url: str, clinics: list[str]) -> None:
    """On PostgreSQL the service's own sign-in may not take lines away; on SQLite whoever may write the file may."""
    url = parsed(database_url)
    if url.get_backend_name() == "sqlite":
        return
    role = f"web_{os.getpid()}"
    as_owner(database_url, f"CREATE ROLE {role} LOGIN NOINHERIT")
    as_owner(database_url, f"GRANT prep_tracker_service TO {role}")
    try:
        theirs = url.set(username=role).render_as_string(hide_password=False)
        assert verified(theirs)[0] == 0
        code, (line,) = lines("audit", "prune", "--older-than", "24", "--apply", PREP_DATABASE_URL=theirs)
        assert code == 1
        assert "Only the owner of the tables may do this" in line
    finally:
        store.close()
        as_owner(database_url, f"DROP ROLE {role}")
    assert len(clinics) == 2


@contextmanager
def served(url: str, **settings: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the service; give it with its address."""
    with subprocess.Popen(
        [PROGRAM, "serve", "--port", "0", "--json"],
        env=os.environ | {"PREP_DATABASE_URL": url, "PREP_REQUESTS_A_MINUTE": "0"} | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        said = ""
        for line in running.stdout:
            said += line
            if line == "}\n":
                break
        try:
            yield running, json.loads(said)["url"]
        finally:
            running.kill()


def read_in_a_hurry(address: str, token: str, times: int) -> list[str]:
    """Read so many times; give the requests' ids."""
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
        client.get("/v1/clinic", timeout=60)  # waits for the start
        return [client.get("/v1/clinic", timeout=60).headers["x-request-id"] for _ in range(times)]


def kept_ids(store: Store) -> set[str | None]:
    """Give the requests that left a line."""
    return set(store.run_read(lambda c: c.execute(select(lines_table.c.request_id)).scalars().all()))


def test_a_service_that_is_told_to_end_keeps_and_seals_every_line(store: Store, database_url: str) -> None:
    clinic = store.run_write(lambda c: new_clinic(c, "Aster", "UTC", now=NOW))
    token = store.run_write(lambda c: add_key(c, clinic.id, "admin", "Ada", now=NOW)).token
    with served(database_url, PREP_AUDIT_KEY=SECRET) as (running, address):
        ids = read_in_a_hurry(address, token, 300)
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=60)
    assert "lost" not in said, said
    assert set(ids) <= kept_ids(store)
    store.close()
    code, told = verified(database_url, PREP_AUDIT_KEY=SECRET)
    assert (code, told["whole"], told["not_sealed_yet"]) == (0, True, 0)


def test_a_service_that_is_killed_loses_the_last_second_at_most(store: Store, database_url: str) -> None:
    clinic = store.run_write(lambda c: new_clinic(c, "Aster", "UTC", now=NOW))
    token = store.run_write(lambda c: add_key(c, clinic.id, "admin", "Ada", now=NOW)).token
    with served(database_url) as (running, address):
        ids = read_in_a_hurry(address, token, 50)
        deadline = time.monotonic() + 30
        while not set(ids) <= kept_ids(store) and time.monotonic() < deadline:
            time.sleep(0.1)
        read_in_a_hurry(address, token, 50)
        running.kill()
        running.communicate(timeout=60)
    assert set(ids) <= kept_ids(store)
    store.close()
    code, told = verified(database_url)
    assert (code, told["findings"]) == (0, [])


def test_an_operator_cannot_change_a_line_by_mistake(database_url: str, clinics: list[str]) -> None:
    """On SQLite triggers stand in the way; on PostgreSQL the owner may do anything, and the service may not."""
    if parsed(database_url).get_backend_name() == "sqlite":
        with pytest.raises(Exception, match="audit_is_not_changed"):
            as_owner(database_url, "UPDATE audit SET person = 'Nobody'")
        with pytest.raises(Exception, match="audit_seals_are_not_deleted"):
            as_owner(database_url, "DELETE FROM audit_seals")
    else:
        opened = Store.open(database_url)
        with pytest.raises(Exception, match="42501"):
            opened.run_write(lambda c: c.execute(text("UPDATE audit SET person = 'Nobody'")))
        opened.close()
    assert verified(database_url)[0] == 0
    assert clinics
