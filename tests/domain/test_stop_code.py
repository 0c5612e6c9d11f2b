"""The address to end messages is short, leads back to the very message, and cannot be written in two ways."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep_tracker.domain.stop_code import LENGTH, decode, encode
from tests.domain.strategies import QUICK

CLINIC, MESSAGE = str(UUID(int=7)), f"msg_{UUID(int=9).hex}"


@QUICK
@given(st.uuids(), st.uuids())
def test_there_and_back(clinic: UUID, message: UUID) -> None:
    ids = (str(clinic), f"msg_{message.hex}")
    code = encode(*ids)
    assert code is not None
    assert len(code) == LENGTH
    assert decode(code) == ids


@QUICK
@given(st.text(max_size=50) | st.from_regex(r"[\w-]{43}", fullmatch=True))
def test_whatever_is_read_was_written_so(code: str) -> None:
    found = decode(code)
    assert found is None or encode(*found) == code


@pytest.mark.parametrize("ids", [("aster", MESSAGE), (CLINIC, "msg_1"), (CLINIC.upper()[:-1] + "A", MESSAGE), ("", "")])
def test_ids_that_are_none_of_ours_have_no_code(ids: tuple[str, str]) -> None:
    assert encode(*ids) is None


def test_no_two_messages_share_one() -> None:
    assert len({encode(CLINIC, f"msg_{uuid4().hex}") for _ in range(100)}) == 100
