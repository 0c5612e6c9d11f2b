"""The page of one procedure shows whoever has to act what stands in the way, what was said, and what they may do."""

from __future__ import annotations

import re

import pytest

from tests.api.house import NOBODY, PIA, House
from tests.pages.browser import Browser, text_of
from tests.pages.forms import forms
from tests.pages.staff import Desk

CLINICIANS_ONLY = {"waive", "clear"}
STAFFS = {"move", "expose", "product", "step", "event", "link", "end"}


@pytest.fixture
def pia(house: House) -> str:
    """Book Pia's procedure; give its address in the API."""
    return house.person("Ana").book(patient={**PIA, "email": "pia@example.org", "phone": "+31 20 555 0101"})


@pytest.fixture
def desk(house: House, pia: str) -> Desk:
    """Put Ana in front of it."""
    return Desk(house, "Ana", pia)


def test_it_says_who_when_and_what_is_in_the_way(desk: Desk) -> None:
    desk.go_to("2026-12-05")
    page = desk.open()
    said = text_of(page)
    for part in ("Pia", "A-1001", "English", "Friday 18 December 2026, 10:30", "13 days to go", "Waiting"):
        assert part in said, part
    assert 'href="tel:+31205550101"' in page.text
    assert 'href="mailto:pia@example.org"' in page.text
    assert "We do not know yet since when this is kept: No sun and no tanning beds" in said
    assert "patient, by Fri 18 Dec" in said
    assert "Earliest safe day Saturday 19 December 2026" in said


def test_every_item_has_its_days_its_why_and_its_source(desk: Desk, house: House) -> None:
    items = house.person("Ana").get(f"{desk.api}/checklist").json()["items"]
    page = desk.open()
    said = text_of(page)
    for item in items:
        assert f'id="item-{item["step"]}"' in page.text
        for part in (item["title"], item["why"], " ".join(item["source"].split())):
            assert " ".join(part.split()) in said, part
    assert "Fri 4 Dec – Fri 18 Dec" in said


def test_the_patients_own_view_is_in_the_patients_language(house: House) -> None:
    for language, title, group in (
        ("es", "Nada de sol ni de camas solares", "Más adelante"),
        ("ar", "لا شمس ولا أجهزة تسمير", ""),
    ):
        booked = house.person("Ana").book(patient={**PIA, "reference": f"A-{language}", "language": language})
        page = Desk(house, "Ana", booked).open("?view=patient")
        assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page.text
        assert title in text_of(page)
        assert group in text_of(page)
        assert "No sun and no tanning beds" not in page.text.partition('id="checklist"')[2].partition("</section>")[0]


def test_the_record_is_told_in_words_and_what_was_taken_back_is_struck(desk: Desk, house: House) -> None:
    ana = house.person("Ana")
    ana.post(f"{desk.api}/exposures", {"to": "sun", "kind": "sunburn", "on": "2026-11-20", "note": "on the beach"})
    ana.post(f"{desk.api}/entries/2/withdrawal", {"reason": "another patient"})
    ana.post(f"{desk.api}/marks", {"step": "no-sun", "kind": "since", "on": None, "on_behalf_of": "patient"})
    page = desk.open()
    said = text_of(page)
    assert "Booked for Friday 18 December 2026 at 10:30." in said
    assert "Number 2 was a mistake. “ another patient ”" in said
    assert "Never broken, as far as known: No sun and no tanning beds." in said
    assert "Ana , coordinator, told by the patient" in said
    struck = re.search(r"<del>(.*?)</del>", page.text, re.DOTALL)
    assert struck is not None
    assert "Contact with sun (sunburn) on Friday 20 November 2026." in struck[1]
    shown = forms(page)
    assert "undo-4" in shown
    assert not {"undo-1", "undo-2", "undo-3"} & set(shown)


def test_only_what_the_role_may_do_is_shown(house: House, pia: str) -> None:
    for person, clinician in (("Ana", False), ("Ada", False), ("Cleo", True)):
        booked = house.person("Ana").book(protocol="laser-ablative", patient=PIA)
        shown = set(forms(Desk(house, person, booked).open()))
        assert shown >= STAFFS, person
        assert (shown >= CLINICIANS_ONLY) == clinician, person
        house.person("Ana").post(f"{pia}/products", {"text": "Roaccutane", "kind": "medicine"})
        decisions = {name for name in forms(Desk(house, person, pia).open()) if name.startswith("decide-")}
        assert bool(decisions) == clinician


def test_products_are_shown_with_the_words_that_matched(desk: Desk, house: House) -> None:
    house.person("Ana").post(f"{desk.api}/products", {"text": "Differin gel", "kind": "skincare"})
    house.person("Ana").post(f"{desk.api}/products", {"text": "Xyzzy balm", "kind": "skincare"})
    said = text_of(desk.open())
    assert "“ Differin ”" in said or "“Differin”" in said
    assert "retinoids" in said
    assert "We do not know this one. That does not mean that it is safe." in said


def test_another_clinics_procedure_is_a_page_that_does_not_exist(pia: str, browser: Browser) -> None:
    browser.sign_in("Ben")
    path = f"/staff/procedures/{pia.rsplit('/', 1)[-1]}"
    answers = [browser.get(path), browser.get(f"/staff/procedures/{NOBODY}"), browser.get("/staff/procedures/nonsense")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({re.sub(r"[0-9a-f]{64}|/staff/procedures/[\w-]+", "", answer.text) for answer in answers}) == 1
    assert "Pia" not in answers[0].text


def test_what_people_typed_is_text_on_the_page(house: House) -> None:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
    booked = house.person("Ana").book(patient={**PIA, "name": evil, "reference": '"><b>1'})
    ana = house.person("Ana")
    ana.post(f"{booked}/products", {"text": evil, "kind": "skincare"})
    ana.post(f"{booked}/exposures", {"to": "sun", "on": "2026-11-20", "note": evil})
    page = Desk(house, "Ana", booked).open()
    assert "<script>alert" not in page.text
    assert "<img" not in page.text
    assert "<b>1" not in page.text
    assert page.text.count("&lt;script&gt;alert(1)") >= 3
    assert "unsafe" not in page.headers["content-security-policy"]
    assert not re.search(r"<(?:div|p|section|form|span|li)[^>]* (?:style|on\w+)=", page.text)


def test_it_speaks_spanish(desk: Desk) -> None:
    desk.browser.get("/staff/language?to=es&next=/staff/")
    page = desk.open()
    said = text_of(page)
    for part in (
        "Lista de preparación",
        "Cambiar de día",
        "Qué puede hacer",
        "Nada de sol",
        "Dentro de 26 días",
        "Cita para el",
    ):
        assert part.casefold() in said.casefold(), part
    assert '<html lang="es">' in page.text


def test_an_unknown_word_in_the_address_says_nothing(desk: Desk) -> None:
    assert 'role="status"' not in desk.open("?done=<script>&at=x").text
    assert 'role="status"' in desk.open("?done=moved").text


def test_the_address_of_a_form_leads_to_the_page(desk: Desk) -> None:
    answer = desk.browser.get(f"{desk.path}/move")
    assert (answer.status_code, answer.headers["location"]) == (303, desk.path)


def test_a_cancelled_procedure_offers_nothing_more(desk: Desk, house: House) -> None:
    ana = house.person("Ana")
    tag = ana.get(desk.api).headers["etag"]
    ana.send("PUT", f"{desk.api}/state", json={"state": "cancelled"}, headers={"If-Match": tag})
    page = desk.open()
    assert set(forms(page)) == {"patient"}, "who it was may still be corrected"
    assert "Nothing can be changed on it any more." in text_of(page)


def test_whoever_opens_it_stands_in_the_audit(desk: Desk, house: House, pia: str) -> None:
    desk.open()
    house.wait(house.app.state.service.trail.flush(house.store))
    rows = [row for row in house.rows()["audit"] if pia.rsplit("/", 1)[-1] in row]
    patient = house.person("Ana").get(pia).json()["patient"]["id"]
    assert any("procedure.read" in row and patient in row and "Ana" in row for row in rows), rows


def opened(page: str) -> set[str]:
    """Give the groups of forms, and the items, that are open when a page comes."""
    groups = set(re.findall(r'<details id="do-([a-z]+)" open>', page))
    items = re.findall(r'<li class="item [a-z]+" id="item-([a-z-]+)">\s*(?:<p[^>]*>[^<]*</p>\s*)?<details open>', page)
    return groups | {f"item-{step}" for step in items}


def test_what_is_likely_needed_next_is_open_and_nothing_else(house: House) -> None:
    ana = house.person("Ana")
    booked = ana.book()
    desk = Desk(house, "Ana", booked)
    assert opened(desk.open().text) == {"item-medication-review"}
    ana.post(f"{booked}/marks", {"kind": "no_more_products"})
    assert opened(desk.open().text) == {"access"}, "nothing is in the way, and the patient was never there"
    ana.post(f"{booked}/exposures", {"to": "sun", "on": "2026-11-22"})
    desk.go_to("2026-12-05")
    ana.post(f"{booked}/exposures", {"to": "sun", "on": "2026-12-05"})
    assert opened(desk.open().text) == {"move"}
    desk.go_to("2026-12-19")
    assert opened(desk.open().text) == {"end"}


def test_a_clinician_finds_open_what_only_a_clinician_can_do(house: House) -> None:
    ana = house.person("Ana")
    booked = ana.book(protocol="laser-ablative")
    assert opened(Desk(house, "Ana", booked).open().text) == {"item-no-sun"}
    ana.post(f"{booked}/marks", {"kind": "no_more_products"})
    for item in ana.get(f"{booked}/checklist").json()["items"]:
        if item["kind"] == "avoid":
            ana.post(f"{booked}/marks", {"step": item["step"], "kind": "since", "on": None})
    assert opened(Desk(house, "Ana", booked).open().text) == {"answer"}
    ana.post(f"{booked}/marks", {"step": "pregnancy", "kind": "unsafe"})
    assert opened(Desk(house, "Cleo", booked).open().text) == {"gate"}
    assert opened(Desk(house, "Ana", booked).open().text) == {"move"}
