"""List the commands with their options; what they do stands beside, and is imported only then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from prep_tracker import __version__
from prep_tracker.cli import audit, db, identity, importing, keys, looking, messages, protocols, retention, upkeep
from prep_tracker.cli.out import Commands, say, say_json

if TYPE_CHECKING:
    from prep_tracker.cli.said import Option

EPILOG = (
    "Exit codes: 0 done; 1 it could not be done (a protocol with faults, a database that cannot be reached, "
    "a refusal); 2 the command line or a setting has to be corrected.\n\n"
    "Settings stand in the environment: PREP_DATABASE_URL (left out: sqlite:///prep-tracker.db) and those that "
    "prep-tracker settings shows. With _FILE behind its name, a setting is read from that file. "
    "A demo for which no database is named uses prep-tracker-demo.db."
)
PLAN_EPILOG = "Everything that is said here counts as said on the as-of day. Days are written YYYY-MM-DD."
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]

app = typer.Typer(
    cls=Commands,
    help="Turn a procedure date and a clinic's preparation rules into a countdown checklist.",
    epilog=EPILOG,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help comes in half the time, and reads as well
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(keys.app, name="keys")
app.add_typer(messages.app, name="messages")
app.add_typer(db.app, name="db")
app.add_typer(audit.app, name="audit")
app.add_typer(protocols.app, name="protocol")
app.add_typer(upkeep.clinic_app, name="clinic")
upkeep.clinic_app.add_typer(identity.app, name="sign-in")
app.add_typer(upkeep.procedures_app, name="procedures")


@app.callback(invoke_without_command=True)
def show_help(context: typer.Context, version: Annotated[bool, typer.Option("--version", hidden=True)] = False) -> None:
    """Say what there is when no command is named."""
    if version:
        say(f"prep-tracker {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        say(context.get_help())


@app.command(epilog=PLAN_EPILOG)
def plan(
    protocol: Annotated[str, typer.Argument(metavar="PROTOCOL", help="A file, or the name of a built-in protocol.")],
    day: Annotated[str, typer.Argument(metavar="DAY", help="The day of the procedure.")],
    at: Annotated[str | None, typer.Option(metavar="HH:MM", help="Its time of day.")] = None,
    zone: Annotated[str, typer.Option(metavar="ZONE", help="The clinic's time zone.")] = "UTC",
    booked: Annotated[
        str | None, typer.Option(metavar="DAY", help="When it was booked; left out: the as-of day.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(metavar="DAY", help="The day to look at; left out: today.")] = None,
    fact: Annotated[list[str] | None, typer.Option(metavar="FACT=ANSWER", help="An answer: cold-sores=yes.")] = None,
    exposed: Annotated[
        list[str] | None, typer.Option(metavar="CLASS[:KIND]=DAY", help="A contact: sun:sunburn=DAY.")
    ] = None,
    since: Annotated[
        list[str] | None, typer.Option(metavar="STEP=DAY|never", help="Kept since a day; never: no contact.")
    ] = None,
    done: Annotated[list[str] | None, typer.Option(metavar="STEP=DAY", help="Done, kept or read on a day.")] = None,
    safe: Annotated[
        list[str] | None, typer.Option(metavar="STEP=DAY", help="A gate's question, answered well.")
    ] = None,
    unsafe: Annotated[
        list[str] | None, typer.Option(metavar="STEP=DAY", help="A gate's question, answered badly.")
    ] = None,
    no_products: Annotated[
        bool, typer.Option("--no-products", help="No (more) medicines or products are used.")
    ] = False,
    lang: Annotated[str, typer.Option(metavar="LANG", help="The language of the texts.")] = "en",
    every: Annotated[bool, typer.Option("--all", help="Show the steps that do not apply, too.")] = False,
    as_json: Json = False,
) -> None:
    """Show a checklist and its countdown. No database is needed."""
    from prep_tracker.cli.planning import Asked, show_plan

    said: dict[Option, list[str]] = {
        "fact": fact or [],
        "exposed": exposed or [],
        "since": since or [],
        "done": done or [],
        "safe": safe or [],
        "unsafe": unsafe or [],
    }
    asked = Asked(protocol, day, at, zone, booked, as_of, said, no_products, lang)
    show_plan(asked, everything=every, as_json=as_json)


app.command(epilog=PLAN_EPILOG)(looking.feasible)
app.command()(looking.scan)


@app.command()
def init(
    clinic: Annotated[str, typer.Option(metavar="NAME", help="The clinic's name.")],
    zone: Annotated[str, typer.Option(metavar="ZONE", help="Its time zone, for example Europe/Amsterdam.")],
    person: Annotated[str, typer.Option(metavar="NAME", help="Who gets the admin key.")] = "Administrator",
    as_json: Json = False,
) -> None:
    """Make a clinic and its admin key. The key is shown once; the database is made or brought up to date first."""
    from prep_tracker.cli.operating import make_clinic

    make_clinic(clinic, zone, person, as_json=as_json)


@app.command()
def serve(
    host: Annotated[
        str | None, typer.Option(metavar="HOST", help="Where to listen; left out: PREP_HOST, 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(metavar="PORT", min=0, max=65535, help="0: any that is free; left out: PREP_PORT, 8321."),
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Make an invented clinic and print keys to try it.")] = False,
    as_json: Json = False,
) -> None:
    """Start the service. The database is made or brought up to date first."""
    from prep_tracker.cli.serving import run

    run(host, port, demo=demo, as_json=as_json)


@app.command()
def work(
    once: Annotated[bool, typer.Option("--once", help="End as soon as nothing is due any more.")] = False,
) -> None:
    """Send reminders and webhooks. On PostgreSQL in any number of processes, on any number of machines."""
    from prep_tracker.cli.working import run

    run(once=once)


@app.command()
def migrate(as_json: Json = False) -> None:
    """Make or update the database. The protocols that ship with this version come with it."""
    from prep_tracker.cli.operating import bring_up_to_date

    bring_up_to_date(as_json=as_json)


@app.command()
def check(as_json: Json = False) -> None:
    """Look whether the service could start, and say all that is wrong at once. Nothing is made."""
    from prep_tracker.cli.checking import show_problems

    show_problems(as_json=as_json)


@app.command("settings")
def show_settings(as_json: Json = False) -> None:
    """Show every setting, its value, and what to write there. Secrets are not shown."""
    from prep_tracker.cli import settled

    settled.show_settings(as_json=as_json)


@app.command()
def version(as_json: Json = False) -> None:
    """Say which version this is."""
    if as_json:
        say_json({"version": __version__})
    else:
        say(f"prep-tracker {__version__}")


app.command("import")(importing.import_file)
app.command()(upkeep.backup)
app.command()(upkeep.restore)
app.command()(retention.retention)
