"""Make sure that a form was sent from a page of ours: other sites can make a browser send one, and not read a page."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

from prep_tracker.domain.errors import ForbiddenError

if TYPE_CHECKING:
    from fastapi import Request

_BYTES = 16
_REFUSED = "This form did not come from our page, or it is too old. Open the page again and send it once more."


def masked(secret: str) -> str:
    """Make the text that a form carries: another one each time, so that a compressed page gives nothing away."""
    mask = secrets.token_bytes(_BYTES)
    return (mask + _xor(mask, _mark(secret))).hex()


def require_own_form(request: Request, secret: str, given: str) -> None:
    """Refuse a form that was not on a page of this session. Raises ``ForbiddenError``."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise ForbiddenError(_REFUSED)
    try:
        raw = bytes.fromhex(given)
    except ValueError:
        raw = b""
    mask, rest = raw[:_BYTES], raw[_BYTES:]
    if len(raw) != 2 * _BYTES or not hmac.compare_digest(_xor(mask, rest), _mark(secret)):
        raise ForbiddenError(_REFUSED)


def _mark(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"form", "sha256")[:_BYTES]


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
