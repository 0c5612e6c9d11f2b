"""Show an example of every body and every answer in the OpenAPI document. All people here are invented."""

from __future__ import annotations

from typing import Any

from prep_tracker.api.problems import KINDS
from prep_tracker.api.schemas import ProblemOut

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
DRAFT = """protocol: our-peel
title: Our peel
steps:
  - id: no-sun
    kind: avoid
    of: [sun, tanning-bed]
    days_before: 14
    severity: blocking
    title: No sun and no tanning beds
    source: Our own sheet of March 2026
"""
DRAFTED = {
    "slug": "our-peel",
    "draft": 1,
    "status": "draft",
    "created_by": "Cleo Example",
    "published_by": None,
    "content_hash": "0" * 64,
    "publishable": True,
    "findings": [],
    "content": None,
}
PUBLISHED = DRAFTED | {"status": "published", "published_by": "Ada Example", "publishable": False}
DIFF = {
    "protocol": "our-peel",
    "from": 1,
    "to": 2,
    "steps": [
        {
            "step": "no-sun",
            "change": "changed",
            "sentence": "No sun and no tanning beds: 14 days → 28 days before. It asks 6 patients to start earlier.",
            "only_texts": False,
            "patients_earlier": 6,
            "fields": [{"field": "days_before", "from": 14, "to": 28}],
        }
    ],
}
SIMULATED = {"line": "summary", "done": 40, "total": 40, "changed": 6, "worse": 2, "becomes": {"at-risk": 2}}
FULL_PATIENT = PATIENT | {
    "birth_date": "1990-02-03",
    "time_zone": None,
    "email": "pia@example.org",
    "phone": None,
    "messages": {"email": True, "sms": False},
    "version": 1,
}
NEW_PATIENT = {"reference": "A-1001", "name": "Pia Example", "language": "en", "email": "pia@example.org"}
EXPORT = {"patient_id": PATIENT["id"], "exported_at": "2026-11-22T09:00:00Z", "tables": {"patients": [], "entries": []}}
CLINIC = {
    "id": "6a0f3d51-0d4f-4f6c-8f0e-6a2c1d9b7e11",
    "name": "Aster Skin Clinic",
    "time_zone": "Europe/Amsterdam",
    "contact": {"phone": "+31 20 000 0000", "email": None, "address": None},
    "holidays": {"country": "NL", "region": None},
    "closing_days": ["2026-12-24"],
    "sender": None,
    "origins": ["https://portal.example"],
    "chase_days": 3,
}
CLINIC_CHANGE = {"holidays": {"country": "NL"}, "closing_days": ["2026-12-24"]}
WAIVER = {"step": "no-retinoids", "reason": "One thin layer on one evening, a week before"}
GATE = {"open": True, "reason": "The cold sore has healed; seen today"}
CLEARANCE = {"accept": [], "note": "Seen today"}
STEP = {
    "id": "bring-glasses",
    "kind": "note",
    "at": {"days": -1},
    "title": {"en": "Bring your glasses"},
    "source": "The clinician's own instruction",
}
STATE = {"state": "cancelled", "reason": "The patient is ill"}
EVENT = {"event": "healed", "on": "2026-12-28"}
NEW_KEY = {"role": "coordinator", "person": "Ana Example"}
KEY: dict[str, Any] = {
    "id": "3f2a9c1b7d4e8f60",
    "role": "coordinator",
    "person": "Ana Example",
    "scopes": [],
    "created_at": "2026-11-22T09:00:00Z",
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": None,
}
MADE_KEY = KEY | {"key": "prep_live_3f2a9c1b7d4e8f60_" + "x" * 43}
KEYS = {"items": [KEY], "next": None}
WORKLIST = {
    "as_of": "2026-12-04",
    "until": "2026-12-18",
    "counts": {"past": 0, "blocked": 1, "at-risk": 0, "waiting": 0, "ready": 0, "on-track": 0},
    "items": [
        {
            "procedure_id": ID,
            "patient": PATIENT,
            "on": "2026-12-18",
            "at": "10:30",
            "days_to_go": 14,
            "protocol": "laser-resurfacing@1",
            "standing": BLOCKED,
            "act_by": "2026-12-18",
            "clearance_void": False,
        }
    ],
    "next": None,
}


def documented(
    body: object, answer: object, *problems: int, roles: tuple[str, ...] | None = None, scope: str | None = None
) -> dict[str, Any]:
    """Document an operation: an example of its body and its answer, the problems that it may meet, and who may call.

    ``roles``: left out, all staff. ``scope``: what a key of the role integration needs; left out, none may.
    """
    extra: dict[str, Any] = {"security": [{"key": []}]}
    if body is not None:
        extra["requestBody"] = {"content": {"application/json": {"example": body}}}
    if roles is not None:
        extra["x-roles"] = list(roles)
    if scope is not None:
        extra["x-scope"] = scope
    general = (401, 403, 422, 503, *((400, 413) if body is not None else ()))
    return {"responses": shown(answer, *general, *problems), "openapi_extra": extra}


def shown(answer: object, *problems: int) -> dict[int | str, dict[str, Any]]:
    """Document what an operation answers: an example, and the problems that it may meet."""
    responses: dict[int | str, dict[str, Any]] = {"2XX": {"content": {"application/json": {"example": answer}}}}
    return responses | {status: {"model": ProblemOut, **problem_told(status)} for status in sorted({*problems})}


def problem_told(status: int) -> dict[str, Any]:
    """Document the problems of one status."""
    return {
        "description": ". ".join(kind.title for kind in KINDS.values() if kind.status == status),
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
    }
