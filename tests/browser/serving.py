"""Start a real service for browsers, settle clinics in it, and set its day."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from prep_tracker.domain.actor import Role
from prep_tracker.services import access
from prep_tracker.store.session import Store

PROGRAM = Path(__file__).with_name("served.py")
ZONE = "Europe/Amsterdam"
BOOKED_ON = "2026-11-22"
"""The day on which every test begins, a Sunday; nine in the morning in Amsterdam."""
ON = "2026-12-18"
CONTACT = {"phone": "+31 20 555 0100", "email": "hello@aster.example", "address": "Lindengracht 1, Amsterdam"}
ALONE = {"PREP_REQUESTS_A_MINUTE": "0", "PREP_WRONG_CREDENTIALS_A_MINUTE": "0", "PREP_WORKER": "off"}
PEOPLE: dict[str, Role] = {"Ana": "coordinator", "Cleo": "clinician", "Ada": "admin"}
MINT = ("portal:mint",)
Json = dict[str, Any]


class Clock:
    """The service's clock."""

    def __init__(self, path: Path) -> None:
        """Keep the file that the service reads."""
        self._path = path
        self.go_to(BOOKED_ON)

    def go_to(self, day: str, hour: int = 9, minute: int = 0) -> None:
        """Go to an hour of a day, by the wall clock of the clinic."""
        self.now = datetime.combine(date.fromisoformat(day), time(hour, minute), ZoneInfo(ZONE)).astimezone(UTC)
        beside = self._path.with_suffix(".new")
        beside.write_text(self.now.isoformat(), encoding="utf-8")
        beside.replace(self._path)

    @property
    def day(self) -> str:
        """Give the clinic's day."""
        return self.now.astimezone(ZoneInfo(ZONE)).date().isoformat()

    def advance(self, days: int = 1) -> None:
        """Go some days on."""
        self.go_to((date.fromisoformat(self.day) + timedelta(days=days)).isoformat())


class Service:
    """One clinic of a running service, with a key for each of its people."""

    def __init__(self, url: str, store: Store, clock: Clock) -> None:
        """Settle a clinic of its own for one test, on the day on which every test begins."""
        self.url, self.store, self.clock = url, store, clock
        clock.go_to(BOOKED_ON)
        row = store.run_write(lambda c: access.new_clinic(c, "Aster Skin Clinic", ZONE, now=clock.now))
        self.clinic_id = row.id
        self.keys: dict[str, str] = {
            role: store.run_write(
                lambda c, role=role, person=person: access.add_key(c, row.id, role, person, now=clock.now)  # type: ignore[misc]
            ).token
            for person, role in PEOPLE.items()
        }
        self.send("PATCH", "/v1/clinic", {"contact": CONTACT}, role="admin")

    def send(self, method: str, path: str, body: object = None, *, role: str = "coordinator", **headers: str) -> Any:  # noqa: ANN401 - whatever comes back
        """Ask the service as one of the clinic's people; what is refused fails the test."""
        told = {"Authorization": f"Bearer {self.keys[role]}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        answer = httpx.request(method, f"{self.url}{path}", json=body, headers=told, trust_env=False, timeout=30)
        assert answer.is_success, (method, path, answer.text)
        return answer.json() if answer.content else None

    def get(self, path: str, *, role: str = "coordinator") -> Any:  # noqa: ANN401 - whatever comes back
        """Read something as one of the clinic's people."""
        return self.send("GET", path, role=role)

    def book(self, protocol: str = "laser-resurfacing", **changes: object) -> str:
        """Book a procedure; give its id."""
        patient = {"reference": f"A-{os.urandom(4).hex()}", "name": "Pia Vermeer", "birth_date": "1990-02-28"}
        booking = {"patient": patient, "protocol": protocol, "on": ON, "at": "10:30", **changes}
        return str(self.send("POST", "/v1/procedures", booking)["id"])

    def link(self, procedure: str, **wanted: object) -> str:
        """Make a link for the patient; give its address."""
        return str(self.send("POST", f"/v1/procedures/{procedure}/portal-links", wanted)["url"])

    def mint(self, procedure: str) -> str:
        """Open a session as a portal's backend does; give its token."""
        if "integration" not in self.keys:
            add = lambda c: access.add_key(c, self.clinic_id, "integration", "Portal", now=self.clock.now, scopes=MINT)  # noqa: E731
            self.keys["integration"] = self.store.run_write(add).token
        made = self.send("POST", "/v1/portal/sessions", {"procedure_id": procedure}, role="integration")
        return str(made["access_token"])

    def entries(self, procedure: str) -> list[Json]:
        """Read what was said after the booking, oldest first; what was withdrawn is left out."""
        items = self.get(f"/v1/procedures/{procedure}/entries?limit=200")["items"]
        return [one for one in items if one["kind"] not in {"booked", "withdrawn"} and not one["withdrawn"]]

    def sign_everybody_out(self, procedure: str) -> None:
        """End every session of a procedure."""
        for one in self.get(f"/v1/procedures/{procedure}/portal-sessions")["items"]:
            self.send("DELETE", f"/v1/procedures/{procedure}/portal-sessions/{one['id']}")


@contextmanager
def running(folder: Path, *origins: str) -> Iterator[tuple[str, Store, Clock]]:
    """Run a service on a free port with its own database; it must end well when it is told to.

    Pages of ``origins`` may call it.
    """
    clock = Clock(folder / "clock")
    address = f"sqlite:///{folder / 'service.db'}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREP_")}
    with subprocess.Popen(
        [sys.executable, str(PROGRAM), str(folder / "clock"), "serve", "--port", "0", "--json"],
        env=kept | {"PREP_DATABASE_URL": address, "PREP_ORIGINS": ",".join(origins)} | ALONE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        store = Store.open(address)
        try:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if line == "}\n":
                    break
            url = json.loads(said)["url"]
            assert httpx.get(f"{url}/readyz", trust_env=False, timeout=60).status_code == 200
            yield url, store, clock
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()
            store.close()
