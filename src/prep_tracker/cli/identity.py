"""Settle which identity provider a clinic trusts: a matter for whoever runs the service, so there is no other way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from prep_tracker.cli.out import FAILED, RefusedError, say, say_json
from prep_tracker.domain.errors import NotFoundError

if TYPE_CHECKING:
    from prep_tracker.domain.sign_in import SignIn, StaffRole

app = typer.Typer(help="Let a clinic's staff sign in with its own identity provider.")
Clinic = Annotated[str | None, typer.Option("--clinic", metavar="ID", help="The clinic, where there are several.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
_NAMED = "write a name of 1 to 200 visible characters."
WRONG = {
    "roles": f"--role: before the equals sign {_NAMED} There may be a hundred of them.",
    "role_claim": f"--role-claim: {_NAMED}",
    "person_claim": f"--person-claim: {_NAMED}",
    "scope": "--scope: visible ASCII with spaces between.",
    "algorithms": "--algorithm: choose out of RS256, PS256, ES256 and EdDSA.",
}


@app.command("set")
def set_provider(  # noqa: PLR0913, PLR0917 - one argument an option
    issuer: Annotated[str, typer.Option(metavar="URL", help="The issuer, as its tokens name it (iss).")],
    audience: Annotated[str, typer.Option(metavar="NAME", help="Whom its tokens for this service are for (aud).")],
    role: Annotated[
        list[str],
        typer.Option(
            metavar="VALUE=ROLE",
            help="Which value is which role; repeatable. Of several that a person has, the first counts.",
        ),
    ],
    role_claim: Annotated[
        str, typer.Option(metavar="CLAIM", help="Where the values stand, for example realm_access.roles.")
    ] = "roles",
    person_claim: Annotated[
        str | None,
        typer.Option(metavar="CLAIM", help="Where the name stands; left out: preferred_username, else name."),
    ] = None,
    client_id: Annotated[
        str | None, typer.Option(metavar="NAME", help="Take only tokens that were issued to this client.")
    ] = None,
    scope: Annotated[
        str, typer.Option(metavar="TEXT", help="What the staff pages ask for when they send somebody to sign in.")
    ] = "openid profile",
    typ: Annotated[
        Literal["at+jwt", "JWT"], typer.Option(help="JWT: the provider does not mark access tokens as such.")
    ] = "at+jwt",
    algorithm: Annotated[
        list[str],
        typer.Option(metavar="NAME", help="RS256, PS256, ES256 or EdDSA; repeatable; left out: all of them."),
    ] = [],  # noqa: B006
    longest: Annotated[
        int, typer.Option(metavar="MINUTES", min=1, max=1440, help="How long a token may be good for at most.")
    ] = 1440,
    no_check: Annotated[bool, typer.Option("--no-check", help="Do not ask the provider for its keys.")] = False,
    clinic: Clinic = None,
    as_json: Json = False,
) -> None:
    """Trust an identity provider from the next request on; one that was trusted before goes.

    The provider is asked for its keys first; when it does not give them, nothing changes.
    """
    from prep_tracker.cli.database import choose_clinic, load_settings, open_ready
    from prep_tracker.clock import SystemClock
    from prep_tracker.domain.errors import InvalidError
    from prep_tracker.services.sign_in import issuer_faults, provider_document, trust

    rules = _rules(
        roles=tuple(_role(one) for one in role),
        role_claim=role_claim,
        person_claim=person_claim,
        scope=scope,
        typ=typ,
        longest_minutes=longest,
        **({"algorithms": tuple(dict.fromkeys(algorithm))} if algorithm else {}),
    )
    if faults := issuer_faults(issuer):
        raise InvalidError(*faults)
    now = SystemClock().now()
    with open_ready(load_settings()) as store:
        chosen = choose_clinic(store, clinic)
        if not no_check:
            _check(issuer, rules)
        row = store.run_write(
            lambda connection: trust(connection, chosen.id, issuer, audience, rules=rules, now=now, client_id=client_id)
        )
    if as_json:
        say_json(provider_document(row) | {"checked": not no_check})
        return
    say(f"{chosen.name} trusts {row.issuer} for {row.audience} from the next request on.")
    if no_check:
        say("It was not asked for its keys.")


@app.command("show")
def show_provider(clinic: Clinic = None, as_json: Json = False) -> None:
    """Show which identity provider a clinic trusts."""
    from prep_tracker.cli.database import choose_clinic, load_settings, open_ready
    from prep_tracker.services.sign_in import provider_document
    from prep_tracker.store import identity

    with open_ready(load_settings()) as store:
        chosen = choose_clinic(store, clinic)
        row = store.run_read(lambda connection: identity.find(connection, chosen.id))
    if row is None:
        raise _none(chosen.name)
    document = provider_document(row)
    if as_json:
        say_json(document)
        return
    for name, value in document.items():
        if name == "roles":
            value = ", ".join(f"{given}={role}" for given, role in value)  # noqa: PLW2901 - as it was written
        say(f"{name + ':':<16} {', '.join(value) if isinstance(value, list) else value or '-'}")


@app.command("remove")
def remove_provider(clinic: Clinic = None, as_json: Json = False) -> None:
    """Trust it no more: the very next request with one of its tokens is refused. Keys go on working."""
    from prep_tracker.cli.database import choose_clinic, load_settings, open_ready
    from prep_tracker.clock import SystemClock
    from prep_tracker.services.sign_in import trust_no_more

    now = SystemClock().now()
    with open_ready(load_settings()) as store:
        chosen = choose_clinic(store, clinic)
        try:
            store.run_write(lambda connection: trust_no_more(connection, chosen.id, now=now))
        except NotFoundError:
            raise _none(chosen.name) from None
    if as_json:
        say_json({"clinic_id": chosen.id, "removed": True})
    else:
        say(f"{chosen.name} trusts no identity provider any more.")


def _none(clinic: str) -> RefusedError:
    return RefusedError(
        f"{clinic} trusts no identity provider. Settle one with prep-tracker clinic sign-in set.", code=FAILED
    )


def _role(written: str) -> tuple[str, StaffRole]:
    from prep_tracker.domain.sign_in import StaffRole

    value, equals, role = written.rpartition("=")
    for known in get_args(StaffRole):
        if value and equals and role == known:
            return value, known
    raise RefusedError(f"--role {written}: write VALUE=ROLE, with the role coordinator, clinician or admin.")


def _rules(**settled: object) -> SignIn:
    from pydantic import ValidationError

    from prep_tracker.domain.sign_in import SignIn

    try:
        return SignIn.model_validate(settled)
    except ValidationError as error:
        wrong = dict.fromkeys(str(one["loc"][0]) for one in error.errors())
        raise RefusedError(*(WRONG[name] for name in wrong)) from None


def _check(issuer: str, rules: SignIn) -> None:
    """Ask the provider for its keys; what is wrong is one line."""
    import asyncio

    from prep_tracker.api.discovery import ProviderError, fetch_keys

    try:
        keys = asyncio.run(fetch_keys(issuer))
    except ProviderError as error:
        raise RefusedError(f"{error} Nothing was changed. --no-check leaves this out.", code=FAILED) from None
    if not keys.algorithms() & set(rules.algorithms):
        has = ", ".join(sorted(keys.algorithms()))
        raise RefusedError(f"{issuer}: its keys are for {has} only. Nothing was changed.", code=FAILED)
