"""Look before booking: what a text contains, and which days could be. Nothing is stored, no database is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prep_tracker.cli.out import RefusedError

if TYPE_CHECKING:
    from prep_tracker.cli.said import Option

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def scan(
    text: Annotated[
        str | None, typer.Argument(metavar="FILE|-|TEXT", help="A file, - for standard input, or the text itself.")
    ] = None,
    measure: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Measure instead, against labels checked by hand.")
    ] = None,
    text_column: Annotated[str, typer.Option(metavar="NAME", help="The column of the labels.")] = "text",
    expected_column: Annotated[
        str, typer.Option(metavar="NAME", help="The column of the classes that each label has.")
    ] = "classes",
    only: Annotated[
        list[str] | None, typer.Option("--class", metavar="CLASS", help="Measure this class; may come several times.")
    ] = None,
    minor_counts: Annotated[
        bool, typer.Option("--minor-counts", help="A pH adjuster that nobody expected counts as wrong.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look through a label or a list of medicines for what protocols name. What is not recognised is not safe."""
    from prep_tracker.cli import scanning

    if (text is None) == (measure is None):
        raise RefusedError("Write one of the two: FILE|-|TEXT to look through, or --measure FILE.csv.")
    if text is not None:
        scanning.show(text, as_json=as_json)
    elif measure is not None:
        columns = (text_column, expected_column)
        scanning.show_measure(measure, columns, frozenset(only or ()), minor_counts=minor_counts, as_json=as_json)


def feasible(  # noqa: PLR0913, PLR0917 - one argument an option
    protocol: Annotated[str, typer.Argument(metavar="PROTOCOL", help="A file, or the name of a built-in protocol.")],
    not_before: Annotated[
        str | None, typer.Option(metavar="DAY", help="The first day that may be; left out: the as-of day.")
    ] = None,
    count: Annotated[int, typer.Option(metavar="N", min=1, max=30, help="How many safe days to find.")] = 5,
    zone: Annotated[str, typer.Option(metavar="ZONE", help="The clinic's time zone.")] = "UTC",
    as_of: Annotated[str | None, typer.Option(metavar="DAY", help="The day of the question; left out: today.")] = None,
    fact: Annotated[list[str] | None, typer.Option(metavar="FACT=ANSWER", help="An answer: cold-sores=yes.")] = None,
    exposed: Annotated[
        list[str] | None, typer.Option(metavar="CLASS[:KIND]=DAY", help="A contact: sun:sunburn=DAY.")
    ] = None,
    since: Annotated[
        list[str] | None, typer.Option(metavar="STEP=DAY|never", help="Kept since a day; never: no contact.")
    ] = None,
    lang: Annotated[str, typer.Option(metavar="LANG", help="The language of the texts.")] = "en",
    as_json: Json = False,
) -> None:
    """Find the first days that could be, with the arithmetic of each rule. No database is needed.

    What is not known counts as kept from the as-of day on. Weekends are left out; holidays and closing days are the
    clinic's, and only the service knows them.
    """
    from prep_tracker.cli.planning import Asked
    from prep_tracker.cli.wishing import show

    said: dict[Option, list[str]] = {"fact": fact or [], "exposed": exposed or [], "since": since or []}
    asked = Asked(protocol, not_before, None, zone, None, as_of, said, False, lang)  # noqa: FBT003 - as it was written
    show(asked, count, as_json=as_json)
