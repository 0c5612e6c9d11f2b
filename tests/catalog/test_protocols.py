"""Protocol files are checked in words that somebody with a text editor understands, at the right line."""

from typing import Any

import pytest

from prep_tracker.catalog import Located, check_protocol, load_protocol
from prep_tracker.domain.lexicon import Lexicon
from prep_tracker.domain.lint import MOST_FINDINGS
from prep_tracker.domain.protocol import MOST_STEPS

EMPTY = Lexicon({})
HEAD = """protocol: p
title: P
facts:
  - {id: sores, type: yes-no, ask: Sores?}
steps:
"""


def check(text: str) -> Located:
    """Give the one finding of a file that is no protocol."""
    checked, (found,) = load_protocol(text, EMPTY, "p.yaml")
    assert checked is None
    assert (found.file, found.finding.level) == ("p.yaml", "fault")
    return found


def step(*lines: str) -> str:
    return HEAD + "  - " + "\n    ".join(["id: s", *lines]) + "\n"


COMMON = ("title: T", "source: S", "severity: advisory")
AVOID, DO, NOTE = (("kind: avoid", *COMMON), ("kind: do", *COMMON), ("kind: note", *COMMON))
DAILY, SUN = ("kind: daily", *COMMON, "to: {days: 1}"), (*AVOID, "of: [sun]")


@pytest.mark.parametrize(
    ("lines", "line", "code", "message", "mend"),
    [
        ([*SUN, "days_befor: 3"], 12, "unknown-key", "key days_befor", "Did you mean days_before"),
        ([*SUN, "from_: {days: 0}"], 12, "unknown-key", "key from_", "Did you mean from?"),
        ([*AVOID, "due: {days: 1}", "days_before: 1", "of: [a]"], 11, "unknown-key", "due", "do and review"),
        ([*NOTE, "xyz: 1"], 11, "unknown-key", "key xyz", "Remove it. Known here: id, title"),
        (
            ["kind: note", "title: T", "severity: advisory"],
            6,
            "missing-key",
            "source is missing",
            "Where the rule comes from",
        ),
        (["kind: do", "title: T", "source: S"], 6, "missing-key", "severity is missing", "blocking stops the booking"),
        (["title: T"], 6, "missing-key", "kind is missing", "avoid, do, daily"),
        (["kind: gaet"], 6, "unknown-kind", "gaet", "Did you mean gate?"),
        ([*DO, "due: -7"], 11, "wrong-value", "due: -7", "{days: -7}"),
        ([*DO, "due: {dais: 1}"], 11, "unknown-key", "dais", "Did you mean days?"),
        ([*DO, "due:", "  days: 1", "  months: 1"], 11, "wrong-value", "due", "exactly one of days"),
        ([*DO, "due: {days: 1.5}"], 11, "wrong-value", "days: 1.5", "whole number"),
        ([*DO, 'lead_days: "3"'], 11, "wrong-value", "lead_days: 3", "whole number"),
        ([*DO, "lead_days: -3"], 11, "wrong-value", "lead_days: -3", "at least 0"),
        ([*DO, "lead_days: 99999"], 11, "wrong-value", "lead_days: 99999", "at most 3660"),
        ([*DO, "by: nurse"], 11, "wrong-value", "by cannot be nurse", "patient, staff or clinician"),
        (["kind: do", *COMMON[:2], "severity: blokcing"], 10, "wrong-value", "blokcing", "Did you mean blocking?"),
        ([*NOTE, "confirm: yes"], 11, "wrong-value", "confirm: yes", "true or false"),
        (["kind: note", "source: S", "title: 14"], 9, "wrong-value", "title: 14", "in quotes"),
        (["kind: note", "source: S", "title: {EN: T}"], 9, "wrong-value", "EN", "en, es or pt-BR"),
        (["kind: note", "title: T", "source: 14"], 9, "wrong-value", "source: 14", "in quotes"),
        ([*AVOID, "of: sun", "days_before: 1"], 11, "wrong-value", "of: sun", "Write a list"),
        ([*AVOID, "of: []", "days_before: 1"], 11, "wrong-value", "of: a list", "at least one"),
        ([*AVOID, "of:", "  - sun", "  - Sun Bed", "days_before: 1"], 13, "wrong-value", "Sun Bed", "small letters"),
        (SUN, 6, "wrong-value", "this step", "days_before, from, days_after or until"),
        ([*SUN, "days_before: {weeks: 1}"], 12, "wrong-value", "days_before", "whole number of days"),
        ([*SUN, "days_before: 1", "longer: 3"], 13, "wrong-value", "longer: 3", "{sunburn: 28}"),
        ([*SUN, "days_before: 1", "longer: {A b: 3}"], 13, "wrong-value", "A b", "small letters"),
        ([*DAILY, "times: [noon]"], 12, "wrong-value", "number 1 of times", '"HH:MM"'),
        ([*DAILY, "at_least: 3"], 12, "wrong-value", "at_least: 3", "{of_last: 14"),
        ([*NOTE, "when: {fact: a, is: []}"], 11, "wrong-value", "is: a list", "true or false"),
        ([*NOTE, "when: {any: [{fact: a, iss: 1}]}"], 11, "unknown-key", "iss", "Did you mean is?"),
        ([*NOTE, "when:", "  any: []"], 12, "wrong-value", "any: a list", "at least one"),
        ([*NOTE, 'when: {starts: "10:00"}'], 11, "wrong-value", "starts: 10:00", '{before: "10:00"}'),
    ],
)
def test_what_does_not_fit_is_said_plainly(lines: list[str], line: int, code: str, message: str, mend: str) -> None:
    found = check(step(*lines))
    assert (found.line, found.finding.code, found.finding.step) == (line, code, "s"), str(found)
    assert message in found.finding.message
    assert mend in found.finding.mend


def test_what_is_wrong_outside_a_step_blames_none() -> None:
    found = check(step("kind: note", *COMMON).replace("title: P", "title: P\nsumary: x"))
    assert (found.line, found.finding.step, found.finding.pointer) == (3, None, "/sumary")


def test_an_unknown_key_of_an_example_is_told_the_keys_there_are() -> None:
    said = "said: [{exposd: sun}], expect: {standing: ready}"
    example = f"examples:\n  - {{title: E, on: 2026-12-18, as_of: 2026-12-18, {said}}}\n"
    found = check(step("kind: note", *COMMON) + example)
    assert (found.line, found.finding.pointer) == (12, "/examples/0/said/0/exposd")
    assert found.finding.mend == "Did you mean exposed?"


def test_the_second_of_two_equal_ids_is_blamed() -> None:
    found = check(step("kind: note", *COMMON) + step("kind: note", *COMMON).removeprefix(HEAD))
    assert (found.line, found.finding.step, found.finding.pointer) == (11, "s", "/steps/1/id")
    found = check(
        HEAD.replace("steps:", "  - {id: sores, type: yes-no, ask: Again?}\nsteps:")
        + "  - {id: a, kind: note, title: T, source: S}"
    )
    assert (found.line, found.finding.step, found.finding.pointer) == (5, None, "/facts/1/id")


@pytest.mark.parametrize("text", ["- a\n", "just words\n", "true\n", "14\n", "null\n"])
def test_a_file_that_is_no_protocol_at_all_is_said_to_be_none(text: str) -> None:
    found = check(text)
    assert (found.line, found.finding.pointer, found.finding.mend) == (1, "", "Write it as keys with their values.")


def test_a_file_that_cannot_be_read_has_its_line_too() -> None:
    found = check("protocol: p\ntitle: a: b\n")
    assert (found.line, found.finding.code) == (2, "unreadable")
    assert str(found).startswith("p.yaml:2: fault: this cannot be read")


def test_a_finding_reads_like_a_compiler_error() -> None:
    found = check(step("kind: note", "title: T"))
    assert str(found) == "p.yaml:6: fault: s: source is missing. Add it: Where the rule comes from."


def test_findings_are_sorted_by_line_and_all_given_at_once() -> None:
    checked, found = load_protocol(
        step("kind: avoid", "of: [sum]", "title: {es: T}", "days_before: 1", "severity: x"), EMPTY, "f"
    )
    assert checked is None
    assert [one.line for one in found] == [6, 11]
    checked, found = load_protocol(
        step("kind: avoid", "of: [sum]", "title: {es: T}", "days_before: 1", *COMMON[1:], "floor_days: 2"), EMPTY, "f"
    )
    assert checked is not None
    assert [one.line for one in found] == sorted(one.line for one in found)
    assert {one.finding.code for one in found} == {
        "unused",
        "unknown-class",
        "no-english",
        "missing-language",
        "floor-above-ask",
    }


def test_no_more_is_said_than_somebody_can_read() -> None:
    data = {
        "protocol": "p",
        "title": "P",
        "steps": [{"kind": "note", "id": "s", f"x{n}": n} for n in range(MOST_STEPS)],
    }
    _, found = check_protocol(data, EMPTY)
    assert len(found) == MOST_FINDINGS
    assert max(len(one.message) + len(one.mend) for one in found) < 500


@pytest.mark.parametrize("long", ["x" * 100_000, "🙂" * 100_000])
def test_a_long_word_is_not_repeated_in_full(long: str) -> None:
    for data in ({long: 1}, {"protocol": long}, {"steps": [{"kind": long}]}, {"steps": [{"kind": "note", long: 1}]}):
        _, found = check_protocol(data, EMPTY)
        assert found
        assert max(len(one.message) + len(one.mend) for one in found) < 500


def test_a_condition_nested_without_end_is_refused() -> None:
    when: dict[str, Any] = {"fact": "a", "is": True}
    for _ in range(100_000):
        when = {"not": when}
    data = {
        "protocol": "p",
        "title": "P",
        "steps": [{"kind": "note", "id": "s", "title": "T", "source": "S", "when": when}],
    }
    checked, (found,) = check_protocol(data, EMPTY)
    assert (checked, found.mend) == (None, "Write it flatter.")
    while "not" in when:  # taken apart by hand: Python itself would recurse
        when = when.pop("not")
