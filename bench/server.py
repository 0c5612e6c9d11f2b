"""Start servers in processes of their own, and end them again."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any, Literal

Kind = Literal["service", "tutorial", "bare"]
ROOT = Path(__file__).resolve().parent.parent
SECONDS_TO_END = 15


class Server:
    """A server that runs, and the line on which it is asked what it took."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Wait until it says on which port it listens."""
        self.pid = process.pid
        assert process.stdin is not None
        assert process.stdout is not None
        self._ask: IO[str] = process.stdin
        self._hear: IO[str] = process.stdout
        line = self._hear.readline()
        if not line:
            raise RuntimeError("a server did not start")
        self.port = int(line)

    def tell(self, command: str) -> Any:  # noqa: ANN401 - whatever the command answers
        """Send a command and give its answer."""
        print(command, file=self._ask, flush=True)
        return json.loads(self._hear.readline())

    def cpu(self) -> int:
        """Give the processor time that all its threads have taken so far, in nanoseconds."""
        taken: int = self.tell("cpu")
        return taken

    def learn(self, status: int, body: bytes) -> None:
        """Make the bare server answer with these bytes."""
        self.tell(f"learn {status} {base64.b64encode(body).decode()}")


@asynccontextmanager
async def serving(
    kind: Kind, url: str = "", *, count: bool = False, under: Sequence[str] = ()
) -> AsyncIterator[Server]:
    """Run a server for as long as the block takes; ``under`` is the command that runs it, as for valgrind."""
    command = [*under, sys.executable, "-m", "bench.serve", kind, url, *(["--count"] if count else [])]
    pipe = subprocess.PIPE
    with await asyncio.to_thread(subprocess.Popen, command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield await asyncio.to_thread(Server, process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:  # aside, for it may have something to say through this process before it goes
                await asyncio.to_thread(process.wait, SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
