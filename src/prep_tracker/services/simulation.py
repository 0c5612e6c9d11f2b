"""Try a draft on every booked procedure of the clinic without storing anything, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prep_tracker.desk.case import Desk, plans_of
from prep_tracker.desk.telling import changed_digests
from prep_tracker.domain.plan import plan
from prep_tracker.domain.standing import Level, level_on
from prep_tracker.store import patients, worklist

if TYPE_CHECKING:
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.domain.rules import Rules
    from prep_tracker.store import Connection
    from prep_tracker.store.procedures import ProcedureRow

BATCH = 100
"""So few at once that others are served in between."""
SEVERITY: tuple[Level, ...] = ("ready", "on-track", "waiting", "at-risk", "blocked")


@dataclass(frozen=True, slots=True)
class Effect:
    """What a draft would do to one procedure: its standing before and after, the steps whose days move, and reminders.

    ``dropped`` and ``planned``: how many reminders it would take away and bring; a changed one counts as both.
    """

    row: ProcedureRow
    before: Level
    after: Level
    moved: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    dropped: int = 0
    planned: int = 0

    @property
    def worse(self) -> bool:
        """Say whether the procedure would stand worse."""
        return _rank(self.after) > _rank(self.before)


@dataclass(slots=True)
class Tally:
    """What a draft would do to all of them, so far."""

    done: int = 0
    changed: int = 0
    worse: int = 0
    messaged: int = 0
    """How many would be reminded otherwise."""
    becomes: dict[str, int] = field(default_factory=dict)
    """How many would newly stand so, by level."""

    def add(self, effects: Sequence[Effect], done: int) -> None:
        """Count one batch."""
        self.done += done
        self.changed += len(effects)
        for effect in effects:
            self.worse += effect.worse
            self.messaged += bool(effect.dropped or effect.planned)
            if effect.after != effect.before:
                self.becomes[effect.after] = self.becomes.get(effect.after, 0) + 1


def count(connection: Connection, desk: Desk, slug: str) -> int:
    """Count the booked procedures that follow a protocol, whatever its version."""
    return worklist.count_of(connection, desk.clinic.id, slug)


def try_batch(
    connection: Connection, desk: Desk, rules: Rules, slug: str, after: str
) -> tuple[list[Effect], int, str | None]:
    """Try the next procedures after an id. Gives those that change, how many were tried, and where to go on."""
    rows = worklist.booked(connection, desk.clinic.id, after, BATCH, slug=slug)
    today = desk.today.toordinal()
    known = patients.named(connection, desk.clinic.id, list({row.patient_id for row in rows}))
    effects = []
    for row, now in zip(rows, plans_of(connection, desk, rows, remember=False), strict=True):
        then = plan(rules, now.record, desk.calendar)
        dropped, planned = changed_digests(desk, known[row.patient_id], now, then)
        effect = _effect(row, now, then, today, (len(dropped), len(planned)))
        if effect is not None:
            effects.append(effect)
    return effects, len(rows), rows[-1].id if len(rows) == BATCH else None


def _effect(row: ProcedureRow, now: Checklist, then: Checklist, today: int, messages: tuple[int, int]) -> Effect | None:
    before, after = level_on(now, today), level_on(then, today)
    old = {i.rule.step.id: (i.opens, i.due, i.closes) for i in now.items}
    new = {i.rule.step.id: (i.opens, i.due, i.closes) for i in then.items}
    moved = tuple(step for step, days in new.items() if step in old and old[step] != days)
    added = tuple(step for step in new if step not in old)
    removed = tuple(step for step in old if step not in new)
    if before == after and not (moved or added or removed or any(messages)):
        return None
    return Effect(row, before, after, moved, added, removed, *messages)


def _rank(level: Level) -> int:
    return SEVERITY.index(level) if level in SEVERITY else -1
