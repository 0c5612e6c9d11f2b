"""Many times more clients than the service can take: it does what it can, says no to the rest, and stays small."""

from __future__ import annotations

import asyncio

import pytest

from prep_tracker.store.session import Store
from tests.services.crowd import Crowd, first_answer, megabytes
from tests.store.loaded import faults, lost, rows_of, serving, settle

FEW = 4
"""Enough to keep the service busy: it works on one core."""
MEGABYTES_EACH, MEGABYTES_FOR_ALL = 0.1, 64
"""What a waiting request may take, and what may come on top of that whoever asks."""
MOST_SECONDS = 20
"""How long it may take until all is quick again, on a machine that has much else to do."""


async def overloaded(crowd: Crowd, usual: Crowd, process: int, clients: int, seconds: float) -> str:
    """Let a few work, then all of them; look at what was answered, and how large the service has become."""
    async with usual.at_work(FEW):
        await asyncio.sleep(0.5)
    before = megabytes(process, "VmHWM")
    async with crowd.at_work(clients):
        await asyncio.sleep(seconds)
    grown = megabytes(process, "VmHWM") - before
    assert crowd.odd == []
    assert crowd.broken == 0
    assert set(crowd.statuses) <= {201, 429, 503}
    assert grown < MEGABYTES_FOR_ALL + MEGABYTES_EACH * clients, f"{grown:.0f} MB more"
    back = max(await first_answer(crowd.address, usual.keys[-1], MOST_SECONDS))
    return f"{crowd.counts()}; slowest {crowd.slowest:.1f} s; {grown:.0f} MB more; then again after {back:.2f} s"


def hold_under_load(url: str, clients: int, seconds: float, a_minute: int, fault: str | None = None) -> str:
    """Overload a real service; look whether everything acknowledged is there. Gives the figures."""
    usual, fresh, *keys = settle(url, people=10)
    with serving(url, fault, requests_a_minute=str(a_minute)) as (address, process):
        crowd = Crowd(address, keys)
        told = asyncio.run(overloaded(crowd, Crowd(address, [usual] * FEW + [fresh]), process.pid, clients, seconds))
    store = Store.open(url)
    rows = rows_of(store)
    store.close()
    assert lost(crowd, rows) == []
    assert faults(rows) == []
    return f"{clients} clients, each without pause: {told}; {len(crowd.booked)} bookings, 0 lost"


def test_too_many_are_told_to_come_again(database_url: str) -> None:
    hold_under_load(database_url, 200, 1, 20)


@pytest.mark.parametrize(("fault", "found"), [("wait_unsaid", "retry_after=None"), ("hoarding", "MB more")])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_fault_is_found(database_url: str, fault: str, found: str) -> None:
    with pytest.raises(AssertionError, match=found):
        hold_under_load(database_url, 200, 1, 20, fault)


@pytest.mark.soak
@pytest.mark.parametrize(("clients", "a_minute"), [(300, 0), (3000, 600)])
def test_many_more_than_it_can_take(
    database_url: str, clients: int, a_minute: int, capsys: pytest.CaptureFixture[str]
) -> None:
    told = hold_under_load(database_url, clients, 5, a_minute)
    with capsys.disabled():
        print(f"\n{told}")  # noqa: T201 - the figure of a full run
