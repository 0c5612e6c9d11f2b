"""Staff come in with a key or from their clinic's provider, and nobody can make them do what they did not mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from prep_tracker.api.pages import forgery, gate
from prep_tracker.domain.errors import ForbiddenError
from prep_tracker.domain.sign_in import SignIn
from prep_tracker.services.sign_in import trust
from tests.access.provider import AUDIENCE, Provider, providing
from tests.api.house import House
from tests.pages.browser import Browser, text_of

SIGN_IN = "/staff/sign-in"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_whoever_is_not_signed_in_is_sent_there_and_comes_back(browser: Browser) -> None:
    sent = browser.get("/staff/?days=30")
    assert (sent.status_code, sent.headers["location"]) == (303, f"{SIGN_IN}?next=/staff/%3Fdays%3D30")
    there = browser.sign_in("Ana", "/staff/?days=30")
    assert there.headers["location"] == "/staff/?days=30"
    assert browser.get("/staff/?days=30").status_code == 200


def test_a_part_of_a_page_tells_the_browser_to_sign_in(browser: Browser) -> None:
    answer = browser.get("/staff/", HX_Request="true")
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, f"{SIGN_IN}?next=/staff/")


def test_the_cookie_is_out_of_reach(browser: Browser) -> None:
    answer = browser.sign_in("Ana")
    [cookie] = [told for told in answer.headers.get_list("set-cookie") if told.startswith("prep_staff=")]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


@pytest.mark.parametrize("key", ["", "prep_live_0", "é" * 50, "x" * 5000])
def test_a_wrong_key_is_said_kindly_and_without_a_hint(browser: Browser, key: str) -> None:
    answer = browser.post(SIGN_IN, {"csrf": browser.mark(SIGN_IN), "key": key})
    assert answer.status_code == 401
    assert "not known" in text_of(answer)
    assert key not in answer.text or not key


def test_a_systems_key_is_not_for_people(browser: Browser, house: House) -> None:
    answer = browser.post(SIGN_IN, {"csrf": browser.mark(SIGN_IN), "key": house.tokens["Iris"]})
    assert answer.status_code == 403
    assert browser.get("/staff/").status_code == 303


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/staff//evil.example",
        "/\\evil.example",
        "/staff/\\evil",
        "javascript:alert(1)",
        "/staff/sign-in",
        "/v1/worklist",
        "/staff/\nevil",
        "",
    ],
)
def test_nobody_is_sent_elsewhere(browser: Browser, target: str) -> None:
    assert browser.sign_in("Ana", target).headers["location"] == "/staff/"
    assert browser.get(f"/staff/language?to=es&next={target}".replace("\n", "%0A")).headers["location"] == "/staff/"


def test_addresses_inside_stay() -> None:
    assert gate.inside("/staff/procedures/1?x=2") == "/staff/procedures/1?x=2"


def test_a_form_that_is_not_ours_does_nothing(browser: Browser, house: House) -> None:
    browser.sign_in("Ana")
    other = Browser(house)
    other.sign_in("Ben")
    for mark in ("", "00" * 32, "zz", other.mark("/staff/")):
        answer = browser.post("/staff/sign-out", {"csrf": mark})
        assert answer.status_code == 403
        assert "did not come from our page" in text_of(answer)
    own = browser.mark("/staff/")
    assert browser.post("/staff/sign-out", {"csrf": own}, Sec_Fetch_Site="cross-site").status_code == 403
    assert browser.get("/staff/").status_code == 200
    assert browser.post("/staff/sign-out", {"csrf": own}, Sec_Fetch_Site="same-origin").status_code == 303


def test_the_sign_in_form_itself_belongs_to_the_browser(browser: Browser, house: House) -> None:
    """Else somebody could sign others in as themselves, and read what they then write."""
    stranger = Browser(house)
    answer = stranger.post(SIGN_IN, {"csrf": browser.mark(SIGN_IN), "key": house.tokens["Ana"]})
    assert answer.status_code == 403
    assert "prep_staff" not in stranger.cookies


def test_the_mark_is_another_one_each_time_and_the_same_underneath() -> None:
    marks = {forgery.masked("secret") for _ in range(50)}
    assert len(marks) == 50

    class Request:
        headers: ClassVar[dict[str, str]] = {}

    for mark in marks:
        forgery.require_own_form(Request(), "secret", mark)  # type: ignore[arg-type]
        with pytest.raises(ForbiddenError):
            forgery.require_own_form(Request(), "another", mark)  # type: ignore[arg-type]


def test_silence_ends_a_session_and_so_does_the_day(browser: Browser, house: House) -> None:
    browser.sign_in("Ana")
    for minutes in range(20, 12 * 60, 20):
        house.clock.set(NOW + timedelta(minutes=minutes))
        assert browser.get("/staff/").status_code == 200, minutes
    house.clock.set(NOW + timedelta(hours=12))
    assert browser.get("/staff/").status_code == 303
    house.clock.set(NOW)
    idle = Browser(house)
    idle.sign_in("Ana")
    house.clock.set(NOW + timedelta(minutes=30))
    assert idle.get("/staff/").status_code == 303


def test_a_page_that_refreshes_itself_keeps_nobody_signed_in(browser: Browser, house: House) -> None:
    browser.sign_in("Ana")
    for minutes in range(5, 30, 5):
        house.clock.set(NOW + timedelta(minutes=minutes))
        assert browser.get("/staff/", X_Refresh="1").status_code == 200
    house.clock.set(NOW + timedelta(minutes=30))
    assert browser.get("/staff/", X_Refresh="1").status_code == 303


def test_signing_out_is_for_every_copy_of_the_cookie(browser: Browser) -> None:
    browser.sign_in("Ana")
    kept = dict(browser.cookies)
    browser.post("/staff/sign-out", {"csrf": browser.mark("/staff/")})
    browser.cookies = kept
    assert browser.get("/staff/").status_code == 303


def test_a_session_ends_with_its_key(browser: Browser, house: House) -> None:
    browser.sign_in("Ana")
    ada = house.person("Ada")
    [key] = [one["id"] for one in ada.get("/v1/keys").json()["items"] if one["person"] == "Ana"]
    ada.send("DELETE", f"/v1/keys/{key}")
    assert browser.get("/staff/").status_code == 303


def test_too_many_wrong_keys_have_to_wait(browser: Browser, house: House) -> None:
    from prep_tracker.api.limits import Limits

    before = house.app.state.limits
    house.app.state.limits = Limits(600, 3)
    try:
        codes = [browser.post(SIGN_IN, {"csrf": browser.mark(SIGN_IN), "key": "no"}).status_code for _ in range(5)]
    finally:
        house.app.state.limits = before
    assert codes == [401, 401, 401, 429, 429]


def provider_of(house: House, provider: Provider, client: str | None = "aster-desk") -> str:
    """Let Aster trust the provider; give Aster's id."""
    clinic = house.clinics["Aster"]
    rules = SignIn(roles=(("desk", "coordinator"),))
    house.store.run_write(lambda c: trust(c, clinic, provider.issuer, AUDIENCE, rules=rules, now=NOW, client_id=client))
    return clinic


def leave(browser: Browser, clinic: str, target: str = "/staff/") -> dict[str, str]:
    """Go to the provider; give what it is asked."""
    sent = browser.get(f"{SIGN_IN}/provider?clinic={clinic}&next={target}")
    assert sent.status_code == 303
    return {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}


def test_a_provider_lets_people_in_with_code_and_verifier(browser: Browser, house: House) -> None:
    with providing() as provider:
        clinic = provider_of(house, provider)
        assert "your clinic's account" in text_of(browser.get(SIGN_IN))
        asked = leave(browser, clinic, "/staff/?days=30")
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["redirect_uri"] == f"http://aster.test{SIGN_IN}/callback"
        provider.codes["c1"] = (asked["code_challenge"], provider.claims(NOW.timestamp()))
        back = browser.get(f"{SIGN_IN}/callback?code=c1&state={asked['state']}")
        assert (back.status_code, back.headers["location"]) == (303, "/staff/?days=30")
        assert "ana.aster" in text_of(browser.get("/staff/"))


def test_what_comes_back_to_another_browser_is_worth_nothing(browser: Browser, house: House) -> None:
    with providing() as provider:
        clinic = provider_of(house, provider)
        asked = leave(browser, clinic)
        provider.codes["c1"] = (asked["code_challenge"], provider.claims(NOW.timestamp()))
        stranger = Browser(house)
        leave(stranger, clinic)
        for address in (f"code=c1&state={asked['state']}", "code=c1", f"state={asked['state']}", "code=c1&state=é"):
            assert stranger.get(f"{SIGN_IN}/callback?{address}").status_code == 401
        assert "prep_staff" not in stranger.cookies
        wrong = browser.get(f"{SIGN_IN}/callback?code=other&state={asked['state']}")
        assert wrong.status_code == 401


def test_a_provider_that_is_away_or_gives_no_role_says_so(browser: Browser, house: House) -> None:
    with providing() as provider:
        clinic = provider_of(house, provider)
        asked = leave(browser, clinic)
        provider.codes["c1"] = (asked["code_challenge"], provider.claims(NOW.timestamp(), roles=["gardener"]))
        unknown = browser.get(f"{SIGN_IN}/callback?code=c1&state={asked['state']}")
        assert unknown.status_code == 401
        assert "no role here" in text_of(unknown)
        provider.stop()
        away = browser.get(f"{SIGN_IN}/provider?clinic={clinic}")
        assert away.status_code == 503
        assert "cannot be reached" in text_of(away)


def test_without_a_client_nobody_is_sent_anywhere(browser: Browser, house: House) -> None:
    with providing() as provider:
        clinic = provider_of(house, provider, None)
        assert browser.get(f"{SIGN_IN}/provider?clinic={clinic}").status_code == 404
        assert browser.get(f"{SIGN_IN}/provider?clinic={house.clinics['Birch']}").status_code == 404
        assert browser.get(f"{SIGN_IN}/provider?clinic=../../x").status_code == 404


def test_the_language_is_kept(browser: Browser) -> None:
    assert "Iniciar sesión" in text_of(browser.get(SIGN_IN, Accept_Language="es-MX"))
    browser.get("/staff/language?to=es&next=/staff/")
    assert "Iniciar sesión" in text_of(browser.get(SIGN_IN))
