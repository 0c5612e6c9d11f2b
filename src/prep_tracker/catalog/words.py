"""Make sentences: the words of one language, read from its locale file, with its dates and plurals.

In a language that is written from right to left, what comes into a sentence from elsewhere stands between U+2068 and
U+2069 (Unicode Standard Annex 9, section 2.4): a product's name or a place in Latin letters then turns nothing around.
Digits are those of the language in Babel: 0 to 9 in all languages that there are.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from string import Formatter
from typing import TYPE_CHECKING

from babel import Locale
from babel.dates import format_date

from prep_tracker.domain.explain import Classes, Count, Day, Joined, Phrase, lowered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prep_tracker.domain.explain import Value
    from prep_tracker.domain.lexicon import Lexicon

ISOLATE, END_ISOLATE = "\u2068", "\u2069"


class Words:
    """The words of one language. ``texts`` is its locale file; the lexicon gives the names of classes."""

    def __init__(
        self, language: str, texts: Mapping[str, str], lexicon: Lexicon, otherwise: Words | None = None
    ) -> None:
        """Keep the texts. ``otherwise`` says what they lack; without it that is a ``KeyError`` when it is said."""
        self.language = language
        self._otherwise = otherwise
        self._texts = texts
        self._lexicon = lexicon
        self._locale = Locale.parse(language, sep="-")
        self._right_to_left = self._locale.text_direction == "rtl"
        self.day = lru_cache(maxsize=4096)(self._day)
        self.brief = lru_cache(maxsize=4096)(self._brief)
        self.count = lru_cache(maxsize=4096)(self._count)
        self._parts = lru_cache(maxsize=None)(self._parse)

    def text(self, text: Mapping[str, str]) -> str:
        """Take this language out of a protocol's text; English where it is missing."""
        return text.get(self.language) or text["en"]

    def say(self, phrase: Phrase) -> str:
        """Make a sentence of a phrase."""
        if phrase.key not in self._texts and self._otherwise is not None:
            return self._otherwise.say(phrase)
        values = phrase.values
        if not values:
            return self._texts[phrase.key]
        if phrase.key == "because.answer":
            values = {**values, "answer": self._answer(str(values["answer"]))}
        # Only what the sentence names is put into words: a phrase brings more than every language says.
        said = [text if name is None else text + self._value(values[name]) for text, name in self._parts(phrase.key)]
        if len(said) == 1 and said[0].count(ISOLATE) == 1 and said[0][0] == ISOLATE:
            return said[0][1:-1]  # a sentence of nothing but one value has nothing that could turn around
        return "".join(said)

    def _parse(self, key: str) -> tuple[tuple[str, str | None], ...]:
        """Take a template apart: texts, each with the name of the value that follows it."""
        return tuple((text, name) for text, name, _, _ in Formatter().parse(self._texts[key]))

    def _count(self, noun: str, number: int) -> str:
        """Say a number with its noun, in the plural form that the language has for it."""
        form = self._locale.plural_form(number)
        template = self._texts.get(f"{noun}.{form}") or self._texts.get(f"{noun}.other")
        if template is not None:
            return template.format(n=number)
        if self._otherwise is None:
            raise KeyError(noun)
        return self._otherwise.count(noun, number)

    def _day(self, on: int, *, year: bool) -> str:
        pattern = self._texts["date.long" if year else "date.short"]
        return format_date(date.fromordinal(on), pattern, locale=self._locale)

    def _brief(self, on: int) -> str:
        """Say a day as short as a table needs it, without its year; only languages that staff work in can."""
        return format_date(date.fromordinal(on), self._texts["date.compact"], locale=self._locale)

    def _value(self, value: Value) -> str:
        if isinstance(value, str):
            return self._isolated(value)
        if isinstance(value, Day):
            return self.day(value.on, year=value.year)
        if isinstance(value, Count):
            return self.count(value.noun, value.number)
        if isinstance(value, Joined):
            return " ".join(self.say(phrase) for phrase in value.phrases)
        if isinstance(value, Classes):
            return self._listed([self._lexicon.title(name, self.language) for name in value.names])
        if isinstance(value, int):
            return str(value)
        return self._isolated(self.text(value))

    def _answer(self, given: str) -> str:
        """Name the options that built-in protocols offer; another answer is said as it was given."""
        named = [self._texts.get(f"option.{option}", option) for option in given.split(", ")]
        return self._texts["list.comma"].join(named)

    def _listed(self, names: list[str]) -> str:
        within = [self._isolated(lowered(name)) for name in names]
        if len(within) < 2:  # noqa: PLR2004 - nothing to join
            return "".join(within)
        return self._texts["list.and"].format(first=self._texts["list.comma"].join(within[:-1]), last=within[-1])

    def _isolated(self, text: str) -> str:
        return f"{ISOLATE}{text}{END_ISOLATE}" if self._right_to_left and text else text
