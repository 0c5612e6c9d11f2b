"""Webhooks: signed so that the public library agrees, never to an address inside, one line for each misbehaviour."""

from __future__ import annotations

import socket
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from prep_tracker.channels import Failed, Gone, Outcome, Outgoing, Retry, Sent
from prep_tracker.channels.webhook import WebhookChannel, signature
from tests.channels.receiver import receiving

NEW, OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
PAYLOAD = b'{"specversion":"1.0","type":"procedure.moved","id":"msg_1"}'


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the library checks the age of a signature by the real clock


def message(url: str, **differing: Any) -> Outgoing:  # noqa: ANN401 - fields of a message
    made = Outgoing("msg_1", "clinic", "procedure.moved", url, now(), payload=PAYLOAD, secrets=(NEW, OLD))
    return replace(made, **differing)


def deliver(url: str, *, loopback: bool = True, seconds: float = 2, **differing: Any) -> Outcome:  # noqa: ANN401 - as above
    return WebhookChannel(now, loopback=loopback, seconds=seconds).deliver(message(url, **differing))


@pytest.mark.parametrize("secret", [NEW, OLD])
def test_the_public_library_verifies_what_we_sign_with_either_secret(secret: str) -> None:
    with receiving() as receiver:
        assert deliver(receiver.url) == Sent("204")
    headers, body = receiver.requests[0]
    assert body == PAYLOAD
    assert headers["content-type"] == "application/cloudevents+json"
    assert Webhook(secret).verify(body, headers)
    with pytest.raises(Exception, match="match"):
        Webhook(secret).verify(body.replace(b"moved", b"ended"), headers)


def test_our_signature_is_the_librarys() -> None:
    at = now()
    assert signature("msg_1", at, PAYLOAD, (NEW,)) == Webhook(NEW).sign("msg_1", at, PAYLOAD.decode())


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Sent("200")),
        (b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", Gone("answered 410: it takes no more messages")),
        (b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", Retry("answered 500")),
        (b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n", Retry("answered 404")),
        (b"HTTP/1.1 429 No\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n", Retry("answered 429", 7)),
        (b"HTTP/1.1 503 No\r\nretry-after: soon\r\ncontent-length: 0\r\n\r\n", Retry("answered 503")),
        (
            b"HTTP/1.1 301 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            Retry("answered 301: set the endpoint to its new address, for redirects are not followed"),
        ),
    ],
)
def test_each_answer_has_its_outcome(answer: bytes, outcome: Outcome) -> None:
    with receiving() as receiver:
        receiver.answer = answer
        assert deliver(receiver.url) == outcome
    assert receiver.connects == 1


def test_an_instant_to_come_back_at_is_understood() -> None:
    until = (now() + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    with receiving() as receiver:
        receiver.answer = f"HTTP/1.1 503 No\r\nretry-after: {until}\r\ncontent-length: 0\r\n\r\n".encode()
        outcome = deliver(receiver.url)
    assert isinstance(outcome, Retry)
    assert outcome.after_seconds is not None
    assert 80 < outcome.after_seconds <= 90


@pytest.mark.parametrize("way", ["hang", "half", "drip"])
def test_whoever_hangs_closes_or_dawdles_is_tried_again(way: str) -> None:
    with receiving() as receiver:
        receiver.way = way
        outcome = deliver(receiver.url, seconds=0.5)
    assert isinstance(outcome, Retry)
    assert "127.0.0.1" not in outcome.reason


def test_two_gigabytes_of_answer_are_not_read() -> None:
    tracemalloc.start()
    try:
        with receiving() as receiver:
            receiver.way = "flood"
            assert deliver(receiver.url) == Sent("200")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert receiver.left_alone == 1
    assert receiver.flooded < 20_000_000  # what the machine itself takes in for a connection
    assert most < 2_000_000


def test_nobody_there_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert isinstance(deliver(f"http://127.0.0.1:{port}/"), Retry)


@pytest.mark.parametrize("url", ["ftp://example.com/", "nothing", "http://", "https://exa mple/"])
def test_what_is_no_address_fails_for_good(url: str) -> None:
    assert isinstance(deliver(url), Failed | Retry)
