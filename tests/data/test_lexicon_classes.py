"""The lexicon's classes: every name that a protocol may need, in a hierarchy without surprises."""

import pytest

from prep_tracker.catalog import lexicon
from prep_tracker.domain.lexicon import ClassIn, Lexicon

LANGUAGES = {"en", "es", "nl", "ar"}
SYSTEMIC = (
    "isotretinoin-oral", "acitretin", "anticoagulant", "heparin", "antiplatelet", "aspirin", "nsaid", "tetracycline",
    "fluoroquinolone", "sulfonamide", "thiazide", "st-johns-wort", "immunosuppressant", "corticosteroid-systemic",
    "glp1", "antiviral", "nicotine-replacement",
)  # fmt: skip


def test_no_class_is_a_kind_of_itself_by_any_way() -> None:
    """Asking for the wider classes of any name walks them all, and raises when they go in a circle."""
    every = lexicon()
    assert len(every.classes) > 90
    assert {"aha", "exfoliant"} <= every.wider("aha")


def test_a_circle_would_be_found() -> None:
    round_trip = {
        name: ClassIn(id=name, title={"en": name}, kind_of=(other,), source="made up")
        for name, other in (("one", "two"), ("two", "one"))
    }
    with pytest.raises(ValueError, match="circle: one > two > one"):
        Lexicon(round_trip).wider("one")


def test_every_wider_class_exists() -> None:
    every = lexicon()
    missing = {(c.id, wider) for c in every.classes.values() for wider in c.kind_of if wider not in every.classes}
    assert missing == set()


def test_every_class_has_its_words_and_its_source() -> None:
    for one in lexicon().classes.values():
        assert set(one.title) >= LANGUAGES, one.id
        assert all(words.strip() for words in one.title.values()), one.id
        assert one.source.strip(), one.id


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_two_classes_have_the_same_words(language: str) -> None:
    titles = [one.title[language].casefold() for one in lexicon().classes.values()]
    assert [title for title in titles if titles.count(title) > 1] == []


def test_vitamin_a_by_mouth_is_no_retinoid_for_the_skin() -> None:
    """Days for creams, months for pills: neither may be taken for the other."""
    every = lexicon()
    assert every.wider("isotretinoin-oral") == {"isotretinoin-oral", "oral-retinoid", "medicine"}
    assert every.members(["retinoid"]) == {"retinoid", "prescription-retinoid", "cosmetic-retinoid"}
    assert every.is_systemic("isotretinoin-oral")
    assert not every.is_systemic("retinoid")


def test_retinoids_are_not_marked_medicine() -> None:
    """Shop-bought retinol is one of them, and a protocol says itself what prescribed ones get."""
    every = lexicon()
    assert not any(every.is_medicine(name) for name in every.members(["retinoid"]))


def test_exfoliants_are_acids_enzymes_and_scrubs() -> None:
    assert lexicon().members(["exfoliant"]) == {"exfoliant", "aha", "bha", "pha", "enzyme-exfoliant", "scrub"}


def test_a_burn_and_a_tan_are_kinds_of_sun_and_a_tanning_bed_is_not() -> None:
    assert lexicon().members(["sun"]) == {"sun", "sunburn", "tan"}


def test_shaving_is_not_among_the_forbidden_hair_removal() -> None:
    assert "shaving" not in lexicon().members(["hair-removal"])
    assert {"waxing", "threading", "depilatory"} <= lexicon().members(["hair-removal"])


@pytest.mark.parametrize("name", SYSTEMIC)
def test_medicines_that_act_on_the_whole_body_are_marked(name: str) -> None:
    every = lexicon()
    assert every.classes[name].medicine
    assert every.is_systemic(name)


@pytest.mark.parametrize("name", [*SYSTEMIC, "hydroquinone", "topical-anaesthetic", "pdt-photosensitiser"])
def test_a_review_of_any_medicine_sees_every_medicine(name: str) -> None:
    assert name in lexicon().members(["medicine"])


def test_every_class_marked_medicine_stands_under_the_roof() -> None:
    """Else the medication review would not see it."""
    every = lexicon()
    marked = {one.id for one in every.classes.values() if one.medicine}
    assert marked == every.members(["medicine"])


@pytest.mark.parametrize(
    "name", ["sun", "aha", "retinoid", "food", "bleeding-supplement", "waxing", "filler", "smoking"]
)
def test_what_is_no_medicine_is_not_reviewed_as_one(name: str) -> None:
    assert not lexicon().is_medicine(name)
