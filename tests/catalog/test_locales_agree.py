"""Every language says the same things: the same keys, with the same values in them."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

import pytest
from babel import Locale

from prep_tracker.catalog import languages, lexicon, protocol, slugs, texts
from prep_tracker.catalog.locales import FOLDER, staff_texts
from prep_tracker.catalog.speaking import words
from prep_tracker.domain.explain import Phrase
from prep_tracker.domain.terms import LONGEST_SPAN

OTHERS = [language for language in languages() if language != "en"]
STAFF = sorted(path.stem for path in (FOLDER / "staff").glob("*.json"))
FORMS = ("zero", "one", "two", "few", "many", "other")
WORDED = {"zero", "one", "two"}
"""Plural forms that may name the number by a word or an ending instead of a digit."""


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def noun_of(key: str, english: Mapping[str, str]) -> str | None:
    """Give the noun whose plural form a key holds; None for a sentence. English has two forms of every noun."""
    noun, _, form = key.rpartition(".")
    return noun if form in FORMS and {f"{noun}.one", f"{noun}.other"} <= set(english) else None


def forms(key: str, english: Mapping[str, str], language: str) -> set[str]:
    """Give the keys that stand for an English key: itself, or one for each plural form of the language."""
    noun = noun_of(key, english)
    if noun is None:
        return {key}
    locale = Locale.parse(language, sep="-")
    return {f"{noun}.{locale.plural_form(number)}" for number in range(LONGEST_SPAN + 1)} | {f"{noun}.other"}


def lacking(english: Mapping[str, str], other: Mapping[str, str], language: str) -> tuple[set[str], set[str]]:
    """Give the keys that a language lacks, and those that it has too many."""
    wanted = {key for one in english for key in forms(one, english, language)}
    return wanted - set(other), set(other) - wanted


def differing(english: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """List the keys whose sentences do not hold the same values."""
    wrong = []
    for key, text in other.items():
        noun = noun_of(key, english)
        like = english[key if noun is None else f"{noun}.other"]
        worded = noun is not None and key.rpartition(".")[2] in WORDED and fields(text) == set()
        if not key.startswith("date.") and fields(text) != fields(like) and not worded:
            wrong.append(key)
    return wrong


def test_there_are_the_languages_that_patients_were_promised() -> None:
    assert {"en", "es"} <= set(languages())


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_every_sentence_with_its_values(language: str) -> None:
    english, other = texts("en"), texts(language)
    assert lacking(english, other, language) == (set(), set())
    assert differing(english, other) == []


@pytest.mark.parametrize("language", STAFF)
def test_so_do_the_languages_that_staff_work_in(language: str) -> None:
    english, other = staff_texts("en"), staff_texts(language)
    assert lacking(english, other, language) == (set(), set())
    assert differing(english, other) == []


def test_what_is_missing_or_differs_would_be_found() -> None:
    english = {"a": "{x} is here", "days.one": "{n} day", "days.other": "{n} days"}
    arabic = {"a": "{y}", "b": "", "days.two": "يومين", "days.other": "{n} يوم", "days.many": "يومًا"}
    assert lacking(english, arabic, "ar") == ({"days.zero", "days.one", "days.few"}, {"b"})
    assert differing(english, {key: text for key, text in arabic.items() if key != "b"}) == ["a", "days.many"]


def test_no_sentence_is_for_staff_and_for_patients() -> None:
    assert set(staff_texts("en")) & set(texts("en")) == set()
    assert set(STAFF) <= set(languages())


@pytest.mark.parametrize("language", languages())
def test_a_sentence_for_staff_is_said_in_a_language_that_they_work_in(language: str) -> None:
    spoken = language if language in STAFF else "en"
    said = words(language).say(Phrase("diff.added", {"title": protocol("laser-resurfacing").title}))
    title = protocol("laser-resurfacing").title[spoken]
    assert said == staff_texts(spoken)["diff.added"].format(title=title)
    number = words(language).count("diff.earlier", 5)
    assert number == staff_texts(spoken)["diff.earlier.other"].format(n=5)


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
