"""Which identity provider a clinic trusts, as an operator settles it; the provider is one of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from prep_tracker.services.access import new_clinic
from prep_tracker.store import identity
from prep_tracker.store.session import Store
from tests.access.provider import DISCOVERY, JWKS, Provider, jwk, providing
from tests.cli.terminal import lines, run, run_json

NOW = datetime(2026, 12, 4, 9, 30, tzinfo=UTC)
SET = ("clinic", "sign-in", "set")


@pytest.fixture
def idp() -> Iterator[Provider]:
    """Run a provider."""
    with providing() as provider:
        yield provider


@pytest.fixture
def aster(store: Store) -> str:
    """Make a clinic."""
    return store.run_write(lambda c: new_clinic(c, "Aster", "UTC", now=NOW)).id


def usual(idp: Provider) -> tuple[str, ...]:
    """Give what is settled at least."""
    return (*SET, "--issuer", idp.issuer, "--audience", "prep", "--role", "desk=coordinator")


def test_a_provider_is_settled_shown_and_removed(store: Store, database_url: str, aster: str, idp: Provider) -> None:
    where = {"PREP_DATABASE_URL": database_url}
    more = ("--role", "a=b=admin", "--role-claim", "realm_access.roles", "--person-claim", "name", "--client-id", "x")
    made = run_json(*usual(idp), *more, "--typ", "JWT", "--algorithm", "RS256", "--longest", "60", **where)
    assert made.pop("created_at").endswith("Z")
    assert made.pop("checked") is True
    assert made == {
        "clinic_id": aster,
        "issuer": idp.issuer,
        "audience": "prep",
        "client_id": "x",
        "roles": [["desk", "coordinator"], ["a=b", "admin"]],
        "role_claim": "realm_access.roles",
        "person_claim": "name",
        "typ": "JWT",
        "algorithms": ["RS256"],
        "longest_minutes": 60,
        "scope": "openid profile",
    }
    assert idp.asked == {DISCOVERY: 1, JWKS: 1}
    shown = run_json("clinic", "sign-in", "show", **where)
    assert {**shown, "created_at": None} == {**made, "created_at": None}
    text = run("clinic", "sign-in", "show", **where).stdout
    assert "roles:           desk=coordinator, a=b=admin\n" in text
    again = run(*usual(idp), **where).stdout
    assert again == f"Aster trusts {idp.issuer} for prep from the next request on.\n"
    row = store.run_read(lambda c: identity.find(c, aster))
    assert row is not None
    assert (row.client_id, row.settings["typ"], row.settings["longest_minutes"]) == (None, "at+jwt", 1440)
    assert run_json("clinic", "sign-in", "remove", **where) == {"clinic_id": aster, "removed": True}
    assert store.run_read(lambda c: identity.find(c, aster)) is None
    for command in ("show", "remove"):
        code, (said,) = lines("clinic", "sign-in", command, **where)
        assert code == 1
        assert said.startswith("prep-tracker: Aster trusts no identity provider.")


def test_a_provider_that_does_not_give_its_keys_changes_nothing(
    store: Store, database_url: str, aster: str, idp: Provider
) -> None:
    where = {"PREP_DATABASE_URL": database_url}
    run_json(*usual(idp), **where)
    idp.published = [jwk("ec-1")]
    code, (said,) = lines(*usual(idp), "--audience", "other", "--algorithm", "RS256", **where)
    assert (code, said) == (1, f"prep-tracker: {idp.issuer}: its keys are for ES256 only. Nothing was changed.")
    idp.status = 404
    code, (said,) = lines(*usual(idp), "--audience", "other", **where)
    assert code == 1
    assert said.startswith(f"prep-tracker: {idp.issuer}{DISCOVERY}: it answers with status 404. Nothing was changed.")
    idp.stop()
    code, (said,) = lines(*usual(idp), "--audience", "other", **where)
    assert code == 1
    assert said.startswith(f"prep-tracker: {idp.issuer}{DISCOVERY}: it cannot be reached (ConnectError).")
    row = store.run_read(lambda c: identity.find(c, aster))
    assert row is not None
    assert row.audience == "prep"
    told = run(*usual(idp), "--audience", "other", "--no-check", **where).stdout
    assert told.splitlines()[1] == "It was not asked for its keys."
    changed = store.run_read(lambda c: identity.find(c, aster))
    assert changed is not None
    assert changed.audience == "other"


def test_what_is_written_wrong_is_one_line_each(store: Store, database_url: str, aster: str, idp: Provider) -> None:
    for more, begins in (
        (("--role", "desk"), "--role desk: write VALUE=ROLE, with the role coordinator, clinician or admin."),
        (("--role", "=admin"), "--role =admin: write VALUE=ROLE"),
        (("--role", "desk=integration"), "--role desk=integration: write VALUE=ROLE"),
        (("--role", f"{'x' * 201}=admin"), "--role: before the equals sign write a name of 1 to 200"),
        (("--role-claim", ""), "--role-claim: write a name of 1 to 200"),
        (("--person-claim", "a\x1b"), "--person-claim: write a name of 1 to 200"),
        (("--algorithm", "HS256"), "--algorithm: choose out of RS256, PS256, ES256 and EdDSA."),
        (("--algorithm", "none"), "--algorithm: choose out of"),
        (("--issuer", "http://id.example"), "issuer: Write the issuer's address"),
        (("--audience", "two words"), "audience: Write it as the provider shows it"),
        (("--client-id", ""), "client-id: Write it as the provider shows it"),
        (("--typ", "id"), "Invalid value for '--typ'"),
        (("--longest", "1441"), "Invalid value for '--longest'"),
    ):
        code, (said,) = lines(*usual(idp), *more, PREP_DATABASE_URL=database_url)
        assert code == 2, more
        assert said.startswith(f"prep-tracker: {begins}"), said
    assert store.run_read(lambda c: identity.find(c, aster)) is None


def test_of_several_clinics_one_is_named_and_no_two_share(
    store: Store, database_url: str, aster: str, idp: Provider
) -> None:
    birch = store.run_write(lambda c: new_clinic(c, "Birch", "UTC", now=NOW)).id
    where = {"PREP_DATABASE_URL": database_url}
    code, (said, *_) = lines(*usual(idp), **where)
    assert (code, said) == (2, "prep-tracker: There are several clinics. Name one of these with --clinic:")
    run_json(*usual(idp), "--clinic", aster, **where)
    code, (said,) = lines(*usual(idp), "--clinic", birch, **where)
    assert code == 1
    assert said.startswith("prep-tracker: Another clinic has this issuer with this audience")
    assert run_json(*usual(idp), "--clinic", birch, "--audience", "birch", **where)["clinic_id"] == birch
