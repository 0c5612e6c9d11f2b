"""Find what a protocol may not say: what fits the language, but would mislead a patient or hold up a booking."""

from __future__ import annotations

from itertools import chain, islice

from prep_tracker.domain.lexicon import Lexicon
from prep_tracker.domain.lint_clashes import clash_findings
from prep_tracker.domain.lint_classes import class_findings
from prep_tracker.domain.lint_days import day_findings
from prep_tracker.domain.lint_examples import example_findings
from prep_tracker.domain.lint_finding import Finding, near
from prep_tracker.domain.lint_names import name_findings
from prep_tracker.domain.lint_reminders import reminder_findings
from prep_tracker.domain.lint_texts import text_findings
from prep_tracker.domain.protocol import MOST_STEPS, Protocol

__all__ = ["MOST_FINDINGS", "Finding", "lint", "near"]

MOST_FINDINGS = 200
"""Nobody mends more at once; and a protocol made to annoy is given up early."""


def lint(protocol: Protocol, lexicon: Lexicon) -> tuple[Finding, ...]:
    """Find everything at once, in the order of the steps; without a fault the protocol may be published."""
    found = chain(
        text_findings(protocol),
        name_findings(protocol),
        class_findings(protocol, lexicon),
        day_findings(protocol),
        clash_findings(protocol, lexicon),
        reminder_findings(protocol),
        example_findings(protocol, lexicon),
    )
    return tuple(sorted(islice(found, MOST_FINDINGS), key=_place))


def _place(finding: Finding) -> int:
    match finding.path:
        case ("steps", int() as number, *_):
            return number
        case ("examples", *_):
            return MOST_STEPS
        case _:
            return -1
