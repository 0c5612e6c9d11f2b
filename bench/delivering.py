"""Let a worker bring webhooks to a receiver in another process, and say how many a second arrive."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, event, text

from bench.cast import PROTOCOL, ZONE
from prep_tracker.channels.webhook import WebhookChannel
from prep_tracker.clock import SystemClock
from prep_tracker.desk.booking import NewPatient, Order
from prep_tracker.desk.case import Desk
from prep_tracker.domain.actor import Actor
from prep_tracker.services import access, protocols
from prep_tracker.services.booking import book
from prep_tracker.services.clinic import calendar_of
from prep_tracker.store import Connection, outbox, webhooks
from prep_tracker.store.message_rows import NewMessage, new_id
from prep_tracker.store.session import Store
from prep_tracker.store.webhooks import WebhookRow
from prep_tracker.worker import Worker

EACH: Final = 4
"""Messages about one procedure: they have to go out one after the other."""
SECONDS_AT_MOST: Final = 120
SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the example of the specification
_LEFT = text("SELECT 1 FROM messages WHERE status = 'planned' AND endpoint_id = :endpoint LIMIT 1")
_RECEIVER = """
import asyncio, json, sys
seen, last, wrong = set(), {}, 0
async def serve(reader, writer):
    global wrong
    try:
        while True:
            lines = (await reader.readuntil(b"\\r\\n\\r\\n")).split(b"\\r\\n")
            headers = dict(line.lower().split(b": ", 1) for line in lines[1:-2])
            body = await reader.readexactly(int(headers.get(b"content-length", 0)))
            if lines[0].startswith(b"GET"):
                answer = json.dumps([len(seen), wrong]).encode()
                writer.write(b"HTTP/1.1 200 OK\\r\\ncontent-length: %d\\r\\n\\r\\n%s" % (len(answer), answer))
            else:
                event = json.loads(body)
                number = event["data"]["version"]
                wrong += b"webhook-signature" not in headers or number < last.get(event["subject"], 0)
                last[event["subject"]] = number
                seen.add(event["id"])
                writer.write(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class Run:
    """How many webhooks a second arrived; of each, the processor's milliseconds in this process and the statements.

    Statements are those that go through SQLAlchemy, commits and rollbacks included.
    """

    rate: float
    processor: float
    statements: float


def run(url: str, number: int) -> Run:
    """Send so many webhooks about a quarter as many procedures, and check that all arrived, each lane in its order."""
    store = Store.open(url)
    with _receiving() as address:
        endpoint_id = store.run_write(lambda c: _plan(c, address, number))
        worker = Worker(store, SystemClock(), {"webhook": WebhookChannel(SystemClock().now, loopback=True)})
        with _counting() as counted:
            begun, processor = time.perf_counter(), time.process_time()
            worker.start()
            try:
                while store.run_read(lambda c: c.execute(_LEFT, {"endpoint": endpoint_id}).first()):
                    if time.perf_counter() - begun > SECONDS_AT_MOST:
                        raise RuntimeError("some did not arrive")
                    time.sleep(0.1)
                took, processor = time.perf_counter() - begun, time.process_time() - processor
            finally:
                worker.stop()
                store.close()
        with urllib.request.urlopen(address) as answer:  # noqa: S310 - our own receiver
            arrived, wrong = json.load(answer)
    if (arrived, wrong) != (number, 0):
        raise RuntimeError(f"{arrived} of {number} arrived, {wrong} unsigned or out of order")
    return Run(number / took, processor / number * 1000, counted[0] / number)


def endpoint(url: str, now: datetime) -> WebhookRow:
    """Make an endpoint that wants to be told of everything."""
    return WebhookRow(
        new_id()[:36], url, [], "ids", [SECRET], active=True, disabled_reason=None, created_at=now, version=1
    )


def _plan(connection: Connection, address: str, number: int) -> str:
    """Book the procedures, add the endpoint, and plan what it is to be told, which is due at once."""
    now = SystemClock().now()
    protocols.ship(connection, now=now)
    clinic = access.new_clinic(connection, "Aster", ZONE, now=now)
    desk = Desk(Actor(clinic.id, "coordinator", "bench", "Ana"), clinic, calendar_of(clinic), now)
    row = endpoint(address, now)
    procedures = []
    for n in range(-(-number // EACH)):
        order = Order(PROTOCOL, desk.today + timedelta(days=30), "10:30", NewPatient(f"P-{n}", "Pia Example"))
        procedures.append(book(connection, desk, order).row.id)
    webhooks.add(connection, clinic.id, row)
    new = [
        NewMessage(
            new_id(),
            "item.marked",
            "webhook",
            {"patient_id": "bench", "version": n // len(procedures), "entry": 1},
            now,
            procedures[n % len(procedures)],
            row.id,
        )
        for n in range(number)
    ]
    outbox.add(connection, clinic.id, new, now=now)
    return row.id


@contextmanager
def _receiving() -> Iterator[str]:
    """Run the receiver for as long as the block takes; give its address."""
    command = [sys.executable, "-c", _RECEIVER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as receiver:
        try:
            assert receiver.stdout is not None
            yield f"http://127.0.0.1:{receiver.stdout.readline().strip()}/hook"
        finally:
            receiver.kill()


@contextmanager
def _counting() -> Iterator[list[int]]:
    """Count what is asked of the database while the block runs."""
    counted = [0]

    def count(*_: object) -> None:
        counted[0] += 1

    events = ("before_cursor_execute", "commit", "rollback")
    for name in events:
        event.listen(Engine, name, count)
    try:
        yield counted
    finally:
        for name in events:
            event.remove(Engine, name, count)
