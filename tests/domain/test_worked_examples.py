"""A protocol's own examples: each word they may say is heard, and each thing they may expect can fail."""

from __future__ import annotations

from typing import Any

import pytest

from prep_tracker.domain.examples import failures
from prep_tracker.domain.protocol import Protocol
from prep_tracker.domain.worked import Example, Expected, Saying
from tests.domain.strategies import prepared

STEPS: dict[str, dict[str, Any]] = {
    "no-sun": {"kind": "avoid", "of": ["sun"], "days_before": 14, "longer": {"sunburn": 28}},
    "photo": {"kind": "do", "due": {"days": -7}, "lead_days": 3},
    "cream": {"kind": "daily", "from": {"days": -10}, "to": {"days": -1}, "at_least": {"of_last": 10, "kept": 2}},
    "sores": {"kind": "gate", "ask": "Do you have a cold sore?", "safe": False, "once": True},
    "pills": {"kind": "avoid", "of": ["nsaid"], "days_before": 7},
    "medicines": {"kind": "review", "of": ["nsaid"]},
    "plan": {"kind": "note", "confirm": True},
    "shield": {"kind": "note", "severity": "advisory", "when": {"fact": "heart", "is": True}},
    "early": {"kind": "note", "when": {"starts": {"before": "10:00"}}},
    "after": {"kind": "daily", "from": {"event": "healed", "days": 1}, "to": {"event": "healed", "days": 3}},
}
PROTOCOL = Protocol.model_validate(
    {
        "protocol": "told",
        "title": "Told",
        "facts": [{"id": "heart", "type": "yes-no", "ask": "A heart condition?"}],
        "steps": [
            {"id": name, "title": name, "source": "made up", "severity": "blocking"} | step
            for name, step in STEPS.items()
        ],
    }
)
NEVER = {"since": {"no-sun": "never"}}
# For each word: what is said with it, the same without it, and a step's state that only the word brings about.
SAYINGS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, str]]] = {
    "day": (
        {"day": "2026-12-01", "since": {"no-sun": "2026-12-01"}},
        {"day": "2026-12-01"},
        {"no-sun": "open"},
    ),
    "exposed": ({"exposed": "sun"}, {}, {"no-sun": "short"}),
    "on": (
        {"exposed": "sun", "on": "2026-12-03"},
        {"exposed": "sun"},
        {"no-sun": "open"},
    ),
    "kind": (
        {"exposed": "sun", "on": "2026-11-25", "kind": "sunburn"},
        {"exposed": "sun", "on": "2026-11-25"},
        {"no-sun": "short"},
    ),
    "since": (NEVER, {}, {"no-sun": "open"}),
    "done": ({"done": {"photo": "2026-12-08"}}, {}, {"photo": "done"}),
    "kept": ({"kept": {"cream": ["2026-12-08", "2026-12-10"]}}, {}, {"cream": "done"}),
    "safe": ({"safe": ["sores"]}, {}, {"sores": "done"}),
    "unsafe": ({"unsafe": ["sores"]}, {}, {"sores": "closed"}),
    "opened": ({"unsafe": ["sores"], "opened": ["sores"]}, {"unsafe": ["sores"]}, {"sores": "done"}),
    "waived": ({"waived": ["sores"]}, {}, {"sores": "waived"}),
    "understood": ({"understood": ["plan"]}, {}, {"plan": "done"}),
    "answers": ({"answers": {"heart": False}}, {}, {"shield": "absent"}),
    "events": ({"events": {"healed": "2026-12-10"}}, {}, {"after": "open"}),
    "product": ({"product": ["nsaid"]}, {}, {"medicines": "late"}),
    "prescribed": (
        {"product": ["nsaid"], "prescribed": False, "last_used": "2026-12-12"},
        {"product": ["nsaid"], "last_used": "2026-12-12"},
        {"pills": "short"},
    ),
    "last_used": (
        {"product": ["nsaid"], "prescribed": False, "last_used": "2026-12-12"},
        {"product": ["nsaid"], "prescribed": False},
        {"pills": "short"},
    ),
    "no_more_products": ({"no_more_products": True}, {}, {"medicines": "done"}),
    "moved_to": ({"moved_to": "2027-01-15"}, {}, {"no-sun": "upcoming"}),
}


def example(saying: dict[str, Any], expect: dict[str, Any], as_of: str = "2026-12-12", **more: str) -> Example:
    """Write an example: booked on 22 November for 18 December, looked at on 12 December unless said otherwise."""
    said = {"day": "2026-12-08"} | saying if saying else {"day": "2026-12-08"}
    return Example.model_validate(
        {"title": "Told", "on": "2026-12-18", "booked": "2026-11-22", "as_of": as_of, "said": [said], "expect": expect}
        | more
    )


def run(written: Example) -> list[str]:
    return list(failures(written, prepared(PROTOCOL)))


AS_OF = {"after": "2026-12-11", "cream": "2026-12-18", "medicines": "2026-12-12"}


@pytest.mark.parametrize("word", SAYINGS)
def test_each_word_of_an_example_is_heard(word: str) -> None:
    saying, without, states = SAYINGS[word]
    as_of = AS_OF.get(next(iter(states)), "2026-12-12")
    assert word in saying
    assert run(example(saying, {"states": states}, as_of)) == []
    assert run(example(without, {"states": states}, as_of)) != []


def test_every_word_of_an_example_has_its_case() -> None:
    assert set(SAYINGS) == set(Saying.model_fields)


EXPECTED: list[tuple[str, Any, Any, str]] = [
    (
        "standing",
        "blocked",
        "ready",
        (
            "the standing is blocked (no-sun short, photo late, sores unknown, pills unknown, medicines unknown, "
            "plan unknown), not ready"
        ),
    ),
    ("states", {"photo": "late"}, {"photo": "done"}, "photo is late, not done"),
    ("states", {"early": "open"}, {"early": "absent"}, "early is open, not absent"),
    ("opens", {"no-sun": "2026-12-04"}, {"no-sun": "2026-12-05"}, "no-sun opens on 2026-12-04, not on 2026-12-05"),
    ("closes", {"cream": "2026-12-17"}, {"cream": "2026-12-18"}, "cream closes on 2026-12-17, not on 2026-12-18"),
    ("opens", {}, {"after": "2026-12-05"}, "after opens on None, not on 2026-12-05"),
    ("opens", {}, {"nothing": "2026-12-05"}, "nothing opens on None, not on 2026-12-05"),
    ("earliest_safe_on", "2026-12-23", "2026-12-18", "the earliest safe day is 2026-12-23, not 2026-12-18"),
]


@pytest.mark.parametrize(("name", "right", "wrong", "sentence"), EXPECTED)
def test_what_is_expected_is_compared_and_the_difference_said(
    name: str, right: object, wrong: object, sentence: str
) -> None:
    assert run(example({"exposed": "sun"}, {name: right})) == []
    assert run(example({"exposed": "sun"}, {name: wrong})) == [sentence]


def test_everything_that_may_be_expected_has_its_case() -> None:
    assert {name for name, *_ in EXPECTED} == set(Expected.model_fields)


def test_the_time_of_an_example_is_heard() -> None:
    assert run(example({}, {"states": {"early": "absent"}}, at="10:30")) == []
    assert run(example({}, {"states": {"early": "over"}}, as_of="2026-12-19", at="09:30")) == []


def test_without_a_booking_day_it_was_booked_on_the_day_of_the_example() -> None:
    plain: dict[str, Any] = {"title": "Told", "on": "2026-12-18", "as_of": "2026-12-16"}
    assert run(Example.model_validate(plain | {"expect": {"states": {"photo": "short", "no-sun": "unknown"}}})) == []


def test_several_differences_are_all_said() -> None:
    wrong = {"standing": "ready", "states": {"photo": "done", "plan": "done"}, "opens": {"no-sun": "2026-12-01"}}
    assert len(run(example({}, wrong))) == 4
