"""Do what the service itself may not: what only the owner of the tables is allowed to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from prep_tracker.domain.errors import ForbiddenError, UnavailableError
from prep_tracker.store.engine import database_url, lasting_engine
from prep_tracker.store.session import EVERY

T = TypeVar("T")
_FOR_EVERY = text("SELECT set_config('prep.clinic', :clinic, true)")
_NOT_ALLOWED = "42501"
"""insufficient_privilege, of PostgreSQL."""


def run_as_owner(url: str, fn: Callable[[Connection], T]) -> T:
    """Run ``fn`` in one transaction for all clinics, as whoever signs in and without stepping down.

    Raises ``ForbiddenError`` where that is not the owner, and ``UnavailableError``.
    """
    engine = lasting_engine(database_url(url))
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(_FOR_EVERY, {"clinic": EVERY})
            result = fn(connection)
            connection.commit()
            return result
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _NOT_ALLOWED:
            msg = "Only the owner of the tables may do this: name the owner in PREP_DATABASE_URL for this one command."
            raise ForbiddenError(msg) from None
        raise UnavailableError("The database cannot do this at the moment.") from error
    finally:
        engine.dispose()
