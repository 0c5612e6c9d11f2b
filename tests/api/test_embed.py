"""The element's files are for every site: with their words, compressed, and not sent again unless they changed."""

from __future__ import annotations

import gzip
import re

import pytest

from prep_tracker.api.pages import embed
from prep_tracker.api.pages.embed import CONTACTS
from prep_tracker.catalog import languages, lexicon, texts
from tests.api.everybody import ask
from tests.architecture.tree import SOURCE

SCRIPT = "/embed/prep-checklist.js"
FILES = (
    *(SCRIPT, "/embed/prep-checklist.d.ts", "/embed/prep-calendar.js", "/embed/prep-calendar.d.ts"),
    *("/embed/words/en.json", "/embed/words/ar.json"),
)
MOST_BYTES = {"prep-checklist.js": 12_000, "prep-calendar.js": 4_000}


@pytest.mark.parametrize("path", FILES)
def test_every_site_may_take_them(path: str) -> None:
    answer = ask(path)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert "access-control-allow-credentials" not in answer.headers
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", FILES)
def test_what_has_not_changed_is_not_sent_again(path: str) -> None:
    first = ask(path)
    for tag in (first.headers["etag"], f"W/{first.headers['etag']}", f'"other", {first.headers["etag"]}'):
        again = ask(path, If_None_Match=tag)
        assert (again.status_code, again.content) == (304, b"")
    assert ask(path, If_None_Match='"other"').status_code == 200


@pytest.mark.parametrize("path", FILES)
def test_they_come_compressed_to_whoever_understands_that(path: str) -> None:
    packed, plain = ask(path, Accept_Encoding="gzip"), ask(path, Accept_Encoding="identity")
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert "Accept-Encoding" in packed.headers["vary"]
    assert int(packed.headers["content-length"]) < len(plain.content) * 0.6


@pytest.mark.parametrize("name", MOST_BYTES)
def test_the_element_is_small(name: str) -> None:
    """Twelve kilobytes at most for the list, and four for the calendar, which not every portal takes."""
    script = (SOURCE / "web" / "embed" / name).read_bytes()
    assert len(gzip.compress(script, 9)) <= MOST_BYTES[name]


@pytest.mark.parametrize("name", MOST_BYTES)
def test_the_element_needs_nothing_from_elsewhere(name: str) -> None:
    script = (SOURCE / "web" / "embed" / name).read_text(encoding="utf-8")
    assert re.findall(r"\b(?:import|require)\b", script) == []
    assert re.findall(r"https?://", script) == []
    for dangerous in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("):
        assert dangerous not in script


@pytest.mark.parametrize("language", languages())
def test_the_words_are_the_portals_own_and_those_it_shares(language: str) -> None:
    answer = ask(f"/embed/words/{language}.json")
    assert answer.headers["content-type"] == "application/json"
    words = answer.json()
    assert words["language"] == language
    assert words["direction"] == ("rtl" if language == "ar" else "ltr")
    own = {key: text for key, text in texts(language).items() if key.startswith("portal.")}
    assert own.items() <= words.items()
    assert words["portal.option.full-face"] == texts(language)["option.full-face"]
    assert words["portal.part.morning"] == texts(language)["part.morning"]
    assert words["portal.contact.sun"] == lexicon().classes["sun"].title[language]
    assert words.keys() - own.keys() == {
        *("language", "direction", "portal.contacts"),
        *(f"portal.{key}" for key in texts(language) if key.startswith(("option.", "part."))),
        *(f"portal.contact.{name}" for name in CONTACTS),
    }


@pytest.mark.parametrize(
    ("wanted", "given"), [("nl-BE", "nl"), ("ES", "es"), ("ar-EG", "ar"), ("fr", "en"), ("x" * 500, "en"), ("..", "en")]
)
def test_the_language_that_fits_best_is_given(wanted: str, given: str) -> None:
    assert ask(f"/embed/words/{wanted}.json", Accept_Language="ar").json()["language"] == given


@pytest.mark.parametrize(
    "path",
    ["/embed/", "/embed/words/en", "/embed/words/.json", "/embed/words/en.js", "/embed/other.js", "/embed/words/"],
)
def test_there_is_nothing_else(path: str) -> None:
    assert ask(path).status_code == 404


def test_contacts_are_never_medicines_and_begin_with_the_sun() -> None:
    classes = lexicon().classes
    assert CONTACTS[0] == "sun"
    assert [name for name in CONTACTS if classes[name].medicine] == []
    assert len(set(CONTACTS)) == len(CONTACTS)


def test_they_stay_out_of_the_document() -> None:
    paths = ask("/openapi.json").json()["paths"]
    assert [path for path in paths if path.startswith(("/embed", "/p/"))] == []
    assert embed.router.routes
