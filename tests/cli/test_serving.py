"""The service as it is started: by the installed program, on a port that is free."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from prep_tracker.cli.serving import log_config
from prep_tracker.demo import DAYS_VALID, open_demo
from prep_tracker.domain.errors import ConflictError, UnauthenticatedError
from prep_tracker.services.access import authenticate, new_clinic
from prep_tracker.services.protocols import ship
from prep_tracker.settings import Settings
from prep_tracker.store import clinics
from prep_tracker.store.session import Store
from tests.cli.terminal import PROGRAM, lines, run_json

NOW = datetime(2026, 12, 4, 9, 30, tzinfo=UTC)


@contextmanager
def served(*args: str, **settings: str) -> Iterator[dict[str, Any]]:
    """Start the service and give what it says; it must end well when it is interrupted, without another word."""
    with subprocess.Popen(
        [PROGRAM, "serve", "--port", "0", "--json", *args],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert running.stdout is not None
            said = ""
            for line in running.stdout:
                said += line
                if line == "}\n":
                    break
            yield json.loads(said)
            running.send_signal(signal.SIGINT)
            rest, wrong = running.communicate(timeout=60)
        finally:
            running.kill()
    assert (running.returncode, rest, wrong) == (0, "", "")


def get(url: str, key: str = "") -> httpx.Response:
    """Read from the service; requests wait until it has started."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.get(url, headers=headers, trust_env=False, timeout=30)


def test_it_migrates_answers_and_ends_when_told(empty_database_url: str) -> None:
    with served(PREP_DATABASE_URL=empty_database_url) as said:
        assert set(said) == {"url"}
        assert get(f"{said['url']}/readyz").status_code == 200
        made = run_json("init", "--clinic", "Aster", "--zone", "UTC", PREP_DATABASE_URL=empty_database_url)
        listed = get(f"{said['url']}/v1/protocols", made["key"]).json()["items"]
        assert "laser-resurfacing" in {protocol["slug"] for protocol in listed}


def test_a_demo_starts_again_with_the_same_clinic(empty_database_url: str) -> None:
    with served("--demo", PREP_DATABASE_URL=empty_database_url) as first:
        assert set(first["keys"]) == {"coordinator", "clinician", "admin", "integration"}
        assert get(f"{first['url']}/v1/protocols", first["keys"]["coordinator"]).status_code == 200
    with served("--demo", PREP_DATABASE_URL=empty_database_url) as again:
        assert again["clinic_id"] == first["clinic_id"]
        for keys in (first["keys"], again["keys"]):
            assert get(f"{again['url']}/v1/protocols", keys["coordinator"]).status_code == 200


def test_portals_may_call_from_the_origins_that_are_set(database_url: str) -> None:
    with served(PREP_DATABASE_URL=database_url, PREP_ORIGINS="https://portal.example") as said:
        for origin, allowed in (("https://portal.example", "https://portal.example"), ("https://other.example", None)):
            answer = httpx.get(f"{said['url']}/healthz", headers={"Origin": origin}, trust_env=False, timeout=30)
            assert answer.headers.get("access-control-allow-origin") == allowed


def test_a_port_that_is_taken_is_one_line(database_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, (said,) = lines("serve", "--port", str(port), PREP_DATABASE_URL=database_url)
    assert code == 1
    assert said.startswith(f"prep-tracker: Cannot listen on 127.0.0.1 port {port}: Address already in use.")


def test_a_host_that_is_not_here_is_one_line(database_url: str) -> None:
    code, (said,) = lines("serve", "--host", "192.0.2.1", "--port", "0", PREP_DATABASE_URL=database_url)
    assert code == 1
    assert said.startswith("prep-tracker: Cannot listen on 192.0.2.1 port 0:")


def test_a_demo_does_not_move_in_beside_a_real_clinic(store: Store, database_url: str) -> None:
    store.run_write(lambda connection: new_clinic(connection, "Birch", "UTC", now=NOW))
    code, (said,) = lines("serve", "--demo", "--port", "0", PREP_DATABASE_URL=database_url)
    assert code == 1
    assert said.startswith("prep-tracker: This database has clinics of its own.")
    assert [clinic.name for clinic in store.run_read(clinics.every)] == ["Birch"]


def test_a_demo_is_made_once_and_its_keys_run_out(store: Store) -> None:
    store.run_write(lambda connection: ship(connection, now=NOW))
    first = store.run_write(lambda connection: open_demo(connection, now=NOW))
    again = store.run_write(lambda connection: open_demo(connection, now=NOW + timedelta(days=1)))
    assert (first.is_new, again.is_new, again.clinic.id) == (True, False, first.clinic.id)
    assert first.clinic.is_demo
    for role, token in first.keys.items():
        assert comes_in(store, token, NOW + timedelta(days=DAYS_VALID - 1)) == role
        with pytest.raises(UnauthenticatedError):
            comes_in(store, token, NOW + timedelta(days=DAYS_VALID + 1))


def comes_in(store: Store, token: str, now: datetime) -> str:
    """Give the role of whoever comes in with a key."""
    actor, _ = store.run_read(lambda connection: authenticate(connection, token, now=now))
    return actor.role


def test_a_demo_beside_a_real_clinic_is_refused_by_the_service_too(store: Store) -> None:
    store.run_write(lambda connection: ship(connection, now=NOW))
    store.run_write(lambda connection: open_demo(connection, now=NOW))
    store.run_write(lambda connection: new_clinic(connection, "Birch", "UTC", now=NOW))
    with pytest.raises(ConflictError):
        store.run_write(lambda connection: open_demo(connection, now=NOW))


def test_the_servers_log_is_lines_or_json() -> None:
    """The server's own warnings, as whoever runs it wants them."""
    for style in ("console", "json"):
        config = log_config(Settings(log=style))
        written = io.StringIO()
        config["handlers"]["stderr"]["stream"] = written
        logging.config.dictConfig(config)
        logging.getLogger("uvicorn.error").warning("The port is %s", "warm")
        logging.getLogger("uvicorn").handlers.clear()
        (line,) = written.getvalue().splitlines()
        if style == "json":
            said = json.loads(line)
            assert (said["event"], said["level"]) == ("The port is warm", "warning")
        else:
            assert "The port is warm" in line
            assert not line.startswith("{")
