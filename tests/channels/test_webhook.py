"""Webhooks: signed so that the public library agrees, never to an address inside, one line for each misbehaviour."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import httpcore
import pytest
from standardwebhooks import Webhook

from prep_tracker.channels import Failed, Gone, Outcome, Outgoing, Retry, Sent, guard
from prep_tracker.channels.webhook import WebhookChannel, signature
from tests.channels.receiver import receiving

NEW, OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
PAYLOAD = b'{"specversion":"1.0","type":"procedure.moved","id":"msg_1"}'
BLOCKED = "the address is not on the public internet, so nothing is sent there"


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
            Failed("answered 301: set the endpoint to its new address, for redirects are not followed"),
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
    with receiving() as receiver:
        receiver.way = "flood"
        assert deliver(receiver.url) == Sent("200")


def test_nobody_there_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert isinstance(deliver(f"http://127.0.0.1:{port}/"), Retry)


INSIDE = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://127.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0.0.0.0:{port}/",
    "http://0:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[fec0::1]:{port}/",
    "http://[fe80::1]:{port}/",
    "http://[fc00::1]:{port}/",
    "http://[ff02::1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://10.0.0.1:{port}/",
    "http://172.16.0.1:{port}/",
    "http://192.168.0.1:{port}/",
    "http://169.254.169.254:{port}/latest/meta-data/",
    "http://100.64.0.1:{port}/",
    "http://192.0.0.1:{port}/",
    "http://192.0.2.1:{port}/",
    "http://198.18.0.1:{port}/",
    "http://198.51.100.1:{port}/",
    "http://203.0.113.1:{port}/",
    "http://224.0.0.1:{port}/",
    "http://240.0.0.1:{port}/",
    "http://255.255.255.255:{port}/",
    "https://127.0.0.1:{port}/",
    "http://user:pass@127.0.0.1:{port}/",
    "http://localhost.:{port}/",
]


@pytest.mark.parametrize("address", INSIDE)
def test_nothing_inside_is_connected_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", lambda _, host, *__: tried.append(host))
    with receiving() as receiver:
        outcome = deliver(address.format(port=receiver.port), loopback=False)
    assert not tried
    assert receiver.connects == 0
    assert isinstance(outcome, Failed | Retry), outcome
    assert outcome.reason in {BLOCKED, "the connection failed (ConnectError)"}


@pytest.mark.parametrize(
    "address",
    ["64:ff9b:1::1", "2001:0:7f00:1::", "::ffff:10.0.0.1", "100::1", "192.88.99.1", "::ffff:169.254.169.254"],
)
def test_addresses_that_hide_others_are_not_public(address: str) -> None:
    assert not guard.is_public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "1.1.1.1"])
def test_public_addresses_are_public(address: str) -> None:
    assert guard.is_public(ip_address(address))


def entry(address: str) -> tuple[Any, ...]:
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))


def test_a_name_that_leads_elsewhere_the_second_time_is_looked_at_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: what was looked at is what is connected to."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    asked: list[str] = []

    def resolve(host: str, *_: object, **__: object) -> list[tuple[Any, ...]]:
        asked.append(host)
        return [entry(address) for address in next(answers)]

    reached: list[str] = []

    def connect(_: object, host: str, *__: object) -> None:
        reached.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    assert isinstance(deliver("http://rebinding.example/", loopback=False), Retry)
    assert (asked, reached) == (["rebinding.example"], ["93.184.216.34"])
    assert deliver("http://rebinding.example/", loopback=False) == Failed(BLOCKED)
    assert reached == ["93.184.216.34"]


def test_one_address_inside_among_several_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [entry("93.184.216.34"), entry("10.0.0.1")])
    assert deliver("http://mixed.example/", loopback=False) == Failed(BLOCKED)


@pytest.mark.parametrize("url", ["ftp://example.com/", "nothing", "http://", "https://exa mple/"])
def test_what_is_no_address_fails_for_good(url: str) -> None:
    assert isinstance(deliver(url), Failed | Retry)
