"""Let staff sign in on the pages with their key, and out again."""

from __future__ import annotations

import secrets
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse, Response

from prep_tracker.api.callers import caller_of
from prep_tracker.api.door import Handler, Service
from prep_tracker.api.pages.forgery import masked, require_own_form
from prep_tracker.api.pages.gate import (
    SIGN_IN,
    Gate,
    act,
    cookie_name,
    drop_cookie,
    enter,
    error_page,
    inside,
    keep_cookie,
)
from prep_tracker.api.pages.rendering import LANGUAGE, render
from prep_tracker.api.pages.uploads import form_of
from prep_tracker.catalog.locales import staff_texts
from prep_tracker.desk.case import Desk
from prep_tracker.domain.errors import ForbiddenError, PrepError, TooOftenError, UnauthenticatedError
from prep_tracker.services import staff_sessions
from prep_tracker.services.clinic import calendar_of
from prep_tracker.services.sign_in import provider_to_offer
from prep_tracker.store.session import EVERY

BEFORE = "prep_before"
"""The cookie that ties the sign-in form to this browser, before there is a session."""


_STATUS = {"": 200, "sign_in.not_for_staff": 403, "sign_in.provider_away": 503}


class Open(APIRoute):
    """A page for everybody; errors are pages too."""

    def get_route_handler(self) -> Handler:
        """Put nothing in front."""
        endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            try:
                answered: Response = await endpoint(request)
            except PrepError as error:
                answered = error_page(request, error)
            return answered

        return handle


public = APIRouter(route_class=Open, include_in_schema=False)
router = APIRouter(route_class=Gate, include_in_schema=False)


@public.get(SIGN_IN)
async def ask(request: Request) -> Response:
    """Ask for a key; whoever is signed in already goes on."""
    target = inside(request.query_params.get("next", ""))
    try:
        await enter(request)
    except UnauthenticatedError:
        return await show_form(request, target)
    return RedirectResponse(target, 303)


@public.post(SIGN_IN)
async def sign_in(request: Request) -> Response:
    """Take a key and begin a session. The key itself goes no further."""
    form = await form_of(request)
    target = inside(str(form.get("next", "")))
    secret = request.cookies.get(BEFORE, "")
    service: Service = request.app.state.service
    now = service.clock.now()
    try:
        require_own_form(request, secret, str(form.get("csrf", "")))
        actor, clinic = await caller_of(request.app, str(form.get("key", "")).strip(), now)
        request.app.state.limits.count(actor)
        request.state.desk = Desk(actor, clinic, calendar_of(clinic), now, request.state.request_id)
        began = await act(request, staff_sessions.begin)
    except UnauthenticatedError:
        try:
            request.app.state.limits.count_wrong(request.client and request.client.host)
        except TooOftenError as error:
            return await show_form(request, target, "sign_in.too_often", error.seconds)
        return await show_form(request, target, "sign_in.wrong")
    except ForbiddenError:
        request.state.desk = None
        return await show_form(request, target, "sign_in.not_for_staff")
    response = keep_cookie(request, RedirectResponse(target, 303), began)
    response.delete_cookie(BEFORE, path=SIGN_IN)
    return response


@router.post("/staff/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session, here and for whoever has its secret."""
    secret = request.cookies.get(cookie_name(request), "")
    await act(request, lambda connection, desk: staff_sessions.end(connection, desk, secret))
    return drop_cookie(request, RedirectResponse(SIGN_IN, 303))


@public.get("/staff/language")
async def choose(request: Request) -> Response:
    """Keep the language that somebody chose, and go back to the page."""
    response = RedirectResponse(inside(request.query_params.get("next", "")), 303)
    wanted = request.query_params.get("to", "")
    if staff_texts(wanted):
        response.set_cookie(LANGUAGE, wanted, max_age=31_536_000, path="/", httponly=True, samesite="lax")
    return response


async def show_form(request: Request, target: str, wrong: str | None = None, seconds: int = 0) -> Response:
    """Show the form, with what was wrong; where a clinic's provider is known, with the way there."""
    service: Service = request.app.state.service
    clinic_id = request.query_params.get("clinic", "")
    found = await service.store.read(lambda c: provider_to_offer(c, clinic_id[:36]), EVERY)
    mark = request.cookies.get(BEFORE) or secrets.token_urlsafe(24)
    status = _STATUS.get(wrong or "", 429 if seconds else 401)
    headers = {"Retry-After": str(seconds)} if seconds else {}
    response = render(
        request,
        "staff/sign_in.html",
        status,
        headers=headers,
        target=target,
        back=quote(target, safe="/"),
        wrong=wrong,
        seconds=seconds,
        before=masked(mark),
        provider=found,
    )
    response.set_cookie(
        BEFORE, mark, path=SIGN_IN, secure=request.url.scheme == "https", httponly=True, samesite="strict"
    )
    return response
