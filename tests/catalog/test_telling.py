"""What the linter finds and what is refused can be said in every language that staff work in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import prep_tracker
from prep_tracker.catalog import lexicon, load_protocol, source, telling
from prep_tracker.catalog.locales import FOLDER, parse
from prep_tracker.catalog.telling import INSIDE, told

CODE = Path(prep_tracker.__file__).parent
LINTER = (*sorted((CODE / "domain").glob("lint*.py")), CODE / "catalog" / "faults.py", CODE / "catalog" / "reader.py")
REFUSING = [
    path
    for folder in ("services", "desk", "api", "api/pages", "api/staff")
    for path in sorted((CODE / folder).glob("*.py"))
]
REFUSALS = {"ConflictError", "ForbiddenError"}
ELSEWHERE = {
    # Parts of patterns, of the YAML parser's own sentences, of shapes to write, and of Pydantic's.
    "could not find expected ':'",
    "mapping values are not allowed",
    "unexpected end of stream",
    "cannot start any token",
    "did not find expected",
    "expected <block end>",
    "unknown escape character",
    "Value error, ",
    "{days: -7}",
    "{fact: …, is: …}",
    '{before: "10:00"}',
    "{of_last: 14, kept: 11}",
    "line {0}: {1}. {2}",
    "{0} {1}",
    "{0} Known here: {1}.",
    ", …",
    # Said to systems and operators only, never on a page.
    "A clinic has at most {0} webhooks. Remove one first.",
    "Turn the endpoint on first (active: true).",
    "This audit is sealed with a key: set PREP_AUDIT_KEY, so that the new beginning can be proven.",
    "Only staff confirm or reject what a product may be.",
}
OFFERED = sorted(path.stem for path in (FOLDER / "told").glob("*.json"))


def template(node: ast.expr) -> str | None:
    """Give a text of the code with {0}, {1} … where it has values."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    numbers = iter(range(99))
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else f"{{{next(numbers)}}}" for part in node.values
    )


def all_texts(tree: ast.Module) -> Iterator[str]:
    """Yield every text of more than one word in a module, without docstrings and patterns."""
    parts = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for inner in ast.walk(node)}
    joined = {id(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)}
    compiled = {id(arg) for node in ast.walk(tree) if isinstance(node, ast.Call) for arg in node.args[:1]}
    patterns = {
        id(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "compile" and id(node.args[0]) in compiled
    }
    loose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)} | patterns
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in (parts - joined) | loose:
            text = template(node)
            if text is not None and " " in text.strip():
                yield text


def refusals(tree: ast.Module) -> Iterator[str]:
    """Yield the sentences with which something is refused."""
    named: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named.setdefault(node.targets[0].id, []).append(node.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in REFUSALS and node.args:
            said = node.args[0]
            for one in named.get(said.id, []) if isinstance(said, ast.Name) else [said]:
                text = template(one)
                if text is not None:
                    yield text


def sentences() -> set[str]:
    """Give everything that can be said."""
    linter = {text for path in LINTER for text in all_texts(ast.parse(path.read_text(encoding="utf-8")))}
    refused = {text for path in REFUSING for text in refusals(ast.parse(path.read_text(encoding="utf-8")))}
    assert len(linter) > 150
    assert len(refused) > 10
    return (linter | refused) - ELSEWHERE


def as_said(text: str) -> str:
    """Put something where the values stand, as the code does."""
    return re.sub(r"\{(\d+|[a-z_]+)\}", r"value-\1", text).replace("{{", "{").replace("}}", "}")


@pytest.mark.parametrize("language", OFFERED)
def test_everything_that_is_found_or_refused_has_its_words(language: str) -> None:
    def is_known(text: str) -> bool:
        said = as_said(text)
        return told(said, language) is not None or telling._say(said, language, inside=True) is not None

    assert sorted(text for text in sentences() if not is_known(text)) == []


@pytest.mark.parametrize("language", OFFERED)
def test_every_place_of_a_sentence_is_kept(language: str) -> None:
    pairs = parse("told", (FOLDER / "told" / f"{language}.json").read_text(encoding="utf-8"))
    assert len(pairs) > 150
    for english, said in pairs.items():
        places = [sorted(name for _, name, _, _ in Formatter().parse(one) if name) for one in (english, said)]
        assert places[0] == places[1], english
        assert places[0] == sorted(map(str, range(len(places[0])))), english
        plain = english.removeprefix(INSIDE)
        assert (plain[:1] == " ") == (said[:1] == " "), english


def test_names_and_days_stand_where_they_belong() -> None:
    sentence = "no-sun says not to use sun, no-spf says to use it, on the same days (when the procedure is on a Monday)"
    assert told(sentence, "es") == (
        "no-sun dice que no se use sun, y no-spf dice que se use, en los mismos días "
        "(cuando el procedimiento es un lunes)"
    )
    assert told("This procedure is cancelled; nothing can be changed on it any more.", "es") == (
        "Este procedimiento está anulado; ya no se puede cambiar nada."
    )
    assert told("Use a name of the lexicon. Did you mean sun or son?", "es") == (
        "Use un nombre del léxico. ¿Quiso decir sun o son?"
    )


def test_several_sentences_are_said_one_after_the_other() -> None:
    one, other = "Count back from the procedure: use a minus sign.", "Open it earlier."
    assert told(f"{one} {other}", "es") == (
        "Cuente hacia atrás desde el procedimiento: use un signo menos. Ábralo antes."
    )


def test_a_finding_with_its_remedy_is_said_as_two_sentences() -> None:
    assert told("source is empty. Write where the rule comes from.", "es") == (
        "source está vacío. Escriba de dónde viene la regla."
    )


@pytest.mark.parametrize("sentence", ["", "Nobody ever wrote this.", "Remove it. Nobody ever wrote this.", "x" * 3_000])
def test_what_is_not_known_stays_as_it_is(sentence: str) -> None:
    assert told(sentence, "es") is None
    assert told(sentence, "nl") is None
    assert told(sentence, "en") == sentence


def test_braces_that_somebody_typed_are_only_text() -> None:
    assert told("the lexicon has no {0}{x}{", "es") == "el léxico no tiene {0}{x}{"


def test_a_broken_protocol_is_explained_in_spanish_throughout() -> None:
    text = (
        source("laser-resurfacing")
        .replace("severity: blocking", "severity: heavy", 1)
        .replace("kind: avoid", "kind: avod", 1)
    )
    broken = (
        text,
        "a: [",
        "\tx: 1",
        "",
        "protocol: x\nprotocol: y",
        text.replace("days_before: 14", "days_before: soon", 1),
    )
    for one in broken:
        _, located = load_protocol(one, lexicon(), "draft")
        assert located
        for found in located:
            assert told(found.finding.message, "es"), found.finding.message
            assert told(found.finding.mend, "es"), found.finding.mend
