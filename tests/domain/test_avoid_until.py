"""An avoid that goes on after the procedure until something has happened."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from prep_tracker.catalog import lexicon, load_protocol
from prep_tracker.domain import entries as e
from prep_tracker.domain.explain import why
from prep_tracker.domain.protocol import Avoid
from tests.domain.test_worked_figures import case, checklist, day, is_day, since, state, status

HEALED = {"kind": "avoid", "of": ["retinoid"], "days_before": 7, "until": "healed", "prescribed": "stop"}
AFTER = {"kind": "avoid", "of": ["makeup"], "until": "healed", "severity": "advisory"}


def healed(said: str, when: str) -> tuple[str, type[Any], dict[str, Any]]:
    return said, e.EventRecorded, {"event": "healed", "on": day(when)}


def test_it_has_no_last_day_until_the_event_is_recorded() -> None:
    made = case(HEALED, since("9 Dec", "9 Dec"))
    item = checklist(made).items[0]
    assert is_day(item.opens, "11 Dec")
    assert item.closes is None
    assert [state(made, d) for d in ("10 Dec", "11 Dec", "18 Dec", "19 Dec", "28 Feb 2027")] == [
        "upcoming", "open", "open", "open", "open",
    ]  # fmt: skip


def test_the_day_of_the_event_is_its_last() -> None:
    made = case(HEALED, since("9 Dec", "9 Dec"), healed("30 Dec", "29 Dec"))
    assert is_day(checklist(made).items[0].closes, "29 Dec")
    assert [state(made, d) for d in ("29 Dec", "30 Dec")] == ["open", "over"]


def test_an_event_before_the_procedure_does_not_end_it_before_the_day() -> None:
    """Healed may speak of an earlier session."""
    made = case(HEALED, since("9 Dec", "9 Dec"), healed("9 Dec", "1 Dec"))
    assert is_day(checklist(made).items[0].closes, "18 Dec")
    assert [state(made, d) for d in ("18 Dec", "19 Dec")] == ["open", "over"]


def test_what_is_before_the_procedure_counts_as_without_it() -> None:
    plain = {key: value for key, value in HEALED.items() if key != "until"}
    for said in ((), (since("9 Dec", "9 Dec"),), (since("15 Dec", "15 Dec"),)):
        with_until, without = case(HEALED, *said), case(plain, *said)
        for when in ("16 Dec", "18 Dec"):
            one, other = status(with_until, when), status(without, when)
            assert (one.level, one.earliest_safe, one.act_by) == (other.level, other.earliest_safe, other.act_by)


def test_with_nothing_before_it_begins_on_the_day_and_asks_nothing() -> None:
    made = case(AFTER, healed("30 Dec", "22 Dec"))
    assert [state(made, d) for d in ("17 Dec", "18 Dec", "22 Dec", "23 Dec")] == ["upcoming", "open", "open", "over"]
    assert status(made, "18 Dec").level == "ready"


def test_from_a_point_it_goes_on_as_well() -> None:
    made = case({"kind": "avoid", "of": ["makeup"], "from": {"days": 0}, "until": "told"}, since("18 Dec", "18 Dec"))
    assert [state(made, d) for d in ("17 Dec", "18 Dec", "1 Feb 2027")] == ["upcoming", "open", "open"]


@pytest.mark.parametrize(
    ("step", "said", "key"),
    [
        (HEALED, (), "why.both.until"),
        (HEALED, (healed("22 Nov", "29 Dec"),), "why.both"),
        (AFTER, (), "why.avoid.after.until"),
        (AFTER, (healed("22 Nov", "29 Dec"),), "why.avoid.after"),
    ],
)
def test_it_says_until_when(step: dict[str, Any], said: tuple[Any, ...], key: str) -> None:
    found = checklist(case(step, *said))
    assert why(found, found.items[0]).key == key


def test_it_ends_in_one_way_only() -> None:
    common = {"id": "s", "title": "S", "source": "made up", "severity": "advisory", "kind": "avoid", "of": ["sun"]}
    with pytest.raises(ValidationError, match="days_after or until, not both"):
        Avoid.model_validate({**common, "days_after": 7, "until": "healed"})
    assert Avoid.model_validate({**common, "until": "healed"}).until == "healed"


def codes(*steps: str) -> list[str]:
    """Lint a protocol of these steps; give what was found."""
    common = "severity: advisory, title: T, source: made up"
    lines = [f"  - {{id: s{number}, {common}, {step}}}" for number, step in enumerate(steps)]
    found = load_protocol("\n".join(["protocol: p", "title: P", "steps:", *lines, ""]), lexicon(), "p.yaml")[1]
    return [one.finding.code for one in found]


def test_the_linter_knows_what_can_end_it() -> None:
    assert codes("kind: avoid, of: [sun], until: healed") == []
    assert codes("kind: avoid, of: [sun], until: told") == []
    assert codes("kind: avoid, of: [sun], until: heald") == ["unknown-event"]


def test_the_linter_finds_a_use_that_may_come_too_early() -> None:
    stop = "kind: avoid, of: [retinoid], until: healed"
    assert codes(stop, "kind: daily, of: [retinoid], from: {days: 20}, until: told") == ["contradiction"]
    assert codes(stop, "kind: daily, of: [retinoid], from: {event: healed}, until: told") == []
    assert codes(stop, "kind: daily, of: [retinoid], from: {days: -9}, to: {days: -1}") == []
