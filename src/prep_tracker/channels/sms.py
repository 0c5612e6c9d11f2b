"""Send text messages through whatever gateway the operator has: one HTTP request, in JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import httpx

from prep_tracker.channels import Failed, Outcome, Outgoing, Retry, Sent

SECONDS: Final = 12.0
_AGAIN: Final = {408, 409, 425, 429}
_SERVER: Final = 500


@dataclass(frozen=True, slots=True)
class SmsChannel:
    """A gateway that takes ``{"id", "to", "from", "text"}`` by POST, with a bearer token if there is one."""

    url: str
    token: str | None = field(default=None, repr=False)
    seconds: float = SECONDS

    def deliver(self, message: Outgoing) -> Outcome:
        """Hand the message to the gateway, once. ``id`` and the key let it tell a repeat."""
        headers = {"Idempotency-Key": message.id}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        body = {"id": message.id, "to": _digits(message.to), "from": message.sender_name, "text": message.text}
        try:
            with httpx.stream(
                "POST", self.url, json=body, headers=headers, timeout=self.seconds, follow_redirects=False
            ) as answer:
                status, after = answer.status_code, answer.headers.get("retry-after", "")
        except httpx.HTTPError as error:
            return Retry(f"the gateway cannot be reached ({type(error).__name__})")
        if answer.is_success:
            return Sent(str(status))
        if status in _AGAIN or status >= _SERVER:
            return Retry(f"the gateway answered {status}", float(after) if after.isdecimal() else None)
        return Failed(f"the gateway refused it ({status})")


def _digits(number: str) -> str:
    """Write a phone number as gateways want it: digits, with the plus sign if there is one."""
    kept = "".join(sign for sign in number if sign.isdecimal() and sign.isascii())
    return f"+{kept}" if number.strip().startswith("+") else kept
