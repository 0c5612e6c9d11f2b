"""What the tests of bad receivers hold against what was kept: a line an attempt, nothing in it that nobody may read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from prep_tracker.channels import Channel
from prep_tracker.worker import Worker
from tests.worker.office import Office

Json = dict[str, Any]
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [ -~]{3,160}")
AGAIN, SENT, FAILED = "again later: ", "sent: ", "failed: "
SAID_BY_THEM = "They said pia@example.org"
"""What a bad receiver says in its answers, which nobody is to read in ours."""
UNSAID = re.compile(
    r"pia|a-10\d\d|@|\+31|0000|example|whsec|127\.0|localhost|:\d{4,5}\b|they said|token|error\b|\w\(\)", re.IGNORECASE
)
"""Names, references, addresses, secrets, ports, words of the other side and of Python."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a message: how it now stands, the words of its last line, and how long it waits."""

    status: str
    what: str
    wait: float | None = None


def again(what: str, wait: float = 5) -> Kept:
    """Expect another attempt, after so many seconds."""
    return Kept("planned", AGAIN + what, wait)


def failed(what: str) -> Kept:
    """Expect nothing more."""
    return Kept("failed", FAILED + what)


def sent(what: str) -> Kept:
    """Expect that it was taken."""
    return Kept("sent", SENT + what)


def kept(row: Mapping[str, Any], office: Office) -> Kept:
    """Say what became of a row, and hold that each of its attempts has one clear line."""
    assert len(row["history"]) == row["attempts"], row
    lines = [LINE.fullmatch(line) for line in row["history"]]
    assert None not in lines, row
    for line in row["history"]:
        hold_unsaid(line)
    what = row["history"][-1].partition(" ")[2]
    if row["status"] == "planned":
        assert row["settled_at"] is None
        return Kept(row["status"], what, (row["due_at"] - office.clock.now()).total_seconds())
    assert row["settled_at"] == office.clock.now()
    return Kept(row["status"], what)


def hold_unsaid(text: str) -> None:
    """Hold that a text names nobody, and quotes neither the other side nor a secret."""
    assert UNSAID.search(text) is None, text


def hold_shown(items: Iterable[Json], rows: Iterable[Mapping[str, Any]]) -> None:
    """Hold that what is shown is what is kept: how it stands, why, and every line."""
    rows, shown = list(rows), {item["id"]: item for item in items}
    assert rows
    for row in rows:
        item = shown[row["id"]]
        for name in ("status", "reason", "attempts", "history"):
            assert item[name] == row[name]
        if row["status"] in {"planned", "failed"}:
            assert row["reason"] is not None
            hold_unsaid(row["reason"])


def sending_with(office: Office, **channels: Channel) -> None:
    """Give the office a worker that really sends, by these channels."""
    given = {"email": office.email, "sms": office.sms, "webhook": office.webhook} | channels
    office.worker = Worker(
        office.house.store, office.clock, given, public_url="https://prep.example", chance=lambda: 0.5
    )


def later(office: Office, by: timedelta) -> int:
    """Let time pass, and do what is due then; give how many messages were tried."""
    office.clock.advance(by)
    return office.worker.drain()
