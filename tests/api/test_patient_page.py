"""The page of patients knows nobody: the same for everybody, strict about what may run in it, and small."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
import segno

from prep_tracker.api.pages.patient import NAMES
from prep_tracker.catalog import languages, texts
from tests.api.everybody import ask

PATHS = ("/p/", "/p/app.webmanifest", "/p/sw.js", "/p/qr.svg")


class _Tags(HTMLParser):
    """Collect what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag with its attributes."""
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("path", PATHS)
def test_it_is_the_same_for_everybody_and_not_sent_again_unless_it_changed(path: str) -> None:
    first, signed_in = ask(path), ask(path, Authorization="Bearer prep_live_x_y")
    assert first.status_code == 200
    assert first.content == signed_in.content
    assert first.headers["cache-control"] == "no-cache"
    assert "set-cookie" not in first.headers
    assert ask(path, If_None_Match=first.headers["etag"]).status_code == 304


def test_nothing_runs_in_it_that_is_not_ours() -> None:
    answer = ask("/p/")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    tags = _Tags()
    tags.feed(answer.text)
    for tag, attributes in tags.found:
        assert not {name for name in attributes if name.startswith("on") or name == "style"}, tag
        for address in (attributes.get("src"), attributes.get("href")):
            assert address is None or address.startswith("/"), address
    assert [attributes for tag, attributes in tags.found if tag == "script" and "src" not in attributes] == []
    assert not re.search(r"<style|javascript:", answer.text)


@pytest.mark.parametrize(("accepted", "given"), [("nl-BE, en;q=0.5", "nl"), ("ar", "ar"), ("fr", "en"), ("", "en")])
def test_it_speaks_the_readers_language(accepted: str, given: str) -> None:
    answer = ask("/p/", Accept_Language=accepted)
    assert answer.headers["content-language"] == given
    assert "Accept-Language" in answer.headers["vary"]
    way = "rtl" if given == "ar" else "ltr"
    assert f'<html lang="{given}" dir="{way}">' in answer.text
    assert texts(given)["portal.page.open.go"] in answer.text
    assert ask("/p/app.webmanifest", Accept_Language=accepted).json()["name"] == texts(given)["portal.page.title"]


def test_its_switch_has_every_language() -> None:
    assert set(NAMES) == set(languages())
    page = ask("/p/?lang=es").text
    assert '<html lang="es"' in page
    assert [name for name in NAMES.values() if name not in page] == []


def test_without_scripts_it_says_so_in_every_language() -> None:
    (without,) = re.findall(r"<noscript>(.*?)</noscript>", ask("/p/").text, re.DOTALL)
    for language in languages():
        assert f'lang="{language}"' in without
        assert texts(language)["portal.page.no_script"] in without


def test_what_the_worker_keeps_is_there_and_never_an_answer_of_the_api() -> None:
    script = ask("/p/sw.js").text
    kept = json.loads(re.match(r"const KEPT = (\[.*?\]);", script)[1])  # type: ignore[index]
    assert "/p/" in kept
    assert {f"/embed/words/{language}.json" for language in languages()} < set(kept)
    assert [path for path in kept if path.startswith("/v1")] == []
    for path in kept:
        assert ask(path).status_code == 200, path
    page = ask("/p/").text
    needed = set(re.findall(r'(?:src|href)="(/[^"]+)"', page)) - {"/p/app.webmanifest", "/p/qr.svg"}
    assert needed <= set(kept)


def test_the_code_leads_to_the_page_and_to_nobodys_list(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    make = segno.make

    def made(text: str, error: str) -> segno.QRCode:
        drawn.append(text)
        return make(text, error=error)

    monkeypatch.setattr(segno, "make", made)
    for host, public, address in (
        ("one.example", None, "http://one.example/p/"),
        ("two.example", "https://prep.example", "https://prep.example/p/"),
    ):
        answer = ask("/p/qr.svg", public_url=public, Host=host)
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.text.startswith("<svg")
        assert drawn[-1] == address


def test_a_host_that_no_code_can_hold_has_no_code() -> None:
    assert ask("/p/qr.svg", Host=f"{'a' * 4000}.example").status_code == 404
