"""A worker in a process of its own, which the tests kill: what it sends becomes a line of a file, before it is noted.

Run as ``python -m tests.worker.sender URL FILE FAULT SECONDS REFUSED``: with one of ``faults.FAULTS``, so long at
most each before and after the line, and this part of first attempts refused.
"""

from __future__ import annotations

import os
import random
import sys
import time
from datetime import timedelta

from prep_tracker.channels import Outcome, Outgoing, Retry, Sent
from prep_tracker.clock import SystemClock
from prep_tracker.store.session import Store
from tests.worker.faults import FAULTS

LEASE = timedelta(seconds=2)
BEGUN = ".begun"


class ToFile:
    """A receiver that never forgets: a line is appended in one piece, whoever is killed right after it.

    Beside it stands a file with the id of each message that somebody began to send.
    """

    def __init__(self, path: str, seconds: float, refused: float) -> None:
        """Open the files."""
        self._file, self._begun = (
            os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT) for name in (path, path + BEGUN)
        )
        self._seconds, self._refused, self._dice = seconds, refused, random.Random()

    def deliver(self, message: Outgoing) -> Outcome:
        """Take a while, write the line, take a while."""
        os.write(self._begun, f"{message.id}\n".encode())
        time.sleep(self._dice.uniform(0, self._seconds))
        if message.attempt == 1 and self._dice.random() < self._refused:
            return Retry("answered 503")
        os.write(self._file, message.payload + b"\n")
        time.sleep(self._dice.uniform(0, self._seconds))
        return Sent("200")


def main() -> None:
    """Send until killed."""
    url, path, fault, seconds, refused = sys.argv[1:]
    channels = {"webhook": ToFile(path, float(seconds), float(refused))}
    worker = FAULTS[fault](Store.open(url), SystemClock(), channels, threads=4, lease=LEASE)
    sys.stdout.write("sending\n")
    sys.stdout.flush()
    worker.run()


if __name__ == "__main__":
    main()
