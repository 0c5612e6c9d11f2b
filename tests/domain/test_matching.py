"""What holds for every text: spans, order, silence about sunscreens, and never a crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep_tracker.catalog.lexicons import matcher
from prep_tracker.domain.matching import LONGEST, match
from prep_tracker.domain.matching_index import squash
from prep_tracker.domain.matching_measure import expectation, measure

FILTERS = (
    "Ethylhexyl Salicylate", "Octisalate", "Homosalate", "Octyl Salicylate", "Trolamine Salicylate", "TEA-Salicylate",
    "Butyloctyl Salicylate", "Butyl Methoxydibenzoylmethane", "Avobenzone", "Octocrylene", "Zinc Oxide",
    "Titanium Dioxide", "Diethylamino Hydroxybenzoyl Hexyl Benzoate", "Ethylhexyl Methoxycinnamate", "Oxybenzone",
    "Bis-Ethylhexyloxyphenol Methoxyphenyl Triazine", "Ethylhexyl Triazone", "Drometrizole Trisiloxane",
    "Phenylbenzimidazole Sulfonic Acid", "Polysilicone-15", "Menthyl Anthranilate", "Homomenthyl Salicylate",
)  # fmt: skip
PARTS = (
    *FILTERS, "Aqua", "Water", "Glycerin", "Citric Acid", "Lactic Acid", "Salicylic Acid", "Retinol", "Glycolic Acid",
    "Retinyl Palmitate", "Sodium Lactate", "Propylene Glycol", "Benzoyl Peroxide", "Hydroquinone", "isotretinoin",
    "tretinoin 0.05% cream", "Free of parabens", "without", "retinol-free", "Ingredients:", "copolymer", "Eliquis 5 mg",
    "Salix Alba (Willow) Bark Extract", "Vitamin A", "BHA", "\u200b", "é", "😀", "ﬁ", "ü",
)  # fmt: skip
GAPS = (", ", " ", "\n", "\n\n", ". ", " - ", "/", "; ", ": ", " (", ") ", "", "%", " • ")


@st.composite
def labels(draw: st.DrawFn) -> str:
    """Draw a label from ingredients, headings and the gaps between them, good ones and bad ones."""
    parts = draw(st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(GAPS)), max_size=14))
    return "".join(part + gap for part, gap in parts)


@given(st.text() | labels())
def test_spans_are_the_words(text: str) -> None:
    scan = match(text, matcher())
    found = [(one.span, one.words) for one in scan.matches] + [(one.span, one.words) for one in scan.questions]
    for (start, end), words in found:
        assert text[start:end] == words != ""
    assert list(scan.matches) == sorted(scan.matches, key=lambda one: one.span)
    assert len({(one.class_, one.entry) for one in scan.matches}) == len(scan.matches)
    for left in scan.unrecognised:
        assert left in text


@given(labels(), st.sampled_from(FILTERS))
def test_a_sunscreen_filter_never_adds_a_match(text: str, sunscreen: str) -> None:
    """Neither in front of a label nor behind it; a false alarm there makes a patient give up sunscreen."""
    before = {one.class_ for one in match(text, matcher()).matches}
    behind = match(f"{text}, {sunscreen}", matcher()).matches
    assert {one.class_ for one in behind} <= before
    front = match(f"{sunscreen}, {text}", matcher()).matches
    assert {one.class_ for one in front} <= before


@given(st.lists(st.sampled_from(["Aqua", "Glycerin", "Squalane", "Betaine", "Carbomer", "Panthenol"]), max_size=12))
def test_only_beyond_the_fifth_place_an_acid_is_minor(others: list[str]) -> None:
    (found,) = match(", ".join([*others, "Citric Acid"]), matcher()).matches
    assert found.minor == (len(others) >= 5) or "Aqua" in others[1:]


@pytest.mark.parametrize("text", ["", " ", "\n", "\u200b"])
def test_nothing_says_nothing(text: str) -> None:
    assert match(text, matcher()).matches == ()


def test_a_text_of_signs_comes_back() -> None:
    assert match(" ?! ", matcher()).unrecognised == ("?!",)


def test_a_text_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="32,768"):
        match("a" * (LONGEST + 1), matcher())


@pytest.mark.parametrize(
    "text",
    ["a " * 16_000, "(" * 30_000, "citric acid " * 2_500, "retin ol, " * 3_000, "\x00\xff" * 16_000, "no " * 10_000],
)
def test_a_long_text_is_read(text: str) -> None:
    scan = match(text, matcher())
    assert scan.matches or scan.unrecognised


def test_zero_width_letters_stay_within_the_span() -> None:
    (found, _) = match("x ret\u200bin\u00adol y", matcher()).matches
    assert (found.words, found.span) == ("ret\u200bin\u00adol", (2, 11))


def test_how_a_name_was_known() -> None:
    for text, how in (("adapalene", "exact"), ("Differin", "brand"), ("differen", "misspelling"), ("BPO", "synonym")):
        assert {one.how for one in match(text, matcher()).matches} == {how}


@pytest.mark.parametrize(
    "text",
    ["hydroquinine", "tretinoin cream", "maleic acid", "retinal", "isotretinoin gel", "malic acid", "lactic acid"],
)
def test_pairs_that_must_not_be_confused_are_never_asked_about(text: str) -> None:
    assert match(text, matcher()).questions == ()


def test_a_question_decides_nothing() -> None:
    scan = match("adaplaene", matcher())
    assert scan.matches == ()
    (question,) = scan.questions
    assert (question.suggestion, question.reason, question.words) == ("adapalene", "spelling", "adaplaene")
    assert scan.unrecognised == ("adaplaene",)


def test_a_measurement_counts_each_class() -> None:
    rows = [
        ("Salicylic Acid", frozenset({"bha"})),
        ("Salicylic Acid", frozenset[str]()),
        ("Octisalate", frozenset({"bha"})),
        ("Aqua, Glycerin, Squalane, Betaine, Carbomer, Citric Acid", frozenset[str]()),
    ]
    tally = measure(rows, matcher(), frozenset({"bha", "aha"}))
    assert (tally["bha"].found, tally["bha"].wrong, tally["bha"].missed) == (1, 1, 1)
    assert (tally["bha"].precision, tally["bha"].recall) == (0.5, 0.5)
    assert (tally["bha"].wrong_rows, tally["bha"].missed_rows) == ((2,), (3,))
    assert (tally["aha"].precision, tally["aha"].recall) == (None, None)
    assert measure(rows, matcher(), frozenset({"aha"}), minor_counts=True)["aha"].wrong == 1
    assert list(measure(rows, matcher())) == ["bha"]


def test_expected_classes_are_read_from_a_cell() -> None:
    assert expectation(" aha, bha;pha ") == {"aha", "bha", "pha"}
    assert expectation("") == frozenset()


def test_names_that_a_scanner_confuses_mean_one_thing() -> None:
    """With I, l and 1 as one letter, no two different spellings belong to different entries or to a trap."""
    meanings: dict[str, set[frozenset[str]]] = {}
    for key, names in matcher().index.items():
        owners = frozenset(name.entry.id if name.entry else "" for name in names)
        meanings.setdefault(squash(key), set()).add(owners)
    squashed, _ = matcher().squashed
    assert len(squashed) > 1_000
    assert [key for key in squashed if len(meanings[key]) > 1] == []


def test_a_scanned_name_is_known_as_a_misspelling() -> None:
    (found,) = match("x, SaIicyIic Acid, y", matcher()).matches
    assert (found.how, found.words, found.span) == ("misspelling", "SaIicyIic Acid", (3, 17))
