"""A reminder says what is meant in few lines, in each language; a text message is short and says how to end them."""

from __future__ import annotations

from typing import Any

import pytest

from prep_tracker.catalog import languages
from prep_tracker.catalog.speaking import words
from prep_tracker.domain.plan import Checklist
from prep_tracker.domain.reminders import Digest, Sending, digests
from prep_tracker.exports.messages import GSM, LONGEST_GSM, LONGEST_OTHER, Letterhead, Written, sms, write
from tests.domain.told import BOOKED, DAY, dec, planned, tell

HEAD = Letterhead("Aster", "Pia", "+31 20 000", "https://prep.example/p/", "https://prep.example/s/code")
AVOID = {"kind": "avoid", "of": ["sun"], "days_before": 14}
EVE = DAY.toordinal() - 1


def on(checklist: Checklist, day: int) -> Digest:
    found = digests(checklist, Sending("Europe/Amsterdam"), BOOKED.toordinal() - 1)
    return next(one for one in found if one.day == day)


def written(checklist: Checklist, day: int, language: str = "en", **head: Any) -> Written:  # noqa: ANN401 - of a letterhead
    made = Letterhead(**{"clinic": "Aster", "name": "Pia", "url": HEAD.url} | head)
    return write(on(checklist, day), checklist, words(language), made, plain_subject=True)


def blocks(text: str) -> list[str]:
    return text.split("\n\n")


def test_an_avoid_on_its_last_day_to_begin_is_not_over_tomorrow() -> None:
    checklist = planned(tell(AVOID | {"title": "No sun and no tanning beds"}))
    said = written(checklist, dec(4).toordinal()).text
    assert "Start today at the latest, or the day may have to move:\n- No sun and no tanning beds" in said
    assert "last day" not in said


def test_pills_on_their_last_day_to_begin_are_taken_again_tomorrow() -> None:
    pills = {
        "kind": "daily",
        "title": "Take your pills",
        "from": {"days": -2},
        "start_by": {"days": 0},
        "to": {"days": 7},
    }
    said = written(planned(tell(pills)), DAY.toordinal()).text
    assert "Please do not leave this out today:\n- Take your pills" in said


def test_a_task_has_its_last_day_and_says_by_when() -> None:
    task = {"kind": "do", "title": "Fetch the cream", "due": {"days": -3}, "lead_days": 1}
    checklist = planned(tell(task | {"remind": ["today", "last-day"]}))
    assert "For you today:\n- Fetch the cream (by Tuesday 15 December)" in written(checklist, dec(12).toordinal()).text
    assert "Today is the last day for this:\n- Fetch the cream\n" in written(checklist, EVE).text


def test_a_task_after_the_procedure_is_due_by_a_day_and_not_until_it() -> None:
    task = {"kind": "do", "title": "See us again", "opens": {"days": 3}, "due": {"days": 7}, "remind": ["aftercare"]}
    said = written(planned(tell(task)), DAY.toordinal() + 3).text
    assert "- See us again (by Friday 25 December)" in said


@pytest.mark.parametrize(("steps", "told"), [(5, 5), (6, 6), (7, 6), (22, 6)])
def test_of_many_lines_five_are_told_and_how_many_more_there_are(steps: int, told: int) -> None:
    several = [AVOID | {"id": f"no-{n}", "title": f"No {n}", "remind": ["tomorrow"]} for n in range(steps)]
    made = written(planned(tell(*several)), dec(3).toordinal())
    lines = next(one for one in blocks(made.text) if one.startswith("From tomorrow:")).split("\n")[1:]
    assert len(lines) == told == made.html.count("<li>")
    assert (lines[-1] == f"- and {steps - 5} more: open your list") == (steps > 6)


@pytest.mark.parametrize("questions", [1, 5, 6, 17])
def test_many_questions_are_one_sentence(questions: int) -> None:
    several = [
        AVOID | {"id": f"no-{n}", "title": f"No {n}", "ask": f"Since when {n}?", "remind": ["answer"]}
        for n in range(questions)
    ]
    made = written(planned(tell(*several)), dec(4).toordinal())
    if questions > 5:
        assert f"We still need {questions} answers from you." in blocks(made.text)
        assert f"<strong>We still need {questions} answers from you.</strong></p><p>" in made.html
        assert "Since when" not in made.text
    else:
        assert made.text.count("\n- Since when") == questions


NUMBERS = {
    "en": {7: "We still need 7 answers from you.", 21: "We still need 21 answers from you."},
    "es": {7: "Todavía nos faltan 7 respuestas suyas."},
    "nl": {7: "We hebben nog 7 antwoorden van u nodig."},
    "ar": {
        7: "ما زلنا ننتظر منكم 7 أجوبة.",
        10: "ما زلنا ننتظر منكم 10 أجوبة.",
        11: "ما زلنا ننتظر منكم 11 جوابًا.",
        99: "ما زلنا ننتظر منكم 99 جوابًا.",
        100: "ما زلنا ننتظر منكم 100 جواب.",
    },
}
MORE = {
    "en": {2: "and 2 more: open your list"},
    "es": {2: "y 2 más: abra su lista"},
    "nl": {2: "en nog 2: open uw lijst"},
    "ar": {
        2: "وأمران آخران: افتحوا القائمة",
        3: "و3 أمور أخرى: افتحوا القائمة",
        12: "و12 أمرًا آخر: افتحوا القائمة",
    },
}


@pytest.mark.parametrize("language", languages())
def test_numbers_have_the_plural_form_of_the_language(language: str) -> None:
    for number, sentence in NUMBERS[language].items():
        assert words(language).count("message.asks", number) == sentence
    for number, sentence in MORE[language].items():
        assert words(language).count("message.more", number) == sentence


STOP = f"https://prep.example/s/{'x' * 43}"


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(
    "name", ["Aster", "Praxis für ästhetische Dermatologie und Lasermedizin am Stadtpark Nordwest"]
)
def test_a_text_message_is_short_and_has_the_link_to_end_them(language: str, name: str) -> None:
    said = sms(words(language), Letterhead(name, "Pia", None, "https://prep.example/p/", STOP))
    assert len(said) <= (LONGEST_GSM if GSM.issuperset(said) else LONGEST_OTHER)
    assert said.endswith(STOP)
    assert "https://prep.example/p/ " in said
    assert name[:11] in said


def test_where_the_link_to_end_them_has_no_room_it_is_said_without() -> None:
    long = f"https://portal.example/{'x' * 60}"
    said = sms(words("en"), Letterhead("Aster", "Pia", None, long, STOP))
    assert said == f"A reminder from Aster: {long} To stop: tell the clinic."


def test_a_link_is_never_cut_and_always_says_whom_it_is_from() -> None:
    long = f"https://portal.example/{'x' * 400}"
    said = sms(words("en"), Letterhead("Aster Clinic of Amsterdam", "Pia", None, long, STOP))
    assert said == f"A reminder from Aster Clini.: {long} To stop: tell the clinic."


def test_without_addresses_it_says_what_to_do() -> None:
    said = sms(words("en"), Letterhead("Aster", "Pia"))
    assert said == "A reminder from Aster: please look at your list. To stop: tell the clinic."
