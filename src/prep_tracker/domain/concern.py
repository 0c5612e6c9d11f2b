"""Say what a product means for one procedure: "may I use this?", answered by the patient's own checklist.

Never "yes": what is not recognised may be anything. And never "stop" for a medicine: that is a clinician's to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from prep_tracker.domain.items import Item
    from prep_tracker.domain.matching import Match, Scan
    from prep_tracker.domain.plan import Checklist

Verdict = Literal["ask", "not-now", "later", "nothing-found"]
_RANK: dict[Verdict, int] = {"ask": 0, "not-now": 1, "later": 2, "nothing-found": 3}


@dataclass(frozen=True, slots=True)
class Concern:
    """A step that is about something in the text. ``words`` are those of the text, in their order."""

    item: Item
    verdict: Verdict
    words: tuple[str, ...]


def concerns(checklist: Checklist, found: Scan, day: int) -> tuple[Verdict, list[Concern]]:
    """Find the steps that a text concerns on a day, and the verdict that is the most careful of theirs.

    A step that has passed or was waived concerns nobody. What is only doubtful is to be asked.
    """
    certain = [match for match in found.matches if not match.minor]
    seen = [
        concern
        for item in checklist.items
        if item.rule.step.kind in {"avoid", "review"} and item.state_on(day) not in {"over", "waived"}
        for concern in _concern(item, certain, day)
    ]
    verdicts: list[Verdict] = [concern.verdict for concern in seen]
    if found.questions:
        verdicts.append("ask")
    return min(verdicts, key=_RANK.__getitem__, default="nothing-found"), seen


def _concern(item: Item, matches: Iterable[Match], day: int) -> Iterable[Concern]:
    rule = item.rule
    hits = [match for match in matches if {match.class_, match.entry} & rule.members]
    if not hits:
        return
    names = {name for match in hits for name in (match.class_, match.entry)}
    words = tuple(dict.fromkeys(match.words for match in hits))
    if rule.step.kind == "review" or item.reviewing or names & (rule.medicines | rule.systemic):
        yield Concern(item, "ask", words)
    elif item.closes is not None and item.closes < day:
        return
    elif item.opens is not None and item.opens > day:
        yield Concern(item, "later", words)
    else:
        yield Concern(item, "not-now", words)
