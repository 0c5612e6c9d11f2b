"""Read what was and will be sent about a procedure, and send something once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from prep_tracker.api import message_schemas as shapes
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import Door, IdempotencyKey, Lang, act, read, respond, words_of
from prep_tracker.api.wire import Answer, answer
from prep_tracker.catalog.speaking import choose_language, words
from prep_tracker.desk.case import Desk, open_case
from prep_tracker.desk.letterhead import letterhead, ways_of
from prep_tracker.desk.telling import setting
from prep_tracker.exports.messages import write
from prep_tracker.exports.outbox import message_document, reckoned_document, texts_of
from prep_tracker.services import messages

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.services.messages import Messages, Reckoned
    from prep_tracker.store import Connection

router = APIRouter(route_class=Door, tags=["Messages"])
NOBODYS = f"msg_{'0' * 32}"
"""Stands in a preview for the id that a message gets when it is due: a link to end messages that ends nobody's."""
Message = Annotated[
    str,
    Path(
        max_length=64,
        description="The message's id.",
        examples=["msg_0f6f0d7a1c1f4a7db2f1a3f0c9f3b5d1"],
    ),
]


@router.get(
    "/v1/procedures/{procedure_id}/messages",
    response_model=shapes.MessagesOut,
    summary="Read what was and will be sent",
    **documented(None, shapes.MESSAGES, 404),
)
async def get_messages(
    request: Request,
    procedure_id: str,
    texts: Annotated[
        bool,
        Query(
            description="Write the planned ones out, as the patient will read them: in their language, for each "
            "way that they agreed to. Only the link to end them is another one: it is made when they are sent."
        ),
    ] = False,
    lang: Annotated[
        str | None,
        Query(max_length=35, description="The language of the titles in lines; else Accept-Language decides."),
    ] = None,
) -> Response:
    """List all messages about a procedure: sent, planned, dropped and failed, each with why.

    Planned reminders are reckoned from the plan as it stands; a move takes them away and brings others.
    """
    said = words_of(request, lang)

    def work(connection: Connection, desk: Desk) -> dict[str, Any]:
        found = messages.list_messages(connection, desk, procedure_id)
        kept = [message_document(row, found.case.checklist, said) for row in found.kept]
        reckoned = [
            reckoned_document(
                one.digest,
                one.checklist,
                one.why,
                said,
                _preview(request, desk, found, one) if texts and one.why is None else None,
                most=setting(desk.clinic, "most_messages"),
            )
            for one in found.reckoned
        ]
        return {"procedure_id": procedure_id, "items": [*kept, *reckoned]}

    document = await read(request, work)
    return respond(answer(200, document, Content_Language=said.language))


@router.post(
    "/v1/procedures/{procedure_id}/messages/{message}/replay",
    response_model=shapes.MessageOut,
    summary="Send a message once more",
    **documented(None, shapes.AGAIN, 404, 409),
)
async def replay_message(
    request: Request,
    procedure_id: str,
    message: Message,
    lang: Lang = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Plan a message again that was sent, dropped, or could not be sent. It keeps its id."""
    said = words_of(request, lang)

    def work(connection: Connection, desk: Desk) -> Answer:
        row = messages.replay(connection, desk, procedure_id, message)
        checklist = open_case(connection, desk, procedure_id).checklist
        return answer(200, message_document(row, checklist, said), Content_Language=said.language)

    return await act(request, work)


def _preview(request: Request, desk: Desk, found: Messages, one: Reckoned) -> dict[str, str]:
    """Write a reminder in the patient's own language, for each way in which it will go out."""
    own: Words = words(choose_language(found.patient.language, None))
    head = letterhead(desk.clinic, found.patient, request.app.state.public_url, NOBODYS)
    written = write(one.digest, one.checklist, own, head, plain_subject=setting(desk.clinic, "plain_subjects"))
    return texts_of(written, ways_of(found.patient))
