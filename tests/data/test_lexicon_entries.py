"""The lexicon's names: each with a source and one meaning, and no trap among them."""

import pytest

from prep_tracker.catalog.lexicons import lexicon, matcher, names
from prep_tracker.domain.lexicon import EntryIn
from prep_tracker.domain.lexicon_lint import lint_entries
from prep_tracker.domain.matching import match

PHRASES = [phrase for file in names() for trap in file.traps for phrase in trap.phrases]


def entry(**more: object) -> EntryIn:
    """Give a small entry that has no fault, but for what is said."""
    given = {"id": "aster-acid", "title": "Aster acid", "classes": ["aha"], "names": "aster acid", "source": "made up"}
    return EntryIn.model_validate(given | more)


def codes(*entries: EntryIn, traps: tuple[str, ...] = ()) -> set[str]:
    """Give the codes of all faults."""
    return {fault.code for fault in lint_entries(entries, lexicon().classes, traps)}


def test_the_lexicon_has_no_fault() -> None:
    faults = lint_entries(matcher().entries.values(), lexicon().classes, PHRASES)
    assert [(fault.code, fault.entry, fault.name) for fault in faults] == []


def test_a_small_entry_has_no_fault() -> None:
    assert codes(entry()) == set()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"source": " "}, "no-source"),
        ({"classes": ["asters"]}, "unknown-class"),
        ({"names": ""}, "no-name"),
        ({"names": "ab"}, "too-short"),
        ({"names": "aster acid; Aster Acid"}, "twice"),
        ({"atc": "D10*"}, "atc"),
        ({"traps": "aster acid"}, "trap-as-name"),
        ({"unlike": "aster-acid"}, "trap-as-name"),
    ],
)
def test_a_fault_is_found(more: dict[str, object], code: str) -> None:
    assert codes(entry(**more)) == {code}


def test_a_trap_of_the_whole_lexicon_is_no_name() -> None:
    assert codes(entry(), traps=("Aster  acid",)) == {"trap-as-name"}


def test_a_name_means_one_thing() -> None:
    assert codes(entry(), entry(id="other")) == {"two-meanings"}
    assert codes(entry(route="topical"), entry(id="other", route="topical")) == {"two-meanings"}
    assert codes(entry(route="topical"), entry(id="other", route="systemic")) == set()


@pytest.mark.parametrize("phrase", PHRASES)
def test_a_trap_finds_nothing(phrase: str) -> None:
    scan = match(phrase, matcher())
    assert scan.matches == ()
    assert scan.questions == ()


def test_every_name_finds_its_entry() -> None:
    """Each name by itself is a match, or for those that may only ask, a question."""
    lost = []
    for one in matcher().entries.values():
        for field in ("names", "synonyms", "brands", "misspellings", "alone", "taken", "fr", "es", "de", "it"):
            for text in getattr(one, field):
                scan = match(text, matcher())
                found = {m.entry for m in scan.matches} | {q.entry for q in scan.questions}
                if one.id not in found and not one.said:
                    lost.append((one.id, text))
        for text in one.asks:
            assert one.id in {q.entry for q in match(text, matcher()).questions}, text
    assert lost == []


def test_every_class_of_a_medicine_to_review_has_names() -> None:
    """Else a review could never be asked for."""
    named = {name for one in matcher().entries.values() for name in one.classes}
    roofs = {"oral-retinoid", "bleeding-risk", "blood-thinner", "anticoagulant", "photosensitiser"}
    assert {c.id for c in lexicon().classes.values() if c.medicine} - named <= roofs


def test_the_classes_named_by_entries_exist() -> None:
    assert {name for one in matcher().entries.values() for name in one.classes} <= set(lexicon().classes)
