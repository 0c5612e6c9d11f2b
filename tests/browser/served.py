"""Serve as ``prep-tracker serve`` does, by a clock that a test sets: ``python served.py CLOCK serve …``.

CLOCK is a file with one instant in it. Everything else is the installed program: the real app, server and database.
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo


class FileClock:
    """A clock that stands where its file says."""

    path = Path()

    def now(self) -> datetime:
        """Give the instant, aware, in UTC."""
        return datetime.fromisoformat(self.path.read_text(encoding="utf-8")).astimezone(UTC)

    def today(self, zone: str) -> date:
        """Give the civil day in a zone."""
        return self.now().astimezone(ZoneInfo(zone)).date()


def main() -> None:
    """Put the clock in, then run the program with what stands after it."""
    from prep_tracker import cli
    from prep_tracker.cli import serving

    FileClock.path = Path(sys.argv.pop(1))
    vars(serving)["SystemClock"] = FileClock
    cli.main()


if __name__ == "__main__":
    main()
