"""A draft that means two things, or that nobody could read, is refused with its place."""

from __future__ import annotations

import pytest

from tests.api.house import House, wrong

STEP = '{"id": "a", "kind": "note", "title": "T", "source": "S"}'


@pytest.mark.parametrize(
    ("written", "refused"),
    [
        ('{"protocol": "x", "title": "T", "title": "U", "steps": [%s]}', "The key title comes twice."),
        ('{"protocol": "x", "title": "\\ud800", "steps": [%s]}', "The body is not well-formed JSON."),
        ('{"protocol": "x", "title": "a\\u202eb", "steps": [%s]}', "U+202E"),
    ],
)
def test_json_that_means_two_things_is_refused(house: House, written: str, refused: str) -> None:
    """Neither the last of two keys wins, nor does half of a character bring the service down."""
    answer = house.person("Ada").send(
        "POST",
        "/v1/protocols/x/drafts",
        content=(written % STEP).encode(),
        headers={"Content-Type": "application/json"},
    )
    assert any(refused in message for message in wrong(answer).values()), answer.text
