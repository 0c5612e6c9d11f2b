"""Compare two plans of one procedure: what moving it, or changing its protocol, would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from prep_tracker.domain.standing import Status, on

if TYPE_CHECKING:
    from prep_tracker.domain.items import Item
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.domain.reminders import Digest

ChangeKind = Literal["kept", "moved", "reopened", "newly_short", "no_longer_short", "added", "removed"]


@dataclass(frozen=True, slots=True)
class StepChange:
    """What becomes of one step; an item is None where the step does not apply."""

    step: str
    change: ChangeKind
    before: Item | None
    after: Item | None


@dataclass(frozen=True, slots=True)
class Change:
    """Two plans, how the procedure stands under each, and what becomes of every step."""

    before: Checklist
    after: Checklist
    status_before: Status
    status_after: Status
    steps: tuple[StepChange, ...]
    dropped: tuple[Digest, ...] = ()
    """The reminders that would not come any more; nobody is reminded unless somebody says how."""
    planned: tuple[Digest, ...] = ()
    """The reminders that would come instead."""


def change(before: Checklist, after: Checklist, day: int) -> Change:
    """Compare two plans as they stand on a day; the steps keep the order of the plan after, removed ones last."""
    old = {item.rule.step.id: item for item in before.items}
    new = {item.rule.step.id: item for item in after.items}
    steps = [StepChange(step, _kind(old.get(step), item, day), old.get(step), item) for step, item in new.items()]
    steps += [StepChange(step, "removed", item, None) for step, item in old.items() if step not in new]
    return Change(before, after, on(before, day), on(after, day), tuple(steps))


def _kind(old: Item | None, new: Item, day: int) -> ChangeKind:
    if old is None:
        return "added"
    was_short, is_short = old.state_on(day) == "short", new.state_on(day) == "short"
    if is_short and not was_short:
        return "newly_short"
    if was_short and not is_short:
        return "no_longer_short"
    if old.settled and not new.settled:
        return "reopened"
    return "kept" if (old.opens, old.due, old.closes) == (new.opens, new.due, new.closes) else "moved"
