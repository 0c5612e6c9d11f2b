"""Give the pages' styles and scripts, each under an address that changes with its content."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from prep_tracker.domain.errors import NotFoundError

router = APIRouter(include_in_schema=False)
FOLDER = Path(__file__).parents[2] / "web" / "assets"
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".png": "image/png",
}


class Asset(NamedTuple):
    """One file, plain and compressed, with the tag of its content."""

    plain: bytes
    packed: bytes
    tag: str
    kind: str


@cache
def asset(name: str) -> Asset:
    """Read a file once. Raises ``NotFoundError`` for what is none of ours."""
    path = FOLDER / name
    if path.name != name or path.suffix not in KINDS or not path.is_file():
        raise NotFoundError
    plain = path.read_bytes()
    tag = hashlib.sha256(plain).hexdigest()[:12]
    return Asset(plain, gzip.compress(plain, 9, mtime=0), tag, KINDS[path.suffix])


def address(name: str) -> str:
    """Give the address of a file: it may be kept for ever, for other content has another address."""
    return f"/assets/{name}?v={asset(name).tag}"


@router.get("/assets/{name}")
async def give(request: Request, name: str) -> Response:
    """Give a file."""
    found = asset(name)
    lasting = request.query_params.get("v") == found.tag
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if lasting else "public, max-age=60",
        "ETag": f'"{found.tag}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    body = found.plain
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = found.packed
    return Response(body, 200, headers, media_type=found.kind)
