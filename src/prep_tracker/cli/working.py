"""Send messages in a process of its own, until told to end."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from prep_tracker.api import logs
from prep_tracker.cli.database import load_settings, open_ready
from prep_tracker.cli.db import require_bound
from prep_tracker.cli.out import count, say
from prep_tracker.clock import SystemClock
from prep_tracker.worker import Worker
from prep_tracker.worker.channels import channels_of

if TYPE_CHECKING:
    from types import FrameType


def run(*, once: bool) -> None:
    """Send whatever is due; with ``once`` until nothing is, else until SIGTERM or control-C.

    What is being sent then is finished; what was only claimed is given back.
    """
    settings, clock = load_settings(), SystemClock()
    with open_ready(settings) as store:
        require_bound(store)
        logs.configure(settings.log)
        worker = Worker(store, clock, channels_of(settings, clock), public_url=settings.public_url)
        if once:
            say(f"Tried {count(worker.drain(), 'message')}; nothing more is due.")
            return

        def end(_number: int, _frame: FrameType | None) -> None:
            worker.end()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        say("Sending what is due. End with control-C.")
        sys.stdout.flush()
        worker.run()
