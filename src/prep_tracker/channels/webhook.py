"""Tell a clinic's own system what happened, signed as Standard Webhooks 1.0 says."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from prep_tracker.channels import Gone, Outcome, Outgoing, Retry, Sent
from prep_tracker.channels.guard import Guarded
from prep_tracker.channels.posting import Answer, post, seconds_after

SECONDS_IN_ALL: Final = 15.0
PREFIX: Final = "whsec_"
_LATER: Final = {429, 503}


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """Post to the endpoint, once. ``loopback`` is for a demo; ``now`` tells the time that is signed."""

    now: Callable[[], datetime]
    loopback: bool = False
    seconds: float = field(default=SECONDS_IN_ALL)

    def deliver(self, message: Outgoing) -> Outcome:
        """Post the payload byte for byte; of the answer only the status is read."""
        at = self.now()
        headers = {
            "content-type": "application/cloudevents+json",
            "user-agent": "prep-tracker",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature(message.id, at, message.payload, message.secrets),
            **message.headers,
        }
        answer = post(message.to, headers, message.payload, Guarded(self.seconds, loopback=self.loopback))
        return _judge(answer, at) if isinstance(answer, Answer) else answer


def signature(message_id: str, at: datetime, payload: bytes, secrets: tuple[str, ...]) -> str:
    """Sign with every secret, newest first, so that a receiver may change secrets without losing a message."""
    signed = f"{message_id}.{int(at.timestamp())}.".encode() + payload
    made = (hmac.digest(b64decode(secret.removeprefix(PREFIX)), signed, "sha256") for secret in secrets)
    return " ".join(f"v1,{b64encode(one).decode()}" for one in made)


def _judge(answer: Answer, at: datetime) -> Outcome:
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004 - the class of a status
        return Sent(str(status))
    if status == 410:  # noqa: PLR2004 - Gone
        return Gone("answered 410: it takes no more messages")
    if 300 <= status < 400:  # noqa: PLR2004 - the class of a status
        # The address is looked up anew at every attempt: what waits goes to the new one as soon as it is set.
        return Retry(f"answered {status}: set the endpoint to its new address, for redirects are not followed")
    return Retry(f"answered {status}", seconds_after(answer.after, at) if status in _LATER else None)
