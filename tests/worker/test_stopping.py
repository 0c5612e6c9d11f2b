"""Whoever got an e-mail stops further ones by its link, and by nothing less than pressing the button."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.worker.office import PIA_AGREED, Office
from tests.worker.test_reminding import at


def sent(office: Office, **patient: Any) -> str:  # noqa: ANN401 - any field of a patient
    """Let an e-mail be sent; give the path of the link in it."""
    office.house.person("Ana").book(patient=PIA_AGREED | patient)
    office.go_to(at("2026-11-25", 8))
    (mail,) = office.email.taken()
    link = mail.headers["List-Unsubscribe"].strip("<>")
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in mail.text
    assert link in (mail.html or "")
    return link.removeprefix("https://prep.example")


def agreed(office: Office) -> dict[str, bool]:
    found = office.house.person("Ana").get("/v1/patients", reference="A-1001").json()["items"]
    messages: dict[str, bool] = found[0]["messages"]
    return messages


def test_looking_at_the_page_changes_nothing_and_its_button_stops_e_mails(office: Office) -> None:
    path = sent(office, language="es", messages={"email": True, "sms": True})
    nobody = office.house.stranger()
    page = nobody.send("GET", path, check=False)
    assert page.status_code == 200
    assert "No recibir más correos" in page.text
    assert "Pia" not in page.text
    assert agreed(office) == {"email": True, "sms": True}
    done = nobody.send("POST", path, check=False, data={})
    assert done.status_code == 200
    assert "Ya no recibirá correos de Aster" in done.text
    assert agreed(office) == {"email": False, "sms": True}
    office.wait(timedelta(days=20), timedelta(hours=6))
    assert office.email.taken() == []


def test_a_mail_program_stops_them_by_itself_and_twice_is_once(office: Office) -> None:
    path, nobody = sent(office), office.house.stranger()
    for _ in range(2):
        assert nobody.send("POST", path, check=False, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert agreed(office)["email"] is False
    lines = [line for line in office.house.rows()["audit"] if "patient.emails-stopped" in line]
    assert len(lines) == 1


def test_an_address_that_nobody_was_sent_leads_nowhere(office: Office) -> None:
    path, nobody = sent(office), office.house.stranger()
    _, _, clinic, message = path.split("/")
    birch = office.house.clinics["Birch"]
    unknown = f"msg_{'0' * 32}"
    for wrong in (f"{birch}/{message}", f"{clinic}/{unknown}", f"x/{message}", f"*/{message}", f"{clinic}/{'x' * 99}"):
        assert nobody.get(f"/stop/{wrong}").status_code == 404
        assert nobody.send("POST", f"/stop/{wrong}", data={}).status_code == 404
    assert agreed(office)["email"] is True


def test_a_webhooks_id_stops_nothing(office: Office) -> None:
    office.endpoint()
    sent(office)
    (told, *_) = office.rows(channel="webhook")
    assert office.house.stranger().get(f"/stop/{told['clinic_id']}/{told['id']}").status_code == 404
