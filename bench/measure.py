"""Measure the processor time of a request, in slices that take turns, as multiples of the bare server in that turn."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from bench.cast import Place, new_database, postgres, sqlite_url
from bench.operations import OPERATIONS, Operation, Requests, has_worklist
from bench.server import Server, serving
from bench.tutorial import TOKEN
from bench.wire import Wire, counted

WARM = 24
COUNTED = 20
SLOWER = 8
"""How much shorter the tutorial's slices are: it takes that much longer and more."""
SERVICE, POSTGRES, TUTORIAL = "SQLite", "PostgreSQL", "tutorial"


@dataclass(frozen=True, slots=True)
class Plan:
    """How long a run takes: so many turns, so many procedures."""

    turns: int = 15
    only: str = ""
    with_postgres: bool = True

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Give the operations whose names contain what was asked for."""
        return tuple(o for o in OPERATIONS if self.only in o.name)

    @property
    def procedures(self) -> int:
        """Give how many procedures have to be there, so that none is read twice where that would be cheating."""
        fresh = sum(o.count for o in self.operations if o.fresh) * self.turns
        return fresh + 2 * (WARM + COUNTED)


@dataclass(slots=True)
class Result:
    """What one operation took: microseconds of the bare server, and of each other one its ratio, turn by turn."""

    operation: Operation
    bare: list[float] = field(default_factory=list)
    ratios: dict[str, list[float]] = field(default_factory=dict)
    statements: float | None = None
    """What SQLite was asked to do, transactions aside."""
    trips: float | None = None
    """How often the service waited for PostgreSQL."""
    size: int = 0


def spread(values: list[float]) -> tuple[float, float, float]:
    """Give the lower quartile, the median and the upper quartile."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return low, middle, high


def run(plan: Plan) -> tuple[list[Result], list[str]]:
    """Measure; give the results, and what was left out."""
    with tempfile.TemporaryDirectory(prefix="prep-bench-") as folder, ExitStack() as stack:
        postgres_url = stack.enter_context(postgres()) if plan.with_postgres else ""
        return asyncio.run(_run(plan, Path(folder), postgres_url))


async def _run(plan: Plan, folder: Path, postgres_url: str) -> tuple[list[Result], list[str]]:
    url = sqlite_url(folder, "service")
    tokens = {url: new_database(url)}
    if postgres_url:
        tokens[postgres_url] = new_database(postgres_url)
    async with AsyncExitStack() as stack:
        start = stack.enter_async_context
        bare = await start(serving("bare"))
        places = {SERVICE: Place(await start(serving("service", url)), tokens[url])}
        if postgres_url:
            places[POSTGRES] = Place(await start(serving("service", postgres_url)), tokens[postgres_url])
        places[TUTORIAL] = Place(await start(serving("tutorial", sqlite_url(folder, "tutorial"))), TOKEN)
        for name, place in places.items():
            await place.settle(plan.procedures if name != TUTORIAL else plan.procedures // SLOWER + WARM)
        left_out, operations = [], list(plan.operations)
        if any("worklist" in o.name for o in operations) and not await has_worklist(places[SERVICE]):
            left_out.append("worklist page of 50: this version has no GET /v1/worklist yet")
            operations = [o for o in operations if "worklist" not in o.name]
        results = [await _measure(operation, plan.turns, bare, places) for operation in operations]
        for place in places.values():
            place.connections.close()
    await _count(results, url, tokens[url], None)
    if postgres_url:
        async with counted(postgres_url, folder) as wire:
            await _count(results, wire.url, tokens[postgres_url], wire)
    return results, left_out


async def _measure(operation: Operation, turns: int, bare: Server, places: dict[str, Place]) -> Result:
    result = Result(operation)
    taking = {name: p for name, p in places.items() if name != TUTORIAL or operation.tutorial}
    asked = {name: await operation.make(place) for name, place in taking.items()}
    service = taking[SERVICE]
    (answer, *_) = await service.connections.send(_some(asked[SERVICE], 1), operation.status)
    result.size = len(answer.body)
    bare.learn(operation.status, answer.body)
    floor = Place(bare, "")
    floor.headers, floor.procedures = service.headers, service.procedures
    await floor.connections.open()
    bare_asked = _always(next(asked[SERVICE]))
    everybody = {"": (floor, bare_asked, operation.count * 2)} | {
        name: (place, asked[name], operation.count // (SLOWER if name == TUTORIAL else 1) or 1)
        for name, place in taking.items()
    }
    for place, requests, count in everybody.values():
        await place.connections.send(_some(requests, min(WARM, count)), operation.status)
    for turn in range(turns):
        took: dict[str, float] = {}
        names = list(everybody)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            place, requests, count = everybody[name]
            took[name] = await _slice(place, _some(requests, count), operation.status)
        result.bare.append(took[""])
        for name in taking:
            result.ratios.setdefault(name, []).append(took[name] / took[""])
    floor.connections.close()
    return result


async def _slice(place: Place, requests: list[bytes], status: int) -> float:
    """Give the microseconds of processor time that a request took."""
    before = place.server.cpu()
    await place.connections.send(requests, status)
    return (place.server.cpu() - before) / len(requests) / 1000


async def _count(results: list[Result], url: str, token: str, wire: Wire | None) -> None:
    """Count the statements of a request, and how often it waits for PostgreSQL, in a server that is not measured."""
    async with serving("service", url, count=True) as server:
        place = Place(server, token)
        await place.settle((WARM + COUNTED) * 2)
        for result in results:
            status = result.operation.status
            asked = await result.operation.make(place)
            await place.connections.send(_some(asked, WARM), status)
            statements, trips = server.tell("statements"), wire.trips if wire else 0
            await place.connections.send(_some(asked, COUNTED), status)
            if wire:
                result.trips = (wire.trips - trips) / COUNTED
            else:
                result.statements = (server.tell("statements") - statements) / COUNTED
        place.connections.close()


def _some(requests: Requests, count: int) -> list[bytes]:
    return [next(requests) for _ in range(count)]


def _always(asked: bytes) -> Requests:
    while True:
        yield asked
