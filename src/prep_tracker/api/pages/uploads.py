"""Take the forms of the pages in, and the files in them: all of it in memory, for a file may hold patients' data."""

from __future__ import annotations

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
    """Give the fields and files of the form that was sent; what is no form is a 400, what is too long a 413."""
    taken: FormData | None = getattr(request.state, "form", None)
    if taken is None:
        taken = request.state.form = await _parsed(request)
    return taken


async def _parsed(request: Request) -> FormData:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        return await request.form()
    try:
        parser = MultiPartParser(request.headers, request.stream(), max_files=2, max_fields=MOST_FIELDS)
        parser.spool_max_size = IN_MEMORY
        return await parser.parse()
    except (MultiPartException, KeyError):
        raise HTTPException(400) from None


async def file_of(request: Request, name: str) -> bytes | None:
    """Give what stands in the file that was chosen; None where none was."""
    part = (await form_of(request)).get(name)
    if not isinstance(part, UploadFile) or not part.filename:
        return None
    return await part.read()
