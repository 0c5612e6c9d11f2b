"""Show an example of every body and every answer in the OpenAPI document. All people here are invented."""

from __future__ import annotations

ID = "5f0c1d7e-2a64-4c0f-9a55-0d4b8f1f3c21"
PATIENT = {"id": "0b0f6f5e-8a0d-4f5c-9a35-3b8f7b7a1c10", "reference": "A-1001", "name": "Pia Example", "language": "en"}
REASON = {
    "step": "no-sun",
    "fact": None,
    "state": "unknown",
    "text": "We do not know yet since when this is kept: No sun and no tanning beds",
    "who": "patient",
    "act_by": "2026-12-04",
    "days_short": None,
    "floor_days_short": None,
    "worst_case_days_short": 0,
}
WAITING = {"level": "waiting", "reasons": [REASON]}
BLOCKED = {
    "level": "blocked",
    "reasons": [
        REASON
        | {
            "state": "short",
            "text": "No sun and no tanning beds: 2 days short for Friday 18 December 2026.",
            "act_by": "2026-12-18",
            "days_short": 2,
            "floor_days_short": 2,
            "worst_case_days_short": None,
        }
    ],
}
BOOKING = {
    "patient": {"reference": "A-1001", "name": "Pia Example", "language": "en"},
    "protocol": "laser-resurfacing",
    "on": "2026-12-18",
    "at": "10:30",
    "kept_since": {"no-sun": "2026-11-20"},
}
PROCEDURE = {
    "id": ID,
    "on": "2026-12-18",
    "at": "10:30",
    "time_zone": "Europe/Amsterdam",
    "protocol": "laser-resurfacing@1",
    "patient": PATIENT,
    "as_of": "2026-12-04",
    "days_to_go": 14,
    "standing": WAITING,
    "earliest_safe_on": "2026-12-18",
    "earliest_preferred_on": "2026-12-18",
    "clearance": "not-required",
    "version": 1,
}
ITEM = {
    "step": "no-sun",
    "kind": "avoid",
    "title": "No sun and no tanning beds",
    "detail": "Keep the sun off the skin we will treat.",
    "language": "en",
    "who": "patient",
    "severity": "blocking",
    "opens_on": "2026-12-04",
    "due_on": "2026-12-18",
    "closes_on": "2026-12-18",
    "times": None,
    "again": None,
    "state": "unknown",
    "days_short": None,
    "floor_days_short": None,
    "worst_case_days_short": 0,
    "days_done": None,
    "act_by": "2026-12-04",
    "timeline": [["2026-11-22", "upcoming"], ["2026-12-04", "unknown"]],
    "asks": {"kind": "since", "text": "Since which day have you kept to this? No sun and no tanning beds"},
    "provisional": False,
    "because": [],
    "why": (
        "14 clear days before your procedure on Friday 18 December 2026 (clinic time, Amsterdam): "
        "from Friday 4 December."
    ),
    "source": "Two weeks is the commonest figure of the sheets compared.",
    "marks": [],
}
CHECKLIST = {
    "procedure": {key: PROCEDURE[key] for key in ("id", "on", "at", "time_zone", "protocol")},
    "as_of": "2026-12-04",
    "days_to_go": 14,
    "language": "en",
    "standing": WAITING,
    "earliest_safe_on": "2026-12-18",
    "earliest_preferred_on": "2026-12-18",
    "items": [ITEM],
}
MOVE = {"to_on": "2026-12-20", "reason": "Two days in the sun"}
SIDE = {"opens_on": "2026-12-04", "due_on": "2026-12-18", "closes_on": "2026-12-18", "state": "short", "days_short": 2}
CHANGED = {
    "step": "no-sun",
    "title": "No sun and no tanning beds",
    "change": "no_longer_short",
    "before": SIDE,
    "after": {
        "opens_on": "2026-12-06",
        "due_on": "2026-12-20",
        "closes_on": "2026-12-20",
        "state": "open",
        "days_short": 0,
    },
}
MOVED = {
    "as_of": "2026-12-06",
    "from": {"on": "2026-12-18", "at": "10:30", "protocol": "laser-resurfacing@1", "days_to_go": 12},
    "to": {"on": "2026-12-20", "at": "10:30", "protocol": "laser-resurfacing@1", "days_to_go": 14},
    "standing": {"before": BLOCKED, "after": {"level": "on-track", "reasons": []}},
    "earliest_safe_on": "2026-12-20",
    "earliest_preferred_on": "2026-12-20",
    "steps": [CHANGED],
    "messages": {"dropped": [], "planned": []},
}
MARK = {"step": "no-sun", "kind": "since", "on": "2026-12-02"}
MARKED = ITEM | {
    "state": "open",
    "days_short": 0,
    "floor_days_short": 0,
    "worst_case_days_short": None,
    "act_by": None,
    "asks": None,
    "marks": [{"entry": 2, "kind": "since", "on": "2026-12-02", "said_on": "2026-12-04"}],
    "entry": 2,
    "standing": {"level": "on-track", "reasons": []},
    "version": 2,
}
EXPOSURE = {"to": "sun", "on": "2026-12-05", "kind": "sunburn"}
EXPOSED = {
    "entry": 3,
    "standing": {"before": WAITING, "after": BLOCKED},
    "earliest_safe_on": "2026-12-20",
    "earliest_preferred_on": "2026-12-20",
    "steps": [CHANGED | {"change": "newly_short", "before": CHANGED["after"], "after": SIDE}],
}
ANSWERS = {"cold-sores": True, "area": "perioral"}
SAID = {
    "entry": 4,
    "standing": WAITING,
    "earliest_safe_on": "2026-12-18",
    "earliest_preferred_on": "2026-12-18",
    "version": 4,
}
WITHDRAWAL = {"reason": "Tapped by mistake"}
ENTRIES = {
    "items": [
        {
            "n": 1,
            "kind": "booked",
            "said_on": "2026-11-22",
            "at": "2026-11-22T09:00:00Z",
            "actor": {"role": "coordinator", "person": "Ana Example", "on_behalf_of": None},
            "withdrawn": False,
            "on": "2026-12-18",
            "start": "10:30",
            "protocol": "laser-resurfacing@1",
        }
    ],
    "next": None,
}
PROTOCOL = {
    "slug": "laser-resurfacing",
    "version": 1,
    "status": "published",
    "own": False,
    "title": {"en": "Laser skin resurfacing"},
    "summary": None,
    "content_hash": "0" * 64,
    "published_at": "2026-11-22T09:00:00Z",
    "content": None,
}
PROTOCOLS = {"items": [PROTOCOL], "next": None}
