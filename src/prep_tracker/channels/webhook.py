"""Tell a clinic's own system what happened, signed as Standard Webhooks 1.0 says."""

from __future__ import annotations

import hmac
import ssl
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Final

import httpcore

from prep_tracker.channels import Failed, Gone, Outcome, Outgoing, Retry, Sent
from prep_tracker.channels.guard import BlockedError, Guarded

SECONDS_IN_ALL: Final = 15.0
SECONDS_CONNECT: Final = 5.0
PREFIX: Final = "whsec_"
_LATER: Final = {429, 503}
_MOST_HEADERS: Final = 64


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
        guarded = Guarded(self.seconds, loopback=self.loopback)
        try:
            with (
                httpcore.ConnectionPool(network_backend=guarded, ssl_context=_tls(), http1=True) as pool,
                pool.stream(
                    "POST",
                    message.to,
                    headers=list(headers.items()),
                    content=message.payload,
                    extensions={
                        "timeout": {
                            "connect": SECONDS_CONNECT,
                            "read": self.seconds,
                            "write": self.seconds,
                            "pool": SECONDS_CONNECT,
                        }
                    },
                ) as answer,
            ):
                after = next((value for name, value in answer.headers if name.lower() == b"retry-after"), None)
                return _judge(answer.status, after, at)
        except BlockedError:
            return Failed("the address is not on the public internet, so nothing is sent there")
        except httpcore.TimeoutException:
            return Retry(f"no answer within {self.seconds:.0f} seconds")
        except (httpcore.UnsupportedProtocol, ValueError, UnicodeError):
            return Failed("the address cannot be used: it needs https:// and a name")
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            return Retry(f"the connection failed ({type(error).__name__})")


def signature(message_id: str, at: datetime, payload: bytes, secrets: tuple[str, ...]) -> str:
    """Sign with every secret, newest first, so that a receiver may change secrets without losing a message."""
    signed = f"{message_id}.{int(at.timestamp())}.".encode() + payload
    made = (hmac.digest(b64decode(secret.removeprefix(PREFIX)), signed, "sha256") for secret in secrets)
    return " ".join(f"v1,{b64encode(one).decode()}" for one in made)


def _judge(status: int, after: bytes | None, at: datetime) -> Outcome:
    if 200 <= status < 300:  # noqa: PLR2004 - the class of a status
        return Sent(str(status))
    if status == 410:  # noqa: PLR2004 - Gone
        return Gone("answered 410: it takes no more messages")
    if 300 <= status < 400:  # noqa: PLR2004 - the class of a status
        return Failed(f"answered {status}: set the endpoint to its new address, for redirects are not followed")
    return Retry(f"answered {status}", _seconds(after, at) if status in _LATER else None)


def _seconds(after: bytes | None, at: datetime) -> float | None:
    """Read Retry-After: seconds, or an instant (RFC 9110, section 10.2.3)."""
    if after is None or len(after) > _MOST_HEADERS:
        return None
    text = after.decode("ascii", "replace").strip()
    if text.isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - at).total_seconds())


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
