"""Answer HEAD as GET without its body, and say of an address which methods it knows (RFC 9110, 9.3.2 and 15.5.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Match

if TYPE_CHECKING:
    from starlette.types import Message, Scope, Send

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
Headers = list[tuple[bytes, bytes]]


def as_get(scope: Scope, send: Send) -> tuple[Scope, Send]:
    """Turn HEAD into GET: the very headers of the answer go out, and nothing of its body."""

    async def bare(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return {**scope, "method": "GET"}, bare


def allowing(scope: Scope, headers: Headers) -> Headers:
    """Give the headers of a 405 with all methods of its address; the router names those of one route only."""
    routes = scope["app"].routes
    asked = {name: scope[name] for name in ("type", "path", "root_path", "headers", "app") if name in scope}
    known = [
        method
        for method in METHODS
        if any(route.matches({**asked, "method": method})[0] is Match.FULL for route in routes)
    ]
    if "GET" in known:
        known.insert(1, "HEAD")
    return [*(one for one in headers if one[0] != b"allow"), (b"allow", ", ".join(known).encode())]
