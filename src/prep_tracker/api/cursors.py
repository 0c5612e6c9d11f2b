"""Give lists in pages: an opaque cursor that a caller can send back, but not make up or change."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.exceptions import HTTPException

T = TypeVar("T")
MOST = 200
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[str | None, Query(alias="cursor", max_length=500, description="The next of the page before.")]
_SIGNATURE = 12


class CursorError(HTTPException):
    """What was sent as a cursor is none of this list."""

    def __init__(self) -> None:
        """Say what to send instead."""
        super().__init__(400, "Send the cursor as next of the page before has it, for the same list; or leave it out.")


def cursor(owner: str, *place: str | int | None) -> str:
    """Write a place in a list as a cursor. ``owner`` names the clinic, and the list where there are several."""
    text = json.dumps(place, separators=(",", ":")).encode()
    return urlsafe_b64encode(_sign(owner, text) + text).rstrip(b"=").decode()


def place(owner: str, given: str) -> list[str | int | None]:
    """Read a cursor back; one that is of another clinic or list, or was changed, is a 400."""
    try:
        raw = urlsafe_b64decode(given.encode("ascii") + b"=" * (-len(given) % 4))
    except (ValueError, UnicodeEncodeError):
        raw = b""
    signature, text = raw[:_SIGNATURE], raw[_SIGNATURE:]
    # Base64 has spare bits and skips strange characters, so the same place could be written in several ways.
    is_ours = urlsafe_b64encode(raw).rstrip(b"=").decode() == given
    if not text or not is_ours or not hmac.compare_digest(signature, _sign(owner, text)):
        raise CursorError
    found: list[str | int | None] = json.loads(text)
    return found


def page_of(owner: str, items: Sequence[T], limit: int, given: str | None) -> tuple[Sequence[T], str | None]:
    """Give a page of a short list that is read whole anyway, and the cursor of the next one."""
    start = int(place(owner, given)[0] or 0) if given is not None else 0
    following = start + limit
    return items[start:following], cursor(owner, following) if following < len(items) else None


def link(request: Request, following: str | None) -> dict[str, str]:
    """Make the Link header to the next page (RFC 8288)."""
    if following is None:
        return {}
    known = {name for field in request.scope["route"].dependant.query_params for name in _names(field)}
    asked = [(name, value) for name, value in request.query_params.multi_items() if name in known - {"cursor"}]
    return {"Link": f'<{request.scope["path"]}?{urlencode([*asked, ("cursor", following)])}>; rel="next"'}


def _names(field: Any) -> Iterable[str]:  # noqa: ANN401 - FastAPI's own
    """Give the name of a parameter, or of all those that stand together in a model."""
    shape = field.field_info.annotation
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        return [told.alias or name for name, told in shape.model_fields.items()]
    return [field.alias]


def _sign(owner: str, text: bytes) -> bytes:
    # Nothing secret stands in a cursor and every query keeps to the clinic; this only tells a changed one at once.
    return hmac.new(f"cursor:{owner}".encode(), text, hashlib.sha256).digest()[:_SIGNATURE]
