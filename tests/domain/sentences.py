"""The sentences that say why, each with the case that brings it about, word for word."""

from __future__ import annotations

from typing import Any

from prep_tracker.domain import entries as e
from tests.domain.told import Saying, dec, decided, mark, named, nov, sun


def answered(**answers: object) -> Saying:
    """Answer facts on the day after the booking."""
    return nov(23), e.Answered, {"answers": answers}


ON = "Friday 18 December 2026"
PLACE = "(clinic time, Amsterdam)"
CLEAR = f"14 clear days before your procedure on {ON} {PLACE}: from Friday 4 December."
SUN: dict[str, Any] = {"kind": "avoid", "of": ["sun"], "days_before": 14, "title": "No sun"}
PILLS: dict[str, Any] = {"kind": "avoid", "of": ["nsaid"], "days_before": 7, "title": "No painkillers"}
FROM: dict[str, Any] = {"kind": "avoid", "of": ["sun"], "title": "Out of the sun"}
PHOTO: dict[str, Any] = {"kind": "do", "title": "Send a photo"}
CREAM: dict[str, Any] = {"kind": "daily", "title": "Cream"}
SORES: dict[str, Any] = {"kind": "gate", "title": "Cold sores", "ask": "Do you have a cold sore?", "safe": False}
CHECK: dict[str, Any] = {"kind": "review", "title": "Your medicines", "of": ["nsaid"]}
PLAN: dict[str, Any] = {"kind": "note", "title": "Read this"}
FACT = {"id": "heart", "type": "yes-no", "ask": "Do you have a heart condition?"}
AREA = {"id": "area", "type": "one-of", "options": ["face", "neck"], "ask": "Which area?"}
SKIN = {"id": "skin", "type": "many-of", "options": ["dry", "oily"], "ask": "How is your skin?"}
FACTS = [FACT, AREA, SKIN]
IF_HEART = {"fact": "heart", "is": True}

WHY: list[tuple[str, dict[str, Any], str]] = [
    ("why.avoid", SUN, CLEAR),
    ("why.avoid", SUN | {"floor_days": 14}, CLEAR),
    (
        "why.avoid",
        SUN | {"days_before": 1},
        f"1 clear day before your procedure on {ON} {PLACE}: from Thursday 17 December.",
    ),
    (
        "why.avoid",
        SUN | {"days_before": {"months": 6}},
        f"6 months before your procedure on {ON} {PLACE}: from Thursday 18 June.",
    ),
    (
        "why.avoid.floor",
        SUN | {"floor_days": 1},
        f"{CLEAR} With fewer than 1 clear day it cannot go ahead.",
    ),
    (
        "why.avoid.review",
        PILLS,
        f"Your clinic looks at this before your procedure on {ON} {PLACE}. It matters from Friday 11 December.",
    ),
    (
        "why.avoid.from",
        FROM | {"from": {"days": -1}},
        f"From Thursday 17 December, until your procedure on {ON} {PLACE}.",
    ),
    (
        "at.time",
        FROM | {"from": {"days": -1, "time": "22:00"}},
        f"From Thursday 17 December at 22:00, until your procedure on {ON} {PLACE}.",
    ),
    (
        "at.morning",
        FROM | {"from": {"days": -1, "part": "morning"}},
        f"From Thursday 17 December in the morning, until your procedure on {ON} {PLACE}.",
    ),
    (
        "at.midday",
        FROM | {"from": {"days": -1, "part": "midday"}},
        f"From Thursday 17 December at midday, until your procedure on {ON} {PLACE}.",
    ),
    (
        "at.evening",
        FROM | {"from": {"days": -1, "part": "evening"}},
        f"From Thursday 17 December in the evening, until your procedure on {ON} {PLACE}.",
    ),
    (
        "at.bedtime",
        FROM | {"from": {"days": -1, "part": "bedtime"}},
        f"From Thursday 17 December at bedtime, until your procedure on {ON} {PLACE}.",
    ),
    (
        "why.avoid.after",
        FROM | {"days_after": 7},
        f"From your procedure on {ON} until Friday 25 December, that day included.",
    ),
    (
        "why.avoid.after.until",
        FROM | {"until": "healed"},
        f"From your procedure on {ON}, until we tell you that you can stop.",
    ),
    (
        "why.avoid.after.until",
        FROM | {"until": "healed"},
        f"From your procedure on {ON}, until we tell you that you can stop.",
    ),
    ("why.both.until", SUN | {"until": "told"}, f"{CLEAR} And again after it, until we tell you that you can stop."),
    ("why.both", SUN | {"days_after": 7}, f"{CLEAR} And again after it, until Friday 25 December."),
    (
        "why.both.until",
        SUN | {"until": "healed"},
        f"{CLEAR} And again after it, until we tell you that you can stop.",
    ),
    ("why.do", PHOTO, f"To be done by Thursday 17 December, for your procedure on {ON} {PLACE}."),
    (
        "why.do.lead",
        PHOTO | {"due": {"days": -7}, "lead_days": 3},
        (
            f"To be done by Friday 11 December. It takes 3 days before your procedure on {ON} {PLACE}, "
            "so Tuesday 15 December is the last possible day."
        ),
    ),
    (
        "why.daily",
        CREAM | {"from": {"days": -1}, "to": {"days": 9}},
        f"Every day from Thursday 17 December to Sunday 27 December, both included. Your procedure is on {ON} {PLACE}.",
    ),
    (
        "why.daily.until",
        CREAM | {"from": {"days": -1}, "until": "told"},
        f"Every day from Thursday 17 December, until we tell you that you can stop. Your procedure is on {ON} {PLACE}.",
    ),
    (
        "why.gate",
        SORES | {"opens": {"days": -3}},
        f"We ask from Tuesday 15 December, and again on the day itself, {ON} {PLACE}.",
    ),
    (
        "why.gate.once",
        SORES | {"opens": {"days": -3}, "once": True},
        f"We ask once, from Tuesday 15 December, for your procedure on {ON} {PLACE}.",
    ),
    (
        "why.review",
        CHECK | {"due": {"days": -3}},
        f"A clinician looks at this by Tuesday 15 December, before your procedure on {ON} {PLACE}.",
    ),
    ("why.review.now", CHECK, f"A clinician looks at this before your procedure on {ON} {PLACE}."),
    ("why.note", PLAN, f"For your procedure on {ON} {PLACE}."),
    (
        "why.undated",
        CREAM | {"from": {"event": "healed", "days": 2}, "until": "told"},
        "The date follows as soon as we know the day that this counts from.",
    ),
    (
        "why.to_follow",
        PLAN | {"at": {"hours": -2}},
        f"The time follows as soon as the time of your procedure on {ON} is set.",
    ),
]

REASONS: list[tuple[str, dict[str, Any], tuple[Saying, ...], int, str]] = [
    ("reason.avoid.unknown", SUN, (), 4, "We do not know yet since when this is kept: No sun"),
    (
        "reason.avoid.unknown.worst",
        SUN,
        (),
        5,
        "We do not know yet since when this is kept: No sun. If only from today, it is 1 day short.",
    ),
    ("reason.avoid.short", SUN, (sun(dec(5)),), 5, f"No sun: 2 days short for {ON}."),
    (
        "reason.avoid.short.ask",
        SUN | {"floor_days": 7},
        (sun(dec(5)),),
        5,
        f"No sun: 2 days short of what we ask for {ON}. A clinician decides.",
    ),
    (
        "reason.undecided",
        PILLS,
        (named(nov(23), "nsaid"),),
        1,
        "A clinician still has to decide about a medicine or product: No painkillers",
    ),
    (
        "reason.do.late",
        PHOTO | {"due": {"days": -7}, "lead_days": 3},
        (),
        12,
        "Late: Send a photo. Tuesday 15 December is the last day on which it can still be done in time.",
    ),
    (
        "reason.do.short",
        PHOTO | {"due": {"days": -7}, "lead_days": 3},
        (),
        17,
        f"Not done in time for {ON}: Send a photo. It is 2 days short.",
    ),
    (
        "reason.daily.late",
        CREAM | {"from": {"days": -10}, "to": {"days": -1}, "start_by": {"days": -5}},
        (),
        9,
        "Not started yet: Cream. Sunday 13 December is the last day on which starting is still enough.",
    ),
    (
        "reason.daily.short",
        CREAM | {"from": {"days": -10}, "to": {"days": -1}, "at_least": {"of_last": 10, "kept": 9}},
        (),
        10,
        f"Missed on too many days for {ON}: Cream. It is 1 day short.",
    ),
    ("reason.gate.unknown", SORES, (), 1, "Not answered yet: Do you have a cold sore?"),
    (
        "reason.gate.closed",
        SORES,
        (mark(dec(1), "unsafe"),),
        1,
        "The answer says that it cannot go ahead now. A clinician decides: Do you have a cold sore?",
    ),
    (
        "reason.review.unknown",
        CHECK,
        (),
        1,
        "We do not know yet whether all medicines and products have been named: Your medicines",
    ),
    ("reason.review.late", CHECK | {"due": {"days": -20}}, (), 1, "Due and still open: Your medicines"),
    (
        "reason.review.own.unknown",
        {"kind": "review", "title": "Your heart", "when": IF_HEART},
        (answered(heart=True),),
        1,
        "A clinician still has to look at this: Your heart",
    ),
    ("reason.note.unknown", PLAN | {"confirm": True}, (), 1, "Not confirmed yet: Read this"),
    ("reason.fact", SUN | {"when": IF_HEART}, (), 1, "Not answered yet: Do you have a heart condition?"),
]

BECAUSE: list[tuple[dict[str, Any], tuple[Saying, ...], list[str]]] = [
    (SUN, (), []),
    (SUN | {"when": IF_HEART}, (answered(heart=True),), ["Do you have a heart condition? Yes."]),
    (SUN | {"when": {"not": IF_HEART}}, (answered(heart=False),), ["Do you have a heart condition? No."]),
    (SUN | {"when": {"fact": "area", "in": ["face", "neck"]}}, (answered(area="neck"),), ["Which area? neck."]),
    (
        SUN | {"when": {"fact": "skin", "is": "dry"}},
        (answered(skin=("oily", "dry")),),
        ["How is your skin? oily, dry."],
    ),
    (SUN | {"when": IF_HEART}, (), ["We do not know yet whether this is for you: an answer is missing."]),
    (
        SUN | {"when": {"any": [IF_HEART, {"fact": "area", "is": "face"}]}},
        (answered(heart=True, area="neck"),),
        ["Do you have a heart condition? Yes."],
    ),
    (
        SUN | {"when": {"all": [IF_HEART, {"fact": "area", "is": "face"}]}},
        (answered(heart=True, area="face"),),
        ["Do you have a heart condition? Yes.", "Which area? face."],
    ),
    (SUN | {"when": {"starts": {"before": "10:00"}}}, (), []),
    (SUN | {"when": {"uses": "nsaid"}}, (named(nov(23), "nsaid", text="Advil"),), ["Advil"]),
    (
        PILLS | {"of": ["bleeding-risk"]},
        (named(nov(23), "fish-oil", "sun", label="Fish oil 1000"), named(nov(23), "warfarin", "nsaid", text="Two")),
        ["Fish oil 1000", "Two"],
    ),
    (PILLS, (named(nov(23), "nsaid"), decided(nov(23), 2, "continue")), []),
    (CHECK, (named(nov(23), "nsaid"),), ["Something"]),
    (CHECK, (named(nov(23), "sun"),), []),
    (
        SUN,
        ((nov(23), e.StepAdded, {"rule": {"id": "step", "source": "", "severity": "blocking", **SUN}}),),
        ["Your clinic added this for you."],
    ),
]
