"""What an operator does: the database, clinics, and keys; on both databases."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prep_tracker.demo import open_demo
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.errors import UnauthenticatedError
from prep_tracker.services.access import authenticate
from prep_tracker.services.protocols import ship
from prep_tracker.store import audit, clinics, protocols
from prep_tracker.store.migrate import newest
from prep_tracker.store.session import Store
from tests.cli.terminal import PROGRAM, lines, run, run_json

NOW = datetime(2026, 12, 4, 9, 30, tzinfo=UTC)


def known(url: str, token: str) -> Actor:
    """Give who comes in with a key."""
    store = Store.open(url)
    try:
        actor, _ = store.run_read(lambda connection: authenticate(connection, token, now=NOW))
    finally:
        store.close()
    return actor


def clinic(url: str, name: str = "Aster") -> dict[str, Any]:
    """Make a clinic."""
    made = run_json("init", "--clinic", name, "--zone", "Europe/Amsterdam", PREP_DATABASE_URL=url)
    return dict(made)


def test_the_first_init_makes_the_database_the_clinic_and_its_admin_key(empty_database_url: str) -> None:
    made = clinic(empty_database_url)
    assert set(made) == {"clinic_id", "key"}
    actor = known(empty_database_url, made["key"])
    assert (actor.clinic_id, actor.role, actor.person) == (made["clinic_id"], "admin", "Administrator")
    assert len(run_json("migrate", PREP_DATABASE_URL=empty_database_url)["protocols"]) == 0


def test_another_init_makes_another_clinic(database_url: str) -> None:
    aster, again = clinic(database_url), clinic(database_url)
    assert aster["clinic_id"] != again["clinic_id"]
    assert known(database_url, aster["key"]).clinic_id == aster["clinic_id"]
    assert known(database_url, again["key"]).clinic_id == again["clinic_id"]


def test_init_shows_people_the_key_once(database_url: str) -> None:
    text = run("init", "--clinic", "Aster", "--zone", "UTC", "--person", "Ada", PREP_DATABASE_URL=database_url).stdout
    (token,) = (word for word in text.split() if word.startswith("prep_live_"))
    assert known(database_url, token).person == "Ada"
    assert token not in run("keys", "list", PREP_DATABASE_URL=database_url).stdout


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (
            ["--clinic", "Aster", "--zone", "Europe/Amsterdm"],
            "--zone Europe/Amsterdm: write a time zone by its IANA name",
        ),
        (["--clinic", " ", "--zone", "UTC"], "clinic: Write a name of 1 to 200 characters."),
        (["--clinic", "a\x00", "--zone", "UTC"], "clinic: remove the character U+0000"),
        (["--clinic", "Aster", "--zone", "UTC", "--person", ""], "person: Write a name"),
        (["--zone", "UTC"], "Missing option '--clinic'"),
    ],
)
def test_a_wrong_clinic_is_refused_and_nothing_is_kept(database_url: str, args: list[str], says: str) -> None:
    code, (said,) = lines("init", *args, PREP_DATABASE_URL=database_url)
    assert code == 2
    assert said.startswith(f"prep-tracker: {says}")
    store = Store.open(database_url)
    assert store.run_read(clinics.every) == []
    store.close()


def test_several_that_start_at_once_all_succeed(empty_database_url: str) -> None:
    """The same moment, an empty database: the schema and the protocols are made once."""
    settings = {"PREP_DATABASE_URL": empty_database_url, "PATH": ""}
    started = [
        subprocess.Popen([PROGRAM, "migrate", "--json"], env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    ended = [one.communicate(timeout=60) for one in started]
    assert [(one.returncode, wrong) for one, (_, wrong) in zip(started, ended, strict=True)] == [(0, b"")] * 3
    store = Store.open(empty_database_url)
    shipped = store.run_read(protocols.shipped)
    store.close()
    assert [row.number for row in shipped] == [1, 1, 1, 1]


def test_migrate_says_what_it_did(empty_database_url: str) -> None:
    first = run_json("migrate", PREP_DATABASE_URL=empty_database_url)
    assert first["schema"] == newest()
    assert first["migrated"] is True
    assert "laser-resurfacing@1" in first["protocols"]
    again = run_json("migrate", PREP_DATABASE_URL=empty_database_url)
    assert again == {"schema": newest(), "migrated": False, "protocols": []}


def test_a_key_is_made_listed_and_revoked(database_url: str) -> None:
    admin = clinic(database_url)
    made = run_json("keys", "add", "--role", "clinician", "--person", "Cleo Ü", PREP_DATABASE_URL=database_url)
    assert (made["role"], made["person"], made["clinic_id"]) == ("clinician", "Cleo Ü", admin["clinic_id"])
    assert known(database_url, made["key"]).role == "clinician"
    listed = run_json("keys", "list", PREP_DATABASE_URL=database_url)
    assert [(key["role"], key["revoked_at"]) for key in listed["items"]] == [("admin", None), ("clinician", None)]
    secrets = [admin["key"].split("_", 3)[3], made["key"].split("_", 3)[3]]
    assert [secret for secret in secrets if secret in str(listed)] == []
    revoked = run_json("keys", "revoke", made["id"], PREP_DATABASE_URL=database_url)
    assert revoked["revoked_at"] is not None
    with pytest.raises(UnauthenticatedError):
        known(database_url, made["key"])
    assert known(database_url, admin["key"]).role == "admin"
    again = run_json("keys", "revoke", made["key"], PREP_DATABASE_URL=database_url)
    assert again["revoked_at"] == revoked["revoked_at"]
    assert "revoked" in run("keys", "list", PREP_DATABASE_URL=database_url).stdout


def test_keys_leave_their_audit_lines(database_url: str) -> None:
    clinic_id = clinic(database_url)["clinic_id"]
    made = run_json("keys", "add", "--role", "coordinator", "--person", "Ana", PREP_DATABASE_URL=database_url)
    run_json("keys", "revoke", made["id"], PREP_DATABASE_URL=database_url)
    store = Store.open(database_url)
    events = [line.event for _, line in store.run_read(lambda connection: audit.lines(connection, clinic_id, limit=9))]
    store.close()
    assert events == ["key.revoked", "key.added", "key.added"]


def test_a_key_for_a_system_has_scopes(database_url: str) -> None:
    clinic(database_url)
    scopes = ("--scope", "scan", "--scope", "portal:mint")
    add = ("keys", "add", "--role", "integration", "--person", "Portal")
    assert run_json(*add, *scopes, PREP_DATABASE_URL=database_url)["scopes"] == ["portal:mint", "scan"]
    for wrong in (add, (*add, "--scope", "everything"), ("keys", "add", "--role", "admin", "--person", "A", *scopes)):
        code, (said,) = lines(*wrong, PREP_DATABASE_URL=database_url)
        assert (code, "procedures:read, procedures:write" in said) == (2, True)


def test_with_several_clinics_one_has_to_be_named(database_url: str) -> None:
    aster, birch = clinic(database_url, "Aster"), clinic(database_url, "Birch")
    for args in (["list"], ["list", "--clinic", "nope"], ["add", "--role", "admin", "--person", "Ada"]):
        code, said = lines("keys", *args, PREP_DATABASE_URL=database_url)
        assert code == 2
        assert [line.split()[1:] for line in said[1:]] == [[aster["clinic_id"], "Aster"], [birch["clinic_id"], "Birch"]]
    made = run_json(
        "keys",
        "add",
        "--role",
        "admin",
        "--person",
        "Ben",
        "--clinic",
        birch["clinic_id"],
        PREP_DATABASE_URL=database_url,
    )
    assert known(database_url, made["key"]).clinic_id == birch["clinic_id"]
    code, (line,) = lines("keys", "revoke", made["id"], "--clinic", aster["clinic_id"], PREP_DATABASE_URL=database_url)
    assert (code, "of this clinic" in line) == (2, True)
    assert known(database_url, made["key"]).person == "Ben"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["revoke", "0123456789abcdef"], "There is no key 0123456789abcdef."),
        (["revoke", "Ana"], "ID: write the 16 signs"),
        (["add", "--role", "boss", "--person", "Ana"], "'coordinator', 'clinician', 'admin', 'integration'"),
        (["add", "--role", "admin", "--person", " "], "person: Write a name of 1 to 200 characters."),
    ],
)
def test_a_wrong_key_is_one_line(database_url: str, args: list[str], says: str) -> None:
    clinic(database_url)
    code, (said,) = lines("keys", *args, PREP_DATABASE_URL=database_url)
    assert code == 2
    assert says in said


def test_without_a_clinic_there_are_no_keys(database_url: str) -> None:
    code, (said,) = lines("keys", "list", PREP_DATABASE_URL=database_url)
    assert (code, said) == (1, "prep-tracker: There is no clinic yet. Make one with prep-tracker init.")


def test_a_database_that_was_never_migrated_says_how(empty_database_url: str) -> None:
    code, (said,) = lines("keys", "list", PREP_DATABASE_URL=empty_database_url)
    assert code == 1
    assert "prep-tracker init" in said or "prep-tracker migrate" in said


def test_a_demo_takes_no_clinic_of_its_own(database_url: str) -> None:
    store = Store.open(database_url)
    store.run_write(lambda connection: ship(connection, now=NOW))
    store.run_write(lambda connection: open_demo(connection, now=NOW))
    store.close()
    code, (said,) = lines("init", "--clinic", "Aster", "--zone", "UTC", PREP_DATABASE_URL=database_url)
    assert code == 1
    assert said.startswith("prep-tracker: This database is a demo.")


def test_a_copy_counts_one_clinic_as_one(tmp_path: Path) -> None:
    clinic("sqlite:///prep-tracker.db")
    said = run("backup", "copy.db").stdout
    assert said.startswith(
        "Copied to copy.db and verified: 1 clinic, 0 patients, 0 procedures, 0 entries, 1 audit line"
    )
    back = run("restore", "copy.db", PREP_DATABASE_URL=f"sqlite:///{tmp_path / 'back.db'}").stdout
    assert back == said.replace("Copied to", "Restored from")


def test_help_says_that_closing_days_are_replaced() -> None:
    said = " ".join(run("clinic", "set", "--help").stdout.split())
    assert "Replaces all closing days: those not named again are gone." in said
