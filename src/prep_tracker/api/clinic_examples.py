"""Show examples of patients, the clinic, keys, decisions, drafts and the worklist. All people here are invented."""

from __future__ import annotations

from typing import Any

from prep_tracker.api.examples import BLOCKED, ID, PATIENT

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
DRAFT_AS_JSON = {
    "protocol": "our-peel",
    "title": "Our peel",
    "steps": [
        {
            "id": "no-sun",
            "kind": "avoid",
            "of": ["sun", "tanning-bed"],
            "days_before": 14,
            "severity": "blocking",
            "title": "No sun and no tanning beds",
            "source": "Our own sheet of March 2026",
        }
    ],
}
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
SIMULATED = {
    "line": "summary",
    "done": 40,
    "total": 40,
    "changed": 6,
    "worse": 2,
    "messaged": 5,
    "becomes": {"at-risk": 2},
}
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
    "reminders": True,
    "remind_at": "09:00",
    "quiet": {"from": "21:00", "to": "08:00"},
    "most_messages": 20,
    "plain_subjects": True,
    "portal_birth_date": False,
    "calendar_titles": "neutral",
    "patient_url": None,
    "retention_months": 120,
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
            "failed_messages": 0,
        }
    ],
    "next": None,
}
VERSIONS = {
    "items": [
        {
            "version": 1,
            "status": "published",
            "own": True,
            "created_by": "Cleo Example",
            "published_by": "Ada Example",
            "content_hash": "0" * 64,
        }
    ],
    "next": None,
}
MIGRATIONS = {"version": 2, "procedures": [{"id": ID, "version": 4}]}
MIGRATED = {
    "preview": False,
    "items": [{"procedure_id": ID, "outcome": "stale", "version": 5, "change": None}],
}
RETENTION = {
    "retention_months": 120,
    "months": 120,
    "acts_from": "2026-12-11",
    "as_of": "2026-12-04",
    "patients": [{"id": ID, "reference": "A-0007", "last_on": "2016-11-30"}],
    "next": None,
}
