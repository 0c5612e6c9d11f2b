"""Write pages from templates: escaped by default, compressed, and with nothing in them from elsewhere."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from starlette.responses import Response

from prep_tracker.api.pages.assets import address
from prep_tracker.api.pages.forgery import masked
from prep_tracker.catalog.locales import staff_texts
from prep_tracker.catalog.speaking import FALLBACK, choose_language, words
from prep_tracker.catalog.telling import told
from prep_tracker.catalog.words import Words
from prep_tracker.domain.explain import Phrase, Value

TEMPLATES = Path(__file__).parents[2] / "web" / "templates"
LANGUAGE = "prep_lang"
"""The cookie that keeps the language that somebody chose."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Vary": "Accept-Encoding, Accept-Language, Cookie",
}
_COMPRESSED_FROM = 1_000


@cache
def environment() -> Environment:
    """Read templates; a name that a page forgot to give is an error, not a gap."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    made.globals.update(say=_say, day=_day, brief=_brief, count=_count, asset=address, translated=_translated)
    return made


def words_of_page(request: Request) -> Words:
    """Give the words of the language that staff chose, or that their browser prefers, out of those staff work in."""
    wanted = request.query_params.get("lang") or request.cookies.get(LANGUAGE)
    language = choose_language(wanted, request.headers.get("accept-language"))
    return words(language if staff_texts(language) else FALLBACK)


def render(
    request: Request, template: str, status: int = 200, *, headers: Mapping[str, str] | None = None, **context: object
) -> Response:
    """Answer with a page."""
    page = written(request, template, **context)
    return _packed(request, page.encode(), status, {**headers_of(request), **(headers or {})})


def headers_of(request: Request) -> dict[str, str]:
    """Give what stands above every page."""
    return {**HEADERS, "Content-Language": words_of_page(request).language}


def written(request: Request, template: str, **context: object) -> str:
    """Write a page, or a part. Templates know ``say``, ``day``, ``brief``, ``count``, ``asset``, and who reads."""
    spoken = words_of_page(request)
    desk = getattr(request.state, "desk", None)
    secret = getattr(request.state, "session_secret", None)
    return (
        environment()
        .get_template(template)
        .render(
            words=spoken,
            lang=spoken.language,
            desk=desk,
            actor=desk.actor if desk else None,
            clinic=desk.clinic if desk else None,
            today=desk.today if desk else None,
            csrf=masked(secret) if secret else "",
            path=request.url.path,
            **context,
        )
    )


def _packed(request: Request, body: bytes, status: int, headers: dict[str, str]) -> Response:
    """Compress what is worth it. No secret stands in a page as it is, so that its length says nothing about one."""
    if len(body) >= _COMPRESSED_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, 5, mtime=0)
    return Response(body, status, headers, media_type="text/html; charset=utf-8")


@pass_context
def _translated(context: Context, sentence: str) -> Markup:
    """Say in the reader's language what the service says in English; what cannot be is marked as English."""
    language = context["words"].language
    said = told(sentence, language)
    return Markup('<span lang="en">{}</span>').format(sentence) if said is None else escape(said)


@pass_context
def _say(context: Context, key: str, **values: Value | date) -> str:
    """Say a sentence of the locale files; a date is given as a day, anything else as it is."""
    spoken: Words = context["words"]
    given = {name: spoken.day(v.toordinal(), year=True) if isinstance(v, date) else v for name, v in values.items()}
    return spoken.say(Phrase(key, given))


@pass_context
def _day(context: Context, on: date, *, year: bool = False) -> str:
    spoken: Words = context["words"]
    return spoken.day(on.toordinal(), year=year)


@pass_context
def _brief(context: Context, on: date) -> Markup:
    """Give a day for a table: short to read, and whole for machines."""
    spoken: Words = context["words"]
    return Markup('<time datetime="{}">{}</time>').format(on.isoformat(), spoken.brief(on.toordinal()))


@pass_context
def _count(context: Context, noun: str, number: int) -> str:
    spoken: Words = context["words"]
    return spoken.count(noun, number)
