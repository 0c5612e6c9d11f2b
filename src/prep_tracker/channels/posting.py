"""Post once over HTTP, for so long in all; of the answer only the status is read, and when to come back."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Final

import httpcore

from prep_tracker.channels import Failed, Retry
from prep_tracker.channels.guard import BlockedError, UnknownNameError

if TYPE_CHECKING:
    from prep_tracker.channels.guard import Guarded

SECONDS_CONNECT: Final = 5.0
_LONGEST_AFTER: Final = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side answered; ``after``: what it says about when to come back, if anything."""

    status: int
    after: bytes | None = None


def post(url: str, headers: Mapping[str, str], content: bytes, guarded: Guarded) -> Answer | Failed | Retry:
    """Post once to an address, or say why there is no answer. No proxy is asked, and no redirect followed."""
    seconds = guarded.seconds
    timeout = {"connect": SECONDS_CONNECT, "read": seconds, "write": seconds, "pool": SECONDS_CONNECT}
    try:
        with (
            httpcore.ConnectionPool(network_backend=guarded, ssl_context=_tls()) as pool,
            pool.stream(
                "POST", url, headers=list(headers.items()), content=content, extensions={"timeout": timeout}
            ) as answer,
        ):
            after = next((value for name, value in answer.headers if name.lower() == b"retry-after"), None)
            return Answer(answer.status, after)
    except BlockedError:
        return Failed("the address is not on the public internet, so nothing is sent there")
    except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError, ValueError):
        return Failed("the address cannot be used: it needs https:// and a name")
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        return Retry(_said(error, seconds))


def _said(error: Exception, seconds: float) -> str:
    """Say in words why there was no answer. The error's own text may hold what the other side wrote.

    Where it comes from is in its context: the pool raises it once more, without a cause.
    """
    match error:
        case httpcore.ConnectTimeout():
            return "no connection could be made in time"
        case httpcore.TimeoutException():
            return f"no answer within {seconds:g} seconds"
        case UnknownNameError():
            return "the name is not known"
        case httpcore.ConnectError() if isinstance(error.__context__, ssl.SSLCertVerificationError):
            return "its certificate is not to be trusted"
        case httpcore.ConnectError() if isinstance(error.__context__, ssl.SSLError):
            return "no encrypted connection could be made"
        case httpcore.ConnectError():
            return "no connection could be made"
        case httpcore.RemoteProtocolError() if error.__context__ is not None:
            return "what came back is not HTTP"
    return "the connection broke off before an answer"


def seconds_after(after: bytes | None, at: datetime) -> float | None:
    """Read Retry-After: seconds, or an instant (RFC 9110, section 10.2.3). None: it says nothing that can be read."""
    if after is None or len(after) > _LONGEST_AFTER:
        return None
    text = after.decode("ascii", "replace").strip()
    if text.isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - at).total_seconds())


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
