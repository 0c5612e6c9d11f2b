"""What became of messages is kept for many at a time, and one that cannot be kept takes no other along."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from prep_tracker.channels import Outgoing, Sent
from prep_tracker.domain.errors import UnavailableError
from prep_tracker.worker.notes import Notes
from tests.worker.office import PIA_AGREED, Office


@dataclass
class Ledger:
    """A store that keeps what it is given, transaction by transaction; ``wait`` holds the first one up."""

    wait: threading.Event | None = None
    is_away: bool = False
    begun: threading.Event = field(default_factory=threading.Event)
    kept: list[list[str]] = field(default_factory=list)

    def run_write(self, fn: Callable[[Any], Any]) -> None:
        """Keep all of it or nothing."""
        self.begun.set()
        if self.wait is not None:
            assert self.wait.wait(10)
        if self.is_away:
            raise UnavailableError("away")
        names: list[str] = []
        fn(names)
        self.kept.append(names)


def tried(name: str) -> Any:  # noqa: ANN401 - as much of a Tried as is needed
    def settle(names: list[str]) -> None:
        if name == "bad":
            raise ValueError(name)
        names.append(name)

    return SimpleNamespace(row=SimpleNamespace(id=name, lane=None, number=0), settle=settle)


def notes(ledger: Ledger, lost: list[tuple[str, str]]) -> Notes:
    store: Any = ledger
    return Notes(store, lambda row, error: lost.append((row.id, type(error).__name__)), lambda: None)


def together(ledger: Ledger, lost: list[tuple[str, str]], *names: str) -> None:
    """Keep the first, and all others while that is being written."""
    ledger.wait = threading.Event()
    kept = notes(ledger, lost)
    writer = threading.Thread(target=kept.keep, args=(tried("first"),))
    writer.start()
    assert ledger.begun.wait(10)
    for name in names:
        kept.keep(tried(name))
    ledger.wait.set()
    writer.join(10)
    assert not writer.is_alive()


def test_what_comes_while_somebody_writes_is_written_together() -> None:
    ledger, lost = Ledger(), list[tuple[str, str]]()
    together(ledger, lost, "a", "b", "c")
    assert (ledger.kept, lost) == ([["first"], ["a", "b", "c"]], [])


def test_one_that_cannot_be_kept_takes_no_other_along() -> None:
    ledger, lost = Ledger(), list[tuple[str, str]]()
    together(ledger, lost, "a", "bad", "c")
    assert (ledger.kept, lost) == ([["first"], ["a"], ["c"]], [("bad", "ValueError")])


def test_a_database_that_is_away_is_not_asked_for_each() -> None:
    ledger, lost = Ledger(is_away=True), list[tuple[str, str]]()
    together(ledger, lost, "a", "b")
    assert lost == [(name, "UnavailableError") for name in ("first", "a", "b")]
    ledger.is_away = False
    notes(ledger, lost).keep(tried("later"))
    assert ledger.kept == [["later"]]


def test_threads_that_send_at_once_keep_everything_and_its_order(office: Office) -> None:
    """The real worker, with all its threads: each message once, each procedure's in its order."""
    office.endpoint(content="ids")
    arrived: list[Outgoing] = []
    everything = threading.Event()

    def take(message: Outgoing) -> Sent:
        arrived.append(message)
        if len(arrived) == 24:
            everything.set()
        return Sent("200")

    office.webhook.answers = take
    ana = office.house.person("Ana")
    for n in range(6):
        procedure = ana.book(patient=PIA_AGREED | {"reference": f"A-{n}"})
        for day in ("2027-01-04", "2027-01-05", "2027-01-06"):
            ana.move(procedure, day)
    office.clock.advance(timedelta(minutes=3))
    office.worker.start()
    try:
        assert everything.wait(30)
    finally:
        office.worker.stop()
    assert len({one.id for one in arrived}) == len(arrived) == 24
    by_procedure: dict[bytes, list[bytes]] = {}
    for one in arrived:
        event = one.payload.partition(b'"subject":')
        by_procedure.setdefault(event[2], []).append(one.payload)
    versions = [[payload.partition(b'"version":')[2][:1] for payload in sent] for sent in by_procedure.values()]
    assert versions == [[b"1", b"2", b"3", b"4"]] * 6
    assert {row["status"] for row in office.rows(channel="webhook")} == {"sent"}
