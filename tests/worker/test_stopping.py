"""Whoever got a message stops further ones of its kind by its link, and by nothing less than pressing the button."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from prep_tracker.domain.stop_code import encode
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


def test_a_text_message_has_its_own_link_which_stops_text_messages_only(office: Office) -> None:
    office.house.person("Ana").book(patient=PIA_AGREED | {"language": "nl", "messages": {"email": True, "sms": True}})
    office.go_to(at("2026-11-25", 8))
    (text,) = office.sms.taken()
    begin, _, link = text.text.rpartition(" ")
    assert begin == "Een herinnering van Aster: https://prep.example/p/ Stoppen:"
    assert len(text.text) <= 160
    path, nobody = link.removeprefix("https://prep.example"), office.house.stranger()
    assert "Geen sms-berichten meer" in nobody.send("GET", path, check=False).text
    assert agreed(office) == {"email": True, "sms": True}
    assert "geen sms-berichten meer van Aster" in nobody.send("POST", path, check=False, data={}).text
    assert agreed(office) == {"email": True, "sms": False}
    assert [line for line in office.house.rows()["audit"] if "patient.texts-stopped" in line]
    office.wait(timedelta(days=20), timedelta(hours=6))
    assert office.sms.taken() == []
    assert office.email.taken() != []


def test_addresses_of_messages_that_were_sent_before_still_stop_them(office: Office) -> None:
    sent(office)
    (row,) = office.rows(topic="reminder", status="sent")
    path = f"/stop/{row['clinic_id']}/{row['id']}"
    assert office.house.stranger().send("POST", path, check=False, data={}).status_code == 200
    assert agreed(office)["email"] is False


def test_an_address_that_nobody_was_sent_leads_nowhere_and_says_so_kindly(office: Office) -> None:
    path, nobody = sent(office), office.house.stranger()
    (row,) = office.rows(topic="reminder", status="sent")
    clinic, message, birch = row["clinic_id"], row["id"], office.house.clinics["Birch"]
    unknown = f"msg_{'0' * 32}"
    long = (f"{birch}/{message}", f"{clinic}/{unknown}", f"x/{message}", f"*/{message}", f"{clinic}/{'x' * 99}")
    short = (encode(birch, message), encode(clinic, unknown), path[3:-1], "x", "x" * 43)
    said = set()
    for wrong in (*(f"/stop/{one}" for one in long), *(f"/s/{one}" for one in short)):
        for method in ("GET", "POST"):
            page = nobody.send(method, wrong, check=False, headers={"Accept-Language": "es"})
            assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
            assert page.headers["content-language"] == "es"
            said.add(page.text)
    assert len(said) == 1
    assert "Este enlace no lleva a ninguna parte" in said.pop()
    assert agreed(office)["email"] is True


def test_a_webhooks_id_stops_nothing(office: Office) -> None:
    office.endpoint()
    sent(office)
    (told, *_) = office.rows(channel="webhook")
    assert (
        office.house.stranger().send("GET", f"/s/{encode(told['clinic_id'], told['id'])}", check=False).status_code
        == 404
    )
