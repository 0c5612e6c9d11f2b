"""Check protocol files, and give the language that they are written in."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prep_tracker.cli.out import FAILED, RefusedError, say, say_json

if TYPE_CHECKING:
    from prep_tracker.catalog import Located
    from prep_tracker.domain.protocol import Protocol

app = typer.Typer(help="Check protocol files.")
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
            about = f" ({protocol.protocol}, {_count(len(protocol.steps), 'step')})" if protocol else ""
            say(f"{name}{about}: {_count(wrong, 'fault')}, {_count(len(findings) - wrong, 'note')}")
    if faults:
        raise typer.Exit(FAILED)


@app.command()
def schema(as_json: Json = False) -> None:  # noqa: ARG001 - it is JSON either way
    """Print the language as JSON Schema. Editors complete and check with it while one writes."""
    from prep_tracker.catalog import json_schema

    say_json(json_schema())


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


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
