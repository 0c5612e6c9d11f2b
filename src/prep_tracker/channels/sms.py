"""Send text messages through whatever gateway the operator has: one HTTP request, in JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from prep_tracker.channels import Failed, Outcome, Outgoing, Retry, Sent
from prep_tracker.channels.guard import Guarded
from prep_tracker.channels.posting import Answer, post, seconds_after

SECONDS: Final = 12.0
_AGAIN: Final = {401, 408, 409, 425, 429}
"""401: the token is wrong, which is a setting's fault and nothing about the message."""


@dataclass(frozen=True, slots=True)
class SmsChannel:
    """A gateway that takes ``{"id", "to", "from", "text"}`` by POST, with a bearer token if there is one.

    It is the operator's own, so it may stand inside. ``now`` tells the time that an instant to come back at is
    counted from.
    """

    url: str
    now: Callable[[], datetime]
    token: str | None = field(default=None, repr=False)
    seconds: float = SECONDS

    def deliver(self, message: Outgoing) -> Outcome:
        """Hand the message to the gateway, once. ``id`` and the key let it tell a repeat."""
        headers = {"Content-Type": "application/json", "User-Agent": "prep-tracker", "Idempotency-Key": message.id}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        body = {"id": message.id, "to": _digits(message.to), "from": message.sender_name, "text": message.text}
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        answer = post(self.url, headers, content, Guarded(self.seconds, inside=True))
        return self._judge(answer) if isinstance(answer, Answer) else _of_gateway(answer)

    def _judge(self, answer: Answer) -> Outcome:
        status = answer.status
        if 200 <= status < 300:  # noqa: PLR2004 - the class of a status
            return Sent(str(status))
        if 300 <= status < 400:  # noqa: PLR2004 - the class of a status
            return Retry(f"the gateway answered {status}: it stands elsewhere, and redirects are not followed")
        if 400 <= status < 500 and status not in _AGAIN:  # noqa: PLR2004 - the class of a status
            return Failed(f"the gateway refused it ({status})")
        return Retry(f"the gateway answered {status}", seconds_after(answer.after, self.now()))


def _of_gateway(outcome: Failed | Retry) -> Outcome:
    return replace(outcome, reason=f"the gateway: {outcome.reason}")


def _digits(number: str) -> str:
    """Write a phone number as gateways want it: digits, with the plus sign if there is one."""
    kept = "".join(sign for sign in number if sign.isdecimal() and sign.isascii())
    return f"+{kept}" if number.strip().startswith("+") else kept
