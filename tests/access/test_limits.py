"""How often anybody may ask: each check of ``limiting`` holds, and each finds the fault that was put in for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from time import monotonic

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from limits import RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter

from prep_tracker.api.limits import MOST_CALLERS, Limits, Moments, place_of
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.errors import TooOftenError
from tests.access import limiting
from tests.access.limiting import ASKING, CHECKS, REQUESTS, SEEDS, WRONG, Check, Limited, Patch, Ticking
from tests.api.contract import operations
from tests.api.house import House

STEPS = st.lists(st.sampled_from([0.0, 0.001, 0.5, 1.0, 9.75, 29.9, 30.0, 59.0, 59.999, 60.0, 61.5]), max_size=60)
ACTOR = Actor("aster", "coordinator", "0123456789abcdef", "Ana")


@pytest.fixture
def limited(house: House) -> Iterator[Limited]:
    """Give a house with small limits, by a clock that stands still."""
    with Limited(house).open() as opened:
        yield opened


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_holds(limited: Limited, check: Check) -> None:
    check(limited)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("check", "fault"), SEEDS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_fault_is_found(house: House, check: Check, fault: Callable[[Patch], None], monkeypatch: Patch) -> None:
    fault(monkeypatch)
    with Limited(house).open() as limited, pytest.raises(AssertionError):
        check(limited)


@given(STEPS)
def test_never_more_in_any_minute(steps: list[float]) -> None:
    limiting.check_never_more_in_any_minute(Limited(None), steps)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fault", [limiting.windows_are_fixed, limiting.the_wait_is_too_short, limiting.the_refused_are_counted]
)
def test_a_faulty_minute_is_found(fault: Callable[[Patch], None], monkeypatch: Patch) -> None:
    fault(monkeypatch)

    @settings(database=None, derandomize=True, phases=[Phase.generate], report_multiple_bugs=False, max_examples=300)
    @given(STEPS)
    def look(steps: list[float]) -> None:
        limiting.check_never_more_in_any_minute(Limited(None), steps)  # type: ignore[arg-type]

    with pytest.raises((AssertionError, TooOftenError, pytest.fail.Exception)):
        look()


def test_without_limits_nobody_is_refused(house: House) -> None:
    with Limited(house).open(0, 0) as limited:
        for _ in range(2 * REQUESTS):
            assert house.person("Ana").get(ASKING).status_code == 200
            assert limited.from_address("192.0.2.1", "wrong").status_code == 401


def test_either_limit_may_be_off(house: House) -> None:
    with Limited(house).open(0, WRONG) as limited:
        assert [limited.from_address("192.0.2.1", "wrong").status_code for _ in range(WRONG + 1)][-1] == 429
    with Limited(house).open(REQUESTS, 0) as limited:
        assert limited.left_to("Ana") == REQUESTS


def test_what_nobody_sets_is_what_is_promised() -> None:
    counted = Limits(seconds=Ticking())
    for _ in range(600):
        counted.count(ACTOR)
    for _ in range(60):
        counted.count_wrong("192.0.2.1")
    with pytest.raises(TooOftenError, match="limit of 600 requests a minute for one credential"):
        counted.count(ACTOR)
    with pytest.raises(TooOftenError, match="limit of 60 wrong credentials a minute from one address"):
        counted.count_wrong("192.0.2.1")


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:DB8:1:2::", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::1", "::"),
        (None, "unknown"),
        ("", "unknown"),
        ("unknown", "unknown"),
        ("192.0.2.7, 10.0.0.1", "unknown"),
        ("x" * 10_000, "unknown"),
    ],
)
def test_an_address_is_a_place(host: str | None, place: str) -> None:
    assert place_of(host) == place


def test_a_flood_of_addresses_takes_no_more_memory_and_no_thread() -> None:
    """What a flood cannot do, also not to the limits of those who are known."""
    ticking = Ticking()
    counted, threads = Limits(seconds=ticking), threading.active_count()
    for _ in range(600):
        counted.count(ACTOR)
    for number in range(MOST_CALLERS + 2_000):
        counted.count_wrong(f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1")
    kept = counted._wrong
    assert kept is not None
    storage = kept._limiter.storage
    assert isinstance(storage, Moments)
    assert storage.known == MOST_CALLERS
    assert threading.active_count() == threads
    with pytest.raises(TooOftenError):
        counted.count(ACTOR)


def test_those_who_go_on_trying_are_not_the_ones_who_are_forgotten() -> None:
    ticking = Ticking()
    moments = Moments(ticking, most=10)
    for _ in range(WRONG):
        assert moments.acquire_entry("persistent", WRONG, 60)
    for number in range(100):
        assert moments.acquire_entry(str(number), WRONG, 60)
        assert not moments.acquire_entry("persistent", WRONG, 60)


def test_a_limit_that_is_reached_is_logged_once_a_minute(
    capsys: pytest.CaptureFixture[str], log_to_stderr: Callable[[], None]
) -> None:
    log_to_stderr()
    ticking = Ticking()
    counted = Limits(1, 1, seconds=ticking)
    for _ in range(3):
        counted.count(ACTOR)
        counted.count_wrong("192.0.2.7")
        for _ in range(50):
            with pytest.raises(TooOftenError):
                counted.count(ACTOR)
            with pytest.raises(TooOftenError):
                counted.count_wrong("192.0.2.7")
        ticking.at += 60
    told = capsys.readouterr().err
    lines = [json.loads(line) for line in told.splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [("a limit is reached", "warning")] * 6
    assert [line.get("credential") for line in lines] == [ACTOR.credential_id, None] * 3
    assert "Ana" not in told
    assert "192.0.2.7" not in told


def test_the_storage_serves_every_way_of_counting() -> None:
    """What the library asks of a storage: a fixed window counts on it as well, and a caller can be forgotten."""
    ticking = Ticking()
    moments = Moments(ticking)
    limiter, item = FixedWindowRateLimiter(moments), RateLimitItemPerMinute(2)
    assert [limiter.hit(item, "Ana") for _ in range(3)] == [True, True, False]
    assert limiter.get_window_stats(item, "Ana") == (ticking.at + 60, 0)
    assert moments.get_expiry("nobody") == ticking.at + 60
    limiter.clear(item, "Ana")
    assert limiter.test(item, "Ana")
    assert moments.check()
    assert moments.reset() == 1
    assert moments.known == 0
    assert moments.base_exceptions is MemoryError


def test_every_operation_with_a_credential_tells_of_the_limit() -> None:
    for operation in operations():
        told = operation.told["responses"].get("429")
        assert (told is None) == operation.is_public, operation.name
        if told is not None:
            assert told["headers"]["Retry-After"]["required"]
            assert "application/problem+json" in told["content"]


def test_the_seconds_come_from_a_clock_that_never_goes_back() -> None:
    assert Limits.__init__.__kwdefaults__ == {"seconds": monotonic}
