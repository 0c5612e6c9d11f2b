"""Languages: an explicit wish, then what the browser says, then English; the answer says which it is."""

from __future__ import annotations

from prep_tracker.catalog.locales import languages
from tests.api.house import Caller

ACCEPTED = (
    (None, "en"),
    ("", "en"),
    ("en", "en"),
    ("en-GB,en;q=0.8", "en"),
    ("xx", "en"),
    ("xx-YY;q=1, *;q=0.5", "en"),
    ("tlh, en;q=0.1", "en"),
    ("q=;;;,,,", "en"),
    ("en;q=nonsense", "en"),
    ("x" * 5000, "en"),
)


def test_the_answer_says_in_which_language_it_is(ana: Caller) -> None:
    procedure = ana.book()
    for accepted, expected in ACCEPTED:
        headers = {} if accepted is None else {"Accept-Language": accepted}
        read, listed = ana.get(procedure, headers=headers), ana.get(f"{procedure}/checklist", headers=headers)
        for answer in (read, listed):
            assert answer.headers["content-language"] == expected, accepted
            assert f".{expected}." in answer.headers["etag"]
        assert listed.json()["language"] == expected


def test_every_language_that_there_is_can_be_asked_for(ana: Caller) -> None:
    procedure = ana.book()
    texts = {}
    for language in languages():
        wish = ana.get(f"{procedure}/checklist", lang=language)
        header = ana.get(f"{procedure}/checklist", headers={"Accept-Language": f"xx, {language};q=0.3"})
        assert wish.headers["content-language"] == header.headers["content-language"] == language
        assert wish.content == header.content
        texts[language] = wish.content
    assert len(set(texts.values())) == len(texts)


def test_a_wish_comes_before_what_the_browser_says(ana: Caller) -> None:
    procedure = ana.book()
    answer = ana.get(f"{procedure}/checklist", lang="en", headers={"Accept-Language": "es, xx"})
    assert answer.headers["content-language"] == "en"
    assert ana.get(f"{procedure}/checklist", lang="xx").headers["content-language"] == "en"


def test_changes_answer_in_the_language_that_was_asked_for(ana: Caller) -> None:
    procedure = ana.book()
    for answer in (
        ana.post(f"{procedure}/marks?lang=en", {"step": "no-sun", "kind": "since", "on": None}),
        ana.post(f"{procedure}/exposures?lang=en", {"to": "sun", "on": "2026-11-20"}),
        ana.post(f"{procedure}/moves?preview=true&lang=en", {"to_on": "2026-12-20"}),
        ana.post(f"{procedure}/entries/2/withdrawal?lang=en"),
    ):
        assert answer.headers["content-language"] == "en"


def test_what_is_kept_on_the_way_is_kept_for_each_language(ana: Caller) -> None:
    procedure = ana.book()
    english, spanish = {"Accept-Language": "en"}, {"Accept-Language": "es"}
    for path in (procedure, f"{procedure}/checklist", f"{procedure}/checklist?all=true"):
        answers = [ana.get(path, headers=headers) for headers in (english, spanish)]
        tags = [answer.headers["etag"] for answer in answers]
        answers += [ana.get(path, headers=english | {"If-None-Match": tags[0]})]
        assert [answer.status_code for answer in answers] == [200, 200, 304]
        assert {answer.headers["vary"] for answer in answers} == {"Accept-Language, Origin"}
    stale = ana.post(f"{procedure}/moves", {"to_on": "2026-12-20"}, If_Match='"99.2026-11-22.en.staff"')
    assert stale.status_code == 412
    assert "Accept-Language" in stale.headers["vary"], "its ETag names the language"
    patient = ana.get(procedure).json()["patient"]["id"]
    assert ana.get(f"/v1/patients/{patient}").headers["vary"] == "Origin", "nothing in it is put into words"
