"""Providers that are down, slow, endless, or change keys in the middle: known keys serve, then nobody comes in."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from prep_tracker.api import discovery, identity
from prep_tracker.api.discovery import ProviderError, fetch_keys
from prep_tracker.api.identity import AGAIN, AGAIN_WITHOUT_KEYS, FRESH, GOOD, KNOWN_FOR, Identities
from prep_tracker.services.tokens import Keys, verify
from tests.access.forging import header
from tests.access.provider import DISCOVERY, JWKS, Provider, certificate, forge, jwk, providing
from tests.access.signing import BIRCH_AUDIENCE, Door
from tests.api.house import House

SECOND = timedelta(seconds=1)
PATIENCE, IMPATIENCE = 30.0, 0.25
"""Seconds: enough for a busy machine to answer, and few where no answer comes anyway."""
MEBIBYTE = b'{"keys": [' + b" " * 2**20 + b"]}"
Fault = Callable[[Provider], None]


@pytest.fixture
def door(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """Let Aster and Birch trust a provider each, and wait for them even on a busy machine."""
    monkeypatch.setattr(discovery, "SECONDS", PATIENCE)
    with providing() as aster, providing() as birch:
        yield Door(house, aster, birch)


def said(**also: object) -> bytes:
    """Write a discovery document."""
    return json.dumps(also).encode()


def _answers(path: str, body: bytes | Callable[[Provider], bytes]) -> Fault:
    def fault(idp: Provider) -> None:
        idp.answers[path] = body if isinstance(body, bytes) else body(idp)

    return fault


def _redirects(path: str) -> Fault:
    def fault(idp: Provider) -> None:
        idp.redirects[path] = "/elsewhere"
        idp.answers["/elsewhere"] = json.dumps(idp.document if path == DISCOVERY else {"keys": idp.published}).encode()

    return fault


def _points_to(address: str) -> Fault:
    return _answers(DISCOVERY, lambda idp: said(issuer=idp.issuer, jwks_uri=address.format(port=idp.port)))


def _is(**differing: object) -> Fault:
    def fault(idp: Provider) -> None:
        for name, value in differing.items():
            setattr(idp, name, value)

    return fault


FAULTS: dict[str, Fault] = {
    "down": Provider.stop,
    "slow": _is(seconds=60.0),
    "a drip without end": _is(drips=True),
    "failing": _is(status=500),
    "answering nothing": _is(status=204),
    "a MiB of keys": _answers(JWKS, MEBIBYTE),
    "a MiB of document": _answers(DISCOVERY, MEBIBYTE),
    "redirecting the document": _redirects(DISCOVERY),
    "redirecting the keys": _redirects(JWKS),
    "of another issuer": _answers(DISCOVERY, lambda idp: said(issuer="https://id.example", jwks_uri=idp.issuer + JWKS)),
    "nearly of this issuer": _answers(DISCOVERY, lambda idp: said(issuer=idp.issuer + "/", jwks_uri=idp.issuer + JWKS)),
    "of no issuer": _answers(DISCOVERY, lambda idp: said(jwks_uri=idp.issuer + JWKS)),
    "without keys to find": _answers(DISCOVERY, lambda idp: said(issuer=idp.issuer)),
    "with keys in a number": _answers(DISCOVERY, lambda idp: said(issuer=idp.issuer, jwks_uri=7)),
    "with keys in a file": _points_to("file:///etc/passwd"),
    "with keys in the neighbourhood": _points_to("http://192.0.2.1:{port}/keys"),
    "with keys behind a user": _points_to("http://127.0.0.1:{port}@192.0.2.1/keys"),
    "with keys at a number": _points_to("http://2130706433:{port}/keys"),
    "with keys at a port that is none": _points_to("http://127.0.0.1:99999/keys"),
    "with a document that is none": _answers(DISCOVERY, b"<html>Sign in</html>"),
    "with a document that is a list": _answers(DISCOVERY, b"[]"),
    "with a document that is deep": _answers(DISCOVERY, b"[" * 60_000),
    "with keys that are none": _answers(JWKS, b"<html>Sign in</html>"),
    "with keys that are a list": _answers(JWKS, b"[]"),
    "with keys that are deep": _answers(JWKS, b'{"keys":' + b"[" * 60_000),
    "without any key": _answers(JWKS, b'{"keys": []}'),
    "with keys of no use": _answers(JWKS, json.dumps({"keys": [jwk("rsa-1", use="enc"), 7, None, {}]}).encode()),
    "with keys that are an object": _answers(JWKS, b'{"keys": {"a": 1}}'),
}


def mended(idp: Provider) -> None:
    """Let a provider be well again."""
    if idp.is_stopped:
        idp.again()
    idp.seconds, idp.drips, idp.status = 0.0, False, 200
    idp.answers.clear()
    idp.redirects.clear()


SILENT = {"slow", "a drip without end"}


def away(answer: httpx.Response) -> bool:
    """Say whether an answer says that nobody can be known now, and when to ask again."""
    return (
        answer.status_code == 503
        and int(answer.headers["retry-after"]) > 0
        and "WWW-Authenticate" not in answer.headers
        and "database" not in answer.text
        and "identity provider" in answer.json()["detail"]
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # which database there is makes no difference here
@pytest.mark.parametrize("name", FAULTS)
def test_while_a_provider_fails_known_keys_serve_and_then_nobody_comes_in(
    door: Door, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the start: 503. Later: the keys of before for a day, then 503. In the end, well again, at once."""
    idp, clock = door.idp, door.house.clock

    def fail() -> None:
        FAULTS[name](idp)
        monkeypatch.setattr(discovery, "SECONDS", IMPATIENCE if name in SILENT else PATIENCE)

    def mend() -> None:
        mended(idp)
        monkeypatch.setattr(discovery, "SECONDS", PATIENCE)

    fail()
    began = time.monotonic()
    assert away(door.ask(idp.token(door.now)))
    assert time.monotonic() - began < PATIENCE / 2
    assert capsys.readouterr().out.count("does not give its keys") == 1
    mend()
    assert away(door.ask(idp.token(door.now))), "asked only a moment ago"
    clock.advance(AGAIN_WITHOUT_KEYS)
    assert door.ask(idp.token(door.now)).status_code == 200

    fail()
    clock.advance(FRESH)
    for _ in range(3):
        assert door.ask(idp.token(door.now)).status_code == 200
        clock.advance(AGAIN)
    assert away(door.ask(forge(header(kid="rsa-new"), idp.claims(door.now))))
    clock.advance(GOOD - FRESH - 4 * AGAIN)
    assert door.ask(idp.token(door.now)).status_code == 200
    clock.advance(AGAIN)
    assert away(door.ask(idp.token(door.now)))
    mend()
    clock.advance(AGAIN)
    assert door.ask(idp.token(door.now)).status_code == 200
    assert idp.asked["/elsewhere"] == 0
    assert not door.other.asked


def test_a_provider_that_is_down_for_a_while_is_noticed_by_nobody_who_came_before(door: Door) -> None:
    token = door.idp.token(door.now, exp=int(door.now) + 7_200)
    for minutes in range(0, 60, 5):
        if minutes == 10:
            door.idp.stop()
        if minutes == 50:
            door.idp.again()
        assert door.ask(token).status_code == 200, minutes
        door.house.clock.advance(300 * SECOND)
    assert door.idp.asked[JWKS] == 2


def test_with_a_provider_down_others_come_in_and_wrong_tokens_are_wrong(door: Door) -> None:
    door.idp.stop()
    birch = forge(header(), door.other.claims(door.now, aud=BIRCH_AUDIENCE))
    assert door.ask(birch).status_code == 200
    assert door.house.person("Ana").get("/v1/protocols").status_code == 200
    assert door.ask("a.b.c").status_code == 401
    assert door.ask(forge(header(alg="none"), door.idp.claims(door.now))).status_code == 401


def test_a_slow_provider_is_waited_for_by_all_at_once(door: Door) -> None:
    """Fifty who come together cost one question, and as long as one."""
    token = door.idp.token(door.now)

    async def together() -> list[int]:
        answers = await asyncio.gather(*(door.aask(token) for _ in range(50)))
        return [answer.status_code for answer in answers]

    door.idp.seconds = 0.1
    assert door.house.wait(together()) == [200] * 50
    assert door.idp.asked == {DISCOVERY: 1, JWKS: 1}
    door.house.clock.advance(FRESH)
    token = door.idp.token(door.now)
    assert door.house.wait(together()) == [200] * 50
    assert door.idp.asked == {DISCOVERY: 2, JWKS: 2}


def test_keys_are_asked_for_every_ten_minutes(door: Door) -> None:
    for minutes in range(21):
        assert door.ask(door.idp.token(door.now)).status_code == 200
        assert door.idp.asked[JWKS] == minutes // 10 + 1
        door.house.clock.advance(60 * SECOND)


def test_a_new_key_in_the_middle_serves_at_once_and_the_old_one_no_longer(door: Door) -> None:
    old = door.idp.token(door.now)
    assert door.ask(old).status_code == 200
    door.idp.published = [jwk("rsa-2")]
    assert door.ask(door.idp.token(door.now)).status_code == 200, "nobody knows yet"
    assert door.ask(door.idp.token(door.now, "rsa-2")).status_code == 200
    assert door.idp.asked[JWKS] == 2
    assert door.ask(door.idp.token(door.now, jti="another")).status_code == 401
    door.house.clock.advance(KNOWN_FOR)
    assert door.ask(old).status_code == 401, "what was verified before is known for a minute"


def test_a_key_that_was_changed_under_its_name_serves_after_ten_minutes(door: Door) -> None:
    assert door.ask(door.idp.token(door.now)).status_code == 200
    door.idp.published = [jwk("rsa-2", kid="rsa-1")]
    door.house.clock.advance(FRESH)
    assert door.ask(forge(header(), door.idp.claims(door.now), "rsa-2")).status_code == 200
    assert door.ask(door.idp.token(door.now)).status_code == 401


def test_a_flood_of_unknown_keys_is_one_question_a_minute(door: Door) -> None:
    assert door.ask(door.idp.token(door.now)).status_code == 200
    identities: Identities = door.house.app.state.identities

    async def flood(of: str) -> set[int]:
        tokens = [forge(header(kid=f"{of}-{number}"), door.idp.claims(door.now)) for number in range(200)]
        return {answer.status_code for answer in await asyncio.gather(*map(door.aask, tokens))}

    assert door.house.wait(flood("a")) == {401}
    assert door.idp.asked == {DISCOVERY: 2, JWKS: 2}
    door.house.clock.advance(AGAIN - SECOND)
    assert door.house.wait(flood("b")) == {401}
    assert door.idp.asked == {DISCOVERY: 2, JWKS: 2}
    door.house.clock.advance(SECOND)
    assert door.house.wait(flood("c")) == {401}
    assert door.idp.asked == {DISCOVERY: 3, JWKS: 3}
    assert (len(identities._known), len(identities._issuers)) == (1, 1)


def test_a_flood_from_issuers_that_nobody_trusts_leaves_nothing_behind(door: Door) -> None:
    identities: Identities = door.house.app.state.identities
    for number in range(200):
        assert door.ask(door.idp.token(door.now, iss=f"{door.idp.issuer}/{number}")).status_code == 401
    assert (len(identities._known), len(identities._issuers)) == (0, 0)
    assert not door.idp.asked


def test_what_is_kept_has_an_end(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "MOST_TOKENS", 3)
    monkeypatch.setattr(identity, "MOST_ISSUERS", 1)
    identities: Identities = door.house.app.state.identities
    for number in range(5):
        assert door.ask(door.idp.token(door.now, jti=str(number))).status_code == 200
        assert door.ask(forge(header(), door.other.claims(door.now, aud=BIRCH_AUDIENCE))).status_code == 200
    assert (len(identities._known), len(identities._issuers)) == (3, 1)


def test_a_token_is_verified_once_a_minute_and_not_known_longer_than_it_is_good(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []

    def counted(token: str, *rest: object) -> object:
        verified.append(token)
        return verify(token, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(identity, "verify", counted)
    token, clock = door.idp.token(door.now), door.house.clock
    for seconds, times in ((0, 1), (1, 1), (58, 1), (1, 2), (59, 2), (1, 3)):
        clock.advance(seconds * SECOND)
        assert door.ask(token).status_code == 200
        assert len(verified) == times
    short = door.idp.token(door.now, exp=int(door.now) + 20)
    for seconds, status, times in ((0, 200, 4), (19, 200, 4), (1, 200, 5), (1, 200, 6), (29, 401, 7)):
        clock.advance(seconds * SECOND)
        assert (door.ask(short).status_code, len(verified)) == (status, times)


def test_a_clock_that_is_set_back_makes_no_token_younger(door: Door) -> None:
    token = door.idp.token(door.now)
    assert door.ask(token).status_code == 200
    door.house.clock.advance(timedelta(hours=-1))
    assert door.ask(token).status_code == 401, "issued an hour from now"
    assert door.ask(door.idp.token(door.now)).status_code == 200


def test_a_provider_that_was_removed_lets_nobody_in_from_the_next_request_on(door: Door) -> None:
    token = door.idp.token(door.now)
    assert door.ask(token).status_code == 200
    door.remove()
    for _ in range(100):
        assert door.ask(token).status_code == 401
    door.settle()
    assert door.ask(token).status_code == 200
    assert door.idp.asked[JWKS] == 1


def test_what_is_settled_anew_holds_from_the_next_request_on(door: Door) -> None:
    token = door.idp.token(door.now)
    before = door.actor(token)
    door.settle(roles=[["desk", "clinician"]])
    assert (before.role, door.actor(token).role) == ("coordinator", "clinician")
    door.settle(roles=[["boss", "admin"]])
    assert door.ask(token).status_code == 401
    door.settle(issuer=door.other.issuer)
    assert door.ask(token).status_code == 401
    door.settle()
    door.trust_for_birch(door.idp.issuer)
    assert door.actor(token) == before


def test_a_change_of_the_clinic_is_seen_with_the_next_request(door: Door) -> None:
    """A token that is known says who comes, never how the clinic is."""
    ada = door.person(door.idp.token(door.now, roles=["boss"]))
    assert ada.get("/v1/clinic").json()["time_zone"] == "Europe/Amsterdam"
    changed = door.house.person("Ada").send("PATCH", "/v1/clinic", json={"time_zone": "America/Vancouver"})
    assert changed.status_code == 200
    assert ada.get("/v1/clinic").json()["time_zone"] == "America/Vancouver"


def test_who_goes_away_while_waiting_ends_nothing_for_the_others(door: Door) -> None:
    asked: list[str] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(issuer: str) -> Keys:
        asked.append(issuer)
        begun.set()
        await go_on.wait()
        return await fetch_keys(issuer)

    identities = Identities(slow)

    async def together() -> tuple[bool, str]:
        now, token = door.house.clock.now(), door.idp.token(door.now)
        first, second = (asyncio.create_task(identities.authenticate(door.house.store, token, now)) for _ in range(2))
        await begun.wait()
        first.cancel()
        await asyncio.sleep(0.01)
        go_on.set()
        actor, _ = await second
        return first.cancelled(), actor.role

    assert door.house.wait(together()) == (True, "coordinator")
    assert asked == [door.idp.issuer]


def test_an_error_of_our_own_is_told_to_all_who_wait_and_asked_again_later(door: Door) -> None:
    """What is no fault of the provider's is a fault of ours: a 500, not a stranger let in."""
    broken = True

    async def fetch(issuer: str) -> Keys:
        if broken:
            raise RuntimeError
        return await fetch_keys(issuer)

    door.house.app.state.identities = Identities(fetch)
    assert door.ask(door.idp.token(door.now)).status_code == 500
    broken = False
    door.house.clock.advance(AGAIN_WITHOUT_KEYS)
    assert door.ask(door.idp.token(door.now)).status_code == 200


@pytest.mark.parametrize(
    "issuer",
    [
        "http://id.example",
        "http://192.0.2.1",
        "http://10.0.0.1",
        "http://169.254.169.254",
        "http://127.0.0.1.example",
        "http://127.1",
        "http://0x7f000001",
        "http://[::ffff:127.0.0.1]",
        "http://user@127.0.0.1",
        "http://127.0.0.1\\@id.example",
        "http://127.0.0.1#@id.example",
        "file:///etc",
        "ftp://127.0.0.1",
        "//127.0.0.1",
        "127.0.0.1",
        "https://",
        "https://id.example:99999",
        "https://[::1",
        "",
    ],
)
def test_only_https_and_this_machine_are_asked(issuer: str) -> None:
    with pytest.raises(ProviderError, match="by https only"):
        asyncio.run(fetch_keys(issuer))


def test_over_https_only_a_certificate_that_somebody_vouches_for_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = certificate(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(path)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with providing(tls) as idp:
        with pytest.raises(ProviderError, match="cannot be reached"):
            asyncio.run(fetch_keys(idp.issuer))
        assert not idp.asked
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        assert asyncio.run(fetch_keys(idp.issuer)).find("rsa-1", "RS256") is not None
        idp.document["jwks_uri"] = idp.document["jwks_uri"].replace("https", "http")
        with pytest.raises(ProviderError, match="its jwks_uri is no https address"):
            asyncio.run(fetch_keys(idp.issuer))
