"""A house whose worker hands every message to a channel that remembers it, on a clock that the test sets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select

from prep_tracker.channels import Outcome, Outgoing, Sent
from prep_tracker.clock import SetClock
from prep_tracker.store import Connection
from prep_tracker.store.tables import messages, webhook_endpoints
from prep_tracker.worker import Worker
from tests.api.house import PIA, House

PIA_AGREED = PIA | {"email": "pia@example.org", "phone": "+31 6 0000 0000", "messages": {"email": True, "sms": False}}


@dataclass
class Tray:
    """A channel that remembers what it was given; ``answers`` says what becomes of it."""

    answers: Callable[[Outgoing], Outcome] = lambda _: Sent("250")
    given: list[Outgoing] = field(default_factory=list)

    def deliver(self, message: Outgoing) -> Outcome:
        """Remember it."""
        self.given.append(message)
        return self.answers(message)

    def taken(self) -> list[Outgoing]:
        """Give what has come since the last time."""
        found, self.given = self.given, []
        return found


class Office:
    """The house, its worker, and a tray for each way to send."""

    def __init__(self, house: House) -> None:
        """Set up shop."""
        self.house = house
        self.email, self.sms, self.webhook = Tray(), Tray(), Tray()
        self.worker = Worker(
            house.store,
            house.clock,
            {"email": self.email, "sms": self.sms, "webhook": self.webhook},
            public_url="https://prep.example",
            chance=lambda: 0.5,
        )

    @property
    def clock(self) -> SetClock:
        """Give the clock."""
        return self.house.clock

    def go_to(self, at: datetime) -> int:
        """Set the clock and do what is due."""
        self.clock.set(at)
        return self.worker.drain()

    def wait(self, by: timedelta, step: timedelta = timedelta(hours=1)) -> None:
        """Let time pass step by step, doing what is due after each."""
        end = self.clock.now() + by
        while self.clock.now() < end:
            self.clock.advance(min(step, end - self.clock.now()))
            self.worker.drain()

    def endpoint(self, clinic: str = "Aster", **differing: Any) -> str:  # noqa: ANN401 - any column
        """Add a webhook endpoint."""
        row = {
            "clinic_id": self.house.clinics[clinic],
            "id": str(uuid4()),
            "url": "https://clinic.example/hook",
            "events": [],
            "content": "full",
            "secrets": ["whsec_c2VjcmV0"],
            "active": True,
            "disabled_reason": None,
            "created_at": self.clock.now(),
            "version": 1,
        } | differing
        self.house.store.run_write(lambda c: c.execute(insert(webhook_endpoints).values(row)))
        return str(row["id"])

    def rows(self, **where: object) -> list[dict[str, Any]]:
        """Give the rows of the outbox in their order, those that hold these values."""

        def read(connection: Connection) -> list[dict[str, Any]]:
            query = select(messages).order_by(messages.c.number)
            for name, value in where.items():
                query = query.where(messages.c[name] == value)
            return [dict(row) for row in connection.execute(query).mappings()]

        return self.house.store.run_read(read)
