"""Who comes in with a token of the clinic's identity provider, and that nobody else does with any forged by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from joserfc.jwt import JWTClaimsRegistry

from prep_tracker.api import discovery
from prep_tracker.services import tokens
from prep_tracker.store import identity
from tests.access.forging import forged, header, published, sound
from tests.access.provider import DISCOVERY, JWKS, TOKEN, b64, forge, jwk, providing
from tests.access.signing import BIRCH_AUDIENCE, Door
from tests.api.house import House

FORGERIES = 180
"""At least so many; what each is meant to show is its name."""


@pytest.fixture
def door(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """Let Aster and Birch trust a provider each, and wait for them even on a busy machine."""
    monkeypatch.setattr(discovery, "SECONDS", 30.0)
    with providing() as aster, providing() as birch:
        aster.published, birch.published = published(), [jwk("rsa-birch", kid="rsa-1")]
        yield Door(house, aster, birch)


def test_people_come_in_with_tokens_of_their_clinics_provider(door: Door) -> None:
    for name, token in sound(door.idp, door.now):
        answer = door.ask(token)
        assert answer.status_code == 200, name
    assert door.idp.asked == {DISCOVERY: 1, JWKS: 1}


def test_no_forged_token_opens_anything(door: Door) -> None:
    """Every one gets the same 401, byte for byte what a key that nobody has gets."""
    refused = door.ask("prep_live_nonsense")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Bearer realm="prep-tracker"')
    found = forged(door.idp, door.now)
    assert len(found) >= FORGERIES
    rows = door.house.rows()
    answers = {name: door.ask(token) for name, token in found.items()}
    assert [name for name, answer in answers.items() if answer.status_code != 401] == []
    assert [name for name, answer in answers.items() if answer.content != refused.content] == []
    assert [name for name, answer in answers.items() if answer.headers.raw != refused.headers.raw] == []
    assert door.house.rows() == rows


def test_a_forged_token_makes_nobody_ask_elsewhere(door: Door) -> None:
    """Neither an address in a token nor a foreign issuer is ever asked, and an unknown key is asked for once."""
    for token in forged(door.idp, door.now).values():
        door.ask(token)
    assert door.idp.asked == {DISCOVERY: 2, JWKS: 2}
    assert not door.other.asked


def test_a_forged_token_opens_no_write_and_is_refused_before_the_request_is_looked_at(door: Door) -> None:
    rows = door.house.rows()
    for token in forged(door.idp, door.now).values():
        answer = door.ask(token, "POST", "/v1/procedures", content=b'{"malformed')
        assert answer.status_code == 401
    assert door.house.rows() == rows


def test_without_the_check_of_what_a_token_says_forged_ones_come_in(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signature alone is not enough: this is what the tests above would find if the check were forgotten."""

    def unchecked(*_: object) -> None:
        """Take whatever is signed."""

    monkeypatch.setattr(JWTClaimsRegistry, "validate", unchecked)
    came_in = {name for name, token in forged(door.idp, door.now).items() if door.ask(token).status_code == 200}
    assert {"expired", "not begun", "issued a moment from now", "expired long ago"} <= came_in
    monkeypatch.setattr(tokens, "_check", unchecked)
    came_in = {name for name, token in forged(door.idp, door.now).items() if door.ask(token).status_code == 200}
    assert {"good for more than a day", "a refresh token", "bound to a key of the caller's"} <= came_in


def test_signatures_of_any_length_are_refused_without_a_fault(door: Door) -> None:
    """What the libraries below make of a signature is never an error of ours."""
    for name, algorithm in (("rsa-1", "RS256"), ("rsa-2", "PS256"), ("ec-1", "ES256"), ("ed-1", "EdDSA")):
        begin = door.idp.token(door.now, name, algorithm).rpartition(".")[0]
        for length in (1, 31, 32, 63, 64, 65, 96, 128, 255, 256, 257, 1_000):
            for byte in (b"\0", b"\1", b"\xff"):
                answer = door.ask(f"{begin}.{b64(byte * length)}")
                assert answer.status_code == 401, (name, length, byte)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # which database there is makes no difference here
def test_a_token_that_differs_in_any_one_sign_opens_nothing(door: Door) -> None:
    token = door.idp.token(door.now, "ec-1", "ES256")
    assert door.ask(token).status_code == 200
    for place, sign in enumerate(token):
        other = "A" if sign != "A" else "B"
        assert door.ask(token[:place] + other + token[place + 1 :]).status_code == 401, place
        assert door.ask(token[:place] + token[place + 1 :]).status_code == 401, place


def test_the_person_and_the_role_of_a_token_stand_in_the_record(door: Door) -> None:
    ana = door.person(_token(door, sub="u-1", preferred_username="ana.aster", name="Ana"))
    procedure = ana.book()
    assert [e["actor"]["person"] for e in ana.get(f"{procedure}/entries").json()["items"]] == ["ana.aster"]
    assert [e["actor"]["role"] for e in ana.get(f"{procedure}/entries").json()["items"]] == ["coordinator"]
    assert door.house.person("Ana").get(procedure).status_code == 200
    ben = door.person(forge(header(), door.other.claims(door.now, aud=BIRCH_AUDIENCE), "rsa-birch"))
    assert ben.get("/v1/protocols").status_code == 200
    assert ben.get(procedure).status_code == 404


@pytest.mark.parametrize(
    ("claims", "person"),
    [
        ({"preferred_username": "ana.aster", "name": "Ana Aster"}, "ana.aster"),
        ({"preferred_username": None, "name": "Ana Aster"}, "Ana Aster"),
        ({"preferred_username": ["ana"], "name": " Ana \n Aster "}, "Ana Aster"),
        ({"preferred_username": "a\0na", "name": "x" * 201}, "u-1"),
        ({"preferred_username": "", "name": ""}, "u-1"),
    ],
)
def test_a_person_is_called_by_what_the_token_says(door: Door, claims: dict[str, Any], person: str) -> None:
    assert door.actor(_token(door, **{"sub": "u-1", **claims})).person == person


def _token(door: Door, **claims: Any) -> str:  # noqa: ANN401 - whatever a token may hold
    return forge(header(), door.idp.claims(door.now) | claims)


def test_a_person_is_called_by_the_claim_that_was_settled(door: Door) -> None:
    door.settle(person_claim="profile.name")
    assert door.actor(_token(door, profile={"name": "Ana A."})).person == "Ana A."
    assert door.actor(_token(door, sub="u-1")).person == "u-1"


@pytest.mark.parametrize(
    ("claim", "given", "role"),
    [
        ("roles", {"roles": ["x", "desk"]}, "coordinator"),
        ("roles", {"roles": "desk"}, "coordinator"),
        ("roles", {"roles": ["boss", "desk", "doctor"]}, "clinician"),
        ("roles", {"roles": ["boss", "desk"]}, "admin"),
        ("realm_access.roles", {"roles": ["boss"], "realm_access": {"roles": ["desk"]}}, "coordinator"),
        ("resource_access.our.app.roles", {"resource_access": {"our.app": {"roles": ["boss"]}}}, "admin"),
        ("https://aster.example/roles", {"https://aster.example/roles": ["doctor"]}, "clinician"),
    ],
)
def test_a_role_follows_from_the_first_value_that_was_settled(
    door: Door, claim: str, given: dict[str, Any], role: str
) -> None:
    """Whatever the order in the token: doctor stands before boss, and boss before desk."""
    door.settle(role_claim=claim)
    assert door.actor(_token(door, **given)).role == role


def test_the_wrong_role_is_told_so(door: Door) -> None:
    answer = door.person(door.idp.token(door.now)).get("/v1/keys")
    assert answer.status_code == 403
    assert "yours is coordinator" in answer.json()["detail"]
    assert door.person(_token(door, roles=["boss"])).get("/v1/keys").status_code == 200


def test_a_person_is_the_same_whatever_token_they_come_with(door: Door) -> None:
    first = door.actor(_token(door, sub="u-1", jti="a"))
    assert first.credential_id == door.actor(_token(door, sub="u-1", jti="b", roles=["boss"])).credential_id
    assert first.credential_id.startswith("oidc:")
    assert first.credential_id != door.actor(_token(door, sub="u-2")).credential_id
    assert "u-1" not in first.credential_id


def test_a_repeat_with_a_newer_token_is_the_same_repeat(door: Door) -> None:
    booking = {"protocol": "laser-resurfacing", "on": "2026-12-18", "patient": {"reference": "A-7", "name": "Pia"}}
    first = door.person(_token(door, jti="a")).post("/v1/procedures", booking, Idempotency_Key="k")
    again = door.person(_token(door, jti="b")).post("/v1/procedures", booking, Idempotency_Key="k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == first.content


def test_a_provider_that_marks_no_access_tokens_is_taken_when_that_was_settled(door: Door) -> None:
    keycloak: dict[str, Any] = {"typ": "Bearer", "azp": "aster-desk", "scope": "openid profile"}
    entra: dict[str, Any] = {"scp": "access_as_user", "azp": "1f7b", "oid": "9a", "tid": "72f9", "ver": "2.0"}
    bare = door.idp.claims(door.now)
    del bare["client_id"]
    marked = {name: forge(header(typ="JWT"), bare | more) for name, more in {"k": keycloak, "e": entra}.items()}
    unmarked = forge({"alg": "RS256", "kid": "rsa-1"}, bare | entra)
    assert [door.ask(token).status_code for token in (*marked.values(), unmarked)] == [401] * 3
    door.settle(typ="JWT")
    assert [door.ask(token).status_code for token in (*marked.values(), unmarked)] == [200] * 3
    assert door.ask(door.idp.token(door.now)).status_code == 200
    id_tokens: dict[str, dict[str, Any]] = {
        "nonce": keycloak | {"nonce": "n-0S6"},
        "at_hash": keycloak | {"at_hash": "77Qm"},
        "c_hash": entra | {"c_hash": "LDk"},
        "Keycloak's": keycloak | {"typ": "ID"},
        "of no client and no scope, as Entra's are": {"oid": "9a", "tid": "72f9", "ver": "2.0"},
        "a logout token": keycloak | {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
    }
    came_in = [n for n, more in id_tokens.items() if door.ask(forge(header(typ="JWT"), bare | more)).status_code == 200]
    assert came_in == []


def test_tokens_of_another_client_are_refused_when_one_was_settled(door: Door) -> None:
    door.settle(client_id="aster-desk")
    assert door.ask(door.idp.token(door.now)).status_code == 200
    assert door.ask(_token(door, azp="aster-desk")).status_code == 200
    for wrong in ({"client_id": "aster-fridge"}, {"azp": "aster-fridge"}, {"client_id": ["aster-desk"]}):
        assert door.ask(_token(door, **wrong)).status_code == 401
    claims = door.idp.claims(door.now)
    del claims["client_id"]
    assert door.ask(forge(header(), claims)).status_code == 401


def test_only_the_settled_algorithms_and_lifetime_are_taken(door: Door) -> None:
    door.settle(algorithms=["ES256"], longest_minutes=5)
    assert door.ask(door.idp.token(door.now, "ec-1", "ES256")).status_code == 200
    assert door.ask(door.idp.token(door.now)).status_code == 401
    longer = door.idp.token(door.now, "ec-1", "ES256", exp=int(door.now) + 301)
    assert door.ask(longer).status_code == 401


def test_a_token_for_two_clinics_is_for_none(door: Door) -> None:
    door.trust_for_birch(door.idp.issuer)
    both = ["prep-tracker-aster", BIRCH_AUDIENCE]
    assert door.ask(door.idp.token(door.now, aud=both)).status_code == 401
    assert door.actor(door.idp.token(door.now, aud=both[:1])).clinic_id == door.house.clinics["Aster"]
    assert door.actor(door.idp.token(door.now, aud=both[1:])).clinic_id == door.house.clinics["Birch"]


def test_from_the_providers_own_sign_in_to_a_checklist(door: Door) -> None:
    """Ana gives her password to the provider, and the token that she gets to us."""
    door.idp.people["correct horse"] = door.idp.claims(door.now, preferred_username="ana")
    form = {"grant_type": "password", "username": "ana", "password": "correct horse"}
    given = httpx.post(door.idp.issuer + TOKEN, data=form, trust_env=False).json()
    ana = door.person(given["access_token"])
    checklist = ana.get(f"{ana.book()}/checklist")
    assert checklist.status_code == 200
    assert ana.get(checklist.request.url.path).headers["etag"] == checklist.headers["etag"]


def test_settings_that_nobody_can_read_let_nobody_in(door: Door) -> None:
    """As after going back to an older version: rather nobody comes in than anybody."""
    token = door.idp.token(door.now)
    assert door.ask(token).status_code == 200
    row = door.row()
    kept = dict(row.settings)
    unread: tuple[dict[str, Any], ...] = ({}, {"roles": []}, kept | {"more": 1}, kept | {"algorithms": ["HS256"]})
    for settings in unread:
        unreadable = door.row(settings=settings)
        door.house.store.run_write(lambda c, row=unreadable: identity.change(c, row.clinic_id, row))  # type: ignore[misc]
        assert door.ask(token).status_code == 401
    door.house.clock.advance(timedelta(seconds=1))
    door.house.store.run_write(lambda c: identity.change(c, row.clinic_id, row))
    assert door.ask(token).status_code == 200
