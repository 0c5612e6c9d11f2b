"""A protocol is checked, kept, published by another person, tried on what is booked, and what is booked moves to it."""

from __future__ import annotations

import html
import re

import httpx
import pytest
import yaml

from prep_tracker.api.pages import protocol_trying
from prep_tracker.services import simulation
from tests.api.house import PIA, House
from tests.api.test_publishing import draft, peel, publish
from tests.pages.browser import Browser, text_of
from tests.pages.test_protocols import HOSTILE, LIST, NEW, signed_in

FAULTY = yaml.safe_dump(peel(-3) | {"colour": "red"}, sort_keys=False)


def typed(page: httpx.Response) -> str:
    """Give what stands in the text field."""
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page.text, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def send(browser: Browser, text: str, do: str = "check", **fields: str) -> httpx.Response:
    return browser.post(NEW, {"csrf": browser.mark(NEW), "text": text, "do": do, "once": "k1", **fields})


def test_faults_are_named_with_their_lines_and_nothing_typed_is_lost(house: House) -> None:
    cleo = signed_in(house, "Cleo")
    answer = send(cleo, FAULTY)
    assert answer.status_code == 422
    told = text_of(answer)
    for key in ("days_before", "colour"):
        line = next(n for n, said in enumerate(FAULTY.splitlines(), 1) if key in said)
        assert f"Line {line}" in told
    assert "Keep as a draft" not in told
    assert typed(answer) == FAULTY


@pytest.mark.parametrize("text", ["", "a: b: c", "\t", "[" * 5000, "&a [*a]", HOSTILE, "protocol: x\n</textarea><b>"])
@pytest.mark.parametrize("do", ["check", "keep", "other"])
def test_whatever_is_typed_comes_back(house: House, text: str, do: str) -> None:
    cleo = signed_in(house, "Cleo")
    before = house.rows()["protocol_versions"]
    answer = send(cleo, text, do)
    assert answer.status_code == 422
    assert typed(answer) == text
    assert "<script>alert" not in answer.text
    assert house.rows()["protocol_versions"] == before


def test_a_file_takes_the_place_of_the_text(house: House) -> None:
    cleo = signed_in(house, "Cleo")
    text = yaml.safe_dump(peel())
    fields = {"csrf": cleo.mark(NEW), "text": "old", "do": "check"}
    answer = cleo.send("POST", NEW, data=fields, files={"file": ("our.yaml", text.encode(), "text/yaml")})
    assert answer.status_code == 200
    assert typed(answer) == text
    assert "No faults were found." in text_of(answer)
    odd = cleo.send("POST", NEW, data=fields, files={"file": ("our.yaml", b"\xff\xfe\x00", "text/yaml")})
    assert odd.status_code == 422
    assert "not in UTF-8" in text_of(odd)


def test_what_is_too_large_or_no_form_is_a_page_that_says_so(house: House) -> None:
    cleo = signed_in(house, "Cleo")
    large = cleo.send("POST", NEW, data={"csrf": cleo.mark(NEW)}, files={"file": ("x", b"x" * 300_000)})
    assert (large.status_code, "too large" in text_of(large)) == (413, True)
    for content in (b"", b"--x\r\nrubbish", b"nothing"):
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        assert cleo.send("POST", NEW, content=content, headers=headers).status_code in {400, 403}
    assert cleo.send("POST", NEW, content=b"x", headers={"Content-Type": "multipart/form-data"}).status_code == 400


def test_assumptions_and_examples_are_told(house: House) -> None:
    steps = [peel()["steps"][0] | {"assumed": "Two weeks is our reading."}]
    good = {
        "title": "A sound case",
        "on": "2026-12-18",
        "as_of": "2026-12-01",
        "expect": {"states": {"no-sun": "upcoming"}},
    }
    bad = good | {"title": "A wrong case", "expect": {"opens": {"no-sun": "2026-12-05"}}}
    cleo = signed_in(house, "Cleo")
    answer = send(cleo, yaml.safe_dump(peel(steps=steps, examples=[good, bad])))
    told = text_of(answer)
    assert answer.status_code == 200
    assert "Two weeks is our reading." in told
    assert "holds A sound case" in told
    assert "does not hold A wrong case" in told
    assert "It can be kept as a draft" in told


def test_a_draft_is_kept_once_however_often_the_form_is_sent(house: House) -> None:
    cleo = signed_in(house, "Cleo")
    text = yaml.safe_dump(peel())
    first, second = send(cleo, text, "keep"), send(cleo, text, "keep")
    assert [one.headers["location"] for one in (first, second)] == [f"{LIST}/our-peel@1?done=drafted"] * 2
    assert "The draft is kept" in text_of(cleo.get(first.headers["location"]))
    assert send(cleo, text, "keep", once="k2").headers["location"] == f"{LIST}/our-peel@2?done=drafted"


def test_the_author_may_not_publish_and_another_person_may(house: House) -> None:
    cleo, ada = signed_in(house, "Cleo"), signed_in(house, "Ada")
    send(cleo, yaml.safe_dump(peel()), "keep")
    page = f"{LIST}/our-peel@1"
    assert "another person has to publish it" in text_of(cleo.get(page))
    assert f"{page}/publish" not in cleo.get(page).text
    refused = cleo.post(f"{page}/publish", {"csrf": cleo.mark(page)})
    assert (refused.status_code, "Another person" in text_of(refused)) == (403, True)
    assert f"{page}/publish" in ada.get(page).text
    done = ada.post(f"{page}/publish", {"csrf": ada.mark(page), "form": "publish"})
    assert (done.status_code, done.headers["location"]) == (303, f"{page}?done=published")
    told = text_of(ada.get(done.headers["location"]))
    assert "Published. New bookings follow it." in told
    assert "published by Ada" in told
    again = ada.post(f"{page}/publish", {"csrf": ada.mark(page)})
    assert (again.status_code, "published already, by Ada" in text_of(again)) == (409, True)
    retired = ada.post(f"{page}/retire", {"csrf": ada.mark(page)})
    assert retired.headers["location"] == f"{page}?done=retired"
    assert ada.post(f"{page}/retire", {"csrf": ada.mark(page)}).status_code == 409


def test_what_has_faults_is_not_published(house: House) -> None:
    first = peel()["steps"][0] | {"of": ["sun", "no-such-class"]}
    assert draft(house.person("Cleo"), peel(steps=[first])).status_code == 201
    ada = signed_in(house, "Ada")
    page = f"{LIST}/our-peel@1"
    told = text_of(ada.get(page))
    assert "It cannot be published while it has faults" in told
    assert "/steps/0/of" in told
    answer = ada.post(f"{page}/publish", {"csrf": ada.mark(page)})
    assert answer.status_code == 422
    assert "Draft" in text_of(ada.get(page))


def test_what_ships_is_neither_published_nor_retired_here(house: House) -> None:
    ada = signed_in(house, "Ada")
    page = f"{LIST}/laser-resurfacing@1"
    for act in ("publish", "retire", "try"):
        assert f"{page}/{act}" not in ada.get(page).text
        assert ada.post(f"{page}/{act}", {"csrf": ada.mark(page)}).status_code == 404


def test_a_version_is_tried_batch_by_batch_and_the_chosen_move(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "BATCH", 2)
    publish(house, 14)
    ana = house.person("Ana")
    booked = [
        ana.book(
            protocol="our-peel", patient=PIA | {"reference": f"A-{n}", "name": f"{HOSTILE} {n}"}, on=f"2026-12-{n}"
        )
        for n in range(14, 19)
    ]
    publish(house, 21)
    ada = signed_in(house, "Ada")
    page = f"{LIST}/our-peel@2/try"
    assert "5 procedures are booked with this protocol" in text_of(ada.get(page))
    rows = house.rows()["procedures"]
    answer = ada.post(page, {"csrf": ada.mark(page)})
    assert answer.status_code == 200
    assert re.findall(r'<progress max="5" value="(\d)">', answer.text) == ["0", "2", "4", "5"]
    assert house.rows()["procedures"] == rows
    told = text_of(answer)
    assert "5 tried. 5 would change." in told
    assert f"{HOSTILE} 14" in told
    assert "<script>alert" not in answer.text
    assert answer.text.rstrip().endswith("</html>")
    chosen = re.findall(r'name="chosen" value="([^"]+)"', answer.text)
    assert len(chosen) == 5
    ana.move(booked[0], "2026-12-20")
    moved = ada.post(f"{LIST}/our-peel@2/migrate", {"csrf": ada.mark(page), "chosen": chosen})
    assert moved.status_code == 200
    assert "4 follow this version now." in text_of(moved)
    assert "Something was said about it meanwhile" in text_of(moved)
    found = sorted(ana.get(one).json()["protocol"] for one in booked)
    assert found == ["our-peel@1", *["our-peel@2"] * 4]


def test_those_who_would_stand_worse_are_not_chosen_for_anybody(house: House) -> None:
    publish(house, 14)
    ana = house.person("Ana")
    near, far = (ana.book(protocol="our-peel", on=on) for on in ("2026-12-09", "2027-02-10"))
    publish(house, 21)
    ada = signed_in(house, "Ada")
    page = f"{LIST}/our-peel@2/try"
    text = ada.post(page, {"csrf": ada.mark(page)}).text
    ticked = dict(re.findall(r'name="chosen" value="([^":]+):\d+"( checked)?', text))
    assert ticked == {near.rsplit("/")[-1]: "", far.rsplit("/")[-1]: " checked"}


@pytest.mark.parametrize(
    "chosen", [[], ["x"], ["x:y"], [":"], ["5f0c1d7e-2a64-4c0f-9a55-0d4b8f1f3c21:99999999999"], ["a:1"] * 201]
)
def test_an_odd_choice_moves_nobody(house: House, chosen: list[str]) -> None:
    publish(house, 14)
    ada = signed_in(house, "Ada")
    answer = ada.post(f"{LIST}/our-peel@1/migrate", {"csrf": ada.mark(LIST), "chosen": chosen})
    assert answer.status_code == 422
    assert "Nothing was changed" in text_of(answer)


def test_nobody_is_moved_to_a_draft(house: House) -> None:
    publish(house, 14)
    procedure = house.person("Ana").book(protocol="our-peel")
    draft(house.person("Cleo"), peel(30))
    ada = signed_in(house, "Ada")
    page = f"{LIST}/our-peel@2/try"
    answer = ada.post(page, {"csrf": ada.mark(page)})
    assert 'name="chosen"' not in answer.text
    assert "1 would change." in text_of(answer)
    chosen = f"{procedure.rsplit('/')[-1]}:1"
    assert ada.post(f"{LIST}/our-peel@2/migrate", {"csrf": ada.mark(page), "chosen": chosen}).status_code == 422


def test_of_many_only_so_many_are_shown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol_trying, "MOST_SHOWN", 1)
    publish(house, 14)
    for on in ("2027-01-11", "2027-01-12", "2027-01-13"):
        house.person("Ana").book(protocol="our-peel", on=on)
    publish(house, 21)
    ada = signed_in(house, "Ada")
    page = f"{LIST}/our-peel@2/try"
    answer = ada.post(page, {"csrf": ada.mark(page)})
    assert answer.text.count('name="chosen"') == 1
    assert "and 2 more" in text_of(answer)
