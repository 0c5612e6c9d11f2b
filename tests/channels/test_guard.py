"""Nothing is ever sent inside, however an address is written and whatever a name leads to at the last moment.

Connections are counted where they would arrive, at real listeners on this machine, and where they begin.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx
import pytest

from prep_tracker.channels import Failed, Outcome, Outgoing, Retry, Sent, guard
from prep_tracker.channels.guard import Guarded, UnknownNameError
from prep_tracker.channels.sms import SmsChannel
from prep_tracker.channels.webhook import WebhookChannel
from tests.channels.receiver import Receiver, receiving

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
BLOCKED = Failed("the address is not on the public internet, so nothing is sent there")
UNKNOWN = Retry("the name is not known")
PUBLIC = "93.184.216.34"
NAMES = {
    "localhost": ["127.0.0.1", "::1"],
    "localhost.": ["127.0.0.1"],
    "LOCALHOST": ["127.0.0.1"],
    "intranet.example": ["10.0.0.5"],
    "metadata.example": ["169.254.169.254"],
    "mixed.example": [PUBLIC, "127.0.0.1"],
    "mixed-six.example": ["2606:2800:220:1:248:1893:25c8:1946", "::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "nowhere.example": ["0.0.0.0"],  # noqa: S104 - to be refused
}
FORMS = """
    127.0.0.1 127.1 127.0.1 127.0.0.2 127.255.255.254 0177.0.0.1 0177.1 00000177.0.0.1 2130706433 017700000001
    0x7f000001 0x7f.0.0.1 0x7f.1 0x7F.0x0.0x0.0x1 0.0.0.0 0 0x0 00 [::1] [0:0:0:0:0:0:0:1] [::] [::ffff:127.0.0.1]
    [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::ffff:0.0.0.0] [::127.0.0.1] [::ffff:0:127.0.0.1] [64:ff9b::7f00:1]
    [64:ff9b::127.0.0.1] [64:ff9b::a00:1] [64:ff9b::5db8:d822] [64:ff9b:1::7f00:1] [2002:7f00:1::] [2002:a00:1::1]
    [2001:0:7f00:1::] [2001:0:4136:e378:8000:63bf:3fff:fdd2] [2606:2800:220:1:0:5efe:7f00:1]
    [2606:2800:220:1:200:5efe:a00:1] [fe80::1] [fe80::1%lo] [fe80::1%251] [febf::1] [fec0::1] [fc00::1] [fd12:3456::1]
    [ff02::1] [ff0e::1] [100::1] [2001:db8::1] [3fff::1] [2001:2::1] [2001:10::1] [2001:20::1] [5f00::1] [4000::1]
    [2620:4f:8000::1] [::ffff:10.0.0.1] [::ffff:169.254.169.254] 10.0.0.1 10.255.255.255 012.0.0.1 167772161 172.16.0.1
    172.31.255.254 192.168.0.1 192.168.1.254 169.254.169.254 0xa9fea9fe 2852039166 169.254.0.1 100.64.0.1
    100.127.255.254 192.0.0.1 192.0.0.8 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.175.48.1 168.63.129.16
    198.18.0.1 198.19.255.254 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
    user:pass@127.0.0.1 example.com@127.0.0.1
""".split()  # noqa: SIM905 - so many are read more easily as a text
HERE = ("127.1", "0177.0.0.1", "2130706433", "0x7f000001", "localhost", "[::1]", "[::ffff:7f00:1]", "0")
"""Some of them, which would arrive at the listeners."""


@dataclass
class Wire:
    """A resolver that the test sets, and every connection that begins; only those to this machine are made."""

    port: int
    names: dict[str, list[list[str]]]
    began: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def resolve(self, host: str, port: int, *rest: Any, **named: Any) -> list[Any]:  # noqa: ANN401 - the library's
        """Give the next addresses of a name, or read an address as the machine's own resolver does."""
        del rest
        self.asked.append(host)
        answers = self.names.get(host)
        if answers is None:
            return GETADDRINFO(host, port, type=named.get("type", 0), flags=socket.AI_NUMERICHOST)
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        found = (GETADDRINFO(one, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST) for one in addresses)
        return [entry for entries in found for entry in entries]

    def connect(self, address: tuple[str, int], *rest: Any, **named: Any) -> socket.socket:  # noqa: ANN401 - as above
        """Remember it, and go on where it stays on this machine."""
        self.began.append(address[0])
        for *_, found in self.resolve(*address):
            if str(found[0]) in {"127.0.0.1", "::1", "0.0.0.0", "::ffff:127.0.0.1", "::ffff:7f00:1"}:  # noqa: S104
                return CONNECT((str(found[0]), self.port), *rest, **named)
        raise ConnectionRefusedError


GETADDRINFO, CONNECT = socket.getaddrinfo, socket.create_connection
Patch = pytest.MonkeyPatch


@contextmanager
def inside() -> Iterator[tuple[Receiver, Receiver]]:
    """Listen at both loopback addresses, at one port."""
    with receiving() as four, receiving(four.port, "::1") as six:
        yield four, six


def wired(monkeypatch: Patch, port: int, **names: list[list[str]]) -> Wire:
    wire = Wire(port, {name: [addresses] for name, addresses in NAMES.items()})
    wire.names |= {f"{name}.example": list(answers) for name, answers in names.items()}
    monkeypatch.setattr(socket, "getaddrinfo", wire.resolve)
    monkeypatch.setattr(socket, "create_connection", wire.connect)
    return wire


def deliver(host: str, port: int = 80, *, scheme: str = "http", **rest: Any) -> Outcome:  # noqa: ANN401 - a channel's
    secrets = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",)
    url = f"{scheme}://{host}:{port}/"
    message = Outgoing("msg_1", "clinic", "test", url, NOW, payload=b"{}", secrets=secrets)
    return WebhookChannel(lambda: NOW, seconds=2, **rest).deliver(message)


def connects(monkeypatch: Patch, host: str, times: int = 1, **names: list[list[str]]) -> int:
    """Try to deliver so many times; give how many connections began or arrived, and hold what is said of it."""
    with inside() as (four, six):
        wire = wired(monkeypatch, four.port, **names)
        outcome = [deliver(host, four.port) for _ in range(times)][-1]
    made = max(len(wire.began), four.connects + six.connects)
    if not made:
        assert outcome in (BLOCKED, UNKNOWN), outcome
    return made


@pytest.mark.parametrize("host", [*FORMS, *NAMES])
def test_nothing_inside_is_connected_to(host: str, monkeypatch: Patch) -> None:
    assert connects(monkeypatch, host) == 0


def test_there_are_many_forms() -> None:
    assert len(set(FORMS)) == len(FORMS) >= 40


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "10.0.0.1", "mixed.example"])
def test_nor_by_encrypted_connections(host: str, monkeypatch: Patch) -> None:
    with inside() as (four, six):
        wire = wired(monkeypatch, four.port)
        assert deliver(host, four.port, scheme="https") == BLOCKED
    assert (wire.began, four.connects, six.connects) == ([], 0, 0)


@pytest.mark.parametrize("host", [*HERE, "0x7f.1", "[::ffff:127.0.0.1]", "mapped.example"])
def test_without_the_guard_they_would_arrive(host: str, monkeypatch: Patch) -> None:
    """Or else that nothing arrives would say nothing."""
    monkeypatch.setattr(Guarded, "_may", lambda *_: True)
    with inside() as (four, six):
        wired(monkeypatch, four.port)
        assert deliver(host, four.port) == Sent("204")
    assert four.connects + six.connects == 1


def test_a_demo_may_reach_this_machine_and_nothing_else_inside(monkeypatch: Patch) -> None:
    with inside() as (four, _):
        wired(monkeypatch, four.port)
        assert deliver("localhost", four.port, loopback=True) == Sent("204")
        assert deliver("10.0.0.1", four.port, loopback=True) == BLOCKED
        assert deliver("metadata.example", four.port, loopback=True) == BLOCKED


REBINDING = {"rebinding": [[PUBLIC], ["127.0.0.1"]]}


def test_a_name_is_looked_at_once_and_what_was_looked_at_is_connected_to(monkeypatch: Patch) -> None:
    """Rebinding: public when looked at, inside right after."""
    with inside() as (four, six):
        wire = wired(monkeypatch, four.port, **REBINDING)
        assert deliver("rebinding.example", four.port) == Retry("no connection could be made")
        assert (wire.began, wire.asked) == ([PUBLIC], ["rebinding.example", PUBLIC])
        assert deliver("rebinding.example", four.port) == BLOCKED
    assert (wire.began, four.connects, six.connects) == ([PUBLIC], 0, 0)


@pytest.mark.parametrize("addresses", [[PUBLIC, "10.0.0.1"], ["::1", PUBLIC], [PUBLIC, PUBLIC, "fe80::1%lo"]])
def test_one_address_inside_among_several_is_enough_to_refuse(addresses: list[str], monkeypatch: Patch) -> None:
    assert connects(monkeypatch, "several.example", several=[addresses]) == 0


def of_literals_only(self: Guarded, host: str, port: int, *rest: Any, **named: Any) -> httpcore.NetworkStream:  # noqa: ANN401 - httpcore's
    """Look at what is written, before the name is resolved."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        address = None
    if address is not None and not guard.is_public(address):
        raise guard.BlockedError
    return self._backend.connect_tcp(host, port, *rest, **named)


def of_a_look_before(self: Guarded, host: str, port: int, *rest: Any, **named: Any) -> httpcore.NetworkStream:  # noqa: ANN401 - httpcore's
    """Resolve the name and look, and then connect by the name."""
    found = resolved(host, port)
    if not all(guard.is_public(ip_address(address)) for address in found):
        raise guard.BlockedError
    return self._backend.connect_tcp(host, port, *rest, **named)


def of_the_first_only(self: Guarded, host: str, port: int, *rest: Any, **named: Any) -> httpcore.NetworkStream:  # noqa: ANN401 - httpcore's
    """Look at the first address of several."""
    found = resolved(host, port)
    if not guard.is_public(ip_address(found[0])):
        raise guard.BlockedError
    return self._backend.connect_tcp(found[-1], port, *rest, **named)


def resolved(host: str, port: int) -> list[str]:
    try:
        return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise UnknownNameError from error


SEEDS: list[tuple[Callable[..., Any], str, int]] = [
    (of_literals_only, "localhost", 1),
    (of_literals_only, "2130706433", 1),
    (of_literals_only, "0177.0.0.1", 1),
    (of_literals_only, "metadata.example", 1),
    (of_literals_only, "rebinding.example", 2),
    (of_a_look_before, "rebinding.example", 1),
    (of_the_first_only, "mixed.example", 1),
]


@pytest.mark.parametrize(("seed", "host", "times"), SEEDS)
def test_a_guard_that_looks_too_early_or_too_little_is_found(
    seed: Callable[..., Any], host: str, times: int, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(Guarded, "connect_tcp", seed)
    assert connects(monkeypatch, host, times, **REBINDING) > 0


HIDDEN = """64:ff9b:1::1 2001:0:7f00:1:: ::ffff:10.0.0.1 100::1 192.88.99.1 ::ffff:169.254.169.254 2002:5db8:d822::
    2606:2800:220:1:0:5efe:5db8:d822 fe80::1%eth0 2606:2800::1%eth0""".split()  # noqa: SIM905 - as above


@pytest.mark.parametrize("address", HIDDEN)
def test_addresses_that_hide_others_are_not_public(address: str) -> None:
    assert not guard.is_public(ip_address(address))


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1:248:1893:25c8:1946", "1.1.1.1", "::ffff:1.1.1.1"])
def test_public_addresses_are_public(address: str) -> None:
    assert guard.is_public(ip_address(address))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_lead_nowhere(status: int) -> None:
    with receiving() as inner, receiving() as outer:
        outer.answer = f"HTTP/1.1 {status} x\r\nlocation: {inner.url}\r\ncontent-length: 0\r\n\r\n".encode()
        told = "set the endpoint to its new address, for redirects are not followed"
        assert deliver("127.0.0.1", outer.port, loopback=True) == Retry(f"answered {status}: {told}")
        outcome = text_message(outer.url)
    assert outcome == Retry(f"the gateway answered {status}: it stands elsewhere, and redirects are not followed")
    assert (outer.connects, inner.connects) == (2, 0)


PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


def test_proxies_of_the_environment_are_not_asked(monkeypatch: Patch) -> None:
    """Who asks a proxy lets it resolve the name, and the guard looks at the proxy's address only."""
    with receiving() as proxy, receiving() as receiver:
        for name in PROXIES:
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert deliver("127.0.0.1", receiver.port, loopback=True) == Sent("204")
        assert deliver("127.0.0.1", receiver.port) == BLOCKED
        assert text_message(receiver.url) == Sent("204")
        assert (proxy.connects, receiver.connects) == (0, 2)
        httpx.post(receiver.url)  # this one does ask
        assert (proxy.connects, receiver.connects) == (1, 2)


def text_message(url: str) -> Outcome:
    message = Outgoing("msg_1", "clinic", "test", "+31 6", NOW, text="x")
    return SmsChannel(url, lambda: NOW, seconds=2).deliver(message)
