"""Find reminders that could never come."""

from __future__ import annotations

from collections.abc import Iterator

from prep_tracker.domain.lint_finding import Finding, spots
from prep_tracker.domain.protocol import Protocol
from prep_tracker.domain.remind import KINDS, possible


def reminder_findings(protocol: Protocol) -> Iterator[Finding]:
    """Yield kinds of reminders that a step asks for twice, or that nothing about it could ever bring about."""
    for spot, step in spots(protocol.steps):
        can = possible(step)
        asked: set[str] = set()
        for number, kind in enumerate(step.remind or ()):
            place = spot / "remind" / number
            if kind in asked:
                yield place.fault("twice", f"{kind} is listed twice", "Remove one of them.")
            elif kind not in can:
                few = ", ".join(one for one in KINDS if one in can)
                yield place.fault(
                    "no-reminder",
                    f"a reminder of the kind {kind} can never come for this step",
                    f"Take some of {few}." if few else "Leave remind out: this is nothing that the patient does.",
                )
            asked.add(kind)
