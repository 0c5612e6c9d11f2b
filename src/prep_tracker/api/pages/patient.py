"""Give the page of patients: the element alone, on a page that is the same for everybody and knows nobody.

Whose list it is says the session, which only the page's script holds; so the page may be kept on the phone and opened
without a network. Nothing here reads or writes anything about anybody.
"""

from __future__ import annotations

from functools import cache, lru_cache
from io import BytesIO

import segno
from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import Response

from prep_tracker.api.pages.assets import Asset, address, asset
from prep_tracker.api.pages.embed import ELEMENTS, direction, file_of, give, packed, words_file
from prep_tracker.api.pages.rendering import environment
from prep_tracker.catalog.locales import languages
from prep_tracker.catalog.speaking import choose_language, words
from prep_tracker.domain.errors import NotFoundError
from prep_tracker.domain.explain import Phrase

router = APIRouter(include_in_schema=False)
HOME = "/p/"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
NAMES = {"en": "English", "es": "Español", "nl": "Nederlands", "ar": "العربية"}
"""What each language calls itself."""
ICONS = ("patient-icon.svg", "patient-192.png", "patient-512.png", "patient-maskable-512.png")
PARTS = ("patient.css", "patient.js", *ICONS)
SCRIPTS = tuple(f"{name}.js" for name in ELEMENTS)
LONGEST = 300


@router.get(HOME)
async def page(request: Request) -> Response:
    """Give the page, in the language that the reader prefers; the page's own switch changes it without coming back."""
    headers = {**HEADERS, "Vary": "Accept-Language", "Content-Language": _language(request)}
    return give(request, _page(_language(request)), headers)


@router.get("/p/app.webmanifest")
async def manifest(request: Request) -> Response:
    """Give what a phone needs to know to keep the page beside its apps."""
    return give(request, _manifest(_language(request)), {"Cache-Control": "no-cache", "Vary": "Accept-Language"})


@router.get("/p/sw.js")
async def worker(request: Request) -> Response:
    """Give the script that keeps the page's files on the phone. It stands here to have a say over this page only."""
    policy = "default-src 'none'; connect-src 'self'; script-src 'self'; frame-ancestors 'none'"
    return give(request, _worker(), {"Content-Security-Policy": policy, "Cache-Control": "no-cache"})


@router.get("/p/qr.svg")
async def qr(request: Request) -> Response:
    """Draw the page's address, for paper. It leads to the page and to nobody's list."""
    base = request.app.state.public_url or str(request.base_url).rstrip("/")
    if len(base) > LONGEST:  # nobody's name; what a code can hold ends somewhere
        raise NotFoundError
    return give(request, _qr(f"{base}{HOME}"), {"Cache-Control": "no-cache"})


def _language(request: Request) -> str:
    return choose_language(request.query_params.get("lang"), request.headers.get("accept-language"))


@cache
def _page(language: str) -> Asset:
    spoken = words(language)

    def say(key: str) -> str:
        return spoken.say(Phrase(f"portal.{key}"))

    html = (
        environment()
        .get_template("patient.html")
        .render(
            lang=language,
            dir=direction(language),
            say=say,
            names=NAMES,
            elements=[f"/embed/{name}" for name in SCRIPTS],
            without={name: (words(name).say(Phrase("portal.page.no_script")), direction(name)) for name in NAMES},
        )
    )
    return packed(html.encode(), "text/html; charset=utf-8")


@cache
def _manifest(language: str) -> Asset:
    title = words(language).say(Phrase("portal.page.title"))
    icons = [
        {"src": address("patient-icon.svg"), "type": "image/svg+xml", "sizes": "any"},
        {"src": address("patient-192.png"), "type": "image/png", "sizes": "192x192"},
        {"src": address("patient-512.png"), "type": "image/png", "sizes": "512x512"},
        {
            "src": address("patient-maskable-512.png"),
            "type": "image/png",
            "sizes": "512x512",
            "purpose": "maskable",
        },
    ]
    told = {
        "id": HOME,
        "name": title,
        "short_name": title,
        "lang": language,
        "dir": direction(language),
        "start_url": HOME,
        "scope": HOME,
        "display": "standalone",
        "background_color": "#fbfaf8",
        "theme_color": "#0b5c63",
        "icons": icons,
    }
    return packed(to_json(told), "application/manifest+json")


@cache
def _worker() -> Asset:
    """Write the worker with the list of what it keeps; when any of it changes, so does the worker."""
    embedded = [f"/embed/{name}" for name in (*SCRIPTS, *(f"words/{name}.json" for name in languages()))]
    kept = [*(address(name) for name in PARTS), *embedded]
    tags = [
        _page("en").tag,
        *(file_of(name).tag for name in SCRIPTS),
        *(words_file(name).tag for name in languages()),
    ]
    head = f"const KEPT = {to_json([HOME, *kept]).decode()};\nconst EDITION = {to_json('-'.join(tags)).decode()};\n"
    return packed(head.encode() + asset("patient-worker.js").plain, "text/javascript; charset=utf-8")


@lru_cache(maxsize=16)
def _qr(url: str) -> Asset:
    drawn = BytesIO()
    segno.make(url, error="m").save(drawn, kind="svg", xmldecl=False, omitsize=True, border=4, light="#fff")
    return packed(drawn.getvalue(), "image/svg+xml")
