"""What patients read is short and plain: at most what an eighth grader reads with ease."""

import pytest

from prep_tracker.catalog import protocol, slugs
from tests.data.patient_texts import texts_of
from tests.data.readability import grade, sentences, syllables

HARDEST = 8


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("sun", 1), ("tanned", 1), ("make", 1), ("face", 1), ("creams", 1), ("moles", 1),
        ("needed", 2), ("treated", 2), ("table", 2), ("acid", 2), ("sunscreen", 2), ("faces", 2), ("lotion", 2),
        ("procedure", 3), ("medium", 3), ("tanning", 2), ("special", 2), ("carrying", 3), ("SPF", 3), ("30", 2),
        ("salicylic", 4), ("ginkgo", 2), ("isotretinoin", 6),
    ],
)  # fmt: skip
def test_syllables_are_counted_as_they_are_spoken(word: str, count: int) -> None:
    assert syllables(word) == count


def test_sentences_end_at_marks_and_a_title_is_one() -> None:
    assert sentences("Stay in the shade. Got some sun? Tell us!") == 3
    assert sentences("No sun and no tanning beds") == 1
    assert sentences("Wait 1.5 hours.") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Six words of one syllable: 0.39 * 6 + 11.8 - 15.59.
        ("The cat sat on the mat.", -1.45),
        # Thirteen words, twenty-four syllables: a sentence often quoted to explain the measure.
        ("The Australian platypus is seemingly a hybrid of a mammal and reptilian creature.", 11.3),
        # Eighteen words, twenty syllables, two sentences.
        ("Keep the sun off your skin. If you get burned, tell us the day as soon as possible.", 1.03),
    ],
)
def test_known_sentences_have_their_grade(text: str, expected: float) -> None:
    assert grade([text]) == pytest.approx(expected, abs=0.5)


def test_the_language_of_forms_is_far_above_the_limit() -> None:
    """The measure bites: what a lawyer would have written fails."""
    form = (
        "Patients undergoing resurfacing procedures are required to discontinue photosensitising preparations "
        "approximately fourteen days preceding their scheduled appointment, following individual consultation."
    )
    assert grade([form]) > HARDEST + 8


def test_nothing_to_read_has_no_grade() -> None:
    with pytest.raises(ValueError, match="nothing to read"):
        grade(["", "…"])


@pytest.mark.parametrize("slug", slugs())
def test_a_protocol_reads_at_grade_eight_or_below(slug: str) -> None:
    texts = [text["en"] for step in protocol(slug).steps for text in texts_of(step)]
    assert grade(texts) <= HARDEST


@pytest.mark.parametrize("slug", slugs())
def test_no_single_step_hides_behind_the_others(slug: str) -> None:
    grades = {step.id: round(grade(text["en"] for text in texts_of(step)), 1) for step in protocol(slug).steps}
    assert {step: found for step, found in grades.items() if found > HARDEST} == {}
