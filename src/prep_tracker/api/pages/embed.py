"""Give the elements to any portal's page, ``<prep-checklist>`` and ``<prep-calendar>``: script, types and words.

They hold nothing about anybody, so every site may take them. They may be kept for five minutes, because a script that
stands in portals' pages under one address has to be mended without anybody's doing.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

from babel import Locale
from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import Response

from prep_tracker.api.pages.assets import KINDS, Asset
from prep_tracker.catalog.lexicons import lexicon
from prep_tracker.catalog.locales import texts
from prep_tracker.catalog.speaking import choose_language
from prep_tracker.domain.errors import NotFoundError

router = APIRouter(include_in_schema=False)
FOLDER = Path(__file__).parents[2] / "web" / "embed"
ELEMENTS = ("prep-checklist", "prep-calendar")
FILES = {
    f"{name}{ending}": kind
    for name in ELEMENTS
    for ending, kind in ((".js", KINDS[".js"]), (".d.ts", "text/plain; charset=utf-8"))
}
FOR_EVERYBODY = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=300",
}
CONTACTS = (
    *("sun", "tanning-bed", "self-tanner", "waxing", "threading", "depilatory", "retinoid", "aha", "bha", "scrub"),
    *("benzoyl-peroxide", "vitamin-c", "smoking", "vaping", "alcohol"),
)
"""What patients may tell the clinic that they came into contact with, sun first. Never a medicine: those are named as
such, and looked at. Each is as narrow as a protocol may be, for what is wider says nothing about the narrow."""


@cache
def words_of(language: str) -> dict[str, str]:
    """Give the element's words: its own texts, and those that it shares with the rest, under names of its own."""
    spoken, classes = texts(language), lexicon().classes
    shared = {f"portal.{key}": text for key, text in spoken.items() if key.startswith(("option.", "part."))}
    return {
        "language": language,
        "direction": direction(language),
        **{key: text for key, text in spoken.items() if key.startswith("portal.")},
        **shared,
        "portal.contacts": " ".join(CONTACTS),
        **{f"portal.contact.{name}": classes[name].title[language] for name in CONTACTS},
    }


@cache
def file_of(name: str) -> Asset:
    """Read a file of the element once. Raises ``NotFoundError`` for what is none of it."""
    if name not in FILES:
        raise NotFoundError
    return packed((FOLDER / name).read_bytes(), FILES[name])


@cache
def words_file(language: str) -> Asset:
    """Give the words of a language as a file."""
    return packed(to_json(words_of(language)), "application/json")


def direction(language: str) -> str:
    """Say in which direction a language is written: ltr or rtl."""
    return str(Locale.parse(language, sep="-").text_direction)


def packed(plain: bytes, kind: str) -> Asset:
    """Make a file of what everybody is given alike."""
    return Asset(plain, gzip.compress(plain, 9, mtime=0), hashlib.sha256(plain).hexdigest()[:12], kind)


def give(request: Request, found: Asset, headers: dict[str, str]) -> Response:
    """Answer with a file, compressed where that is understood, or that it is unchanged."""
    tag = f'"{found.tag}"'
    given = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    vary = ", ".join(filter(None, ("Accept-Encoding", headers.get("Vary"))))
    sent = {**headers, "ETag": tag, "Vary": vary}
    if tag in given:
        return Response(status_code=304, headers=sent)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, 200, {**sent, "Content-Encoding": "gzip"}, media_type=found.kind)
    return Response(found.plain, 200, sent, media_type=found.kind)


@router.get("/embed/words/{name}")
async def give_words(request: Request, name: str) -> Response:
    """Give the words of the language that fits best, as a flat object; English where nothing fits."""
    wanted, dot, kind = name.rpartition(".")
    if not dot or kind != "json" or not wanted:
        raise NotFoundError
    return give(request, words_file(choose_language(wanted[:35], None)), FOR_EVERYBODY)


@router.get("/embed/{name}")
async def give_file(request: Request, name: str) -> Response:
    """Give the script, or its types."""
    return give(request, file_of(name), FOR_EVERYBODY)
