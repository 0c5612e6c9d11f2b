"""Let the patient of a procedure in, or a carer: a link that is shown once, and the sessions that it opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from prep_tracker.api.pages.actions_doing import RETURNED, acted, address, once_done
from prep_tracker.api.pages.actions_forms import sent_by, taken
from prep_tracker.api.pages.gate import Gate
from prep_tracker.api.pages.procedure import HERE, Back, show_procedure
from prep_tracker.api.portal.schemas import LinkIn
from prep_tracker.api.portal.sessions import qr
from prep_tracker.api.wire import In
from prep_tracker.domain.days import civil_day
from prep_tracker.services import portal

if TYPE_CHECKING:
    from prep_tracker.api.pages.actions_forms import Sent
    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection

router = APIRouter(route_class=Gate, include_in_schema=False)


@router.post(f"{HERE}/portal-links")
async def make_link(request: Request, procedure_id: str) -> Response:
    """Make a link and show it on this very page: its secret stands in no address and is kept nowhere."""
    sent = await sent_by(request)
    base = request.app.state.public_url or str(request.base_url).rstrip("/")
    link: dict[str, Any] = {}
    try:
        body = await taken(request, LinkIn, sent.body())

        def work(connection: Connection, desk: Desk) -> None:
            token, expires_at = portal.make_link(connection, desk, procedure_id, body.expires_in_days, body.for_)
            url = f"{base}/p/#token={token}"
            link.update(url=url, until=civil_day(expires_at, desk.clinic.time_zone), holder=body.for_)

        await once_done(request, sent, work, address(procedure_id, "link"), keep=False)
    except RETURNED as error:
        return await show_procedure(request, procedure_id, Back(sent, error))
    # Drawn by us from a link of ours, so there is nothing in it to escape.
    link["qr"] = Markup(qr(link["url"]))  # noqa: S704 - see above
    return await show_procedure(request, procedure_id, Back(sent), {"link": link})


@router.post(f"{HERE}/portal-sessions/{{session}}")
async def end_session(request: Request, procedure_id: str, session: str) -> Response:
    """End a session for whoever holds it."""

    def work(connection: Connection, desk: Desk, _body: In, _sent: Sent) -> None:
        portal.revoke(connection, desk, procedure_id, session)

    return await acted(request, procedure_id, In, work, "session")
