"""Show what portals send and get: nobody in it exists."""

from __future__ import annotations

from typing import Any

from prep_tracker.api.examples import PROCEDURE
from prep_tracker.api.review_examples import SCANNED

LINK_TOKEN = {"token": "5uZ0rJ0d4mQ1wX8bT3yK6nL9pV2sF7hG-cA_eR4iUoY"}
SESSION = {
    "access_token": "ps_Zb4kQ0x7LwT2mV9sD1fR6hJ3nC8gY5pA-uE_iO0aK7q",
    "expires_at": "2027-01-21T09:00:00Z",
    "procedure_id": PROCEDURE["id"],
}
NEW_LINK = {"expires_in_days": 14, "for": "patient"}
LINK = {
    "url": "https://prep.example/p/#token=5uZ0rJ0d4mQ1wX8bT3yK6nL9pV2sF7hG-cA_eR4iUoY",
    "qr_svg": "<svg …>",
    "expires_at": "2026-12-06T09:00:00Z",
    "for": "patient",
}
SIGNED_IN = {
    "id": "3f9c1a7be2d84056",
    "for": "patient",
    "created_at": "2026-11-22T09:00:00Z",
    "expires_at": "2027-01-21T09:00:00Z",
    "revoked_at": None,
}
MINE: dict[str, Any] = {
    "id": PROCEDURE["id"],
    "on": PROCEDURE["on"],
    "at": PROCEDURE["at"],
    "time_zone": PROCEDURE["time_zone"],
    "title": "Laser skin resurfacing",
    "days_to_go": PROCEDURE["days_to_go"],
    "standing": PROCEDURE["standing"],
    "clinic": {
        "name": "Aster Skin Clinic",
        "contact": {"phone": "+31 20 555 0100", "email": None, "address": None},
    },
}
CONCERN = {
    "step": "no-retinoids",
    "title": "No retinoids on the face",
    "state": "open",
    "verdict": "not-now",
    "opens_on": "2026-12-04",
    "closes_on": "2026-12-18",
    "words": ["Differin"],
    "text": "Not now: No retinoids on the face. Leave it away until your procedure.",
}
MY_SCAN = {
    **SCANNED,
    "verdict": "not-now",
    "text": "This contains something that your list asks you to leave away now.",
    "concerns": [CONCERN],
}
