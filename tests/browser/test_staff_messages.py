"""The card of messages on a procedure's page: no barrier, on any screen, and sent again by the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from prep_tracker.store import outbox
from prep_tracker.store.message_rows import NewMessage, new_id
from tests.browser.conftest import PageAt
from tests.browser.serving import Service
from tests.browser.staff import Keyboard, Staff

if TYPE_CHECKING:
    from playwright.sync_api import Page

Axe = Callable[["Page"], list[str]]
NARROW = 320
REFUSED = "The mail server answered 550 5.1.1 <a.rather.long.address.of.pia.vermeer@example.org>: User unknown."
AGREED = {
    "reference": "A-1",
    "name": "Pia Vermeer",
    "email": "a.rather.long.address.of.pia.vermeer@example.org",
    "messages": {"email": True, "sms": True},
}


def told(service: Service) -> str:
    """Book a procedure of which a reminder could not be sent this morning; give its id."""
    procedure = service.book(patient=AGREED)
    first = service.get(f"/v1/procedures/{procedure}/messages")["items"][0]
    service.clock.go_to(first["day"], 10)
    day, until = datetime.fromisoformat(first["day"]).date(), datetime.fromisoformat(first["not_after"])
    body = {"lines": [{"kind": line["kind"], "step": line["step"]} for line in first["lines"]]}
    due = service.clock.now - timedelta(hours=1)
    common = {"procedure_id": procedure, "day": day, "not_after": until}
    rows = [
        NewMessage(new_id(), "reminder", "email", body, due, status="failed", reason=REFUSED, **common),  # type: ignore[arg-type]
        NewMessage(new_id(), "reminder", "email", body, due, status="sent", **common),  # type: ignore[arg-type]
        *(
            NewMessage(new_id(), "item.marked", "webhook", {}, due, procedure, status="failed", reason="410")
            for _ in range(5)
        ),
    ]
    service.store.run_write(lambda c: outbox.add(c, service.clinic_id, rows, now=service.clock.now))
    return procedure


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_messages_of_every_kind_have_no_barrier_and_fit(
    service: Service, page_at: PageAt, axe: Axe, scheme: str
) -> None:
    procedure = told(service)
    staff = Staff(page_at(1280, scheme), service).sign_in().procedure(procedure)
    card = staff.page.locator(".messages")
    assert "6 messages could not be sent." in card.inner_text()
    assert REFUSED in card.inner_text()
    assert axe(staff.page) == []
    staff.open_everything()
    assert axe(staff.page) == []
    for width in (640, NARROW):
        staff.page.set_viewport_size({"width": width, "height": 700})
        assert staff.fits(), width
    assert axe(staff.page) == []


@pytest.mark.parametrize("patient", [{"messages": {"email": False, "sms": False}}, {"email": None}])
def test_what_will_not_come_has_no_barrier(
    service: Service, page_at: PageAt, axe: Axe, patient: dict[str, object]
) -> None:
    procedure = service.book(patient=AGREED | patient)
    staff = Staff(page_at(NARROW), service).sign_in().procedure(procedure)
    staff.open_everything()
    assert "will not come." in staff.page.locator(".messages").inner_text()
    assert staff.fits()
    assert axe(staff.page) == []


def test_from_the_worklist_to_the_card_and_sent_again_by_keys(service: Service, page_at: PageAt, axe: Axe) -> None:
    procedure = told(service)
    staff = Keyboard(page_at(1280), service)
    staff.sign_in()
    staff.go("/staff/?days=60")
    staff.press(staff.page.get_by_role("link", name="6 messages could not be sent."))
    staff.page.wait_for_url(f"**/staff/procedures/{procedure}#messages")
    assert staff.page.locator("#messages").evaluate("one => one.getBoundingClientRect().top < innerHeight")
    again = staff.page.get_by_role("button", name="Send again").first
    staff.press(again)
    staff.page.wait_for_selector("#told")
    assert staff.told == "It is planned again, and goes out now."
    assert axe(staff.page) == []
    items = service.get(f"/v1/procedures/{procedure}/messages")["items"]
    assert [one["status"] for one in items if one["channel"] == "email"].count("planned") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_moves_reminders_have_no_barrier(service: Service, page_at: PageAt, axe: Axe, scheme: str) -> None:
    procedure = service.book(patient=AGREED)
    staff = Staff(page_at(NARROW, scheme), service).sign_in().procedure(procedure)
    form = staff.sheet("move")
    form.locator("[name=to_on]").fill("2027-01-22")
    staff.send(form, "See what it would do")
    line = staff.page.locator(".change summary").last
    assert "reminders fall away" in line.inner_text()
    line.click()
    assert staff.page.get_by_text("Are planned", exact=True).is_visible()
    assert staff.fits()
    assert axe(staff.page) == []
