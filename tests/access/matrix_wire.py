"""Send requests straight to the app, on a database that keeps nothing of them.

Each request of the matrix meets the same two clinics, so what it does is done in its transaction, looked at there, and
undone: whether it changed anything of the clinic that it does not belong to, and which audit lines it wrote.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from fastapi import FastAPI
from sqlalchemy import Connection, Select, func, or_, select, text

from prep_tracker.api.door import Service
from prep_tracker.api.identity import Fetch, Identities
from prep_tracker.clock import SetClock
from prep_tracker.store.session import EVERY, Store
from prep_tracker.store.tables import METADATA

T = TypeVar("T")
Rows = dict[str, list[tuple[Any, ...]]]
Headers = dict[str, str]
Ids = tuple[str, ...]
OWNERS = ("clinic_id", "id", "patient_id", "procedure_id")
AUDIT = METADATA.tables["audit"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request; ``body`` is sent as JSON unless it is bytes, which are sent as ``kind``."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: Headers = field(default_factory=dict)
    body: Any = None
    kind: str = "application/json"

    def but(self, *, query: dict[str, str] | None = None, headers: Headers | None = None) -> Request:
        """Give the same with more in the query and more headers."""
        return replace(self, query=self.query | (query or {}), headers=self.headers | (headers or {}))

    def content(self) -> bytes:
        """Give the bytes of the body."""
        if self.body is None or isinstance(self.body, bytes):
            return self.body or b""
        return json.dumps(self.body).encode()

    def text(self) -> str:
        """Give everything that the caller said, in one text."""
        return " ".join([self.path, *self.query.values(), *self.headers.values(), self.content().decode()])


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    changed: tuple[str, ...] = field(compare=False)
    """The tables in which it changed something that is protected."""

    def header(self, name: str) -> str:
        """Give a header, or nothing."""
        return next((value for key, value in self.headers if key == name), "")

    def text(self) -> str:
        """Give headers and body in one text."""
        return " ".join([*(value for _, value in self.headers), self.body.decode()])

    def json(self) -> Any:  # noqa: ANN401 - whatever came
        """Read the body."""
        return json.loads(self.body)


class _UndoneError(Exception):
    """Carries what a function answered out of a transaction that is not to be kept."""

    def __init__(self, answered: object, rows: Rows, lines: list[dict[str, Any]]) -> None:
        super().__init__()
        self.answered, self.rows, self.lines = answered, rows, lines


class Undoing(Store):
    """A store whose writes see what they did, and are undone while ``keeps`` is False."""

    def __init__(self, kept: Store) -> None:
        """Write for good at first."""
        self.kept, self.keeps = kept, True
        self.blind = False
        """Whether to say "all clinics" to the database whatever clinic it is for, so that nothing is left of it."""
        self.protected: Ids = ()
        """Of whom nobody may touch a row at the moment: a clinic, or a patient and a procedure."""
        self.changed: list[str] = []
        self.lines: list[dict[str, Any]] = []
        self._rows: dict[Ids, Rows] = {}
        self._last_line = 0

    def begin(self, *protected: Ids) -> None:
        """Keep nothing from now on, and know the rows of these as they are."""
        self.keeps = False
        self._rows = {ids: self.kept.run_read(lambda c, x=ids: rows_of(c, x)) for ids in protected}  # type: ignore[misc]
        self._last_line = self.kept.run_read(lambda c: c.execute(select(func.max(AUDIT.c.id))).scalar() or 0)

    async def read(self, fn: Callable[[Connection], T], clinic: str) -> T:
        """Read as ever."""
        return await self.kept.read(fn, EVERY if self.blind else clinic)

    async def write(self, fn: Callable[[Connection], T], clinic: str) -> T:
        """Write, look, and undo."""
        if self.keeps:
            return await self.kept.write(fn, clinic)
        try:
            await self.kept.write(lambda c: self._undo(c, fn), EVERY if self.blind else clinic)
        except _UndoneError as undone:
            self.lines += undone.lines
            before = self._rows.get(self.protected, {})
            self.changed += [name for name, rows in undone.rows.items() if rows != before[name]]
            answered: T = undone.answered  # type: ignore[assignment]
            return answered
        raise AssertionError("a write was kept")

    def _undo(self, connection: Connection, fn: Callable[[Connection], T]) -> None:
        answered = fn(connection)
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT set_config('prep.clinic', '*', true)"))
        lines = connection.execute(select(AUDIT).where(AUDIT.c.id > self._last_line)).mappings()
        rows = rows_of(connection, self.protected) if self.protected else {}
        raise _UndoneError(answered, rows, [dict(line) for line in lines])

    def run_read(self, fn: Callable[[Connection], T], clinic: str = EVERY) -> T:
        """Read as ever."""
        return self.kept.run_read(fn, clinic)

    def run_write(self, fn: Callable[[Connection], T], clinic: str = EVERY) -> T:
        """Write for good: for whoever prepares the clinics."""
        return self.kept.run_write(fn, clinic)

    def close(self) -> None:
        """Close what ``run_read`` and ``run_write`` opened."""
        self.kept.close()

    async def aclose(self) -> None:
        """Close everything."""
        await self.kept.aclose()


@cache
def _of(ids: Ids) -> dict[str, Select[Any]]:
    """Write the questions for all rows that belong to these ids; not the audit, which grows by what is refused."""
    found = {}
    for table in METADATA.sorted_tables:
        if not table.name.startswith("audit"):
            # Not equations: where a test takes the clinic out of every equation, these still ask for the same.
            owners = [table.c[name].in_(ids) for name in OWNERS if name in table.columns]
            found[table.name] = select(table).where(or_(*owners)).order_by(*table.primary_key.columns)
    return found


def rows_of(connection: Connection, ids: Ids) -> Rows:
    """Give every row that belongs to these ids, by table."""
    return {name: [tuple(row) for row in connection.execute(query)] for name, query in _of(ids).items()}


class Wire:
    """The app, its store and its clock on one event loop."""

    def __init__(self, app: FastAPI, store: Undoing, clock: SetClock, fetch: Fetch) -> None:
        """Open the door; ``fetch`` gives the keys of identity providers."""
        self.store, self.clock = store, clock
        self._app, self._loop = app, asyncio.new_event_loop()
        self._service, self._identities = Service(store, clock), Identities(fetch)

    def close(self) -> None:
        """Close the store on the loop that used it."""
        self._loop.run_until_complete(self.store.aclose())
        self._loop.close()

    def send(self, request: Request, authorization: str | None = None, protected: Ids = ()) -> Answer:
        """Send a request and wait for the whole answer; see whether it touches what is protected."""
        self.store.protected, self.store.changed = protected, []
        return self._loop.run_until_complete(self._send(request, authorization))

    def lines(self) -> list[dict[str, Any]]:
        """Let what was answered be written down; give all lines of the audit since the last time, and begin anew."""
        self.store.protected = ()
        self._loop.run_until_complete(self._service.trail.flush(self.store, self.clock.now(), is_last=True))
        found, self.store.lines = self.store.lines, []
        self._service = Service(self.store, self.clock)
        return found

    async def _send(self, request: Request, authorization: str | None) -> Answer:
        content = request.content()
        headers = {"host": "aster.test", **{name.lower(): value for name, value in request.headers.items()}}
        if authorization is not None:
            headers["authorization"] = authorization
        if content:
            headers |= {"content-type": request.kind, "content-length": str(len(content))}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": request.path,
            "raw_path": quote(request.path).encode(),
            "root_path": "",
            "query_string": urlencode(request.query).encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            # Each from a place of its own: of many refusals of one place only a few have their own line in the audit.
            "client": (f"192.0.2.{zlib.crc32(headers.get('x-request-id', '').encode()) % 256}", 4711),
            "server": ("aster.test", 80),
        }
        parts: list[bytes] = []
        began: dict[str, Any] = {}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:  # noqa: ANN401 - as ASGI has it
            if message["type"] == "http.response.start":
                began.update(message)
            else:
                parts.append(message.get("body", b""))

        # The app is shared with other tests, which have a house of their own.
        self._app.state.service, self._app.state.identities = self._service, self._identities
        await self._app(scope, receive, send)
        pairs = sorted((name.decode().lower(), value.decode()) for name, value in began["headers"])
        changed = tuple(dict.fromkeys(self.store.changed))
        return Answer(began["status"], tuple(pairs), b"".join(parts), changed)
