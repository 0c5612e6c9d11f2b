"""Carry what the worker sends, on a clock that is set: each life has outages, and workers die while they send."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from prep_tracker.channels import Failed, Gone, Outcome, Outgoing, Retry, Sent
from prep_tracker.clock import SetClock
from tests.worker.lives import Life, Then

DEATHS = 0.03
"""Of so many attempts the worker dies, before it has sent or right after."""


class KilledError(BaseException):
    """A worker dies: nothing that it would have done after this is done."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to send, with what held at that instant. ``arrived``: whoever it is for has it."""

    at: datetime
    channel: str
    id: str
    to: str
    arrived: bool
    outcome: str
    then: Then
    day: int
    """The civil day where the patient lives."""
    text: str
    language: str
    event: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, int | None, str]:
        """Name what happened, of a webhook: the type, the entry by which it did, and of a review its step."""
        data = self.event["data"]
        return self.event["type"], data["entry"], data["step"] if self.event["type"] == "review.needed" else ""


class Post:
    """One way to send, for all lives; ``lives`` by the id of their clinic."""

    def __init__(self, channel: str, clock: SetClock, lives: Mapping[str, Life], gone: list[Life]) -> None:
        """Open. Whoever says that nothing will ever be taken any more is added to ``gone``."""
        self._channel, self._clock, self.lives, self._gone = channel, clock, lives, gone

    def deliver(self, message: Outgoing) -> Outcome:
        """Note the attempt, and take it unless this life's outages say otherwise."""
        now, life = self._clock.now(), self.lives[message.clinic_id]
        dice = random.Random(f"{life.seed} {self._channel} {len(life.attempts)}")
        outcome = outcome_at(life, self._channel, now)
        dies = dice.random() < DEATHS
        arrived = outcome == "sent" and (not dies or dice.random() < 0.5)
        then = life.history[-1]
        event = json.loads(message.payload) if self._channel == "webhook" else {}
        life.attempts.append(
            Attempt(
                *(now, self._channel, message.id, message.to, arrived, "died" if dies else outcome, then),
                day=now.astimezone(ZoneInfo(then.zone)).date().toordinal(),
                text=message.text,
                language=message.language,
                event=event,
            )
        )
        if dies:
            raise KilledError
        match outcome:
            case "sent":
                return Sent("250")
            case "retry":
                return Retry("no answer")
            case "gone":
                self._gone.append(life)
                return Gone("answered 410")
            case _:
                return Failed("refused")


def outcome_at(life: Life, channel: str, at: datetime) -> str:
    """Say what becomes of a message to somebody at an instant: an outage refuses it, or it is sent."""
    return next((kind for begin, end, kind in life.outages[channel] if begin <= at < end), "sent")
