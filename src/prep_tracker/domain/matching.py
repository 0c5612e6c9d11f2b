"""Find the lexicon's classes in a text: a product's name, a pasted label, a line about a medicine.

A name decides only as a whole, looked up in plain letters. Likeness only asks. What is not recognised is given back as
such: it is never safe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from prep_tracker.domain import matching_context as context
from prep_tracker.domain import matching_denial as denial
from prep_tracker.domain import matching_place as place
from prep_tracker.domain.lexicon import EntryIn
from prep_tracker.domain.matching_index import LONG, How, Matcher, Name, squash
from prep_tracker.domain.matching_questions import meant
from prep_tracker.domain.matching_rest import rest
from prep_tracker.domain.matching_text import DASH, TERM, Words, cut

LONGEST = 32_768
"""Characters. The longest label seen has some ten thousand; more is refused, so that the answer comes within 50 ms."""
_MOST_WORDS = 12
"""Of one name."""
_MOST_QUESTIONS = 50
_MOST_TIMES = 50
"""An acid named more often than that is no pH adjuster, whatever the text is."""
_ABBREVIATED = 3
"""Letters."""
_FRUIT_BLEND = frozenset({"sugar-cane", "sugar-maple", "bilberry"})
"""Extracts that together are the acid blend of retail labels; one of them alone is an extract."""

Reason = Literal["spelling", "route", "ambiguous"]


@dataclass(frozen=True, slots=True)
class Match:
    """One class found: by which entry, by which words of the text, where (end excluded), and how.

    ``minor`` is a pH adjuster beyond the fifth ingredient that is not named as active: shown, not alarming.
    """

    class_: str
    entry: str
    words: str
    span: tuple[int, int]
    how: How
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask: whether ``words`` mean the entry ``entry``, spelled ``suggestion``, and with it ``classes``."""

    words: str
    span: tuple[int, int]
    entry: str
    classes: tuple[str, ...]
    suggestion: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Scan:
    """What a text says: classes found, what to ask, and what nobody knows, which is never safe."""

    matches: tuple[Match, ...] = ()
    questions: tuple[Question, ...] = ()
    unrecognised: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Hit:
    """A name found at the words from ``first`` to ``last``; no names: a trap, or one that is denied."""

    first: int
    last: int
    names: tuple[Name, ...]


def match(text: str, matcher: Matcher) -> Scan:
    """Find classes in a text, in the order in which they stand there; each class and entry once.

    Raises ``ValueError`` for more than ``LONGEST`` characters.
    """
    if len(text) > LONGEST:
        msg = f"the text has more than {LONGEST:,} characters: paste one label at a time"
        raise ValueError(msg)
    words = cut(text)
    if not words.words:
        left = text.strip()
        return Scan(unrecognised=(left,) if left else ())
    return _Reading(text, words, matcher).scan()


def _look_up(words: Words, index: dict[str, tuple[Name, ...]], reach: dict[str, int]) -> Iterator[_Hit]:
    """Yield the longest names from left to right, none within another."""
    list_, gaps = words.words, words.gaps
    n = len(list_)
    i = 0
    while i < n:
        word = list_[i]
        limit = reach.get(word[:3])
        if limit is None:
            i += 1
            continue
        key = word
        found = None
        j = i
        while True:
            if key in index:
                names = index[key]
                # Short names count only with their own gaps: "Retin-A" is not "retina".
                if len(key) < LONG:
                    shape = words.joined(i, j)
                    names = tuple(name for name in names if name.shape == shape)
                if names:
                    found = _Hit(i, j, names)
            j += 1
            if j >= n or gaps[j] > DASH or j - i >= _MOST_WORDS:
                break
            key += list_[j]
            if len(key) > limit:
                break
        if found is None:
            i += 1
        else:
            yield found
            i = found.last + 1


def _confused(words: Words, hits: list[_Hit], matcher: Matcher) -> list[_Hit]:
    """Look up again, with I, l and 1 as one letter, what found nothing."""
    index, reach = matcher.squashed
    # An empty word begins no name and parts the rest, so nothing found is read twice.
    again = squash("\n".join(words.words)).split("\n")
    gaps = words.gaps.copy()
    for hit in hits:
        for i in range(hit.first, hit.last + 1):
            again[i], gaps[i] = "", TERM
        if hit.last + 1 < len(gaps):
            gaps[hit.last + 1] = TERM
    return list(_look_up(replace(words, words=again, gaps=gaps), index, reach))


def _is_swallowed(hits: list[_Hit]) -> bool:
    """Say whether a medicine is among what was found: then oils and extracts beside it are swallowed as well."""
    return any(
        name.entry is not None and name.entry.route == "systemic" and name.role == "counts"
        for hit in hits
        for name in hit.names
    )


class _Reading:
    """One text being read."""

    def __init__(self, text: str, words: Words, matcher: Matcher) -> None:
        self._text = text
        self._words = words
        self._matcher = matcher
        self._matches: dict[tuple[str, str], Match] = {}
        self._questions: list[Question] = []
        self._answered: set[int] = set()
        self._times: dict[str, int] = {}
        self._label = False

    def scan(self) -> Scan:
        hits = list(_look_up(self._words, self._matcher.index, self._matcher.reach))
        hits += _confused(self._words, hits, self._matcher)
        self._label = context.is_label(self._words) or (context.is_skincare(self._words) and not _is_swallowed(hits))
        named = [hit for hit in hits if any(name.entry for name in hit.names)]
        denied = denial.denied(self._words) if named else frozenset[int]()
        for hit in named:
            if hit.first not in denied and not denial.is_denied_after(self._words, hit.first, hit.last):
                self._read(hit)
        self._blend()
        left = self._rest(hits)
        return Scan(
            tuple(sorted(self._matches.values(), key=lambda m: m.span)),
            tuple(sorted(self._questions, key=lambda q: q.span)),
            left,
        )

    def _read(self, hit: _Hit) -> None:
        names = self._by_route(hit, list({name.entry.id: name for name in reversed(hit.names) if name.entry}.values()))
        for name in names:
            entry = name.entry
            if entry is None or context.is_other_substance(self._words, hit.first, hit.last):
                continue
            if self._label and (name.role == "taken" or (name.role == "asks" and len(name.shape) <= _ABBREVIATED)):
                # In a list of ingredients vitamin E keeps oils fresh, BHA as well, and DHA comes from fish.
                continue
            here = self._words, hit.first, hit.last
            is_gloss = name.role in {"asks", "alone"} and context.is_gloss(*here)
            if name.role in {"counts", "taken"}:
                self._add(hit, name, entry)
            elif is_gloss and (name.role == "asks" or name.shape.startswith("vit")):
                # "Salicylic Acid (BHA)", "Vitamin A (Retinyl Palmitate)": what stands beside it decides.
                self._answered.update(range(hit.first, hit.last + 1))
            elif place.has_percent(*here) if name.role == "asks" else context.is_alone(*here):
                self._add(hit, name, entry)
            elif not is_gloss:
                self._ask(hit, entry, "ambiguous")

    def _by_route(self, hit: _Hit, names: list[Name]) -> Sequence[Name]:
        """Choose between entries of one name by the way it is used; when nothing tells, take the stricter and ask."""
        routes = {name.entry.route for name in names if name.entry}
        if len(names) == 1 or len(routes) == 1:
            return names
        route = context.route(self._words, hit.first, hit.last)
        chosen = [name for name in names if name.entry and name.entry.route == (route or "systemic")]
        if route is None:
            usual = [name for name in names if name.entry and not name.entry.said]
            chosen = [name for name in chosen if name in usual] or usual
            for name in usual:
                if name.entry and name not in chosen:
                    self._ask(hit, name.entry, "route")
        return chosen or names

    def _add(self, hit: _Hit, name: Name, entry: EntryIn) -> None:
        times = self._times[entry.id] = self._times.get(entry.id, 0) + 1
        minor = (
            entry.adjuster
            and times <= _MOST_TIMES
            and place.is_far_down(self._words, hit.first)
            and not place.is_named(self._words, hit.first, hit.last)
        )
        self._answered.update(range(hit.first, hit.last + 1))
        start, end = self._words.span(hit.first, hit.last)
        for one in entry.classes:
            old = self._matches.get((one, entry.id))
            if old is None or (old.minor and not minor):
                made = Match(one, entry.id, self._text[start:end], (start, end), name.how, minor)
                self._matches[one, entry.id] = made

    def _ask(self, hit: _Hit, entry: EntryIn, reason: Reason, suggestion: str = "") -> None:
        self._answered.update(range(hit.first, hit.last + 1))
        if len(self._questions) < _MOST_QUESTIONS:
            start, end = self._words.span(hit.first, hit.last)
            words = self._text[start:end]
            asked = Question(words, (start, end), entry.id, entry.classes, suggestion or entry.title["en"], reason)
            if asked not in self._questions:
                self._questions.append(asked)

    def _blend(self) -> None:
        """Count the extracts of the acid blend as an acid where all of them stand together."""
        found = {entry: one for (_, entry), one in self._matches.items() if entry in _FRUIT_BLEND}
        if found.keys() >= _FRUIT_BLEND:
            for entry, one in found.items():
                self._matches["aha", entry] = Match("aha", entry, one.words, one.span, one.how)

    def _rest(self, hits: list[_Hit]) -> tuple[str, ...]:
        """Give what was neither matched nor asked about, and ask about what looks misspelled in it."""
        hit_words = {i for hit in hits for i in range(hit.first, hit.last + 1)}
        left: dict[str, None] = {}
        for first, last in rest(self._words, self._answered, label=self._label):
            if hit_words.isdisjoint(range(first, last + 1)):
                self._guess(first, last)
            start, end = self._words.span(first, last)
            left[self._text[start:end]] = None
        if not (left or self._matches or self._questions):
            left[self._text.strip()] = None
        return tuple(left)

    def _guess(self, first: int, last: int) -> None:
        guess = meant("".join(self._words.words[first : last + 1]), self._matcher, label=self._label)
        if guess is not None:
            self._ask(_Hit(first, last, ()), guess[0], "spelling", guess[1])
