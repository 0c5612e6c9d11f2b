"""Take the pictures of the patient's page for the guide anew: ``python -m tests.browser.pictures``."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.architecture.tree import ROOT
from tests.browser.patients import Patient
from tests.browser.serving import BOOKED_ON, Service, running

IMAGES = ROOT / "docs" / "images"
PHONE: Any = {"width": 390, "height": 844}
DESK: Any = {"width": 1000, "height": 900}
SHEET: Any = {"width": 690, "height": 1017}
"""A4 without its margins, at 96 dots an inch."""


def booked(service: Service, day: str) -> str:
    """Book two weeks of a patient who has answered what was asked so far; give a link to it on a day."""
    service.clock.go_to(BOOKED_ON)
    procedure = service.book()
    service.clock.go_to(day)
    for mark in ({"step": "no-sun", "kind": "since", "on": "2026-12-02"}, {"kind": "no_more_products"}):
        service.send("POST", f"/v1/procedures/{procedure}/marks", mark)
    return service.link(procedure)


def main() -> None:
    """Take them."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("PREP_TEST_CHROMIUM") or shutil.which("chromium")
    alone = ["--no-sandbox"] if os.geteuid() == 0 else []
    with TemporaryDirectory() as folder, running(Path(folder)) as found, sync_playwright() as playwright:
        service = Service(*found)
        browser = playwright.chromium.launch(executable_path=path, args=alone)

        def before(day: str, size: dict[str, int], lang: str, scheme: str = "light") -> Patient:
            options: dict[str, Any] = {"viewport": size, "color_scheme": scheme, "locale": lang}
            return Patient(browser.new_context(**options).new_page(), lang).come_in(booked(service, day))

        def take(patient: Patient, name: str) -> None:
            patient.page.wait_for_timeout(300)
            patient.page.screenshot(path=IMAGES / f"patient-{name}.png")

        take(before("2026-12-08", PHONE, "en"), "phone")
        take(before("2026-12-08", PHONE, "nl", "dark"), "dark")
        take(before("2026-12-11", PHONE, "ar"), "arabic")
        desk = before("2026-12-08", DESK, "es")
        desk.open("sun")
        desk.page.fill("#sun-day", "2026-12-06")
        desk.tap("sun-go")
        take(desk, "desktop")
        paper = before("2026-12-08", PHONE, "en")
        paper.tap("done-provider-instructions")
        paper.page.emulate_media(media="print")
        paper.page.set_viewport_size(SHEET)
        paper.page.evaluate("document.getElementById('address').textContent = 'https://prep.example/p/'")
        take(paper, "paper")
        browser.close()


if __name__ == "__main__":
    main()
