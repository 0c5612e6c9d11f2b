"""Look at a web address that a clinic gives to its patients, before anybody is sent there. Nothing is connected to."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 500
"""Characters of an address."""
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PORT: Final = "(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
_REST: Final = rf"{_LABEL}(?:\.{_LABEL})*{_PORT}(?:[/?#][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*)?"
PATTERN: Final = f"^https://{_REST}$"
"""What is taken of every clinic, for the document of the API (RFC 3986, without users and literal addresses)."""
_WHOLE = re.compile(_REST)
_EXAMPLE: Final = "as in https://portal.clinic.example/my-list"


def fault_of_link(url: str, *, demo: bool = False) -> str | None:
    """Say what to send instead of an address that patients cannot open safely; None: it will do. A demo takes http."""
    if len(url) > LONGEST:
        return f"Send at most {LONGEST} characters."
    if not (url.isascii() and url.isprintable()) or " " in url:
        return "Send the address in ASCII without spaces: the host in its xn-- form, the rest percent-encoded."
    scheme, _, rest = url.partition("://")
    if scheme not in ({"https", "http"} if demo else {"https"}):
        return f"Send an address that begins with https://, {_EXAMPLE}."
    if "@" in re.split(r"[/?#]", rest, maxsplit=1)[0]:
        return "Send the address without a user name and password: it is the same for every patient."
    if not _WHOLE.fullmatch(rest):
        return f"Send a whole address with the name of a host, {_EXAMPLE}."
    return None
