"""Whatever happens to a schedule, no message is about a day that has moved, after its time, or to who has not agreed.

And whatever was due, and could be sent, has been: reminders in their hours, events at least once and in their order.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update

from prep_tracker.channels import Outcome, Outgoing
from prep_tracker.desk import telling
from prep_tracker.domain import reminders
from prep_tracker.domain.backoff import wait
from prep_tracker.domain.plan import Checklist
from prep_tracker.domain.reminders import Digest, Sending
from prep_tracker.services import attending, sending
from prep_tracker.store import outbox
from prep_tracker.store.message_rows import NewMessage
from prep_tracker.store.tables import messages
from tests.worker.post import Post
from tests.worker.schedules import BEGIN, opened, run

QUICK, FEW, BLOCK = 24, 60, 1000
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def test_schedules_with_everything_that_can_happen_to_them(database_url: str) -> None:
    with opened(database_url) as store:
        assert run(store, range(QUICK)).faults == []


@pytest.mark.soak
@ON_SQLITE
@pytest.mark.parametrize("block", range(10))
def test_ten_thousand_schedules(database_url: str, block: int) -> None:
    with opened(database_url) as store:
        assert run(store, range(block * BLOCK, (block + 1) * BLOCK)).faults == []


@pytest.mark.soak
@ON_POSTGRESQL
def test_a_thousand_schedules_on_postgresql(database_url: str) -> None:
    with opened(database_url) as store:
        assert run(store, range(BLOCK)).faults == []


def write_what_was_planned_before(patch: pytest.MonkeyPatch) -> None:
    """Let the worker write by the plan that it attended with, instead of reckoning anew."""
    real, kept = attending._remind, dict[str, Checklist]()

    def remind(connection: Any, desk: Any, row: Any, checklist: Checklist, patient: Any) -> None:  # noqa: ANN401 - as it is
        kept[row.id] = checklist
        real(connection, desk, row, checklist, patient)

    patch.setattr(attending, "_remind", remind)
    patch.setattr(sending, "plan_at", lambda _c, _d, procedure, version: (version, kept[procedure]))


def ask_for_consent_when_planning_only(patch: pytest.MonkeyPatch) -> None:
    """Let the worker write to whoever had agreed when it first attended, where they then were."""
    real, kept = attending._remind, dict[str, Any]()

    def remind(connection: Any, desk: Any, row: Any, checklist: Checklist, patient: Any) -> None:  # noqa: ANN401 - as it is
        kept.setdefault(patient.id, patient)
        real(connection, desk, row, checklist, patient)

    patch.setattr(attending, "_remind", remind)
    patch.setattr(sending, "patients", SimpleNamespace(get=lambda _c, _clinic, patient: kept[patient]))


def note_it_as_sent_before_sending(patch: pytest.MonkeyPatch) -> None:
    """Let it stand in the database that something was sent before it is."""
    real = Post.deliver

    def deliver(self: Post, message: Outgoing) -> Outcome:
        noted = update(messages).where(messages.c.id == message.id).values(status="sent")
        self.lives[message.clinic_id].store.run_write(lambda c: c.execute(noted))
        return real(self, message)

    patch.setattr(Post, "deliver", deliver)


def send_before_the_hour(patch: pytest.MonkeyPatch) -> None:
    """Let what is tried again not look at the hour, which is another one since it was planned."""
    real = reminders.digest_of

    def digest_of(checklist: Checklist, way: Sending, day: int) -> Digest | None:
        found = real(checklist, way, day)
        return None if found is None else replace(found, due_at=BEGIN)

    patch.setattr(sending, "digest_of", digest_of)


def ignore_quiet_hours(patch: pytest.MonkeyPatch) -> None:
    """Let reminders go out until midnight."""
    real = reminders._span

    def span(checklist: Checklist, way: Sending, day: int) -> tuple[datetime, datetime] | None:
        return real(checklist, replace(way, quiet=None), day)

    patch.setattr(reminders, "_span", span)


def claim_without_lanes(patch: pytest.MonkeyPatch) -> None:
    """Let messages overtake one another."""
    patch.setattr(NewMessage, "lane", property(lambda _: None))


def send_what_has_missed_its_day(patch: pytest.MonkeyPatch) -> None:
    """Let reminders go out on the day after, too."""
    real = reminders._span

    def span(checklist: Checklist, way: Sending, day: int) -> tuple[datetime, datetime] | None:
        found = real(checklist, way, day)
        return None if found is None else (found[0], reminders.instant(day + 1, 1200, way.zone))

    patch.setattr(reminders, "_span", span)


def forget_what_waits_when_something_is_said(patch: pytest.MonkeyPatch) -> None:
    """Let what is due already be put off by whatever is said before the worker wakes."""
    real = telling.attend_at
    patch.setattr(telling, "attend_at", lambda *given: real(*given[:4], said=False))


def give_up_early(patch: pytest.MonkeyPatch) -> None:
    """Let the worker try three times."""
    patch.setattr(sending, "wait", lambda n, chance, asked: None if n >= 3 else wait(n, chance, asked))


def remind_as_often_as_there_is_something(patch: pytest.MonkeyPatch) -> None:
    """Let a clinic's most count for nothing."""

    def digests(checklist: Checklist, way: Sending, day: int, *, sent: int) -> tuple[Digest, ...]:
        return reminders.digests(checklist, replace(way, most=999), day, sent=sent)

    patch.setattr(attending, "digests", digests)


def forget_who_was_reminded(patch: pytest.MonkeyPatch) -> None:
    """Let the worker not know of what day it spoke last."""
    patch.setattr(outbox, "reminded", lambda *_: (0, None))


@ON_SQLITE
@pytest.mark.parametrize(
    ("seed", "kinds"),
    [
        (write_what_was_planned_before, {"day", "words"}),
        (ask_for_consent_when_planning_only, {"consent", "address"}),
        (note_it_as_sent_before_sending, {"lost", "event lost"}),
        (ignore_quiet_hours, {"hour"}),
        (send_before_the_hour, {"hour"}),
        (claim_without_lanes, {"order"}),
        (send_what_has_missed_its_day, {"hour"}),
        (forget_what_waits_when_something_is_said, {"lost"}),
        (give_up_early, {"event lost"}),
        (remind_as_often_as_there_is_something, {"cap"}),
        (forget_who_was_reminded, {"twice"}),
    ],
    ids=lambda given: given.__name__ if callable(given) else "",
)
def test_the_simulation_turns_red_on(
    seed: Any,  # noqa: ANN401 - one of the functions above
    kinds: set[str],
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seed(monkeypatch)
    with opened(database_url) as store:
        found = {kind for _, (kind, _) in run(store, range(FEW), kinds).faults}
    assert kinds <= found
