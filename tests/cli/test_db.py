"""The roles of PostgreSQL: the SQL that is printed makes them, and a service that they do not bind does not start."""

import re
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from prep_tracker.cli.db import require_bound
from prep_tracker.cli.out import RefusedError
from prep_tracker.store import roles
from prep_tracker.store.session import Store
from tests.cli.terminal import run
from tests.store.cast import as_owner, settle_aster

PRINTED = ("db", "roles", "--login", "test_prep_web", "--backup", "test_prep_backup")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_sql_that_is_printed_makes_a_service_that_works(database_url: str, store: Store) -> None:
    cast = store.run_write(settle_aster)
    sql = run(*PRINTED, "--database", str(make_url(database_url).database)).stdout
    for _ in range(2):  # it can be run again
        as_owner(database_url, sql.replace(":", "\\:"))
    engine = create_engine(
        make_url(database_url).set(drivername="postgresql+psycopg", username="test_prep_web"), poolclass=NullPool
    )
    with engine.connect() as connection, pytest.raises(Exception, match="permission denied"):
        connection.execute(text("SELECT * FROM patients"))  # no rights of its own
    web = Store.open(make_url(database_url).set(username="test_prep_web").render_as_string(hide_password=False))
    require_bound(web)
    assert web.run_read(lambda c: c.execute(text("SELECT count(*) FROM patients")).scalar_one(), cast.clinic) == 1
    assert web.run_read(lambda c: c.execute(text("SELECT count(*) FROM patients")).scalar_one(), "another") == 0
    web.close()
    backup = create_engine(
        make_url(database_url).set(drivername="postgresql+psycopg", username="test_prep_backup"), poolclass=NullPool
    )
    with backup.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM patients")).scalar_one() == 1
    with backup.connect() as connection, pytest.raises(Exception, match="permission denied"):
        connection.execute(text("DELETE FROM patients"))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_service_that_would_see_every_clinic_does_not_start(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prep_tracker.store.postgresql.STEP_DOWN", "SELECT 1")
    unbound = Store.open(database_url)
    with pytest.raises(RefusedError, match="superuser"):
        require_bound(unbound)
    unbound.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("missing", ["DISABLE", "NO FORCE"])
def test_a_table_without_row_level_security_is_named(database_url: str, missing: str) -> None:
    as_owner(database_url, f"ALTER TABLE entries {missing} ROW LEVEL SECURITY")
    store = Store.open(database_url)
    assert store.run_read(roles.faults) == ["the table entries has no forced row-level security"]
    store.close()


def test_a_name_that_could_do_harm_is_refused() -> None:
    refused = run("db", "roles", "--login", 'x"; DROP TABLE patients; --')
    assert refused.exit_code != 0
    assert refused.stdout == ""
    assert re.search("small letters", refused.stderr)


def test_sqlite_needs_no_roles(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'x.db'}")
    assert store.run_read(roles.faults) == []
    store.close()
