"""A worker in a process of its own, which the tests kill: what it sends becomes a line of a file, before it is noted.

Run as ``python -m tests.worker.sender URL FILE``.
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
from prep_tracker.worker import Worker

LEASE = timedelta(seconds=2)
MOST_SECONDS = 0.03


class ToFile:
    """A receiver that never forgets: a line is appended in one piece, whoever is killed right after it."""

    def __init__(self, path: str) -> None:
        """Open the file."""
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._dice = random.Random()

    def deliver(self, message: Outgoing) -> Outcome:
        """Take a while, write the line, take a while."""
        time.sleep(self._dice.uniform(0, MOST_SECONDS))
        if message.attempt == 1 and self._dice.random() < 0.02:
            return Retry("answered 503")
        os.write(self._file, message.payload + b"\n")
        time.sleep(self._dice.uniform(0, MOST_SECONDS))
        return Sent("200")


def main() -> None:
    """Send until killed."""
    url, path = sys.argv[1:]
    worker = Worker(Store.open(url), SystemClock(), {"webhook": ToFile(path)}, threads=4, lease=LEASE)
    sys.stdout.write("sending\n")
    sys.stdout.flush()
    worker.run()


if __name__ == "__main__":
    main()
