"""Medicines and what else a step names: each product is judged for itself, and nobody reads "stop" too early."""

from __future__ import annotations

from typing import Any

import pytest

from prep_tracker.domain.explain import question, why
from prep_tracker.domain.items import Item
from prep_tracker.domain.standing import level_on
from tests.domain.oracle_days import walk
from tests.domain.strategies import Case
from tests.domain.told import BOOKED, DAY, Saying, dec, decided, item, mark, named, nov, planned, tell

UMBRELLA: dict[str, Any] = {"kind": "avoid", "of": ["bleeding-risk"], "days_before": 7}
RETINOID: dict[str, Any] = {"kind": "avoid", "of": ["retinoid"], "days_before": 7}
WARFARIN = named(nov(23), "warfarin")
FORMS: dict[str, dict[str, Any]] = {
    "days before": UMBRELLA,
    "with a floor": UMBRELLA | {"floor_days": 0},
    "from a point": {"kind": "avoid", "of": ["bleeding-risk"], "from": {"days": -1, "time": "22:00"}},
    "beside sun": UMBRELLA | {"of": ["sun", "bleeding-risk"]},
    "by its own name": UMBRELLA | {"of": ["warfarin"]},
    "for a clinician": UMBRELLA | {"severity": "clinician"},
    "review, and said so": UMBRELLA | {"prescribed": "review"},
}


def levels(case: Case) -> set[str]:
    """List how it stands from the day on which the product was named to the procedure."""
    checklist = planned(case)
    return {level_on(checklist, day.toordinal()) for day in walk(nov(23), DAY)}


def read(case: Case) -> Item:
    """Give the item."""
    return item(planned(case))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("prescribed", [None, True])
def test_a_systemic_prescribed_medicine_never_lets_a_step_be_fine_without_a_decision(
    form: str, *, prescribed: bool | None
) -> None:
    warfarin = named(nov(23), "warfarin", prescribed=prescribed)
    for more in ((), (mark(nov(23), "since"),), (mark(nov(23), "since"), mark(nov(23), "no_more_products", step=None))):
        for decision in (None, "change", "ask_prescriber"):
            decisions = () if decision is None else (decided(nov(23), 2, decision),)
            case = tell(FORMS[form], said=(warfarin, *more, *decisions))
            assert levels(case) == {"waiting"}
            assert read(case).reviewing


@pytest.mark.parametrize("form", FORMS)
def test_an_undecided_medicine_is_never_read_as_stop(form: str) -> None:
    checklist = planned(tell(FORMS[form], said=(WARFARIN,)))
    found = item(checklist)
    assert found.reviewing
    assert {question(found, found.state_on(day.toordinal())) for day in walk(BOOKED, DAY)} == {None}
    assert why(checklist, found).key == ("why.avoid.from" if form == "from a point" else "why.avoid.review")


def test_before_anything_is_named_an_umbrella_over_systemic_medicines_asks_and_tells_nobody_to_stop() -> None:
    assert read(tell(UMBRELLA)).reviewing
    asked = question(read(tell(UMBRELLA)), "unknown")
    assert asked is not None
    assert asked[1].key == "ask.review"


@pytest.mark.parametrize(
    ("step", "reviewing"),
    [
        (RETINOID, False),  # over a medicine that is only put on the skin
        (RETINOID | {"of": ["tretinoin"]}, True),  # named itself
        (RETINOID | {"of": ["tretinoin"], "prescribed": "stop"}, False),
        (UMBRELLA | {"except": ["warfarin", "nsaid"]}, False),
        (UMBRELLA | {"prescribed": "wait"}, False),
        (UMBRELLA | {"prescribed": "review"}, True),
        ({"kind": "avoid", "of": ["sun"], "days_before": 7, "prescribed": "review"}, False),
        (RETINOID | {"of": ["tretinoin"], "prescribed": "stop", "when": {"fact": "q", "is": True}}, True),
        (RETINOID | {"when": {"fact": "q", "is": True}}, False),
    ],
)
def test_with_nothing_named_a_step_reviews_if_it_names_a_medicine_or_covers_a_systemic_one(
    step: dict[str, Any], *, reviewing: bool
) -> None:
    facts = [{"id": "q", "type": "yes-no", "ask": "A question?"}]
    assert read(tell(step, facts=facts)).reviewing is reviewing


@pytest.mark.parametrize(
    ("step", "said", "state", "reviewing"),
    [
        (UMBRELLA, named(nov(23), "fish-oil", last_used_on=dec(11)), "short", False),
        (UMBRELLA, named(nov(23), "nsaid", prescribed=False, last_used_on=dec(11)), "short", False),
        (UMBRELLA, named(nov(23), "nsaid", last_used_on=dec(11)), "unknown", True),
        (UMBRELLA, named(nov(23), "fish-oil", "warfarin", last_used_on=dec(11)), "unknown", True),
        (UMBRELLA | {"prescribed": "wait"}, named(nov(23), "warfarin", last_used_on=dec(11)), "short", False),
        (RETINOID, named(nov(23), "retinoid", last_used_on=dec(11)), "short", False),
        (RETINOID, named(nov(23), "tretinoin", last_used_on=dec(11)), "unknown", True),
        (RETINOID | {"prescribed": "stop"}, named(nov(23), "tretinoin", last_used_on=dec(11)), "short", False),
        (RETINOID | {"prescribed": "review"}, named(nov(23), "retinoid", last_used_on=dec(11)), "unknown", True),
    ],
)
def test_each_product_is_judged_by_its_own_classes(
    step: dict[str, Any], said: Saying, state: str, *, reviewing: bool
) -> None:
    found = read(tell(step, said=(said,)))
    assert (found.state_on(nov(23).toordinal()), found.reviewing) == (state, reviewing)


@pytest.mark.parametrize(
    ("decision", "state", "level"),
    [
        ("continue", "open", "ready"),
        ("hold", "short", "blocked"),
        ("stop_agreed", "short", "blocked"),
        ("change", "unknown", "waiting"),
        ("ask_prescriber", "unknown", "waiting"),
    ],
)
def test_the_decision_rules(decision: str, state: str, level: str) -> None:
    warfarin = named(nov(23), "warfarin", last_used_on=dec(11))
    case = tell(UMBRELLA, said=(mark(nov(23), "since", nov(1)), warfarin, decided(dec(11), 3, decision)))
    assert read(case).state_on(dec(11).toordinal()) == state
    assert level_on(planned(case), dec(11).toordinal()) == level


def test_what_is_freely_sold_waits_for_nobody_while_the_prescribed_one_beside_it_does() -> None:
    fish_oil = named(nov(23), "fish-oil", last_used_on=nov(23))
    kept = mark(nov(24), "since", nov(24))
    free = tell(UMBRELLA, said=(fish_oil, kept))
    both = tell(UMBRELLA, said=(fish_oil, WARFARIN, kept))
    assert (levels(free) - {"on-track"}, read(free).reviewing, read(free).undecided) == ({"ready"}, False, ())
    assert (levels(both), read(both).reviewing, read(both).undecided) == ({"waiting"}, True, (3,))
