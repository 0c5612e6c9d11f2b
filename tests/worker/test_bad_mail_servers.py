"""E-mail through servers that misbehave in every way: one true line an attempt, the right next one, and staff see it.

Real servers, the real worker, both databases; a clinic each of whose patients has a mail server of its own.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

from prep_tracker.channels import Outcome, Outgoing
from prep_tracker.channels.email import EmailChannel
from tests.channels.mailing import Saying, drip, flood, hang, hang_up, posting
from tests.worker.keeping import Json, Kept, again, failed, hold_shown, hold_unsaid, kept, later, sending_with, sent
from tests.worker.office import PIA_AGREED, Office
from tests.worker.test_reminding import at

SECONDS = 0.4
REMINDED_AT = at("2026-11-25", 8)
QUOTED = "pia@example.org they said"
"""What a mail server may well quote, and nobody is to read in our history."""
TOOK = sent("taken by the mail server")
BROKE_OFF = again("the mail server broke off the connection")
SLOW = again("no answer from the mail server in time")
NO_MAIL_SERVER = again("what answered is no mail server")


class Handler:
    """Answer in aiosmtpd's place, where that is asked for."""

    def __init__(self, says: dict[str, str]) -> None:
        """Take everything else."""
        self.says = says

    async def handle_MAIL(self, _: Any, __: Any, envelope: Envelope, address: str, ___: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd's
        """Answer to a sender."""
        envelope.mail_from = address
        return self.says.get("MAIL", "250 OK")

    async def handle_RCPT(self, _: Any, __: Any, envelope: Envelope, address: str, ___: Any) -> str:  # noqa: ANN401, N802 - as above
        """Answer to a recipient."""
        envelope.rcpt_tos.append(address)
        return self.says.get("RCPT", "250 OK")

    async def handle_DATA(self, _: Any, __: Any, ___: Envelope) -> str:  # noqa: ANN401, N802 - as above
        """Answer to a message."""
        return self.says.get("DATA", "250 OK")


def let_nobody_in(*_: object) -> AuthResult:
    return AuthResult(success=False, handled=False)


@contextmanager
def serving(says: dict[str, str], **settings: Any) -> Iterator[int]:  # noqa: ANN401 - aiosmtpd's
    """Run aiosmtpd; give its port."""
    controller = Controller(Handler(says), hostname="127.0.0.1", port=closed_port(), **settings)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


CHANNEL = EmailChannel("127.0.0.1", 0, "none", "prep@clinic.example")
SIGNING_IN = replace(CHANNEL, user="prep", password="the-token-of-the-mail-server")

SAID: dict[str, tuple[dict[str, str], Kept]] = {
    "good": ({}, TOOK),
    "mail-4xx": ({"MAIL": f"451 {QUOTED}"}, again("the mail server refused the sender (451)")),
    "mail-5xx": ({"MAIL": f"550 {QUOTED}"}, failed("the mail server refused the sender (550)")),
    "rcpt-4xx": ({"RCPT": f"450 {QUOTED}"}, again("the mail server refused the recipient (450)")),
    "bounced": ({"RCPT": f"550 5.1.1 {QUOTED}"}, failed("the mail server refused the recipient (550)")),
    "data-4xx": ({"DATA": f"452 {QUOTED}"}, again("the mail server refused the message (452)")),
    "data-5xx": ({"DATA": f"554 {QUOTED}"}, failed("the mail server refused the message (554)")),
    "closing": ({"RCPT": f"421 {QUOTED}"}, again("the mail server turns us away (421)")),
}
"""By aiosmtpd."""
DONE: dict[str, tuple[dict[str, Saying], Kept]] = {
    "connect-4xx": ({"connect": b"421 busy\r\n"}, again("the mail server turns us away (421)")),
    "connect-5xx": ({"connect": b"554 pia\r\n"}, again("the mail server turns us away (554)")),
    "connect-drop": ({"connect": hang_up}, BROKE_OFF),
    "connect-hang": ({"connect": hang}, SLOW),
    "connect-drip": ({"connect": drip}, SLOW),
    "no-mail-server": ({"connect": b"HTTP/1.1 400 No\r\n\r\n"}, NO_MAIL_SERVER),
    "hello-5xx": ({"EHLO": b"550 no\r\n", "HELO": b"550 no\r\n"}, again("the mail server turns us away (550)")),
    "hello-flood": ({"EHLO": flood}, NO_MAIL_SERVER),
    "mail-drop": ({"MAIL": hang_up}, BROKE_OFF),
    "rcpt-hang": ({"RCPT": hang}, SLOW),
    "data-drop": ({"DATA": hang_up}, BROKE_OFF),
    "data-5xx-early": ({"DATA": b"554 no\r\n"}, failed("the mail server refused the message (554)")),
    "text-drop": ({"text": hang_up}, BROKE_OFF),
    "text-drip": ({"text": drip}, SLOW),
    "quit-5xx": ({"QUIT": b"500 what\r\n"}, TOOK),
    "quit-drop": ({"QUIT": hang_up}, TOOK),
}
"""By a server that can do worse."""
REFUSED = {
    "no-sign-in": again("the mail server offers no way to sign in (PREP_SMTP_USER)"),
    "not-let-in": again("the mail server does not let us in (535)"),
    "no-starttls": again("the mail server offers no encryption (PREP_SMTP_SECURITY)"),
    "plain-where-tls-is-asked": again("no encrypted connection to the mail server could be made"),
    "down": again("the mail server cannot be reached"),
}
EXPECTED = {name: one for cases in (SAID, DONE) for name, (_, one) in cases.items()} | REFUSED


@dataclass
class ByAddress:
    """Send each message through the server of its recipient."""

    channels: dict[str, EmailChannel]

    def deliver(self, message: Outgoing) -> Outcome:
        """Try once, by the real channel."""
        return self.channels[message.to.partition("@")[0]].deliver(message)


@pytest.fixture
def bad(office: Office) -> Iterator[dict[str, str]]:
    """Run every bad server and book a patient for each; give the procedures by the name of the server."""
    with ExitStack() as stack:
        ports = {name: stack.enter_context(serving(says)) for name, (says, _) in SAID.items()}
        ports |= {name: stack.enter_context(posting(**says)).port for name, (says, _) in DONE.items()}
        channels = {name: replace(CHANNEL, port=port) for name, port in ports.items()}
        strict = stack.enter_context(serving({}, authenticator=let_nobody_in, auth_require_tls=False))
        good = ports["good"]
        channels |= {
            "no-sign-in": replace(SIGNING_IN, port=good),
            "not-let-in": replace(SIGNING_IN, port=strict),
            "no-starttls": replace(SIGNING_IN, port=good, security="starttls"),
            "plain-where-tls-is-asked": replace(SIGNING_IN, port=good, security="tls"),
            "down": replace(CHANNEL, port=closed_port()),
        }
        for name in (name for name, one in EXPECTED.items() if one == SLOW):
            channels[name] = replace(channels[name], seconds=SECONDS)
        sending_with(office, email=ByAddress(channels))
        ana = office.house.person("Ana")
        yield {
            name: ana.book(patient=PIA_AGREED | {"reference": f"A-10{number}", "email": f"{name}@patients.example"})
            for number, name in enumerate(channels)
        }


def test_each_misbehaviour_is_one_line_and_the_right_next_attempt(office: Office, bad: dict[str, str]) -> None:
    assert office.go_to(REMINDED_AT) == len(bad)
    names = {procedure.rsplit("/", 1)[-1]: name for name, procedure in bad.items()}
    rows = {names[row["procedure_id"]]: row for row in office.rows(topic="reminder")}
    assert {name: kept(row, office) for name, row in rows.items()} == EXPECTED
    ana = office.house.person("Ana")
    for name, procedure in bad.items():
        hold_shown(ana.get(f"{procedure}/messages").json()["items"], [rows[name]])
    lines = ana.get("/v1/worklist", within_days="60", limit="200").json()["items"]
    marked = {names[line["procedure_id"]]: line["failed_messages"] for line in lines}
    assert marked == {name: int(one.status == "failed") for name, one in EXPECTED.items()}
    soon = {name for name, one in EXPECTED.items() if one.wait is not None}
    assert later(office, timedelta(seconds=5)) == len(soon)
    for row in office.rows(channel="email"):
        assert len(row["history"]) == row["attempts"] == 1 + (names[row["procedure_id"]] in soon)


def test_a_server_that_is_down_all_day_costs_the_day_and_is_said_so(office: Office) -> None:
    port, ana = closed_port(), office.house.person("Ana")
    sending_with(office, email=replace(CHANNEL, port=port))
    procedure = ana.book(patient=PIA_AGREED)
    office.go_to(REMINDED_AT)
    office.wait(timedelta(hours=12), timedelta(minutes=10))
    (row,) = office.rows(channel="email")
    assert row["status"] == "dropped"
    assert row["reason"] == "Its time had passed before it was taken. Last answer: the mail server cannot be reached"
    assert row["history"][-1].endswith(" no time left: the mail server cannot be reached")
    assert len(row["history"]) == row["attempts"] > 5
    hold_unsaid(row["reason"])
    hold_shown(ana.get(f"{procedure}/messages").json()["items"], [row])
    assert row["settled_at"] < row["not_after"] <= office.clock.now()


def test_a_server_that_comes_back_gets_each_message_once(office: Office) -> None:
    ana = office.house.person("Ana")
    with posting(text=b"451 later\r\n") as postbox:
        sending_with(office, email=replace(CHANNEL, port=postbox.port))
        for number in range(3):
            ana.book(patient=PIA_AGREED | {"reference": f"A-{number}", "email": f"pia-{number}@patients.example"})
        office.go_to(REMINDED_AT)
        assert not postbox.taken
        del postbox.says["text"]
        office.wait(timedelta(hours=2), timedelta(minutes=1))
    found = [message_from_bytes(text) for text in postbox.taken]
    assert sorted(one["To"] for one in found) == [f"pia-{number}@patients.example" for number in range(3)]
    rows: list[Json] = office.rows(channel="email")
    assert {one["Message-ID"] for one in found} == {f"<{row['id']}@clinic.example>" for row in rows}
    assert {(row["status"], row["attempts"]) for row in rows} == {("sent", 2)}
