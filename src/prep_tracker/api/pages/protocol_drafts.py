"""Write a protocol on a page: check a text as often as one likes, keep it as a draft, publish and retire versions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml
from fastapi import APIRouter, Request
from starlette.responses import Response

from prep_tracker.api.door import done
from prep_tracker.api.pages.actions_doing import RETURNED, once_done, seen
from prep_tracker.api.pages.actions_forms import Form, Sent, sent_by
from prep_tracker.api.pages.gate import Gate, read
from prep_tracker.api.pages.protocol_words import Spoken, examples_view, finding_view
from prep_tracker.api.pages.protocols import HERE, HOME, find, show_version, version
from prep_tracker.api.pages.rendering import render, words_of_page
from prep_tracker.api.pages.uploads import file_of
from prep_tracker.api.problems import ERRORS, KINDS
from prep_tracker.api.repeating import once
from prep_tracker.api.staff.publishing import LEADS
from prep_tracker.api.wire import Answer
from prep_tracker.catalog import lexicon, load_protocol, slugs, source
from prep_tracker.catalog import protocol as shipped_protocol
from prep_tracker.catalog.published import content_of
from prep_tracker.domain.errors import PrepError
from prep_tracker.services import publishing

if TYPE_CHECKING:
    from collections.abc import Callable

    from prep_tracker.catalog import Located
    from prep_tracker.desk.case import Desk
    from prep_tracker.domain.protocol import Protocol
    from prep_tracker.store import Connection
    from prep_tracker.store.protocols import ProtocolRow

router = APIRouter(route_class=Gate, include_in_schema=False)
DRAFT = "/staff/drafts"
TEXT = "text"
FOR_LEADS = {"x-roles": LEADS}


@router.get(DRAFT, openapi_extra=FOR_LEADS)
async def write(request: Request) -> Response:
    """Show an empty sheet, or a version to begin with."""
    name = request.query_params.get("from", "")
    text = ""
    if name:
        found = await read(request, lambda c, d: find(c, d, name))
        text = text_of(found.row)
    return _page(request, Form("draft", None), text)


@router.post(DRAFT, openapi_extra=FOR_LEADS)
async def check(request: Request) -> Response:
    """Say what the linter thinks of a text, or keep it as a draft. What was typed comes back whatever is wrong."""
    sent = await sent_by(request)
    given: str | bytes | None = await file_of(request, "file")
    if given is None:
        given = sent.texts.get(TEXT, [""])[0]
    text = given.decode(errors="replace") if isinstance(given, bytes) else given
    protocol, located = load_protocol(given, lexicon(), "draft")
    error: PrepError | None = None
    if protocol is not None and sent.do == "keep":
        try:
            return seen(request, await _keep(request, sent, protocol))
        except RETURNED as found:
            error = found
    return _page(request, Form("draft", None), text, protocol, located, error=error, looked=True)


async def _keep(request: Request, sent: Sent, protocol: Protocol) -> Answer:
    """Keep a draft, once for this form."""

    def work(connection: Connection, desk: Desk) -> Answer:
        row = publishing.draft(connection, desk, protocol.protocol, protocol)
        return Answer(303, b"", {"Location": f"{HOME}/{row.slug}@{row.number}?done=drafted"})

    repeat = sent.repeat(request)
    return await done(request, work if repeat is None else once(work, repeat))


def _page(
    request: Request,
    form: Form,
    text: str,
    protocol: Protocol | None = None,
    located: tuple[Located, ...] = (),
    *,
    error: PrepError | None = None,
    looked: bool = False,
) -> Response:
    words = words_of_page(request)
    findings = tuple(one.finding for one in located)
    status = 200 if error is None else KINDS[ERRORS[type(error)]].status
    if looked and protocol is None:
        status = KINDS["invalid"].status
    return render(
        request,
        "staff/draft.html",
        status,
        section="protocols",
        once=form.once,
        text=text,
        looked=looked,
        protocol=protocol,
        faults=[finding_view(x.finding, x.line) for x in located if x.finding.level == "fault"],
        notes=[finding_view(x.finding, x.line) for x in located if x.finding.level == "note"],
        assumptions=[] if protocol is None else Spoken(protocol, lexicon(), words).assumptions(),
        examples=None if protocol is None else examples_view(protocol, findings),
        told=None if error is None else {"kind": ERRORS[type(error)], "detail": error.detail},
        lines=text.count("\n") + 1,
        samples=[(slug, words.text(shipped_protocol(slug).title)) for slug in slugs()],
    )


@router.post(HERE + "/publish", openapi_extra=FOR_LEADS)
async def publish(request: Request, name: str) -> Response:
    """Publish a draft that another person wrote."""
    return await _decided(request, name, publishing.publish, "published")


@router.post(HERE + "/retire", openapi_extra=FOR_LEADS)
async def retire(request: Request, name: str) -> Response:
    """Retire a published version: nobody books it any more."""
    return await _decided(request, name, publishing.retire, "retired")


async def _decided(
    request: Request, name: str, fn: Callable[[Connection, Desk, str, int], object], what: str
) -> Response:
    """Do what was decided about a version, once for this form, and show how it stands."""
    slug, number = version(name)
    sent = await sent_by(request)
    try:
        made = await once_done(request, sent, lambda c, d: fn(c, d, slug, number), f"{HOME}/{name}?done={what}")
    except RETURNED as error:
        return await show_version(request, name, error)
    return seen(request, made)


def text_of(row: ProtocolRow) -> str:
    """Write a version as a text to begin with: the file with its comments where it ships, else made anew."""
    if row.slug in slugs() and content_of(shipped_protocol(row.slug))[1] == row.content_hash:
        return source(row.slug)
    return written_anew(row.content)


def written_anew(content: str) -> str:
    """Write stored content as YAML, as a clinic would."""
    made: Any = yaml.safe_dump(json.loads(content), sort_keys=False, allow_unicode=True, width=100)
    return str(made)
