"""Do what ``prep-tracker audit`` says: open the database, walk along the chains, and read and write files."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prep_tracker.cli.audit import NO_CLINIC
from prep_tracker.cli.database import load_settings, open_ready
from prep_tracker.cli.out import FAILED, RefusedError
from prep_tracker.clock import SystemClock
from prep_tracker.desk.proving import Anchor, Report, prove
from prep_tracker.desk.pruning import Old, find_old, months_before, prune
from prep_tracker.domain.chain import Keys, iso
from prep_tracker.domain.days import parse_day
from prep_tracker.store import audit, clinics, seals
from prep_tracker.store.audit import AuditLine
from prep_tracker.store.owner import run_as_owner

if TYPE_CHECKING:
    from prep_tracker.store import Connection
    from prep_tracker.store.session import Store

_HEAD = re.compile(r"(-|[0-9a-f-]{36}) ([0-9]{1,10}) ([0-9a-f]{64}|[0-9a-f]{8}:[A-Za-z0-9_-]{43})")
_AT_ONCE = 5_000
_BEFORE_ALL = -(2**62)


def prove_all(clinic: str | None, anchors: list[Anchor]) -> Report:
    """Walk along the chains, seen at one moment."""
    settings = load_settings()
    with open_ready(settings) as store:
        chosen = _chosen(store, clinic)
        return store.run_read(
            lambda connection: prove(connection, Keys(settings.audit_keys), clinic_id=chosen, anchors=anchors)
        )


def read_anchors(path: Path) -> list[Anchor]:
    """Read heads as ``audit verify`` prints them, with or without --json, several of them one after another too."""
    try:
        text = path.read_text(encoding="utf-8")
        found = _from_json(text) if text.lstrip().startswith("{") else _from_lines(text)
    except (OSError, ValueError, KeyError, TypeError):
        raise RefusedError(f"{path.name} cannot be read as heads of the audit.", code=FAILED) from None
    if not found:
        raise RefusedError(f"{path.name} holds no heads of the audit.", code=FAILED)
    return found


def write_out(clinic: str | None, since: str | None, until: str | None) -> None:
    """Write the lines that fit, and note in the audit of each clinic that it was given out."""
    first = None if since is None else iso(_moment("--from", since, days=0))
    end = None if until is None else iso(_moment("--to", until, days=1))
    with open_ready(load_settings()) as store:
        chosen = _chosen(store, clinic)
        given_out: set[str] = set()
        number = _BEFORE_ALL
        while batch := store.run_read(lambda connection, number=number: seals.lines(connection, number, _AT_ONCE)):  # type: ignore[misc]
            for line in batch:
                at = str(line.at)
                if chosen in {None, line.clinic_id} and (first is None or at >= first) and (end is None or at < end):
                    given_out.add(line.clinic_id)
                    sys.stdout.write(json.dumps(line.named(), default=repr) + "\n")
            number = batch[-1].number
        now = SystemClock().now()
        store.run_write(lambda connection: _note(connection, given_out, now))


def _note(connection: Connection, given_out: set[str], now: datetime) -> None:
    for each in sorted(given_out):
        line = AuditLine(now, "system", "", "", "E", "audit.exported", "audit", 200)
        audit.add(connection, each or None, line)


def find_all_old(clinic: str | None, months: int) -> list[Old]:
    """Find what is older, chain by chain."""
    before = months_before(SystemClock().now(), months)
    with open_ready(load_settings()) as store:
        chosen = _chosen(store, clinic)
        return store.run_read(lambda connection: _old(connection, chosen, before))


def prune_all(clinic: str | None, months: int) -> list[Old]:
    """Take away what is older, some thousand lines a transaction, so that others can write in between."""
    settings, now = load_settings(), SystemClock().now()
    with open_ready(settings) as store:
        chosen = _chosen(store, clinic)
    keys, before = Keys(settings.audit_keys), months_before(now, months)

    def on_all(fn: Callable[[Connection], Any]) -> Any:  # noqa: ANN401 - whatever the function gives
        return run_as_owner(settings.database_url, fn)

    found: list[Old] = on_all(lambda connection: _old(connection, chosen, before))
    for old in found:
        while on_all(partial(_prune, old=old, keys=keys, now=now)):
            pass
    return found


def _prune(connection: Connection, *, old: Old, keys: Keys, now: datetime) -> int:
    return prune(connection, old, keys, now=now)


def _old(connection: Connection, clinic_id: str | None, before: datetime) -> list[Old]:
    chains = seals.chains(connection) if clinic_id is None else [clinic_id]
    found = (find_old(connection, each, before) for each in chains)
    return [one for one in found if one is not None]


def _chosen(store: Store, clinic: str | None) -> str | None:
    """Give the clinic's id, empty for the chain that belongs to none; None is all."""
    if clinic in {None, NO_CLINIC}:
        return None if clinic is None else ""
    if clinic not in {row.id for row in store.run_read(clinics.every)}:
        raise RefusedError(f"There is no clinic {clinic}. See prep-tracker clinic list.")
    return clinic


def _from_json(text: str) -> list[Anchor]:
    reader, place, found = json.JSONDecoder(), 0, []
    text = text.strip()
    while place < len(text):
        document, place = reader.raw_decode(text, place)
        found += [Anchor(head["clinic_id"] or "", head["seal"], head["hash"]) for head in document["heads"]]
        place += len(text[place:]) - len(text[place:].lstrip())
    return found


def _from_lines(text: str) -> list[Anchor]:
    matches = (_HEAD.fullmatch(line.strip()) for line in text.splitlines())
    return [Anchor("" if m[1] == NO_CLINIC else m[1], int(m[2]), m[3]) for m in matches if m is not None]


def _moment(option: str, text: str, *, days: int) -> datetime:
    try:
        if "T" in text:
            at = datetime.fromisoformat(text)
            if at.utcoffset() is None:
                raise RefusedError(f"{option} {text}: say how far from UTC, for example 2026-12-18T09:30:00Z.")
            return at.astimezone(UTC)
        day = parse_day(text) + timedelta(days=days)
    except (ValueError, OverflowError) as error:
        raise RefusedError(f"{option} {text}: {error}.") from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
