"""Say something about a procedure: marks, contacts, answers, withdrawals; and read the whole record."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Path, Request
from starlette.responses import Response

from prep_tracker.api import results, schemas
from prep_tracker.api.cursors import Cursor, Limit, cursor, link, place
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import ALSO_CHECKED, Door, IdempotencyKey, Lang, act, desk_of, read, respond, words_of
from prep_tracker.api.examples import ANSWERS, ENTRIES, EXPOSED, EXPOSURE, MARK, MARKED, SAID, WITHDRAWAL
from prep_tracker.api.staff.views import entry_document, etag, exposed_document, marked_document, own_of, said_document
from prep_tracker.api.wire import Answer, Key, answer
from prep_tracker.domain.days import parse_day
from prep_tracker.domain.entries import Withdrawn
from prep_tracker.services import marking

if TYPE_CHECKING:
    from prep_tracker.desk.case import Desk
    from prep_tracker.domain.errors import Fault
    from prep_tracker.store import Connection

router = APIRouter(route_class=Door, tags=["Procedures"])
Number = Annotated[int, Path(ge=1, le=10**6, description="The entry's number in the record.")]


@router.post(
    "/v1/procedures/{procedure_id}/marks",
    status_code=201,
    response_model=results.MarkedOut,
    summary="Mark a step",
    **documented(MARK, MARKED, 404, 409, scope="procedures:write"),
)
async def mark(
    request: Request, procedure_id: str, body: schemas.MarkIn, lang: Lang = None, idempotency_key: IdempotencyKey = None
) -> Response:
    """Say that a step is done, kept since a day, kept or missed on a day, understood, safe or unsafe."""
    words = words_of(request, lang)

    def work(connection: Connection, desk: Desk) -> Answer:
        desk = replace(desk, on_behalf_of=None if desk.actor.procedure_id else body.on_behalf_of)
        on = body.on
        if on is None and body.kind != "since":
            on = desk.today
        case = marking.mark(connection, desk, procedure_id, body.kind, body.step, on)
        return answer(
            201,
            marked_document(case, body.step, words, own_of(desk)),
            ETag=etag(case, desk, words),
            Content_Language=words.language,
        )

    return await act(request, work)


@router.post(
    "/v1/procedures/{procedure_id}/exposures",
    status_code=201,
    response_model=results.ExposureOut,
    summary="Report a contact with something to be avoided",
    **documented(EXPOSURE, EXPOSED, 404, 409, scope="procedures:write"),
)
async def expose(
    request: Request,
    procedure_id: str,
    body: schemas.ExposureIn,
    lang: Lang = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Report sun, a tanning bed, a retinoid …: the answer says at once how the procedure stands now."""
    words = words_of(request, lang)

    def work(connection: Connection, desk: Desk) -> Answer:
        before, after = marking.expose(connection, desk, procedure_id, body.to, body.on, body.kind, body.note)
        document = exposed_document(before, after, words)
        return answer(201, document, ETag=etag(after, desk, words), Content_Language=words.language)

    return await act(request, work)


@router.put(
    "/v1/procedures/{procedure_id}/answers",
    response_model=results.SaidOut,
    summary="Answer what the protocol asks",
    **documented(ANSWERS, SAID, 404, 409, scope="procedures:write"),
)
async def put_answers(
    request: Request,
    procedure_id: str,
    body: Annotated[dict[Key, Any], Body(max_length=200, description="Facts by id; null takes an answer back.")],
    lang: Lang = None,
) -> Response:
    """Answer facts; those that are not sent stay as they are."""
    words = words_of(request, lang)

    def work(connection: Connection, desk: Desk) -> Answer:
        case = marking.answer(connection, desk, procedure_id, body)
        return answer(200, said_document(case, words), ETag=etag(case, desk, words), Content_Language=words.language)

    return await act(request, work)


@router.get(
    "/v1/procedures/{procedure_id}/entries",
    response_model=results.EntriesOut,
    summary="Read the record",
    **documented(None, ENTRIES, 404, scope="procedures:read"),
)
async def get_entries(request: Request, procedure_id: str, limit: Limit = 50, given: Cursor = None) -> Response:
    """Read everything that was said, newest last, each with who said it and when."""
    owner = f"{desk_of(request).clinic.id} {procedure_id}"
    after = 0
    if given is not None:
        after = int(place(owner, given)[0] or 0)
    entries = await read(request, lambda c, d: marking.read_entries(c, d, procedure_id))
    withdrawn = frozenset(x.entry for x in entries if isinstance(x, Withdrawn))
    page = [x for x in entries if x.seq > after][: limit + 1]
    following = cursor(owner, page[limit - 1].seq) if len(page) > limit else None
    document = {"items": [entry_document(x, withdrawn) for x in page[:limit]], "next": following}
    made = answer(200, document)
    return respond(Answer(200, made.body, link(request, following)))


@router.post(
    "/v1/procedures/{procedure_id}/entries/{n}/withdrawal",
    status_code=201,
    response_model=results.SaidOut,
    summary="Withdraw an entry that was a mistake",
    **documented(WITHDRAWAL, SAID, 404, 409, scope="procedures:write"),
)
async def withdraw(
    request: Request,
    procedure_id: str,
    n: Number,
    body: schemas.WithdrawalIn | None = None,
    lang: Lang = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Withdraw an entry: it stays in the record and is ignored from now on."""
    words = words_of(request, lang)
    reason = body.reason if body else None

    def work(connection: Connection, desk: Desk) -> Answer:
        case = marking.withdraw(connection, desk, procedure_id, n, reason)
        return answer(201, said_document(case, words), ETag=etag(case, desk, words), Content_Language=words.language)

    return await act(request, work)


def _also_marked(connection: Connection, desk: Desk, sound: dict[str, Any], path: dict[str, str]) -> list[Fault]:
    """Check the well-formed fields of a mark in which others are not."""
    return marking.check_mark(
        connection, desk, path["procedure_id"], sound.get("kind"), sound.get("step"), _day(sound.get("on"))
    )


def _also_exposed(connection: Connection, desk: Desk, sound: dict[str, Any], path: dict[str, str]) -> list[Fault]:
    """Check the well-formed fields of a contact in which others are not."""
    return marking.check_exposure(
        connection, desk, path["procedure_id"], sound.get("to"), sound.get("kind"), _day(sound.get("on"))
    )


def _day(sent: str | None) -> date | None:
    return None if sent is None else parse_day(sent)


ALSO_CHECKED["mark"] = _also_marked
ALSO_CHECKED["expose"] = _also_exposed
