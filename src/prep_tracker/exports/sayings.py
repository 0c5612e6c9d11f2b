"""Remember what is said about a step in one language: most of it is the same from procedure to procedure.

A sentence is kept under everything that it depends on, so it never goes stale; what is rarely said makes room.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from prep_tracker.domain import explain
from prep_tracker.domain.protocol import Daily

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prep_tracker.domain.items import Item, State
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.domain.rules import Rule, Rules
    from prep_tracker.domain.standing import Reason

MOST = 1000
"""How many sentences of one kind are kept for a step: more than the days for which a clinic is booked at a time."""


class Words(Protocol):
    """The words of one language (``catalog.words``)."""

    language: str

    def __hash__(self) -> int:
        """Tell apart by identity: what is said is remembered by who says it."""
        ...

    def say(self, phrase: explain.Phrase) -> str:
        """Make a sentence of a phrase."""
        ...

    def text(self, text: Mapping[str, str]) -> str:
        """Take this language out of a protocol's text; English where it is missing."""
        ...


class Saying:
    """What is said about one step of a protocol version, in one language."""

    def __init__(self, rule: Rule, words: Words) -> None:
        """Say what no procedure changes."""
        step = rule.step
        self.rule = rule
        self.title = words.text(step.title)
        self.detail = words.text(step.detail) if step.detail else None
        # What the protocol does not have in this language is in English, and the item says so.
        texts = (step.title, *((step.detail,) if step.detail else ()))
        self.language = words.language if all(words.language in text for text in texts) else "en"
        self.again = words.text(step.again) if isinstance(step, Daily) and step.again else None
        self._words = words
        self._asks: dict[tuple[State, bool, bool], tuple[str, str] | None] = {}
        self._whys: dict[tuple[Any, ...], str] = {}
        self._reasons: dict[tuple[Any, ...], str] = {}

    @cached_property
    def reviewing(self) -> tuple[str, str]:
        """Say title and detail of a medicine step that acts as a review: the patient changes nothing by themselves."""
        values: dict[str, explain.Value] = {"classes": explain.Classes(getattr(self.rule.step, "of", ()))}
        say = self._words.say
        return say(explain.Phrase("review.title", values)), say(explain.Phrase("review.detail", values))

    def asks(self, item: Item, state: State) -> tuple[str, str] | None:
        """Give the kind of answer that the item waits for in this state, and the question."""
        key = (state, item.reviewing, bool(item.undecided))
        if key not in self._asks:
            asked = explain.question(item, state)
            self._asks[key] = None if asked is None else (asked[0], self._words.say(asked[1]))
        return self._asks[key]

    def why(self, checklist: Checklist, item: Item) -> str:
        """Say by which rule the item lies on its days."""
        key = (
            *(checklist.record.on, checklist.calendar.zone),
            *(item.opens, item.due, item.closes, item.moments, item.reviewing),
        )
        return self._whys.get(key) or self._keep(self._whys, key, explain.why(checklist, item))

    def reason(self, checklist: Checklist, found: Reason, item: Item) -> str:
        """Say why the item keeps the procedure from being ready."""
        short = (found.days_short, bool(found.floor_days_short), found.worst_case_days_short)
        key = (checklist.record.on, found.state, found.act_by, bool(item.undecided), short)
        return self._reasons.get(key) or self._keep(self._reasons, key, explain.reason(checklist, found))

    def _keep(self, kept: dict[tuple[Any, ...], str], key: tuple[Any, ...], phrase: explain.Phrase) -> str:
        if len(kept) >= MOST:
            kept.clear()
        kept[key] = self._words.say(phrase)
        return kept[key]


def saying(checklist: Checklist, item: Item, words: Words) -> Saying:
    """Give what is said about an item's step; a step that staff added to one procedure is not remembered."""
    found = _sayings(checklist.rules, words).get(item.rule.step.id)
    return found if found is not None and found.rule is item.rule else Saying(item.rule, words)


@lru_cache(maxsize=256)
def _sayings(rules: Rules, words: Words) -> dict[str, Saying]:
    return {rule.step.id: Saying(rule, words) for rule in rules.rules}
