"""Write in 43 letters which clinic sent which message, so that the address to end them fits into a text message."""

from __future__ import annotations

import base64
from uuid import UUID

PREFIX = "msg_"
LENGTH = 43
"""Two ids of 16 bytes each, six bits a letter."""


def encode(clinic_id: str, message_id: str) -> str | None:
    """Write both ids; None for ids that are none of ours."""
    try:
        both = UUID(clinic_id).bytes + UUID(hex=message_id.removeprefix(PREFIX)).bytes
    except ValueError:
        return None
    code = base64.urlsafe_b64encode(both).decode().rstrip("=")
    return code if decode(code) == (clinic_id, message_id) else None


def decode(code: str) -> tuple[str, str] | None:
    """Read both ids; None for what was never written by ``encode``."""
    if len(code) != LENGTH or not code.isascii():
        return None
    try:
        both = base64.b64decode(f"{code}=", altchars=b"-_", validate=True)
    except ValueError:
        return None
    if base64.urlsafe_b64encode(both).decode().rstrip("=") != code:
        return None  # the last letter has two bits to spare
    return str(UUID(bytes=both[:16])), f"{PREFIX}{UUID(bytes=both[16:]).hex}"
