"""Send messages in a process of its own, until told to end."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prep_tracker.api import logs
from prep_tracker.channels import Retry, Sent
from prep_tracker.cli.database import is_demo, load_settings, open_ready
from prep_tracker.cli.db import require_bound
from prep_tracker.cli.out import count, say
from prep_tracker.clock import SystemClock
from prep_tracker.worker import Worker
from prep_tracker.worker.channels import channels_of

if TYPE_CHECKING:
    from types import FrameType

    from prep_tracker.channels import Channel, Outcome, Outgoing


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of messages, counted by what was said of them."""

    said: Counter[str] = field(default_factory=Counter)

    def over(self, channel: Channel) -> Channel:
        """Give a channel that sends by this one and counts."""
        return _Counted(channel, self)

    def add(self, outcome: Outcome) -> None:
        """Count one."""
        match outcome:
            case Sent():
                self.said["sent"] += 1
            case Retry(reason):
                self.said[f"to be tried again: {reason}"] += 1
            case _:
                self.said[f"failed: {outcome.reason}"] += 1

    def lines(self, tried: int) -> Iterator[str]:
        """Say it, the most first; whatever was tried and reached no channel was not wanted any more."""
        yield f"Tried {count(tried, 'message')}; nothing more is due."
        for what, number in self.said.most_common():
            yield f"  {number} {what}"
        if dropped := tried - self.said.total():
            yield f"  {dropped} dropped"


@dataclass(frozen=True, slots=True)
class _Counted:
    channel: Channel
    tally: Tally

    def deliver(self, message: Outgoing) -> Outcome:
        outcome = self.channel.deliver(message)
        self.tally.add(outcome)
        return outcome


def run(*, once: bool) -> None:
    """Send whatever is due; with ``once`` until nothing is, else until SIGTERM or control-C.

    What is being sent then is finished; what was only claimed is given back. In a demo nobody is written to.
    """
    settings, clock = load_settings(), SystemClock()
    with open_ready(settings) as store:
        require_bound(store)
        logs.configure(settings.log)
        tally = Tally()
        channels = channels_of(settings, demo=is_demo(store))
        if once:
            channels = {name: tally.over(channel) for name, channel in channels.items()}
        worker = Worker(store, clock, channels, public_url=settings.public_url)
        if once:
            worker.clean()
            tried = 0
            while more := worker.drain():
                tried += more
            for line in tally.lines(tried):
                say(line)
            return

        def end(_number: int, _frame: FrameType | None) -> None:
            worker.end()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        say("Sending what is due. End with control-C.")
        sys.stdout.flush()
        worker.run()
