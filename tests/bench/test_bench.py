"""The measurements measure what they say: answers are read whole, wrong ones are refused, and misses are marked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bench import inside, measure, table
from bench.load import Answer, Connections, LoadError, request
from bench.measure import SERVICE, TUTORIAL, Plan
from bench.operations import OPERATIONS
from bench.tutorial import TOKEN, create_tutorial
from prep_tracker.catalog import protocol


@asynccontextmanager
async def answering(*pieces: bytes) -> AsyncIterator[int]:
    """Answer each request with these pieces, one after the other; give the port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.001)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def ask(*pieces: bytes, count: int, status: int) -> list[Answer]:
    async with answering(*pieces) as port:
        connections = Connections(port, 2)
        await connections.open()
        try:
            return await connections.send([request("GET", "/")] * count, status)
        finally:
            connections.close()
            await asyncio.sleep(0.01)  # so that the server sees it and ends its tasks


def test_an_answer_in_pieces_is_read_whole() -> None:
    answers = asyncio.run(
        ask(b"HTTP/1.1 200 OK\r\nETag: a\r\nContent-", b"Length: 4\r\n\r\nab", b"cd", count=5, status=200)
    )
    assert [answer.body for answer in answers] == [b"abcd"] * 5
    assert answers[0].header("etag") == "a"


def test_an_answer_without_a_body_is_read() -> None:
    assert len(asyncio.run(ask(b"HTTP/1.1 304 Not Modified\r\nETag: a\r\n\r\n", count=3, status=304))) == 3


def test_another_answer_than_the_one_to_be_measured_ends_the_run() -> None:
    with pytest.raises(LoadError, match="answered 404 instead of 200"):
        asyncio.run(ask(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno", count=2, status=200))


def test_a_figure_that_misses_is_marked_and_one_that_just_reaches_is_not() -> None:
    assert table.mark(3.01, 3) == table.MISSED
    assert table.mark(3, 3) == ""


def test_the_spread_is_the_quartiles() -> None:
    assert measure.spread([5.0, 1.0, 2.0, 4.0, 3.0]) == (2, 3, 4)


def test_the_example_is_as_large_as_its_name_says() -> None:
    checklist = inside.example()
    assert len(checklist.items) + len(checklist.left_out) == inside.STEPS
    assert checklist.record.version == inside.ENTRIES


def test_the_tutorial_keeps_a_row_for_every_step(tmp_path: Path) -> None:
    async def book_and_read() -> int:
        app = create_tutorial(f"sqlite:///{tmp_path / 'tutorial.db'}")
        transport = httpx.ASGITransport(app)
        headers = {"authorization": f"Bearer {TOKEN}"}
        body = {"patient": {"reference": "1", "name": "Pia"}, "protocol": "laser-ablative", "on": "2026-12-18"}
        async with httpx.AsyncClient(transport=transport, base_url="http://tutorial", headers=headers) as client:
            booked = (await client.post("/v1/procedures", json=body)).json()
            return len((await client.get(f"/v1/procedures/{booked['id']}/checklist")).json()["items"])

    assert asyncio.run(book_and_read()) == len(protocol("laser-ablative").steps)


def test_a_run_measures_the_service_beside_the_bare_server_and_the_tutorial() -> None:
    """One turn on SQLite: slow figures are fine here, missing ones are not."""
    name = "checklist, 200 computed"
    (result,), left_out = measure.run(Plan(turns=1, only=name, with_postgres=False))
    assert left_out == []
    assert result.operation.name == name
    assert result.size > 1000
    assert result.bare[0] > 0
    assert result.ratios[SERVICE][0] > 1
    assert result.ratios[TUTORIAL][0] > 1
    assert result.statements
    assert result.statements >= 1
    head, _, line = table.requests([result])
    assert line.count("|") == head.count("|")


def test_every_operation_aims_below_what_it_must_reach() -> None:
    assert [operation.name for operation in OPERATIONS if not operation.aim < operation.must] == []
