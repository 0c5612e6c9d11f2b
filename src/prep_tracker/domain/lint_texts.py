"""Find what a patient or a reviewer would see empty, or not in a language they read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prep_tracker.domain.lint_finding import Finding, Spot, spots
from prep_tracker.domain.protocol import Protocol

_TEXTS = ("title", "detail", "ask", "again")
_MOST_NAMED = 3


def text_findings(protocol: Protocol) -> Iterator[Finding]:
    """Yield texts without English or without words, steps without a source, and assumed numbers."""
    texts = list(_texts(protocol))
    for spot, text in texts:
        yield from _text(spot, text)
    for spot, step in spots(protocol.steps):
        if not step.source.strip():
            yield (spot / "source").fault("no-source", "source is empty", "Write where the rule comes from.")
        if step.assumed is not None and not step.assumed.strip():
            yield (spot / "assumed").fault("empty-text", "assumed is empty", "Write why, or leave the line out.")
        elif step.assumed is not None:
            yield (spot / "assumed").note(
                "assumed", "a number is the clinic's reading, not the source's", "Confirm it on publishing."
            )
    yield from _missing_languages(texts)


def _texts(protocol: Protocol) -> Iterator[tuple[Spot, Mapping[str, str]]]:
    """Yield every text that somebody will read, with its place."""
    yield Spot(("title",)), protocol.title
    if protocol.summary is not None:
        yield Spot(("summary",)), protocol.summary
    for number, fact in enumerate(protocol.facts):
        yield Spot(("facts", number, "ask")), fact.ask
    for number, event in enumerate(protocol.events):
        yield Spot(("events", number, "ask")), event.ask
    for spot, step in spots(protocol.steps):
        for key in _TEXTS:
            text = getattr(step, key, None)
            if text is not None:
                yield spot / key, text


def _text(spot: Spot, text: Mapping[str, str]) -> Iterator[Finding]:
    if "en" not in text:
        yield spot.fault(
            "no-english", f"{spot.path[-1]} has no English text", "Add en: it stands in for missing languages."
        )
    for language, words in text.items():
        if not any(char.isprintable() and not char.isspace() for char in words):
            yield (spot / language).fault(
                "empty-text", f"the text in {language} is empty", "Write it, or leave the language out."
            )


def _missing_languages(texts: list[tuple[Spot, Mapping[str, str]]]) -> Iterator[Finding]:
    """Yield one note for each language that only some texts have: the others fall back to English."""
    languages = {language for _, text in texts for language in text} - {"en"}
    for language in sorted(languages):
        lacking = [spot for spot, text in texts if language not in text]
        if lacking:
            named = ", ".join(f"{spot.step or spot.path[0]} {spot.path[-1]}" for spot in lacking[:_MOST_NAMED])
            more = ", …" if len(lacking) > _MOST_NAMED else ""
            yield lacking[0].note(
                "missing-language",
                f"{len(lacking)} of {len(texts)} texts are not in {language}: {named}{more}",
                "Patients who read it get English there.",
            )
