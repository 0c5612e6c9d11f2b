"""The demo: two invented clinics with somebody in every standing, dated by today, never beside real patients."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from prep_tracker.demo import Demo, open_demo, redate
from prep_tracker.desk.case import Desk, open_case
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.errors import ConflictError
from prep_tracker.domain.standing import level_on
from prep_tracker.services import access, protocols
from prep_tracker.services.clinic import calendar_of
from prep_tracker.store import clinics, erasure
from prep_tracker.store.session import Store
from prep_tracker.store.tables import METADATA

NOW = datetime(2026, 12, 4, 9, 30, tzinfo=UTC)
LEVELS = {"ready", "on-track", "waiting", "at-risk", "blocked", "past", "cancelled", "completed", "no-show"}
KINDS = {"avoid", "do", "daily", "gate", "review", "note"}


def opened(store: Store, now: datetime = NOW) -> Demo:
    """Open the demo."""
    store.run_write(lambda c: protocols.ship(c, now=now))
    return store.run_write(lambda c: open_demo(c, now=now))


def rows(store: Store, name: str) -> list[dict[str, Any]]:
    """Give the rows of a table."""
    return store.run_read(lambda c: [dict(row) for row in c.execute(METADATA.tables[name].select()).mappings()])


def cases(store: Store, demo: Demo, now: datetime) -> list[tuple[str, set[str], str]]:
    """Give how every procedure stands, the kinds of its steps, and its patient's reference."""
    people = {row["id"]: row["reference"] for row in rows(store, "patients")}
    found: list[tuple[str, set[str], str]] = []
    for clinic in (demo.clinic, demo.other):
        row = store.run_read(lambda c, clinic=clinic: clinics.get(c, clinic.id))  # type: ignore[misc]
        desk = Desk(Actor(row.id, "coordinator", "", "Ana"), row, calendar_of(row), now)
        for procedure in rows(store, "procedures"):
            if procedure["clinic_id"] == row.id:
                case = store.run_read(lambda c, d=desk, p=procedure: open_case(c, d, p["id"]))  # type: ignore[misc]
                kinds: set[str] = {item.rule.step.kind for item in case.checklist.items}
                found.append((level_on(case.checklist, case.today), kinds, people[procedure["patient_id"]]))
    return found


def test_somebody_stands_in_every_level_and_every_kind_of_step_is_in_use(store: Store) -> None:
    found = cases(store, opened(store), NOW)
    assert {level for level, _, _ in found} == LEVELS
    assert set().union(*(kinds for _, kinds, _ in found)) == KINDS


def test_whatever_staff_can_do_was_done_once(store: Store) -> None:
    opened(store)
    said = Counter(row["kind"] for row in rows(store, "entries"))
    expected = {"booked", "marked", "exposed", "answered", "moved", "waived", "gate-opened", "cleared", "step-added"}
    assert said.keys() >= expected | {"withdrawn", "ended"}
    assert all(row["kind"] == "booked" for row in rows(store, "entries") if row["seq"] == 1)


def test_nobody_says_anything_on_a_day_that_has_not_come(store: Store) -> None:
    opened(store)
    for row in rows(store, "entries"):
        assert row["said_on"] <= NOW.date()
        assert row["at"] <= NOW + timedelta(days=1)


@pytest.mark.parametrize("days", [1, 400])
def test_a_second_start_tells_the_stories_by_the_new_today(store: Store, days: int) -> None:
    first = opened(store)
    before = cases(store, first, NOW)
    later = NOW + timedelta(days=days)
    again = opened(store, later)
    assert (first.is_new, again.is_new) == (True, False)
    assert again.clinic.id == first.clinic.id
    after = cases(store, again, later)
    assert len(after) == len(before)
    assert {level for level, _, _ in after} == LEVELS
    assert {reference for *_, reference in after} == {reference for *_, reference in before}
    assert len(rows(store, "patients")) == len({reference for *_, reference in after})


def test_a_second_start_on_the_same_day_leaves_what_visitors_did(store: Store) -> None:
    opened(store)
    before = {name: rows(store, name) for name in ("patients", "procedures", "entries")}
    opened(store, NOW + timedelta(hours=2))
    assert {name: rows(store, name) for name in before} == before
    assert store.run_write(lambda c: redate(c, NOW + timedelta(hours=2))) is False


def test_the_day_turns_where_the_clinic_is(store: Store) -> None:
    """At 23:30 in Amsterdam it is still afternoon in New York."""
    opened(store, datetime(2026, 12, 4, 22, 30, tzinfo=UTC))
    after_midnight = datetime(2026, 12, 4, 23, 30, tzinfo=UTC)
    assert store.run_write(lambda c: redate(c, after_midnight)) is True
    dated = {row.name.split()[0]: row.settings["demo_dated_on"] for row in store.run_read(clinics.every)}
    assert dated == {"Aster": "2026-12-05", "Birch": "2026-12-04"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # it is about days
def test_any_day_of_the_year_can_be_today(store: Store) -> None:
    """Leap day, the turn of the year, a change of the clock: nobody's story falls on a day that is refused."""
    store.run_write(lambda c: protocols.ship(c, now=NOW))
    for day in (date(2027, 1, 1), date(2027, 3, 28), date(2027, 11, 7), date(2028, 2, 29)):
        now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        demo = store.run_write(lambda c, now=now: open_demo(c, now=now))  # type: ignore[misc]
        assert {level for level, _, _ in cases(store, demo, now)} == LEVELS, day


def test_a_real_clinic_is_never_touched(store: Store) -> None:
    store.run_write(lambda c: protocols.ship(c, now=NOW))
    real = store.run_write(lambda c: access.new_clinic(c, "Aster Skin Clinic (demo)", "Europe/Amsterdam", now=NOW))
    before = rows(store, "clinics")
    with pytest.raises(ConflictError, match="clinics of its own"):
        store.run_write(lambda c: open_demo(c, now=NOW))
    assert store.run_write(lambda c: redate(c, NOW)) is False
    with pytest.raises(ValueError, match="only a demo"):
        store.run_write(lambda c: erasure.empty(c, real.id))
    assert rows(store, "clinics") == before


def test_the_keys_let_in_by_role_and_into_one_clinic_only(store: Store) -> None:
    demo = opened(store)
    for role, token in demo.keys.items():
        actor, clinic = store.run_read(lambda c, token=token: access.authenticate(c, token, now=NOW))  # type: ignore[misc]
        assert (actor.role, clinic.id) == (role, demo.clinic.id)
    other, clinic = store.run_read(lambda c: access.authenticate(c, demo.other_key, now=NOW))
    assert (other.role, clinic.id) == ("coordinator", demo.other.id)


def test_the_people_are_invented_beyond_doubt(store: Store) -> None:
    opened(store)
    surnames = {"Example", "Sample", "Invented", "Madeup", "Fictive", "Pretend", "Imagined"}
    for row in rows(store, "patients"):
        assert row["name"].split()[-1] in surnames
        assert (row["email"], row["phone"], row["birth_date"]) == (None, None, None)
