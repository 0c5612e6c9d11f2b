"""Import bookings from a file: the command and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Pairs = list[str] | None


def import_file(  # noqa: PLR0913, PLR0917 - one argument an option
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV or .xlsx.", exists=True, dir_okay=False, readable=True)
    ],
    apply: Annotated[bool, typer.Option("--apply", help="Book; left out, nothing is changed.")] = False,
    column: Annotated[
        Pairs, typer.Option("--map", metavar="FIELD=HEADER", help="Which column holds a field: phone='Mobile 1'.")
    ] = None,
    protocol: Annotated[str | None, typer.Option(metavar="NAME", help="The protocol of all rows.")] = None,
    language: Annotated[str | None, typer.Option(metavar="TAG", help="The language of all patients.")] = None,
    means: Annotated[
        Pairs,
        typer.Option(
            metavar="WORD=PROTOCOL", help="What a word of the file means; nothing after =: leave its rows out."
        ),
    ] = None,
    date_order: Annotated[
        str | None, typer.Option(metavar="ORDER", help="How to read 03/04/2026: dmy, mdy or ymd.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of CSV that is not UTF-8: windows-1252.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(metavar="NAME", help="The sheet; left out: the first visible.")] = None,
    remember: Annotated[
        bool, typer.Option("--remember/--forget", help="Use what was said for the last file, and keep it for the next.")
    ] = True,
    clinic: Annotated[
        str | None, typer.Option("--clinic", metavar="ID", help="Needed where there are several.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Import bookings from CSV or Excel. Shows how every row stands; books with --apply."""
    from prep_tracker.cli.imported import do_import
    from prep_tracker.imports.choices import Choices

    choices = Choices(
        columns={name: header for name, header in _pairs("--map", column) if header is not None},
        fixed={name: value for name, value in (("protocol", protocol), ("language", language)) if value is not None},
        protocols=dict(_pairs("--means", means, may_be_empty=True)),
        date_order=date_order,
        encoding=encoding,
        sheet=sheet,
        remember=remember,
    )
    do_import(file, choices, clinic, apply=apply, as_json=as_json)


def _pairs(option: str, given: Pairs, *, may_be_empty: bool = False) -> list[tuple[str, str | None]]:
    from prep_tracker.cli.out import RefusedError

    found: list[tuple[str, str | None]] = []
    for text in given or ():
        # The value begins behind the last =: a word of the file may hold one, a field and a protocol never do.
        name, equals, value = text.rpartition("=") if may_be_empty else text.partition("=")
        if not name.strip() or not equals or not (value.strip() or may_be_empty):
            shape = "WORD=PROTOCOL" if may_be_empty else "FIELD=HEADER"
            raise RefusedError(f"{option} {text}: write {shape}.")
        found.append((name.strip(), value.strip() or None))
    return found
