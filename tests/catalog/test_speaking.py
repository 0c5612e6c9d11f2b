"""Words of one language: chosen as the reader asks, with its plurals, its dates, and nothing turned around."""

from __future__ import annotations

from datetime import date

import pytest
from babel import Locale

from prep_tracker.catalog import languages, lexicon, protocol, slugs, texts
from prep_tracker.catalog.speaking import choose_language, words
from prep_tracker.catalog.words import END_ISOLATE, ISOLATE, Words
from prep_tracker.domain.explain import Classes, Count, Day, Joined, Phrase, Value

DAY = date(2026, 12, 18).toordinal()
TITLE = {"en": "No AHA", "ar": "لا أحماض AHA"}
ENGLISH = {"en": "No AHA"}


def isolated(text: str) -> str:
    return f"{ISOLATE}{text}{END_ISOLATE}"


@pytest.mark.parametrize(
    ("wanted", "accepted", "chosen"),
    [
        ("nl", None, "nl"),
        ("nl-BE", None, "nl"),
        ("ar-EG", "en", "ar"),
        ("AR", None, "ar"),
        (None, "nl-BE, en;q=0.8", "nl"),
        (None, "ar-EG,ar;q=0.9,en;q=0.8", "ar"),
        (None, "en;q=0.5, ar-AE;q=0.9", "ar"),
        (None, "fr, nl;q=0.1", "nl"),
        (None, "nl;q=0, ar;q=0.2", "ar"),
        (None, "nlx, arz", "en"),
        ("tlh", "nl", "nl"),
        ("", "", "en"),
    ],
)
def test_the_language_is_the_first_that_the_reader_wants_and_that_there_is(
    wanted: str | None, accepted: str | None, chosen: str
) -> None:
    assert choose_language(wanted, accepted) == chosen


@pytest.mark.parametrize(
    ("language", "number", "said"),
    [
        ("en", 1, "1 clear day"),
        ("es", 1, "1 día completo"),
        ("nl", 1, "1 volledige dag"),
        ("nl", 0, "0 volledige dagen"),
        ("nl", 14, "14 volledige dagen"),
        ("ar", 0, "0 يوم كامل"),
        ("ar", 1, "يوم كامل واحد"),
        ("ar", 2, "يومين كاملين"),
        ("ar", 3, "3 أيام كاملة"),
        ("ar", 10, "10 أيام كاملة"),
        ("ar", 11, "11 يومًا كاملًا"),
        ("ar", 99, "99 يومًا كاملًا"),
        ("ar", 100, "100 يوم كامل"),
        ("ar", 103, "103 أيام كاملة"),
    ],
)
def test_a_number_has_the_plural_of_its_language(language: str, number: int, said: str) -> None:
    assert words(language).count("clear_days", number) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Friday 18 December 2026"),
        ("es", "viernes 18 de diciembre de 2026"),
        ("nl", "vrijdag 18 december 2026"),
        ("ar", "الجمعة 18 ديسمبر 2026"),
    ],
)
def test_a_day_is_written_out_in_its_language(language: str, said: str) -> None:
    assert words(language).day(DAY, year=True) == said
    assert said.startswith(words(language).day(DAY, year=False))


@pytest.mark.parametrize("language", languages())
def test_the_digits_of_numbers_and_of_dates_are_those_of_the_language(language: str) -> None:
    """So one sentence never mixes two kinds of digits."""
    assert Locale.parse(language, sep="-").default_numbering_system == "latn"
    assert "18" in words(language).day(DAY, year=False)
    assert words(language).count("days", 14).startswith("14 ")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"title": TITLE}, isolated("لا أحماض AHA")),
        ({"title": ENGLISH}, isolated("No AHA")),
    ],
)
def test_what_comes_into_an_arabic_sentence_turns_nothing_around(values: dict[str, dict[str, str]], said: str) -> None:
    assert words("ar").say(Phrase("reason.note.unknown", values)) == f"ننتظر التأكيد: {said}"
    assert ISOLATE not in words("nl").say(Phrase("reason.note.unknown", values))


def test_a_list_of_classes_names_each_apart() -> None:
    said = words("ar").say(Phrase("review.title", {"classes": Classes(("aha", "bha", "aspirin"))}))
    aha, bha, aspirin = (isolated(lexicon().title(name, "ar")) for name in ("aha", "bha", "aspirin"))
    assert said == f"أدوية نراجعها معكم: {aha}، {bha} و{aspirin}"


def test_days_and_numbers_are_words_of_the_language_itself() -> None:
    values: dict[str, Value] = {"title": TITLE, "on": Day(DAY), "days": Count("days", 2)}
    said = words("ar").say(Phrase("reason.avoid.short", values))
    assert said == f"{isolated('لا أحماض AHA')}: المدة ناقصة بمقدار يومين بالنسبة إلى موعد الجمعة 18 ديسمبر."


def test_a_value_that_is_the_whole_sentence_stays_as_it_is() -> None:
    assert words("ar").say(Phrase("because.product", {"product": "Retin-A 0.05%"})) == "Retin-A 0.05%"


@pytest.mark.parametrize(
    ("language", "given", "said"),
    [
        ("en", "perioral", "Around the mouth"),
        ("nl", "perioral", "Rond de mond"),
        ("nl", "neck", "neck"),
        ("nl", "full-face, other", "Het hele gezicht, Iets anders"),
        ("ar", "full-face, other", isolated("الوجه كله، غير ذلك")),
        ("ar", "neck", isolated("neck")),
    ],
)
def test_an_option_of_the_built_in_protocols_has_a_name(language: str, given: str, said: str) -> None:
    assert words(language).say(Phrase("because.answer", {"ask": "", "answer": given})) == f" {said}."


def test_every_option_of_the_built_in_protocols_has_one() -> None:
    offered = {f"option.{option}" for slug in slugs() for fact in protocol(slug).facts for option in fact.options}
    assert offered == {key for key in texts("en") if key.startswith("option.")}


def test_nothing_is_isolated_that_is_not_there() -> None:
    there: dict[str, Value] = {"on": Day(DAY), "opens": Day(DAY - 1), "zone": "Cairo"}
    assert ISOLATE + END_ISOLATE not in words("ar").say(Phrase("why.avoid.from", {"at": "", **there}))
    at = Joined((Phrase("at.time", {"time": "22:00"}),))
    assert f"الساعة {isolated('22:00')} حتى" in words("ar").say(Phrase("why.avoid.from", {"at": at, **there}))


def test_a_sentence_that_no_language_has_is_an_error() -> None:
    alone = Words("en", texts("en"), lexicon())
    for speaking in (alone, words("nl")):
        with pytest.raises(KeyError):
            speaking.say(Phrase("no.such.sentence", {"title": TITLE}))
        with pytest.raises(KeyError):
            speaking.count("fortnights", 2)
