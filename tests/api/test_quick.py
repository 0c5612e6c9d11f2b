"""The quick front answers what the ordinary route answers, byte for byte and header for header, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.types import Scope

from prep_tracker.api import quick
from prep_tracker.api.quick import Answers, Made, Quick
from prep_tracker.domain.errors import UnavailableError
from prep_tracker.services import access
from tests.api.house import NOBODY, Caller, House

REQUESTS: tuple[dict[str, str], ...] = (
    {},
    {"Accept-Language": "nl-NL,nl;q=0.8,en;q=0.5"},
    {"Accept-Language": "xx"},
    {"If-None-Match": "{etag}"},
    {"If-None-Match": "W/{etag}"},
    {"If-None-Match": '"0", {etag}'},
    {"If-None-Match": "*"},
    {"If-None-Match": '"1.2026-11-21.en.staff"'},
    {"If-None-Match": "{etag}", "Accept-Language": "nl"},
    {"Authorization": "bearer  {token} "},
    {"Authorization": "Basic {token}"},
    {"Authorization": "Bearer {token}x"},
    {"Authorization": ""},
    {"Origin": "https://aster.example"},
    {"X-Request-Id": "of-the-caller"},
)


def sent(caller: Caller, path: str, headers: dict[str, str]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Send a request with an id; give all of the answer."""
    answer = caller.send("GET", path, headers={"X-Request-Id": "the-same"} | headers)
    return answer.status_code, answer.headers.raw, answer.content


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Give what lets the ordinary route answer everything."""

    class Never:
        def fullmatch(self, _: str) -> None:
            """Find no path to be quick about."""

    def begin() -> None:
        monkeypatch.setattr(quick, "_PATH", Never())

    return begin


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the statuses of what was answered quickly."""
    found: list[int] = []
    answer = Quick._answer

    async def counted(self: Quick, scope: Scope, procedure_id: str) -> Made | None:
        made = await answer(self, scope, procedure_id)
        if made is not None:
            found.append(made[0])
        return made

    monkeypatch.setattr(Quick, "_answer", counted)
    return found


def test_both_ways_answer_the_same(house: House, ana: Caller, slow: Callable[[], None], quickly: list[int]) -> None:
    path = f"{ana.book(protocol='laser-ablative')}/checklist"
    ana.post(f"{path.removesuffix('/checklist')}/exposures", {"to": "sun", "on": "2026-11-21"})
    etag = ana.get(path).headers["etag"]
    filled = {"etag": etag, "token": house.tokens["Ana"]}
    requests = [{name: text.format(**filled) for name, text in headers.items()} for headers in REQUESTS]
    callers = [(ana, path), (house.person("Ben"), path), (house.person("Iris"), path), (house.stranger(), path)]
    callers += [(ana, path.replace(path.split("/")[3], NOBODY)), (house.person("Cleo"), f"{path}?all=true")]
    quickly.clear()
    first = [sent(caller, where, headers) for caller, where in callers for headers in requests]
    assert quickly.count(200) >= 6
    assert quickly.count(304) >= 4
    again = [sent(caller, where, headers) for caller, where in callers for headers in requests]
    answered = len(quickly)
    slow()
    ordinary = [sent(caller, where, headers) for caller, where in callers for headers in requests]
    assert len(quickly) == answered
    assert first == ordinary
    assert again == ordinary
    assert {status for status, _, _ in ordinary} == {200, 304, 401, 403, 404}


def test_what_changes_is_seen_at_once(house: House, ana: Caller, quickly: list[int]) -> None:
    procedure = ana.book(protocol="laser-ablative")
    path = f"{procedure}/checklist"
    seen = [ana.get(path)]
    ana.post(f"{procedure}/marks", {"step": "driver", "kind": "done"})
    seen.append(ana.get(path))
    house.go_to("2026-11-23")
    seen.append(ana.get(path))
    closing = {"closing_days": ["2026-12-11"]}
    house.person("Ada").send("PATCH", "/v1/clinic", json=closing)
    seen.append(ana.get(path))
    assert len({answer.headers["etag"] for answer in seen}) == 4
    assert len({answer.content for answer in seen[:3]}) == 3
    for answer in seen[:3]:
        assert ana.get(path, headers={"If-None-Match": answer.headers["etag"]}).status_code == 200
    assert ana.get(path, headers={"If-None-Match": seen[3].headers["etag"]}).status_code == 304
    assert len(quickly) == 8


def test_a_revoked_key_reads_nothing_more(house: House, ana: Caller, quickly: list[int]) -> None:
    path = f"{ana.book()}/checklist"
    etag = ana.get(path).headers["etag"]
    key_id = house.tokens["Ana"].split("_")[2]
    now = house.clock.now()
    house.store.run_write(lambda c: access.revoke_key(c, house.clinics["Aster"], key_id, now=now))
    assert ana.get(path).status_code == 401
    assert ana.get(path, headers={"If-None-Match": etag}).status_code == 401
    assert quickly == [200]


def test_a_database_that_is_away_is_said_the_same_way(
    house: House, ana: Caller, slow: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{ana.book()}/checklist"
    asked = 0

    async def away(*_: object) -> None:
        nonlocal asked
        asked += 1
        raise UnavailableError("The database cannot answer at the moment.")

    monkeypatch.setattr(house.store, "read", away)
    first = sent(ana, path, {})
    assert (first[0], asked) == (503, 1)
    slow()
    assert sent(ana, path, {}) == first


def test_answers_have_an_end() -> None:
    answers = Answers(most=3, most_bytes=100)
    for number in range(5):
        answers.keep(("clinic", "procedure", str(number)), b"x" * 20)
    kept = [number for number in range(5) if answers.get(("clinic", "procedure", str(number)))]
    assert kept == [2, 3, 4]
    answers.keep(("clinic", "procedure", "4"), b"y" * 70)
    assert [number for number in range(5) if answers.get(("clinic", "procedure", str(number)))] == [3, 4]
    answers.keep(("clinic", "procedure", "5"), b"z" * 101)
    assert not any(answers.get(("clinic", "procedure", str(number))) for number in range(6))
