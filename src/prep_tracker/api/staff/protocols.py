"""Read the protocols that can be booked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from prep_tracker.api import results
from prep_tracker.api.cursors import Cursor, Limit, link, page_of
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import Door, IfNoneMatch, desk_of, not_modified, read, respond, unchanged
from prep_tracker.api.examples import PROTOCOL, PROTOCOLS
from prep_tracker.api.wire import Answer, answer
from prep_tracker.domain.errors import NotFoundError
from prep_tracker.services import protocols

if TYPE_CHECKING:
    from prep_tracker.store.protocols import ProtocolRow

router = APIRouter(route_class=Door, tags=["Protocols"])


@router.get(
    "/v1/protocols",
    response_model=results.ProtocolsOut,
    summary="List the protocols",
    **documented(None, PROTOCOLS, scope="procedures:read"),
)
async def list_protocols(request: Request, limit: Limit = 50, given: Cursor = None) -> Response:
    """List the newest published version of every protocol that the clinic can book."""
    rows = await read(request, protocols.list_protocols)
    page, following = page_of(f"protocols:{desk_of(request).clinic.id}", rows, limit, given)
    made = answer(200, {"items": [_document(row) for row in page], "next": following})
    return respond(Answer(200, made.body, link(request, following)))


@router.get(
    "/v1/protocols/{name}",
    response_model=results.ProtocolOut,
    summary="Read a protocol",
    **documented(None, PROTOCOL, 404, scope="procedures:read"),
)
async def get_protocol(request: Request, name: str, if_none_match: IfNoneMatch = None) -> Response:
    """Read the newest published version, or one version as slug@number, with its whole content."""
    slug, at, number = name.partition("@")
    if at and not (number.isascii() and number.isdecimal() and len(number) < 7):  # noqa: PLR2004 - no version is higher
        raise NotFoundError
    if not slug.isascii() or not slug.isprintable() or len(slug) > 64:  # noqa: PLR2004 - no slug is longer
        raise NotFoundError
    row = await read(request, lambda c, d: protocols.read_protocol(c, d, slug, int(number) if at else None))
    current = f'"{row.slug}@{row.number}.{row.content_hash[:16]}.{row.status}"'
    if unchanged(if_none_match, current):
        return not_modified(current, spoken=False)
    document = _document(row) | {"content": json.loads(row.content)}
    return respond(answer(200, document, ETag=current))


def _document(row: ProtocolRow) -> dict[str, Any]:
    content = json.loads(row.content)
    return {
        "slug": row.slug,
        "version": row.number,
        "status": row.status,
        "own": row.clinic_id is not None,
        "title": content["title"],
        "summary": content.get("summary"),
        "content_hash": row.content_hash,
        "published_at": row.published_at.isoformat().replace("+00:00", "Z") if row.published_at else None,
        "content": None,
    }
