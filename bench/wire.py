"""Stand between a server and its PostgreSQL, and count how often the one waits for the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import make_url

READY = ord("Z")
"""ReadyForQuery: the server has answered everything that was sent (PostgreSQL, "Message Formats")."""


class Wire:
    """What has gone over it."""

    def __init__(self, url: str) -> None:
        """Begin at nothing; ``url`` is given out by whoever opened the wire."""
        self.url = url
        self.trips = 0


@asynccontextmanager
async def counted(url: str, folder: Path) -> AsyncIterator[Wire]:
    """Give an address that leads to the same database and is counted; ``folder`` must have a short path."""
    parsed = make_url(url)
    port = parsed.query["port"]
    behind = f"{parsed.query['host']}/.s.PGSQL.{port}"
    wire = Wire(parsed.update_query_dict({"host": str(folder)}).render_as_string(hide_password=False))
    open_ends: set[asyncio.StreamWriter] = set()
    closed: set[asyncio.Future[tuple[None, None]]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_database, to_database = await asyncio.open_unix_connection(behind)
        open_ends.update((writer, to_database))
        passing = asyncio.gather(_pass(reader, to_database), _pass(from_database, writer, wire))
        closed.add(passing)
        await passing

    server = await asyncio.start_unix_server(accept, folder / f".s.PGSQL.{port}")
    async with server:
        yield wire
        for end in open_ends:
            end.close()
        await asyncio.gather(*closed)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wire: Wire | None = None) -> None:
    held = b""
    while data := await reader.read(65536):
        writer.write(data)
        if wire is None:
            continue
        held += data
        # A type, then a length that counts itself but not the type.
        while len(held) > 4 and len(held) > (size := int.from_bytes(held[1:5], "big")):  # noqa: PLR2004
            wire.trips += held[0] == READY
            held = held[size + 1 :]
    writer.close()
