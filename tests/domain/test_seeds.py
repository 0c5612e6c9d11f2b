"""A law that cannot fail shows nothing: each turns red on a fault that is put into the rules on purpose."""

# ruff: noqa: ANN401 - a fault passes on whatever the rules pass to one another

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from prep_tracker.domain import avoiding, days, earliest, plan, record, tasks
from prep_tracker.domain import entries as e
from prep_tracker.domain.days import Calendar
from prep_tracker.domain.items import Item
from tests.domain import oracle_laws as laws
from tests.domain import test_days, test_worked_figures
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


# -- the faults ------------------------------------------------------------------------------------------


def a_day_too_early(patch: Patch) -> None:
    for module in (avoiding, earliest):
        patch.setattr(module, "allowed_from", lambda contact, span: days.allowed_from(contact, span) - 1)


def unknown_counts_as_fine(patch: Patch) -> None:
    whole = avoiding.lay_avoid

    def calm(*args: Any) -> Item:
        item = whole(*args)
        item.timeline = tuple((day, "open" if state == "unknown" else state) for day, state in item.timeline)
        item.settled = True
        return item

    patch.setattr(plan, "lay_avoid", calm)


def a_tick_gives_days_back(patch: Patch) -> None:
    whole = avoiding.hear

    def forgiving(*args: Any) -> avoiding.Said:
        said = whole(*args)
        if said.since is not None:
            said.since, said.contacts = said.since._replace(on=None), []
        return said

    patch.setattr(avoiding, "hear", forgiving)


def windows_are_clamped_to_the_booking(patch: Patch) -> None:
    whole = avoiding.lay_avoid

    def clamped(rule: Any, known: record.Record, *rest: Any) -> Item:
        item = whole(rule, known, *rest)
        item.opens = None if item.opens is None else max(item.opens, known.booked_on)
        return item

    patch.setattr(plan, "lay_avoid", clamped)


def leads_are_forgotten(patch: Patch) -> None:
    whole = tasks.lay_do

    def careless(rule: Any, *rest: Any) -> Item:
        step = rule.step if rule.step.due is None else rule.step.model_copy(update={"lead_days": None})
        return whole(replace(rule, step=step), *rest)

    patch.setitem(plan.LAY, "do", careless)


def missed_days_are_forgiven(patch: Patch) -> None:
    patch.setattr(tasks, "_missing", lambda *_: ())


def a_closed_gate_is_only_unknown(patch: Patch) -> None:
    whole = plan.LAY["gate"]

    def weak(*args: Any) -> Item:
        item = whole(*args)
        item.timeline = tuple((day, "unknown" if state == "closed" else state) for day, state in item.timeline)
        return item

    patch.setitem(plan.LAY, "gate", weak)


def a_review_needs_no_last_word(patch: Patch) -> None:
    whole = plan.LAY["review"]

    def quick(rule: Any, known: record.Record, *rest: Any) -> Item:
        return whole(rule, replace(known, no_more=(10**6, 0)), *rest)

    patch.setitem(plan.LAY, "review", quick)


def a_note_is_taken_as_read(patch: Patch) -> None:
    whole = plan.LAY["note"]

    def read(rule: Any, known: record.Record, *rest: Any) -> Item:
        return whole(rule, replace(known, understood={rule.step.id: 0}), *rest)

    patch.setitem(plan.LAY, "note", read)


def waivers_cover_everything(patch: Patch) -> None:
    whole = plan._waive
    patch.setattr(
        plan, "_waive", lambda item, waiver, known: whole(item, waiver._replace(seq=10**6, days_short=10**6), known)
    )


def blocked_is_left_out_of_the_projection(patch: Patch) -> None:
    whole = plan._project
    patch.setattr(plan, "_project", lambda *args, **kwargs: whole(*args, **kwargs)._replace(blocked_on=None))


def the_projection_is_a_day_late(patch: Patch) -> None:
    whole = plan._project

    def late(*args: Any, **kwargs: Any) -> plan.Projection:
        found = whole(*args, **kwargs)
        return plan.Projection(*(None if day is None else day + 1 for day in found))

    patch.setattr(plan, "_project", late)


def every_day_fits(patch: Patch) -> None:
    patch.setattr(earliest, "fits", lambda *_, **__: True)
    patch.setattr(earliest, "_lower_bound", lambda *_, **__: 0)


def the_search_starts_a_day_late(patch: Patch) -> None:
    whole = earliest._lower_bound
    patch.setattr(earliest, "_lower_bound", lambda *args, **kwargs: whole(*args, **kwargs) + 1)


def a_move_forgets_what_was_kept(patch: Patch) -> None:
    whole = record.fold

    def forgetful(entries: tuple[e.Entry, ...], upto: date | None = None) -> record.Record:
        known = whole(entries, upto)
        if any(isinstance(x, e.Moved) for x in entries):
            known.sinces.clear()
            known.done.clear()
        return known

    patch.setattr(laws, "fold", forgetful)


def withdrawals_are_ignored(patch: Patch) -> None:
    whole = record.fold
    patch.setattr(
        laws, "fold", lambda entries, upto=None: whole([x for x in entries if not isinstance(x, e.Withdrawn)], upto)
    )


def a_contact_is_an_answer_and_no_more(patch: Patch) -> None:
    whole = avoiding.hear

    def shrug(*args: Any) -> avoiding.Said:
        said = whole(*args)
        said.contacts = []
        return said

    patch.setattr(avoiding, "hear", shrug)


def reasons_are_lost(patch: Patch) -> None:
    patch.setattr("prep_tracker.domain.standing._reason", lambda *_: None)
    patch.setattr("prep_tracker.domain.standing.reasons_on", lambda *_: ())


def a_step_without_dates_breaks_the_plan(patch: Patch) -> None:
    def lost(*_: Any) -> Item:
        raise LookupError

    patch.setattr(tasks, "undated", lost)


SEEDS: list[tuple[Callable[[Case], None], Callable[[Patch], None], tuple[str, ...]]] = [
    (laws.check_states, a_day_too_early, ("avoid",)),
    (laws.check_states, a_tick_gives_days_back, ("avoid",)),
    (laws.check_states, windows_are_clamped_to_the_booking, ("avoid",)),
    (laws.check_states, leads_are_forgotten, ("do",)),
    (laws.check_states, missed_days_are_forgiven, ("daily",)),
    (laws.check_states, a_closed_gate_is_only_unknown, ("gate",)),
    (laws.check_states, a_review_needs_no_last_word, ("review",)),
    (laws.check_states, a_note_is_taken_as_read, ("note",)),
    (laws.check_states, waivers_cover_everything, ("avoid",)),
    (laws.check_standing, unknown_counts_as_fine, ("avoid",)),
    (laws.check_standing, blocked_is_left_out_of_the_projection, ("avoid", "do")),
    (laws.check_reasons, reasons_are_lost, ("avoid", "do")),
    (laws.check_only_worse, the_projection_is_a_day_late, ("avoid", "do")),
    (laws.check_only_worse, blocked_is_left_out_of_the_projection, ("do",)),
    (laws.check_earliest, a_day_too_early, ("avoid",)),
    (laws.check_earliest, the_search_starts_a_day_late, ("avoid", "do")),
    (laws.check_earliest, every_day_fits, ("avoid", "do")),
    (laws.check_moving_there, every_day_fits, ("avoid", "do")),
    (laws.check_moving_there, the_search_starts_a_day_late, ("avoid",)),
    (laws.check_there_and_back, a_move_forgets_what_was_kept, ("avoid", "do")),
    (laws.check_withdrawal, withdrawals_are_ignored, ("avoid", "do")),
    (laws.check_unknown_is_never_fine, unknown_counts_as_fine, ("avoid",)),
    (laws.check_contact_never_helps, a_contact_is_an_answer_and_no_more, ("avoid",)),
    (laws.check_plans_everything, a_step_without_dates_breaks_the_plan, ("do",)),
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
        a_day_too_early,
        unknown_counts_as_fine,
        a_tick_gives_days_back,
        windows_are_clamped_to_the_booking,
        leads_are_forgotten,
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
