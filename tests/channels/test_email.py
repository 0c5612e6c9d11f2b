"""E-mail over a real server on this machine: what it says decides, and nothing of it is quoted."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from prep_tracker.channels import Failed, Outcome, Outgoing, Retry, Sent
from prep_tracker.channels.email import EmailChannel
from prep_tracker.channels.sms import SmsChannel
from tests.channels.receiver import receiving

STOP = f"<https://prep.clinic.example/stop/{uuid4()}/msg_{uuid4().hex}>"
MESSAGE = Outgoing(
    "msg_1",
    "clinic",
    "reminder",
    "pia@patients.example",
    datetime(2026, 12, 4, 8, tzinfo=UTC),
    sender_name="Aster Skin Clinic",
    language="nl",
    subject="Een bericht van uw kliniek",
    text="Goedemorgen\n",
    html="<p>Goedemorgen</p>",
    headers={"List-Unsubscribe": STOP},
)


def now() -> datetime:
    return MESSAGE.created_at


class Server:
    """Answer as it is told to, and keep what was taken."""

    def __init__(self) -> None:
        """Take everything."""
        self.taken: list[bytes] = []
        self.says: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's shape
        self,
        _server: object,
        _session: object,
        envelope: Envelope,
        address: str,
        _options: object,
    ) -> str:
        """Answer to a recipient."""
        envelope.rcpt_tos.append(address)
        return self.says.get("RCPT", "250 OK")

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Answer to a message."""
        if "DATA" not in self.says:
            self.taken.append(bytes(envelope.original_content or b""))
        return self.says.get("DATA", "250 OK")


@contextmanager
def serving() -> Iterator[tuple[Server, EmailChannel]]:
    """Run a mail server for as long as the block takes."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = Server()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield server, EmailChannel("127.0.0.1", port, "none", "prep@clinic.example", seconds=3)
    finally:
        controller.stop()


def test_a_message_arrives_whole() -> None:
    with serving() as (server, channel):
        assert channel.deliver(MESSAGE) == Sent("taken by the mail server")
    read = email.message_from_bytes(server.taken[0], policy=email.policy.default)
    assert read["From"] == "Aster Skin Clinic <prep@clinic.example>"
    assert read["To"] == "pia@patients.example"
    assert read["Subject"] == MESSAGE.subject
    assert read["Message-ID"] == "<msg_1@clinic.example>"
    assert (read["List-Unsubscribe"], read["Content-Language"]) == (STOP, "nl")
    assert read["Date"] == "Fri, 04 Dec 2026 08:00:00 +0000"
    plain, html = read.iter_parts()
    assert plain.get_content().strip() == "Goedemorgen"
    assert "<p>Goedemorgen</p>" in html.get_content()


def test_addresses_for_programs_stand_on_one_line_as_they_are() -> None:
    """Mail programs take nothing else for a way to unsubscribe (RFC 2369, RFC 8058)."""
    with serving() as (server, channel):
        channel.deliver(replace(MESSAGE, id=f"msg_{uuid4().hex}{uuid4().hex}", subject="رسالة من عيادتك " * 9))
    lines = server.taken[0].partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert b"List-Unsubscribe: " + STOP.encode() in lines
    assert any(line.startswith(b"Message-ID: <msg_") and line.endswith(b"@clinic.example>") for line in lines)
    assert all(len(line) <= 78 for line in lines if line.startswith((b"Subject", b" ")))


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        ({"RCPT": "550 no such user pia@patients.example"}, Failed("the mail server refused the recipient (550)")),
        ({"RCPT": "451 try later"}, Retry("the mail server refused the recipient (451)")),
        ({"DATA": "554 spam"}, Failed("the mail server refused the message (554)")),
        ({"DATA": "452 full"}, Retry("the mail server refused the message (452)")),
    ],
)
def test_what_the_server_says_decides(says: dict[str, str], outcome: Outcome) -> None:
    with serving() as (server, channel):
        server.says = says
        assert channel.deliver(MESSAGE) == outcome
    assert not server.taken


def test_a_server_that_is_away_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = EmailChannel("127.0.0.1", port, "none", "prep@clinic.example").deliver(MESSAGE)
    assert outcome == Retry("the mail server cannot be reached")


def test_a_server_that_cannot_encrypt_gets_nothing_when_it_should() -> None:
    with serving() as (server, channel):
        outcome = replace(channel, security="starttls").deliver(MESSAGE)
    assert outcome == Retry("the mail server offers no encryption (PREP_SMTP_SECURITY)")
    assert not server.taken


def test_a_name_begins_no_header_of_its_own() -> None:
    with serving() as (server, channel):
        channel.deliver(replace(MESSAGE, sender_name="Aster\r\nBcc: all@evil.example", subject="One\nX-Evil: yes"))
    read = email.message_from_bytes(server.taken[0], policy=email.policy.default)
    assert read["Bcc"] is None
    assert read["X-Evil"] is None


@pytest.mark.parametrize("to", ["nobody", "a@b@c", "a\n@b.example", ""])
def test_what_is_no_address_fails_for_good(to: str) -> None:
    with serving() as (server, channel):
        assert isinstance(channel.deliver(replace(MESSAGE, to=to)), Failed)
    assert not server.taken


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"HTTP/1.1 202 OK\r\ncontent-length: 0\r\n\r\n", Sent("202")),
        (b"HTTP/1.1 400 No\r\ncontent-length: 0\r\n\r\n", Failed("the gateway refused it (400)")),
        (b"HTTP/1.1 429 No\r\nretry-after: 9\r\ncontent-length: 0\r\n\r\n", Retry("the gateway answered 429", 9)),
        (b"HTTP/1.1 502 No\r\ncontent-length: 0\r\n\r\n", Retry("the gateway answered 502")),
    ],
)
def test_a_text_message_goes_through_the_gateway(answer: bytes, outcome: Outcome) -> None:
    with receiving() as receiver:
        receiver.answer = answer
        channel = SmsChannel(receiver.url, now, "secret")
        assert channel.deliver(replace(MESSAGE, to="+31 (0)20 555-0100", text="Hallo")) == outcome
    headers, body = receiver.requests[0]
    assert headers["authorization"] == "Bearer secret"
    assert headers["idempotency-key"] == "msg_1"
    assert body == b'{"id":"msg_1","to":"+310205550100","from":"Aster Skin Clinic","text":"Hallo"}'


def test_secrets_and_addresses_are_not_shown() -> None:
    shown = repr(
        (MESSAGE, EmailChannel("h", 1, "none", "s@x", "u", "hidden-1"), SmsChannel("http://g", now, "hidden-2"))
    )
    assert "hidden" not in shown
    assert "pia@" not in shown
