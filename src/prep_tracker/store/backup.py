"""Copy a whole database while it is in use, bring a copy back, and look whether it is whole.

SQLite by ``VACUUM INTO``: copying the live file would tear it. PostgreSQL by its own ``pg_dump`` and ``pg_restore``,
which must be on the PATH, not older than the server.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, func, select, text
from sqlalchemy.exc import DBAPIError

from prep_tracker.domain.errors import ConflictError
from prep_tracker.store.engine import database_url, lasting_engine
from prep_tracker.store.migrate import is_current
from prep_tracker.store.roles import grant
from prep_tracker.store.tables import METADATA, entries, procedures

Counts = dict[str, int]
COUNTED = ("clinics", "patients", "procedures", "entries", "audit")


class BackupError(Exception):
    """A copy could not be made, brought back or verified; the sentence says why and what to do."""


def backup(url: str, target: Path) -> Counts:
    """Copy the database into a file that does not exist yet, and verify the copy; gives the rows that it holds."""
    if target.exists():
        msg = f"{target} exists already. Name a file that does not."
        raise BackupError(msg)
    parsed = database_url(url)
    try:
        target.touch(0o600)  # nobody else reads it, from its first byte on
        if parsed.get_backend_name() == "sqlite":
            return _backup_sqlite(parsed, target)
        target.touch(mode=0o600)
        _run("pg_dump", parsed, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
        # Reading the copy from end to end shows that it is whole; the rows are counted where they came from.
        _run("pg_restore", parsed, f"--file={os.devnull}", str(target), connect=False)
        return _verified(lasting_engine(parsed))
    except BaseException:
        with suppress(FileNotFoundError):
            target.unlink()
        raise


def restore(source: Path, url: str) -> Counts:
    """Bring a copy back into an empty database, and verify it; gives the rows that it holds."""
    if not source.is_file():
        msg = f"There is no file {source}."
        raise BackupError(msg)
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite":
        target = Path(parsed.database or "")
        if target.exists():
            msg = f"{target} exists already. A copy is brought back into a new database only."
            raise BackupError(msg)
        try:
            target.touch(0o600)
            counts = _backup_sqlite(URL.create("sqlite", database=str(source)), target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    else:
        _require_empty(parsed)
        _run(
            "pg_restore",
            parsed,
            "--no-owner",
            "--no-privileges",
            "--exit-on-error",
            "--single-transaction",
            str(source),
        )
        with lasting_engine(parsed).begin() as connection:
            grant(connection)
        counts = _verified(lasting_engine(parsed))
    return counts


def _backup_sqlite(source: URL, target: Path) -> Counts:
    try:
        with lasting_engine(source).connect() as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(target),))
        return _verified(lasting_engine(URL.create("sqlite", database=str(target))))
    except DBAPIError:
        msg = "The file is damaged, or no database. Do not use it; look at the disk."
        raise BackupError(msg) from None


def _verified(engine: Engine) -> Counts:
    """Look whether the schema is ours, every record is whole, and nothing points nowhere."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA integrity_check").scalar() != "ok"
            if broken or connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                msg = "The copy is damaged. Do not use it; look at the disk."
                raise BackupError(msg)
        if not is_current(connection):
            msg = "The copy is of another version of prep-tracker. Use that version, or run prep-tracker migrate."
            raise BackupError(msg)
        if _torn(connection):
            msg = "The copy has procedures whose record is not whole. Do not use it."
            raise BackupError(msg)
        return {
            name: connection.execute(select(func.count()).select_from(METADATA.tables[name])).scalar_one()
            for name in COUNTED
        }


def _torn(connection: Connection) -> int:
    """Count procedures whose record does not have exactly as many entries as their version says."""
    said = (
        select(func.count())
        .where(entries.c.procedure_id == procedures.c.id, entries.c.clinic_id == procedures.c.clinic_id)
        .scalar_subquery()
    )
    return connection.execute(
        select(func.count()).select_from(procedures).where(procedures.c.version != said)
    ).scalar_one()


def _require_empty(url: URL) -> None:
    with lasting_engine(url).connect() as connection:
        tables = connection.execute(
            text("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()")
        ).scalar_one()
    if tables:
        msg = "This database is not empty. A copy is brought back into an empty one only: create one, and name it."
        raise ConflictError(msg)


def _run(program: str, url: URL, *arguments: str, connect: bool = True) -> None:
    found = shutil.which(program)
    if found is None:
        msg = f"{program} is not on the PATH. Install PostgreSQL's client programs, not older than the server."
        raise BackupError(msg)
    environment = dict(os.environ)
    given: list[str] = []
    if connect:
        options = {"PGHOST": url.host or url.query.get("host"), "PGPORT": url.port or url.query.get("port")}
        options |= {"PGUSER": url.username, "PGPASSWORD": url.password}
        environment |= {name: str(value) for name, value in options.items() if value is not None}
        given = [f"--dbname={url.database}"]
    done = subprocess.run(  # noqa: S603 - a fixed program, and arguments that no shell sees
        [found, *arguments[:-1], *given, arguments[-1]], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        msg = f"{program} failed: {lines[0] if lines else 'it said nothing'}"
        raise BackupError(msg)
