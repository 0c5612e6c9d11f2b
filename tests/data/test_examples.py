"""Every protocol that ships proves itself by examples, and an example that is wrong is told."""

from __future__ import annotations

import pytest

from prep_tracker.catalog import lexicon, load_protocol, protocol, slugs, source


@pytest.mark.parametrize("slug", slugs())
def test_a_protocol_that_ships_has_examples_that_hold(slug: str) -> None:
    assert len(protocol(slug).examples) >= 2
    _, findings = load_protocol(source(slug), lexicon(), slug)
    assert [str(found) for found in findings if found.finding.level == "fault"] == []


@pytest.mark.parametrize("slug", slugs())
def test_an_example_that_expects_something_else_is_a_fault_at_its_line(slug: str) -> None:
    text = source(slug).replace("standing: blocked", "standing: ready", 1)
    if text == source(slug):
        text = source(slug).replace("opens: {no-sun: 2026-11-20}", "opens: {no-sun: 2026-11-21}", 1)
    _, findings = load_protocol(text, lexicon(), slug)
    wrong = [found for found in findings if found.finding.code == "example"]
    assert len(wrong) == 1
    assert text.splitlines()[wrong[0].line - 1].lstrip().startswith("- title:")
