"""A crowd at a real service: many connections that book and say things without pause, on one thread.

Each answer is kept as it came. A connection that breaks without an answer is counted: the service should never do that.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.store.loaded import new_booking

Json = dict[str, Any]
SECONDS_TO_ANSWER = 60
SECONDS_BEFORE_AGAIN = 0.05
"""Sooner than ``Retry-After`` says, so that the pressure never lets up."""


class Told(NamedTuple):
    """One answer: its status, how long somebody is asked to wait, and how long it took, in seconds."""

    status: int
    retry_after: str | None
    seconds: float
    body: Json


class Line:
    """One connection, which stays open from request to request."""

    def __init__(self, address: str, key: str) -> None:
        """Name the service and whose key is sent along."""
        parts = urlsplit(address)
        self._host, self._port = parts.hostname, parts.port
        self._key = key
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, method: str, path: str, body: Json | None = None) -> Told:
        """Send a request and wait for its answer. Raises ``OSError`` or ``EOFError`` where none comes."""
        began = monotonic()
        if self._streams is not None and self._streams[0].at_eof():
            self.close()  # nobody had asked anything for a while
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        content = b"" if body is None else json.dumps(body).encode()
        lines = [
            f"{method} {path} HTTP/1.1",
            "host: aster.test",
            f"authorization: Bearer {self._key}",
            f"content-length: {len(content)}",
            "content-type: application/json",
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + content)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        made = await reader.readexactly(int(headers["content-length"]))
        status = int(head[0].split(" ")[1])
        return Told(status, headers.get("retry-after"), monotonic() - began, json.loads(made))

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@dataclass
class Crowd:
    """So many clients; what was acknowledged to them, and all that they were told."""

    address: str
    keys: Sequence[str]
    booked: list[Json] = field(default_factory=list)
    said: list[tuple[str, int]] = field(default_factory=list)
    """Procedure and entry of every statement that was acknowledged."""
    statuses: Counter[int] = field(default_factory=Counter)
    odd: list[Told] = field(default_factory=list)
    """What is neither done nor put off until later."""
    slowest: float = 0
    broken: int = 0
    _ending: bool = False

    @asynccontextmanager
    async def at_work(self, clients: int) -> AsyncIterator[None]:
        """Let so many work for as long as the block takes, and wait for the answers that are on their way."""
        self._ending = False
        working = [asyncio.ensure_future(self._client(self.keys[n % len(self.keys)])) for n in range(clients)]
        try:
            yield
        finally:
            self._ending = True
            await asyncio.gather(*working)

    async def _client(self, key: str) -> None:
        line = Line(self.address, key)
        while not self._ending:
            try:
                await self._once(line)
            except (OSError, EOFError):
                self.broken += 1
                line.close()
                await asyncio.sleep(SECONDS_BEFORE_AGAIN)
        line.close()

    async def _once(self, line: Line) -> None:
        made = await self._told(line, "/v1/procedures", new_booking())
        if made.status != 201:
            await asyncio.sleep(SECONDS_BEFORE_AGAIN)
            return
        self.booked.append(made.body)
        name = made.body["id"]
        for what, body in (
            ("marks", {"step": "no-sun", "kind": "since", "on": None}),
            ("exposures", {"to": "sun", "on": "2026-01-02"}),
        ):
            answer = await self._told(line, f"/v1/procedures/{name}/{what}", body)
            if answer.status == 201:
                self.said.append((name, answer.body["entry"]))

    async def _told(self, line: Line, path: str, body: Json) -> Told:
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            answer = await line.send("POST", path, body)
        self.statuses[answer.status] += 1
        self.slowest = max(self.slowest, answer.seconds)
        later = answer.status in {429, 503} and int(answer.retry_after or 0) > 0
        if answer.status != 201 and not later:
            self.odd.append(answer)
        return answer

    def counts(self) -> str:
        """Say how many answers of each status there were."""
        return ", ".join(f"{number} × {status}" for status, number in sorted(self.statuses.items()))


def megabytes(process: int, what: str = "VmRSS") -> float:
    """Say how much memory a process has: ``VmRSS`` now, ``VmHWM`` at most so far."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == what:
            return int(value.split()[0]) / 1024
    raise ValueError(what)


async def first_answer(address: str, key: str, seconds: float) -> tuple[float, float]:
    """Ask until a read and a booking are answered as they should be; give after how many seconds each first was.

    Raises ``AssertionError`` where that takes longer than ``seconds``.
    """

    async def until(method: str, path: str, wanted: int) -> float:
        line, began = Line(address, key), monotonic()
        try:
            while (await line.send(method, path, new_booking() if method == "POST" else None)).status != wanted:
                assert monotonic() - began < seconds, f"{method} {path} is not answered after {seconds} seconds"
                await asyncio.sleep(0.01)
        finally:
            line.close()
        return monotonic() - began

    read, booked = await asyncio.gather(until("GET", "/v1/worklist", 200), until("POST", "/v1/procedures", 201))
    return read, booked
