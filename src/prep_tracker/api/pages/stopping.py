"""Let whoever got a message stop further ones: a page with one button, and what a mail program does by itself.

Looking changes nothing, since programs look at every link of a message before anybody reads it; only the button does,
or the POST of a mail program that knows List-Unsubscribe-Post (RFC 8058). An address that leads to nothing says so on a
page as well: whoever opened it is a person, and holds something that was cut or is old.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from prep_tracker.api.door import Service
from prep_tracker.api.pages.assets import address
from prep_tracker.api.pages.embed import direction
from prep_tracker.catalog.speaking import choose_language, words
from prep_tracker.desk.case import Desk
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.errors import NotFoundError
from prep_tracker.domain.explain import Phrase
from prep_tracker.domain.stop_code import decode
from prep_tracker.services import stopping
from prep_tracker.services.clinic import calendar_of
from prep_tracker.store import clinics

if TYPE_CHECKING:
    from collections.abc import Callable

    from prep_tracker.services.stopping import Reader
    from prep_tracker.store import Connection

router = APIRouter(include_in_schema=False)
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
LONGEST = 40
KEYS = {"email": "message.stop.page", "sms": "message.stop.page.sms"}


@router.get("/s/{code}")
async def ask_briefly(request: Request, code: str) -> Response:
    """Ask whether messages of this kind shall stop."""
    return await _asked(request, decode(code))


@router.post("/s/{code}")
async def stop_briefly(request: Request, code: str) -> Response:
    """Stop all messages of this kind to whoever got this one."""
    return await _stopped(request, decode(code))


@router.get("/stop/{clinic}/{message}")
async def ask(request: Request, clinic: str, message: str) -> Response:
    """Ask the same at the address that messages had before it was short."""
    return await _asked(request, _checked(clinic, message))


@router.post("/stop/{clinic}/{message}")
async def stop(request: Request, clinic: str, message: str) -> Response:
    """Stop the same at the address that messages had before it was short."""
    return await _stopped(request, _checked(clinic, message))


async def _asked(request: Request, ids: tuple[str, str] | None) -> Response:
    if ids is None:
        return _nothing(request)
    service: Service = request.app.state.service
    try:
        desk, reader = await service.store.read(_work(request, ids, stopping.find_reader), ids[0])
    except NotFoundError:
        return _nothing(request)
    return _page(desk, reader)


async def _stopped(request: Request, ids: tuple[str, str] | None) -> Response:
    if ids is None:
        return _nothing(request)
    service: Service = request.app.state.service
    try:
        desk, reader = await service.store.write(_work(request, ids, stopping.stop_messages), ids[0])
    except NotFoundError:
        return _nothing(request)
    return _page(desk, reader)


def _checked(clinic: str, message: str) -> tuple[str, str] | None:
    """Let nothing into the database's settings that cannot be an id."""
    if not all(0 < len(one) <= LONGEST and one.isascii() for one in (clinic, message)):
        return None
    return (clinic, message) if clinic.replace("-", "").isalnum() else None


def _work(
    request: Request, ids: tuple[str, str], use: Callable[[Connection, Desk, str], Reader]
) -> Callable[[Connection], tuple[Desk, Reader]]:
    service: Service = request.app.state.service
    clinic_id, message_id = ids

    def work(connection: Connection) -> tuple[Desk, Reader]:
        clinic = clinics.get(connection, clinic_id)
        actor = Actor(clinic_id, "patient", "message", "")
        desk = Desk(actor, clinic, calendar_of(clinic), service.clock.now(), request.state.request_id)
        found = use(connection, desk, message_id)
        request.state.desk = desk
        return desk, found

    return work


def _page(desk: Desk, reader: Reader) -> Response:
    """Write the page in the patient's language. It names the clinic and nobody."""
    language = choose_language(reader.patient.language, None)
    spoken, named = words(language), {"clinic": desk.clinic.name}

    def say(key: str) -> str:
        return escape(spoken.say(Phrase(f"{KEYS[reader.channel]}.{key}", named)))

    form = "" if reader.stopped else f'<form method="post"><button>{say("yes")}</button></form>'
    return _html(language, say("title"), f"<p>{say('done' if reader.stopped else 'ask')}</p>{form}", 200)


def _nothing(request: Request) -> Response:
    """Say kindly, in the language of the browser, that an address leads to nothing, whatever is wrong with it."""
    language = choose_language(None, request.headers.get("accept-language"))

    def say(key: str) -> str:
        return escape(words(language).say(Phrase(f"message.stop.page.nothing.{key}")))

    return _html(language, say("title"), f"<p>{say('text')}</p>", 404)


def _html(language: str, title: str, inside: str, status: int) -> Response:
    html = (
        f'<!doctype html><html lang="{language}" dir="{direction(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f'<title>{title}</title><link rel="stylesheet" href="{address("patient.css")}"></head>'
        f'<body><main><section class="card"><h1>{title}</h1>{inside}</section></main></body></html>'
    )
    return HTMLResponse(html, status, headers=HEADERS | {"Content-Language": language})
