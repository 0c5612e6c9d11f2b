"""Each rule of the linter has the smallest protocol that breaks it, and finds nothing once that is mended."""

import re
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from prep_tracker.catalog import load_protocol
from prep_tracker.domain import lint as linter
from prep_tracker.domain.lexicon import ClassIn, EntryIn, Lexicon
from prep_tracker.domain.protocol import MOST_STEPS
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
    for group in (
        lint_cases.DAYS,
        lint_cases.CLASSES,
        lint_cases.NAMES,
        lint_cases.TEXTS,
        lint_cases.CLASHES,
        lint_cases.EXAMPLES,
        lint_cases.REMINDERS,
    ):
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


def step(name: str, kind: str, *lines: str) -> str:
    return "\n  ".join([f"- id: {name}", f"kind: {kind}", *lines]) + "\n"


@pytest.mark.parametrize(
    "steps",
    [
        # Fasting: the second begins later on the same day, so the first may say that clear drinks are allowed.
        step("eat", "avoid", "of: [sun]", "except: [sunburn]", "from: {hours: -8}", "severity: blocking")
        + step("drink", "avoid", "of: [sunburn]", "from: {hours: -2}", "severity: blocking"),
        # Preparing with a cream, stopping it in time, and taking it up again when the skin has healed.
        step(
            "use",
            "daily",
            "of: [tretinoin]",
            "to: {days: -8}",
            "at_least: {of_last: 14, kept: 11}",
            "severity: blocking",
        )
        + step("stop", "avoid", "of: [retinoid]", "days_before: 7", "days_after: 7", "prescribed: stop")
        + step("again", "daily", "of: [tretinoin]", "from: {event: healed, days: 7}", "until: told"),
        # A course that may begin late, and goes on after the procedure.
        step("pills", "daily", "from: {days: -1}", "to: {days: 9}", "start_by: {days: 0}", "severity: clinician"),
        # Aftercare that is to be done, and something that follows from when it was.
        step("photo", "do", "due: {days: 7}", "opens: {days: 5}")
        + step("thanks", "note", "at: {done: photo, days: 1}"),
        # A patch test: not too late, not too early, and asked again when the date moves.
        step(
            "patch",
            "do",
            "due: {days: -7}",
            "opens: {days: -21}",
            "lead_days: 2",
            "valid_days: 21",
            "severity: blocking",
        ),
        # The look-back, with a floor in the same unit and one in another.
        step(
            "pills",
            "avoid",
            "of: [isotretinoin-oral]",
            "days_before: {months: 6}",
            "floor_days: {months: 1}",
            "prescribed: wait",
        )
        + step("more", "avoid", "of: [sun]", "days_before: {months: 1}", "floor_days: 28"),
        # More days after one kind of it than this is.
        step("off", "avoid", "of: [retinoid]", "days_before: 7", "longer: {tretinoin: 28}")
        + step("use", "daily", "of: [retinoid]", "to: {days: -8}"),
        # A day of which only a part is forbidden.
        step("off", "avoid", "of: [retinoid]", "from: {days: 0, part: evening}")
        + step("use", "daily", "of: [retinoid]", "to: {days: 0}"),
        step("off", "avoid", "of: [retinoid]", 'from: {days: 0, time: "18:00"}')
        + step("use", "daily", "of: [retinoid]", "to: {days: 0}"),
        # Hours before a procedure at an unknown time of day: possible on the later of the two days is possible.
        step("a", "note", "at: {hours: 3}", "to: {days: 0}") + step("b", "note", "at: {days: 0}", "to: {hours: -2}"),
        step("a", "do", "opens: {days: 0}", "due: {hours: -2}")
        + step("b", "do", "opens: {hours: 2}", "due: {days: 0}"),
        step("a", "do", "due: {hours: -30}", "valid_days: 1"),
        step("a", "daily", "from: {days: -2}", "to: {hours: -2}", "at_least: {of_last: 3, kept: 3}")
        + step("b", "daily", "from: {hours: -30}", "to: {days: -1}", "at_least: {of_last: 2, kept: 2}"),
        # Whether it is before or after the procedure, only the day of healing will tell.
        step("a", "do", "due: {event: healed, days: -1}", "severity: clinician"),
        # Two that avoid the same, one of them for longer.
        step("all", "avoid", "of: [retinoid]", "days_before: 7")
        + step("one", "avoid", "of: [tretinoin]", "days_before: 14"),
    ],
)
def test_what_clinics_really_ask_is_left_alone(steps: str) -> None:
    assert findings(whole(steps)) == []


@pytest.mark.parametrize(
    ("lines", "example"),
    [
        (["due: {business_days: -1}", "lead_days: 2"], "(when the procedure is on a Tuesday)"),
        (["due: {months: -1}", "lead_days: 29"], "(for a procedure on 2027-03-01)"),
        (["due: {days: -1}", "lead_days: 2"], "2 days before the procedure"),
        (["due: {days: 0}", "lead_days: 1"], "1 day before the procedure"),
    ],
)
def test_a_day_on_which_it_goes_wrong_is_named(lines: list[str], example: str) -> None:
    _, (found,) = load_protocol(whole(step("s", "do", *lines)), LEXICON, "p.yaml")
    assert found.finding.message.endswith(example)


@pytest.mark.parametrize(
    ("task", "message"), [("read", "read is no task that is done once"), ("tsk", "there is no step tsk")]
)
def test_a_step_that_is_no_task_is_told_from_one_that_is_not_there(task: str, message: str) -> None:
    steps = step("read", "note") + step("s", "note", f"at: {{done: {task}}}")
    _, (found,) = load_protocol(whole(steps), LEXICON, "p.yaml")
    assert found.finding.message == message


def test_everybody_in_a_circle_is_named_and_nobody_who_only_waits_for_it() -> None:
    steps = step("a", "do", "due: {done: c}") + step("b", "do", "due: {done: a}") + step("c", "do", "opens: {done: b}")
    found = findings(whole(steps + step("d", "do", "due: {done: a}")))
    assert [(code, name) for code, name, _ in found] == [("circle", "a"), ("circle", "b"), ("circle", "c")]


def test_two_hundred_steps_that_all_contradict_end_at_the_limit() -> None:
    many = "".join(
        step(f"a{n}", "avoid", "of: [retinoid]", "days_before: {months: 1}")
        + step(f"d{n}", "daily", "of: [retinoid]", "to: {months: -1}")
        for n in range(MOST_STEPS // 2)
    )
    assert len(findings(whole(many))) == linter.MOST_FINDINGS
