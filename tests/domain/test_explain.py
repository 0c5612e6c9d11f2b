"""Why this date, why this item, what stands in the way, and what is asked: as data, and in English word for word."""

from __future__ import annotations

from typing import Any

import pytest

from prep_tracker.catalog.locales import texts
from prep_tracker.catalog.words import Words
from prep_tracker.domain import entries as e
from prep_tracker.domain.conditions import Cause
from prep_tracker.domain.explain import Day, Joined, Phrase, because, question, reason, why
from prep_tracker.domain.standing import on
from tests.domain.questions import QUESTIONS
from tests.domain.sentences import BECAUSE, FACTS, IF_HEART, ON, REASONS, SUN, WHY, answered
from tests.domain.strategies import Case
from tests.domain.strategies_of_protocols import LEXICON
from tests.domain.told import DAY, Saying, dec, item, named, nov, planned, tell

WORDS = Words("en", texts("en"), LEXICON)


def told(step: dict[str, Any], *said: Saying) -> Case:
    return tell(step, said=said, facts=FACTS)


def keys(phrase: Phrase) -> set[str]:
    """List the keys of a phrase and of those inside it."""
    inner = [p for value in phrase.values.values() if isinstance(value, Joined) for p in value.phrases]
    return {phrase.key}.union(*map(keys, inner))


def test_the_sentence_that_the_clinic_is_promised() -> None:
    assert WORDS.say(why(planned(told(SUN)), item(planned(told(SUN))))) == (
        "14 clear days before your procedure on Friday 18 December 2026 (clinic time, Amsterdam): "
        "from Friday 4 December."
    )
    assert why(planned(told(SUN)), item(planned(told(SUN)))).values["on"] == Day(DAY.toordinal(), year=True)


@pytest.mark.parametrize(("key", "step", "sentence"), WHY)
def test_why_this_date(key: str, step: dict[str, Any], sentence: str) -> None:
    checklist = planned(told(step))
    phrase = why(checklist, item(checklist))
    assert WORDS.say(phrase) == sentence
    assert key in keys(phrase)


@pytest.mark.parametrize(("key", "step", "said", "day", "sentence"), REASONS)
def test_what_stands_in_the_way(
    key: str, step: dict[str, Any], said: tuple[Saying, ...], day: int, sentence: str
) -> None:
    checklist = planned(told(step, *said))
    phrase = reason(checklist, on(checklist, dec(day).toordinal()).reasons[0])
    assert (phrase.key, WORDS.say(phrase)) == (key, sentence)


def test_a_missing_clearance_and_one_that_no_longer_holds() -> None:
    case = tell({"kind": "note"}, clearance="required")
    cleared = (nov(23), e.Cleared, {"on": DAY})
    moved = (nov(24), e.Moved, {"on": dec(17)})
    for said, key, sentence in (
        ((), "reason.clearance", f"A clinician has not cleared the procedure on {ON} yet."),
        (
            (cleared, moved),
            "reason.clearance.void",
            "The clearance no longer holds, because something has changed since. A clinician looks at it again.",
        ),
    ):
        checklist = planned(tell({"kind": "note"}, said=said, clearance="required"))
        found = on(checklist, dec(17).toordinal()).reasons[0]
        phrase = reason(checklist, found)
        assert (found.step, found.who, phrase.key, WORDS.say(phrase)) == ("clearance", "clinician", key, sentence)
    held = planned(tell({"kind": "note"}, said=(cleared,), clearance="required"))
    assert on(held, dec(17).toordinal()).reasons == ()
    assert on(planned(case), dec(16).toordinal()).reasons == ()


@pytest.mark.parametrize(("step", "said", "sentences"), BECAUSE)
def test_what_brought_an_item_in(step: dict[str, Any], said: tuple[Saying, ...], sentences: list[str]) -> None:
    checklist = planned(told(step, *said))
    assert [WORDS.say(phrase) for phrase in because(checklist, item(checklist))] == sentences


def test_causes_name_the_fact_or_the_product() -> None:
    either = {"any": [IF_HEART, {"uses": "nsaid"}]}
    case = told(SUN | {"when": either}, answered(heart=True), named(nov(23), "nsaid"), named(nov(23), "sun"))
    assert item(planned(case)).causes == (Cause("fact", "heart"), Cause("product", 3))
    assert item(planned(told(SUN | {"when": either}, named(nov(23), "nsaid")))).causes == (Cause("product", 2),)
    assert item(planned(told(SUN | {"when": either}))).causes == ()


def test_what_was_left_out_says_which_answer_left_it_out() -> None:
    checklist = planned(told(SUN | {"when": IF_HEART}, answered(heart=False)))
    assert checklist.items == ()
    assert [WORDS.say(p) for p in because(checklist, item(checklist))] == ["Do you have a heart condition? No."]


@pytest.mark.parametrize(("step", "said", "day", "asked"), QUESTIONS)
def test_what_is_asked(step: dict[str, Any], said: tuple[Saying, ...], day: int, asked: tuple[str, str] | None) -> None:
    found = item(planned(told(step, *said)))
    put = question(found, found.state_on(dec(day).toordinal()))
    assert (None if put is None else (put[0], WORDS.say(put[1]))) == asked


def test_every_sentence_of_the_locale_has_its_case() -> None:
    spoken = {key for key, _, _ in WHY} | {row[0] for row in REASONS}
    spoken |= {"reason.clearance", "reason.clearance.void"}
    for step, said, _ in BECAUSE:
        checklist = planned(told(step, *said))
        spoken |= {phrase.key for phrase in because(checklist, item(checklist))}
    for step, said, day, _ in QUESTIONS:
        found = item(planned(told(step, *said)))
        put = question(found, found.state_on(dec(day).toordinal()))
        spoken |= set() if put is None else {put[1].key}
    written = {key for key in texts("en") if key.split(".")[0] in {"why", "at", "reason", "because", "ask"}}
    assert written - spoken == set()
    assert spoken - written == {"text"}
