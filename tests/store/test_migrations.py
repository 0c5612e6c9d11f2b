"""Migrations lead up to the tables and down again, keep every row, and wait for one another."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text

from prep_tracker.store import migrate, procedures
from prep_tracker.store.session import Store
from tests.store.cast import as_owner, settle_aster

TABLES = ("clinics", "patients", "procedures", "entries", "keys", "audit")
REBUILD_A_PARENT = '''"""Rebuild the patients' table."""

import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "{newest}"


def upgrade() -> None:
    with op.batch_alter_table("patients", recreate="auto") as batch:
        batch.add_column(sa.Column("nickname", sa.Text()))
        batch.alter_column("name", existing_type=sa.Text(), nullable=True)


def downgrade() -> None:
    with op.batch_alter_table("patients") as batch:
        batch.alter_column("name", existing_type=sa.Text(), nullable=False)
        batch.drop_column("nickname")
'''
LOSE_A_PARENT = '''"""Lose every patient."""

from alembic import op

revision = "9001"
down_revision = "{newest}"


def upgrade() -> None:
    op.execute("DELETE FROM patients")


def downgrade() -> None:
    pass
'''


def counts(connection: Connection) -> dict[str, int]:
    return {table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in TABLES}


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of migrations to which a test adds a second one."""
    copy = tmp_path / "migrations"
    shutil.copytree(migrate.folder(), copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "folder", lambda: copy)
    return copy / "versions" / "9001_later.py"


def test_they_lead_up_to_exactly_the_tables(empty_database_url: str) -> None:
    store = Store.open(empty_database_url)
    assert not store.run_read(migrate.is_current)
    migrate.upgrade(empty_database_url)
    assert store.run_read(migrate.is_current)
    migrate.check(empty_database_url)
    store.close()


def test_a_difference_to_the_tables_is_found(database_url: str) -> None:
    as_owner(database_url, "ALTER TABLE keys ADD COLUMN colour TEXT")
    with pytest.raises(Exception, match="colour"):
        migrate.check(database_url)


def test_up_again_changes_nothing(database_url: str, store: Store) -> None:
    store.run_write(settle_aster)
    before = store.run_read(counts)
    migrate.upgrade(database_url)
    assert store.run_read(counts) == before
    assert store.run_read(migrate.is_current)


def test_down_leaves_nothing_and_up_works_again(database_url: str, store: Store) -> None:
    store.run_write(settle_aster)
    migrate.downgrade(database_url, "base")
    assert not store.run_read(migrate.is_current)
    assert store.run_read(lambda c: inspect(c).get_table_names()) == ["alembic_version"]
    migrate.upgrade(database_url)
    assert store.run_read(counts) == dict.fromkeys(TABLES, 0)


def test_rebuilding_a_parent_keeps_its_children(database_url: str, store: Store, later: Path) -> None:
    """On SQLite the table is made anew and the old one dropped: with foreign keys on, its children went with it."""
    cast = store.run_write(settle_aster)
    before = store.run_read(counts)
    later.write_text(REBUILD_A_PARENT.replace("{newest}", migrate.newest()), encoding="utf-8")
    assert not store.run_read(migrate.is_current)
    migrate.upgrade(database_url)
    assert store.run_read(migrate.is_current)
    assert store.run_read(counts) == before
    migrate.downgrade(database_url, "-1")
    assert store.run_read(counts) == before
    assert len(store.run_read(lambda c: procedures.entries(c, cast.clinic, cast.procedure))) == 1


def test_a_migration_that_orphans_rows_is_undone(database_url: str, store: Store, later: Path) -> None:
    store.run_write(settle_aster)
    before = store.run_read(counts)
    later.write_text(LOSE_A_PARENT.replace("{newest}", migrate.newest()), encoding="utf-8")
    with pytest.raises(Exception, match=r"parent|up to date"):
        migrate.upgrade(database_url)
    assert store.run_read(counts) == before
    later.unlink()
    assert store.run_read(migrate.is_current)


def test_a_database_from_a_newer_version_is_not_current(database_url: str, store: Store) -> None:
    as_owner(database_url, "UPDATE alembic_version SET version_num = '9999'")
    assert not store.run_read(migrate.is_current)


def test_services_that_start_together_migrate_once(empty_database_url: str) -> None:
    script = "import sys; from prep_tracker.store import migrate; migrate.upgrade(sys.argv[1])"
    starting = [
        subprocess.Popen([sys.executable, "-c", script, empty_database_url], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [(process.communicate(timeout=60)[1], process.returncode) for process in starting] == [("", 0)] * 3
    migrate.check(empty_database_url)


def test_serving_loads_no_alembic() -> None:
    """It takes a tenth of a second, and the service needs it only to migrate."""
    script = "import sys, prep_tracker.store.session, prep_tracker.store.migrate; print('alembic' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
