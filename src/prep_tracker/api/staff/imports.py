"""Import bookings from a file: look at all of it first, then book it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import to_json
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import Response, StreamingResponse

from prep_tracker.api import import_schemas as shapes
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import Door, IdempotencyKey, Service, act, desk_of, repeated, respond
from prep_tracker.api.importing import book_all, line, look
from prep_tracker.api.problems import ERRORS, KINDS, faults_of
from prep_tracker.api.wire import Answer, answer
from prep_tracker.domain.errors import Fault, InvalidError, PrepError
from prep_tracker.imports.choices import Choices
from prep_tracker.imports.table import MOST_BYTES
from prep_tracker.services import importing

if TYPE_CHECKING:
    from prep_tracker.desk.case import Desk
    from prep_tracker.services.importing import Import
    from prep_tracker.store import Connection

router = APIRouter(route_class=Door, tags=["Imports"])
LINES = "application/x-ndjson"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BINARY = {"type": "string", "format": "binary"}
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": _BINARY, "options": shapes.ImportOptionsIn.model_json_schema()},
                },
                "encoding": {"options": {"contentType": "application/json"}},
                "example": {"file": shapes.FILE, "options": shapes.OPTIONS},
            },
            "text/csv": {"schema": {"type": "string"}, "example": shapes.FILE},
            _XLSX: {"schema": _BINARY},
        },
    }
}
TOLD = documented(None, shapes.REPORT, 400, 409, 413, roles=("admin",))
TOLD["openapi_extra"] |= BODY


@router.post("/v1/imports", response_model=shapes.ImportOut, summary="Import bookings from a file", **TOLD)
async def import_bookings(
    request: Request,
    dry_run: Annotated[bool, Query(description="Look at every row and change nothing; false books.")] = True,
    protocol: Annotated[str | None, Query(max_length=80, description="The protocol of all rows.")] = None,
    date_order: Annotated[
        str | None,
        Query(pattern="^(dmy|mdy|ymd)$", description="How to read 03/04/2026 where the column proves nothing."),
    ] = None,
    encoding: Annotated[
        str | None, Query(pattern="^(utf-8|windows-1252)$", description="What a CSV file is in that is not UTF-8.")
    ] = None,
    sheet: Annotated[str | None, Query(max_length=200, description="The sheet of a workbook.")] = None,
    remember: Annotated[bool, Query(description="Use and keep what is said about files.")] = True,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Look at a file of bookings, CSV or Excel, and say how every row stands; with dry_run=false, book them.

    Send the file as the body, or as the part file of a form with a part options. A row whose booking reference the
    clinic has is never booked again, so a file may be sent again at any time. A file with faults books nothing. With
    Accept: application/x-ndjson lines of progress come before the last line, which is the answer.
    """
    data, options = await _sent(request)
    said = {"date_order": date_order, "encoding": encoding, "sheet": sheet}
    choices = _choices(options, {name: value for name, value in said.items() if value is not None}, protocol)
    if not remember:
        choices["remember"] = False
    asked = to_json(choices) + hashlib.sha256(data).digest()
    if not dry_run:
        before = await repeated(request, asked)
        if before is not None:
            return before
    service: Service = request.app.state.service
    desk = desk_of(request)
    file = await look(service, desk, data, Choices(**choices))
    by_lines = LINES in request.headers.get("accept", "")
    if not dry_run and file.report.faults:
        raise InvalidError(*file.report.as_faults())
    if by_lines:
        made = _dry(file) if dry_run else _booked(service, desk, file)
        return StreamingResponse(made, media_type=LINES, headers={"Cache-Control": "private, no-cache"})
    if dry_run:
        return respond(answer(200, file.report.document(dry_run=True)))
    async for _ in book_all(service, desk, file):
        pass

    def work(connection: Connection, desk: Desk) -> Answer:
        importing.finish(connection, desk, file)
        return answer(200, file.report.document(dry_run=False))

    return await act(request, work, asked=asked)


async def _dry(file: Import) -> AsyncIterator[bytes]:
    """Answer a dry run in lines: there is no progress to tell, for by now all of it was looked at."""
    yield to_json(line("summary", **file.report.document(dry_run=True))) + b"\n"


async def _booked(service: Service, desk: Desk, file: Import) -> AsyncIterator[bytes]:
    """Book and tell how far it is. What stops it becomes the last line: by now the status has gone out."""
    try:
        async for done, total in book_all(service, desk, file):
            yield to_json(line("progress", done=done, total=total)) + b"\n"
        await service.store.write(lambda c: importing.finish(c, desk, file), desk.clinic.id)
    except PrepError as error:
        kind = KINDS[ERRORS[type(error)]]
        told = file.report.document(dry_run=False)
        yield to_json(line("stopped", status=kind.status, detail=error.detail, **told)) + b"\n"
    else:
        yield to_json(line("summary", **file.report.document(dry_run=False))) + b"\n"


async def _sent(request: Request) -> tuple[bytes, dict[str, Any]]:
    """Give the file and what is said about it: the parts of a form, or the whole body."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if kind == "application/json":
        raise InvalidError(Fault("/file", "content-type", "Send the file itself, or a form with a part named file."))
    if kind != "multipart/form-data":
        return body, {}

    async def stream() -> AsyncIterator[bytes]:
        yield body

    try:
        parser = MultiPartParser(request.headers, stream(), max_files=2, max_fields=2)  # type: ignore[arg-type]
        parser.spool_max_size = MOST_BYTES * 2  # patients' data goes into no temporary file
        form = await parser.parse()
    except (MultiPartException, KeyError):
        raise InvalidError(
            Fault("", "form", "The form cannot be read. Send one part named file, and options.")
        ) from None
    try:
        data, options = [await _part(form.get(name)) for name in ("file", "options")]
    finally:
        await form.close()
    if data is None:
        raise InvalidError(Fault("/file", "missing", "Send the file as the part named file."))
    return data, _read_options((options or b"{}").decode(errors="replace"))


async def _part(part: UploadFile | str | None) -> bytes | None:
    """Give what stands in a part of a form, whether it came as a file or as a field."""
    return part.encode() if isinstance(part, str) else None if part is None else await part.read()


def _read_options(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidError(Fault("/options", "json", "Send options as one JSON object.")) from None
    try:
        shapes.ImportOptionsIn.model_validate(document)
    except ValidationError as error:
        placed = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise InvalidError(*faults_of(RequestValidationError(placed))) from None
    return dict(document)


def _choices(options: dict[str, Any], said: dict[str, str], protocol: str | None) -> dict[str, Any]:
    """Put what the address says over what the form says."""
    fixed = {**options.get("fixed", {}), **({} if protocol is None else {"protocol": protocol})}
    return {**options, **said, "fixed": fixed}
