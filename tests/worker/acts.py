"""Do what happens to a schedule: each verb goes through the services, and what holds since then is noted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from prep_tracker.desk.answers import MARKS
from prep_tracker.desk.ordering import NewProduct
from prep_tracker.services import access, booking, clinic, clinical, marking, patients, review, webhooks
from prep_tracker.services.booking import Move, NewPatient, Order
from tests.worker.lives import CONSENTS, DAY, FAR, HOUR, MINUTE, SECOND, Agenda, Life, Then

if TYPE_CHECKING:
    from prep_tracker.desk.case import Case
    from prep_tracker.domain.actor import Role
    from prep_tracker.domain.entries import EndState

PROTOCOLS = ("laser-resurfacing", "laser-nonablative", "laser-fractional", "laser-ablative")
TIMES = ("09:00", "09:00", "07:15", "12:30", "18:45", "20:45", "00:30", "02:30", "23:50")
QUIET = (("21:00", "08:00"), ("21:00", "07:00"), ("22:30", "06:00"), ("13:00", "15:00"), None)


@dataclass
class Acting(Life):
    """One schedule, with all that can happen to it."""

    def _book(self, _: object, now: datetime) -> Agenda:
        dice, name = self.dice, f"Clinic {self.seed}"
        self.clinic = self.store.run_write(lambda c: access.new_clinic(c, name, self.zone, now=now))
        hook = self._do(now, lambda c, desk: webhooks.add(c, desk, "https://clinic.example/hook", [], "full"))
        self.endpoint = hook.id
        email, sms = dice.choice(CONSENTS)
        patient = NewPatient(
            *("A-1", "Pia", dice.choice(("en", "en", "es", "nl", "ar"))),
            time_zone=self.home,
            email=None if dice.random() < 0.1 else "pia@example.org",
            phone=None if dice.random() < 0.1 else "+31 6 0000 0000",
            messages={"email": email, "sms": sms},
        )
        order = Order(
            dice.choice(PROTOCOLS), self.day, dice.choice(("10:30", "08:00", "00:00", "16:45", None)), patient
        )
        case: Case = self._do(now, lambda c, desk: booking.book(c, desk, order))
        self.procedure, self.patient, self.version = case.row.id, case.row.patient_id, case.row.version
        self.rules = case.checklist.rules
        self.fields = {name: getattr(patient, name) for name in ("email", "phone", "messages", "time_zone")}
        self.history = [Then(now, case.entries, {}, self.home or self.zone, self._ways())]
        return [(now + SECOND, "settings", None)] if dice.random() < 0.4 else []

    def _ways(self) -> dict[str, str | None]:
        found = {"email": self.fields["email"], "sms": self.fields["phone"]}
        return {way: found[way] for way, agreed in self.fields["messages"].items() if agreed}

    def _today(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.zone)).date()

    def _move(self, _: object, now: datetime) -> Iterator[tuple[datetime, str, Any]]:
        dice, record = self.dice, self.plan(self.history[-1].entries).record
        to = max(self._today(now), date.fromordinal(record.on) + DAY * dice.choice((-9, -3, -1, 0, 1, 2, 7, 30)))
        move = Move(to, dice.choice(("09:15", None)), keep_time=dice.random() < 0.7)
        yield from self._to(move, now)
        if dice.random() < 0.6:
            back = Move(date.fromordinal(record.on), record.start, keep_time=False)
            yield now + dice.choice((20 * SECOND, 100 * SECOND, 3 * MINUTE, HOUR, 9 * HOUR, 2 * DAY)), "to", back

    def _to(self, move: Move, now: datetime) -> Agenda:
        self._say(now, lambda c, d: booking.apply_move(c, d, self.procedure, move, if_match=(self.version,)))
        self.until = max(self.until, datetime(move.to_on.year, move.to_on.month, move.to_on.day, tzinfo=UTC) + 30 * DAY)
        return []

    def _taken_back(self, now: datetime) -> Agenda:
        if self.dice.random() < 0.6:
            return []
        later = self.dice.choice((15 * SECOND, 90 * SECOND, 4 * MINUTE, 7 * HOUR, 30 * HOUR))
        return [(now + later, "withdraw", self.version)]

    def _mark(self, _: object, now: datetime) -> Agenda:
        dice, today = self.dice, self._today(now)
        step = dice.choice(self.plan(self.history[-1].entries).items).rule.step
        kind = dice.choice(MARKS[step.kind])
        on = today - DAY * dice.choice((0, 0, 1, 2, 5, 20))
        role: Role = dice.choice(("coordinator", "patient"))
        self._say(now, lambda c, d: marking.mark(c, d, self.procedure, kind, step.id, on), role)
        return self._taken_back(now)

    def _answer(self, _: object, now: datetime) -> None:
        facts = self.rules.protocol.facts
        if facts:
            fact = self.dice.choice(facts)
            value = self.dice.choice((*(fact.options or (True, False)), None))
            self._say(now, lambda c, d: marking.answer(c, d, self.procedure, {fact.id: value}), "patient")

    def _expose(self, _: object, now: datetime) -> Agenda:
        to, on = self.dice.choice(("sun", "retinoid", "alcohol")), self._today(now) - DAY * self.dice.choice((0, 1, 4))
        self._say(now, lambda c, d: marking.expose(c, d, self.procedure, to, on, None, None))
        return self._taken_back(now)

    def _product(self, _: object, now: datetime) -> None:
        if self.dice.random() < 0.4:
            self._say(now, lambda c, d: marking.mark(c, d, self.procedure, "no_more_products", None, None), "patient")
            return
        product = NewProduct(*self.dice.choice((("ibuprofen", "medicine"), ("Retinol cream", "skincare"))))
        self._say(now, lambda c, d: review.add_product(c, d, self.procedure, product), "patient")

    def _decide(self, _: object, now: datetime) -> None:
        for number in self.plan(self.history[-1].entries).record.products:
            self._hold(number, now)

    def _hold(self, number: int, now: datetime) -> None:
        match = (self.version,)
        self._say(now, lambda c, d: review.decide(c, d, self.procedure, number, "hold", "", if_match=match))

    def _withdraw(self, number: int | None, now: datetime) -> None:
        number = number or self.dice.randint(1, self.version)
        self._say(now, lambda c, d: marking.withdraw(c, d, self.procedure, number, None))

    def _waive(self, _: object, now: datetime) -> None:
        step = self.dice.choice(self.plan(self.history[-1].entries).items).rule.step.id
        self._say(now, lambda c, d: clinical.waive(c, d, self.procedure, step, "Seen", if_match=(self.version,)))

    def _clear(self, _: object, now: datetime) -> None:
        self._say(now, lambda c, d: clinical.clear(c, d, self.procedure, (), None, if_match=(self.version,)))

    def _event(self, _: object, now: datetime) -> None:
        on = self._today(now)
        self._say(now, lambda c, d: clinical.record_event(c, d, self.procedure, "healed", on))

    def _end(self, _: object, now: datetime) -> None:
        state: EndState = self.dice.choice(("cancelled", "completed", "no-show"))
        if state != "cancelled" and self._today(now).toordinal() < self.plan(self.history[-1].entries).record.on:
            return
        match = (self.version,)
        self._say(now, lambda c, d: clinical.set_state(c, d, self.procedure, state, None, if_match=match))

    def _change(self, now: datetime, **fields: Any) -> None:  # noqa: ANN401 - any field of a patient
        self._do(now, lambda c, d: patients.change_patient(c, d, self.patient, fields))
        self.fields |= fields
        self._since(now, ways=self._ways(), zone=self.fields["time_zone"] or self.zone)

    def _consent(self, _: object, now: datetime) -> None:
        email, sms = self.dice.choice(CONSENTS)
        self._change(now, messages={"email": email, "sms": sms})

    def _address(self, _: object, now: datetime) -> None:
        email = self.dice.choice((None, "pia@example.org", "pia.new@example.org"))
        self._change(now, email=email, phone=self.dice.choice(("+31 6 0000 0000", "+31 6 1111 1111")))

    def _zone(self, _: object, now: datetime) -> None:
        self._change(now, time_zone=self.dice.choice(FAR))

    def _settings(self, _: object, now: datetime) -> None:
        dice, quiet = self.dice, self.dice.choice(QUIET)
        fields = {
            "remind_at": dice.choice(TIMES),
            "quiet": None if quiet is None else {"from": quiet[0], "to": quiet[1]},
            "most_messages": dice.choice((20, 20, 20, 8, 3)),
            "reminders": dice.random() < 0.95,
        }
        self.clinic = self._do(now, lambda c, d: clinic.change_clinic(c, d, fields))
        self._since(now, settings=fields)

    def _on(self, _: object, now: datetime) -> None:
        self._do(now, lambda c, d: webhooks.change(c, d, self.endpoint, webhooks.Wish(active=True)))
        self._since(now, is_told=True)

    def _erase(self, _: object, now: datetime) -> None:
        if self.dice.random() < 0.5:
            self.kept = self.rows()
            self._do(now, lambda c, d: patients.erase_patient(c, d, self.patient))
            self._since(now, is_here=False)
