"""Make up, from one seed, a patient's preparation: what is said and changed about it and when, and what holds since."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from prep_tracker.desk.case import Case, Desk, committed
from prep_tracker.domain import entries as e
from prep_tracker.domain.actor import Actor, Role
from prep_tracker.domain.errors import PrepError
from prep_tracker.domain.plan import Checklist, plan
from prep_tracker.domain.record import fold
from prep_tracker.domain.rules import Rules
from prep_tracker.services import clinic
from prep_tracker.store.clinics import ClinicRow
from prep_tracker.store.session import Connection, Store
from prep_tracker.store.tables import messages
from tests.worker.naps import NAPS

if TYPE_CHECKING:
    from tests.worker.post import Attempt

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86400))
ZONES = (
    *("Europe/Amsterdam", "America/New_York", "America/St_Johns", "America/Santiago", "Africa/Cairo"),
    *("Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham", "America/Adak"),
)
"""Where clinics are; each changes its clocks, at two or at midnight, by an hour or by half of one."""
FAR = (None, None, None, "Asia/Tokyo", "Pacific/Kiritimati", "Pacific/Honolulu", "Asia/Kathmandu", *ZONES)
"""Where patients live; None: where the clinic is."""
CONSENTS = ((True, False), (True, False), (False, True), (True, True), (True, True), (False, False))
VERBS = dict(  # noqa: C408 - it reads best
    move=8,
    mark=12,
    answer=4,
    expose=4,
    product=3,
    decide=3,
    withdraw=3,
    consent=5,
    address=3,
    zone=3,
    settings=5,
    waive=1,
    clear=1,
    event=1,
    end=2,
    erase=1,
)
Agenda = list[tuple[datetime, str, Any]]
"""What follows: at which instant, what, and with what."""


@dataclass(frozen=True, slots=True)
class Then:
    """What holds from an instant on: the record, where and how the patient is reached, how the clinic reminds."""

    at: datetime
    entries: tuple[e.Entry, ...]
    settings: Mapping[str, Any]
    zone: str
    ways: Mapping[str, str | None]
    """The ways on which the patient wants to be written to, each with the address, where there is one."""
    is_told: bool = True
    """Whether the clinic's endpoint is on."""
    is_here: bool = True
    """Whether the patient has not been erased."""


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """List the instants between autumn and spring at which the clocks of a zone change."""
    first, there = datetime(2026, 8, 20, tzinfo=UTC), ZoneInfo(zone)
    hours = (first + HOUR * n for n in range(24 * 250))
    return tuple(at for at in hours if at.astimezone(there).utcoffset() != (at - HOUR).astimezone(there).utcoffset())


@dataclass
class Life:
    """One schedule. ``history`` is what held since when, oldest first; ``attempts`` what was tried to be sent."""

    seed: int
    store: Store
    dice: random.Random = field(init=False)
    clinic: ClinicRow = field(init=False)
    procedure: str = ""
    patient: str = ""
    endpoint: str = ""
    version: int = 0
    history: list[Then] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    outages: dict[str, list[tuple[datetime, datetime, str]]] = field(default_factory=dict)
    plans: dict[int, Checklist] = field(default_factory=dict)
    reminders: dict[tuple[int, int], set[tuple[str, str]]] = field(default_factory=dict)
    kept: list[dict[str, Any]] | None = None
    rules: Rules = field(init=False)
    fields: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Throw the dice for where it happens and when it is booked: some weeks before the clocks change."""
        self.dice = dice = random.Random(self.seed)
        self.zone = dice.choice(ZONES)
        self.home = dice.choice(FAR)
        self.changes_at = dice.choice(changes(self.zone))
        self.booked_at = self.changes_at - DAY * dice.uniform(1, 40)
        self.day = (self.changes_at + DAY * dice.randint(-3, 25)).date()
        self.day = max(self.day, self.booked_at.date() + 6 * DAY)
        self.until = datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC) + 30 * DAY

    def agenda(self) -> Agenda:
        """Say when something is said or changed: at any time, or close to the hour at which something is sent."""
        dice, found = self.dice, [(self.booked_at, "book", None)]
        days = (self.until - self.booked_at) / DAY
        for at in self._mornings():
            found += [(at + MINUTE * dice.uniform(4, 240), "any", None) for _ in range(dice.randint(1, 2))]
        ends = [end for begin, end in NAPS if self.booked_at < begin and end < self.booked_at + DAY * (days - 8)]
        for end in dice.sample(ends, min(2, len(ends))):
            found.append((end - MINUTE * dice.uniform(1, 60), "any", None))
        for _ in range(dice.randint(1, 7)):
            at = self.booked_at + DAY * dice.uniform(0, days - 8 if dice.random() < 0.9 else days)
            found.append((max(at, self.booked_at + SECOND), "any", None))
        for channel in ("email", "sms", "webhook"):
            times = [self.booked_at + DAY * dice.uniform(0, days) for _ in range(dice.choice((0, 1, 2, 3)))]
            kinds = ("retry",) * 9 + (("gone",) if channel == "webhook" else ("failed",))
            self.outages[channel] = [(at, at + MINUTE * 2 ** dice.uniform(0, 11.5), dice.choice(kinds)) for at in times]
            if channel != "webhook":
                bad = [at - MINUTE * dice.uniform(0, 30) for at in self._mornings() if dice.random() < 0.7]
                self.outages[channel] += [(at, at + MINUTE * dice.uniform(20, 300), "retry") for at in bad]
        return [*found, (self.until, "finish", None)]

    def _mornings(self) -> list[datetime]:
        """Give nine o'clock, where the patient lives at first, of days on which there is often something to say."""
        first, there = self.booked_at.date(), ZoneInfo(self.home or self.zone)
        days = {first + 3 * DAY, first + 7 * DAY, first + 14 * DAY, self.day - DAY, self.day - 3 * DAY}
        return [datetime(at.year, at.month, at.day, 9, tzinfo=there).astimezone(UTC) for at in sorted(days)]

    def plan(self, entries: tuple[e.Entry, ...]) -> Checklist:
        """Plan what had been said by then."""
        if len(entries) not in self.plans:
            self.plans[len(entries)] = plan(self.rules, fold(entries), clinic.calendar_of(self.clinic))
        return self.plans[len(entries)]

    def then(self, at: datetime) -> Then:
        """Give what held at an instant."""
        return next(then for then in reversed(self.history) if then.at <= at)

    def between(self, begin: datetime, end: datetime) -> list[Then]:
        """Give what held at any time from one instant to another."""
        return [then for then in self.history if begin < then.at <= end] + [
            then for then in self.history if then.at <= begin
        ][-1:]

    def act(self, verb: str, what: Any, now: datetime) -> Agenda:  # noqa: ANN401 - as the verb wants it
        """Do something; give what follows from it. What the service refuses has not happened."""
        if verb == "any":
            verb = self.dice.choices(list(VERBS), list(VERBS.values()))[0]
        if self.history and not self.history[-1].is_here:
            return []
        try:
            return list(getattr(self, f"_{verb}")(what, now) or ())
        except PrepError:
            if verb == "book":
                raise
            return []

    def _do(
        self, now: datetime, fn: Callable[[Connection, Desk], Any], role: Role = "coordinator", clinic_id: str = ""
    ) -> Any:  # noqa: ANN401 - as the service gives it
        desk: Desk | None = None

        def write(connection: Connection) -> Any:  # noqa: ANN401 - as above
            nonlocal desk
            calendar = clinic.calendar_of(self.clinic)
            desk = Desk(Actor(self.clinic.id, role, "key", role), self.clinic, calendar, now)
            return fn(connection, desk)

        done = self.store.run_write(write, clinic_id or self.clinic.id)
        if desk is not None:
            committed(desk)
        return done

    def _say(self, now: datetime, fn: Callable[[Connection, Desk], Any], role: Role = "coordinator") -> Case:
        done = self._do(now, fn, role)
        case: Case = next(one for one in (done if isinstance(done, tuple) else (done,))[::-1] if isinstance(one, Case))
        self.version = case.row.version
        self._since(now, entries=case.entries)
        return case

    def _since(self, now: datetime, **changed: Any) -> None:  # noqa: ANN401 - any field
        self.history.append(replace(self.history[-1], at=now, **changed))

    def off(self, now: datetime) -> Agenda:
        """Note that the endpoint is off from now on; some days later somebody turns it on again."""
        self._since(now, is_told=False)
        return [(now + DAY * self.dice.uniform(0.1, 4), "on", None)]

    def rows(self) -> list[dict[str, Any]]:
        """Give what is kept of what was and is to be sent, in its order; of an erased patient what was until then."""
        if self.kept is not None:
            return self.kept
        query = select(messages).where(messages.c.procedure_id == self.procedure).order_by(messages.c.number)
        return self.store.run_read(lambda c: [dict(row) for row in c.execute(query).mappings()])
