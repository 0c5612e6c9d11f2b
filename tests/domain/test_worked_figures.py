"""The worked figures: a procedure on Friday 18 December 2026 in Amsterdam, and what each step makes of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from prep_tracker.domain import entries as e
from prep_tracker.domain.plan import Checklist, plan
from prep_tracker.domain.protocol import Protocol
from prep_tracker.domain.record import fold
from prep_tracker.domain.standing import Status, on
from tests.domain.strategies import AT, Case, prepared


def day(text: str) -> date:
    """Read "4 Dec", "2 Feb 2027": in 2026 where no year is named."""
    number, month, *year = text.split()
    months = {"Feb": 2, "Aug": 8, "Nov": 11, "Dec": 12}
    return date(int(year[0]) if year else 2026, months[month], int(number))


def case(step: dict[str, Any], *said: tuple[str, type[Any], dict[str, Any]]) -> Case:
    """Book on 22 Nov for 18 Dec, then say things: on which day, what kind of entry, with what."""
    step = {"id": "step", "title": "Step", "source": "made up", "severity": "blocking"} | step
    protocol = Protocol.model_validate({"protocol": "figures", "title": "Figures", "steps": [step]})
    head: dict[str, Any] = {"at": AT, "by": "staff"}
    booked = e.Booked(seq=1, said_on=day("22 Nov"), on=day("18 Dec"), protocol="figures@1", **head)
    entries = [kind(seq=n, said_on=day(when), **head, **what) for n, (when, kind, what) in enumerate(said, start=2)]
    return Case(protocol, (booked, *entries))


def checklist(made: Case) -> Checklist:
    return plan(prepared(made.protocol), fold(made.entries), made.calendar)


def state(made: Case, when: str) -> str:
    return checklist(made).items[0].state_on(day(when).toordinal())


def status(made: Case, when: str) -> Status:
    return on(checklist(made), day(when).toordinal())


def is_day(found: int | None, text: str) -> bool:
    return found == day(text).toordinal()


def since(when: str, first: str | None) -> tuple[str, type[Any], dict[str, Any]]:
    return when, e.Marked, {"step": "step", "mark": "since", "on": day(first) if first else None}


def contact(to: str, when: str, special: str | None = None) -> tuple[str, type[Any], dict[str, Any]]:
    said_on = when if day(when) > day("22 Nov") else "22 Nov"
    return said_on, e.Exposed, {"to": to, "on": day(when), "special": special}


def done(when: str) -> tuple[str, type[Any], dict[str, Any]]:
    return when, e.Marked, {"step": "step", "mark": "done", "on": day(when)}


FOURTEEN = {"kind": "avoid", "of": ["sun"], "days_before": 14}
FLOOR = {"kind": "avoid", "of": ["sun"], "days_before": 28, "floor_days": 14}
TASK = {"kind": "do", "due": {"days": -7}, "lead_days": 3}


def test_fourteen_clear_days_open_on_the_fourth_and_ask_from_then_on() -> None:
    made = case(FOURTEEN)
    assert is_day(checklist(made).items[0].opens, "4 Dec")
    assert [state(made, d) for d in ("22 Nov", "3 Dec", "4 Dec", "18 Dec")] == [
        "upcoming",
        "upcoming",
        "unknown",
        "unknown",
    ]
    assert [status(made, d).level for d in ("22 Nov", "3 Dec", "4 Dec", "18 Dec")] == [
        "on-track",
        "on-track",
        "waiting",
        "waiting",
    ]


def test_an_unanswered_step_can_still_be_answered_in_time_on_its_first_day_only() -> None:
    first, second = status(case(FOURTEEN), "4 Dec"), status(case(FOURTEEN), "5 Dec")
    assert is_day(first.act_by, "4 Dec")
    assert (first.reasons[0].days_short, first.reasons[0].worst_case_days_short) == (None, 0)
    assert is_day(second.act_by, "18 Dec")
    assert second.reasons[0].worst_case_days_short == 1


def test_kept_since_the_second_is_satisfied() -> None:
    made = case(FOURTEEN, since("3 Dec", "2 Dec"))
    assert [state(made, d) for d in ("3 Dec", "4 Dec", "18 Dec", "19 Dec")] == ["upcoming", "open", "open", "done"]
    assert {status(made, d).level for d in ("3 Dec", "4 Dec", "18 Dec")} == {"ready"}
    assert checklist(made).items[0].short_on(day("18 Dec").toordinal()) == (0, 0)


def test_never_is_an_answer() -> None:
    made = case(FOURTEEN, since("4 Dec", None))
    assert (state(made, "4 Dec"), status(made, "4 Dec").level) == ("open", "ready")


def test_the_third_of_december_is_the_last_harmless_day() -> None:
    assert status(case(FOURTEEN, contact("sun", "3 Dec")), "4 Dec").level == "ready"
    assert status(case(FOURTEEN, contact("sun", "4 Dec")), "4 Dec").level == "blocked"


def test_sun_on_the_fifth_blocks_and_the_twentieth_is_safe() -> None:
    made = case(FOURTEEN, contact("sun", "5 Dec"))
    found = status(made, "5 Dec")
    assert (state(made, "5 Dec"), found.level, found.reasons[0].days_short) == ("short", "blocked", 2)
    assert is_day(found.earliest_safe, "20 Dec")


def test_a_window_that_was_open_at_booking_asks_at_once_and_the_worst_case_grows_daily() -> None:
    made = case(FLOOR)
    assert is_day(checklist(made).items[0].opens, "20 Nov")
    assert (state(made, "22 Nov"), status(made, "22 Nov").level) == ("unknown", "waiting")
    assert [status(made, d).reasons[0].worst_case_days_short for d in ("22 Nov", "23 Nov", "1 Dec")] == [2, 3, 11]
    assert is_day(status(made, "22 Nov").earliest_safe, "6 Dec")
    assert is_day(status(made, "22 Nov").act_by, "4 Dec")


def test_between_floor_and_ask_a_clinician_decides() -> None:
    made = case(FLOOR, contact("sun", "25 Nov"))
    found = status(made, "25 Nov")
    assert (state(made, "25 Nov"), found.level) == ("short", "at-risk")
    assert (found.reasons[0].days_short, found.reasons[0].floor_days_short) == (6, 0)
    assert is_day(found.earliest_safe, "10 Dec")
    assert is_day(found.earliest_preferred, "24 Dec")


def test_a_sunburn_needs_longer() -> None:
    made = case({**FOURTEEN, "longer": {"sunburn": 28}}, contact("sun", "25 Nov", "sunburn"))
    found = status(made, "25 Nov")
    assert (state(made, "25 Nov"), found.level) == ("short", "blocked")
    assert is_day(found.earliest_safe, "24 Dec")


def test_longer_counts_also_before_a_since_and_for_a_product_of_several_classes() -> None:
    burnt = case({**FOURTEEN, "longer": {"sunburn": 28}}, contact("sun", "25 Nov", "sunburn"), since("4 Dec", "26 Nov"))
    assert is_day(status(burnt, "4 Dec").earliest_safe, "24 Dec")
    cream = {"text": "A cream", "category": "skincare", "classes": ("retinoid", "tretinoin"), "prescribed": False}
    both = case(
        {"kind": "avoid", "of": ["retinoid"], "days_before": 5, "longer": {"tretinoin": 14}},
        ("9 Dec", e.ProductAdded, {**cream, "last_used_on": day("9 Dec")}),
    )
    assert is_day(status(both, "9 Dec").earliest_safe, "24 Dec")


def test_six_months_are_six_months_of_the_calendar() -> None:
    step = {"kind": "avoid", "of": ["isotretinoin-oral"], "days_before": {"months": 6}, "prescribed": "wait"}
    made = case(step, contact("isotretinoin-oral", "1 Aug"))
    found = status(made, "22 Nov")
    assert (state(made, "22 Nov"), found.level) == ("short", "blocked")
    assert is_day(found.earliest_safe, "2 Feb 2027")


def test_moving_to_a_later_day_keeps_what_was_kept() -> None:
    step = {"kind": "avoid", "of": ["sun"], "days_before": 7}
    kept = since("12 Dec", "11 Dec")
    before, after = case(step, kept), case(step, kept, ("12 Dec", e.Moved, {"on": day("22 Dec")}))
    assert is_day(checklist(before).items[0].opens, "11 Dec")
    assert is_day(checklist(after).items[0].opens, "15 Dec")
    assert [state(after, d) for d in ("12 Dec", "15 Dec", "22 Dec", "23 Dec")] == ["upcoming", "open", "open", "done"]
    assert {status(after, d).level for d in ("12 Dec", "22 Dec")} == {"ready"}


def test_a_task_not_done_is_late_then_blocks() -> None:
    made = case(TASK)
    days = ("11 Dec", "12 Dec", "15 Dec", "16 Dec")
    assert [state(made, d) for d in days] == ["open", "late", "late", "short"]
    assert [status(made, d).level for d in days] == ["on-track", "at-risk", "at-risk", "blocked"]
    assert is_day(status(made, "12 Dec").act_by, "15 Dec")


def test_a_task_done_too_late_needs_its_lead() -> None:
    made = case(TASK, done("16 Dec"))
    found = status(made, "16 Dec")
    assert (state(made, "16 Dec"), found.level, found.reasons[0].days_short) == ("short", "blocked", 1)
    assert is_day(found.earliest_safe, "19 Dec")


def test_booked_late_nothing_is_clamped() -> None:
    made = case(FOURTEEN)
    late = made.with_entries((made.entries[0].model_copy(update={"said_on": day("9 Dec")}),))
    burnt = late.with_entries(
        (*late.entries, e.Exposed(seq=2, said_on=day("9 Dec"), at=AT, by="patient", to="sun", on=day("8 Dec")))
    )
    assert is_day(checklist(late).items[0].opens, "4 Dec")
    assert status(burnt, "9 Dec").reasons[0].days_short == 5


def test_a_waiver_covers_the_days_that_were_short_on_another_day_too() -> None:
    waived = ("5 Dec", e.Waived, {"step": "step", "reason": "seen in the clinic", "days_short": 2})
    made = case(FOURTEEN, contact("sun", "5 Dec"), waived, ("5 Dec", e.Moved, {"on": day("15 Dec")}))
    found = status(made, "5 Dec")
    assert (state(made, "5 Dec"), found.level, found.reasons[0].days_short) == ("short", "blocked", 5)
    assert is_day(found.earliest_safe, "18 Dec")


def test_not_safe_counts_before_the_question_is_asked_and_an_answer_for_a_later_day_does_not() -> None:
    gate = {"kind": "gate", "ask": "Is your skin clear?", "safe": True}
    unsafe = ("1 Dec", e.Marked, {"step": "step", "mark": "unsafe"})
    for opens in ({"days": -3}, {"hours": -2}, {"event": "healed", "days": 0}):
        assert status(case({**gate, "opens": opens}, unsafe), "1 Dec").level == "blocked"
    ahead = case(gate, ("1 Dec", e.Marked, {"step": "step", "mark": "safe", "on": day("18 Dec")}))
    assert [state(ahead, d) for d in ("1 Dec", "17 Dec", "18 Dec")] == ["done", "done", "unknown"]


def test_a_product_to_be_stopped_after_the_procedure_does_not_hide_its_last_use() -> None:
    cream = {"text": "Sun bed", "category": "skincare", "classes": ("sun",)}
    made = case(
        FOURTEEN,
        since("1 Dec", "1 Nov"),
        ("15 Dec", e.ProductAdded, {**cream, "last_used_on": day("15 Dec")}),
        ("15 Dec", e.ProductChanged, {"product": 3, "stopped_on": day("25 Dec")}),
    )
    assert status(made, "15 Dec").level == "blocked"


def test_days_before_a_daily_begins_cannot_be_kept() -> None:
    step = {
        "kind": "daily",
        "from": {"days": -5},
        "to": {"days": -1},
        "at_least": {"of_last": 10, "kept": 8},
    }
    assert status(case(step), "22 Nov").level == "blocked"


def test_an_avoid_that_ends_with_healing_goes_on_until_it_is_recorded() -> None:
    healed = ("22 Dec", e.EventRecorded, {"event": "healed", "on": day("21 Dec")})
    kept = since("1 Dec", "1 Nov")
    waiting, over = case({**FOURTEEN, "until": "healed"}, kept), case({**FOURTEEN, "until": "healed"}, kept, healed)
    days = ("17 Dec", "19 Dec", "21 Dec", "22 Dec", "31 Dec")
    assert [state(waiting, d) for d in days] == ["open"] * 5
    assert [state(over, d) for d in days] == ["open", "open", "open", "over", "over"]
    assert {status(waiting, d).level for d in ("1 Dec", "18 Dec")} == {"ready"}


def test_what_is_due_on_the_day_itself_keeps_nobody_from_being_ready_before_it() -> None:
    on_the_day: list[tuple[dict[str, Any], str]] = [
        ({"kind": "do", "due": {"days": 0}}, "ready"),
        ({"kind": "do", "due": {"days": -1}}, "on-track"),
        ({"kind": "gate", "ask": "?", "safe": True, "opens": {"days": 0}}, "ready"),
        ({"kind": "gate", "ask": "?", "safe": True, "opens": {"days": -1}}, "on-track"),
        ({"kind": "note", "confirm": True, "at": {"days": 0}}, "ready"),
        ({"kind": "note", "confirm": True, "at": {"days": -1}}, "on-track"),
    ]
    for step, level in on_the_day:
        assert status(case(step), "1 Dec").level == level
    assert [status(case(step), "18 Dec").level for step, _ in on_the_day] == [
        "ready",
        "at-risk",  # late, and still possible on the day
        "waiting",
        "waiting",
        "waiting",
        "waiting",
    ]


def test_a_start_that_was_missed_on_its_last_possible_day_blocks_at_once() -> None:
    step = {"kind": "daily", "from": {"days": -10}, "to": {"days": -1}, "start_by": {"days": -8}}
    missed = [(when, e.Marked, {"step": "step", "mark": "missed", "on": day(when)}) for when in ("9 Dec", "10 Dec")]
    assert [status(case(step), d).level for d in ("8 Dec", "9 Dec", "10 Dec", "11 Dec")] == [
        "ready",  # the days of a daily do not keep anybody from being ready
        "at-risk",
        "at-risk",
        "blocked",
    ]
    assert is_day(status(case(step, missed[0]), "9 Dec").act_by, "10 Dec")
    found = status(case(step, *missed), "10 Dec")
    assert (found.level, found.reasons[0].days_short) == ("blocked", 1)
