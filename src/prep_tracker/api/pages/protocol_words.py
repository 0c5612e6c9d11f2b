"""Say in words what a protocol writes as data: lengths, conditions, faults, and what its examples tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prep_tracker.api.pages.procedure_history import option
from prep_tracker.domain.explain import Phrase, length
from prep_tracker.domain.protocol import Avoid, Do, Gate, Review

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.domain.days import Span
    from prep_tracker.domain.explain import Value
    from prep_tracker.domain.lexicon import Lexicon
    from prep_tracker.domain.lint_finding import Finding
    from prep_tracker.domain.protocol import Protocol, Step
    from prep_tracker.domain.terms import Scalar, When


class Spoken:
    """A protocol in the words of one language."""

    def __init__(self, protocol: Protocol, lexicon: Lexicon, words: Words) -> None:
        """Keep the questions by their names, for conditions name them only."""
        self.protocol, self.lexicon, self.words = protocol, lexicon, words
        self._asks = {fact.id: words.text(fact.ask) for fact in protocol.facts}

    def say(self, key: str, **values: Value) -> str:
        """Say a sentence about protocols."""
        return self.words.say(Phrase(f"protocols.{key}", values))

    def classes(self, names: tuple[str, ...]) -> str:
        """Name classes of the lexicon."""
        return ", ".join(self.lexicon.title(name, self.words.language) for name in names)

    def length(self, span: Span) -> str:
        """Name a length: 14 clear days, 6 months."""
        found = length(span)
        return self.words.count(found.noun, found.number)

    def away(self, days: int) -> str:
        """Say how far a day is from the procedure: 14 days before, on the day, 3 days after."""
        if not days:
            return self.say("on_the_day")
        return self.say("before" if days < 0 else "after", days=self.words.count("days", abs(days)))

    def condition(self, when: When) -> str:
        """Say for whom a step is."""
        if when.all_ is not None or when.any_ is not None:
            joined = f" {self.say('and' if when.all_ is not None else 'or')} "
            return joined.join(self._inner(part) for part in when.all_ or when.any_ or ())
        if when.not_ is not None:
            return self.say("not", what=self._inner(when.not_))
        if when.uses is not None:
            return self.say("uses", what=self.classes((when.uses,)))
        if when.starts is not None:
            return (
                self.say("starts_before", at=when.starts.before)
                if when.starts.before is not None
                else self.say("starts_from", at=when.starts.from_ or "")
            )
        given = when.in_ if when.in_ is not None else (when.is_,)
        answers = f" {self.say('or')} ".join(self._answer(one) for one in given if one is not None)
        return f"{self._asks.get(when.fact or '', when.fact or '')} {answers}"

    def _inner(self, when: When) -> str:
        said = self.condition(when)
        return f"({said})" if when.all_ is not None or when.any_ is not None else said

    def _answer(self, value: Scalar) -> str:
        if isinstance(value, bool):
            return self.words.say(Phrase("procedure.yes" if value else "procedure.no"))
        return option(self.words, str(value))

    def facts(self, step: Step) -> list[tuple[str, str]]:
        """List what a step says beside its days, each with what it is called."""
        found: list[tuple[str, str]] = []

        def add(name: str, text: str | None) -> None:
            if text:
                found.append((self.say(f"of.{name}"), text))

        add("when", self.condition(step.when) if step.when is not None else None)
        if isinstance(step, Avoid | Review) and step.of:
            add("classes", self.classes(step.of))
        if isinstance(step, Avoid):
            add("except", self.classes(step.except_))
            for kind, span in step.longer.items():
                add("longer", self.say("longer", what=self.classes((kind,)), days=self.length(span)))
            add("prescribed", self.say(f"prescribed.{step.prescribed}") if step.prescribed else None)
        if isinstance(step, Gate):
            yes = self.words.say(Phrase("procedure.yes" if step.safe else "procedure.no"))
            add("question", f"{self.words.text(step.ask)} {self.say('goes_ahead', answer=yes)}")
        if isinstance(step, Do) and step.lead_days:
            add("lead", self.words.count("days", step.lead_days))
        valid = step.valid_days if isinstance(step, Do | Review) else None
        add("valid", self.words.count("days", valid) if valid else None)
        return found

    def assumptions(self) -> list[dict[str, str]]:
        """List the numbers that are the clinic's reading and not the source's: somebody has to agree to each."""
        return [
            {"step": step.id, "title": self.words.text(step.title), "text": step.assumed}
            for step in self.protocol.steps
            if step.assumed
        ]


def finding_view(found: Finding, line: int | None = None) -> dict[str, Any]:
    """Lay out a finding of the linter. What is wrong and how to mend it is said as the linter says it."""
    return {
        "level": found.level,
        "step": found.step,
        "pointer": found.pointer,
        "line": line,
        "message": found.message,
        "mend": found.mend,
    }


def examples_view(protocol: Protocol, findings: tuple[Finding, ...]) -> dict[str, Any]:
    """Lay out the worked cases of a protocol with what came of them; while other faults stand, none was run."""
    failed = {f.path[1]: f.message for f in findings if f.code == "example" and len(f.path) > 1}
    other = any(f.level == "fault" and f.code != "example" for f in findings)
    return {
        "run": not other,
        "cases": [
            {"title": one.title, "on": one.on, "as_of": one.as_of, "wrong": failed.get(number)}
            for number, one in enumerate(protocol.examples)
        ],
    }
