"""Nothing that can be written into a request breaks the service, and no bound is off by one."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import pytest

from tests.api.house import House
from tests.contract.hostile import KINDS, TEXTS, bounds, text, written
from tests.contract.probe import Probe, each, mixed, probed, some

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
EVERY_LENGTH = range(1, 257)


@SQLITE
def test_bounds_and_hostile_values_are_taken_or_refused_as_the_document_says(house: House) -> None:
    probe = Probe(house)
    sound = {operation.name: probe.send(operation) for operation in probed()}
    refused = {name: answer.text for name, answer in sound.items() if not answer.is_success}
    assert refused == {}, "give these something sound: in KNOWN of places.py, or in _sound of probe.py"
    for operation in probed():
        for changes in some(operation, strange_ones=2):
            probe.send(operation, changes)
        probe.climb(operation)
    assert probe.wrong == []
    assert probe.tried >= 2_000


@POSTGRESQL
def test_postgresql_takes_or_refuses_them_as_well(house: House) -> None:
    probe = Probe(house)
    for operation in probed():
        for changes in islice(some(operation, strange_ones=1), 0, None, 4):
            probe.send(operation, changes)
    assert probe.wrong == []
    assert probe.tried >= 250


@SQLITE
def test_several_hostile_values_at_once_do_no_more_harm(house: House) -> None:
    probe = Probe(house)
    for operation, changes in mixed(400):
        probe.send(operation, changes)
    assert probe.wrong == []


@pytest.mark.soak
def test_every_value_in_every_place_and_ten_thousand_mixtures(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    probe = Probe(house)
    for operation in probed():
        for changes in each(operation):
            probe.send(operation, changes)
        probe.climb(operation, EVERY_LENGTH)
    for operation, changes in mixed(10_000):
        probe.send(operation, changes)
    with capsys.disabled():
        print(f"\n{probe.tried} cases, {len(probe.wrong)} violations")  # noqa: T201 - the figure of a full run
    assert probe.wrong == []
    assert probe.tried >= 30_000


def test_what_is_tried_is_as_hostile_as_it_says() -> None:
    joined = "".join(TEXTS)
    for hostile in ("\x00", "\ud800", "\u202e", "\u0335", "\U0010ffff", "\u0663"):
        assert hostile in joined
    assert any(isinstance(value, int) and abs(value) > 2**64 for value in KINDS)
    sent = [written({"field": value}).decode("ascii") for value in KINDS]
    assert any("NaN" in one for one in sent)
    assert any("1e400" in one for one in sent)
    assert written("\ud800") == b'"\\ud800"'


@pytest.mark.parametrize(
    ("schema", "lengths"),
    [
        ({"type": "string", "minLength": 1, "maxLength": 40}, {0, 1, 2, 39, 40, 41}),
        ({"type": "string", "maxLength": 40}, {0, 1, 39, 40, 41}),
    ],
)
def test_the_bounds_of_a_text_are_tried_from_both_sides(schema: dict[str, Any], lengths: set[int]) -> None:
    assert {len(value) for value in bounds(schema)} == lengths
    assert all(len(text(length)) == length for length in lengths)
    assert json.loads(written(text(41))) == text(41)
