"""An operator sees what is sent, sends it once more, and tries whether messages arrive."""

from __future__ import annotations

import email
import email.policy
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from prep_tracker.clock import SystemClock
from prep_tracker.demo import open_demo
from prep_tracker.services import access, protocols
from prep_tracker.store import audit, claims, clinics, outbox, worklist
from prep_tracker.store.message_rows import NewMessage, new_id
from prep_tracker.store.session import Store
from prep_tracker.worker.channels import NO_GATEWAY, NO_MAIL_SERVER, NO_SENDER
from tests.channels.mailing import posting
from tests.channels.receiver import receiving
from tests.cli.terminal import lines, run, run_json

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def demo(store: Store) -> tuple[str, str]:
    """Give the ids of a demo's clinic and of one of its procedures."""
    now = SystemClock().now()
    store.run_write(lambda c: protocols.ship(c, now=now))
    clinic = store.run_write(lambda c: open_demo(c, now=now)).clinic.id
    [first, *_] = store.run_read(lambda c: worklist.booked(c, clinic, "", 1))
    return clinic, first.id


@pytest.fixture
def clinic(store: Store) -> str:
    """Give the id of a clinic of one's own."""
    now = SystemClock().now()
    return store.run_write(lambda c: access.new_clinic(c, "Aster", "Europe/Amsterdam", now=now)).id


def mail_server(port: int, url: str) -> dict[str, str]:
    """Set up a mail server on this machine."""
    return {
        "PREP_DATABASE_URL": url,
        "PREP_SMTP_HOST": "127.0.0.1",
        "PREP_SMTP_PORT": str(port),
        "PREP_SMTP_SECURITY": "none",
    }


def test_messages_are_listed(database_url: str, demo: tuple[str, str]) -> None:
    clinic, procedure = demo
    listed = run_json("messages", "list", procedure, "--clinic", clinic, PREP_DATABASE_URL=database_url)
    assert listed["procedure_id"] == procedure
    assert run("messages", "list", procedure, "--clinic", clinic, PREP_DATABASE_URL=database_url).stdout


def test_what_failed_is_listed_with_why(database_url: str, store: Store, demo: tuple[str, str]) -> None:
    clinic, procedure = demo
    where = {"PREP_DATABASE_URL": database_url}
    assert run("messages", "failed", "--clinic", clinic, **where).stdout == "Nothing has failed.\n"
    now = SystemClock().now()
    why = "the mail server refused the recipient (550)"
    test, first, second = (
        NewMessage(new_id(), topic, "email", {}, now, procedure_id=procedure, status="failed", reason=why)
        for topic in ("test", "reminder", "reminder")
    )
    store.run_write(lambda c: outbox.add(c, clinic, [test, first, second], now=now))
    listed = run_json("messages", "failed", "--clinic", clinic, **where)["items"]
    assert [item["id"] for item in listed] == [second.id, first.id]
    assert {(item["procedure_id"], item["channel"], item["reason"]) for item in listed} == {(procedure, "email", why)}
    said = run("messages", "failed", "--clinic", clinic, **where).stdout.splitlines()
    assert [line.endswith(why) for line in said] == [True, True]


def test_what_is_not_there_is_said_in_a_line(database_url: str, demo: tuple[str, str]) -> None:
    clinic, procedure = demo
    for argv in (("list", NOBODY), ("replay", procedure, "msg_" + "0" * 32)):
        code, said = lines("messages", *argv, "--clinic", clinic, PREP_DATABASE_URL=database_url)
        assert code == 1
        assert len(said) == 1
        assert "has nothing by the name" in said[0]


def test_a_test_goes_out_at_once_and_nothing_of_it_is_kept(database_url: str, store: Store, clinic: str) -> None:
    with posting() as postbox:
        where = mail_server(postbox.port, database_url) | {"PREP_SMTP_SENDER": "prep@aster.example"}
        told = run("messages", "test", "email", " ada@aster.example ", "--lang", "nl", **where)
        assert (told.exit_code, told.stdout) == (0, "Sent: taken by the mail server\n")
        told_json = run_json("messages", "test", "email", "ada@aster.example", **where)
    assert (told_json["status"], told_json["detail"]) == ("sent", "taken by the mail server")
    first, _ = (email.message_from_bytes(one, policy=email.policy.default) for one in postbox.taken)
    assert (first["To"], first["From"]) == ("ada@aster.example", "Aster <prep@aster.example>")
    assert first["Content-Language"] == "nl"
    assert store.run_read(lambda c: claims.queue(c, now=SystemClock().now())).planned == 0
    noted = store.run_read(lambda c: audit.lines(c, clinic, limit=10))
    assert [line.event for _, line in noted] == ["message.tested"] * 2


@pytest.mark.usefixtures("clinic")
def test_a_test_that_is_not_taken_says_why_and_fails(database_url: str) -> None:
    with posting(RCPT=b"550 no\r\n") as postbox:
        where = mail_server(postbox.port, database_url) | {"PREP_SMTP_SENDER": "prep@aster.example"}
        code, (said,) = lines("messages", "test", "email", "ada@aster.example", **where)
        assert (code, said) == (1, "prep-tracker: It was not sent: the mail server refused the recipient (550)")
        told = run("messages", "test", "email", "ada@aster.example", "--json", **where)
    assert (told.exit_code, told.stderr) == (1, "")
    assert json.loads(told.stdout)["status"] == "failed"


@pytest.mark.parametrize(
    ("channel", "to", "why"), [("email", "a@b.example", NO_MAIL_SERVER), ("sms", "12345", NO_GATEWAY)]
)
@pytest.mark.usefixtures("clinic")
def test_what_is_not_set_up_is_said(database_url: str, channel: str, to: str, why: str) -> None:
    code, (said,) = lines("messages", "test", channel, to, PREP_DATABASE_URL=database_url)
    assert (code, said) == (1, f"prep-tracker: It was not sent: {why}")


def test_a_clinic_with_a_sender_of_its_own_needs_no_other(database_url: str, store: Store, clinic: str) -> None:
    with posting() as postbox:
        where = mail_server(postbox.port, database_url)
        code, (said,) = lines("messages", "test", "email", "ada@aster.example", **where)
        assert (code, said) == (1, f"prep-tracker: It was not sent: {NO_SENDER}")
        sender = {"sender": {"name": "Aster Skin", "email": "hello@aster.example"}}
        row = replace(store.run_read(lambda c: clinics.get(c, clinic)), settings=sender)
        store.run_write(lambda c: clinics.change(c, clinic, row))
        assert run("messages", "test", "email", "ada@aster.example", **where).exit_code == 0
    [taken] = postbox.taken
    assert b"From: Aster Skin <hello@aster.example>" in taken


@pytest.mark.usefixtures("clinic")
def test_a_text_message_goes_to_the_gateway(database_url: str) -> None:
    with receiving() as gateway:
        where = {"PREP_DATABASE_URL": database_url, "PREP_SMS_URL": gateway.url}
        assert run("messages", "test", "sms", "+31 20 123 4567", **where).exit_code == 0
    [(_, body)] = gateway.requests
    assert json.loads(body)["to"] == "+31201234567"


@pytest.mark.parametrize(
    ("channel", "to"), [("email", "ada"), ("email", "ada@aster.example;x"), ("email", ""), ("sms", "ada@aster.example")]
)
@pytest.mark.usefixtures("clinic")
def test_what_is_no_address_is_not_tried(database_url: str, channel: str, to: str) -> None:
    code, (said,) = lines("messages", "test", channel, to, PREP_DATABASE_URL=database_url)
    assert code == 2
    assert said.startswith("prep-tracker: to: Send ")


def test_in_a_demo_nobody_is_written_to(database_url: str, demo: tuple[str, str]) -> None:
    with posting() as postbox:
        where = mail_server(postbox.port, database_url) | {"PREP_SMTP_SENDER": "prep@aster.example"}
        told = run("messages", "test", "email", "ada@aster.example", "--clinic", demo[0], **where)
        assert told.stdout == "Sent: shown only: this is a demo\n"
        assert run("work", "--once", **where).exit_code == 0
    assert postbox.connects == 0


def test_what_became_of_each_is_said_in_the_end(database_url: str, store: Store, clinic: str) -> None:
    """An e-mail, two text messages without a gateway, and an event for an endpoint that is gone."""
    now = SystemClock().now() - timedelta(seconds=1)
    new = [
        NewMessage(new_id(), "test", "sms", {"to": "12345", "language": "en"}, now),
        NewMessage(new_id(), "test", "sms", {"to": "12345", "language": "en"}, now),
        NewMessage(new_id(), "test", "email", {"to": "ada@aster.example", "language": "en"}, now),
        NewMessage(new_id(), "test", "webhook", {}, now, endpoint_id="gone"),
    ]
    store.run_write(lambda c: outbox.add(c, clinic, new, now=now))
    with posting() as postbox:
        where = mail_server(postbox.port, database_url) | {"PREP_SMTP_SENDER": "prep@aster.example"}
        told = run("work", "--once", **where)
    assert told.stdout.splitlines() == [
        "Tried 4 messages; nothing more is due.",
        f"  2 failed: {NO_GATEWAY}",
        "  1 sent",
        "  1 dropped",
    ]
    assert run("work", "--once", **where).stdout == "Tried 0 messages; nothing more is due.\n"


def test_working_once_forgets_what_is_a_month_old(database_url: str, store: Store, clinic: str) -> None:
    now = SystemClock().now()
    old, young = (
        NewMessage(new_id(), "test", "webhook", {}, now, endpoint_id="gone", status="dropped", reason="It is gone.")
        for _ in range(2)
    )
    store.run_write(lambda c: outbox.add(c, clinic, [old], now=now - timedelta(days=31)))
    store.run_write(lambda c: outbox.add(c, clinic, [young], now=now))
    assert run("work", "--once", PREP_DATABASE_URL=database_url).exit_code == 0
    left = store.run_read(lambda c: outbox.of_endpoint(c, clinic, "gone"))
    assert [row.id for row in left] == [young.id]
