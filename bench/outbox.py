"""Measure the outbox: ``python -m bench.outbox [--waiting N] [--deliveries N] [--no-postgres] [--only WORD]``.

What planning reminders and events adds to a booking; what a claim costs while few and while very many messages wait;
and how many webhooks a second a worker brings to a receiver on this machine, signed, each lane in its order.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from bench import delivering, waiting
from bench.cast import PROTOCOL, ZONE, postgres, sqlite_url
from prep_tracker.clock import SystemClock
from prep_tracker.desk import booking
from prep_tracker.desk.booking import NewPatient, Order
from prep_tracker.desk.case import Desk
from prep_tracker.domain.actor import Actor
from prep_tracker.services import access, protocols
from prep_tracker.services.booking import book
from prep_tracker.services.clinic import calendar_of
from prep_tracker.store import Connection, migrate, webhooks
from prep_tracker.store.session import Store

FEW: Final = 1_000
BOOKINGS: Final = 150
RUNS: Final = 3
MUST_ADD, MUST_GROW, MUST_TOUCH, MUST_DELIVER = 0.2, 1.3, 16, 200
Line = tuple[str, str, str]


def main() -> int:
    """Measure on each database; print what was found, and what it must be."""
    asked = _arguments()
    print(f"Python {platform.python_version()}, {platform.machine()}, {PROTOCOL}\n")
    print("| database | what | found | must |")
    print("|---|---|---|---|")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="prep-bench-")))
        left_out = {"SQLite": asked.no_sqlite, "PostgreSQL": asked.no_postgres}
        for kind in (kind for kind, is_out in left_out.items() if not is_out):
            places = [stack.enter_context(postgres()) for _ in range(2)] if kind == "PostgreSQL" else []
            for what, found, must in _measured(asked, folder, places):
                print(f"| {kind} | {what} | {found} | {must} |", flush=True)
    return 0


def _measured(asked: argparse.Namespace, folder: Path, servers: list[str]) -> Iterator[Line]:
    if asked.only in "claims":
        yield from _claims(folder, servers, asked.waiting)
    first = servers[0] if servers else sqlite_url(folder, "service")
    if asked.only in "bookings" or asked.only in "webhooks":
        migrate.upgrade(first)
    if asked.only in "bookings":
        yield from _bookings(first, asked.bookings)
    if asked.only in "webhooks":
        yield from _webhooks(first, asked.deliveries)


def _claims(folder: Path, servers: list[str], many: int) -> Iterator[Line]:
    places = servers
    for shape in waiting.SHAPES:
        places = servers or [sqlite_url(folder, f"{shape}-{size}") for size in ("few", "many")]
        found = waiting.measured((places[0], FEW), (places[1], many), shape)
        what = f"claim of {waiting.LIMIT}, {many:,} *{shape}* against {FEW:,}"
        ratio = found.many / found.few
        yield what, f"{found.few:.2f} and {found.many:.2f} ms: × {ratio:.2f}", f"× {MUST_GROW}"
        if found.pages is not None:
            yield f"pages a message, {many:,} *{shape}*", f"{found.pages:.1f}", f"{MUST_TOUCH}"
    if not servers:
        yield "how it looks for what is due", "; ".join(waiting.query_plan(places[0])), ""


def _bookings(url: str, number: int) -> Iterator[Line]:
    """Book with and without planning what is to be sent, turn by turn, in a clinic without and one with a webhook."""
    store = Store.open(url)
    store.run_write(lambda c: protocols.ship(c, now=SystemClock().now()))
    desks = {hooks: store.run_write(lambda c, hooks=hooks: _settle(c, hooks=hooks)) for hooks in (False, True)}  # type: ignore[misc]
    times: dict[tuple[bool, bool], list[float]] = {(hooks, on): [] for hooks in desks for on in (False, True)}
    for turn in range(number + 5):
        for (hooks, on), took in times.items():
            patient = NewPatient(f"{turn}-{on}", "Pia Example", email="pia@example.org", messages={"email": True})
            order = Order(PROTOCOL, desks[hooks].today + timedelta(days=30 + turn % 60), "10:30", patient)
            fresh = replace(desks[hooks], planned=[], noted=[], erased=[], due=[])
            with _planning(on=on):
                begun = time.process_time()
                store.run_write(lambda c, fresh=fresh, order=order: book(c, fresh, order))  # type: ignore[misc]
                took.append((time.process_time() - begun) * 1000)
    store.close()
    for hooks in desks:
        bare, whole = (statistics.median(times[hooks, on][5:]) for on in (False, True))
        what = f"a booking, and what planning adds with {'one webhook' if hooks else 'no webhook'}"
        yield what, f"{bare:.2f} ms of processor, {whole / bare - 1:+.0%}", f"{MUST_ADD:+.0%}"


def _webhooks(url: str, number: int) -> Iterator[Line]:
    runs = [delivering.run(url, number) for _ in range(RUNS)]
    rates = sorted(run.rate for run in runs)
    yield "webhooks a second", f"{statistics.median(rates):.0f} ({rates[0]:.0f} to {rates[-1]:.0f})", f"{MUST_DELIVER}"
    yield "processor a webhook", f"{statistics.median(run.processor for run in runs):.2f} ms", ""
    yield "statements a webhook", f"{statistics.median(run.statements for run in runs):.1f}", ""


def _settle(connection: Connection, *, hooks: bool) -> Desk:
    now = SystemClock().now()
    clinic = access.new_clinic(connection, "Birch" if hooks else "Aster", ZONE, now=now)
    if hooks:
        webhooks.add(connection, clinic.id, delivering.endpoint("https://birch.example/hook", now))
    return Desk(Actor(clinic.id, "coordinator", "bench", "Ana"), clinic, calendar_of(clinic), now)


@contextmanager
def _planning(*, on: bool) -> Iterator[None]:
    """Let nothing be planned for as long as the block takes, unless it is to be."""
    telling: Any = booking.telling  # type: ignore[attr-defined]
    kept = telling.attend_at, telling.tell
    if not on:
        telling.attend_at, telling.tell = (lambda *_: None), (lambda *_: None)
    try:
        yield
    finally:
        telling.attend_at, telling.tell = kept


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.outbox", description=__doc__)
    parser.add_argument("--waiting", type=int, default=1_000_000, metavar="N", help="how many wait at most")
    parser.add_argument("--deliveries", type=int, default=2_000, metavar="N", help="how many webhooks a run sends")
    parser.add_argument("--bookings", type=int, default=BOOKINGS, metavar="N", help="how many are booked each way")
    parser.add_argument("--no-postgres", action="store_true", help="SQLite only")
    parser.add_argument("--no-sqlite", action="store_true", help="PostgreSQL only")
    parser.add_argument("--only", default="", metavar="WORD", help="claims, bookings or webhooks")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
