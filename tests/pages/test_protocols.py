"""The protocol pages: read as a calendar, compared in words; drafts only for those who write, and only one's own."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
import yaml

from prep_tracker.api.pages.protocol_calendar import Scale
from prep_tracker.api.pages.protocol_drafts import written_anew
from prep_tracker.catalog import lexicon, load_protocol, protocol, slugs
from prep_tracker.catalog.published import content_of
from tests.api.house import House
from tests.api.test_publishing import draft, peel, publish
from tests.pages.browser import Browser, text_of

LIST = "/staff/protocols"
NEW = "/staff/drafts"
HOSTILE = "<script>alert(1)</script>"


def signed_in(house: House, person: str) -> Browser:
    browser = Browser(house)
    browser.sign_in(person)
    return browser


def press(browser: Browser, page: str, address: str, **fields: object) -> str:
    """Press a button of a page, and give the page that comes."""
    answer = browser.post(address, {"csrf": browser.mark(page), **fields})
    if answer.status_code == 303:
        answer = browser.get(answer.headers["location"])
    return answer.text


def test_all_protocols_are_listed_and_drafts_only_for_those_who_write(house: House) -> None:
    draft(house.person("Cleo"), peel())
    cleo, ana, ben = (signed_in(house, name).get(LIST) for name in ("Cleo", "Ana", "Bea"))
    assert "Laser skin resurfacing" in text_of(ana)
    assert "Our peel" in text_of(cleo)
    assert "Draft of version 1" in text_of(cleo)
    for page in (ana, ben):
        assert "Our peel" not in text_of(page)
        assert "our-peel" not in page.text


@pytest.mark.parametrize("slug", slugs())
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_shipped_protocol_is_read_as_a_calendar(browser: Browser, slug: str, language: str) -> None:
    browser.sign_in("Ana")
    page = browser.get(f"{LIST}/{slug}?on=2027-03-10&lang={language}")
    assert page.status_code == 200
    shipped = protocol(slug)
    for step in shipped.steps:
        assert f'id="step-{step.id}"' in page.text
        assert step.title.get(language, step.title["en"]) in text_of(page)
    assert page.text.count('<svg viewBox="0 0 640 20"') == len(shipped.steps)
    assert "style=" not in page.text


def test_a_step_says_when_it_opens_what_is_asked_and_where_that_comes_from(browser: Browser) -> None:
    browser.sign_in("Ana")
    told = text_of(browser.get(f"{LIST}/laser-resurfacing?on=2027-03-18"))
    assert "Thu 4 Mar · 14 days before" in told
    assert "Asked 14 clear days" in told
    assert "Source: Two weeks is the commonest figure" in told


@pytest.mark.parametrize("on", ["", "2027-02-30", "1", "0001-01-01", "9999-12-31", "é", "2199-12-31", "1900-01-01"])
def test_whatever_day_is_asked_for_a_page_comes(browser: Browser, on: str) -> None:
    browser.sign_in("Ana")
    assert browser.get(f"{LIST}/laser-resurfacing?on={on}").status_code == 200


@pytest.mark.parametrize("name", ["nothing", "laser-resurfacing@9", "laser-resurfacing@x", "a@", "é", "x" * 65, "@1"])
def test_what_is_not_there_is_a_page_that_says_so(browser: Browser, name: str) -> None:
    browser.sign_in("Cleo")
    answer = browser.get(f"{LIST}/{name}")
    assert (answer.status_code, "no such page" in text_of(answer)) == (404, True)


def test_a_draft_of_another_clinic_is_not_there(house: House) -> None:
    draft(house.person("Cleo"), peel())
    bea = signed_in(house, "Bea")
    for path in ("our-peel", "our-peel@1", "our-peel@1/try", "our-peel/compare?from=1&to=1"):
        assert bea.get(f"{LIST}/{path}").status_code == 404
    for act in ("publish", "retire", "try", "migrate"):
        fields = {"csrf": bea.mark(LIST), "chosen": "5f0c1d7e-2a64-4c0f-9a55-0d4b8f1f3c21:1"}
        assert bea.post(f"{LIST}/our-peel@1/{act}", fields).status_code == 404
    assert bea.get(f"{NEW}?from=our-peel@1").status_code == 404


def test_who_does_not_write_protocols_may_not(house: House) -> None:
    draft(house.person("Cleo"), peel())
    ana = signed_in(house, "Ana")
    assert ana.get(f"{LIST}/our-peel@1").status_code == 404
    for path in (NEW, f"{LIST}/our-peel@1/try"):
        assert ana.get(path).status_code == 403
    before = house.rows()["protocol_versions"]
    for path in (NEW, *(f"{LIST}/our-peel@1/{act}" for act in ("publish", "retire", "try", "migrate"))):
        assert ana.post(path, {"csrf": ana.mark("/staff/"), "do": "keep"}).status_code == 403
    assert house.rows()["protocol_versions"] == before


def test_a_form_that_is_not_ours_does_nothing(house: House) -> None:
    draft(house.person("Cleo"), peel())
    ada = signed_in(house, "Ada")
    before = house.rows()["protocol_versions"]
    for path in (NEW, *(f"{LIST}/our-peel@1/{act}" for act in ("publish", "retire", "try", "migrate"))):
        assert ada.post(path, {"csrf": "00" * 32, "do": "keep", "text": yaml.safe_dump(peel())}).status_code == 403
    assert house.rows()["protocol_versions"] == before


def test_two_versions_are_compared_in_words(house: House) -> None:
    publish(house, 14)
    publish(house, 21)
    house.person("Ana").book(protocol="our-peel@1")
    cleo = signed_in(house, "Cleo")
    assert f"{LIST}/our-peel/compare?from=1&amp;to=2" in cleo.get(f"{LIST}/our-peel").text
    told = text_of(cleo.get(f"{LIST}/our-peel/compare?from=1&to=2"))
    assert "No sun and no tanning beds: 14 days → 21 days before." in told
    assert "It asks 1 patient to start earlier." in told
    assert "Both ask for the same." in text_of(cleo.get(f"{LIST}/our-peel/compare?from=2&to=2"))
    for query in ("", "?from=1", "?from=x&to=2", "?from=1&to=9", "?from=1&to=1234567"):
        assert cleo.get(f"{LIST}/our-peel/compare{query}").status_code == 404


def test_script_in_a_protocol_stays_text(house: House) -> None:
    first = peel()["steps"][0] | {"title": HOSTILE, "detail": HOSTILE, "source": HOSTILE, "assumed": HOSTILE}
    publish(house, title=HOSTILE, summary=HOSTILE, steps=[first])
    publish(house, title=HOSTILE, steps=[first | {"detail": HOSTILE * 2, "days_before": 20}])
    cleo = signed_in(house, "Cleo")
    compare = f"{LIST}/our-peel/compare?from=1&to=2"
    for path in (LIST, f"{LIST}/our-peel@1", compare, f"{NEW}?from=our-peel@1", f"{LIST}/our-peel@1/try"):
        page = cleo.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;" in page.text


def test_a_condition_is_said_in_words(house: House) -> None:
    steps = peel()["steps"]
    fact = {"id": "pregnant", "type": "yes-no", "ask": "Are you pregnant?"}
    when = {"any": [{"fact": "pregnant", "is": True}, {"not": {"uses": "retinoid"}}, {"starts": {"before": "12:00"}}]}
    publish(house, facts=[fact], steps=[steps[0], steps[1] | {"when": when}])
    told = text_of(signed_in(house, "Ana").get(f"{LIST}/our-peel"))
    assert re.search(
        r"Only if Are you pregnant\? Yes or not: uses [\w ]+ or the procedure begins before 12:00", told
    ), told


def test_the_scale_keeps_days_in_order_and_labels_apart() -> None:
    scale = Scale(-200, 40)
    places = [scale.x(day) for day in range(-200, 41)]
    assert places == sorted(places)
    assert scale.x(-500) == 0.0
    assert scale.x(500) == 640.0
    labels = [x for x, _ in scale.ticks()]
    assert all(b - a >= 40 for a, b in pairwise(labels))


@pytest.mark.parametrize("slug", slugs())
def test_what_is_written_anew_reads_as_the_same(slug: str) -> None:
    content, digest = content_of(protocol(slug))
    again, found = load_protocol(written_anew(content), lexicon(), slug)
    assert again is not None
    assert content_of(again)[1] == digest
    assert [one for one in found if one.finding.level == "fault"] == []
