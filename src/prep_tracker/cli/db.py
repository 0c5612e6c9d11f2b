"""Help whoever runs the database: the roles that PostgreSQL needs, and whether the service is bound by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from prep_tracker.cli.out import FAILED, Commands, RefusedError, say, say_json

if TYPE_CHECKING:
    from prep_tracker.store.session import Store

app = typer.Typer(cls=Commands, help="Look after the database.", rich_markup_mode=None)
ROLES = "prep-tracker db roles"


@app.callback()
def group() -> None:
    """Look after the database."""


@app.command()
def roles(
    database: Annotated[str, typer.Option(metavar="NAME", help="The database's name.")] = "prep_tracker",
    login: Annotated[str, typer.Option(metavar="ROLE", help="What the service signs in as.")] = "prep_tracker_web",
    backup: Annotated[str, typer.Option(metavar="ROLE", help="What backups sign in as.")] = "prep_tracker_backup",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Print the SQL that makes PostgreSQL's roles, for a superuser to read and run. It changes nothing by itself."""
    from prep_tracker.store.roles import sql_for

    try:
        sql = sql_for(database, login=login, backup=backup).rstrip()
    except ValueError as error:
        raise RefusedError(f"{error}.") from None
    if as_json:
        say_json({"sql": sql})
    else:
        say(sql)


def require_bound(store: Store) -> None:
    """Refuse to serve where the database would show one clinic's rows to another."""
    from prep_tracker.store.roles import faults

    found = store.run_read(faults)
    if found:
        raise RefusedError(
            f"PostgreSQL would not keep the clinics apart: {'; '.join(found)}.",
            f"Make the roles with the SQL that {ROLES} prints, run as a superuser; or run prep-tracker migrate as a",
            "user who may make roles.",
            code=FAILED,
        )
