"""Who is believed about where a request came from: the proxies that are named, and nobody else."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from prep_tracker.settings import Settings, WrongSettingsError, load
from tests.cli.terminal import PROGRAM

HERE, THERE = "203.0.113.7", "203.0.113.8"
WRONG = {"Authorization": "Bearer wrong"}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("PREP_") and not name.startswith("PREP_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture
def limited(request: pytest.FixtureRequest, database_url: str) -> Iterator[str]:
    """Start a service that lets one wrong credential a minute pass; give its address."""
    settings = {"PREP_DATABASE_URL": database_url, "PREP_WRONG_CREDENTIALS_A_MINUTE": "1", "PREP_LOG": "json"}
    if request.param is not None:
        settings["PREP_TRUSTED_PROXIES"] = request.param
    command = [str(PROGRAM), "serve", "--port", "0", "--json"]
    with subprocess.Popen(
        command, env=os.environ | settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout is not None
            yield json.loads("".join(itertools.islice(running.stdout, 3)))["url"]
            running.send_signal(signal.SIGINT)
            _, told = running.communicate(timeout=60)
        finally:
            running.kill()
    assert [json.loads(line)["event"] for line in told.splitlines()] == ["a limit is reached"]
    assert HERE not in told


def asked(url: str, came: str) -> httpx.Response:
    """Send a wrong credential that came, as a proxy says, from an address."""
    return httpx.get(f"{url}/v1/protocols", headers=WRONG | {"X-Forwarded-For": came}, trust_env=False, timeout=30)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("limited", [None, "127.0.0.0/8"], indirect=True)
def test_a_proxy_on_this_machine_is_believed(limited: str) -> None:
    assert [asked(limited, HERE).status_code for _ in range(2)] == [401, 429]
    assert asked(limited, THERE).status_code == 401
    # What the caller wrote stands before what the proxy wrote, and moves nobody elsewhere.
    assert asked(limited, f"198.51.100.1, {HERE}").status_code == 429
    secure = httpx.get(f"{limited}/healthz", headers={"X-Forwarded-Proto": "https"}, trust_env=False, timeout=30)
    assert secure.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("limited", ["192.0.2.1"], indirect=True)
def test_nobody_else_is_believed(limited: str) -> None:
    assert [asked(limited, f"203.0.113.{n}").status_code for n in range(3)] == [401, 429, 429]
    insecure = httpx.get(f"{limited}/healthz", headers={"X-Forwarded-Proto": "https"}, trust_env=False, timeout=30)
    assert "strict-transport-security" not in insecure.headers


@pytest.mark.parametrize("value", ["*", "0.0.0.0/0", "::/0", "10.0.0.1/8", "proxy.example", "10.0.0.1;10.0.0.2"])
def test_proxies_are_named_by_address(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A name that nobody looks up, or everybody, is a slip of the pen."""
    monkeypatch.setenv("PREP_TRUSTED_PROXIES", value)
    with pytest.raises(WrongSettingsError, match=r"^PREP_TRUSTED_PROXIES does not fit\. Write the addresses or net"):
        load()


def test_limits_and_proxies_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (Settings().requests_a_minute, Settings().wrong_credentials_a_minute) == (600, 60)
    assert Settings().trusted_proxies == ("127.0.0.1", "::1")
    monkeypatch.setenv("PREP_TRUSTED_PROXIES", "10.0.0.0/8, 2001:DB8::1 ")
    monkeypatch.setenv("PREP_REQUESTS_A_MINUTE", "0")
    monkeypatch.setenv("PREP_WRONG_CREDENTIALS_A_MINUTE", "5")
    assert load().trusted_proxies == ("10.0.0.0/8", "2001:db8::1")
    assert (load().requests_a_minute, load().wrong_credentials_a_minute) == (0, 5)


@pytest.mark.parametrize("name", ["REQUESTS_A_MINUTE", "WRONG_CREDENTIALS_A_MINUTE"])
@pytest.mark.parametrize("value", ["-1", "1.5", "many", "1000001"])
def test_a_limit_is_a_whole_number(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"PREP_{name}", value)
    with pytest.raises(WrongSettingsError, match=rf"^PREP_{name} does not fit\. Write how .*; 0 for no limit\.$"):
        load()
