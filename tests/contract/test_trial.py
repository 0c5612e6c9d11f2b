"""The contract holds: whatever is sent, the answer is as the OpenAPI document says, and never a fault of ours."""

from __future__ import annotations

import pytest

from tests.api.contract import operations
from tests.api.house import House
from tests.contract.trial import PHASES, Trial, run

WITHOUT_COVERAGE = ("examples", "fuzzing", "stateful")


@pytest.mark.parametrize(
    ("database_url", "examples", "phases", "least"),
    [("sqlite", 3, PHASES, 2_000), ("postgresql", 2, WITHOUT_COVERAGE, 250)],
    indirect=["database_url"],
    ids=["sqlite", "postgresql"],
)
def test_every_operation_answers_as_the_document_says(
    house: House, examples: int, phases: tuple[str, ...], least: int
) -> None:
    trial = run(house, examples=examples, phases=phases)
    assert_sound(trial)
    assert trial.cases >= least
    if phases == PHASES:
        # Refusals alone would prove little: nearly every operation has to be reached.
        everything = {operation.name for operation in operations()}
        assert len(trial.well()) >= 0.8 * len(everything), sorted(everything - trial.well())


@pytest.mark.soak
def test_it_does_so_for_ten_thousand_cases(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    trial = run(house, examples=90)
    with capsys.disabled():
        print(f"\n{trial.cases} cases, {len(trial.found)} violations")  # noqa: T201 - the figure of a full run
    assert_sound(trial)
    assert trial.cases >= 10_000


def assert_sound(trial: Trial) -> None:
    """Hold that everything could be tried and nothing was found; say how to see again what was."""
    assert trial.broken == []
    assert not trial.found, "\n\n".join(
        f"{one.check}: {one.operation}\n{one.message}\n{one.how}" for one in trial.found[:20]
    )
