"""Write what a text contains as the JSON object of the API and of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prep_tracker.domain.matching import Scan


def scan_document(found: Scan) -> dict[str, Any]:
    """Write the classes found with their evidence, what to ask, and what nobody knows, which is never safe."""
    return {
        "matches": [
            {"class": m.class_, "entry": m.entry, "words": m.words, "span": m.span, "how": m.how, "minor": m.minor}
            for m in found.matches
        ],
        "questions": [
            {
                "words": q.words,
                "span": q.span,
                "entry": q.entry,
                "classes": q.classes,
                "suggestion": q.suggestion,
                "reason": q.reason,
            }
            for q in found.questions
        ],
        "unrecognised": found.unrecognised,
    }
