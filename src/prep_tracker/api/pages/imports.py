"""Import bookings from a file on a page: choose it, look at what it says, correct what is meant, then book it.

The file is never kept between two requests: it is sent again to be booked, and whatever is in by then stays.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from prep_tracker.api import import_schemas as shapes
from prep_tracker.api.importing import book_all, look
from prep_tracker.api.pages.actions_forms import Sent, sent_by, taken
from prep_tracker.api.pages.gate import Gate, read
from prep_tracker.api.pages.imports_view import booked_view, file_faults, report_view
from prep_tracker.api.pages.rendering import render, words_of_page, written
from prep_tracker.api.pages.streaming import progress, streamed
from prep_tracker.api.pages.uploads import file_of
from prep_tracker.api.problems import KINDS
from prep_tracker.domain.errors import InvalidError, PrepError
from prep_tracker.imports.choices import Choices
from prep_tracker.imports.headers import NAMES
from prep_tracker.services import importing
from prep_tracker.services.protocols import list_protocols

if TYPE_CHECKING:
    from prep_tracker.api.door import Service
    from prep_tracker.services.importing import Import

router = APIRouter(route_class=Gate, include_in_schema=False)
IMPORTS = "/staff/imports"
FOR_ADMINS = {"x-roles": ("admin",)}
LEAVE_OUT = "-"
"""What a word for a protocol is given that nothing is prepared for."""


@router.get(IMPORTS, openapi_extra=FOR_ADMINS)
async def choose(request: Request) -> Response:
    """Ask for a file."""
    return await _page(request)


@router.post(IMPORTS, openapi_extra=FOR_ADMINS)
async def import_bookings(request: Request) -> Response:
    """Look at a file and say how every row stands; book it where that is asked for and nothing is wrong."""
    sent = await sent_by(request)
    data = await file_of(request, "file")
    if data is None:
        return await _page(request, sent, missing=True)
    service: Service = request.app.state.service
    try:
        body = await taken(request, shapes.ImportOptionsIn, said_in(sent))
        file = await look(service, request.state.desk, data, Choices(**body.model_dump()))
    except InvalidError as error:
        return await _page(request, sent, error=error)
    if sent.do != "book" or file.report.faults or not file.report.to_book:
        return await _page(request, sent, file)
    return streamed(request, "staff/importing.html", _booked(request, file), section="imports")


def said_in(sent: Sent) -> dict[str, Any]:
    """Give what was chosen on the page as the options that the API takes. What stood there before is not said anew."""
    said: dict[str, Any] = {}
    columns = {name: sent.text(f"column.{name}") for name in NAMES if sent.text(f"column.{name}")}
    said["columns"] = {name: head for name, head in columns.items() if head != sent.text(f"was.column.{name}")}
    fixed = {name: sent.text(f"fixed.{name}") for name in ("protocol", "language") if sent.text(f"fixed.{name}")}
    # Where the file has a column for it, that is meant, unless somebody says so here.
    said["fixed"] = {name: value for name, value in fixed.items() if value != sent.text(f"was.fixed.{name}")}
    for name in said["fixed"]:
        said["columns"].pop(name, None)
    words, means = (sent.texts.get(name, []) for name in ("word", "means"))
    said["protocols"] = {
        word: None if meant == LEAVE_OUT else meant for word, meant in zip(words, means, strict=False) if meant
    }
    for name in ("date_order", "encoding", "sheet"):
        if sent.text(name):
            said[name] = sent.text(name)
    said["remember"] = "forget" not in sent.texts
    return said


async def _booked(request: Request, file: Import) -> AsyncIterator[str]:
    """Book batch by batch. What stops it is the last thing that is said: by now the page is on its way."""
    service: Service = request.app.state.service
    desk = request.state.desk
    words = words_of_page(request)
    yield progress(request, 0, len(file.report.to_book))
    stopped = ""
    try:
        async for done, total in book_all(service, desk, file):
            yield progress(request, done, total)
        await service.store.write(lambda c: importing.finish(c, desk, file), desk.clinic.id)
    except PrepError as error:
        stopped = error.detail
    yield written(request, "staff/imported.html", stopped=stopped, **booked_view(file, words))


async def _page(
    request: Request,
    sent: Sent | None = None,
    file: Import | None = None,
    *,
    error: InvalidError | None = None,
    missing: bool = False,
) -> Response:
    words = words_of_page(request)
    rows = await read(request, list_protocols)
    status = KINDS["invalid"].status if error is not None or missing else 200
    if file is not None and file.report.faults and sent is not None and sent.do == "book":
        status = KINDS["invalid"].status
    if "hx-request" in request.headers:
        status = 200  # a part of a page is put in only where it came without an error
    report: Mapping[str, Any] | None = None if file is None else report_view(file, words)
    return render(
        request,
        "staff/imports.html",
        status,
        section="imports",
        sent=sent,
        report=report,
        missing=missing,
        file_faults=[] if error is None else file_faults(error, words),
        protocols=sorted(row.slug for row in rows),
        leave_out=LEAVE_OUT,
        value=lambda name: "" if sent is None else sent.text(name),
        forget=sent is not None and "forget" in sent.texts,
    )
