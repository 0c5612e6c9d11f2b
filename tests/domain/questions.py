"""The questions that are asked, each with the case that brings it about, word for word."""

from __future__ import annotations

from typing import Any

from tests.domain.sentences import CHECK, CREAM, IF_HEART, PHOTO, PILLS, PLAN, SORES, SUN, answered
from tests.domain.told import Saying, dec, mark, named, nov, sun

LAST_TAKEN = (
    "Since which day have you not taken this: nsaid and isotretinoin-oral? "
    "Give the first day without it. If you never took it, say never."
)
QUESTIONS: list[tuple[dict[str, Any], tuple[Saying, ...], int, tuple[str, str] | None]] = [
    (SUN, (), 3, None),
    (SUN, (), 4, ("since", "Since which day have you kept to this? No sun")),
    (SUN | {"ask": "When were you last in the sun?"}, (), 4, ("since", "When were you last in the sun?")),
    (
        PILLS,
        (),
        11,
        ("since", "Do you take any of these: nsaid? If not, tell us since when, or that you never did."),
    ),
    (
        PILLS | {"of": ["nsaid", "isotretinoin-oral"], "prescribed": "wait"},
        (),
        11,
        (
            "since",
            LAST_TAKEN,
        ),
    ),
    (PILLS, (named(nov(23), "nsaid"),), 11, None),
    (SUN, (sun(dec(5)),), 5, None),
    (PHOTO, (), 1, ("done", "Have you done this? Send a photo")),
    (PHOTO, (mark(dec(1), "done"),), 1, None),
    (CREAM | {"from": {"days": -10}, "to": {"days": -1}}, (), 9, ("kept", "Did you do this today? Cream")),
    (CREAM | {"from": {"days": -10}, "to": {"days": -1}}, (), 7, None),
    (SORES, (), 1, ("gate", "Do you have a cold sore?")),
    (SORES, (mark(dec(1), "unsafe"),), 1, None),
    (CHECK, (), 1, ("no_more_products", "Have you told us about all your medicines and products?")),
    (CHECK, (named(nov(23), "nsaid"),), 1, ("decision", "A clinician still has to decide: Your medicines")),
    (
        {"kind": "review", "title": "Your heart", "when": IF_HEART},
        (answered(heart=True),),
        1,
        ("done", "Have you done this? Your heart"),
    ),
    (PLAN | {"confirm": True}, (), 1, ("understood", "Have you read and understood this? Read this")),
    (PLAN, (), 1, None),
]
