"""Let patients in: links that staff make, sessions that a link or a portal's backend opens, and their end."""

from __future__ import annotations

import json
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Annotated, Any

import segno
from fastapi import APIRouter, HTTPException, Path, Request
from starlette.responses import Response

from prep_tracker.api.cursors import Cursor, Limit, link, page_of
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import Door, Handler, IdempotencyKey, Service, act, read, respond
from prep_tracker.api.portal import examples
from prep_tracker.api.portal import schemas as shapes
from prep_tracker.api.repeating import checked
from prep_tracker.api.wire import Answer, answer
from prep_tracker.domain.errors import Fault, InvalidError, UnauthenticatedError
from prep_tracker.services import portal
from prep_tracker.store.session import EVERY

if TYPE_CHECKING:
    from prep_tracker.desk.case import Desk
    from prep_tracker.services.portal import Opened, Refusal
    from prep_tracker.store import Connection
    from prep_tracker.store.portal import SessionRow

PATIENT = ("patient", "carer")
SessionId = Annotated[str, Path(max_length=32, description="The session's public name.")]


class SessionDoor(Door):
    """A door that a link's token opens by itself; without one, the caller has to be known as everywhere."""

    def get_route_handler(self) -> Handler:
        """Look whether the body brings a token."""
        guarded = super().get_route_handler()
        opened = super(Door, self).get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                sent = json.loads(await request.body())
            except (ValueError, RecursionError, HTTPException):  # whoever sends too much says who they are first
                sent = None
            if isinstance(sent, dict) and sent.get("token") is not None:
                request.state.desk = None
                return await opened(request)
            return await guarded(request)

        return handle


router = APIRouter(route_class=Door, tags=["Portal"])
open_router = APIRouter(route_class=SessionDoor, tags=["Portal"])


@open_router.post(
    "/v1/portal/sessions",
    status_code=201,
    response_model=shapes.SessionOut,
    summary="Open a session for a patient",
    **documented(examples.LINK_TOKEN, examples.SESSION, 404, 409, roles=(), scope="portal:mint"),
)
async def open_session(request: Request, body: shapes.SessionIn, idempotency_key: IdempotencyKey = None) -> Response:
    """Open a session: with the token of a link, once; or, for a portal's backend, for the patient of a procedure.

    Where the clinic asks for the date of birth, a link without it is answered by 422 and stays good. With an
    `Idempotency-Key` of 20 characters or more, chosen at random, the answer is given again for ten minutes, should it
    have been lost on the way: to this key only.
    """
    if body.token is not None:
        made = await _by_link(request, body, None if idempotency_key is None else checked(idempotency_key))
        headers = {"Cache-Control": "no-store"} | ({"Idempotent-Replayed": "true"} if made.again else {})
        return Response(answer(201, _session(made)).body, 201, headers, media_type="application/json")
    procedure_id = body.procedure_id or ""

    def work(connection: Connection, desk: Desk) -> Answer:
        made = portal.mint(connection, desk, procedure_id)
        return answer(201, _session(made), Cache_Control="no-store")

    # A repeated request may not bring the secret to light again, so this answer is not kept.
    return await act(request, work, keep=False)


async def _by_link(request: Request, body: shapes.SessionIn, key: str | None) -> Opened:
    service: Service = request.app.state.service
    token, now = body.token or "", service.clock.now()
    found: Opened | Refusal = "refused"
    try:
        clinic_id = request.state.clinic_id = await service.store.read(lambda c: portal.find_clinic(c, token), EVERY)
        found = await service.store.write(
            lambda c: portal.open_link(
                c, clinic_id, token, body.birth_date, key=key, now=now, request_id=request.state.request_id
            ),
            clinic_id,
        )
    except UnauthenticatedError:
        pass
    if isinstance(found, portal.Opened):
        return found
    if found == "birth-date-needed":
        raise InvalidError(Fault("/birth_date", found, "The clinic asks for the patient's date of birth."))
    request.app.state.limits.count_wrong(request.client and request.client.host)
    if found == "birth-date-wrong":
        raise InvalidError(Fault("/birth_date", found, "This is not the date of birth that the clinic has."))
    raise UnauthenticatedError(portal.REFUSED)


@router.delete(
    "/v1/portal/sessions",
    status_code=204,
    response_model=None,
    summary="Sign out",
    **documented(None, None, roles=PATIENT),
)
async def sign_out(request: Request) -> Response:
    """End the session that is asking: the very next request with it is refused."""

    def work(connection: Connection, desk: Desk) -> Answer:
        portal.sign_out(connection, desk)
        return Answer(204, b"")

    return await act(request, work)


@router.post(
    "/v1/procedures/{procedure_id}/portal-links",
    status_code=201,
    response_model=shapes.LinkOut,
    summary="Make a link for the patient or a carer",
    **documented(examples.NEW_LINK, examples.LINK, 404, 409, scope="portal:mint"),
)
async def make_link(
    request: Request,
    procedure_id: str,
    body: shapes.LinkIn | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Make a link that lets one person in once. It is shown now and never again; for a lost one, make another."""
    wanted = body or shapes.LinkIn()
    base = request.app.state.public_url or str(request.base_url).rstrip("/")

    def work(connection: Connection, desk: Desk) -> Answer:
        token, expires_at = portal.make_link(connection, desk, procedure_id, wanted.expires_in_days, wanted.for_)
        url = f"{base}/p/#token={token}"
        document = {"url": url, "qr_svg": qr(url), "expires_at": _instant(expires_at), "for": wanted.for_}
        return answer(201, document, Cache_Control="no-store")

    return await act(request, work, keep=False)


@router.get(
    "/v1/procedures/{procedure_id}/portal-sessions",
    response_model=shapes.PortalSessionsOut,
    summary="List who is signed in",
    **documented(None, {"items": [examples.SIGNED_IN], "next": None}, 404),
)
async def list_sessions(request: Request, procedure_id: str, limit: Limit = 50, given: Cursor = None) -> Response:
    """List the sessions of a procedure, oldest first, ended ones too; never a secret."""
    rows = await read(request, lambda c, d: portal.sessions_of(c, d, procedure_id))
    page, following = page_of(f"sessions:{procedure_id}", rows, limit, given)
    made = answer(200, {"items": [_shown(row) for row in page], "next": following})
    return respond(Answer(200, made.body, link(request, following)))


@router.delete(
    "/v1/procedures/{procedure_id}/portal-sessions/{session}",
    status_code=204,
    response_model=None,
    summary="End a session",
    **documented(None, None, 404),
)
async def revoke_session(request: Request, procedure_id: str, session: SessionId) -> Response:
    """End a session for whoever holds it: the very next request with it is refused."""

    def work(connection: Connection, desk: Desk) -> Answer:
        portal.revoke(connection, desk, procedure_id, session)
        return Answer(204, b"")

    return await act(request, work)


def qr(text: str) -> str:
    """Draw a text as a QR code, as SVG that takes the colour of what stands around it and any size."""
    drawn = BytesIO()
    segno.make(text, error="m").save(
        drawn, kind="svg", xmldecl=False, omitsize=True, border=2, svgclass=None, lineclass=None
    )
    return drawn.getvalue().decode().strip().replace('stroke="#000"', 'stroke="currentColor"')


def _session(made: Opened) -> dict[str, Any]:
    return {
        "access_token": made.token,
        "expires_at": _instant(made.row.expires_at),
        "procedure_id": made.row.procedure_id,
    }


def _shown(row: SessionRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "for": row.holder,
        "created_at": _instant(row.created_at),
        "expires_at": _instant(row.expires_at),
        "revoked_at": None if row.revoked_at is None else _instant(row.revoked_at),
    }


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
