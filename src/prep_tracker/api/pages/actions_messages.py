"""Send a message of a procedure once more, from its page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from prep_tracker.api.pages.actions_doing import acted
from prep_tracker.api.pages.gate import Gate
from prep_tracker.api.pages.procedure import HERE
from prep_tracker.api.wire import In
from prep_tracker.domain.errors import NotFoundError
from prep_tracker.services import messages

if TYPE_CHECKING:
    from prep_tracker.api.pages.actions_forms import Sent
    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection

router = APIRouter(route_class=Gate, include_in_schema=False)
MESSAGE = re.compile(r"[\w-]{1,64}", re.ASCII)


@router.post(f"{HERE}/messages/{{message}}/replay")
async def replay(request: Request, procedure_id: str, message: str) -> Response:
    """Plan a message again that was sent, dropped, or could not be sent."""
    if MESSAGE.fullmatch(message) is None:
        raise NotFoundError

    def work(connection: Connection, desk: Desk, _body: In, _sent: Sent) -> object:
        return messages.replay(connection, desk, procedure_id, message)

    return await acted(request, procedure_id, In, work, "resent", at="messages")
