"""Run the migrations, all in one transaction. Never imports the package: old migrations must run beside new code.

``prep_tracker.store.migrate`` hands over a connection, and for comparing also the tables. At a desk, with ``alembic``,
the address stands in PREP_DATABASE_URL.
"""

from __future__ import annotations

import os
from typing import Any

import sqlalchemy as sa
from alembic import context

ONE_AT_A_TIME = 0x70726570
"""The number of the lock on which several starting services wait for one another."""


def migrate(connection: sa.Connection) -> None:
    """Take the lock, run, and check that every row still has its parent."""
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:
        # With foreign keys on, rebuilding a parent table deletes its children; they can be turned off only outside a
        # transaction.
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
    with connection.begin():
        if on_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
        context.configure(
            connection=connection,
            target_metadata=context.config.attributes.get("metadata"),
            render_as_batch=on_sqlite,
            compare_server_default=True,
        )
        context.run_migrations()
        if on_sqlite and (orphans := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
            raise RuntimeError(f"rows without a parent after the migration: {orphans[:5]}")


def engine() -> sa.Engine:
    """Open the database named in the environment, without a pool, for one run."""
    url = sa.make_url(os.environ.get("PREP_DATABASE_URL", "sqlite:///prep-tracker.db"))
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url.set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    options: dict[str, Any] = {}
    try:  # the same library as the service: two different ones on one file can spoil it
        import pysqlite3.dbapi2

        options["module"] = pysqlite3.dbapi2
    except ImportError:
        pass
    return sa.create_engine(url, poolclass=sa.NullPool, connect_args={"isolation_level": None}, **options)


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    with engine().connect() as opened:
        migrate(opened)
