"""What each language says is in that language: no English is left over, no figure is lost, nothing reads backwards."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

import pytest

from prep_tracker.catalog import languages, lexicon, protocol, slugs, texts
from tests.data.patient_texts import texts_in

OTHERS = [language for language in languages() if language != "en"]
ALIKE = {
    *("date.long", "date.short", "list.comma", "text", "because.answer", "because.product", "because.no", "portal.no"),
    *("group.later", "alcohol", "filler", "makeup", "microneedling", "niacinamide", "resorcinol"),
}
"""Sentences without words, and words that English shares with another language."""
ENGLISH = re.compile(
    r"\b(the|and|your|you|with|this|that|tell|keep|skin|before|from|what|which|such|until|wear|clinic)\b", re.IGNORECASE
)
"""Words that Spanish and Dutch do not have."""
LATIN_IN_ARABIC = {
    "AHA", "BHA", "PHA", "SPF", "PDT", "BRAF", "SGLT2", "GLP-1", "A", "C", "E", "K",
    "Accutane", "Roaccutane", "Retin-A", "Bactrim", "octisalate", "homosalate",
}  # fmt: skip
"""What stands in Latin letters on packs that patients hold in their hands."""


def every(language: str) -> Iterator[tuple[str, str, str]]:
    """Yield what a patient may read: where it stands, in English and in the language."""
    english, other = texts("en"), texts(language)
    for key, text in other.items():
        if key in english:
            yield key, english[key], text
    yield from shipped(language)


def shipped(language: str) -> Iterator[tuple[str, str, str]]:
    """Yield the texts of the protocols and the names of the classes."""
    for slug in slugs():
        for text in texts_in(protocol(slug)):
            yield slug, text["en"], text[language]
    for one in lexicon().classes.values():
        yield one.id, one.title["en"], one.title[language]


def bare(text: str) -> str:
    """Take the values out of a sentence."""
    return re.sub(r"\{\w+\}", "", text)


def reads_left_to_right(text: str) -> bool:
    """Say by its first letter in which direction a page would lay a text out (Unicode Standard Annex 9, rule P2)."""
    kinds = [unicodedata.bidirectional(char) for char in text]
    return next((kind == "L" for kind in kinds if kind in {"L", "R", "AL"}), True)


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_is_left_over(language: str) -> None:
    left = [
        (where, text)
        for where, english, text in every(language)
        if ENGLISH.search(bare(text)) or (text == english and where not in ALIKE)
    ]
    assert left == []


def test_what_is_spelled_as_in_english_is_known_one_by_one() -> None:
    assert {where for language in OTHERS for where, english, text in every(language) if text == english} == ALIKE


@pytest.mark.parametrize("language", OTHERS)
def test_every_figure_is_the_same(language: str) -> None:
    """SPF 30 is SPF 30 everywhere. Where a figure is written as a word, both languages do so."""
    differing = [
        (where, text)
        for where, english, text in shipped(language)
        if re.findall(r"\d+", english) != re.findall(r"\d+", text)
    ]
    assert differing == []


def test_arabic_has_only_those_latin_letters_that_stand_on_packs() -> None:
    found = {word for _, _, text in every("ar") for word in re.findall(r"[A-Za-z][\w-]*", bare(text))}
    formats = {word for key in ("date.long", "date.short") for word in re.findall(r"[A-Za-z]\w*", texts("ar")[key])}
    assert found - formats == LATIN_IN_ARABIC


def test_every_arabic_text_begins_in_arabic_so_that_pages_lay_it_out_from_the_right() -> None:
    turned = [text for where, _, text in every("ar") if where not in ALIKE and reads_left_to_right(bare(text))]
    assert turned == []


@pytest.mark.parametrize("language", languages())
def test_no_text_holds_characters_that_turn_words_around_or_digits_of_another_kind(language: str) -> None:
    """The marks are set around values when a sentence is made; in the files nobody would see them."""
    kinds = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "AN"}
    odd = [
        (where, f"U+{ord(char):04X}")
        for where, _, text in every(language)
        for char in text
        if unicodedata.bidirectional(char) in kinds or char in "\u200e\u200f\u061c\u0640"
    ]
    assert odd == []


@pytest.mark.parametrize("language", languages())
def test_no_text_has_spaces_too_many_or_an_end_that_is_missing(language: str) -> None:
    """A sentence in English that ends with a mark ends with one in every language."""
    wrong = [
        (where, text)
        for where, english, text in every(language)
        if "  " in text or text.endswith(" ") != english.endswith(" ") or (english[-1] in ".?") != (text[-1] in ".?؟")
    ]
    assert wrong == []


def test_what_is_wrong_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    held: Mapping[str, str] = {"a": "Blijf uit the zon", "b": "Stay"}
    monkeypatch.setattr(f"{__name__}.texts", lambda language: {"a": "Stay", "b": "Stay"} if language == "en" else held)
    monkeypatch.setattr(f"{__name__}.shipped", lambda language: iter([("s", "SPF 30", f"{language} 3")]))
    with pytest.raises(AssertionError, match="Blijf uit the zon"):
        test_no_english_is_left_over("nl")
    with pytest.raises(AssertionError, match="nl 3"):
        test_every_figure_is_the_same("nl")
    assert reads_left_to_right("AHA، مثل")
    assert not reads_left_to_right("18 يومًا AHA")
