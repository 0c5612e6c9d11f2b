"""Hold one step as it lies on the calendar of one procedure: an item with its timeline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from prep_tracker.domain.conditions import Cause
    from prep_tracker.domain.points import Moment
    from prep_tracker.domain.rules import Rule

State = Literal["waived", "closed", "over", "short", "done", "late", "unknown", "open", "upcoming"]
Change = tuple[int, State]
Timeline = tuple[Change, ...]
"""The days on which the state changes if nothing more is said, first the booking day."""

ON_TRACK, WAITING, AT_RISK, BLOCKED = range(4)


@dataclass(slots=True)
class Item:
    """A step laid on the calendar. All days are ordinals, both ends of a window are included."""

    rule: Rule
    timeline: Timeline
    opens: int | None = None
    due: int | None = None
    """The last day before it is late."""
    closes: int | None = None
    """The last day on which it is in force."""
    shorts: tuple[tuple[int, int, int], ...] = ()
    """From which day it is short by how many days: of the ask, and of the floor."""
    bound: int | None = None
    """The first procedure day that the floor allows, by what was said."""
    bound_ask: int | None = None
    open_ask: bool = False
    """Nothing was said that fixes the dates: they count as kept since today."""
    last_chance: int | None = None
    """The last day on which acting still helps, while it is not past."""
    provisional: bool = False
    """Its condition is unknown, or what it counts from is not recorded."""
    silent: bool = False
    """It changes no standing: aftercare, or without dates."""
    reviewing: bool = False
    """A medicine step that acts as a review: the patient reads to change nothing by themselves."""
    undecided: tuple[int, ...] = ()
    """The products about which a clinician has still to decide."""
    settled: bool = False
    """It counts for ready: done, waived, or an avoid that is answered and on course."""
    counted: bool = True
    """It is looked at for ready; passing notes, daily windows and aftercare are not."""
    causes: tuple[Cause, ...] = ()
    missing: tuple[str, ...] = ()
    days_done: int | None = None
    moments: tuple[Moment, ...] = ()

    def state_on(self, day: int) -> State:
        """Look up the state on a day; before the booking it is that of the booking day."""
        found = self.timeline[0][1]
        for start, state in self.timeline:
            if start > day:
                break
            found = state
        return found

    def short_on(self, day: int) -> tuple[int, int]:
        """Say by how many days it is short on a day: of the ask, of the floor."""
        ask = floor = 0
        for start, days, floor_days in self.shorts:
            if start > day:
                break
            ask, floor = days, floor_days
        return ask, floor

    def level(self, state: State, day: int) -> int:
        """Say what a state does to the standing of the procedure on a day."""
        severity = self.rule.step.severity
        if self.silent or severity == "advisory":
            return ON_TRACK
        blocking = severity == "blocking"
        if state == "short":
            if not blocking:
                return AT_RISK
            return BLOCKED if self.rule.step.kind != "avoid" or self.short_on(day)[1] else AT_RISK
        if state == "closed":
            return BLOCKED if blocking else AT_RISK
        if state == "late":
            return AT_RISK if blocking else WAITING
        return WAITING if state == "unknown" else ON_TRACK


def timeline(start: int, changes: Iterable[tuple[int, State]]) -> Timeline:
    """Begin a timeline on the booking day; of changes on or before it the last one holds, equal neighbours join."""
    result: list[tuple[int, State]] = []
    for day, state in changes:
        at = day if day > start else start  # noqa: FURB136 - said a hundred times a plan
        if result and result[-1][0] == at:
            result.pop()
        if not result or result[-1][1] != state:
            result.append((at, state))
    return tuple(result)
