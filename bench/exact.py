"""Count the instructions of a request with valgrind: a figure that is the same tomorrow and on a busy machine.

Only what the server itself executes is counted, nothing of the kernel.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.cast import Place, new_database, sqlite_url
from bench.load import Answer
from bench.measure import Plan
from bench.operations import Operation, Requests, has_worklist
from bench.server import Server, serving

REQUESTS, WARM = 40, 16
TOTALS = re.compile(r"^(?:totals|summary): (\d+)", re.MULTILINE)


def missing() -> str | None:
    """Say what is missing to count instructions; None when all is there."""
    if shutil.which("valgrind") and shutil.which("callgrind_control"):
        return None
    return "instructions cannot be counted here: install valgrind, which brings callgrind_control"


def run(plan: Plan) -> list[str]:
    """Count; give the table."""
    with tempfile.TemporaryDirectory(prefix="prep-bench-") as folder:
        return asyncio.run(_run(plan, Path(folder)))


async def _run(plan: Plan, folder: Path) -> list[str]:
    url = sqlite_url(folder, "service")
    token = new_database(url)
    lines = ["| operation | bare, thousand instructions | service | ratio |", "|---|---|---|---|"]
    async with (
        serving("bare", under=_valgrind(folder, "bare")) as bare,
        serving("service", url, under=_valgrind(folder, "service")) as server,
    ):
        place = Place(server, token)
        await place.settle((REQUESTS + WARM) * 2 + 2)
        floor = Place(bare, token)
        floor.procedures = place.procedures
        await floor.connections.open()
        for operation in plan.operations:
            if "worklist" in operation.name and not await has_worklist(place):
                continue
            asked = await operation.make(place)
            answers, counted = await _count(place, asked, operation, folder / "service")
            bare.learn(operation.status, answers[0].body)
            _, least = await _count(floor, iter([next(asked)] * (REQUESTS + WARM)), operation, folder / "bare")
            lines.append(f"| {operation.name} | {least / 1000:.0f} | {counted / 1000:.0f} | {counted / least:.2f} |")
        place.connections.close()
        floor.connections.close()
    return lines


def _valgrind(folder: Path, name: str) -> tuple[str, ...]:
    return ("valgrind", "-q", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder / name}")


async def _count(place: Place, asked: Requests, operation: Operation, out: Path) -> tuple[list[Answer], float]:
    """Warm up, then count; give the answers and the instructions of a request."""
    answers = await place.connections.send([next(asked) for _ in range(WARM)], operation.status)
    _control(place.server, "--instr=on")
    _control(place.server, "--zero")
    answers += await place.connections.send([next(asked) for _ in range(REQUESTS)], operation.status)
    _control(place.server, f"--dump={operation.name}")
    _control(place.server, "--instr=off")
    newest = max(out.parent.glob(f"{out.name}.*"), key=lambda path: path.stat().st_mtime_ns)
    found = TOTALS.search(newest.read_text(encoding="utf-8", errors="replace"))
    assert found is not None
    return answers, int(found[1]) / REQUESTS


def _control(server: Server, wish: str) -> None:
    subprocess.run(["callgrind_control", wish, str(server.pid)], check=True, capture_output=True)
