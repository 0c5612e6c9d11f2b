"""What the pages show can be done: every protocol in them is sound, every command answers as it says there."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner, Result

from prep_tracker import catalog
from prep_tracker.catalog.protocols import load_protocol
from prep_tracker.cli import app
from prep_tracker.domain import protocol as language
from prep_tracker.domain import terms, worked
from prep_tracker.domain.protocol import Protocol
from tests.architecture.tree import ROOT, SOURCE
from tests.docs.pages import PROTOCOLS, README, Block, blocks, pages
from tests.docs.words import halves, words

HEAD = "protocol: example\ntitle: Example\n"
MODELS = (
    *(language.Protocol, language.Fact, language.Event, language.AtLeast),
    *(language.Avoid, language.Do, language.Daily, language.Gate, language.Review, language.Note),
    *(terms.Point, terms.When, terms.Starts, worked.Example, worked.Saying, worked.Expected),
)
SOUND = [block for page in pages() for block in blocks(page, "yaml") if block.info == "yaml"]
FAULTY = [block for page in pages() for block in blocks(page, "yaml") if block.info == "yaml faulty"]
COMMANDS = [block for page in pages() for block in blocks(page, "text") if block.body.startswith("$ prep-tracker p")]


def completed(body: str) -> str:
    """Make a whole protocol of an example: a list of steps, or facts, events and steps, or all of it."""
    if body.startswith("- "):
        return f"{HEAD}steps:\n{body}"
    return body if re.search(r"^protocol:", body, re.MULTILINE) else HEAD + body


def loaded(block: Block) -> tuple[Protocol, list[str]]:
    """Give the protocol of an example, and the codes of what the linter finds in it."""
    protocol, findings = load_protocol(completed(block.body), catalog.lexicon(), str(block))
    assert protocol is not None, [str(one) for one in findings]
    return protocol, [one.finding.code for one in findings]


def owner(model: type[BaseModel], name: str) -> str:
    """Name the model that has a key; what every step has belongs to none of the six kinds."""
    common = issubclass(model, language.BaseStep) and name in language.BaseStep.model_fields
    return "BaseStep" if common else model.__name__


def used(value: object) -> Iterator[tuple[str, str]]:
    """Yield what is written in a protocol: the model and the key as in the file."""
    if isinstance(value, BaseModel):
        for name in value.model_fields_set:
            field = type(value).model_fields[name]
            yield owner(type(value), name), field.alias or name
            yield from used(getattr(value, name))
    elif isinstance(value, tuple):
        for one in value:
            yield from used(one)


def run(command: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    """Run a command of a page in a folder that has the files that the pages speak of."""
    first = next(block for block in blocks(PROTOCOLS, "yaml") if block.body.startswith("protocol: my-peel"))
    (folder / "my-peel.yaml").write_text(first.body, encoding="utf-8")
    shutil.copytree(ROOT / "docs" / "examples", folder / "docs" / "examples")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "80")
    program, *arguments = shlex.split(command.replace("\\\n", " "))
    assert program == "prep-tracker"
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize("block", SOUND, ids=str)
def test_an_example_has_no_fault_and_no_line_without_effect(block: Block) -> None:
    _, codes = loaded(block)
    assert [code for code in codes if code not in {"assumed", "missing-language"}] == []


def test_there_are_enough_examples_to_copy_from() -> None:
    steps: list[str] = [
        step.kind for block in blocks(PROTOCOLS, "yaml") if block in SOUND for step in loaded(block)[0].steps
    ]
    assert {kind: steps.count(kind) >= 3 for kind in language.KINDS} == dict.fromkeys(language.KINDS, True)


def test_the_readme_shows_the_twelve_lines_that_it_plans() -> None:
    lines = (ROOT / "docs" / "examples" / "light-peel.yaml").read_text(encoding="utf-8")
    assert [block.body for block in blocks(README, "yaml")] == [lines]
    assert len(lines.splitlines()) == 12


def test_every_key_of_the_language_is_shown_and_explained() -> None:
    text = PROTOCOLS.read_text(encoding="utf-8")
    shown = {key for block in SOUND if block.page == PROTOCOLS for key in used(loaded(block)[0])}
    keys = [(owner(model, name), field.alias or name) for model in MODELS for name, field in model.model_fields.items()]
    assert [key for key in keys if key not in shown] == []
    assert [key for key in keys if not re.search(rf"`[^`\n]*\b{key[1]}\b[^`\n]*`", text)] == []


def test_the_list_of_words_is_the_lexicon() -> None:
    _, listed, after = halves(PROTOCOLS.read_text(encoding="utf-8"))
    assert after
    assert listed == "".join(words()), "write it anew: python -m tests.docs.words"
    assert [name for name in catalog.lexicon().classes if f"| `{name}` |" not in listed] == []


def test_every_finding_of_the_linter_is_explained() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (SOURCE / "domain").glob("lint*.py"))
    codes = set(re.findall(r'\.(?:fault|note)\(\s*"([a-z-]+)"', sources))
    assert {"contradiction", "assumed", "too-late"} <= codes
    text = PROTOCOLS.read_text(encoding="utf-8")
    assert sorted(code for code in codes if f"`{code}`" not in text) == []


@pytest.mark.parametrize("block", FAULTY, ids=str)
def test_a_faulty_example_gets_the_answer_that_stands_below_it(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = next(one for one in blocks(block.page, "text") if one.line > block.line)
    monkeypatch.chdir(tmp_path)
    Path("my-peel.yaml").write_text(block.body, encoding="utf-8")
    result = CliRunner().invoke(app, ["protocol", "lint", "my-peel.yaml"])
    assert (result.exit_code, result.output) == (1, below.body)


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_a_command_answers_what_stands_below_it(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command, _, answer = block.body.removeprefix("$ ").replace("\\\n", "\0").partition("\n")
    result = run(command.replace("\0", " "), tmp_path, monkeypatch)
    assert result.exit_code == 0, result.output
    assert answer in {"", result.output}


def test_there_is_something_to_check() -> None:
    assert len(SOUND) > 30
    assert FAULTY
    assert len(COMMANDS) > 3
