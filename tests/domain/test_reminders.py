"""Reminders are those of the day-by-day oracle; they come at most once a day, in their hours, and never too late."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep_tracker.domain import entries as e
from prep_tracker.domain.plan import Checklist, plan
from prep_tracker.domain.record import fold
from prep_tracker.domain.remind import KINDS, possible
from prep_tracker.domain.reminders import Sending, digest_of, digests, instant, next_at
from tests.domain import oracle_reminders as oracle
from tests.domain.strategies import AT, QUICK, ZONE, Case, cases

SENDING = Sending(ZONE)
ENDLESS = replace(SENDING, most=10**6)
ZONES = ("Europe/Amsterdam", "America/New_York", "Asia/Tokyo", "Pacific/Kiritimati", "America/Adak", "Africa/Cairo")
TIMES = st.builds(lambda hour, minute: f"{hour:02d}:{minute:02d}", st.integers(0, 23), st.sampled_from([0, 30, 59]))


@st.composite
def ways(draw: st.DrawFn) -> Sending:
    """Make a clinic's way to remind."""
    quiet = draw(st.one_of(st.none(), st.tuples(TIMES, TIMES)))
    return Sending(draw(st.sampled_from(ZONES)), draw(TIMES), quiet, draw(st.integers(1, 25)), draw(st.integers(0, 6)))


def planned(case: Case) -> Checklist:
    return plan(case.rules, fold(case.entries), case.calendar)


def days_of(checklist: Checklist) -> range:
    return range(checklist.record.booked_on - 2, checklist.record.on + 80)


def check_lines(case: Case, chase_days: int) -> None:
    """Hold what is said on each day against the oracle. A procedure that begins at midnight has nothing on its day."""
    checklist = planned(case)
    days = days_of(checklist)
    sending = replace(ENDLESS, chase_days=chase_days, at="00:00", quiet=None)
    found = {one.day: one for one in digests(checklist, sending, days[0])}
    over = checklist.record.on if checklist.record.start == "00:00" else None
    for day in days:
        said = {(line.kind, line.step, line.fact) for line in found[day].lines} if day in found else set()
        assert said == (set() if day == over else oracle.lines(checklist, day, chase_days)), date.fromordinal(day)


def choosing(case: Case, dice: random.Random) -> Case:
    """Let each step say of what it reminds."""
    steps = [
        step.model_copy(update={"remind": tuple(kind for kind in sorted(possible(step)) if dice.random() < 0.5)})
        for step in case.protocol.steps
    ]
    return replace(case, protocol=case.protocol.model_copy(update={"steps": tuple(steps)}))


@QUICK
@given(cases(), st.integers(0, 6))
def test_what_is_said_on_which_day_is_what_the_oracle_says(case: Case, chase_days: int) -> None:
    check_lines(case, chase_days)


@QUICK
@given(cases(), st.randoms(use_true_random=False))
def test_a_step_that_says_of_what_it_reminds_reminds_of_nothing_else(case: Case, dice: random.Random) -> None:
    check_lines(choosing(case, dice), 3)


@QUICK
@given(cases(), ways())
def test_a_digest_goes_out_in_its_hours_and_at_most_once_a_day(case: Case, sending: Sending) -> None:
    checklist = planned(case)
    found = digests(checklist, replace(sending, most=10**6), days_of(checklist)[0])
    assert [one.day for one in found] == sorted({one.day for one in found})
    for one in found:
        assert one.due_at < one.not_after
        assert (one.due_at, one.not_after) == oracle.span(sending, checklist, one.day)
        for at in (one.due_at, one.not_after - timedelta(microseconds=1)):
            assert at.astimezone(ZoneInfo(sending.zone)).date() == date.fromordinal(one.day)


@QUICK
@given(cases(), ways(), st.integers(0, 30))
def test_there_are_never_more_than_the_clinic_wants_and_always_one_the_day_before(
    case: Case, sending: Sending, sent: int
) -> None:
    checklist = planned(case)
    first, eve = days_of(checklist)[0], checklist.record.on - 1
    every = {one.day: one for one in digests(checklist, replace(sending, most=10**6), first)}
    some = digests(checklist, sending, first, sent=sent)
    assert all(every[one.day] == one for one in some)
    assert eve not in every or eve in {one.day for one in some}
    assert len([one for one in some if one.day != eve]) <= max(0, sending.most - sent)
    assert sent + len(every) > sending.most or len(some) == len(every)


@QUICK
@given(cases(), ways())
def test_the_next_one_is_the_first_that_is_due_later(case: Case, sending: Sending) -> None:
    checklist = planned(case)
    first = days_of(checklist)[0]
    every = digests(checklist, replace(sending, most=10**6), first)
    for now in [datetime(2025, 12, 1, tzinfo=UTC), *(one.due_at for one in every)]:
        later = [one.due_at for one in every if one.due_at > now]
        assert next_at(checklist, sending, first, now) == (later[0] if later else None)
    for one in every:
        assert digest_of(checklist, sending, one.day) == one


@QUICK
@given(cases(), ways(), st.integers(1, 1439))
def test_what_has_become_due_after_its_hour_comes_within_its_time(case: Case, sending: Sending, minutes: int) -> None:
    checklist = planned(case)
    first = days_of(checklist)[0]
    for one in digests(checklist, replace(sending, most=10**6), first):
        now = one.due_at + timedelta(minutes=minutes)
        found = next_at(checklist, sending, one.day, now, said=True)
        if now < one.not_after:
            assert found is not None
            assert now < found < one.not_after
            assert found <= now + timedelta(hours=1)
        else:
            assert found == next_at(checklist, sending, one.day, now)


@QUICK
@given(cases())
def test_nothing_is_said_of_what_is_answered_done_waived_over_or_not_the_patients(case: Case) -> None:
    checklist = planned(case)
    items = {item.rule.step.id: item for item in checklist.items}
    for one in digests(checklist, ENDLESS, days_of(checklist)[0]):
        for line in one.lines:
            if not line.step or line.fact:
                continue
            item = items[line.step]
            assert oracle.is_patients(item)
            day = one.day + 1 if line.kind in {"tomorrow", "day-before"} else one.day
            assert item.state_on(day) in {"open", "unknown", "late"}
            assert line.kind in possible(item.rule.step)
            assert not (item.reviewing and line.kind in {"tomorrow", "today", "last-day", "day-before"})


@QUICK
@given(cases(), st.integers(1, 40))
def test_moving_there_and_back_changes_nothing_and_no_word_of_the_old_day_stays(case: Case, by: int) -> None:
    last = case.entries[-1]
    there = date.fromordinal(fold(case.entries).on + by)
    moves = [
        e.Moved(seq=last.seq + n, said_on=last.said_on, at=AT, by="staff", on=day, start=fold(case.entries).start)
        for n, day in ((1, there), (2, case.day))
    ]
    before = planned(case)
    first = days_of(before)[0]
    moved = planned(case.with_entries((*case.entries, moves[0])))
    back = planned(case.with_entries((*case.entries, *moves)))
    assert digests(back, ENDLESS, first) == digests(before, ENDLESS, first)
    for one in digests(moved, ENDLESS, first):
        for line in one.lines:
            if line.kind == "day-before":
                assert one.day == there.toordinal() - 1
            item = next((item for item in moved.items if item.rule.step.id == line.step), None)
            if item is not None and line.kind == "tomorrow":
                assert line.on == one.day + 1


def test_a_clinic_that_turned_reminders_off_sends_none() -> None:
    @QUICK
    @given(cases(most=2))
    def silent(case: Case) -> None:
        assert digests(planned(case), replace(SENDING, active=False), 1) == ()

    silent()


@pytest.mark.parametrize(
    ("day", "minutes", "zone", "at"),
    [
        ((2027, 3, 28), 150, "Europe/Berlin", (2027, 3, 28, 1, 30)),  # 02:30 never was: 03:30
        ((2026, 10, 25), 150, "Europe/Berlin", (2026, 10, 25, 0, 30)),  # 02:30 came twice: the first
        ((2027, 3, 14), 150, "America/New_York", (2027, 3, 14, 7, 30)),
        ((2026, 12, 4), 1080, "Asia/Kathmandu", (2026, 12, 4, 12, 15)),
        ((2026, 4, 24), 0, "Africa/Cairo", (2026, 4, 23, 22, 0)),  # midnight never was: one o'clock
        ((2026, 12, 3), 1440, "Europe/Berlin", (2026, 12, 3, 23, 0)),
    ],
)
def test_times_that_never_were_or_came_twice(
    day: tuple[int, int, int], minutes: int, zone: str, at: tuple[int, int, int, int, int]
) -> None:
    wanted = datetime(*at, tzinfo=UTC)
    assert instant(date(*day).toordinal(), minutes, zone) == wanted
    if minutes < 1440:
        assert oracle.instant_of(date(*day), minutes, zone) == wanted


@QUICK
@given(st.integers(0, 4000), st.integers(0, 1439), st.sampled_from(ZONES))
def test_every_time_is_the_instant_that_walking_through_the_minutes_finds(day: int, minutes: int, zone: str) -> None:
    on = date(2025, 1, 1) + timedelta(days=day)
    assert instant(on.toordinal(), minutes, zone) == oracle.instant_of(on, minutes, zone)


def test_every_kind_can_come() -> None:
    seen: set[str] = set()

    @QUICK
    @given(cases())
    def look(case: Case) -> None:
        checklist = planned(case)
        seen.update(line.kind for one in digests(checklist, ENDLESS, 1) for line in one.lines)

    look()
    assert seen == set(KINDS)
