"""Take the forms of the pages in, and the files in them: all of it in memory, for a file may hold patients' data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

if TYPE_CHECKING:
    from fastapi import Request

MOST_FIELDS = 1_000
IN_MEMORY = 32 * 1024 * 1024
"""More than any form may have: the parser would put what is longer into a temporary file."""


async def form_of(request: Request) -> FormData:
    """Give the fields of the form that was sent; what is no form is a 400, what is too long a 413."""
    return (await _taken(request))[0]


async def file_of(request: Request, name: str) -> bytes | None:
    """Give what stands in the file that was chosen; None where none was."""
    return (await _taken(request))[1].get(name)


async def _taken(request: Request) -> tuple[FormData, Mapping[str, bytes]]:
    """Take a form apart once, however often it is asked for."""
    taken: tuple[FormData, Mapping[str, bytes]] | None = getattr(request.state, "form", None)
    if taken is None:
        taken = request.state.form = await _parsed(request)
    return taken


async def _parsed(request: Request) -> tuple[FormData, Mapping[str, bytes]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        return await request.form(), {}
    body = await request.body()

    async def stream() -> AsyncIterator[bytes]:
        yield body

    try:
        parser = MultiPartParser(request.headers, stream(), max_files=2, max_fields=MOST_FIELDS)  # type: ignore[arg-type]
        parser.spool_max_size = IN_MEMORY
        form = await parser.parse()
    except (MultiPartException, KeyError):
        raise HTTPException(400) from None
    try:
        parts = [(name, part) for name, part in form.multi_items() if isinstance(part, UploadFile)]
        files = {name: await part.read() for name, part in parts if part.filename}
    finally:
        await form.close()
    return FormData([(name, part) for name, part in form.multi_items() if isinstance(part, str)]), files
