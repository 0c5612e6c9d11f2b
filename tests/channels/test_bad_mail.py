"""Mail servers that misbehave: what is said is true, nothing waits for long, and what was taken counts as taken."""

from __future__ import annotations

import tracemalloc
from time import monotonic

import pytest

from prep_tracker.channels import Failed, Outcome, Retry, Sent
from prep_tracker.channels.email import EmailChannel
from tests.channels.mailing import Postbox, Saying, drip, flood, hang, hang_up, posting
from tests.channels.test_email import MESSAGE

TOOK = Sent("taken by the mail server")
BROKE_OFF = Retry("the mail server broke off the connection")
NO_MAIL_SERVER = Retry("what answered is no mail server")


def deliver(postbox: Postbox, *, seconds: float = 3) -> Outcome:
    return EmailChannel("127.0.0.1", postbox.port, "none", "prep@clinic.example", seconds=seconds).deliver(MESSAGE)


def away(code: int) -> Retry:
    return Retry(f"the mail server turns us away ({code})")


CASES: list[tuple[str, Saying, Outcome]] = [
    ("connect", b"421 too many\r\n", away(421)),
    ("connect", b"554 not for you\r\n", away(554)),
    ("connect", hang_up, BROKE_OFF),
    ("connect", b"HTTP/1.1 400 Bad Request\r\n\r\n", NO_MAIL_SERVER),
    ("connect", b"220-" + b"x" * 20_000 + b"\r\n220 y\r\n", away(500)),
    ("EHLO", hang_up, BROKE_OFF),
    ("MAIL", b"451 later\r\n", Retry("the mail server refused the sender (451)")),
    ("MAIL", b"550 who is prep@clinic.example\r\n", Failed("the mail server refused the sender (550)")),
    ("MAIL", b"421 closing\r\n", away(421)),
    ("RCPT", b"450 4.2.1 pia@patients.example is busy\r\n", Retry("the mail server refused the recipient (450)")),
    ("RCPT", b"550 5.1.1 pia@patients.example unknown\r\n", Failed("the mail server refused the recipient (550)")),
    ("RCPT", b"421 closing\r\n", away(421)),
    ("RCPT", hang_up, BROKE_OFF),
    ("DATA", b"451 later\r\n", Retry("the mail server refused the message (451)")),
    ("DATA", b"what?\r\n", NO_MAIL_SERVER),
    ("text", b"452 full\r\n", Retry("the mail server refused the message (452)")),
    ("text", b"554 spam\r\n", Failed("the mail server refused the message (554)")),
    ("text", b"421 closing\r\n", away(421)),
    ("text", hang_up, BROKE_OFF),
    ("QUIT", b"421 closing\r\n", TOOK),
    ("QUIT", b"500 what?\r\n", TOOK),
    ("QUIT", b"\xff\r\n", TOOK),
    ("QUIT", hang_up, TOOK),
]


@pytest.mark.parametrize(("step", "saying", "outcome"), CASES)
def test_what_is_said_at_each_step_decides(step: str, saying: Saying, outcome: Outcome) -> None:
    with posting(**{step: saying}) as postbox:
        assert deliver(postbox) == outcome
    assert postbox.connects == 1
    assert len(postbox.taken) == (1 if outcome == TOOK else 0) or step == "text"


def test_who_greets_with_a_refusal_at_every_step_is_tried_again() -> None:
    with posting(EHLO=b"550 no\r\n", HELO=b"550 no\r\n") as postbox:
        assert deliver(postbox) == away(550)


@pytest.mark.parametrize("saying", [hang, drip])
@pytest.mark.parametrize("step", ["connect", "EHLO", "MAIL", "RCPT", "DATA", "text"])
def test_who_hangs_or_dawdles_is_left_after_the_time_in_all(step: str, saying: Saying) -> None:
    with posting(**{step: saying}) as postbox:
        began = monotonic()
        assert deliver(postbox, seconds=0.3) == Retry("no answer from the mail server in time")
        assert monotonic() - began < 3


def test_who_looks_through_a_message_before_taking_it_is_given_longer() -> None:
    """Whoever hangs up here has the patient get it again, and again."""

    def look(postbox: Postbox, connection: object) -> None:
        postbox.stop.wait(0.5)
        connection.sendall(b"250 taken\r\n")  # type: ignore[attr-defined]

    with posting(text=look) as postbox:
        assert deliver(postbox, seconds=0.4) == TOOK


def test_who_dawdles_at_every_step_is_left_after_the_time_in_all() -> None:
    """Or it would hold a thread, and the message, for longer than a lease."""

    def slow(line: bytes) -> Saying:
        def say(postbox: Postbox, connection: object) -> None:
            postbox.stop.wait(0.15)
            connection.sendall(line)  # type: ignore[attr-defined]

        return say

    steps = {"connect": b"220 x\r\n", "EHLO": b"250 x\r\n", "MAIL": b"250 x\r\n", "RCPT": b"250 x\r\n"}
    with posting(**{step: slow(line) for step, line in steps.items()}) as postbox:
        began = monotonic()
        assert deliver(postbox, seconds=0.4) == Retry("no answer from the mail server in time")
        assert monotonic() - began < 1


def test_an_answer_without_end_is_not_read() -> None:
    tracemalloc.start()
    try:
        with posting(EHLO=flood) as postbox:
            assert deliver(postbox) == NO_MAIL_SERVER
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert postbox.flooded < 20_000_000  # what the machine itself takes in for a connection
    assert most < 2_000_000
