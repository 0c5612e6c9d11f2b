"""Erasing beside others: what somebody says in that very moment is not left behind, and nobody is booked as nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Select

from prep_tracker.desk.case import Desk
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.errors import ConflictError, NotFoundError
from prep_tracker.services import marking, patients
from prep_tracker.services.booking import NewPatient, Order, book
from prep_tracker.services.clinic import calendar_of
from prep_tracker.store import Connection, clinics
from tests.access.test_erasure import told
from tests.api.house import BOOKING, PIA, House, Json

Work = Callable[[Connection], Any]


def desk_of(house: House) -> Desk:
    """Give the desk of Aster's admin."""
    clinic = house.store.run_read(lambda c: clinics.get(c, house.clinics["Aster"]))
    return Desk(Actor(clinic.id, "admin", "", "Ada"), clinic, calendar_of(clinic), house.clock.now())


def together(house: House, first: Work, then: Work) -> tuple[object, object]:
    """Begin the second while the first is done but not committed; give what came of both, an error as it is."""
    done = threading.Event()
    both: dict[str, object] = {}

    def held(connection: Connection) -> object:
        made = first(connection)
        done.set()
        threading.Event().wait(0.3)  # long enough for the other to run into whatever is locked
        return made

    def run(name: str, work: Work) -> None:
        try:
            both[name] = house.store.run_write(work, house.clinics["Aster"])
        except Exception as error:  # noqa: BLE001 - whoever called looks at it
            both[name] = error

    threads = [threading.Thread(target=run, args=("first", held)), threading.Thread(target=run, args=("then", then))]
    threads[0].start()
    assert done.wait(10)
    threads[1].start()
    for thread in threads:
        thread.join(20)
    return both["first"], both["then"]


def left(house: House, patient: str, procedure: str) -> set[str]:
    """Name the tables that still have something of a patient whose tombstone stays; the audit aside."""
    rows = told(house).items()
    return {name for name, found in rows if any(patient in str(row) or procedure in str(row) for row in found)} - {
        "audit",
        "patients",
    }


def booked(house: House) -> tuple[str, str]:
    """Book Pia; give her id and the procedure's."""
    answer = house.person("Ana").post("/v1/procedures", BOOKING).json()
    return answer["patient"]["id"], answer["id"]


def say(desk: Desk, procedure: str) -> Work:
    """Say that there was sun."""
    day = desk.today
    return lambda c: marking.expose(c, desk, procedure, "sun", day, None, "said just now")


def test_what_is_said_during_an_erasure_is_erased_too(house: House) -> None:
    pia, procedure = booked(house)
    desk = desk_of(house)
    first, then = together(house, say(desk, procedure), lambda c: patients.erase_patient(c, desk, pia))
    assert not isinstance(first, Exception), first
    assert then is None
    assert left(house, pia, procedure) == set()


def test_what_is_said_after_an_erasure_finds_nothing(house: House) -> None:
    pia, procedure = booked(house)
    desk = desk_of(house)
    first, then = together(house, lambda c: patients.erase_patient(c, desk, pia), say(desk, procedure))
    assert first is None
    assert isinstance(then, NotFoundError)
    assert left(house, pia, procedure) == set()


@pytest.mark.parametrize("by", ["reference", "id"])
def test_nobody_is_booked_as_somebody_who_is_being_erased(house: House, by: str) -> None:
    pia, procedure = booked(house)
    desk = desk_of(house)
    known: Json = {"patient": NewPatient(PIA["reference"], PIA["name"])} if by == "reference" else {"patient_id": pia}
    day = desk.today.replace(month=12)
    order = Order("laser-resurfacing", day, **known)
    first, then = together(house, lambda c: patients.erase_patient(c, desk, pia), lambda c: book(c, desk, order))
    assert first is None
    rows = told(house)
    if by == "reference":
        (row,) = rows["procedures"]
        assert row["patient_id"] != pia
        assert [p["name"] for p in rows["patients"] if p["id"] == row["patient_id"]] == [PIA["name"]]
    else:
        assert isinstance(then, Exception)
        assert rows["procedures"] == []
    assert left(house, pia, procedure) == set()


def test_a_booking_that_was_faster_is_erased_with_the_rest(house: House) -> None:
    pia, procedure = booked(house)
    desk = desk_of(house)
    again = NewPatient(PIA["reference"], PIA["name"])
    order = Order("laser-resurfacing", desk.today.replace(month=12), patient=again)
    first, then = together(house, lambda c: book(c, desk, order), lambda c: patients.erase_patient(c, desk, pia))
    assert not isinstance(first, Exception), first
    assert then is None
    assert left(house, pia, procedure) == set()
    assert told(house)["procedures"] == []


def test_an_erasure_that_fails_has_changed_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    pia, _ = booked(house)
    desk, before = desk_of(house), house.rows()

    def refuse(*_: object, **__: object) -> None:
        raise ConflictError("not now")

    monkeypatch.setattr("prep_tracker.desk.erasing.note_other", refuse)
    with pytest.raises(ConflictError):
        house.store.run_write(lambda c: patients.erase_patient(c, desk, pia), house.clinics["Aster"])
    assert house.rows() == before


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_without_waiting_for_whoever_writes_something_would_be_left(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite lets one write at a time anyway."""
    pia, procedure = booked(house)
    desk = desk_of(house)
    monkeypatch.setattr(Select, "with_for_update", lambda careless, **_: careless)
    _, then = together(house, say(desk, procedure), lambda c: patients.erase_patient(c, desk, pia))
    assert isinstance(then, Exception) or left(house, pia, procedure)
