"""Give every test a database of its own: a real SQLite file, and a database on a real PostgreSQL."""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, NullPool, create_engine, make_url, text

from prep_tracker.store import migrate
from prep_tracker.store.session import Store
from tests.postgres import temporary_postgres

DATABASES = ("sqlite", "postgresql")
_NUMBERS = itertools.count(1)
_RUN = f"prep_{os.environ.get('PYTEST_XDIST_WORKER', 'gw')}_{secrets.token_hex(4)}"
"""Begins the names of this process's databases, so that several may use one server."""


def pytest_configure() -> None:
    """Let the processes that tests start end by Ctrl-C, also where the whole run was started in the background.

    A shell lets those ignore it, and whatever they start inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """Run a PostgreSQL for this process, or use the one that PREP_TEST_POSTGRES_URL names."""
    with ExitStack() as stack:
        yield make_url(os.environ.get("PREP_TEST_POSTGRES_URL") or stack.enter_context(temporary_postgres()))


@pytest.fixture(scope="session")
def postgres_admin(postgres_server: URL) -> Iterator[Engine]:
    """Give an engine that creates and drops databases."""
    engine = create_engine(
        postgres_server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_template(postgres_admin: Engine) -> Iterator[str]:
    """Migrate one database, which every test clones."""
    name = f"{_RUN}_template"
    with _database(postgres_admin, name) as url:
        migrate.upgrade(url)
        yield name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one file, which every test copies."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=DATABASES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of a database without any table, on SQLite and on PostgreSQL in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    with _database(request.getfixturevalue("postgres_admin"), f"{_RUN}_{next(_NUMBERS)}") as url:
        yield url


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of a migrated database without rows, on SQLite and on PostgreSQL in turn."""
    if request.param == "sqlite":
        path = tmp_path / "prep-tracker.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    template = request.getfixturevalue("postgres_template")
    admin = request.getfixturevalue("postgres_admin")
    with _database(admin, f"{_RUN}_{next(_NUMBERS)}", template) as url:
        yield url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Open that database. Whoever awaits ``read`` or ``write`` also awaits ``aclose`` on the same event loop."""
    opened = Store.open(database_url)
    yield opened
    opened.close()


@contextmanager
def _database(admin: Engine, name: str, template: str | None = None) -> Iterator[str]:
    """Create a database for as long as the block takes; give its address."""
    clone = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"{clone}'))
    yield admin.url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
