"""Tell whether conditions can hold together, by trying the answers on which they depend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from prep_tracker.domain.lexicon import Lexicon
from prep_tracker.domain.lint_finding import Spot, conditions
from prep_tracker.domain.protocol import Fact
from prep_tracker.domain.terms import Scalar, When

MOST_TRIALS = 200_000
"""So many comparisons for one protocol; a real one needs a few hundred. After that, everything is held possible."""
MOST_ANSWERS = 60

Asked = tuple[str, ...]
"""What a condition depends on: a fact, one option of several, a class that is used, or the time of the procedure."""
Answer = Scalar | None
"""None stands for every answer that no condition names."""
_TIME: Asked = ("time",)


@dataclass(slots=True)
class Possible:
    """Try conditions against every combination of answers that they can tell apart."""

    facts: dict[str, Fact]
    lexicon: Lexicon
    _left: int = MOST_TRIALS
    _told: dict[tuple[int, ...], bool] = field(default_factory=dict)

    def together(self, *whens: When | None) -> bool:
        """Say whether all of these can hold for one patient and one procedure; a missing condition always does.

        What was said is remembered by identity: the conditions must live as long as this does.
        """
        given = tuple(when for when in whens if when is not None)
        key = tuple(id(when) for when in given)
        if key not in self._told:
            self._told[key] = self._left <= 0 or self._search(given, {}, self._named(given))
        return self._told[key]

    def _named(self, whens: Iterable[When]) -> dict[Asked, set[Answer]]:
        """Collect the answers that the conditions tell apart, for each thing on which they depend."""
        named: dict[Asked, set[Answer]] = {}
        for top in whens:
            for when, _ in conditions(top, Spot(())):
                self._left -= 1
                for asked, value in self._atoms(when):
                    named.setdefault(asked, set()).add(value)
        return {asked: values | self._others(asked, values) for asked, values in named.items()}

    def _atoms(self, when: When) -> list[tuple[Asked, Answer]]:
        if when.uses is not None:
            return [(("uses", when.uses), True)]
        if when.starts is not None:
            return [(_TIME, when.starts.before or when.starts.from_)]
        if when.fact is None:
            return []
        wanted: tuple[Answer, ...] = (when.is_,) if when.in_ is None else when.in_
        if self._is_many(when.fact):
            return [(("option", when.fact, str(value)), True) for value in wanted]
        return [(("fact", when.fact), value) for value in wanted]

    def _is_many(self, name: str) -> bool:
        return name in self.facts and self.facts[name].type == "many-of"

    def _others(self, asked: Asked, values: set[Answer]) -> set[Answer]:
        """Give the answers beside those that are named."""
        if asked == _TIME:
            return {"00:00"}
        if asked[0] != "fact":
            return {False}
        fact = self.facts.get(asked[1])
        if fact is None or fact.type in {"number", "date", "text"}:
            return {None}
        possible: set[Answer] = {True, False} if fact.type == "yes-no" else set(fact.options)
        return set(list(possible - values)[:1])

    def _search(self, whens: tuple[When, ...], known: dict[Asked, Answer], named: dict[Asked, set[Answer]]) -> bool:
        open_question: Asked | None = None
        for when in whens:
            verdict = self._judge(when, known)
            if verdict is False:
                return False
            if open_question is None and not isinstance(verdict, bool):
                open_question = verdict
        if open_question is None or self._left <= 0 or len(known) >= MOST_ANSWERS:
            return True
        return any(
            self._search(whens, {**known, open_question: answer}, named)
            for answer in named[open_question]
            if self._consistent(open_question, answer, known)
        )

    def _consistent(self, asked: Asked, answer: Answer, known: dict[Asked, Answer]) -> bool:
        """Refuse what cannot be: who uses a narrower class uses the wider one too."""
        if asked[0] != "uses":
            return True
        for other, used in known.items():
            if other[0] == "uses" and used is not answer:
                narrow, wide = (asked[1], other[1]) if answer else (other[1], asked[1])
                if wide in self.lexicon.wider(narrow):
                    return False
        return True

    def _judge(self, when: When, known: dict[Asked, Answer]) -> bool | Asked:
        """Judge as far as the answers go: true, false, or the next thing to ask."""
        self._left -= 1
        if when.all_ is not None:
            return self._join(when.all_, known, decides=False)
        if when.any_ is not None:
            return self._join(when.any_, known, decides=True)
        if when.not_ is not None:
            verdict = self._judge(when.not_, known)
            return not verdict if isinstance(verdict, bool) else verdict
        atoms = self._atoms(when)
        missing = next((asked for asked, _ in atoms if asked not in known), None)
        if when.starts is not None:
            return self._starts(when, known)
        if any(asked in known and _same(known[asked], value) for asked, value in atoms):
            return True
        return missing if missing is not None else False

    def _join(self, parts: tuple[When, ...], known: dict[Asked, Answer], *, decides: bool) -> bool | Asked:
        open_question: Asked | None = None
        for part in parts:
            verdict = self._judge(part, known)
            if verdict is decides:
                return decides
            if open_question is None and not isinstance(verdict, bool):
                open_question = verdict
        return (not decides) if open_question is None else open_question

    def _starts(self, when: When, known: dict[Asked, Answer]) -> bool | Asked:
        if _TIME not in known or when.starts is None:
            return _TIME
        time = str(known[_TIME])
        return time < when.starts.before if when.starts.before is not None else time >= (when.starts.from_ or "")


def _same(one: Answer, other: Answer) -> bool:
    return type(one) is type(other) and one == other
