"""Faults to put into the rules on purpose, each named by what the rules then get wrong."""

# ruff: noqa: ANN401 - a fault passes on whatever the rules pass to one another

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from prep_tracker.domain import avoiding, days, earliest, plan, record, tasks
from prep_tracker.domain import entries as e
from prep_tracker.domain.items import Item
from tests.domain import oracle_laws as laws

Patch = pytest.MonkeyPatch


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


def everything_can_wait_until_the_day(patch: Patch) -> None:
    patch.setattr("prep_tracker.domain.standing.act_by_on", lambda *_: None)


def the_patient_is_asked_for_everything(patch: Patch) -> None:
    patch.setattr("prep_tracker.domain.standing.who", lambda _: "patient")


def medicines_are_taken_for_creams(patch: Patch) -> None:
    whole = avoiding.hear

    def blind(rule: Any, *rest: Any) -> avoiding.Said:
        return whole(replace(rule, medicines=frozenset()), *rest)

    patch.setattr(avoiding, "hear", blind)


def an_umbrella_hides_its_medicines(patch: Patch) -> None:
    whole = avoiding.lay_avoid

    def hiding(rule: Any, *rest: Any) -> Item:
        return whole(replace(rule, medicine=rule.medicine and "bleeding-risk" not in rule.step.of), *rest)

    patch.setattr(plan, "lay_avoid", hiding)


def a_decision_is_waited_for_on_the_day_only(patch: Patch) -> None:
    whole = avoiding.lay_avoid

    def patient(rule: Any, known: record.Record, *rest: Any) -> Item:
        item = whole(rule, known, *rest)
        if item.undecided and item.timeline[0][1] == "unknown":
            item.timeline = ((known.booked_on, "open"), (known.on, "unknown"))
        return item

    patch.setattr(plan, "lay_avoid", patient)


def a_step_without_dates_breaks_the_plan(patch: Patch) -> None:
    def lost(*_: Any) -> Item:
        raise LookupError

    patch.setattr(tasks, "undated", lost)
