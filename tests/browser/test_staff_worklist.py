"""The worklist keeps its address, brings itself up to date without disturbing anybody, and is small and quick."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import PageAt
from tests.browser.serving import Service
from tests.browser.staff import Staff, somebody

if TYPE_CHECKING:
    from playwright.sync_api import Page

MOST_BYTES = 80_000
ROWS = 50
PAINT = "() => performance.getEntriesByName('first-contentful-paint').map(one => one.startTime)[0]"


def refresh(page: Page) -> None:
    """Have the minute go by after which the list asks for itself."""
    with page.expect_response(lambda answer: answer.request.headers.get("x-refresh") == "1"):
        page.clock.fast_forward(61_000)


def test_what_is_asked_for_stands_in_the_address(service: Service, page_at: PageAt) -> None:
    for name in ("Pia", "Quinn"):
        somebody(service, name, "2026-12-18")
    page = Staff(page_at(1280), service).sign_in().page
    page.select_option("#days", "60")
    page.wait_for_url("**/staff/?days=60")
    page.wait_for_selector("#list tbody tr")
    page.get_by_role("checkbox", name="Waiting").check()
    page.wait_for_url("**/staff/?days=60&standing=waiting")
    page.locator("#q").press_sequentially("pi")
    page.wait_for_url("**/staff/?days=60&standing=waiting&q=pi")
    page.wait_for_selector("#everybody")
    page.go_back()
    page.wait_for_url("**/staff/?days=60&standing=waiting")
    page.reload()
    assert page.get_by_role("checkbox", name="Waiting").is_checked()
    assert page.locator("#days").input_value() == "60"
    assert page.locator("#list tbody tr").count() == 2


def test_the_list_brings_itself_up_to_date_and_leaves_the_focus_where_it_is(service: Service, page_at: PageAt) -> None:
    pia = somebody(service, "Pia", "2026-12-05")
    page = page_at(1280)
    page.clock.install()
    staff = Staff(page, service).sign_in().go("/staff/?days=14")
    page.locator(f"#row-{pia}").focus()
    page.evaluate(
        "() => { window.seen = []; new MutationObserver(all => all.forEach(one => window.seen.push("
        "document.querySelectorAll('#list tbody tr').length))).observe(document.querySelector('main'),"
        " {childList: true, subtree: true}); window.scrollTo(0, 100); }"
    )
    service.clock.go_to("2026-11-22", 9, 20)
    somebody(service, "Quinn", "2026-12-06")
    refresh(page)
    page.wait_for_selector("text=Brought up to date at 09:20")
    assert sorted(staff.rows()) == ["Pia Example", "Quinn Example"]
    assert page.evaluate("document.activeElement.id") == f"row-{pia}"
    assert 0 not in page.evaluate("window.seen")
    assert page.url.endswith("/staff/?days=14")


def test_the_chart_brings_itself_up_to_date_with_the_list_in_one_request(service: Service, page_at: PageAt) -> None:
    page = page_at(1280)
    page.clock.install()
    asked: list[str] = []
    Staff(page, service).sign_in()
    page.wait_for_load_state("networkidle")
    page.on("request", lambda request: asked.append(request.url))
    chart = page.locator("figure.chart")
    assert not chart.is_visible()
    somebody(service, "Pia", "2026-12-05")
    refresh(page)
    page.wait_for_selector("#chart-days .total")
    assert chart.is_visible()
    assert page.locator("#chart-days .total").all_text_contents() == ["1"]
    assert len(asked) == 1
    chart.locator("summary").click()
    box = chart.locator("details .scroll")
    box.focus()
    somebody(service, "Quinn", "2026-12-05")
    refresh(page)
    page.wait_for_selector("#chart-days .total:text-is('2')")
    assert page.locator("#chart-table tr").count() == 1
    assert "2" in page.locator("#chart-table td").all_inner_texts()
    assert chart.locator("details[open]").count() == 1
    assert box.evaluate("one => one === document.activeElement")
    assert len(asked) == 2


def test_the_chart_follows_the_list_when_it_is_narrowed(service: Service, page_at: PageAt) -> None:
    page = Staff(page_at(1280), service).sign_in().page
    somebody(service, "Pia", "2026-12-05")
    page.select_option("#days", "60")
    page.wait_for_url("**/staff/?days=60")
    page.wait_for_selector("#chart-days .total:text-is('1')")
    assert page.locator("figure.chart").is_visible()


def test_what_somebody_types_survives_a_refresh(service: Service, page_at: PageAt) -> None:
    somebody(service, "Pia", "2026-12-05")
    page = page_at(1280)
    page.clock.install()
    Staff(page, service).sign_in()
    page.locator("#from").focus()
    refresh(page)
    page.wait_for_selector("#list tbody tr")
    assert page.evaluate("document.activeElement.id") == "from"


def test_fifty_rows_are_small_and_quick(service: Service, page_at: PageAt, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(ROWS):
        somebody(service, f"Pia{number}", "2026-12-05")
    first = page_at(1280)
    Staff(first, service).sign_in()
    cookies = first.context.cookies()
    page = page_at(1280)
    page.context.add_cookies([{"name": one["name"], "value": one["value"], "url": service.url} for one in cookies])
    sent: list[int] = []

    def count(request: object) -> None:
        sizes = request.sizes()  # type: ignore[attr-defined]
        sent.append(sizes["responseBodySize"] + sizes["responseHeadersSize"])

    page.on("requestfinished", count)
    page.goto(f"{service.url}/staff/", wait_until="networkidle")
    assert page.locator("#list tbody tr").count() == ROWS
    cold, size = page.evaluate(PAINT), sum(sent)
    page.reload(wait_until="networkidle")
    with capsys.disabled():
        print(f"\n50 rows: {size} bytes; first paint {cold:.0f} ms, again {page.evaluate(PAINT):.0f} ms")  # noqa: T201 - the measure
    assert size <= MOST_BYTES
