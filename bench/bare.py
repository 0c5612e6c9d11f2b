"""Answer every request with the same bytes: the floor that everything else is measured in multiples of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request


class Bare:
    """A Starlette app with one route and nothing around it."""

    def __init__(self) -> None:
        """Begin with an empty answer."""
        self._status, self._body = 200, b""
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    def learn(self, status: int, body: bytes) -> None:
        """Answer with these bytes from now on."""
        self._status, self._body = status, body

    async def _answer(self, _: Request) -> Response:
        return Response(self._body, self._status, media_type="application/json")
