"""Nobody sees, changes, counts or can tell the existence of what is another clinic's, or another patient's.

Every operation of the OpenAPI document, every kind of credential, every place where a foreign name may stand: what each
must be answered is declared in ``matrix``, and ``matrix_cells`` tries all of it, on both databases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.access.matrix import CREDENTIALS, GUARDED, expected
from tests.access.matrix_cells import KEPT_ANSWER, answers, cells, faults, prepare
from tests.access.matrix_places import unknown
from tests.access.matrix_requests import own
from tests.access.matrix_wire import Request
from tests.access.matrix_world import World, database, furnish_more, settled
from tests.api.contract import Operation
from tests.conftest import DATABASES

SECRET = re.compile(r"prep_live_.*|ps_.*|[\w-]{43}")
STRING = {"type": "string"}


@pytest.fixture(scope="module", params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Settle both clinics once; nothing that is tried on them is kept."""
    with database(request, request.param, tmp_path_factory.mktemp("matrix")) as url, settled(url) as made:
        prepare(made)
        yield made


@pytest.mark.parametrize("operation", GUARDED, ids=lambda operation: operation.name)
def test_every_cell_is_answered_as_declared(world: World, operation: Operation) -> None:
    assert [fault for who in CREDENTIALS for fault in faults(world, operation, who)] == []


def test_every_place_where_a_name_may_stand_has_its_line() -> None:
    """Whoever adds a parameter or a field says in ``matrix_places`` what it names, or that it names nothing."""
    without = {operation.name: unknown(operation) for operation in GUARDED}
    assert {name: places for name, places in without.items() if places} == {}


@pytest.mark.parametrize("where", ["path", "query", "header", "body"])
def test_a_place_without_its_line_is_found(where: str) -> None:
    told: dict[str, Any] = {"security": [{"key": []}], "responses": {}}
    new: dict[str, Any] = {
        "type": "object",
        "properties": {"patient": {"type": "object", "properties": {"new_id": STRING}}},
    }
    if where == "body":
        told |= {"requestBody": {"content": {"application/json": {"schema": new}}}}
        assert unknown(Operation("post", "/v1/things", told)) == ["body patient.new_id"]
    else:
        told |= {"parameters": [{"in": where, "name": "new_id", "schema": STRING}]}
        assert unknown(Operation("get", "/v1/things/{new_id}", told)) == [f"{where} new_id"]


def test_a_new_operation_is_in_the_matrix_by_itself(world: World) -> None:
    like = next(operation for operation in GUARDED if operation.name == "DELETE /v1/patients/{patient_id}")
    new = Operation("delete", "/v1/patients/{patient_id}/letters", like.told)
    places = {who.name: [cell.place for cell in cells(world, new, who)] for who in CREDENTIALS}
    assert all("one's own" in found for found in places.values())
    assert "path" in places["another clinic's admin"]
    admin = next(who for who in CREDENTIALS if who.name == "the clinic's admin")
    assert any("not done: 404" in fault for fault in faults(world, new, admin))  # nobody has written it yet


def test_of_every_operation_somebody_does_it_for_good() -> None:
    """Where nobody is let in, it proves little that a stranger is not."""
    for operation in GUARDED:
        for whose in ("aster", "birch"):
            known = [who for who in CREDENTIALS if who.whose == whose]
            assert "done" in {expected(operation, who, who.whose) for who in known}, operation.name


def test_what_nobody_else_may_read_can_be_read_by_those_it_is_for(world: World) -> None:
    """Words that nobody could find would prove nothing."""
    asked = {f"/v1/patients/{id_}" for name, id_ in things(world) if name.startswith("patient ")}
    asked |= {f"/v1/procedures/{id_}/entries" for name, id_ in things(world) if name.endswith("procedure")}
    admin = f"Bearer {world.aster.key('admin')}"
    heard = "".join(world.wire.send(Request("GET", path), admin).text() for path in sorted(asked))
    for operation in GUARDED:
        for who in CREDENTIALS:
            if who.whose in {"aster", "other"} and expected(operation, who, who.whose) == "done":
                request = own(world, operation, who.whose)
                heard += world.wire.send(request, who.authorization(world, operation)).text()
    silent = {word for word in world.aster.canaries if word not in heard and not SECRET.fullmatch(word)}
    assert silent == {KEPT_ANSWER}


def things(world: World) -> list[tuple[str, str]]:
    """List what Aster has, with what it is called here."""
    return [*world.aster.things.items(), *world.other.things.items()]


@pytest.mark.parametrize("kind", DATABASES)
def test_what_a_clinic_does_changes_no_answer_of_another(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    """Nor what one patient's clinic says of another patient: nothing can be counted, even where nothing is shown."""
    with database(request, kind, tmp_path_factory.mktemp("matrix")) as url, settled(url) as world:
        prepare(world)
        before = answers(world)
        furnish_more(world)
        after = answers(world)
    assert len(before) > 200
    assert {name: (before[name], after[name]) for name in before if before[name] != after[name]} == {}
