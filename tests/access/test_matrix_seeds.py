"""What the matrix is worth: red where a query forgets the clinic, green where the database remembers it."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from prep_tracker.api.trail import Trail
from prep_tracker.services import portal
from prep_tracker.store import worklist
from prep_tracker.store.hot import Change, Query
from prep_tracker.store.rows import of_clinic
from tests.access.matrix import CREDENTIALS, GUARDED, Credential
from tests.access.matrix_cells import answers, faults, prepare
from tests.access.matrix_open import without_clinic
from tests.access.matrix_world import World, database, furnish_more, settled
from tests.architecture.tree import ROOT

OTHERS = [who for who in CREDENTIALS if who.whose == "other"]
STRANGERS = [who for who in CREDENTIALS if who.whose == "birch" and who.is_known()]
SEEDS = (
    ("access", "_OF_CLINIC", "GET /v1/keys"),
    ("access", "_REVOKE", "DELETE /v1/keys/{key}"),
    ("idempotency", "_FINISH", "POST /v1/procedures"),
    ("patients", "_GET", "GET /v1/patients/{patient_id}"),
    ("patients", "_LOCK", "DELETE /v1/patients/{patient_id}"),
    ("patients", "_FIND", "GET /v1/patients"),
    ("procedures", "_GET", "GET /v1/procedures/{procedure_id}/entries"),
    ("procedures", "_LOCK_LOAD", "POST /v1/procedures/{procedure_id}/moves"),
    ("protocols", "_NEWEST", "GET /v1/protocols/{name}"),
    ("protocols", "_HEAD_NEWEST", "POST /v1/feasibility"),
    ("protocols", "_ALL", "GET /v1/protocols"),
    ("retention", "_QUIET", "GET /v1/clinic/retention"),
)


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Settle both clinics on SQLite, where nothing but the queries keeps them apart."""
    with database(request, "sqlite", tmp_path_factory.mktemp("matrix")) as url, settled(url) as made:
        prepare(made)
        yield made


def forget(monkeypatch: pytest.MonkeyPatch, module: str, name: str) -> None:
    """Let one statement of the store forget the clinic."""
    found = importlib.import_module(f"prep_tracker.store.{module}")
    statement = getattr(found, name)
    forgetful = without_clinic(getattr(statement, "statement", statement))
    assert str(forgetful) != str(getattr(statement, "statement", statement))
    if isinstance(statement, Query):
        forgetful = Query(forgetful, statement._row)
    elif isinstance(statement, Change):
        forgetful = Change(forgetful, statement._names)
    monkeypatch.setattr(found, name, forgetful)


@pytest.mark.parametrize(("module", "name", "operation"), SEEDS)
def test_one_statement_that_forgets_the_clinic_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, module: str, name: str, operation: str
) -> None:
    assert not is_red(world, operation)
    forget(monkeypatch, module, name)
    assert is_red(world, operation)


def test_a_list_that_forgets_the_clinic_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its statements are built when they are asked for, and kept."""
    assert not is_red(world, "GET /v1/worklist")
    monkeypatch.setattr(worklist, "of_clinic", lambda table: without_clinic(of_clinic(table)))
    worklist._rows.cache_clear()
    try:
        assert is_red(world, "GET /v1/worklist")
    finally:
        worklist._rows.cache_clear()


def test_a_session_that_forgets_its_procedure_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row-level security would not help here: both patients are of one clinic."""
    name = "GET /v1/portal/procedures/{procedure_id}/questions"
    assert not is_red(world, name, OTHERS)
    actor_of = portal._actor
    monkeypatch.setattr(portal, "_actor", lambda row: replace(actor_of(row), procedure_id=None))
    assert is_red(world, name, OTHERS)


def test_an_answer_that_leaves_no_line_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_red(world, "GET /v1/patients")
    monkeypatch.setattr(Trail, "add", lambda _self, _noted: None)
    assert is_red(world, "GET /v1/patients")


def is_red(world: World, name: str, strangers: Sequence[Credential] = STRANGERS) -> bool:
    """Say whether anything is not as declared in the cells of an operation for whoever has no business there."""
    [operation] = [one for one in GUARDED if one.name == name]
    able = [who for who in strangers if who.may(operation)]
    assert able
    return any(True for who in able for _ in faults(world, operation, who))


def test_a_count_that_forgets_the_clinic_is_found(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number shows nothing of anybody; but it changes when another clinic does something."""
    forget(monkeypatch, "worklist", "_COUNTS")
    with database(request, "sqlite", tmp_path_factory.mktemp("matrix")) as url, settled(url) as made:
        prepare(made)
        before = answers(made)
        furnish_more(made)
        after = answers(made)
    changed = {name.partition(" · ")[0] for name in before if before[name] != after[name]}
    assert changed == {"GET /v1/worklist"}


def test_row_level_security_alone_keeps_the_clinics_apart(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With the clinic taken out of every query it is green, and red as soon as the database lets all through."""
    with database(request, "postgresql", tmp_path_factory.mktemp("matrix")) as url:
        program = [sys.executable, "-m", "tests.access.matrix_open", url]
        ran = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found["bound"] == []
    assert found["cells"] > 1500
    assert found["opened"] > 50
    assert found["unbound"] != []
