"""Read protocols: those that ship with the package, and those that a clinic writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from pydantic import ValidationError

from prep_tracker.catalog.reader import ReadError, read
from prep_tracker.domain.examples import failures
from prep_tracker.domain.lexicon import Lexicon
from prep_tracker.domain.lint_finding import Finding, near
from prep_tracker.domain.protocol import Protocol
from prep_tracker.domain.rules import prepare

FOLDER = Path(__file__).parent.parent / "data" / "protocols"


class UnknownProtocolError(LookupError):
    """No protocol of this name ships with the package; the sentence names those that are like it."""


@dataclass(frozen=True, slots=True)
class Located:
    """A finding and where it stands: the file's name as it was given, and the line from 1."""

    file: str
    line: int
    finding: Finding

    def __str__(self) -> str:
        """Give one line, beginning as editors and terminals expect it: ``file:line: ``."""
        found = self.finding
        step = f"{found.step}: " if found.step else ""
        return f"{self.file}:{self.line}: {found.level}: {step}{found.message}. {found.mend}"


def load_protocol(text: str | bytes, lexicon: Lexicon, file_name: str) -> tuple[Protocol | None, tuple[Located, ...]]:
    """Read a protocol file, check it against the language, and look for what makes no sense.

    Without a protocol there is at least one fault. With one there may be faults as well: it fits the language, but must
    not be published. Findings are sorted by line.
    """
    try:
        document = read(text)
    except ReadError as error:
        finding = Finding("unreadable", "fault", None, (), error.message, error.mend)
        return None, (Located(file_name, error.line, finding),)
    protocol, findings = check_protocol(document.data, lexicon)
    located = [Located(file_name, document.line(found.path), found) for found in findings]
    return protocol, tuple(sorted(located, key=lambda one: one.line))


def check_protocol(data: object, lexicon: Lexicon) -> tuple[Protocol | None, tuple[Finding, ...]]:
    """Do the same with plain data, as JSON gives it: a finding's ``pointer`` then says where."""
    # Only who checks a protocol needs these; who plans by one that ships starts sooner without.
    from prep_tracker.catalog.faults import faults
    from prep_tracker.domain.lint import lint

    try:
        protocol = Protocol.model_validate(data, by_alias=True, by_name=False)
    except ValidationError as error:
        return None, tuple(faults(error, data))
    findings = lint(protocol, lexicon)
    if any(found.level == "fault" for found in findings):
        return protocol, findings  # an example of rules that make no sense says nothing
    return protocol, (*findings, *_failing(protocol, lexicon))


def _failing(protocol: Protocol, lexicon: Lexicon) -> Iterator[Finding]:
    """Run the protocol's own examples; yield one finding for each that does not hold."""
    rules = prepare(protocol, lexicon, 1)
    for number, example in enumerate(protocol.examples):
        wrong = "; ".join(failures(example, rules))
        if wrong:
            message = f"the example {example.title} does not hold: {wrong}"
            path = ("examples", number)
            yield Finding("example", "fault", None, path, message, "Mend the step, or what the example expects.")


@cache
def slugs() -> tuple[str, ...]:
    """List the protocols that ship with the package, by name."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def source(slug: str) -> str:
    """Give the text of a built-in protocol's file, a template to copy; an unknown name is an error."""
    if slug not in slugs():
        msg = f"there is no protocol {slug[:64]}.{near(slug, slugs())}"
        raise UnknownProtocolError(msg)
    return (FOLDER / f"{slug}.yaml").read_text(encoding="utf-8")


@lru_cache
def protocol(slug: str) -> Protocol:
    """Give a built-in protocol; an unknown name is an ``UnknownProtocolError``.

    It is checked against the language, not looked through again: that is done before it ships.
    """
    return Protocol.model_validate(read(source(slug)).data, by_alias=True, by_name=False)
