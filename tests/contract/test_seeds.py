"""Each fault that is put in on purpose is found: otherwise ten thousand green cases would say nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from prep_tracker.api.door import respond
from prep_tracker.api.staff import patients as door
from prep_tracker.api.wire import Answer
from prep_tracker.domain.errors import ConflictError
from prep_tracker.services import patients
from prep_tracker.store import patients as kept
from prep_tracker.store.tables import METADATA
from tests.api import contract
from tests.api.contract import operation_of
from tests.api.house import House
from tests.contract import probe
from tests.contract.probe import Probe, each
from tests.contract.trial import Trial, run

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection
    from prep_tracker.store.patients import PatientRow

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Add = Callable[["Connection", "Desk", dict[str, Any]], "PatientRow"]
ADD, FIND, READ = ("POST", "/v1/patients"), ("GET", "/v1/patients"), ("GET", "/v1/patients/x")


def probed(house: House, address: tuple[str, str], field: str) -> list[str]:
    """Write everything hostile into one place, and every length; give what was found wrong."""
    operation = operation_of(*address)
    assert operation is not None
    sender = Probe(house)
    for changes in each(operation):
        if changes[0][0].path == (field,):
            sender.send(operation, changes)
    sender.climb(operation)
    assert sender.tried > 50
    return sender.wrong


def breaking(add: Add, is_bad: Callable[[str], bool]) -> Add:
    """Let adding a patient fail for some names."""

    def broken(connection: Connection, desk: Desk, fields: dict[str, Any]) -> PatientRow:
        if is_bad(fields["name"]):
            raise RuntimeError
        return add(connection, desk, fields)

    return broken


def test_what_is_whole_is_found_whole(house: House) -> None:
    assert probed(house, FIND, "reference") == []
    trial = run(house, examples=3, only=("add_patient", "get_patient", "erase_patient"))
    assert (trial.found, trial.broken) == ([], [])


@pytest.mark.parametrize("is_bad", [lambda name: len(name) > 40, lambda name: len(name) == 41], ids=["over", "exactly"])
def test_a_fault_that_needs_a_name_of_41_characters(
    house: House, monkeypatch: pytest.MonkeyPatch, is_bad: Callable[[str], bool]
) -> None:
    monkeypatch.setattr(patients, "add_patient", breaking(patients.add_patient, is_bad))
    assert any(": 500 " in one for one in probed(house, ADD, "name"))


@pytest.mark.parametrize("hostile", ["\u0335", "\u00b2", "\U00020000", "\u0430"])
def test_a_fault_that_needs_a_hostile_name(house: House, monkeypatch: pytest.MonkeyPatch, hostile: str) -> None:
    monkeypatch.setattr(patients, "add_patient", breaking(patients.add_patient, lambda name: hostile in name))
    assert any(": 500 " in one for one in probed(house, ADD, "name"))


def test_a_fault_that_needs_a_digit_that_is_none_in_a_search(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    find = patients.find_patient

    def broken(connection: Connection, desk: Desk, reference: str) -> PatientRow | None:
        return find(connection, desk, str(int(reference)) if reference.isdigit() else reference)

    monkeypatch.setattr(patients, "find_patient", broken)
    assert any(": 500 " in one for one in probed(house, FIND, "reference"))


def test_a_bound_that_is_off_by_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    told = house.app.openapi()["components"]["schemas"]["PatientIn"]["properties"]["name"]
    monkeypatch.setitem(told, "maxLength", told["maxLength"] + 1)
    monkeypatch.setattr(probe, "validator", contract.validator.__wrapped__)
    assert any(": 422 the document allows" in one for one in probed(house, ADD, "name"))


def test_a_status_that_is_not_in_the_document(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def conflicting(*_: object) -> None:
        raise ConflictError("Two patients have this reference.")

    monkeypatch.setattr(patients, "find_patient", conflicting)
    assert "status_code_conformance" in tried(house, "find_patient").checks()


def test_an_answer_without_one_of_its_fields(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = door._document

    def without(row: PatientRow) -> dict[str, Any]:
        return {name: value for name, value in whole(row).items() if name != "version"}

    monkeypatch.setattr(door, "_document", without)
    assert "response_schema_conformance" in tried(house, "get_patient").checks()


def test_an_answer_without_one_of_its_headers(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "respond", lambda made: respond(Answer(made.status, made.body)))
    assert "response_headers_conformance" in tried(house, "get_patient").checks()


def test_an_operation_that_knows_nobody_and_answers(house: House) -> None:
    ada = f"Bearer {house.tokens['Ada']}".encode()

    async def trusting(scope: Scope, receive: Receive, send: Send) -> None:
        rest = [one for one in scope["headers"] if one[0] != b"authorization"]
        await house.app({**scope, "headers": [*rest, (b"authorization", ada)]}, receive, send)

    trial = run(house, examples=3, only=("get_clinic",), app=trusting)
    assert "ignored_auth" in trial.checks()


def test_another_clinics_patient_under_their_id(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    read, table = patients.get_patient, METADATA.tables["patients"]

    def careless(connection: Connection, desk: Desk, patient_id: str) -> PatientRow:
        whose = connection.execute(select(table.c.clinic_id).where(table.c.id == patient_id)).scalar_one_or_none()
        return kept.get(connection, whose, patient_id) if whose else read(connection, desk, patient_id)

    monkeypatch.setattr(patients, "get_patient", careless)
    trial = run(house, examples=10, phases=("fuzzing", "stateful"), only=("add_patient", "get_patient"))
    assert "object_level_authorization" in trial.checks()


def test_a_patient_who_is_erased_and_still_answers(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patients, "erase_patient", lambda *_: None)
    only = ("add_patient", "get_patient", "erase_patient")
    assert "use_after_free" in run(house, examples=20, phases=("stateful",), only=only).checks()


def test_a_patient_who_is_added_and_cannot_be_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    add = patients.add_patient

    def forgetting(connection: Connection, desk: Desk, fields: dict[str, Any]) -> PatientRow:
        row = add(connection, desk, fields)
        table = METADATA.tables["patients"]
        connection.execute(table.delete().where(table.c.id == row.id))
        return row

    monkeypatch.setattr(patients, "add_patient", forgetting)
    trial = run(house, examples=10, phases=("stateful",), only=("add_patient", "export_patient"))
    assert "ensure_resource_availability" in trial.checks()


def tried(house: House, operation: str) -> Trial:
    """Try one operation, with few cases."""
    return run(house, examples=5, phases=("examples", "fuzzing"), only=(operation,))
