"""A morning's work at the pages, from signing in to a patient who is cleared: by mouse, by keys, without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import PageAt
from tests.browser.serving import Service
from tests.browser.staff import Keyboard, Mouse, say, somebody

if TYPE_CHECKING:
    from playwright.sync_api import Locator

WAYS = {"mouse": (Mouse, 1280, True), "keyboard": (Keyboard, 1280, True), "no script": (Mouse, 1280, False)}
MORNING = "2026-12-01"
SAID = {"do": "done", "gate": "safe"}


def say_what_is_known(service: Service, procedure: str) -> None:
    """Say of every step what can be said today, well."""
    for item in service.get(f"/v1/procedures/{procedure}/checklist?all=true")["items"]:
        if item["kind"] == "avoid" and item["state"] == "unknown" and item["step"] != "no-sun":
            say(service, procedure, {"step": item["step"], "kind": "since", "on": None})
        elif item["kind"] in SAID and (item["opens_on"] or "") <= service.clock.day and item["state"] != "done":
            say(service, procedure, {"step": item["step"], "kind": SAID[item["kind"]]})
    say(service, procedure, {"kind": "no_more_products"})


def sign_in(staff: Mouse, role: str) -> None:
    """Open the worklist, be asked who one is, and come back to it."""
    staff.go("/staff/")
    key = staff.page.locator("#key")
    assert key.evaluate("one => one === document.activeElement")
    staff.write(key, staff.service.keys[role])
    staff.press(staff.page.locator("main form button"))
    staff.page.wait_for_selector("h1:has-text('Who is not ready')")


def open_box(staff: Mouse, selector: str) -> Locator:
    """Unfold something by its heading, unless it is open."""
    box = staff.page.locator(selector)
    if box.get_attribute("open") is None:
        staff.press(box.locator("summary").first)
    return box


def done(staff: Mouse, button: Locator, says: str) -> None:
    """Press a button and read what came of it."""
    with staff.page.expect_navigation():
        staff.press(button)
    assert says in staff.told


def find(staff: Mouse, name: str, *, scripts: bool) -> None:
    """Look for somebody in the next weeks; what was looked for stays in the address."""
    staff.choose(staff.page.locator("#days"), "Next 30 days")
    staff.write(staff.page.locator("#q"), name)
    if not scripts:
        staff.press(staff.page.locator(".filters button"))
    staff.page.wait_for_url(f"**/staff/?*days=30*q={name}*" if scripts else f"**/staff/?*q={name}*")
    staff.page.reload()
    assert staff.page.locator("#q").input_value() == name
    assert staff.page.locator("#days").input_value() == "30"
    assert staff.rows() == ["Uma Example"]
    staff.press(staff.page.locator("#list tbody th a"))
    staff.page.wait_for_selector(".stands")


def report_sun(staff: Mouse) -> None:
    """Report that somebody was in the sun yesterday."""
    open_box(staff, "#do-expose")
    form = staff.sheet("expose")
    staff.choose(form.locator("select[name=to]"), "Sun")
    staff.write(form.locator("[name=on]"), "2026-11-30")
    done(staff, form.get_by_role("button"), "The contact was reported.")
    assert staff.standing == "Blocked"


def answer(staff: Mouse) -> None:
    """Answer the one question that is open."""
    open_box(staff, "#do-answer")
    form = staff.sheet("answer")
    staff.mark(form.locator("[type=radio][name$=sedation]"), "false")
    done(staff, form.get_by_role("button"), "The answers were saved.")


def move(staff: Mouse, procedure: str) -> str:
    """Look what a move to the better day would do, and only then move; give the new day."""
    before = staff.service.get(f"/v1/procedures/{procedure}")
    open_box(staff, "#do-move")
    with staff.page.expect_navigation():
        staff.press(staff.sheet("move").get_by_role("button", name="Better:"))
    assert staff.page.locator(".change .standing").all_inner_texts()[0] == "Blocked"
    assert staff.service.get(f"/v1/procedures/{procedure}") == before
    done(staff, staff.page.locator("button[name=do][value=apply]"), "Moved.")
    on = str(staff.service.get(f"/v1/procedures/{procedure}")["on"])
    assert on == before["earliest_preferred_on"]
    return on


def decide(staff: Mouse) -> None:
    """Decide about the one product."""
    item = staff.page.locator("li[id^=product-]")
    assert item.locator("form").count()
    form = item.locator("form").first
    if not form.is_visible():
        staff.press(item.locator("summary", has_text="Decide"))
    staff.mark(form.locator("[name=decision]"), "hold")
    done(staff, form.get_by_role("button", name="Save the decision"), "The decision was saved.")


def clear(staff: Mouse) -> None:
    """Let the procedure go ahead."""
    open_box(staff, "#do-clear")
    form = staff.sheet("clear")
    for box in form.locator("[type=checkbox]").all():
        staff.press(box)
    done(staff, form.get_by_role("button"), "Cleared.")


@pytest.mark.parametrize("way", WAYS)
def test_from_signing_in_to_a_cleared_patient(service: Service, page_at: PageAt, way: str) -> None:
    hands, width, scripts = WAYS[way]
    product = {"text": "Differin 0.1% gel", "kind": "skincare"}
    answers = {"cold-sores": False, "area": "other"}
    uma = somebody(service, "Uma", "2026-12-12", "laser-ablative", answers=answers, products=[product])
    somebody(service, "Zoe", "2026-12-10")
    service.clock.go_to(MORNING)
    say_what_is_known(service, uma)

    ana = hands(page_at(width, java_script_enabled=scripts), service)
    sign_in(ana, "coordinator")
    assert sorted(ana.rows()) == ["Uma Example", "Zoe Example"]
    find(ana, "uma", scripts=scripts)
    report_sun(ana)
    assert (service.entries(uma)[-1]["to"], service.entries(uma)[-1]["on"]) == ("sun", "2026-11-30")
    answer(ana)
    assert service.entries(uma)[-1]["answers"] == {"sedation": False}
    moved_to = move(ana, uma)
    assert ana.page.locator("#do-clear").count() == 0

    cleo = hands(page_at(width, java_script_enabled=scripts), service)
    sign_in(cleo, "clinician")
    find(cleo, "uma", scripts=scripts)
    decide(cleo)

    service.clock.go_to(moved_to)
    say_what_is_known(service, uma)
    cleo.page.context.clear_cookies()
    sign_in(cleo, "clinician")
    find(cleo, "uma", scripts=scripts)
    clear(cleo)
    assert cleo.standing == "Ready"
