"""Let whoever got an e-mail stop further ones: a page with one button, and what a mail program does by itself.

Looking changes nothing, since programs look at every link of an e-mail before anybody reads it; only the button does,
or the POST of a mail program that knows List-Unsubscribe-Post (RFC 8058).
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
from prep_tracker.services import stopping
from prep_tracker.services.clinic import calendar_of
from prep_tracker.store import clinics

if TYPE_CHECKING:
    from prep_tracker.store import Connection
    from prep_tracker.store.patients import PatientRow

router = APIRouter(include_in_schema=False)
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
LONGEST = 40


@router.get("/stop/{clinic}/{message}")
async def ask(request: Request, clinic: str, message: str) -> Response:
    """Ask whether e-mails shall stop."""
    service: Service = request.app.state.service

    def work(connection: Connection) -> tuple[Desk, PatientRow]:
        desk = _desk(request, connection, clinic)
        return desk, stopping.find_reader(connection, desk, message)

    _check(clinic, message)
    desk, patient = await service.store.read(work, clinic)
    return _page(desk, patient, done=not patient.messages.get("email"))


@router.post("/stop/{clinic}/{message}")
async def stop(request: Request, clinic: str, message: str) -> Response:
    """Stop all e-mails to whoever got this one."""
    service: Service = request.app.state.service

    def work(connection: Connection) -> tuple[Desk, PatientRow]:
        desk = _desk(request, connection, clinic)
        return desk, stopping.stop_emails(connection, desk, message)

    _check(clinic, message)
    desk, patient = await service.store.write(work, clinic)
    return _page(desk, patient, done=True)


def _check(clinic: str, message: str) -> None:
    """Let nothing into the database's settings that cannot be an id."""
    if not all(0 < len(one) <= LONGEST and one.isascii() for one in (clinic, message)):
        raise NotFoundError
    if not clinic.replace("-", "").isalnum():
        raise NotFoundError


def _desk(request: Request, connection: Connection, clinic_id: str) -> Desk:
    service: Service = request.app.state.service
    clinic = clinics.get(connection, clinic_id)
    actor = Actor(clinic_id, "patient", "e-mail", "")
    desk = Desk(actor, clinic, calendar_of(clinic), service.clock.now(), request.state.request_id)
    request.state.desk = desk
    return desk


def _page(desk: Desk, patient: PatientRow, *, done: bool) -> Response:
    """Write the page in the patient's language. It names the clinic and nobody."""
    language = choose_language(patient.language, None)
    spoken = words(language)

    def say(key: str) -> str:
        return escape(spoken.say(Phrase(f"message.stop.page.{key}", {"clinic": desk.clinic.name})))

    form = "" if done else f'<form method="post"><button>{say("yes")}</button></form>'
    html = (
        f'<!doctype html><html lang="{language}" dir="{direction(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f'<title>{say("title")}</title><link rel="stylesheet" href="{address("patient.css")}"></head>'
        f'<body><main><section class="card"><h1>{say("title")}</h1>'
        f"<p>{say('done' if done else 'ask')}</p>{form}</section></main></body></html>"
    )
    return HTMLResponse(html, headers=HEADERS | {"Content-Language": language})
