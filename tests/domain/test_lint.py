"""Each rule of the linter has the smallest protocol that breaks it, and finds nothing once that is mended."""

import re
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from prep_tracker.catalog import load_protocol
from prep_tracker.domain import lint as linter
from prep_tracker.domain.lexicon import ClassIn, EntryIn, Lexicon
from tests.domain import lint_cases

CLASSES: dict[str, dict[str, object]] = {
    "sun": {},
    "sunburn": {"kind_of": ["sun"]},
    "vitamin-a": {},
    "retinoid": {"kind_of": ["vitamin-a"], "route": "topical"},
    "tretinoin": {"kind_of": ["retinoid"]},
    "medicine": {"medicine": True},
    "isotretinoin-oral": {"kind_of": ["vitamin-a", "medicine"], "route": "systemic"},
    "pain": {"kind_of": ["medicine"], "route": "systemic"},
}
LEXICON = Lexicon(
    {
        name: ClassIn.model_validate({"id": name, "title": name, "source": "S", **more})
        for name, more in CLASSES.items()
    },
    {"ibuprofen": EntryIn(id="ibuprofen", title={"en": "Ibuprofen"}, classes=("pain",), source="S")},
)
FILLED = {"title": "T", "source": "S", "severity": "advisory"}


class Case(NamedTuple):
    """A rule's code, the step it blames, and the protocol with its mark."""

    code: str
    step: str | None
    text: str

    @property
    def faulty(self) -> str:
        return re.sub(r" #[!@].*", "", self.text)

    @property
    def clean(self) -> str:
        mended = re.sub(r"(?m)^( *- |[^:\n]*: )[^\n]* #! ([^\n]+)$", r"\1\2", self.text)
        return re.sub(r" #@", "", re.sub(r"(?m)^.* #!$\n?", "", mended))

    @property
    def line(self) -> int:
        mark = " #@" if " #@" in self.text else " #!"
        return next(n for n, line in enumerate(self.text.splitlines(), 1) if mark in line)


def cases() -> list[Case]:
    found = []
    for group in (lint_cases.DAYS, lint_cases.CLASSES, lint_cases.NAMES, lint_cases.TEXTS, lint_cases.CLASHES):
        for part in group.split("\n== ")[1:]:
            head, body = part.split("\n", 1)
            code, step, *_ = head.split()
            found.append(Case(code, None if step == "-" else step, whole(body)))
    return found


def whole(body: str) -> str:
    """Fill in what every protocol and every step needs, and no case is about."""
    top, steps = body.split("steps:\n") if "steps:\n" in body else ("", body)
    lines = steps.rstrip().splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith("- ")]
    filled = []
    for begin, end in pairwise([*starts, len(lines)]):
        block = lines[begin:end]
        keys = {line[2:].split(":")[0] for line in block}
        needed = {k: v for k, v in FILLED.items() if k not in keys}
        filled += [*block, *(f"  {key}: {value}" for key, value in needed.items())]
    title = [] if top.startswith("title:") else ["title: P"]
    return "\n".join(["protocol: p", *title, *top.splitlines(), "steps:", *filled]) + "\n"


def findings(text: str) -> list[tuple[str, str | None, int]]:
    protocol, found = load_protocol(text, LEXICON, "p.yaml")
    assert protocol, [str(one) for one in found]
    return [(one.finding.code, one.finding.step, one.line) for one in found]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.code)
def test_a_fault_is_found_at_its_line_and_gone_once_mended(case: Case) -> None:
    assert findings(case.faulty) == [(case.code, case.step, case.line)]
    assert findings(case.clean) == []


def test_every_rule_has_a_case() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path(linter.__file__).parent.glob("lint_*.py"))
    codes = set(re.findall(r'\.(?:fault|note)\(\s*"([a-z-]+)"', source))
    assert codes == {case.code for case in cases()}
