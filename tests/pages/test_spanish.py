"""Staff who work in Spanish read refusals and what the linter finds in Spanish; what cannot be said is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pages.browser import Browser, text_of
from tests.pages.forms import forms, press
from tests.pages.staff import Desk

if TYPE_CHECKING:
    from tests.api.house import House

BROKEN = """\
protocol: our-own
title: {en: Ours}
steps:
  - id: no-sun
    kind: avoid
    of: [snu]
    days_before: 14
"""


def spanish(browser: Browser) -> None:
    """Choose Spanish, as the link at the foot of every page does."""
    assert browser.get("/staff/language?to=es&next=/staff/").status_code == 303


def test_a_conflict_is_told_in_the_language_of_the_page(house: House) -> None:
    ana = Desk(house, "Ana", house.person("Ana").book())
    spanish(ana.browser)
    house.person("Ana").post("/v1/patients", {"reference": "AX-77", "name": "Quinn Example"})
    answer = press(ana.browser, ana.form("patient"), reference="AX-77")
    assert answer.status_code == 409
    assert "Otro paciente de la clínica tiene este número." in text_of(answer)
    expose = ana.form("expose")
    ana.done("end", "cancelled", ("state", "cancelled"))
    late = press(ana.browser, expose, to="sun", on="2026-11-20")
    assert late.status_code == 409
    assert "Este procedimiento está anulado" in text_of(late)
    assert 'lang="en"' not in late.text.partition('id="told"')[2].partition("</div>")[0]


def test_the_linter_speaks_the_language_of_the_page(house: House) -> None:
    cleo = Browser(house)
    cleo.sign_in("Cleo")
    spanish(cleo)
    form = forms(cleo.get("/staff/drafts"))["draft"]
    answer = press(cleo, form, ("do", "check"), text=BROKEN)
    shown = text_of(answer)
    assert "falta severity" in shown
    found = answer.text.partition('class="findings fault"')[2].partition("</ul>")[0]
    assert "is missing" not in found
    assert cleo.get("/staff/language?to=en&next=/staff/").status_code == 303
    again = press(cleo, forms(cleo.get("/staff/drafts"))["draft"], ("do", "check"), text=BROKEN)
    assert "severity is missing" in text_of(again)


def test_a_refusal_for_the_role_is_told_in_spanish_too(house: House) -> None:
    ana = Desk(house, "Ana", house.person("Ana").book())
    spanish(ana.browser)
    answer = ana.browser.post(f"{ana.path}/waive", {"csrf": ana.browser.mark("/staff/"), "step": "no-sun"})
    assert answer.status_code == 403
    assert "Para esto hace falta el papel de personal clínico; el suyo es coordinación." in text_of(answer)
