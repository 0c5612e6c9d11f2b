"""What the pages show of scan and feasible is what these commands print."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.cli.terminal import run
from tests.docs.pages import PROTOCOLS, Block, blocks, pages

SHOWN = [
    block
    for page in pages()
    for block in blocks(page, "text")
    if block.body.startswith(("$ prep-tracker scan", "$ prep-tracker feasible"))
]


def test_both_are_shown() -> None:
    assert {block.body.split()[2] for block in SHOWN} == {"scan", "feasible"}


@pytest.mark.parametrize("block", SHOWN, ids=str)
def test_a_command_answers_what_stands_below_it(block: Block, tmp_path: Path) -> None:
    first = next(one for one in blocks(PROTOCOLS, "yaml") if one.body.startswith("protocol: my-peel"))
    (tmp_path / "my-peel.yaml").write_text(first.body, encoding="utf-8")
    command, _, answer = block.body.partition("\n")
    result = run(*shlex.split(command)[2:])
    assert (result.exit_code, result.stdout) == (0, answer)
