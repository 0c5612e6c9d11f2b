"""Move booked procedures to another version of their protocol: one, or a chosen list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from prep_tracker.api import clinic_examples, examples, results
from prep_tracker.api import protocol_schemas as shapes
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import Door, IdempotencyKey, IfMatch, Lang, act, read, respond, versions_of, words_of
from prep_tracker.api.staff.publishing import LEADS, Slug
from prep_tracker.api.staff.views import etag
from prep_tracker.api.wire import UUID, Answer, answer
from prep_tracker.api.witness import showed
from prep_tracker.exports.document import change_document
from prep_tracker.services import migrating
from prep_tracker.services.migrating import Outcome

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection

router = APIRouter(route_class=Door, tags=["Protocols"])
PREVIEW = Annotated[bool, Query(description="Answer what it would do, and change nothing.")]


@router.post(
    "/v1/procedures/{procedure_id}/protocol",
    response_model=results.MoveOut,
    summary="Move a procedure to another version of its protocol",
    **documented({"version": 2}, examples.MOVED, 404, 409, 412, 428),
)
async def migrate(
    request: Request,
    procedure_id: str,
    body: shapes.MigrationIn,
    preview: PREVIEW = False,
    lang: Lang = None,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Move one procedure to another version. What was said stays said, and is judged by the new rules."""
    words = words_of(request, lang)
    if preview:
        made = await read(request, lambda c, d: migrating.preview(c, d, procedure_id, body.version))
        return respond(answer(200, change_document(made, words), Content_Language=words.language))

    def work(connection: Connection, desk: Desk) -> Answer:
        case, done = migrating.migrate(connection, desk, procedure_id, body.version, if_match=versions_of(if_match))
        document = change_document(done, words)
        return answer(200, document, ETag=etag(case, desk, words), Content_Language=words.language)

    return await act(request, work)


@router.post(
    "/v1/protocols/{slug}/migrations",
    response_model=shapes.MigrationsOut,
    summary="Move a chosen list of procedures to another version",
    **documented(clinic_examples.MIGRATIONS, clinic_examples.MIGRATED, 404, roles=LEADS),
)
async def migrate_many(
    request: Request,
    slug: Slug,
    body: shapes.MigrationsIn,
    preview: PREVIEW = False,
    lang: Lang = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Move each procedure that still has the version given with it; the others are told and left as they are."""
    words = words_of(request, lang)
    chosen = {one.id: one.version for one in body.procedures if UUID.fullmatch(one.id)}
    strange = [Outcome(one.id, "not-found") for one in body.procedures if not UUID.fullmatch(one.id)]

    def work(connection: Connection, desk: Desk) -> Answer:
        done = migrating.migrate_many(connection, desk, slug, body.version, chosen, preview=preview)
        showed(request, procedures=[one.procedure_id for one in done if one.outcome != "not-found"])
        document = {"preview": preview, "items": [_outcome(one, words) for one in (*done, *strange)]}
        return answer(200, document, Content_Language=words.language)

    return respond(await read(request, work)) if preview else await act(request, work)


def _outcome(one: Outcome, words: Words) -> dict[str, Any]:
    return {
        "procedure_id": one.procedure_id,
        "outcome": one.outcome,
        "version": one.version,
        "change": None if one.change is None else change_document(one.change, words),
    }
