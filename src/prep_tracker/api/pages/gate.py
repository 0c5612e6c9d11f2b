"""Stand at the gate of the staff pages: know the browser, check that a form is ours, and answer errors as pages."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from prep_tracker.api.door import STAFF, Handler, Service
from prep_tracker.api.logs import failed
from prep_tracker.api.pages.forgery import require_own_form
from prep_tracker.api.pages.rendering import render
from prep_tracker.api.pages.uploads import form_of
from prep_tracker.api.problems import BY_STATUS, ERRORS, KINDS
from prep_tracker.api.wire import UUID
from prep_tracker.desk.case import Desk, committed
from prep_tracker.domain.errors import (
    ForbiddenError,
    NotFoundError,
    PrepError,
    TooOftenError,
    UnauthenticatedError,
    UnavailableError,
)
from prep_tracker.services import staff_sessions
from prep_tracker.services.clinic import calendar_of
from prep_tracker.store.session import EVERY

if TYPE_CHECKING:
    from prep_tracker.store import Connection

T = TypeVar("T")
HOME = "/staff/"
SIGN_IN = "/staff/sign-in"


class Gate(APIRoute):
    """A page for staff who are signed in. Everybody else is sent to sign in, and comes back afterwards."""

    def get_route_handler(self) -> Handler:
        """Put the session, the role and the form's mark in front of the page."""
        endpoint = self.endpoint
        roles = frozenset((self.openapi_extra or {}).get("x-roles", STAFF))

        async def handle(request: Request) -> Response:
            try:
                try:
                    await enter(request)
                except UnauthenticatedError:
                    return _to_sign_in(request)
                await _let_pass(request, roles)
                answered: Response = await endpoint(request, **request.path_params)
            except PrepError as error:
                answered = error_page(request, error)
            except HTTPException as error:  # of a form that is too large, or cannot be read
                kind = BY_STATUS.get(error.status_code, "bad-request")
                answered = render(request, "staff/error.html", KINDS[kind].status, kind=kind, detail="", faults=())
            except Exception as error:  # noqa: BLE001 - logged without its text, and said as a page
                failed(request, error)
                answered = render(request, "staff/error.html", 500, kind="internal", detail="", faults=())
            return answered

        return handle


async def _let_pass(request: Request, roles: Collection[str]) -> None:
    """Check the role, the ids in the path, and that a form is ours."""
    actor = request.state.desk.actor
    if not actor.may(*roles):
        named = " or ".join(sorted(roles))
        raise ForbiddenError(f"This needs the role {named}; yours is {actor.role}.")
    for name, value in request.path_params.items():
        if name.endswith("_id") and not UUID.fullmatch(value):
            raise NotFoundError
    if request.method != "GET":
        given = request.headers.get("x-csrf") or str((await form_of(request)).get("csrf", ""))
        require_own_form(request, request.state.session_secret, given)


async def enter(request: Request) -> None:
    """Know the browser by its session; sets ``request.state.desk``. Raises ``UnauthenticatedError``."""
    service: Service = request.app.state.service
    if service.trail.is_full:
        await service.trail.make_room(service.store)
    now = service.clock.now()
    secret = request.cookies.get(cookie_name(request), "")
    row, actor, clinic = await service.store.read(lambda c: staff_sessions.resume(c, secret, now=now), EVERY)
    request.app.state.limits.count(actor)
    request.state.session_secret = secret
    request.state.desk = Desk(actor, clinic, calendar_of(clinic), now, request.state.request_id)
    if staff_sessions.is_due_to_be_noted(row, now=now) and request.headers.get("x-refresh") is None:
        await service.store.write(lambda c: staff_sessions.touch(c, row, now=now), clinic.id)


def _to_sign_in(request: Request) -> Response:
    """Send to the sign-in page; a part of a page that is asked for cannot be sent anywhere, so the browser is told."""
    wanted = request.url.path if request.method == "GET" and "hx-request" not in request.headers else HOME
    if request.method == "GET" and "hx-request" not in request.headers and request.url.query:
        wanted += f"?{request.url.query}"
    target = f"{SIGN_IN}?next={quote(wanted, safe='/')}"
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": target, "Cache-Control": "no-store"})
    return RedirectResponse(target, 303, {"Cache-Control": "no-store"})


def error_page(request: Request, error: PrepError) -> Response:
    """Say on a page what went wrong and what to do."""
    slug = ERRORS[type(error)]
    headers = {}
    if isinstance(error, TooOftenError):
        headers["Retry-After"] = str(error.seconds)
    if isinstance(error, UnavailableError):
        headers["Retry-After"] = "2"
    faults = getattr(error, "faults", ())
    status = KINDS[slug].status
    return render(request, "staff/error.html", status, headers=headers, kind=slug, detail=error.detail, faults=faults)


async def read(request: Request, fn: Callable[[Connection, Desk], T]) -> T:
    """Read in one transaction, for the clinic of whoever is signed in."""
    service: Service = request.app.state.service
    desk: Desk = request.state.desk
    return await service.store.read(lambda connection: fn(connection, desk), desk.clinic.id)


async def act(request: Request, fn: Callable[[Connection, Desk], T]) -> T:
    """Act in one transaction, which is committed before anything is shown."""
    service: Service = request.app.state.service
    desk: Desk = request.state.desk

    def once(connection: Connection) -> T:
        desk.planned.clear()  # of what is done once more, because the database was busy, only the last time counts
        desk.noted.clear()
        return fn(connection, desk)

    done = await service.store.write(once, desk.clinic.id)
    committed(desk)
    return done


def inside(address: str) -> str:
    """Give an address of these pages, or the first page for any other: nobody is sent elsewhere by a link of ours."""
    plain = address.startswith(HOME) and not any(ord(sign) < 33 or sign == "\\" for sign in address)  # noqa: PLR2004 - blanks
    return address if plain and not address.startswith(SIGN_IN) and "//" not in address else HOME


def see(request: Request, address: str) -> Response:
    """Send the browser to a page, after something was done: a reload does not do it again."""
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": address, "Cache-Control": "no-store"})
    return RedirectResponse(address, 303, {"Cache-Control": "no-store"})


def cookie_name(request: Request) -> str:
    """Give the name of the session's cookie: over https it is bound to this very host."""
    return "__Host-prep_staff" if request.url.scheme == "https" else "prep_staff"


def keep_cookie(request: Request, response: Response, secret: str) -> Response:
    """Hand the session's secret to the browser, out of reach of scripts and of other sites."""
    response.set_cookie(
        cookie_name(request), secret, path="/", secure=request.url.scheme == "https", httponly=True, samesite="lax"
    )
    return response


def drop_cookie(request: Request, response: Response) -> Response:
    """Take the session's secret back."""
    response.delete_cookie(
        cookie_name(request), path="/", secure=request.url.scheme == "https", httponly=True, samesite="lax"
    )
    return response
