"""Put the app together: routes, errors, limits, and what every answer carries."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI, HTTPException
from starlette.middleware.cors import CORSMiddleware

from prep_tracker import __version__
from prep_tracker.api import health, problems
from prep_tracker.api.door import Service
from prep_tracker.api.staff import clinic, clinical, patients, procedures, protocols, saying, worklist

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from prep_tracker.clock import Clock
    from prep_tracker.store.session import Store

MOST_BYTES = 256 * 1024
ROUTERS = (
    procedures.router,
    saying.router,
    clinical.router,
    worklist.router,
    patients.router,
    protocols.router,
    clinic.router,
    health.router,
)
"""The hot ones first: a request walks through them in this order."""
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


def create_app(store: Store, clock: Clock, *, origins: Sequence[str] = ()) -> FastAPI:
    """Make the app on an open store. ``origins`` are the web addresses from which portals may call it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await store.aclose()

    app = FastAPI(
        title="prep-tracker",
        version=__version__,
        description="Turn a procedure date and a clinic's preparation rules into a countdown checklist.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry=None,
    )
    app.state.service = Service(store, clock)
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    _document(app)
    app.add_middleware(Envelope)
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key"],
            expose_headers=["ETag", "Link", "Location", "Retry-After", "X-Request-Id"],
            max_age=600,
        )
    return app


def _document(app: FastAPI) -> None:
    """Say in the OpenAPI document how to call: with a key, everywhere but where nothing is asked."""
    made = app.openapi

    def openapi() -> dict[str, object]:
        document = made()
        parts = document.setdefault("components", {})
        parts["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "An API key: prep_<env>_<id>_<secret>."}
        }
        return document

    app.openapi = openapi  # type: ignore[method-assign]


class Envelope:
    """Give every request an id, every answer its safe headers, and no body more than it may have."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand around the app."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request in and its answer out."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(12).encode()
        scope.setdefault("state", {})["request_id"] = request_id.decode()
        seen = 0
        declared = headers.get(b"content-length", b"")

        async def limited() -> Message:
            nonlocal seen
            if declared.isdigit() and int(declared) > MOST_BYTES:
                raise HTTPException(413)
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MOST_BYTES:
                raise HTTPException(413)
            return message

        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id), *HEADERS]
            await send(message)

        await self.app(scope, limited, stamped)
