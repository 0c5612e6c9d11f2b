"""Put every request and answer into its envelope: an id, safe headers, a limit, and who may call from a web page."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import TYPE_CHECKING

from fastapi import HTTPException, Request
from starlette.middleware.cors import CORSMiddleware

from prep_tracker.api.logs import answered, failed
from prep_tracker.api.methods import allowing, as_get
from prep_tracker.api.problems import unexpected
from prep_tracker.api.tracing import traced
from prep_tracker.api.witness import witness

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

Count = Callable[[str, str | None, int, float], None]
"""Told of an answer: method, the route's template, status and seconds."""
MOST_BYTES = 256 * 1024
_FILE = 10 * 1024 * 1024 + 64 * 1024
LARGER = {"/v1/imports": _FILE, "/staff/imports": _FILE}
"""Bytes that a body may have at these addresses: a file, and the form around it."""
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
"""On every answer, whatever it is."""
UNLESS_SAID = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
"""On every answer that says nothing else itself. The resource policy keeps other sites from taking an answer in as an
image or a script; a page that may call (``Cors``) calls in a way that it does not touch."""
OVER_HTTPS = (b"strict-transport-security", b"max-age=31536000")
"""For a year, this host is to be called over HTTPS only. Over plain HTTP nobody may believe it (RFC 6797, 7.2)."""


class CutOffError(Exception):
    """An answer that was on its way could not be finished."""


class Envelope:
    """Give every request an id, every answer its safe headers, and no body more than it may have."""

    def __init__(
        self, app: ASGIApp, *, log_requests: bool = False, count: Count | None = None, tracer: Tracer | None = None
    ) -> None:
        """Stand around the app; ``log_requests`` writes a line a request, the others are told of each answer."""
        self.app = app
        self.count, self.tracer = count, tracer
        self.log_requests = log_requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request in and its answer out. What nobody expected is answered here, so that no server prints it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = as_get(scope, send)
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(12).encode()
        scope.setdefault("state", {})["request_id"] = request_id.decode()
        declared = headers.get(b"content-length", b"")
        most = LARGER.get(scope["path"], MOST_BYTES)
        too_large = declared.isdigit() and int(declared) > most
        always = (*HEADERS, OVER_HTTPS) if scope.get("scheme") == "https" else HEADERS
        seen, status, began = 0, 0, perf_counter()
        span = None if self.tracer is None else self.tracer.start_span("request")

        async def limited() -> Message:
            nonlocal seen
            if too_large:
                raise HTTPException(413)
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413)
            return message

        async def stamped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                witness(scope, message)
                if status == 405:  # noqa: PLR2004 - the number is the name
                    message["headers"] = allowing(scope, message["headers"])
                said = {name for name, _ in message["headers"]}
                safe = [header for header in UNLESS_SAID if header[0] not in said]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id), *always, *safe]
            await send(message)

        try:
            await self.app(scope, limited, stamped)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told here and nowhere else
            if status:  # the answer was on its way: the connection can only be cut
                failed(Request(scope), error)
                raise CutOffError from None  # without the error itself, for a server would log what it says
            await unexpected(Request(scope), error)(scope, receive, stamped)
        seconds = perf_counter() - began
        route = getattr(scope.get("route"), "path", None)
        if self.count is not None:
            self.count(scope["method"], route, status, seconds)
        if span is not None:
            traced(span, scope["method"], route, status)
        if self.log_requests:
            answered(Request(scope), status, seconds * 1000)


class Cors(CORSMiddleware):
    """Let web pages call from the origins that the operator or one of the clinics names."""

    def __init__(self, app: ASGIApp, origins: Iterable[str], of_clinics: set[str]) -> None:
        """Take the operator's origins, and the clinics' as a set that is kept up to date elsewhere."""
        super().__init__(
            app,
            allow_origins=list(origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key"],
            expose_headers=["Date", "ETag", "Link", "Location", "Retry-After", "X-Request-Id"],
            max_age=600,
        )
        self.of_clinics = of_clinics

    def is_allowed_origin(self, origin: str) -> bool:
        """Say whether a page from this origin may read answers."""
        return super().is_allowed_origin(origin) or origin in self.of_clinics
