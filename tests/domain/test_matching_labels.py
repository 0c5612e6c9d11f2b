"""Fragments of labels and lines about medicines: what each one says, and where nothing may be said."""

from pathlib import Path

import pytest

from prep_tracker.catalog.lexicons import matcher
from prep_tracker.catalog.reader import read
from prep_tracker.domain.matching import Scan, match

FOLDER = Path(__file__).parents[1] / "data" / "labels"
SHORT = {
    "rx": ["retinoid", "prescription-retinoid"],
    "otc": ["retinoid", "cosmetic-retinoid"],
    "ester": ["retinoid", "retinyl-ester"],
}


def fragments() -> list[tuple[str, frozenset[str]]]:
    """Give every fragment with what it is expected to find."""
    return [
        (text, frozenset(one for word in found.split() for one in SHORT.get(word, [word])))
        for path in sorted(FOLDER.glob("*.yaml"))
        for text, found in read(path.read_text(encoding="utf-8")).data["cases"].items()
    ]


def told(scan: Scan) -> frozenset[str]:
    """Write what a scan says in the words of the fragments' files."""
    matches = {f"minor:{one.class_}" if one.minor else one.class_ for one in scan.matches}
    return frozenset(matches | {f"ask:{one.entry}" for one in scan.questions})


FRAGMENTS = fragments()


def test_there_are_fragments_for_every_trap() -> None:
    """The silent ones count as much as the others."""
    assert len(FRAGMENTS) >= 400
    assert sum(not found for _, found in FRAGMENTS) >= 100


@pytest.mark.parametrize(("text", "found"), FRAGMENTS)
def test_a_fragment_says_what_it_says(text: str, found: frozenset[str]) -> None:
    assert told(match(text, matcher())) == found


@pytest.mark.parametrize("text", [text for text, found in FRAGMENTS if not found])
def test_silence_is_never_safe(text: str) -> None:
    """Where nothing is found, the text comes back as unrecognised."""
    scan = match(text, matcher())
    assert scan.matches == ()
    assert scan.unrecognised
