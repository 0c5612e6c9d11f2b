"""A draft is tried on everything that is booked: who would stand worse is named, and nothing is stored."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bench import simulate
from prep_tracker import catalog
from prep_tracker.cli.planning import load_rules
from prep_tracker.clock import SystemClock
from prep_tracker.desk.case import Desk, plans_of, projected
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.plan import plan
from prep_tracker.domain.standing import level_on
from prep_tracker.services.clinic import calendar_of
from prep_tracker.services.simulation import SEVERITY
from prep_tracker.store import clinics, worklist
from prep_tracker.store.session import Store
from prep_tracker.store.tables import METADATA
from tests.cli.terminal import PROGRAM, lines, run, run_json

BOOKED = 250
"""More than two batches."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Fill one database; no test may change it."""
    made = f"sqlite:///{tmp_path_factory.mktemp('simulate') / 'clinic.db'}"
    simulate.fill(made, BOOKED)
    return made


def everything(connection: Connection) -> dict[str, list[Any]]:
    """Read every row of every table."""
    return {name: sorted(map(repr, connection.execute(select(table)))) for name, table in METADATA.tables.items()}


def levels(connection: Connection, draft: Path) -> dict[str, tuple[str, str]]:
    """Reckon the standing of each procedure by its own version and by the draft; hold its row against its record."""
    rules = load_rules(str(draft))
    (clinic,) = clinics.every(connection)
    desk = Desk(Actor(clinic.id, "system", "", "test"), clinic, calendar_of(clinic), SystemClock().now())
    today = desk.today.toordinal()
    found: dict[str, tuple[str, str]] = {}
    rows = worklist.booked(connection, clinic.id, "", BOOKED + 1)
    for row, now in zip(rows, plans_of(connection, desk, rows, remember=False), strict=True):
        kept = projected(now, today)
        assert {name: getattr(row, name) for name in kept} == kept
        found[row.id] = (level_on(now, today), level_on(plan(rules, now.record, desk.calendar), today))
    return found


def test_who_would_stand_worse_is_named_and_nothing_is_stored(url: str, tmp_path: Path) -> None:
    draft = simulate.write_draft(tmp_path)
    store = Store.open(url)
    try:
        before = store.run_read(everything)
        document = run_json("protocol", "simulate", str(draft), PREP_DATABASE_URL=url)
        assert store.run_read(everything) == before
        reckoned = store.run_read(lambda connection: levels(connection, draft))
    finally:
        store.close()
    worse = {name: pair for name, pair in reckoned.items() if SEVERITY.index(pair[1]) > SEVERITY.index(pair[0])}
    assert worse
    listed = {one["procedure_id"]: one["standing"] for one in document["procedures"]}
    assert {name: (one["before"], one["after"]) for name, one in listed.items()} == worse
    assert (document["done"], document["worse"]) == (len(reckoned), len(worse)) == (BOOKED, len(listed))
    assert document["becomes"] == Counter(after for was, after in reckoned.values() if was != after)
    assert document["changed"] == BOOKED  # the sun is asked about a week earlier of everybody
    assert all("no-sun" in one["moved"] for one in document["procedures"])


def test_people_read_a_summary_and_the_first_of_them(url: str, tmp_path: Path) -> None:
    draft = simulate.write_draft(tmp_path)
    worse = run_json("protocol", "simulate", str(draft), PREP_DATABASE_URL=url)["worse"]
    said = run("protocol", "simulate", str(draft), PREP_DATABASE_URL=url)
    assert (said.exit_code, said.stderr) == (0, "")
    head, newly, *listed, rest = said.stdout.splitlines()
    assert head == (
        f"250 booked procedures of Aster tried with laser-ablative: 250 would change, {worse} would stand worse. "
        "Nothing was stored."
    )
    assert newly.startswith("Newly: ")
    assert len(listed) == 20
    assert all(" → " in line and "moved no-sun" in line for line in listed)
    assert rest == f"  and {worse - 20} more; --json lists them all"


def test_a_protocol_that_changes_nothing_changes_nobody(url: str) -> None:
    document = run_json("protocol", "simulate", "laser-ablative", PREP_DATABASE_URL=url)
    assert (document["done"], document["changed"], document["worse"]) == (BOOKED, 0, 0)
    assert document["procedures"] == []


def test_nobody_is_booked_with_another_protocol(url: str) -> None:
    said = run("protocol", "simulate", "laser-fractional", PREP_DATABASE_URL=url).stdout
    assert said == "Aster has no booked procedure that follows laser-fractional.\n"


def test_progress_shows_on_a_terminal_and_never_in_the_document(url: str, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [PROGRAM, "protocol", "simulate", simulate.write_draft(tmp_path), "--json"],
            stdout=subprocess.PIPE,
            stderr=theirs,
            env=os.environ | {"PREP_DATABASE_URL": url, "TERM": "xterm"},
        ) as running:
            document = json.loads(running.communicate(timeout=60)[0])
        shown = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert (running.returncode, document["done"]) == (0, BOOKED)
    assert "laser-ablative" in shown
    assert "Traceback" not in shown


def test_a_draft_with_faults_is_not_tried(url: str, tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text(catalog.source("laser-ablative").replace("[sun, ", "[sunn, "), encoding="utf-8")
    code, said = lines("protocol", "simulate", str(faulty), "--json", PREP_DATABASE_URL=url)
    assert code == 1
    assert f"{faulty}:" in said[0]
    assert "the lexicon has no sunn" in said[0]


@pytest.mark.parametrize(
    ("args", "settings", "says"),
    [
        (["nothing"], {}, "PROTOCOL: there is no protocol nothing."),
        (["laser-ablative"], {"PREP_DATABASE_URL": "sqlite:///missing.db"}, "There is no database at missing.db."),
        (["laser-ablative", "--clinic", "x"], {}, "There is no clinic x. Name one of these with --clinic:"),
    ],
)
def test_what_cannot_be_simulated_is_told(url: str, args: list[str], settings: dict[str, str], says: str) -> None:
    _, said = lines("protocol", "simulate", *args, **({"PREP_DATABASE_URL": url} | settings))
    assert said[0].startswith(f"prep-tracker: {says}")
