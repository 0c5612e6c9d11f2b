"""Staff see what was sent, what is planned and what will not come, each with why; and may send something once more."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from prep_tracker.channels import Failed, Gone, Retry, Sent
from tests.worker.office import PIA_AGREED, Office
from tests.worker.test_reminding import at

Json = dict[str, Any]


def shown(office: Office, procedure: str, *, texts: bool = False) -> list[Json]:
    answer = office.house.person("Ana").get(f"{procedure}/messages", texts=str(texts).lower())
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["items"]
    return found


def by_status(items: list[Json], status: str) -> list[str]:
    return [item["day"] for item in items if item["status"] == status]


def test_what_is_planned_is_what_will_be_sent(office: Office) -> None:
    procedure = office.house.person("Ana").book(patient=PIA_AGREED)
    planned = [(item["day"], item["due_at"], item["lines"]) for item in shown(office, procedure)]
    assert len(planned) > 5
    office.wait(timedelta(days=40), timedelta(hours=1))
    sent = office.rows(topic="reminder")
    assert [row["day"].isoformat() for row in sent] == [day for day, _, _ in planned]
    for row, (_, due_at, lines) in zip(sent, planned, strict=True):
        assert f"{row['created_at']:%Y-%m-%dT%H:%M:%SZ}" == due_at
        assert row["body"]["lines"] == [{"kind": line["kind"], "step": line["step"]} for line in lines]


@pytest.mark.parametrize(
    "ways", [{"email": True, "sms": False}, {"email": False, "sms": True}, {"email": True, "sms": True}]
)
def test_a_planned_one_can_be_read_as_the_patient_will(
    office: Office, monkeypatch: pytest.MonkeyPatch, ways: dict[str, bool]
) -> None:
    """Each way that they agreed to, to the letter; only whose link it is that ends them is not known before."""
    monkeypatch.setitem(office.house.app.state._state, "public_url", "https://prep.example")
    procedure = office.house.person("Ana").book(patient=PIA_AGREED | {"language": "es", "messages": ways})
    first = shown(office, procedure, texts=True)[0]
    office.clock.advance(timedelta(hours=1))
    office.worker.drain()
    code = re.compile(r"/s/[\w-]{43}")
    sent = [code.sub("/s/", one.text) for one in (*office.email.taken(), *office.sms.taken())]
    told = [first["text"] if ways["email"] else None, first["sms"] if ways["sms"] else None]
    assert [code.sub("/s/", one) for one in told if one is not None] == sent
    assert [one is None for one in (first["subject"], first["text"], first["sms"])] == [
        not ways["email"],
        not ways["email"],
        not ways["sms"],
    ]
    if ways["email"]:
        assert first["text"].startswith("Hola, Pia:\n\nFaltan 26 días")
    links = [found for one in told if one is not None for found in code.findall(one)]
    assert len(links) == len(sent)
    assert {office.house.stranger().send("POST", link, check=False).status_code for link in links} == {404}


def test_the_texts_are_in_the_patients_language_and_the_titles_in_the_readers(office: Office) -> None:
    procedure = office.house.person("Ana").book(patient=PIA_AGREED | {"language": "nl"})
    answer = office.house.person("Ana").get(f"{procedure}/messages", texts="true", lang="es")
    window = next(one for one in answer.json()["items"] if one["day"] == "2026-12-03")
    assert window["text"].startswith("Dag Pia,")
    assert "Nada de sol" in str([line["title"] for line in window["lines"]])


def test_a_clinic_with_its_own_portal_sends_its_patients_there(office: Office) -> None:
    mine = "https://portal.aster.example/my-list"
    office.house.person("Ada").send("PATCH", "/v1/clinic", json={"patient_url": mine})
    office.house.person("Ana").book(patient=PIA_AGREED | {"messages": {"email": True, "sms": True}})
    office.go_to(at("2026-11-25", 8))
    (mail,), (text,) = office.email.taken(), office.sms.taken()
    assert f"Your list, and where to answer: {mine}\n" in mail.text
    assert f'<a href="{mine}">' in (mail.html or "")
    assert text.text.startswith(f"A reminder from Aster: {mine} ")
    assert "/p/" not in mail.text + text.text
    office.house.person("Ada").send("PATCH", "/v1/clinic", json={"patient_url": None})
    office.go_to(at("2026-12-03", 8))
    assert ["https://prep.example/p/" in one.text for one in office.email.taken()] == [True]


def test_of_what_is_too_much_it_is_said_how_much_there_may_be(office: Office) -> None:
    office.house.person("Ada").send("PATCH", "/v1/clinic", json={"most_messages": 3})
    items = shown(office, office.house.person("Ana").book(patient=PIA_AGREED))
    reasons = {item["reason"] for item in items if item["why"] == "too-many"}
    assert reasons == {"The clinic reminds on at most 3 days of a procedure; those are taken."}


@pytest.mark.parametrize(
    ("patient", "why"),
    [
        ({"messages": {"email": False, "sms": False}}, "no-consent"),
        ({"email": None}, "no-address"),
    ],
)
def test_what_cannot_come_is_said_with_why(office: Office, patient: Json, why: str) -> None:
    items = shown(office, office.house.person("Ana").book(patient=PIA_AGREED | patient))
    assert {(item["status"], item["why"]) for item in items} == {("dropped", why)}


def test_a_move_says_which_messages_it_takes_and_brings_and_then_does_so(office: Office) -> None:
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    before = {item["day"] for item in shown(office, procedure)}
    tag = ana.get(procedure).headers["etag"]
    path = f"{procedure}/moves?preview=true"
    preview = ana.post(path, {"to_on": "2027-01-22"}, If_Match=tag).json()
    moved = ana.move(procedure, "2027-01-22").json()
    assert preview["messages"] == moved["messages"]
    dropped = {one["day"] for one in moved["messages"]["dropped"]}
    planned = {one["day"] for one in moved["messages"]["planned"]}
    assert "2026-12-17" in dropped
    assert "2027-01-21" in planned
    after = shown(office, procedure)
    assert planned <= set(by_status(after, "planned"))
    assert dropped - planned <= before
    gone = [item for item in after if item["why"] == "moved"]
    assert {item["day"] for item in gone} == before - set(by_status(after, "planned"))
    assert not {"2026-12-03", "2026-12-17"} & set(by_status(after, "planned"))


def test_a_message_that_fails_is_on_the_worklist_until_it_is_sent(office: Office) -> None:
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    office.email.answers = lambda _: Failed("The mail server answered 550.")
    office.go_to(at("2026-11-25", 8))
    (line,) = ana.get("/v1/worklist", within_days="60").json()["items"]
    assert line["failed_messages"] == 1
    failed = next(item for item in shown(office, procedure) if item["status"] == "failed")
    assert failed["reason"] == "The mail server answered 550."
    assert failed["history"] == ["2026-11-25T08:00:00Z failed: The mail server answered 550."]
    office.email.answers = lambda _: Sent("250")
    answer = ana.post(f"{procedure}/messages/{failed['id']}/replay")
    assert (answer.status_code, answer.json()["status"]) == (200, "planned")
    office.worker.drain()
    assert [one.id for one in office.email.taken()] == [failed["id"], failed["id"]]
    (line,) = ana.get("/v1/worklist", within_days="60").json()["items"]
    assert line["failed_messages"] == 0


def test_what_waits_or_is_past_is_not_sent_again(office: Office) -> None:
    ana = office.house.person("Ana")
    procedure = ana.book(patient=PIA_AGREED)
    office.email.answers = lambda _: Retry("busy")
    office.go_to(at("2026-11-25", 8))
    (row,) = office.rows(day=date(2026, 11, 25))
    path = f"{procedure}/messages/{row['id']}/replay"
    assert ana.post(path).status_code == 409
    office.go_to(at("2026-11-25", 21))
    assert office.rows(day=date(2026, 11, 25))[0]["status"] == "dropped"
    assert ana.post(path).status_code == 409


def test_nobody_else_sees_or_sends_them(office: Office) -> None:
    procedure = office.house.person("Ana").book(patient=PIA_AGREED)
    office.go_to(at("2026-11-25", 8))
    (row,) = office.rows(day=date(2026, 11, 25))
    ben = office.house.person("Ben")
    assert ben.get(f"{procedure}/messages").status_code == 404
    assert ben.post(f"{procedure}/messages/{row['id']}/replay").status_code == 404
    other = office.house.person("Ana").book(patient=PIA_AGREED | {"reference": "A-2"})
    assert office.house.person("Ana").post(f"{other}/messages/{row['id']}/replay").status_code == 404
    assert [found["status"] for found in office.rows(day=date(2026, 11, 25))] == ["sent"]


def test_webhooks_stand_among_them(office: Office) -> None:
    office.endpoint()
    office.webhook.answers = lambda _: Gone("answered 410")
    procedure = office.house.person("Ana").book(patient=PIA_AGREED)
    office.clock.advance(timedelta(minutes=2))
    office.worker.drain()
    first = shown(office, procedure)[0]
    assert (first["channel"], first["topic"], first["status"]) == ("webhook", "procedure.booked", "failed")
