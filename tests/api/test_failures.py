"""When something of ours fails: nobody is told that it was done, and nobody reads why in an answer."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from prep_tracker.domain.errors import UnavailableError
from prep_tracker.services import marking
from prep_tracker.store.session import Store
from tests.api.house import BOOKING, Caller, House
from tests.store.cast import owner

SECRET = "canary-in-an-exception"


FAILING = {
    "sqlite": (
        "CREATE TABLE doomed (clinic_id TEXT REFERENCES clinics (id) DEFERRABLE INITIALLY DEFERRED)",
        f"CREATE TRIGGER doom AFTER INSERT ON audit BEGIN INSERT INTO doomed VALUES ('{SECRET}'); END",
    ),
    "postgresql": (
        f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE '{SECRET}'; END $$",
        """CREATE CONSTRAINT TRIGGER doom AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED
           FOR EACH ROW EXECUTE FUNCTION refuse()""",
    ),
}
"""Let the database refuse every commit: whatever is done leaves an audit line, and that is found wrong at the end."""
MENDED = {"sqlite": "DROP TRIGGER doom", "postgresql": "DROP TRIGGER doom ON audit"}


def break_commits(connection: Connection) -> None:
    """Let every commit fail at the last moment."""
    for statement in FAILING[connection.dialect.name]:
        owner(connection, statement)


def test_what_could_not_be_committed_is_never_acknowledged(house: House, ana: Caller) -> None:
    procedure = ana.book(protocol="laser-ablative")
    ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-20"})
    rows = house.rows()
    before = ana.get(f"{procedure}/checklist").content
    house.store.run_write(break_commits)
    answers = [ana.put(f"{procedure}/answers", {"sedation": True})]
    for path, body in (
        ("/v1/procedures", BOOKING),
        (f"{procedure}/marks", {"step": "no-sun", "kind": "since", "on": None}),
        (f"{procedure}/exposures", {"to": "sun", "on": "2026-11-21"}),
        (f"{procedure}/moves", {"to_on": "2026-12-20"}),
        (f"{procedure}/entries/2/withdrawal", {}),
    ):
        answers.append(ana.post(path, body, If_Match='"2"'))
        answers.append(ana.post(path, body, If_Match='"2"', Idempotency_Key="the-key"))
    for answer in answers:
        assert answer.status_code == 503, answer.request.url
        assert int(answer.headers["retry-after"]) > 0
        assert SECRET not in answer.text
    assert ana.get(f"{procedure}/checklist").content == before
    house.store.run_write(lambda c: owner(c, MENDED[c.dialect.name]))
    assert house.rows() == rows
    again = ana.post("/v1/procedures", BOOKING, Idempotency_Key="the-key")
    assert again.status_code == 201
    assert "idempotent-replayed" not in again.headers


def test_a_fault_of_ours_is_a_500_without_a_word_of_it(
    house: House, ana: Caller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    procedure = ana.book()
    rows = house.rows()

    def broken(*_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(marking, "expose", broken)
    monkeypatch.setattr(marking, "read_entries", broken)
    for answer in (
        ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-21"}),
        ana.get(f"{procedure}/entries"),
    ):
        assert answer.status_code == 500
        assert answer.json()["type"] == "/v1/problems/internal"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert SECRET not in answer.text
        assert "RuntimeError" not in answer.text
    said = capsys.readouterr()
    assert SECRET not in said.out + said.err
    assert house.rows() == rows


def test_a_statement_that_the_database_refuses_is_a_500_without_a_value(
    house: House, ana: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    procedure = ana.book()
    rows = house.rows()

    def broken(connection: Connection, *_: object) -> None:
        connection.execute(text("UPDATE procedures SET version = 0, start = :start"), {"start": "99:99"})

    monkeypatch.setattr(marking, "expose", broken)
    answer = ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-21"})
    assert answer.status_code == 500
    assert "99:99" not in answer.text
    assert "UPDATE" not in answer.text
    assert house.rows() == rows


def test_a_database_that_is_away_is_a_503(house: House, ana: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    procedure = ana.book()

    async def away(*_: object) -> None:
        raise UnavailableError("The database cannot answer at the moment.")

    with monkeypatch.context() as patched:
        patched.setattr(type(house.store), "read", away)
        patched.setattr(type(house.store), "write", away)
        answers = [ana.get(procedure), ana.post("/v1/procedures", BOOKING), house.stranger().get("/readyz")]
        assert house.stranger().get("/healthz").status_code == 200
    for answer in answers:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["title"] == "Something this needs cannot be reached"
        assert "database" in answer.json()["detail"]
    assert house.stranger().get("/readyz").json() == {"database": "ok", "migrations": "ok"}


def test_a_database_without_our_schema_is_not_ready(house: House) -> None:
    assert house.stranger().get("/readyz").status_code == 200
    house.store.run_write(lambda c: owner(c, "UPDATE alembic_version SET version_num = '0000'"))
    answer = house.stranger().get("/readyz")
    assert answer.status_code == 503
    assert "migrate" in answer.json()["detail"]


def test_a_database_that_was_never_there_is_not_ready_and_everything_else_is_alive(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    nowhere = Store.open(f"sqlite:///{tmp_path_factory.mktemp('nowhere')}/missing/file.db")
    monkeypatch.setattr(house.app.state, "service", type(house.app.state.service)(nowhere, house.clock))
    assert house.stranger().get("/healthz").status_code == 200
    assert house.stranger().get("/readyz").status_code == 503
    assert house.person("Ana").get("/v1/protocols").status_code == 503
    nowhere.close()
