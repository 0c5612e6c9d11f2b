"""Open the database that the settings name, and bring it up to date where a command may do so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from prep_tracker.cli.out import FAILED, MISUSED, RefusedError
from prep_tracker.domain.errors import ConflictError

if TYPE_CHECKING:
    from prep_tracker.settings import Settings
    from prep_tracker.store.clinics import ClinicRow
    from prep_tracker.store.session import Store


def load_settings() -> Settings:
    """Read the settings; a wrong one ends the command with one line for each."""
    from prep_tracker.settings import WrongSettingsError, load

    try:
        return load()
    except WrongSettingsError as error:
        raise RefusedError(*error.lines) from None


@contextmanager
def open_store(settings: Settings) -> Iterator[Store]:
    """Open the database for as long as the block takes."""
    from prep_tracker.store.session import Store

    store = Store.open(settings.database_url)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def open_ready(settings: Settings) -> Iterator[Store]:
    """Open a database that must be there and up to date: for commands that make nothing by themselves."""
    from prep_tracker.store.engine import database_url

    url = database_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        msg = f"There is no database at {url.database}. Make one with prep-tracker init, or set PREP_DATABASE_URL."
        raise RefusedError(msg, code=FAILED)
    with open_store(settings) as store:
        if not is_up_to_date(store):
            msg = "The database is empty or of another version. Bring it up to date with prep-tracker migrate."
            raise RefusedError(msg, code=FAILED)
        yield store


def is_up_to_date(store: Store) -> bool:
    """Say whether the database has the schema of this version. What is no database at all ends the command."""
    from prep_tracker.store.migrate import is_current
    from prep_tracker.store.session import QueryError

    try:
        return store.run_read(is_current)
    except QueryError as error:
        code = str(error).partition(":")[0].strip()
        msg = f"This cannot be used as a database ({code}). Name another one in PREP_DATABASE_URL."
        raise RefusedError(msg, code=FAILED) from None


def prepare(settings: Settings, store: Store, *, now: datetime) -> tuple[bool, list[str]]:
    """Migrate if needed, and store the protocols that ship with the service.

    Gives whether there was anything to migrate, and the names of new protocol versions.
    """
    from prep_tracker.services.protocols import ship
    from prep_tracker.store import migrate

    migrate.make_private(settings.database_url)
    outdated = not is_up_to_date(store)
    if outdated:
        migrate.upgrade(settings.database_url)
    try:
        return outdated, store.run_write(lambda connection: ship(connection, now=now))
    except ConflictError:  # another process started at the same moment and was faster
        return outdated, store.run_write(lambda connection: ship(connection, now=now))


def choose_clinic(store: Store, wanted: str | None) -> ClinicRow:
    """Give the clinic with this id; the only one there is may be left unnamed."""
    from prep_tracker.store import clinics

    found = store.run_read(clinics.every)
    if not found:
        raise RefusedError("There is no clinic yet. Make one with prep-tracker init.", code=FAILED)
    chosen = [one for one in found if wanted in {None, one.id}]
    if len(chosen) == 1:
        return chosen[0]
    begin = f"There is no clinic {wanted}." if wanted else "There are several clinics."
    listed = [f"  {one.id}  {one.name}" for one in found]
    raise RefusedError(f"{begin} Name one of these with --clinic:", *listed, code=MISUSED)


def is_demo(store: Store) -> bool:
    """Say whether a database is that of a demo: everybody in it is invented, and nobody is written to."""
    from prep_tracker.store import clinics

    return any(clinic.is_demo for clinic in store.run_read(clinics.every))
