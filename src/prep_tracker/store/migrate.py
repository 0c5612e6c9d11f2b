"""Bring the database to the schema that this version needs. Alembic is loaded only for that, never to serve."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

import prep_tracker
from prep_tracker.domain.errors import UnavailableError
from prep_tracker.store.engine import database_url, lasting_engine
from prep_tracker.store.roles import grant

if TYPE_CHECKING:
    from alembic.config import Config


def folder() -> Path:
    """Find the migrations: inside the package when it was installed, at the top of the repository otherwise."""
    package = Path(prep_tracker.__file__).resolve().parent
    for place in (package / "_migrations", package.parents[1] / "migrations"):
        if (place / "env.py").is_file():
            return place
    raise RuntimeError("the migrations are missing: install the package again")


def newest() -> str:
    """Give the number of the last migration, from the names of the files: they are numbered by hand."""
    return max(path.name.partition("_")[0] for path in folder().glob("versions/[0-9]*.py"))


def is_current(connection: Connection) -> bool:
    """Say whether the database has exactly the schema that this version needs; an empty one has not."""
    try:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return False
    return list(found) == [newest()]


def upgrade(url: str, revision: str = "head") -> None:
    """Go up to ``revision``; nothing happens when the database is there already. Several at once wait in line.

    Raises ``UnavailableError`` where the database cannot be brought there; nothing has changed then.
    """
    from alembic import command
    from alembic.util import CommandError

    def act(config: Config) -> None:
        command.upgrade(config, revision)
        connection: Connection = config.attributes["connection"]
        with connection.begin():
            grant(connection)

    try:
        _run(url, act)
    except CommandError as error:
        msg = "The database has a schema that this version does not know: a newer prep-tracker has made it."
        raise UnavailableError(msg) from error
    except DBAPIError as error:
        raise UnavailableError("The database cannot be brought up to date.") from error


def downgrade(url: str, revision: str) -> None:
    """Go back down to ``revision``; "base" is an empty database."""
    from alembic import command

    _run(url, lambda config: command.downgrade(config, revision))


def check(url: str) -> None:
    """Raise unless the migrations lead to exactly the tables that the store works with."""
    from alembic import command

    _run(url, command.check)


def make_private(url: str) -> None:
    """Make the file of a SQLite database that is not there yet, readable by its owner alone: it will hold patients."""
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite":
        with suppress(OSError):  # opening the database says better what is wrong with the place
            Path(parsed.database or "").touch(mode=0o600)


def _run(url: str, act: Callable[[Config], object]) -> None:
    from alembic.config import Config

    from prep_tracker.store.tables import METADATA

    parsed = database_url(url)
    engine = lasting_engine(parsed)
    try:
        with engine.connect() as connection:
            config = Config()
            config.set_main_option("script_location", str(folder()).replace("%", "%%"))
            config.attributes.update(connection=connection, metadata=METADATA)
            act(config)
    finally:
        engine.dispose()
