"""Compare two versions of a protocol, step by step, as data and as phrases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from prep_tracker.domain.explain import Phrase, length
from prep_tracker.domain.protocol import Avoid

if TYPE_CHECKING:
    from prep_tracker.domain.days import Span
    from prep_tracker.domain.explain import Value
    from prep_tracker.domain.protocol import Protocol, Step

Kind = Literal["added", "removed", "changed"]
TEXTS = frozenset({"title", "detail", "ask", "again", "source", "assumed"})
"""Fields that change what is read, not what is asked."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one step. ``fields`` gives for each changed key what stood before and what stands now."""

    step: str
    kind: Kind
    fields: tuple[tuple[str, Any, Any], ...]
    phrase: Phrase
    only_texts: bool = False


def differences(old: Protocol, new: Protocol) -> tuple[Difference, ...]:
    """Compare two versions; steps in the order of the new one, removed ones last. Equal steps are left out."""
    before = {step.id: step for step in old.steps}
    after = {step.id: step for step in new.steps}
    found = []
    for step in new.steps:
        if step.id not in before:
            found.append(Difference(step.id, "added", (), Phrase("diff.added", {"title": step.title})))
        elif (difference := _changed(before[step.id], step)) is not None:
            found.append(difference)
    found += [
        Difference(step.id, "removed", (), Phrase("diff.removed", {"title": step.title}))
        for step in old.steps
        if step.id not in after
    ]
    return tuple(found)


def _changed(old: Step, new: Step) -> Difference | None:
    before, after = _plain(old), _plain(new)
    keys = sorted(before.keys() | after.keys())
    fields = tuple((key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key))
    if not fields:
        return None
    only_texts = all(key in TEXTS for key, _, _ in fields)
    return Difference(new.id, "changed", fields, _phrase(old, new, fields, only_texts=only_texts), only_texts)


def _plain(step: Step) -> dict[str, Any]:
    return step.model_dump(mode="json", by_alias=True, exclude_none=True)


def _phrase(old: Step, new: Step, fields: tuple[tuple[str, Any, Any], ...], *, only_texts: bool) -> Phrase:
    values: dict[str, Value] = {"title": new.title}
    if only_texts:
        return Phrase("diff.texts", values)
    names = {key for key, _, _ in fields}
    if isinstance(old, Avoid) and isinstance(new, Avoid):
        for name in ("days_before", "floor_days", "days_after"):
            before: Span | None = getattr(old, name)
            after: Span | None = getattr(new, name)
            if name in names and before is not None and after is not None:
                return Phrase(f"diff.{name}", values | {"old": length(before, "days"), "new": length(after, "days")})
    if "severity" in names:
        return Phrase("diff.severity", values | {"old": old.severity, "new": new.severity})
    return Phrase("diff.changed", values | {"fields": ", ".join(sorted(names - TEXTS))})
