"""Many at once, at two services on one database: no change is lost, and no key books twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.services.pair import (
    Pair,
    check_every_entry_is_kept,
    check_one_key_books_once,
    check_one_tag_changes_once,
    pair,
)

SEEDED: dict[str, Callable[[Pair], str]] = {
    "tags": lambda two: check_one_tag_changes_once(two, 100),
    "entries": lambda two: check_every_entry_is_kept(two, 60),
    "keys": lambda two: check_one_key_books_once(two, 20, 20),
}
"""What a fault has to be found by; the rounds end at the first thing that is wrong."""
FULL: dict[str, Callable[[Pair], str]] = {
    "tags": lambda two: check_one_tag_changes_once(two, 200),
    "entries": lambda two: check_every_entry_is_kept(two, 400),
    "keys": lambda two: check_one_key_books_once(two, 50, 100),
}
SEEDS = (
    ("postgresql", "no_lock", ("tags", "entries")),
    ("postgresql", "key_outside", ("keys",)),
    ("sqlite", "late_lock", ("tags",)),
    ("sqlite", "no_transaction", ("tags",)),
    ("sqlite", "key_outside", ("keys",)),
)


def test_nothing_is_lost_or_done_twice(database_url: str) -> None:
    with pair(database_url) as two:
        check_one_tag_changes_once(two, 5)
        check_every_entry_is_kept(two, 60)
        check_one_key_books_once(two, 3, 20)


@pytest.mark.parametrize(("database_url", "fault", "checks"), SEEDS, indirect=["database_url"])
def test_a_fault_is_found(database_url: str, fault: str, checks: tuple[str, ...]) -> None:
    with pair(database_url, fault) as two:
        for check in checks:
            with pytest.raises(AssertionError):
                SEEDED[check](two)


@pytest.mark.soak
@pytest.mark.parametrize("check", FULL)
def test_nothing_is_lost_at_length(database_url: str, check: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pair(database_url) as two:
        told = FULL[check](two)
    with capsys.disabled():
        print(f"\n{told}")  # noqa: T201 - the figure of a full run
