"""Write, check, try and compare protocol files, and give the language that they are written in."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prep_tracker.cli.out import FAILED, RefusedError, count, say, say_json

if TYPE_CHECKING:
    from prep_tracker.catalog import Located
    from prep_tracker.domain.protocol import Protocol

app = typer.Typer(help="Write, check, try and compare protocol files.")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@app.command()
def lint(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Protocol files.")], as_json: Json = False
) -> None:
    """Check protocol files for faults. Faults forbid publishing (exit 1); notes are worth a look (exit 0)."""
    texts = {name: read_file(name) for name in files}
    found = {name: check(text, name) for name, text in texts.items()}
    faults = sum(one.finding.level == "fault" for _, findings in found.values() for one in findings)
    if as_json:
        report = [_report(name, protocol, findings) for name, (protocol, findings) in found.items()]
        say_json({"ok": not faults, "files": report})
    else:
        for name, (protocol, findings) in found.items():
            for one in findings:
                say(str(one))
            wrong = sum(one.finding.level == "fault" for one in findings)
            about = f" ({protocol.protocol}, {count(len(protocol.steps), 'step')})" if protocol else ""
            say(f"{name}{about}: {count(wrong, 'fault')}, {count(len(findings) - wrong, 'note')}")
    if faults:
        raise typer.Exit(FAILED)


@app.command()
def schema(as_json: Json = False) -> None:  # noqa: ARG001 - it is JSON either way
    """Print the language as JSON Schema. Editors complete and check with it while one writes."""
    from prep_tracker.catalog import json_schema

    say_json(json_schema())


@app.command()
def new(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="The protocol's name, for example our-peel.")],
    begin_with: Annotated[
        str | None, typer.Option("--from", metavar="BUILT_IN", help="A built-in protocol to begin with.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print a protocol to begin with: prep-tracker protocol new our-peel > our-peel.yaml."""
    from prep_tracker.cli.drafting import show_template

    show_template(slug, begin_with, as_json=as_json)


@app.command("try")
def try_(  # noqa: PLR0913, PLR0917 - one argument an option
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file, or the name of a built-in protocol.")],
    day: Annotated[str, typer.Argument(metavar="DAY", help="The day of the procedure.")],
    at: Annotated[str | None, typer.Option(metavar="HH:MM", help="Its time of day.")] = None,
    zone: Annotated[str, typer.Option(metavar="ZONE", help="The clinic's time zone.")] = "UTC",
    booked: Annotated[
        str | None, typer.Option(metavar="DAY", help="When it was booked; left out: the as-of day.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(metavar="DAY", help="The day to look at; left out: today.")] = None,
    fact: Annotated[list[str] | None, typer.Option(metavar="FACT=ANSWER", help="An answer: cold-sores=yes.")] = None,
    lang: Annotated[str, typer.Option(metavar="LANG", help="The language of the texts.")] = "en",
    watch: Annotated[
        bool, typer.Option("--watch", help="Print it again whenever the file changes, until Ctrl-C.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print a protocol's calendar for a day: each step with its window, by date."""
    from prep_tracker.cli.planning import Asked
    from prep_tracker.cli.trying import follow, show

    asked = Asked(file, day, at, zone, booked, as_of, {"fact": fact or []}, False, lang)  # noqa: FBT003 - as written
    if watch and as_json:
        raise RefusedError("Leave out --watch or --json: one document cannot follow a file.")
    if watch:
        follow(asked)
    else:
        show(asked, as_json=as_json)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A file, or the name of a built-in protocol.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The same, as it shall be.")],
    lang: Annotated[str, typer.Option(metavar="LANG", help="The language of the sentences.")] = "en",
    as_json: Json = False,
) -> None:
    """Compare two protocols, step by step."""
    from prep_tracker.cli.drafting import show_differences

    show_differences(old, new, lang, as_json=as_json)


@app.command()
def simulate(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file, or the name of a built-in protocol.")],
    clinic: Annotated[str | None, typer.Option(metavar="ID", help="The clinic, where there are several.")] = None,
    as_json: Json = False,
) -> None:
    """Try a draft on every booked procedure that follows this protocol. Nothing is stored."""
    from prep_tracker.cli.simulating import show

    show(file, clinic, as_json=as_json)


def read_file(name: str) -> bytes:
    """Read a protocol file, of which no more is taken than one may be long."""
    from prep_tracker.catalog.reader import LONGEST

    try:
        with Path(name).open("rb") as file:
            return file.read(LONGEST + 1)
    except (OSError, ValueError) as error:
        raise RefusedError(f"{name}: {getattr(error, 'strerror', None) or 'this is no file name'}") from None


def check(text: bytes, name: str) -> tuple[Protocol | None, tuple[Located, ...]]:
    """Check a protocol by the lexicon that ships with the package."""
    from prep_tracker.catalog import lexicon, load_protocol

    return load_protocol(text, lexicon(), name)


def _report(name: str, protocol: Protocol | None, findings: tuple[Located, ...]) -> dict[str, Any]:
    listed = []
    for one in findings:
        finding = asdict(one.finding) | {"line": one.line, "pointer": one.finding.pointer}
        del finding["path"]
        listed.append(finding)
    return {
        "file": name,
        "protocol": protocol.protocol if protocol else None,
        "ok": all(one.finding.level != "fault" for one in findings),
        "findings": listed,
    }
