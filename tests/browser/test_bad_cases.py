"""What goes wrong with phones and networks: said kindly, and nothing is lost or said twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import PageAt
from tests.browser.patients import Patient
from tests.browser.serving import Service

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Route

Axe = Callable[["Page"], list[str]]
OFFLINE = "You have no connection. This is what we knew last."
QUEUED = "You have no connection. We kept what you said on this device and will send it when you are back."
SENT = "You are back. What you said before has been sent."


def marks(service: Service, procedure: str) -> list[str]:
    """List what was marked."""
    return [one["mark"] for one in service.entries(procedure) if one["kind"] == "marked"]


def test_a_double_tap_says_it_once(service: Service, page_at: PageAt) -> None:
    procedure = service.book()
    patient = Patient(page_at()).come_in(service.link(procedure))
    patient.find("#done-provider-instructions").dblclick()
    assert patient.sees("Thank you. We noted it.")
    patient.settle()
    assert marks(service, procedure) == ["done"]


def test_so_do_many_taps_while_the_answer_is_slow(service: Service, page_at: PageAt) -> None:
    procedure = service.book()
    patient = Patient(page_at()).come_in(service.link(procedure))

    def slowly(route: Route) -> None:
        patient.page.wait_for_timeout(300)
        route.continue_()

    patient.page.route("**/v1/portal/procedures/*/*", slowly)
    patient.page.evaluate(
        "() => { const one = document.querySelector('prep-checklist').shadowRoot"
        ".getElementById('done-provider-instructions'); for (let n = 0; n < 5; n++) one.click(); }"
    )
    patient.find("#none-medication-review").click()
    assert patient.sees("Thank you. We noted it.")
    patient.settle()
    patient.page.unroute_all(behavior="wait")
    assert sorted(marks(service, procedure)) == ["done", "no_more_products"]


def test_a_slip_of_the_finger_is_undone_at_once(service: Service, page_at: PageAt, axe: Axe) -> None:
    procedure = service.book()
    patient = Patient(page_at()).come_in(service.link(procedure))
    patient.tap("done-provider-instructions")
    assert patient.page.evaluate("document.querySelector('prep-checklist').shadowRoot.activeElement.id") == "note"
    assert axe(patient.page) == []
    patient.tap("note-undo")
    assert patient.note == "It is undone."
    assert patient.find("#done-provider-instructions").is_visible()
    patient.tap("note-close")
    assert patient.find("#note").count() == 0
    assert service.entries(procedure) == []


def test_what_others_noted_is_not_the_patients_to_undo(service: Service, page_at: PageAt) -> None:
    procedure = service.book()
    service.clock.go_to("2026-12-04")
    body = {"step": "provider-instructions", "kind": "done"}
    service.send("POST", f"/v1/procedures/{procedure}/marks", body)
    carer = Patient(page_at()).come_in(service.link(procedure, **{"for": "carer"}))
    carer.page.fill("#since-no-sun", "2026-11-30")
    carer.tap("go-no-sun")
    assert carer.find("#undo-no-sun").count() == 1
    patient = Patient(page_at()).come_in(service.link(procedure))
    patient.open("past")
    assert patient.find("[data-step=provider-instructions]").is_visible()
    assert patient.find("#undo-provider-instructions").count() == 0
    assert patient.find("#undo-no-sun").count() == 0
    carer.tap("undo-no-sun")
    assert marks(service, procedure) == ["done"]


def test_two_tabs_show_the_same_and_send_once(service: Service, context_at: Callable[..., BrowserContext]) -> None:
    procedure = service.book()
    context = context_at()
    first = Patient(context.new_page()).come_in(service.link(procedure))
    second = Patient(context.new_page())
    second.page.goto(f"{service.url}/p/")
    second.see_list()
    context.set_offline(offline=True)
    first.tap("done-provider-instructions")
    assert first.note == QUEUED
    second.page.wait_for_selector("#drop-provider-instructions")
    context.set_offline(offline=False)
    first.page.wait_for_selector("#note:has-text('has been sent')")
    second.page.wait_for_selector("#drop-provider-instructions", state="detached")
    first.settle()
    second.settle()
    assert marks(service, procedure) == ["done"]


def test_without_a_network_the_list_stays_and_what_is_said_is_sent_later(
    service: Service, page_at: PageAt, axe: Axe
) -> None:
    procedure = service.book()
    patient = Patient(page_at()).come_in(service.link(procedure))
    page = patient.page
    page.context.set_offline(offline=True)
    assert patient.sees(OFFLINE)
    patient.tap("done-provider-instructions")
    assert patient.note == QUEUED
    assert patient.find("#item-provider-instructions").inner_text().count("Waiting to be sent") == 1
    assert axe(page) == []
    page.context.set_offline(offline=False)
    assert patient.sees(SENT)
    assert patient.find(f"text={OFFLINE}").count() == 0
    assert marks(service, procedure) == ["done"]


def test_what_waits_can_be_taken_back_before_it_is_sent(service: Service, page_at: PageAt) -> None:
    procedure = service.book()
    patient = Patient(page_at()).come_in(service.link(procedure))
    patient.page.context.set_offline(offline=True)
    patient.tap("done-provider-instructions")
    patient.find("#drop-provider-instructions").click()
    assert patient.find("#done-provider-instructions").is_visible()
    patient.page.context.set_offline(offline=False)
    patient.come_back()
    assert marks(service, procedure) == []


def test_a_mark_whose_answer_is_lost_on_the_way_is_said_once(service: Service, page_at: PageAt) -> None:
    """The service has done it, the phone has not heard so: it asks again with the same key."""
    procedure = service.book()
    patient = Patient(page_at()).come_in(service.link(procedure))
    keys: list[str | None] = []

    def lose(route: Route) -> None:
        keys.append(route.request.header_value("idempotency-key"))
        route.fetch()
        route.abort("connectionreset")

    patient.page.route("**/marks", lose, times=1)
    patient.tap("done-provider-instructions")
    assert patient.note == QUEUED
    assert marks(service, procedure) == ["done"]
    with patient.page.expect_request("**/marks") as again:
        patient.come_back()
    assert patient.sees(SENT)
    assert [again.value.header_value("idempotency-key")] == keys
    assert marks(service, procedure) == ["done"]


def test_what_was_said_waits_even_when_the_page_is_closed(
    service: Service, context_at: Callable[..., BrowserContext]
) -> None:
    procedure = service.book()
    context = context_at()
    patient = Patient(context.new_page()).come_in(service.link(procedure))
    patient.page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    patient.page.reload()
    patient.see_list()
    context.set_offline(offline=True)
    patient.tap("done-provider-instructions")
    patient.page.close()
    again = Patient(context.new_page())
    again.page.goto(f"{service.url}/p/")
    again.see_list()
    assert again.sees(OFFLINE)
    assert again.sees("Waiting to be sent")
    context.set_offline(offline=False)
    assert again.sees(SENT)
    assert marks(service, procedure) == ["done"]


def test_the_page_opens_without_a_network_and_keeps_no_answer_but_the_list(
    service: Service, context_at: Callable[..., BrowserContext]
) -> None:
    context = context_at(lang="nl")
    patient = Patient(context.new_page(), "nl").come_in(service.link(service.book()))
    patient.page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    patient.page.reload()
    patient.see_list()
    kept = patient.page.evaluate(
        "caches.keys().then(all => Promise.all(all.map(one => caches.open(one).then(c => c.keys()))))"
        ".then(all => all.flat().map(one => new URL(one.url).pathname))"
    )
    assert "/p/" in kept
    assert [path for path in kept if path.startswith("/v1")] == []
    context.set_offline(offline=True)
    patient.page.reload()
    assert patient.see_list().number == "26 dagen"
    assert patient.sees(patient.say("offline"))


def test_a_day_that_comes_without_a_network_asks_for_what_it_brings(
    service: Service, context_at: Callable[..., BrowserContext]
) -> None:
    """The list knows every day ahead, so that a phone in the mountains shows the right one."""
    procedure = service.book()
    service.clock.go_to("2026-12-10")
    page = context_at(timezone_id="Pacific/Auckland").new_page()
    page.clock.install(time=datetime.fromisoformat("2026-12-10T09:00:00+01:00"))
    patient = Patient(page).come_in(service.link(procedure))
    assert patient.states()["no-aha"] == "From Friday 11 December, in 1 day"
    page.context.set_offline(offline=True)
    page.clock.fast_forward("24:00:00")
    page.wait_for_selector("prep-checklist .number:text('7 days')")
    patient.tap("never-no-aha")
    assert patient.note == QUEUED
    service.clock.go_to("2026-12-11")
    page.context.set_offline(offline=False)
    assert patient.sees(SENT)
    assert marks(service, procedure) == ["since"]


@pytest.mark.parametrize("device", ["2026-12-05T09:00:00+01:00", "2026-12-03T09:00:00+01:00"])
def test_a_clock_that_is_wrong_by_a_day_changes_nothing(service: Service, page_at: PageAt, device: str) -> None:
    """The day is the clinic's, also while there is no network."""
    procedure = service.book()
    service.clock.go_to("2026-12-04")
    page = page_at()
    page.clock.install(time=datetime.fromisoformat(device))
    patient = Patient(page).come_in(service.link(procedure))
    assert patient.number == "14 days"
    page.context.set_offline(offline=True)
    assert patient.sees(OFFLINE)
    assert patient.number == "14 days"
    patient.tap("done-provider-instructions")
    page.clock.fast_forward("24:00:00")
    page.wait_for_selector("prep-checklist .number:text('13 days')")
    page.context.set_offline(offline=False)
    assert patient.sees(SENT)
    assert [(one["mark"], one["on"]) for one in service.entries(procedure)] == [("done", "2026-12-04")]


def test_a_session_that_is_ended_while_the_list_is_open_says_what_to_do(
    service: Service, page_at: PageAt, axe: Axe
) -> None:
    procedure = service.book()
    patient = Patient(page_at()).come_in(service.link(procedure))
    service.sign_everybody_out(procedure)
    patient.tap("done-provider-instructions")
    assert patient.sees(
        "You are signed out, and what you said without a connection was not sent. Please call your clinic."
    )
    assert patient.find("prep-checklist .number").count() == 0
    assert patient.kept() == []
    assert axe(patient.page) == []
    patient.page.reload()
    assert patient.sees("You are not signed in")
    patient.page.goto("about:blank")
    assert patient.come_in(service.link(procedure)).number == "26 days"


def test_and_so_it_does_when_nothing_waited(service: Service, page_at: PageAt) -> None:
    procedure = service.book()
    patient = Patient(page_at()).come_in(service.link(procedure))
    service.sign_everybody_out(procedure)
    patient.come_back()
    assert patient.sees("You are signed out. Please ask your clinic for a new link.")
    assert patient.kept() == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_service_that_has_no_time_is_asked_again(service: Service, page_at: PageAt, status: int) -> None:
    procedure = service.book()
    patient = Patient(page_at()).come_in(service.link(procedure))
    patient.page.route("**/marks", lambda route: route.fulfill(status=status, json={"title": "Later"}), times=1)
    patient.tap("done-provider-instructions")
    assert patient.sees("Something went wrong on our side. We will try again soon.")
    assert patient.number == "26 days"
    patient.come_back()
    assert patient.sees(SENT)
    assert marks(service, procedure) == ["done"]


def test_what_is_refused_is_said_and_not_sent_again(service: Service, page_at: PageAt) -> None:
    procedure = service.book()
    patient = Patient(page_at()).come_in(service.link(procedure))
    version = service.get(f"/v1/procedures/{procedure}")["version"]
    service.send("PUT", f"/v1/procedures/{procedure}/state", {"state": "cancelled"}, If_Match=f'"{version}"')
    patient.tap("done-provider-instructions")
    assert patient.note == "This could not be saved."
    assert patient.sees("Your procedure was cancelled. There is nothing you need to do.")
    patient.come_back()
    assert marks(service, procedure) == []


def test_a_procedure_that_is_gone_says_so(service: Service, page_at: PageAt) -> None:
    procedure = service.book()
    patient = Patient(page_at()).come_in(service.link(procedure))
    patient.page.route(
        "**/v1/portal/procedures/*/checklist*", lambda route: route.fulfill(status=404, json={"title": "Gone"})
    )
    patient.come_back()
    assert patient.sees("We cannot find this list any more. Please call your clinic.")
    assert [key for key in patient.kept() if key.endswith((":last", ":queue"))] == []


def test_an_unchanged_list_is_not_sent_again(service: Service, page_at: PageAt) -> None:
    patient = Patient(page_at()).come_in(service.link(service.book()))
    with patient.page.expect_response("**/checklist*") as answered:
        patient.come_back()
    assert answered.value.status == 304
    assert int(answered.value.headers.get("content-length", "0")) == 0


def test_a_look_that_brings_nothing_new_draws_nothing(service: Service, page_at: PageAt) -> None:
    """Somebody may be choosing a day in a calendar that drawing anew would close."""
    page = page_at()
    page.clock.install(time=datetime.fromisoformat("2026-11-22T09:00:00+01:00"))
    patient = Patient(page).come_in(service.link(service.book()))
    for offline in (False, True):
        page.context.set_offline(offline)
        if offline:
            assert patient.sees(OFFLINE)
        page.evaluate("document.querySelector('prep-checklist').shadowRoot.querySelector('h2').dataset.here = '1'")
        for _ in range(3):
            page.clock.fast_forward("01:00")
            patient.come_back()
        assert patient.find("h2[data-here]").count() == 1
