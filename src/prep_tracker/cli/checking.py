"""Look whether the service could start as it is set up, and say all that is wrong at once. Nothing is made."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from prep_tracker.cli.database import load_settings, open_ready
from prep_tracker.cli.db import require_bound
from prep_tracker.cli.out import FAILED, RefusedError, reason_of, say, say_json
from prep_tracker.domain.errors import UnavailableError

if TYPE_CHECKING:
    from prep_tracker.settings import Settings

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def show_problems(*, as_json: bool) -> None:
    """Say what is wrong, one line each; exits with 1 if anything is."""
    found = problems()
    if as_json:
        say_json({"ok": not found, "problems": found})
        raise typer.Exit(FAILED if found else 0)
    if found:
        raise RefusedError(*found, code=FAILED)
    say("The settings fit, and the database is there, up to date and closed to others.")


def problems() -> list[str]:
    """List what is wrong with the settings; where they fit, with the database."""
    try:
        settings = load_settings()
    except RefusedError as error:
        return list(error.lines)
    return [*_half_set(settings), *_open_files(settings), *_unready(settings)]


def _half_set(settings: Settings) -> list[str]:
    """Name settings about mail that need another one."""
    wrong = []
    if settings.smtp_host is not None and settings.smtp_sender is None:
        wrong.append(
            "PREP_SMTP_HOST is set without PREP_SMTP_SENDER: only clinics with a sender of their own send e-mail."
        )
    if settings.smtp_host is None and (settings.smtp_sender is not None or settings.smtp_user is not None):
        wrong.append("There are settings for e-mail, but PREP_SMTP_HOST is not set, so no e-mail is sent.")
    if (settings.smtp_user is None) != (settings.smtp_password is None):
        wrong.append("PREP_SMTP_USER and PREP_SMTP_PASSWORD belong together: set both, or none of them.")
    return wrong


def _open_files(settings: Settings) -> list[str]:
    """Name the files of a SQLite database that others on this machine may read or write."""
    from prep_tracker.store.engine import database_url

    url = database_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        return []
    files = [Path(f"{url.database}{end}") for end in ("", "-wal", "-shm", "-journal")]
    wrong = [path for path in files if path.exists() and path.stat().st_mode & OTHERS]
    return [f"Others on this machine may open {path}. Close it with chmod 600." for path in wrong]


def _unready(settings: Settings) -> list[str]:
    """Say what would keep the service from working with its database."""
    try:
        with open_ready(settings) as store:
            require_bound(store)
    except RefusedError as error:
        return [" ".join(error.lines)]
    except UnavailableError as error:
        return [f"{error.detail}{reason_of(error)}"]
    return []
