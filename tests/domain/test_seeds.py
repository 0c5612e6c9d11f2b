"""A law that cannot fail shows nothing: each turns red on a fault that is put into the rules on purpose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from prep_tracker.domain import days
from prep_tracker.domain.days import Calendar
from tests.domain import faults, test_days, test_worked_figures
from tests.domain import oracle_laws as laws
from tests.domain.strategies import Case, cases

Patch = pytest.MonkeyPatch
LOOK = settings(
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)


def turns_red(law: Callable[[Case], None], kinds: tuple[str, ...], most: int = 300) -> bool:
    """Say whether a few hundred cases, the same each time, break a law."""

    @settings(LOOK, max_examples=most)
    @given(cases(kinds, most=2))
    def look(case: Case) -> None:
        law(case)

    try:
        look()
    except (AssertionError, LookupError):
        return True
    return False


SEEDS: list[tuple[Callable[[Case], None], Callable[[Patch], None], tuple[str, ...]]] = [
    (laws.check_states, faults.a_day_too_early, ("avoid",)),
    (laws.check_states, faults.a_tick_gives_days_back, ("avoid",)),
    (laws.check_states, faults.windows_are_clamped_to_the_booking, ("avoid",)),
    (laws.check_states, faults.leads_are_forgotten, ("do",)),
    (laws.check_states, faults.missed_days_are_forgiven, ("daily",)),
    (laws.check_states, faults.a_closed_gate_is_only_unknown, ("gate",)),
    (laws.check_states, faults.a_review_needs_no_last_word, ("review",)),
    (laws.check_states, faults.a_note_is_taken_as_read, ("note",)),
    (laws.check_states, faults.waivers_cover_everything, ("avoid",)),
    (laws.check_standing, faults.unknown_counts_as_fine, ("avoid",)),
    (laws.check_standing, faults.blocked_is_left_out_of_the_projection, ("avoid", "do")),
    (laws.check_reasons, faults.reasons_are_lost, ("avoid", "do")),
    (laws.check_who_and_when, faults.everything_can_wait_until_the_day, ("avoid", "do")),
    (laws.check_who_and_when, faults.the_patient_is_asked_for_everything, ("review",)),
    (laws.check_medicines, faults.medicines_are_taken_for_creams, ("avoid",)),
    (laws.check_medicines, faults.an_umbrella_hides_its_medicines, ("avoid",)),
    (laws.check_medicines, faults.a_decision_is_waited_for_on_the_day_only, ("avoid",)),
    (laws.check_only_worse, faults.the_projection_is_a_day_late, ("avoid", "do")),
    (laws.check_only_worse, faults.blocked_is_left_out_of_the_projection, ("do",)),
    (laws.check_earliest, faults.a_day_too_early, ("avoid",)),
    (laws.check_earliest, faults.the_search_starts_a_day_late, ("avoid", "do")),
    (laws.check_earliest, faults.every_day_fits, ("avoid", "do")),
    (laws.check_moving_there, faults.every_day_fits, ("avoid", "do")),
    (laws.check_moving_there, faults.the_search_starts_a_day_late, ("avoid",)),
    (laws.check_there_and_back, faults.a_move_forgets_what_was_kept, ("avoid", "do")),
    (laws.check_withdrawal, faults.withdrawals_are_ignored, ("avoid", "do")),
    (laws.check_unknown_is_never_fine, faults.unknown_counts_as_fine, ("avoid",)),
    (laws.check_contact_never_helps, faults.a_contact_is_an_answer_and_no_more, ("avoid",)),
    (laws.check_plans_everything, faults.a_step_without_dates_breaks_the_plan, ("do",)),
]


@pytest.mark.parametrize(("law", "fault", "kinds"), SEEDS, ids=lambda x: getattr(x, "__name__", ""))
def test_a_law_turns_red_on_a_seeded_fault(
    law: Callable[[Case], None], fault: Callable[[Patch], None], kinds: tuple[str, ...], monkeypatch: Patch
) -> None:
    fault(monkeypatch)
    assert turns_red(law, kinds)


@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.__name__)
def test_every_law_has_a_seed(law: Callable[[Case], None]) -> None:
    assert law in {seeded for seeded, _, _ in SEEDS}


@pytest.mark.parametrize("kinds", sorted({kinds for _, _, kinds in SEEDS}), ids="-".join)
def test_without_a_fault_these_cases_are_green(kinds: tuple[str, ...]) -> None:
    assert [law.__name__ for law in {law for law, _, k in SEEDS if k == kinds} if turns_red(law, kinds, most=30)] == []


def test_months_counted_as_thirty_days_are_noticed(monkeypatch: Patch) -> None:
    monkeypatch.setattr(days, "add_months", lambda day, months: day + 30 * months)
    with pytest.raises(AssertionError):
        test_days.check_months(date(2026, 8, 1), 6)
    with pytest.raises(AssertionError):
        test_worked_figures.test_six_months_are_six_months_of_the_calendar()


def test_inclusive_days_are_noticed(monkeypatch: Patch) -> None:
    monkeypatch.setattr(days, "allowed_from", lambda contact, span: contact + span.days)
    with pytest.raises(AssertionError):
        test_days.check_clear_days(date(2026, 12, 5), 14)


def test_a_holiday_that_counts_as_a_business_day_is_noticed(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Calendar, "is_business_day", lambda _, day: (day - 1) % 7 < 5)
    with pytest.raises(AssertionError):
        test_days.check_business_days(date(2026, 12, 18), -3, frozenset({date(2026, 12, 16)}))


FIGURES = [test for name, test in vars(test_worked_figures).items() if name.startswith("test_")]


@pytest.mark.parametrize(
    "fault",
    [
        faults.a_day_too_early,
        faults.unknown_counts_as_fine,
        faults.a_tick_gives_days_back,
        faults.windows_are_clamped_to_the_booking,
        faults.leads_are_forgotten,
    ],
    ids=lambda fault: fault.__name__,
)
def test_the_worked_figures_turn_red_too(fault: Callable[[Patch], None], monkeypatch: Patch) -> None:
    fault(monkeypatch)
    red = []
    for figure in FIGURES:
        try:
            figure()
        except (AssertionError, LookupError):
            red.append(figure.__name__)
    assert red
