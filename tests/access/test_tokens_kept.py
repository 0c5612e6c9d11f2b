"""What is kept about a clinic's identity provider comes out as it was put in, from both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from prep_tracker.domain.errors import ConflictError, InvalidError, NotFoundError
from prep_tracker.domain.sign_in import SignIn
from prep_tracker.services.sign_in import provider_document, trust, trust_no_more
from prep_tracker.store import audit, clinics, identity
from prep_tracker.store.identity import IdentityProviderRow, Trusted
from prep_tracker.store.session import EVERY, Connection, Store
from tests.store.cast import NOW, Cast, settle_aster, settle_birch

ISSUER, AUDIENCE = "https://id.example/realms/aster", "prep-tracker"
RULES = SignIn(roles=(("Ärztinnen & Ärzte", "clinician"), ("desk", "coordinator")), role_claim="realm_access.roles")


@pytest.fixture
def aster(store: Store) -> Cast:
    """Settle Aster."""
    return store.run_write(settle_aster)


@pytest.fixture
def birch(store: Store) -> Cast:
    """Settle Birch."""
    return store.run_write(settle_birch)


def row_of(cast: Cast, **differing: str) -> IdentityProviderRow:
    """Give a clinic's provider."""
    row = IdentityProviderRow(cast.clinic, ISSUER, AUDIENCE, None, RULES.model_dump(mode="json"), NOW)
    return replace(row, **differing)  # type: ignore[arg-type]


def test_a_provider_comes_back(store: Store, aster: Cast, birch: Cast) -> None:
    row = row_of(aster)
    store.run_write(lambda c: identity.add(c, aster.clinic, row))
    assert store.run_read(lambda c: identity.find(c, aster.clinic)) == row
    assert store.run_read(lambda c: identity.find(c, birch.clinic)) is None
    clinic = store.run_read(lambda c: clinics.get(c, aster.clinic))
    assert store.run_read(lambda c: identity.find_trusted(c, ISSUER, AUDIENCE)) == Trusted(row, clinic)
    for issuer, audience in ((ISSUER, "prep"), (ISSUER + "/", AUDIENCE), (ISSUER.upper(), AUDIENCE), ("", "")):
        assert store.run_read(partial(identity.find_trusted, issuer=issuer, audience=audience)) is None
    changed = replace(
        row, issuer="https://id.example", audience="a", client_id="desk", settings={"roles": [["a", "b"]]}
    )
    store.run_write(lambda c: identity.change(c, aster.clinic, replace(changed, created_at=NOW + timedelta(days=1))))
    assert store.run_read(lambda c: identity.find(c, aster.clinic)) == changed
    store.run_write(lambda c: identity.remove(c, aster.clinic))
    assert store.run_read(lambda c: identity.find(c, aster.clinic)) is None
    for fn in (lambda c: identity.remove(c, aster.clinic), lambda c: identity.change(c, aster.clinic, row)):
        with pytest.raises(NotFoundError):
            store.run_write(fn)


def test_the_same_comes_back_where_one_awaits(store: Store, aster: Cast, birch: Cast) -> None:
    async def work() -> None:
        row = row_of(aster)
        await store.write(lambda c: identity.add(c, aster.clinic, row), aster.clinic)
        found = await store.read(lambda c: identity.find_trusted(c, ISSUER, AUDIENCE), EVERY)
        assert found is not None
        assert (found.provider, found.clinic.name) == (row, "Aster")
        changed = replace(row, client_id="desk", settings={})
        await store.write(lambda c: identity.change(c, aster.clinic, changed), aster.clinic)
        assert await store.read(lambda c: identity.find(c, aster.clinic), aster.clinic) == changed
        with pytest.raises(ConflictError):
            await store.write(lambda c: identity.add(c, birch.clinic, row_of(birch)), birch.clinic)
        await store.write(lambda c: identity.remove(c, aster.clinic), aster.clinic)
        assert await store.read(lambda c: identity.find_trusted(c, ISSUER, AUDIENCE), EVERY) is None
        await store.aclose()

    asyncio.run(work())


def test_an_issuer_with_an_audience_belongs_to_one_clinic_and_a_clinic_has_one(
    store: Store, aster: Cast, birch: Cast
) -> None:
    store.run_write(lambda c: identity.add(c, aster.clinic, row_of(aster)))
    store.run_write(lambda c: identity.add(c, birch.clinic, row_of(birch, audience="birch")))
    refused = (
        lambda c: identity.add(c, aster.clinic, row_of(aster, audience="another")),
        lambda c: identity.change(c, birch.clinic, row_of(birch)),
        lambda c: trust(c, birch.clinic, ISSUER, AUDIENCE, rules=RULES, now=NOW),
    )
    for fn in refused:
        with pytest.raises(ConflictError) as told:
            store.run_write(fn)
        assert ISSUER not in str(told.value)
    assert store.run_read(lambda c: identity.find(c, birch.clinic)) == row_of(birch, audience="birch")


def test_what_is_settled_leaves_its_line_in_the_audit(store: Store, aster: Cast) -> None:
    def work(connection: Connection) -> list[str]:
        trust(connection, aster.clinic, ISSUER, AUDIENCE, rules=RULES, now=NOW)
        later = NOW + timedelta(days=1)
        row = trust(connection, aster.clinic, ISSUER, "other", rules=RULES, now=later, client_id="desk")
        assert row == identity.find(connection, aster.clinic)
        assert row.created_at == NOW
        assert provider_document(row)["roles"] == [["Ärztinnen & Ärzte", "clinician"], ["desk", "coordinator"]]
        trust_no_more(connection, aster.clinic, now=later)
        with pytest.raises(NotFoundError):
            trust_no_more(connection, aster.clinic, now=later)
        return [f"{line.action} {line.event}" for _, line in audit.lines(connection, aster.clinic, limit=3)]

    assert store.run_write(work) == ["D sign-in.removed", "U sign-in.set", "C sign-in.set"]


@pytest.mark.parametrize(
    ("issuer", "audience", "client_id", "wrong"),
    [
        ("http://id.example", "a", None, ["/issuer"]),
        ("https://id.example/?a=b", "a", None, ["/issuer"]),
        ("https://id.example#a", "a", None, ["/issuer"]),
        ("id.example", "", None, ["/issuer", "/audience"]),
        (ISSUER, "a b", "ä", ["/audience", "/client-id"]),
        (ISSUER, "a" * 1_001, "", ["/audience", "/client-id"]),
    ],
)
def test_what_no_token_could_name_is_not_kept(
    store: Store, aster: Cast, issuer: str, audience: str, client_id: str | None, wrong: list[str]
) -> None:
    with pytest.raises(InvalidError) as told:
        store.run_write(lambda c: trust(c, aster.clinic, issuer, audience, rules=RULES, now=NOW, client_id=client_id))
    assert [fault.pointer for fault in told.value.faults] == wrong
    assert store.run_read(lambda c: identity.find(c, aster.clinic)) is None
