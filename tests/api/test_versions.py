"""ETags: what has not changed is not sent again, and midnight is a change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from tests.api.house import Caller, House

VIEWS = ("", "/checklist", "/checklist?all=true")


def test_what_is_unchanged_is_not_sent_again(ana: Caller) -> None:
    procedure = ana.book()
    for view in VIEWS:
        first = ana.get(procedure + view)
        tag = first.headers["etag"]
        again = ana.get(procedure + view, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == first.headers["cache-control"] == "private, no-cache"
        for given in (f'W/{tag}, "x"', f'"x",{tag}', "*"):
            assert ana.get(procedure + view, headers={"If-None-Match": given}).status_code == 304
        for given in ('"1"', tag.strip('"'), '""', tag.replace("staff", "patient"), tag.replace("1.", "2.", 1)):
            assert ana.get(procedure + view, headers={"If-None-Match": given}).status_code == 200


def test_the_tag_says_version_day_language_and_view(ana: Caller) -> None:
    booked = ana.book()
    assert ana.get(booked).headers["etag"] == '"1.2026-11-22.en.staff"'
    tags = {ana.get(booked + view).headers["etag"] for view in VIEWS}
    assert len(tags) == 2  # the procedure and its checklist are different addresses, so those two may share one
    assert ana.get(booked, as_of="2026-12-04").headers["etag"] == '"1.2026-12-04.en.staff"'


@pytest.mark.parametrize("view", VIEWS)
def test_whatever_is_said_changes_the_tag(ana: Caller, view: str) -> None:
    procedure = ana.book()
    tags = [ana.get(procedure + view).headers["etag"]]

    def changed() -> None:
        answer = ana.get(procedure + view, headers={"If-None-Match": tags[-1]})
        assert answer.status_code == 200
        assert answer.headers["etag"] not in tags
        tags.append(answer.headers["etag"])

    ana.post(f"{procedure}/marks", {"step": "no-sun", "kind": "since", "on": "2026-11-20"})
    changed()
    ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-21"})
    changed()
    ana.post(f"{procedure}/entries/3/withdrawal")
    changed()
    ana.move(procedure, "2026-12-30")
    changed()


@pytest.mark.parametrize("view", VIEWS)
def test_midnight_in_the_clinics_zone_changes_the_tag_and_nothing_else_does(
    house: House, ana: Caller, view: str
) -> None:
    procedure = ana.book()
    house.clock.set(datetime(2026, 12, 3, 22, 59, 59, tzinfo=UTC))  # Amsterdam is an hour ahead in winter
    before = ana.get(procedure + view)
    assert before.json()["as_of"] == "2026-12-03"
    house.clock.set(datetime(2026, 12, 3, 23, 0, 0, tzinfo=UTC))
    after = ana.get(procedure + view, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["as_of"] == "2026-12-04"
    assert after.json()["days_to_go"] == before.json()["days_to_go"] - 1
    house.clock.set(datetime(2026, 12, 4, 22, 59, 59, tzinfo=UTC))
    assert ana.get(procedure + view, headers={"If-None-Match": after.headers["etag"]}).status_code == 304


def test_a_change_answers_the_tag_that_the_next_read_has(ana: Caller) -> None:
    procedure = ana.book()
    changes: tuple[Callable[[], httpx.Response], ...] = (
        lambda: ana.post(f"{procedure}/marks", {"step": "no-sun", "kind": "since", "on": None}),
        lambda: ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-21"}),
        lambda: ana.move(procedure, "2026-12-30"),
        lambda: ana.post(f"{procedure}/entries/2/withdrawal"),
    )
    for change in changes:
        assert change().headers["etag"] == ana.get(procedure).headers["etag"]


def test_a_protocol_has_a_tag_too(ana: Caller) -> None:
    first = ana.get("/v1/protocols/laser-resurfacing")
    given = {"If-None-Match": first.headers["etag"]}
    assert ana.get("/v1/protocols/laser-resurfacing", headers=given).status_code == 304
    assert ana.get("/v1/protocols/laser-resurfacing@1", headers=given).status_code == 304
    assert ana.get("/v1/protocols/laser-ablative", headers=given).status_code == 200
