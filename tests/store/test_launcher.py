"""The PostgreSQL of the tests ends with whoever started it, and nothing of it is left."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import postgres

START = """
import time
from tests.postgres import temporary_postgres
with temporary_postgres() as url:
    print(url, flush=True)
    time.sleep(60)
"""


def test_a_killed_run_leaves_no_server_behind() -> None:
    argv = [sys.executable, "-c", START]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as run:
        assert run.stdout is not None
        found = re.search(r"host=(.*)/s&port", run.stdout.readline())
        assert found is not None
        folder = Path(found[1])
        server = int((folder / "data" / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
        os.kill(server, 0)
        run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while is_running(server):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with postgres.temporary_postgres():  # the next run clears the folder away
        assert not folder.exists()


def is_running(process: int) -> bool:
    """Say whether a process is there and has not ended."""
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except FileNotFoundError:
        return False


def test_a_server_that_cannot_start_says_why() -> None:
    with pytest.raises(RuntimeError, match="shared_buffers"), postgres.temporary_postgres({"shared_buffers": "none"}):
        pytest.fail("it started")
