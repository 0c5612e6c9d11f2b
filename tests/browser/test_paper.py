"""The list on paper: one sheet in large type, with days, boxes to tick, whom to call, the version, a code to scan."""

from __future__ import annotations

import re

import pytest

from prep_tracker.catalog.locales import languages
from tests.browser.conftest import PageAt
from tests.browser.paper import Paper
from tests.browser.patients import Patient
from tests.browser.serving import CONTACT, Service

A4 = (210, 297)


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("protocol", ["laser-resurfacing", "laser-ablative"])
def test_the_whole_list_is_on_one_sheet(service: Service, page_at: PageAt, protocol: str, lang: str) -> None:
    procedure = service.book(protocol, answers={"cold-sores": True, "sedation": True} if "ablative" in protocol else {})
    service.clock.go_to("2026-12-04")
    patient = Patient(page_at(390, "dark", lang), lang).come_in(service.link(procedure))
    paper = Paper(patient.page.pdf(prefer_css_page_size=True))
    assert (len(paper.pages), paper.size) == (1, A4)
    listed = service.get(f"/v1/procedures/{procedure}/checklist?lang={lang}")
    titles = [item["title"] for item in listed["items"] if item["opens_on"] or item["due_on"]]
    assert len(titles) >= 8
    assert [title for title in titles if not stands(paper, title)] == []
    assert paper.says(CONTACT["phone"])
    assert paper.says(CONTACT["email"])
    assert paper.says("Aster Skin Clinic")
    assert paper.says(listed["procedure"]["protocol"])
    assert paper.says(f"{service.url}/p/")
    assert paper.says("10:30")
    assert not paper.says(patient.say("page.print"))


def stands(paper: Paper, title: str) -> bool:
    """Say whether a title is on the sheet, whole or word by word where it runs over two lines or two directions."""
    return paper.says(title) or all(paper.says(word) for word in re.findall(r"\w+", title))


def test_the_letters_are_large_and_every_step_has_a_box(service: Service, page_at: PageAt) -> None:
    patient = Patient(page_at()).come_in(service.link(service.book()))
    patient.page.emulate_media(media="print")
    rows = patient.find("prep-checklist .paper li")
    assert rows.count() == 8
    sizes = rows.locator("bdi").evaluate_all("all => all.map(one => parseFloat(getComputedStyle(one).fontSize) * 0.75)")
    assert min(sizes) >= 15
    assert patient.find("prep-checklist .paper li i").evaluate_all(
        "all => all.every(one => one.getBoundingClientRect().width > 15)"
    )
    assert "Fri 4 Dec – Fri 18 Dec" in rows.filter(has_text="No sun").inner_text().replace(",", "")
    for hidden in ("#print", "#out", "nav", "prep-checklist .screen", "#sun"):
        assert not patient.find(hidden).is_visible()


def test_what_is_done_is_ticked(service: Service, page_at: PageAt) -> None:
    patient = Patient(page_at()).come_in(service.link(service.book()))
    patient.tap("done-provider-instructions")
    patient.page.emulate_media(media="print")
    ticked = patient.find("prep-checklist .paper li:has(i:text('✓'))")
    assert [text.splitlines()[1] for text in ticked.all_inner_texts()] == ["Read what your own clinician told you"]


def test_the_code_on_the_sheet_is_drawn(service: Service, page_at: PageAt) -> None:
    patient = Patient(page_at()).come_in(service.link(service.book()))
    patient.page.emulate_media(media="print")
    code = patient.find(".paper img")
    code.wait_for(state="visible")
    assert code.evaluate("one => one.complete && one.naturalWidth > 0")
