"""Workers that are killed in the middle of sending: nothing is lost, every order is kept, and doubles are few."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.worker.killing import Run, Tally, killed_again_and_again


def hold(found: Tally) -> None:
    assert found.faults() == []
    sys.stdout.write(f"{found.kills} kills: {found.planned} planned, {found.arrived} arrived, {found.doubles} twice\n")


def test_workers_that_are_killed_lose_nothing(database_url: str, tmp_path: Path) -> None:
    hold(killed_again_and_again(database_url, tmp_path / "arrived", Run(3)))


@pytest.mark.soak
def test_workers_that_are_killed_a_hundred_times_lose_nothing(database_url: str, tmp_path: Path) -> None:
    hold(killed_again_and_again(database_url, tmp_path / "arrived", Run(100)))


MARKED_FIRST = Run(1, workers=1, lanes=4, each=2, seconds=0.3, refused=0, after=1)
SENT_INSIDE = Run(1, workers=1, lanes=12, each=1, seconds=0.04, refused=0, after=8)
WITHOUT_LANES = Run(0, workers=2, lanes=1, each=24, refused=0)
"""What brings each fault to light, and does no harm to a worker without it."""


@pytest.mark.parametrize("run", [MARKED_FIRST, SENT_INSIDE, WITHOUT_LANES])
def test_what_brings_faults_to_light_is_green_without_one(database_url: str, tmp_path: Path, run: Run) -> None:
    found = killed_again_and_again(database_url, tmp_path / "arrived", run)
    assert found.faults() == []
    assert found.planned == run.lanes * run.each
