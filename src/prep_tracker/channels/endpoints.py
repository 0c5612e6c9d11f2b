"""Look at the address of a webhook before it is kept, as far as can be seen without asking what its name leads to."""

from __future__ import annotations

import re
import socket
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from prep_tracker.channels.guard import Address, is_public

LONGEST: Final = 500
"""Characters of an address."""
NOT_PUBLIC: Final = "This address is not on the public internet."
_PORT: Final = "Send a port from 1 to 65535, or none."
_HOST: Final = "Name the host in ASCII, as in https://clinic.example/hooks/prep; other letters in their xn-- form."
_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_LONGEST_NAME: Final = 253


def fault_of(url: str, *, demo: bool = False) -> str | None:
    """Say what to send instead of an address that nothing could ever be sent to; None: it may do.

    A demo takes http too, and this very machine. What a name leads to is looked at when it is connected to, each time.
    """
    if len(url) > LONGEST:
        return f"Send at most {LONGEST} characters."
    if any(sign.isspace() for sign in url):
        return "Send the address without spaces and line ends; %20 stands for a space."
    if not (url.isascii() and url.isprintable()):
        return "Send the address in ASCII: a host with other letters in its xn-- form, a path percent-encoded."
    try:
        parts = urlsplit(url)
    except ValueError:  # half of a pair of brackets
        return _HOST
    return _fault_of(parts, demo=demo)


def _fault_of(parts: SplitResult, *, demo: bool) -> str | None:
    if parts.scheme not in ({"https", "http"} if demo else {"https"}):
        return f"Send an address that begins with https://{' or http://' if demo else ''}."
    if "@" in parts.netloc:
        return "Send the address without a user name and password: the signature says who sends."
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        return _PORT
    host = parts.hostname or ""
    address = _literal(host)
    if address is None:
        if not _NAME.fullmatch(host) or len(host) > _LONGEST_NAME:
            return _HOST
        is_here = host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost")
        return NOT_PUBLIC if is_here and not demo else None
    return None if is_public(address) or (demo and address.is_loopback) else NOT_PUBLIC


def _literal(host: str) -> Address | None:
    """Read an address that stands there instead of a name, in any of the ways in which connecting would read it."""
    try:
        found = socket.getaddrinfo(host.removesuffix("."), None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return ip_address(str(found[0][4][0])) if host else None
