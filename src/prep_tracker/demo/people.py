"""Invent the people of the demo: what each has booked, and what was said on which day before today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Act = tuple[Any, ...]
"""How many days ago, what is done, and with what: (3, "exposed", "sun", 3)."""


@dataclass(frozen=True, slots=True)
class Story:
    """One patient's procedure: ``on`` counts days from today, ``booked`` days before today."""

    reference: str
    name: str
    protocol: str
    on: int
    booked: int
    acts: tuple[Act, ...] = ()
    at: str | None = "10:30"
    language: str = "en"
    answers: tuple[tuple[str, Any], ...] = ()


ALL = "everything"
"""The act of saying all that can be said, and well: every step kept, done, answered safe, or understood."""
SEDATED = (("sedation", True),)
AWAKE = (("sedation", False),)
FACE = (("cold-sores", True), ("area", "full-face"))

ASTER: tuple[Story, ...] = (
    Story("A-1001", "Pia Example", "laser-resurfacing", 14, 12, ((2, "no-more"), (2, "done", "provider-instructions"))),
    Story("A-1002", "Quinn Sample", "laser-resurfacing", 9, 20, ((3, ALL), (1, "exposed", "sun", 2, "sunburn"))),
    Story("A-1003", "Rosa Invented", "laser-resurfacing", 6, 30, ((5, ALL),), language="es"),
    Story("A-1004", "Sven Madeup", "laser-ablative", 21, 10, ((4, "since", "no-sun", 9),), answers=SEDATED),
    Story("A-1005", "Tara Fictive", "laser-ablative", 3, 40, ((6, ALL), (1, "clear")), answers=AWAKE),
    Story(
        "A-1006",
        "Uma Pretend",
        "laser-fractional",
        12,
        25,
        ((5, ALL), (2, "exposed", "sun", 3)),
        answers=(*FACE, *AWAKE),
    ),
    Story(
        "A-1007",
        "Vito Imagined",
        "laser-fractional",
        5,
        25,
        ((6, ALL), (1, "unsafe", "cold-sore-now")),
        answers=(*FACE, *SEDATED),
    ),
    Story(
        "A-1008",
        "Wim Example",
        "laser-fractional",
        8,
        25,
        (
            (8, "unsafe", "pregnancy"),
            (6, "open", "pregnancy", "Seen in the clinic: the question did not apply."),
            (4, ALL),
        ),
        answers=(*FACE, *AWAKE),
    ),
    Story(
        "A-1009",
        "Xenia Sample",
        "laser-nonablative",
        10,
        20,
        ((4, ALL), (3, "exposed", "retinoid", 4), (2, "waive", "no-retinoids", "One thin layer, two weeks before.")),
        answers=(("cold-sores", False), ("area", "other")),
    ),
    Story("A-1010", "Yara Invented", "laser-nonablative", 25, 1, answers=(("area", "perioral"),), at=None),
    Story("A-1011", "Zeno Madeup", "laser-resurfacing", 40, 3, ((1, "no-more"),)),
    Story("A-1012", "Abel Fictive", "laser-resurfacing", -2, 30, ((8, ALL),)),
    Story("A-1013", "Bela Pretend", "laser-fractional", -12, 50, ((20, ALL), (11, "state", "completed")), answers=FACE),
    Story("A-1014", "Cara Imagined", "laser-resurfacing", 16, 20, ((3, "state", "cancelled", "Moved away"),)),
    Story("A-1015", "Dora Example", "laser-resurfacing", -4, 25, ((10, ALL), (3, "state", "no-show"))),
    Story(
        "A-1016",
        "Egon Sample",
        "laser-ablative",
        18,
        30,
        (
            (9, ALL),
            (7, "exposed", "tanning-bed", 8),
            (5, "move", 18, "Time on a tanning bed"),
            (4, "step", {"kind": "note", "id": "bring-photos", "title": "Bring your old photos", "at": {"days": -1}}),
        ),
        answers=AWAKE,
    ),
    Story(
        "A-1017",
        "Fay Invented",
        "laser-resurfacing",
        11,
        15,
        ((5, "since", "no-sun", 6), (4, "withdraw"), (4, "since", "no-sun", 12), (3, "no-more")),
    ),
    Story(
        "A-1018",
        "Gus Madeup",
        "laser-ablative",
        2,
        45,
        ((9, ALL), (3, "clear"), (1, "exposed", "sun", 1)),
        answers=AWAKE,
    ),
)

BIRCH: tuple[Story, ...] = (
    Story("B-2001", "Hal Fictive", "laser-resurfacing", 14, 5),
    Story("B-2002", "Ida Pretend", "laser-fractional", 7, 30, ((4, ALL),), answers=(*FACE, *SEDATED)),
    Story("B-2003", "Jon Imagined", "laser-ablative", 30, 2, answers=AWAKE),
    Story("B-2004", "Kim Example", "laser-nonablative", 4, 21, ((3, ALL), (1, "exposed", "tanning-bed", 1))),
)
