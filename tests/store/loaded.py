"""Load a real service from several clients at once, and look whether what it keeps is whole."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from prep_tracker.clock import SystemClock
from prep_tracker.services import access, protocols
from prep_tracker.store import webhooks
from prep_tracker.store.session import Store
from prep_tracker.store.tables import METADATA
from prep_tracker.store.webhooks import WebhookRow

PROGRAM = Path(sys.executable).parent / "prep-tracker"
NUMBERS = itertools.count(1)
FIRST, NOT_TOLD = 4, 4
"""What a booking says at once: booked, exposed, kept since, product. Of the last no system is told."""
TOLD = {"procedure.booked", "exposure.reported", "item.marked"}
"""The events that tell of one entry; others tell how it all stands after it."""
Rows = dict[str, list[dict[str, Any]]]


def settle(url: str, people: int = 1) -> list[str]:
    """Make a clinic with two systems that are told of everything, and coordinators; give their keys."""
    store = Store.open(url)
    now = SystemClock().now()
    store.run_write(lambda c: protocols.ship(c, now=now))
    clinic = store.run_write(lambda c: access.new_clinic(c, "Aster", "Europe/Amsterdam", now=now)).id
    for name in ("booking", "portal"):
        hook = WebhookRow(name, "https://aster.example", [], "ids", ["whsec_c2VjcmV0"], True, None, now, 1)  # noqa: FBT003 - active
        store.run_write(lambda c, hook=hook: webhooks.add(c, clinic, hook))  # type: ignore[misc]
    made = [
        store.run_write(lambda c, n=n: access.add_key(c, clinic, "coordinator", f"Ana {n}", now=now))  # type: ignore[misc]
        for n in range(people)
    ]
    store.close()
    return [key.token for key in made]


@contextmanager
def serving(url: str, fault: str | None = None, **settings: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run the service; give its address and its process, which may be killed.

    It sends no messages. ``fault`` names one of ``faulty`` that is put into it; ``settings`` are its own by name.
    """
    program: list[str | Path] = [PROGRAM] if fault is None else [sys.executable, "-m", "tests.store.faulty", fault]
    given = {"PREP_DATABASE_URL": url, "PREP_WORKER": "off"}
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            [*program, "serve", "--port", "0", "--json"],
            cwd=Path(__file__).parents[2],
            env=os.environ | given | {f"PREP_{name.upper()}": value for name, value in settings.items()},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if line == "}\n":
                    break
            else:
                log.seek(0)
                raise RuntimeError("the service did not start:\n" + log.read())
            yield json.loads(said)["url"], process
        finally:
            process.kill()


def new_booking() -> dict[str, Any]:
    """Give a booking of somebody new, with everything that can be said at once."""
    number = next(NUMBERS)
    return {
        "patient": {"reference": f"L-{number}", "name": f"Pia {number}"},
        "protocol": "laser-resurfacing",
        "on": "2031-12-18",
        "exposures": [{"to": "sun", "on": "2026-01-01"}],
        "kept_since": {"no-retinoids": None},
        "products": [{"text": "Differin", "kind": "skincare"}],
    }


class Acknowledged(Protocol):
    """Whoever was told that something was done."""

    @property
    def booked(self) -> list[dict[str, Any]]:
        """Give the procedures as they were answered."""

    @property
    def said(self) -> list[tuple[str, int]]:
        """Give procedure and entry of each statement."""


@dataclass
class Load:
    """Four clients that book, mark and expose until the service is gone; and what was acknowledged to them."""

    address: str
    key: str
    booked: list[dict[str, Any]] = field(default_factory=list)
    said: list[tuple[str, int]] = field(default_factory=list)
    """Procedure and entry of every statement that was acknowledged."""
    refused: list[str] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self, clients: int = 4) -> None:
        """Begin."""
        self.threads = [threading.Thread(target=self._client) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """End well."""
        self.ending.set()
        for thread in self.threads:
            thread.join(timeout=30)
            assert not thread.is_alive()

    def _client(self) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        with httpx.Client(base_url=self.address, headers=headers, trust_env=False, timeout=20) as client:
            try:
                while not self.ending.is_set():
                    self._once(client)
            except httpx.TransportError:
                return  # the service was killed

    def _once(self, client: httpx.Client) -> None:
        made = client.post("/v1/procedures", json=new_booking())
        if made.status_code != 201:
            self.refused.append(made.text)
            return
        self.booked.append(made.json())
        name = made.json()["id"]
        for what, body in (
            ("marks", {"step": "no-sun", "kind": "since", "on": None}),
            ("exposures", {"to": "sun", "on": "2026-01-02"}),
        ):
            answer = client.post(f"/v1/procedures/{name}/{what}", json=body)
            if answer.status_code == 201:
                self.said.append((name, answer.json()["entry"]))
            else:
                self.refused.append(answer.text)


def kill(process: subprocess.Popen[str]) -> None:
    """Kill without a word of warning."""
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)


def rows_of(store: Store) -> Rows:
    """Give every row of the tables that a booking writes."""
    names = ("patients", "procedures", "entries", "audit", "messages", "webhook_endpoints")
    return store.run_read(
        lambda c: {n: [dict(row) for row in c.execute(METADATA.tables[n].select()).mappings()] for n in names}
    )


def faults(rows: Rows) -> list[str]:
    """Name what is half: a procedure has its patient, all its entries, and for each change its line and its messages.

    Nothing else has happened to the procedures than what ``Load`` does.
    """
    found = []
    patients = {row["id"] for row in rows["patients"]}
    entries: dict[str, list[int]] = {}
    for row in rows["entries"]:
        entries.setdefault(row["procedure_id"], []).append(row["seq"])
    lines: dict[str, list[str]] = {}
    for row in rows["audit"]:
        if row["entity"] == "procedure" and row["outcome"] < 400:  # what was refused is on record as well
            lines.setdefault(row["entity_id"], []).append(row["event"])
    told: dict[tuple[str, str], list[int]] = {}
    for row in rows["messages"]:
        if row["topic"] in TOLD:
            told.setdefault((row["procedure_id"], row["endpoint_id"]), []).append(row["body"]["entry"])
    for row in rows["procedures"]:
        name, said, noted = row["id"], sorted(entries.get(row["id"], [])), lines.get(row["id"], [])
        if said != list(range(1, row["version"] + 1)):
            found.append(f"{name} has version {row['version']} and entries {said}")
        if row["patient_id"] not in patients:
            found.append(f"{name} has no patient")
        if noted.count("procedure.booked") != 1 or len(noted) != 1 + row["version"] - FIRST:
            found.append(f"{name} has the lines of audit {noted} for version {row['version']}")
        wanted = [number for number in range(1, row["version"] + 1) if number != NOT_TOLD]
        for endpoint in rows["webhook_endpoints"]:
            sent = sorted(told.get((name, endpoint["id"]), []))
            if sent != wanted:
                found.append(f"{name} has messages for entries {sent} of {wanted}")
    found += [f"{name} has entries and no procedure" for name in entries.keys() - {r["id"] for r in rows["procedures"]}]
    booked = {row["patient_id"] for row in rows["procedures"]}
    found += [f"{name} was booked and has no procedure" for name in patients - booked]
    return found


def lost(load: Acknowledged, rows: Rows) -> list[str]:
    """Name what was acknowledged and is not there, or stands without its line of audit or its messages."""
    versions = {row["id"]: row["version"] for row in rows["procedures"]}
    found = [one["id"] for one in load.booked if one["id"] not in versions]
    return found + [f"{name} {seq}" for name, seq in load.said if versions.get(name, 0) < seq]
