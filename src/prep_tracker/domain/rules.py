"""Make a protocol ready for planning: its classes spread out by the lexicon, once per protocol version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from prep_tracker.domain.protocol import Avoid, Daily, Review
from prep_tracker.domain.remind import NONE as NO_KIND
from prep_tracker.domain.remind import Kinds, kinds_of

if TYPE_CHECKING:
    from prep_tracker.domain.days import Span
    from prep_tracker.domain.lexicon import Lexicon
    from prep_tracker.domain.protocol import Protocol, Step
    from prep_tracker.domain.terms import When

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """One step with what the lexicon says about it."""

    step: Step
    members: frozenset[str] = NONE
    """Every class and entry that ``of`` covers, without those of ``except``."""
    longer: tuple[tuple[frozenset[str], Span], ...] = ()
    prescribed: Literal["review", "wait", "stop"] | None = None
    """What the step itself says about prescribed members; None: a medicine among them is reviewed."""
    medicines: frozenset[str] = NONE
    """Those of its members that are medicines."""
    systemic: frozenset[str] = NONE
    """Those of its members that act on the whole body: prescribed, they are medicines whatever they are sold as."""
    medicine: bool = False
    """It must not read as if it told somebody to stop a medicine: it names one, or covers a systemic one."""
    facts: frozenset[str] = NONE
    """The facts on which its condition depends."""
    uses: tuple[tuple[str, frozenset[str]], ...] = ()
    """The classes that its condition asks about, spread out."""
    added: bool = False
    """Staff added it to this one procedure."""
    remind: Kinds = NO_KIND
    """Of what it reminds the patient."""


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """A protocol version, ready for planning. Compared by identity: one per version is kept."""

    name: str
    """slug@number, or the bare slug of a protocol that has no number yet."""
    protocol: Protocol
    lexicon: Lexicon
    rules: tuple[Rule, ...]

    def with_steps(self, steps: Iterable[Step]) -> tuple[Rule, ...]:
        """Give the rules of one procedure: a step of the same id replaces, another one is added at the end."""
        own = {step.id: _rule(self.lexicon, step, added=True) for step in steps}
        if not own:
            return self.rules
        return (*(own.pop(rule.step.id, rule) for rule in self.rules), *own.values())


def prepare(protocol: Protocol, lexicon: Lexicon, number: int | None = None) -> Rules:
    """Spread a protocol out; ``number`` is its published version, None while it has none."""
    name = protocol.protocol if number is None else f"{protocol.protocol}@{number}"
    return Rules(name, protocol, lexicon, tuple(_rule(lexicon, step) for step in protocol.steps))


def conditions(when: When | None) -> Iterator[When]:
    """Walk through a condition and all its parts, the whole first."""
    if when is None:
        return
    yield when
    for part in (*(when.all_ or ()), *(when.any_ or ()), *((when.not_,) if when.not_ else ())):
        yield from conditions(part)


def _rule(lexicon: Lexicon, step: Step, *, added: bool = False) -> Rule:
    facts = frozenset(c.fact for c in conditions(step.when) if c.fact)
    asked = {c.uses for c in conditions(step.when) if c.uses}
    uses = tuple((name, lexicon.members((name,))) for name in sorted(asked))
    if isinstance(step, Avoid):
        members = lexicon.members(step.of) - lexicon.members(step.except_)
        medicines = frozenset(name for name in members if lexicon.is_medicine(name))
        return Rule(
            step,
            members,
            tuple((lexicon.members((kind,)), span) for kind, span in step.longer.items()),
            step.prescribed,
            medicines,
            frozenset(name for name in members if lexicon.is_systemic(name)),
            any(name in step.of or lexicon.is_systemic(name) for name in medicines),
            facts,
            uses,
            added,
            kinds_of(step),
        )
    members = lexicon.members(step.of) if isinstance(step, Daily | Review) else NONE
    return Rule(step, members, facts=facts, uses=uses, added=added, remind=kinds_of(step))
