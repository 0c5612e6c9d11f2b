"""A product of which nobody knows for sure what it is counts as unknown wherever it may matter, until staff say."""

from __future__ import annotations

from prep_tracker.domain import entries as e
from prep_tracker.domain.standing import level_on, on
from tests.domain.told import Saying, dec, item, mark, named, nov, planned, tell

ACID = {"kind": "avoid", "of": ["sun"], "days_before": 7, "title": "No sun"}
REVIEW = {"kind": "review", "of": ["nsaid"], "severity": "clinician", "title": "Medicines"}
DOUBTFUL = named(dec(1), doubtful=("sun",))
KEPT = mark(dec(2), "since", nov(1))
SAID = dec(2).toordinal()


def changed(**more: object) -> Saying:
    return dec(3), e.ProductChanged, {"product": 2} | more


def test_a_doubtful_product_waits_for_staff_although_the_step_was_kept() -> None:
    checklist = planned(tell(ACID, said=(DOUBTFUL, KEPT)))
    assert item(checklist).state_on(SAID) == "unknown"
    assert item(checklist).undecided == (2,)
    assert level_on(checklist, SAID) == "waiting"


def test_what_is_certain_counts_although_something_else_is_doubtful() -> None:
    both = named(dec(12), "sun", doubtful=("tanning-bed",), last_used_on=dec(12))
    step = ACID | {"of": ["sun", "tanning-bed"]}
    found = on(planned(tell(step, said=(both,))), dec(12).toordinal())
    assert found.level == "blocked"
    assert found.earliest_safe == dec(20).toordinal()


def test_a_rejected_class_stays_rejected_and_a_confirmed_one_counts() -> None:
    rejected = planned(tell(ACID, said=(DOUBTFUL, KEPT, changed(rejected=("sun",)))))
    assert item(rejected).state_on(SAID + 1) == "upcoming"
    confirmed = planned(tell(ACID, said=(DOUBTFUL, changed(confirmed=("sun",), last_used_on=dec(3)))))
    assert not item(confirmed).undecided
    assert confirmed.record.products[2].classes == {"sun"}


def test_a_waived_step_comes_back_with_a_doubtful_product() -> None:
    waived = (nov(30), e.Waived, {"step": "step", "reason": "agreed"})
    assert item(planned(tell(ACID, said=(waived,)))).state_on(SAID) == "waived"
    assert item(planned(tell(ACID, said=(waived, DOUBTFUL)))).state_on(SAID) == "unknown"


def test_a_condition_on_use_stays_open_and_a_review_is_not_done() -> None:
    told_all = mark(dec(2), "no_more_products", step=None)
    conditional = ACID | {"when": {"uses": "sun"}}
    assert item(planned(tell(conditional, said=(DOUBTFUL, told_all)))).provisional
    pill = named(dec(1), doubtful=("nsaid",))
    assert item(planned(tell(REVIEW, said=(pill, told_all)))).state_on(SAID) != "done"
