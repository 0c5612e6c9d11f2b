"""Count answers and show the queue, for whoever watches the service: numbers only, of nobody and no clinic.

Labels are the method, the route's template and the status: an address itself may name somebody.
"""

from __future__ import annotations

from asyncio import StreamReader, StreamWriter, start_server, timeout
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from prep_tracker import __version__
from prep_tracker.domain.errors import UnavailableError
from prep_tracker.store import claims
from prep_tracker.store.session import EVERY

if TYPE_CHECKING:
    from prep_tracker.api.door import Service

KIND = b"text/plain; version=0.0.4; charset=utf-8"
SECONDS = 5.0
NOWHERE = "none"
"""The route of what reached none."""


class Metrics:
    """What has been counted in this process."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.answers: Counter[tuple[str, str, int]] = Counter()
        self.seconds: defaultdict[tuple[str, str], float] = defaultdict(float)

    def count(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count an answer."""
        self.answers[method, route or NOWHERE, status] += 1
        self.seconds[method, route or NOWHERE] += seconds

    def lines(self, queue: claims.Queue | None, now: datetime) -> list[str]:
        """Write it all as Prometheus reads it."""
        told = [
            "# TYPE prep_tracker_info gauge",
            f'prep_tracker_info{{version="{__version__}"}} 1',
            "# TYPE prep_tracker_up gauge",
            f"prep_tracker_up {int(queue is not None)}",
            "# TYPE prep_tracker_answers_total counter",
            *(
                f'prep_tracker_answers_total{{method="{method}",route="{route}",status="{status}"}} {number}'
                for (method, route, status), number in sorted(self.answers.items())
            ),
            "# TYPE prep_tracker_answer_seconds_total counter",
            *(
                f'prep_tracker_answer_seconds_total{{method="{method}",route="{route}"}} {seconds:.6f}'
                for (method, route), seconds in sorted(self.seconds.items())
            ),
        ]
        if queue is not None:
            oldest = 0.0 if queue.oldest_at is None else max(0.0, (now - queue.oldest_at).total_seconds())
            told += [
                "# TYPE prep_tracker_messages gauge",
                f'prep_tracker_messages{{state="waiting"}} {queue.waiting}',
                f'prep_tracker_messages{{state="planned"}} {queue.planned}',
                f'prep_tracker_messages{{state="failed"}} {queue.failed}',
                "# TYPE prep_tracker_oldest_due_seconds gauge",
                f"prep_tracker_oldest_due_seconds {oldest:.3f}",
            ]
        return told


@asynccontextmanager
async def showing(metrics: Metrics, service: Service, port: int | None) -> AsyncIterator[None]:
    """Answer ``GET /metrics`` on a port of its own on this machine for as long as the block takes; None: nowhere."""
    if port is None:
        yield
        return

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(OSError, TimeoutError, ValueError):  # whoever asks badly gets nothing
            async with timeout(SECONDS):
                asked = (await reader.readline()).split()
                while (await reader.readline()).strip():
                    pass
            shown = asked[:2] == [b"GET", b"/metrics"]
            body = await _told(metrics, service) if shown else b"There is only GET /metrics here.\n"
            status = b"200 OK" if shown else b"404 Not Found"
            head = b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
            writer.write(head % (status, KIND, len(body)) + body)
            await writer.drain()
        writer.close()

    server = await start_server(answer, "127.0.0.1", port)
    async with server:
        yield


async def _told(metrics: Metrics, service: Service) -> bytes:
    now = service.clock.now()
    try:
        queue = await service.store.read(lambda c: claims.queue(c, now=now), EVERY)
    except UnavailableError:
        queue = None
    return ("\n".join(metrics.lines(queue, now)) + "\n").encode()
