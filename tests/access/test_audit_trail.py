"""What was answered is held until it is written down: so much and no more, and nothing is shown without room."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from prep_tracker.api import trail as trails
from prep_tracker.api.door import Service
from prep_tracker.api.trail import BATCH, FEW, FEW_OF_ALL, Crowd, Trail
from prep_tracker.api.witness import MORE, Noted, Shown
from prep_tracker.domain.errors import UnavailableError
from prep_tracker.store import access
from prep_tracker.store.session import QueryError, Store
from tests.access.auditing import KEYS, NOW, flush, lines_for, lines_of
from tests.api.house import Caller, House

SECONDS = 20
"""How long a busy machine may take for what is done in half a second."""


def held(number: int) -> Noted:
    """Give something to be held."""
    return Noted(NOW + timedelta(seconds=number), 200, f"request-{number}", "clinic")


def with_trail(house: House, trail: Trail) -> Trail:
    """Put another trail into the house."""
    house.app.state.service = Service(house.store, house.clock, trail)
    return trail


def be_away(monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    """Let the database refuse to be written to."""

    async def away(*_: object) -> None:
        raise UnavailableError("The database cannot answer at the moment.")

    monkeypatch.setattr(type(store), "write", away)


def test_without_room_nothing_is_shown_and_nothing_is_lost(
    house: House, ana: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    procedure = ana.book()
    trail = with_trail(house, Trail(most=5))
    with monkeypatch.context() as patch:
        be_away(patch, house.store)
        shown = [ana.get(f"{procedure}/checklist") for _ in range(5)]
        assert [answer.status_code for answer in shown] == [200] * 5
        assert trail.is_full
        for path in (f"{procedure}/checklist", procedure, "/v1/worklist", "/v1/protocols"):
            refused = ana.get(path)
            assert refused.status_code == 503, path
            assert int(refused.headers["retry-after"]) > 0
            assert "audit" in refused.json()["detail"]
        assert house.stranger().get("/healthz").status_code == 200
        assert house.stranger().get("/readyz").status_code == 200
    again = ana.get(procedure)
    assert again.status_code == 200, "there is room again as soon as the database is back"
    for answer in (*shown, again):
        assert len(lines_for(house, answer)) == 1


def test_a_list_takes_more_room(house: House) -> None:
    trail = with_trail(house, Trail(most=10))
    trail.add(held(1)._replace(shown=Shown(tuple("abcdefghij") * 9)))
    assert trail.is_full


def test_what_is_held_is_bounded_whatever_happens() -> None:
    trail = Trail(most=100)
    for number in range(1000):
        trail.add(held(number))
    assert len(trail._held) == 200


def test_what_cannot_be_written_is_kept_in_its_order(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second of three batches fails: the first stands there once, the others later, once each."""
    trail = with_trail(house, Trail())
    for number in range(3 * BATCH - 10):
        trail.add(held(number))
    written = 0
    write = type(house.store).write

    async def second_fails(self: Store, *given: Any) -> object:  # noqa: ANN401 - handed on
        nonlocal written
        written += 1
        if written == 2:
            raise UnavailableError("The database cannot answer at the moment.")
        return await write(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(type(house.store), "write", second_fails)
        with pytest.raises(UnavailableError):
            flush(house)
    trail.add(held(5000))
    found = [line["request_id"] for line in lines_of(house) if str(line["request_id"]).startswith("request-")]
    assert found == [f"request-{number}" for number in [*range(3 * BATCH - 10), 5000]]


def test_a_flood_of_wrong_credentials_cannot_fill_the_disk(house: House) -> None:
    for number in range(300):
        house.stranger(f"Bearer prep_live_{number:016x}_{'A' * 43}").send("GET", "/v1/worklist", check=False)
    lines = [line for line in lines_of(house) if line["outcome"] in {401, 429}]
    assert len(lines) == FEW + 1
    (counted,) = [line for line in lines if line["event"] == MORE]
    assert (counted["clinic_id"], counted["entity"], counted["entity_id"]) == (None, "requests", str(300 - FEW))
    house.clock.advance(timedelta(minutes=1))
    house.stranger("Bearer nonsense").send("GET", "/v1/worklist", check=False)
    assert len([line for line in lines_of(house) if line["outcome"] == 401]) == FEW + 2


def test_a_flood_from_everywhere_is_counted_too() -> None:
    """A hundred thousand refusals from ten thousand addresses within a minute: two hundred lines at most."""
    crowd = Crowd()
    few = sum(crowd.is_one_of_few((f"address-{number % 10_000}",), held(0)) for number in range(100_000))
    assert few == FEW_OF_ALL
    assert not crowd.is_over(NOW + timedelta(seconds=59))
    assert crowd.is_over(NOW + timedelta(seconds=60))
    counted = crowd.counted()
    assert len(counted) <= FEW_OF_ALL + 1
    assert few + sum(one.more for one in counted) == 100_000
    assert crowd.counted() == []
    assert not crowd.is_over(NOW + timedelta(hours=1))


def test_who_asks_too_often_is_told_to_the_clinic_and_counted(house: House, ana: Caller) -> None:
    from prep_tracker.api.limits import Limits

    limits, house.app.state.limits = house.app.state.limits, Limits(requests=5)
    try:
        answers = [ana.send("GET", "/v1/protocols", check=False) for _ in range(40)]
    finally:
        house.app.state.limits = limits
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 35
    refused = [line for line in lines_of(house) if line["outcome"] == 429]
    assert {line["clinic_id"] for line in refused} == {house.clinics["Aster"]}
    assert {line["person"] for line in refused} == {"Ana"}
    assert [line["event"] for line in refused] == ["protocols.read"] * FEW + ["protocols.read.more"]
    assert refused[-1]["entity_id"] == str(35 - FEW)


def test_it_is_written_down_within_a_second_and_sealed_within_a_few(
    house: House, ana: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trails, "SEAL_SECONDS", 0.6)
    procedure = ana.book()
    trail = with_trail(house, Trail(KEYS))
    service: Service = house.app.state.service
    seen: list[tuple[int, int]] = []

    async def live() -> None:
        ending = asyncio.Event()
        keeping = asyncio.create_task(trail.keep(service, ending))
        await ana.asend("GET", f"{procedure}/checklist")
        for _ in range(SECONDS * 20):
            found = await house.store.read(_counts, "*")
            seen.append(found)
            if found == (0, found[1]) and found[1]:
                break
            await asyncio.sleep(0.05)
        await ana.asend("GET", f"{procedure}/entries")
        ending.set()
        await keeping

    house.wait(live())
    assert seen[-1][0] == 0, "all lines are sealed"
    last = lines_of(house)[-1]
    assert (last["event"], last["seal"] is not None) == ("entries.read", True), "at the end, the last line too"


def _counts(connection: Any) -> tuple[int, int]:  # noqa: ANN401 - a connection
    from sqlalchemy import func, select

    from prep_tracker.store.tables import audit

    unsealed = select(func.count()).select_from(audit).where(audit.c.seal.is_(None))
    read = select(func.count()).select_from(audit).where(audit.c.event == "checklist.read")
    return connection.execute(unsealed).scalar_one(), connection.execute(read).scalar_one()


def test_it_goes_on_whatever_the_database_says(
    house: House, ana: Caller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(trails, "FLUSH_SECONDS", 0.01)
    procedure = ana.book()
    trail = with_trail(house, Trail())
    service: Service = house.app.state.service
    errors: list[Exception] = [UnavailableError("away"), QueryError(ValueError("wrong")), RuntimeError("ours")]
    flush_as_it_is = trail.flush

    async def fails(store: Store, *given: Any, **named: Any) -> None:  # noqa: ANN401 - handed on
        if errors:
            raise errors.pop()
        await flush_as_it_is(store, *given, **named)

    monkeypatch.setattr(trail, "flush", fails)

    async def live() -> None:
        ending = asyncio.Event()
        keeping = asyncio.create_task(trail.keep(service, ending))
        await ana.asend("GET", f"{procedure}/checklist")
        for _ in range(SECONDS * 20):
            if not errors:
                break
            await asyncio.sleep(0.05)
        ending.set()
        await keeping

    house.wait(live())
    assert errors == []
    assert lines_of(house)[-1]["event"] == "checklist.read"
    assert "the audit cannot be written" in "".join(capsys.readouterr())


def test_what_is_lost_at_the_end_is_told(
    house: House, ana: Caller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(trails, "FLUSH_SECONDS", 0.01)
    monkeypatch.setattr(trails, "SECONDS_TO_END", 0.1)
    procedure = ana.book()
    trail = with_trail(house, Trail())
    ana.get(procedure)
    service: Service = house.app.state.service

    async def live() -> None:
        ending = asyncio.Event()
        ending.set()
        await trail.keep(service, ending)

    with monkeypatch.context() as patch:
        be_away(patch, house.store)
        house.wait(live())
    told = "".join(capsys.readouterr())
    assert "lines of the audit are lost" in told
    assert "lines=1" in told


def test_a_process_without_the_key_says_so_once_and_seals_nothing(
    house: House, ana: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    ana.book()
    house.wait(Trail(KEYS).seal(house.store, house.clock.now()))
    ana.book(patient={"reference": "2", "name": "Bo"})
    keyless = Trail()
    for _ in range(3):
        house.wait(keyless.seal(house.store, house.clock.now()))
    assert "".join(capsys.readouterr()).count("PREP_AUDIT_KEY is missing") == 1
    assert lines_of(house)[-1]["seal"] is None


def test_a_key_of_another_clinic_tells_its_clinic_of_the_wrong_secret(house: House) -> None:
    row = house.store.run_read(lambda c: access.find_key(c, house.tokens["Ben"].split("_")[2]))
    assert row is not None
    house.stranger(f"Bearer prep_live_{row.id}_{'A' * 43}").send("GET", "/v1/worklist", check=False)
    assert lines_of(house)[-1]["clinic_id"] == house.clinics["Birch"]
