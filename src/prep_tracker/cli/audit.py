"""Prove the audit, write it out, and take away what is older than it has to be kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prep_tracker.cli.out import FAILED, Commands, RefusedError, count, reason_of, say, say_json
from prep_tracker.domain.errors import PrepError

if TYPE_CHECKING:
    from prep_tracker.desk.proving import Finding, Report
    from prep_tracker.desk.pruning import Old

app = typer.Typer(cls=Commands, help="Prove, write out and prune the audit.", rich_markup_mode=None)
Clinic = Annotated[str | None, typer.Option("--clinic", metavar="ID", help="One clinic only; left out: all.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
NO_CLINIC = "-"
"""How the chain of lines that belong to no clinic is called."""
UNKNOWN = 2
"""The exit code of what cannot be told."""


@app.command(
    epilog="Exit codes: 0 nothing is wrong; 1 something was changed, added or taken away; 2 it cannot be told. "
    "The heads that are printed are anchors: kept where nobody who writes to the database can reach them, they show "
    "later that the end of a chain was cut off, or all of it written anew. PREP_AUDIT_KEY must be the service's."
)
def verify(
    clinic: Clinic = None,
    anchors: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Heads that were printed before, in either form.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Prove that no line was changed, added or taken away since it was sealed."""
    from prep_tracker.cli.auditing import prove_all, read_anchors

    try:
        report = prove_all(clinic, [] if anchors is None else read_anchors(anchors))
    except RefusedError as error:
        raise RefusedError(*error.lines, code=UNKNOWN) from None
    except PrepError as error:
        raise RefusedError(f"{error.detail}{reason_of(error)}", code=UNKNOWN) from None
    if as_json:
        say_json(_document(report))
    else:
        _tell(report)
    raise typer.Exit(FAILED if report.findings else UNKNOWN if report.doubts else 0)


@app.command()
def export(
    clinic: Clinic = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="From this day on, in UTC, or from an instant on.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Up to this day, included, in UTC, or before an instant.")
    ] = None,
) -> None:
    """Write lines of the audit to standard output, oldest first: one JSON document a line, with its seal."""
    from prep_tracker.cli.auditing import write_out

    write_out(clinic, since, until)


@app.command()
def prune(
    older_than: Annotated[
        int, typer.Option("--older-than", metavar="MONTHS", min=1, help="Keep what was sealed in the last months.")
    ],
    clinic: Clinic = None,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; left out, it is only said what would go.")] = False,
    as_json: Json = False,
) -> None:
    """Take old lines away, whole seals at a time; what stays can still be proven. Without --apply nothing changes."""
    from prep_tracker.cli.auditing import find_all_old, prune_all

    old = prune_all(clinic, older_than) if apply else find_all_old(clinic, older_than)
    if as_json:
        say_json({"applied": apply, "clinics": [_old(one) for one in old]})
        return
    for one in old:
        lines = count(one.lines, "line")
        say(f"{one.clinic_id or NO_CLINIC}: {lines} up to seal {one.upto.number} ({one.upto.sealed_at[:10]})")
    total = count(sum(one.lines for one in old), "line")
    say(f"Took {total} away." if apply else f"Would take {total} away; with --apply it does.")


def _document(report: Report) -> dict[str, object]:
    return {
        "whole": None if report.doubts and not report.findings else not report.findings,
        "lines": report.lines,
        "not_sealed_yet": report.unsealed,
        "sealed_late": report.late,
        "findings": [_finding(one) for one in report.findings],
        "doubts": [_finding(one) for one in report.doubts],
        "heads": [{"clinic_id": s.clinic_id or None, "seal": s.number, "hash": s.hash} for s in report.heads],
    }


def _finding(one: Finding) -> dict[str, object]:
    return {"clinic_id": one.clinic_id or None, "seal": one.seal, "what": one.what, "detail": one.detail}


def _old(one: Old) -> dict[str, object]:
    return {"clinic_id": one.clinic_id or None, "seal": one.upto.number, "lines": one.lines}


def _tell(report: Report) -> None:
    """Say it to a person: first whether it is whole, then where it is not, then the heads."""
    lines = f"{count(report.lines, 'line')}, {report.unsealed} of them not sealed yet"
    if report.findings:
        say(f"The audit is NOT whole: {lines}.")
    elif report.doubts:
        say(f"It cannot be told whether the audit is whole: {lines}.")
    else:
        say(f"The audit is whole: {lines}.")
    for clinic_id in dict.fromkeys(one.clinic_id for one in report.findings):
        first, *more = [one for one in report.findings if one.clinic_id == clinic_id]
        beside = f" And {count(len(more), 'more seal')} of this clinic." if more else ""
        say(f"  {clinic_id or NO_CLINIC}: seal {first.seal} is the first: {first.what}: {first.detail}.{beside}")
    for one in report.doubts:
        say(f"  {one.clinic_id or NO_CLINIC}: seal {one.seal}: {one.detail}.")
    if report.late:
        say(f"  {count(report.late, 'line')} had waited for more than an hour before being sealed.")
    if report.heads:
        say("Heads, to be kept elsewhere as anchors:")
    for seal in report.heads:
        say(f"{seal.clinic_id or NO_CLINIC} {seal.number} {seal.hash}")
