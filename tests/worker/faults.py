"""Workers with one fault each, as somebody could come to write them: the tests are held against them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import null, select

from prep_tracker.channels import Sent
from prep_tracker.domain.errors import UnavailableError
from prep_tracker.services import sending
from prep_tracker.services.sending import Dropped, Ready, compose
from prep_tracker.store import Connection, claims
from prep_tracker.store.message_tables import PLANNED, messages
from prep_tracker.worker import Worker

if TYPE_CHECKING:
    from prep_tracker.channels import Outcome
    from prep_tracker.store.message_rows import MessageRow

AT_ONCE: Final = 100
WITHOUT_LANES: Final = (
    select(messages.c.number, null())
    .where(PLANNED, messages.c.due_at <= claims._NOW, claims._FREE)
    .order_by(messages.c.due_at, messages.c.number)
    .limit(claims._LOOK._limit_clause)
    .with_for_update(skip_locked=True, of=messages)
)
"""What a claim looks at, if it thinks nothing of the order."""


class OneByOne(Worker, ABC):
    """What both faults below have in common: they do not let the worker go its own way."""

    def run(self) -> None:
        """Send whatever is due until killed."""
        while not self._ending.is_set():
            with suppress(UnavailableError):  # another such worker may hold the database for as long as it sends
                self.drain()
            self._bell.wait(0.05)

    @abstractmethod
    def drain(self, most: int = AT_ONCE) -> int:
        """Send what is due by now; give how many messages were tried."""

    def _write(self, connection: Connection, row: MessageRow) -> Ready | Dropped:
        return compose(connection, row, self._writing, now=self._clock.now())

    def _settle(self, connection: Connection, row: MessageRow, ready: Ready | Dropped, outcome: Outcome) -> None:
        is_ready = isinstance(ready, Ready)
        sending.settle(connection, row, ready, outcome if is_ready else None, now=self._clock.now(), chance=0.5)

    def _send(self, row: MessageRow, ready: Ready | Dropped) -> Outcome:
        return self._channels[row.channel].deliver(ready.outgoing) if isinstance(ready, Ready) else Sent()


class MarksFirst(OneByOne):
    """Note that a message was sent, and then send it: who is killed in between loses it."""

    def drain(self, most: int = AT_ONCE) -> int:
        """Send what is due by now, one after the other; give how many messages were tried."""
        for number in range(most):
            found = self._store.run_write(self._take)
            if found is None:
                return number
            self._send(*found)
        return most

    def _take(self, connection: Connection) -> tuple[MessageRow, Ready | Dropped] | None:
        rows = claims.claim(connection, now=self._clock.now(), limit=1, lease=self._lease)
        if not rows:
            return None
        ready = self._write(connection, rows[0])
        self._settle(connection, rows[0], ready, Sent("200"))
        return rows[0], ready


class SendsInside(OneByOne):
    """Claim, send and note in one transaction: others wait for it, and who is killed in it sends all of it again."""

    def drain(self, most: int = AT_ONCE) -> int:
        """Send what is due by now; give how many messages were tried."""
        return self._store.run_write(lambda c: self._send_all(c, most))

    def _send_all(self, connection: Connection, most: int) -> int:
        rows = claims.claim(connection, now=self._clock.now(), limit=most, lease=self._lease)
        for row in rows:
            ready = self._write(connection, row)
            self._settle(connection, row, ready, self._send(row, ready))
        return len(rows)


class IgnoresLanes(Worker):
    """Claim whatever is due, though an earlier message of its lane is not sent yet."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - handed on
        """Forget about lanes, in this whole process."""
        super().__init__(*given, **named)
        claims._LOOK = WITHOUT_LANES


FAULTS: Final[dict[str, type[Worker]]] = {
    "none": Worker,
    "marks-first": MarksFirst,
    "sends-inside": SendsInside,
    "ignores-lanes": IgnoresLanes,
}
