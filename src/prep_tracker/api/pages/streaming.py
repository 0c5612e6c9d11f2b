"""Send a page while what it tells is still being done: its head at once, a progress bar after each step, then the end.

Nothing of it needs a script. Each step is a paragraph of its own, and the style shows only the last one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

from prep_tracker.api.pages.rendering import headers_of, written

if TYPE_CHECKING:
    from fastapi import Request

HERE = "<!-- here -->"
"""Where in the template the steps come, inside an element of the class ``ticking``."""


def streamed(request: Request, template: str, steps: AsyncIterator[str], **context: object) -> Response:
    """Answer with a page into which ``steps`` come as they are done; they have to say themselves what stopped them."""
    head, _, tail = written(request, template, **context).partition(HERE)

    async def body() -> AsyncIterator[bytes]:
        yield head.encode()
        async for step in steps:
            yield step.encode()
        yield tail.encode()

    # A proxy that collects the answer before it hands it on would show no progress (nginx reads this header).
    headers = {**headers_of(request), "X-Accel-Buffering": "no"}
    return StreamingResponse(body(), headers=headers, media_type="text/html; charset=utf-8")


def progress(request: Request, done: int, total: int) -> str:
    """Write one step: so many of so many are done."""
    return written(request, "staff/progress.html", done=done, total=total)
