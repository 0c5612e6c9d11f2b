"""Send requests over a few connections that stay open, taking as little of the processor as can be."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Literal, NamedTuple, cast

CONNECTIONS = 8
SECONDS_TO_ANSWER = 60
_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length: "
NOT_MODIFIED = 304


class Answer(NamedTuple):
    """What came back."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """Give a header of the answer; an empty text when it has none."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.decode("latin-1").partition(": ")
            if key.lower() == name:
                return value
        return ""


class LoadError(Exception):
    """A request was answered by something other than what is measured."""


def request(
    method: Literal["GET", "POST"], path: str, headers: dict[str, str] | None = None, body: bytes | None = None
) -> bytes:
    """Write a request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "host: localhost"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join(lines).encode() + _END + (body or b"")


class Connections:
    """Connections to one server, opened once and used for slice after slice."""

    def __init__(self, port: int, count: int = CONNECTIONS) -> None:
        """Name the server; ``open`` connects."""
        self._port, self._count = port, count
        self._lines: list[_Line] = []

    async def open(self) -> None:
        """Connect."""
        loop = asyncio.get_running_loop()
        for _ in range(self._count):
            _, line = await loop.create_connection(_Line, "127.0.0.1", self._port)
            self._lines.append(line)

    def close(self) -> None:
        """Hang up."""
        for line in self._lines:
            line.hang_up()

    async def send(self, requests: Iterable[bytes], status: int) -> list[Answer]:
        """Send all requests, one at a time on each connection, and give the answers in the order in which they came.

        Raises ``LoadError`` when one is answered with another status.
        """
        waiting, answers = deque(requests), list[Answer]()
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            await asyncio.gather(*(line.work(waiting, status, answers) for line in self._lines))
        return answers


class _Line(asyncio.Protocol):
    """One connection: the next request goes out in the very call in which the last answer came in."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._done: asyncio.Future[None] | None = None
        self._waiting: deque[bytes] = deque()
        self._answers: list[Answer] = []
        self._status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    async def work(self, waiting: deque[bytes], status: int, answers: list[Answer]) -> None:
        """Take requests until none is waiting."""
        self._waiting, self._status, self._answers = waiting, status, answers
        self._done = asyncio.get_running_loop().create_future()
        self._next()
        await self._done

    def hang_up(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def _next(self) -> None:
        assert self._transport is not None
        assert self._done is not None
        if self._transport.is_closing():
            self._fail(LoadError("the server hung up before all was sent"))
        elif self._waiting:
            self._transport.write(self._waiting.popleft())
        elif not self._done.done():
            self._done.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Read an answer, which may come in several pieces."""
        self._buffer += data
        end = self._buffer.find(_END)
        if end < 0:
            return
        head = self._buffer[:end]
        status = int(head[9:12])
        size = 0
        if status != NOT_MODIFIED:
            at = head.lower().index(_LENGTH) + len(_LENGTH)
            size = int(head[at:].split(b"\r\n", 1)[0])
        whole = end + len(_END) + size
        if len(self._buffer) < whole:
            return
        body, self._buffer = self._buffer[end + len(_END) : whole], self._buffer[whole:]
        if status != self._status:
            self._fail(LoadError(f"answered {status} instead of {self._status}: {body[:500]!r}"))
            return
        self._answers.append(Answer(status, head, body))
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits that no answer will come."""
        self._fail(LoadError(f"the server hung up: {exc}"))

    def _fail(self, error: LoadError) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(error)
