"""The protocols of the clinic: which there are, one of them as a calendar, and two versions compared in words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from prep_tracker.api.pages.gate import Gate, read
from prep_tracker.api.pages.protocol_calendar import calendar_view
from prep_tracker.api.pages.protocol_words import Spoken, examples_view, finding_view
from prep_tracker.api.pages.rendering import render, words_of_page
from prep_tracker.api.problems import ERRORS, KINDS
from prep_tracker.catalog import lexicon
from prep_tracker.catalog.published import published
from prep_tracker.domain.days import parse_day
from prep_tracker.domain.errors import NotFoundError
from prep_tracker.services import protocols, publishing

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.desk.case import Desk
    from prep_tracker.domain.errors import PrepError
    from prep_tracker.store import Connection
    from prep_tracker.store.protocols import ProtocolRow

router = APIRouter(route_class=Gate, include_in_schema=False)
HOME = "/staff/protocols"
HERE = HOME + "/{name}"
MADE_UP = timedelta(weeks=8)
"""How far ahead the made-up procedure lies, unless somebody says another day."""
DONE = frozenset({"drafted", "published", "retired"})
_LONGEST_SLUG, _LONGEST_NUMBER = 64, 6


@dataclass(frozen=True, slots=True)
class Found:
    """One version of a protocol, with all versions that whoever looks may see, newest first."""

    row: ProtocolRow
    versions: list[ProtocolRow]


@router.get(HOME)
async def show_all(request: Request) -> Response:
    """List the protocols that can be booked, and for those who write them what is still a draft."""
    desk: Desk = request.state.desk
    words = words_of_page(request)
    lead = leads(desk)
    bookable = await read(request, protocols.list_protocols)
    seen = await read(request, publishing.list_all) if lead else bookable
    own = {row.slug for row in seen if row.clinic_id is not None}
    cards = {row.slug: _card(row, words) for row in bookable}
    for row in seen:
        card = cards.setdefault(row.slug, _card(row, words))
        if row.status == "draft":
            card["drafts"].append({"number": row.number, "by": row.created_by, "mine": _is_by(row, desk)})
    ordered = sorted(cards.values(), key=lambda card: (card["slug"] not in own, card["title"].casefold()))
    return render(request, "staff/protocols.html", section="protocols", cards=ordered, leads=lead)


def _card(row: ProtocolRow, words: Words) -> dict[str, Any]:
    content = json.loads(row.content)
    return {
        "slug": row.slug,
        "title": words.text(content["title"]),
        "summary": words.text(content["summary"]) if content.get("summary") else "",
        "steps": len(content["steps"]),
        "own": row.clinic_id is not None,
        "number": row.number if row.status == "published" else None,
        "published_at": row.published_at,
        "drafts": [],
    }


@router.get(HERE)
async def show(request: Request, name: str) -> Response:
    """Show one version as a calendar; of a draft also what the linter thinks of it."""
    return await show_version(request, name)


async def show_version(request: Request, name: str, error: PrepError | None = None) -> Response:
    """Show a version, with why something that was tried with it could not be done."""
    desk: Desk = request.state.desk
    words = words_of_page(request)
    found = await read(request, lambda c, d: find(c, d, name))
    row = found.row
    rules = published(row.slug, row.number, row.content_hash, row.content)
    spoken = Spoken(rules.protocol, lexicon(), words)
    lead = leads(desk)
    own = row.clinic_id is not None
    findings = publishing.lint_draft(row) if own and lead else ()
    faults = [f for f in findings if f.level == "fault"]
    return render(
        request,
        "staff/protocol.html",
        200 if error is None else KINDS[ERRORS[type(error)]].status,
        section="protocols",
        row=row,
        name=f"{row.slug}@{row.number}",
        title=words.text(rules.protocol.title),
        summary=words.text(rules.protocol.summary) if rules.protocol.summary else "",
        clearance=rules.protocol.clearance == "required",
        asks=[(words.text(fact.ask), fact.by) for fact in rules.protocol.facts],
        calendar=calendar_view(rules, made_up(request, desk), desk.calendar, spoken),
        versions=found.versions,
        before=next((v.number for v in found.versions if v.number < row.number and v.status != "draft"), None),
        findings=[finding_view(f) for f in findings],
        publishable=row.status == "draft" and not faults,
        assumptions=spoken.assumptions(),
        examples=examples_view(rules.protocol, tuple(findings)) if own and lead else None,
        own=own,
        leads=lead,
        mine=_is_by(row, desk),
        done=request.query_params.get("done") if request.query_params.get("done") in DONE else None,
        told=None if error is None else {"kind": ERRORS[type(error)], "detail": error.detail},
    )


def find(connection: Connection, desk: Desk, name: str) -> Found:
    """Find a version by slug@number, or the newest by its slug; a draft is there only for those who write protocols.

    Raises ``NotFoundError``.
    """
    slug, number = named(name)
    if not leads(desk):
        row = protocols.read_protocol(connection, desk, slug, number)
        return Found(row, [row])
    versions = publishing.list_versions(connection, desk, slug)
    if number is None:
        published_ones = [v for v in versions if v.status == "published"] or versions
        # A clinic's own protocol comes before the one that ships under the same slug.
        number = max(published_ones, key=lambda v: (v.clinic_id is not None, v.number)).number
    found = [v for v in versions if v.number == number]
    if not found:
        raise NotFoundError
    row = found[0]
    if row.status != "draft":
        row = protocols.read_protocol(connection, desk, slug, number)
    return Found(row, versions[::-1])


def leads(desk: Desk) -> bool:
    """Say whether somebody writes protocols: then drafts are shown as well."""
    return desk.actor.may("clinician", "admin")


def named(name: str) -> tuple[str, int | None]:
    """Take slug@number apart. Raises ``NotFoundError`` for what cannot be a name."""
    slug, at, number = name.partition("@")
    if at and not (number.isascii() and number.isdecimal() and len(number) <= _LONGEST_NUMBER):
        raise NotFoundError
    if not slug or not slug.isascii() or not slug.isprintable() or len(slug) > _LONGEST_SLUG:
        raise NotFoundError
    return slug, int(number) if at else None


def version(name: str) -> tuple[str, int]:
    """Take slug@number apart where it must be one version. Raises ``NotFoundError``."""
    slug, number = named(name)
    if number is None:
        raise NotFoundError
    return slug, number


@router.get(HERE + "/compare")
async def diff(request: Request, name: str) -> Response:
    """Say in words what changed between two versions, and how many booked patients are asked to start earlier."""
    slug, _ = named(name)
    words = words_of_page(request)
    old, new = (_number(request.query_params.get(key, "")) for key in ("from", "to"))
    found = await read(request, lambda c, d: publishing.compare(c, d, slug, old, new))
    versions = await read(request, lambda c, d: find(c, d, f"{slug}@{new}"))
    row = versions.row
    steps = [
        {
            "step": one.difference.step,
            "kind": one.difference.kind,
            "sentence": words.say(one.difference.phrase),
            "earlier": one.earlier,
            "fields": [(field, _shown(was), _shown(now)) for field, was, now in one.difference.fields],
        }
        for one in found
    ]
    title = words.text(json.loads(row.content)["title"])
    return render(
        request,
        "staff/protocol_compare.html",
        section="protocols",
        slug=slug,
        title=title,
        old=old,
        new=new,
        steps=steps,
        versions=versions.versions,
    )


def made_up(request: Request, desk: Desk) -> date:
    """Give the procedure day that the calendar is shown for: the one in the address, or one some weeks ahead."""
    try:
        return parse_day(request.query_params.get("on", ""))
    except ValueError:
        return desk.today + MADE_UP


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < len(text) <= _LONGEST_NUMBER):
        raise NotFoundError
    return int(text)


def _shown(value: object) -> str:
    """Write what stood in a key: a text as it is, anything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _is_by(row: ProtocolRow, desk: Desk) -> bool:
    """Say whether whoever looks wrote this version: then somebody else has to publish it."""
    return row.created_by.strip().casefold() == desk.actor.person.strip().casefold()
