"""Every language says the same things: the same keys, with the same values in them."""

from __future__ import annotations

from string import Formatter

import pytest

from prep_tracker.catalog import languages, lexicon, protocol, slugs, texts

OTHERS = [language for language in languages() if language != "en"]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_there_is_spanish() -> None:
    assert "es" in OTHERS


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_every_sentence_with_its_values(language: str) -> None:
    english, other = texts("en"), texts(language)
    plural = {
        key for key in other if key.rpartition(".")[0] and key.rpartition(".")[2] in {"zero", "two", "few", "many"}
    }
    assert set(english) == set(other) - plural
    wrong = [key for key in english if not key.startswith("date.") and fields(english[key]) != fields(other[key])]
    assert wrong == []


@pytest.mark.parametrize("slug", slugs())
@pytest.mark.parametrize("language", OTHERS)
def test_the_protocols_that_ship_speak_it(slug: str, language: str) -> None:
    missing = [
        step.id
        for step in protocol(slug).steps
        if language not in step.title or (step.detail is not None and language not in step.detail)
    ]
    assert missing == []


@pytest.mark.parametrize("language", OTHERS)
def test_so_do_the_classes_of_the_lexicon(language: str) -> None:
    assert [name for name, one in lexicon().classes.items() if language not in one.title] == []
