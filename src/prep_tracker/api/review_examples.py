"""Show examples of products, scans, questions and days that could be. All people here are invented."""

from __future__ import annotations

from typing import Any

from prep_tracker.api.examples import WAITING

MATCH = {"class": "retinoid", "entry": "adapalene", "words": "Differin", "span": [0, 8], "how": "brand", "minor": False}
SCAN = {"text": "Differin gel"}
SCANNED: dict[str, Any] = {"matches": [MATCH], "questions": [], "unrecognised": []}
NEW_PRODUCT = {"text": "Differin gel", "kind": "skincare", "prescribed": False, "last_used_on": "2026-12-01"}
PRODUCT: dict[str, Any] = {
    "n": 3,
    "text": "Differin gel",
    "kind": "skincare",
    "label": "Differin gel (adapalene)",
    "prescribed": False,
    "last_used_on": "2026-12-01",
    "stopped_on": None,
    "classes": ["retinoid"],
    "minor": [],
    "doubtful": [],
    "decision": None,
    "decided_on": None,
    "steps": ["no-retinoids"],
}
ADDED_PRODUCT = (
    PRODUCT
    | SCANNED
    | {
        "standing": WAITING,
        "earliest_safe_on": "2026-12-18",
        "earliest_preferred_on": "2026-12-18",
        "version": 3,
    }
)
DECISION = {"decision": "continue", "note": "Low dose; agreed with the prescriber"}
WISH = {"protocol": "laser-resurfacing", "exposures": [{"to": "sun", "on": "2026-11-20"}], "count": 3}
FEASIBLE = {
    "protocol": "laser-resurfacing@1",
    "as_of": "2026-11-23",
    "earliest_safe_on": "2026-12-07",
    "earliest_preferred_on": "2026-12-07",
    "days": [
        {
            "on": "2026-12-07",
            "ok": True,
            "because": [
                {
                    "step": "no-sun",
                    "sentence": "No sun and no tanning beds: 14 clear days, from Monday 23 November. Enough.",
                    "days_short": 0,
                }
            ],
        }
    ],
}
QUESTIONS = {
    "as_of": "2026-12-04",
    "language": "en",
    "open": 1,
    "items": [
        {
            "id": "no-sun",
            "kind": "since",
            "type": "since",
            "text": "Since which day have you kept to this? No sun and no tanning beds",
            "options": [],
            "who": "patient",
            "from": "2026-12-04",
            "answered": False,
            "value": None,
        }
    ],
}
