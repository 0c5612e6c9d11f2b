"""Make, list and end the keys with which people and systems come in."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import typer

from prep_tracker.cli.out import RefusedError, say, say_json
from prep_tracker.domain.errors import NotFoundError

app = typer.Typer(help="Make, list and revoke keys.")
Role = Literal["coordinator", "clinician", "admin", "integration"]
Clinic = Annotated[str | None, typer.Option(metavar="ID", help="Needed only when there are several clinics.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
_KEY_ID = re.compile(r"(?:prep_[a-z]{2,8}_)?([0-9a-f]{16})(?:_[A-Za-z0-9_-]*)?")


@app.command()
def add(
    role: Annotated[Role, typer.Option(help="What the key may do.")],
    person: Annotated[str, typer.Option(metavar="NAME", help="The person or system that it belongs to.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(metavar="SCOPE", help="What a system may do, such as procedures:read; repeatable."),
    ] = None,
    clinic: Clinic = None,
    as_json: Json = False,
) -> None:
    """Make a key for a named person. It is shown once and cannot be shown again."""
    from prep_tracker.cli.database import choose_clinic, load_settings, open_ready
    from prep_tracker.clock import SystemClock
    from prep_tracker.services.access import SCOPES, add_key, key_document

    wrong = [one for one in scope or () if one not in SCOPES]
    if wrong or (role == "integration") != bool(scope):
        said = f"--scope {wrong[0]}" if wrong else "--scope"
        needs = "only a key for a system (integration) has scopes, and it needs one or more"
        raise RefusedError(f"{said}: {needs} of {', '.join(SCOPES)}.")
    now = SystemClock().now()
    with open_ready(load_settings()) as store:
        chosen = choose_clinic(store, clinic)
        made = store.run_write(
            lambda connection: add_key(connection, chosen.id, role, person, now=now, scopes=scope or ())
        )
    if as_json:
        say_json(key_document(made.row) | {"clinic_id": chosen.id, "key": made.token})
        return
    say(f"{role} key of {made.row.person} at {chosen.name}, shown only now:")
    say(f"  {made.token}")


@app.command("list")
def list_keys(clinic: Clinic = None, as_json: Json = False) -> None:
    """List a clinic's keys. Oldest first, revoked ones too, never the secrets."""
    from prep_tracker.cli.database import choose_clinic, load_settings, open_ready
    from prep_tracker.services.access import key_document
    from prep_tracker.services.access import list_keys as keys_of

    with open_ready(load_settings()) as store:
        chosen = choose_clinic(store, clinic)
        rows = store.run_read(lambda connection: keys_of(connection, chosen.id))
    if as_json:
        say_json({"clinic_id": chosen.id, "items": [key_document(row) for row in rows]})
        return
    say(f"Keys of {chosen.name}")
    for row in rows:
        ended = f"revoked {row.revoked_at:%Y-%m-%d}" if row.revoked_at else f"since {row.created_at:%Y-%m-%d}"
        until = f", until {row.expires_at:%Y-%m-%d}" if row.expires_at and not row.revoked_at else ""
        say(f"  {row.id}  {row.role:<11}  {ended}{until}  {row.person}")


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as keys list shows it.")],
    clinic: Clinic = None,
    as_json: Json = False,
) -> None:
    """End a key: the very next request with it is refused."""
    from prep_tracker.cli.database import load_settings, open_ready
    from prep_tracker.clock import SystemClock
    from prep_tracker.services.access import key_document, revoke_key
    from prep_tracker.store.access import find_key

    match = _KEY_ID.fullmatch(key)
    if match is None:
        raise RefusedError("ID: write the 16 signs that prep-tracker keys list shows before each key.")
    key_id, now = match.group(1), SystemClock().now()
    with open_ready(load_settings()) as store:
        row = store.run_read(lambda connection: find_key(connection, key_id))
        if row is None or clinic not in {None, row.clinic_id}:
            raise RefusedError(
                f"There is no key {key_id}{' of this clinic' if clinic else ''}. See prep-tracker keys list."
            )
        clinic_id = row.clinic_id
        try:
            store.run_write(lambda connection: revoke_key(connection, clinic_id, key_id, now=now))
        except NotFoundError:
            raise RefusedError(f"There is no key {key_id}. See prep-tracker keys list.") from None
        row = store.run_read(lambda connection: find_key(connection, key_id)) or row
    if as_json:
        say_json(key_document(row) | {"clinic_id": clinic_id})
    else:
        say(f"Revoked the {row.role} key {row.id} of {row.person}.")
