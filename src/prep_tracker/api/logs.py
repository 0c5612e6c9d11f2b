"""Log what an operator needs and nothing about a person: no bodies, no queries, no names, no exception texts.

Off for ordinary requests unless asked for; a failure of ours is always one line, with the places in the code that it
went through. An exception's own text may hold what somebody typed, so it stays out.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, Literal, TextIO

import structlog

if TYPE_CHECKING:
    from fastapi import Request

    from prep_tracker.desk.case import Desk

FRAMES = 6


def configure(form: Literal["console", "json"], stream: TextIO = sys.stderr) -> None:
    """Write lines for people or for machines; instants are UTC."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=False) if form == "console" else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )


def log() -> Any:  # noqa: ANN401 - structlog's own type is this wide
    """Give the logger."""
    return structlog.get_logger("prep_tracker")


def failed(request: Request, error: Exception) -> None:
    """Log a failure of ours: its type, and where in the code it happened."""
    log().error("request failed", **told(error), **_about(request))


def told(error: BaseException) -> dict[str, Any]:
    """Tell of an error without a word of it: its type, and the places in the code that it went through."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = [f"{frame.filename.rpartition('prep_tracker')[2] or frame.name}:{frame.lineno}" for frame in frames]
    return {"error": type(error).__name__, "places": places}


def without_words(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Let a line of another library's log tell of an error no more than ours do; neither its text nor any value."""
    event.pop("stack_info", None)
    _, error, _ = event.pop("exc_info", None) or (None, None, None)
    if isinstance(error, BaseException):
        event.update(told(error))
    return event


def unhandled(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what failed where nobody waited for it. The event loop would write the error's text, and what it held."""
    error = context.get("exception")
    log().error("a task failed", **(told(error) if isinstance(error, BaseException) else {}))


def answered(request: Request, status: int, milliseconds: float) -> None:
    """Log one request: the path's kind and never its values."""
    log().info("request", status=status, ms=round(milliseconds, 1), **_about(request))


def _about(request: Request) -> dict[str, Any]:
    route = request.scope.get("route")
    desk: Desk | None = getattr(request.state, "desk", None)
    return {
        "request_id": request.state.request_id,
        "method": request.method,
        "route": getattr(route, "path", None),
        "clinic": desk.clinic.id if desk else None,
        "credential": desk.actor.credential_id if desk else None,
    }
