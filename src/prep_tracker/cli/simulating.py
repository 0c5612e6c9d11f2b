"""Try a protocol on every booked procedure of a clinic, a batch at a time. Nothing is stored."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any

from prep_tracker.cli.database import choose_clinic, load_settings, open_ready
from prep_tracker.cli.out import count, say
from prep_tracker.cli.planning import load_rules
from prep_tracker.clock import SystemClock
from prep_tracker.desk.case import Desk
from prep_tracker.domain.actor import Actor
from prep_tracker.services import simulation
from prep_tracker.services.clinic import calendar_of
from prep_tracker.services.simulation import Effect, Tally

if TYPE_CHECKING:
    from prep_tracker.domain.rules import Rules
    from prep_tracker.store.session import Store

IN_MEMORY = 4 * 1024 * 1024
"""Bytes of what becomes worse that are kept in memory; more goes to a temporary file that has no name."""
MOST_SHOWN = 20
Progress = Callable[[int, int], None]


def show(name: str, clinic: str | None, *, as_json: bool) -> None:
    """Print what would change, and which procedures would stand worse."""
    rules = load_rules(name)
    with open_ready(load_settings()) as store, SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8") as kept:
        row = choose_clinic(store, clinic)
        desk = Desk(Actor(row.id, "system", "", "operator"), row, calendar_of(row), SystemClock().now())
        with _progress(rules.protocol.protocol) as progress:
            tally = run(store, desk, rules, kept, progress)
        kept.seek(0)
        if as_json:
            _print_json(rules, desk, tally, kept)
        else:
            _print(rules, desk, tally, kept)


def run(store: Store, desk: Desk, rules: Rules, kept: IO[str], progress: Progress) -> Tally:
    """Try all; each procedure that would stand worse becomes one line of JSON in ``kept``."""
    slug, tally, after = rules.protocol.protocol, Tally(), ""
    total = store.run_read(lambda connection: simulation.count(connection, desk, slug))
    while True:
        effects, tried, following = store.run_read(
            lambda connection, after=after: simulation.try_batch(connection, desk, rules, slug, after)  # type: ignore[misc]
        )
        tally.add(effects, tried)
        kept.writelines(json.dumps(_effect(effect)) + "\n" for effect in effects if effect.worse)
        progress(tally.done, max(total, tally.done))
        if following is None:
            return tally
        after = following


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "procedure_id": effect.row.id,
        "on": effect.row.procedure_on.isoformat(),
        "protocol": f"{effect.row.protocol_slug}@{effect.row.protocol_number}",
        "standing": {"before": effect.before, "after": effect.after},
        "moved": effect.moved,
        "added": effect.added,
        "removed": effect.removed,
        "messages": {"dropped": effect.dropped, "planned": effect.planned},
    }


def _print_json(rules: Rules, desk: Desk, tally: Tally, kept: IO[str]) -> None:
    """Print one document, its list line by line: it may be longer than what fits into memory."""
    head = {
        "protocol": rules.protocol.protocol,
        "clinic_id": desk.clinic.id,
        "as_of": desk.today.isoformat(),
        "done": tally.done,
        "changed": tally.changed,
        "worse": tally.worse,
        "messaged": tally.messaged,
        "becomes": tally.becomes,
    }
    say(f'{json.dumps(head)[:-1]}, "procedures": [')
    for number, line in enumerate(kept):
        say(f"{',' if number else ' '}{line.rstrip()}")
    say("]}")


def _print(rules: Rules, desk: Desk, tally: Tally, kept: IO[str]) -> None:
    slug = rules.protocol.protocol
    if not tally.done:
        say(f"{desk.clinic.name} has no booked procedure that follows {slug}.")
        return
    say(
        f"{count(tally.done, 'booked procedure')} of {desk.clinic.name} tried with {slug}: "
        f"{tally.changed} would change, {tally.worse} would stand worse. Nothing was stored."
    )
    if tally.messaged:
        say(f"{count(tally.messaged, 'patient')} would be reminded otherwise.")
    if tally.becomes:
        say(f"Newly: {', '.join(f'{number} {level}' for level, number in sorted(tally.becomes.items()))}.")
    for line in islice(kept, MOST_SHOWN):
        one = json.loads(line)
        steps = [f"{what} {', '.join(one[what])}" for what in ("moved", "added", "removed") if one[what]]
        standing = f"{one['standing']['before']} → {one['standing']['after']}"
        say(f"  {one['on']}  {one['procedure_id']}  {standing}  {'; '.join(steps)}".rstrip())
    if tally.worse > MOST_SHOWN:
        say(f"  and {tally.worse - MOST_SHOWN} more; --json lists them all")


@contextmanager
def _progress(slug: str) -> Iterator[Progress]:
    """Show how far it is on standard error, where somebody looks at a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(slug, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
