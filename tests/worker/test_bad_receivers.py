"""Webhooks to receivers that misbehave in every way: one true line an attempt, and the right next one.

Real servers, the real worker, both databases; a clinic whose every endpoint is bad in its own way.
"""

from __future__ import annotations

import gzip
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from uuid import NAMESPACE_URL, uuid5

import pytest

from prep_tracker.channels import Outcome, Outgoing
from prep_tracker.channels.webhook import WebhookChannel
from tests.access.provider import certificate
from tests.api.house import BOOKED_AT
from tests.channels.receiver import Receiver, Way, drip, flood, hang, hang_up, receiving, reset, say
from tests.worker.keeping import (
    SAID_BY_THEM,
    Json,
    Kept,
    again,
    failed,
    hold_shown,
    kept,
    later,
    sending_with,
    sent,
)
from tests.worker.office import PIA_AGREED, Office

SECONDS = 0.4
UNDO = timedelta(minutes=2)
TOLD_AT = BOOKED_AT + UNDO
DAY = timedelta(days=1).total_seconds()
BROKE_OFF = again("the connection broke off before an answer")
NOT_HTTP = again("what came back is not HTTP")
SLOW = again("no answer within 0.4 seconds")
BOMB = gzip.compress(bytes(50_000_000))


def answering(status: int, *headers: str, body: bytes = SAID_BY_THEM.encode()) -> Way:
    """Answer in due form."""
    lines = [f"HTTP/1.1 {status} {SAID_BY_THEM}", f"content-length: {len(body)}", *headers]
    return say("\r\n".join([*lines, "", ""]).encode(), body)


def on(days: float, zone: str = "GMT") -> str:
    """Write an instant so many days after the first attempt."""
    return f"retry-after: {TOLD_AT + timedelta(days=days):%a, %d %b %Y %H:%M:%S} {zone}"


def moved(status: int) -> tuple[Way, Kept]:
    told = f"answered {status}: set the endpoint to its new address, for redirects are not followed"
    return answering(status, "location: http://127.0.0.1:{inner}/"), again(told)


CASES: dict[str, tuple[Way, Kept]] = {
    "good": (answering(204, body=b""), sent("204")),
    "hang": (hang, SLOW),
    "drip": (drip, SLOW),
    "early-hints": (flood(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100), SLOW),
    "closes": (hang_up, BROKE_OFF),
    "half-head": (say(b"HTTP/1.1 200 OK\r\nconte"), BROKE_OFF),
    "reset": (reset, BROKE_OFF),
    "half-body": (say(b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\nhalf"), sent("200")),
    "half-chunk": (say(b"HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\nff\r\nha"), again("answered 500")),
    "2-gigabytes": (flood(b"HTTP/1.1 200 OK\r\ncontent-length: 2147483648\r\n\r\n"), sent("200")),
    "2-gigabytes-of-head": (flood(b"HTTP/1.1 200 OK\r\n", b"x: " + b"y" * 60_000 + b"\r\n"), NOT_HTTP),
    "one-line-of-2-gigabytes": (flood(b"HTTP/1.1 200 "), NOT_HTTP),
    "gzip-bomb": (answering(200, "content-encoding: gzip", body=BOMB), sent("200")),
    "not-http": (say(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), NOT_HTTP),
    "bad-status": (say(b"HTTP/1.1 abc\r\n\r\n"), NOT_HTTP),
    "bad-header": (say(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), NOT_HTTP),
    "two-lengths": (say(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"), NOT_HTTP),
    "switching": (say(b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"), NOT_HTTP),
    "moved-301": moved(301),
    "moved-302": moved(302),
    "moved-303": moved(303),
    "moved-307": moved(307),
    "moved-308": moved(308),
    "gone": (answering(410), failed("answered 410: it takes no more messages")),
    "no-400": (answering(400), again("answered 400")),
    "no-401": (answering(401, 'www-authenticate: Basic realm="x"'), again("answered 401")),
    "no-404": (answering(404), again("answered 404")),
    "no-500": (answering(500, "retry-after: 900"), again("answered 500")),
    "busy": (answering(429), again("answered 429")),
    "busy-30": (answering(429, "retry-after: 30"), again("answered 429", 30)),
    "busy-0": (answering(503, "retry-after: 0"), again("answered 503")),
    "busy-negative": (answering(429, "retry-after: -30"), again("answered 429")),
    "busy-half": (answering(429, "retry-after: 30.5"), again("answered 429")),
    "busy-garbage": (answering(503, "retry-after: soon"), again("answered 503")),
    "busy-year": (answering(503, "retry-after: 31536000"), again("answered 503", DAY)),
    "busy-for-ever": (answering(503, f"retry-after: {'9' * 60}"), again("answered 503", DAY)),
    "busy-long": (answering(503, f"retry-after: {'9' * 9000}"), again("answered 503")),
    "busy-twice": (answering(503, "retry-after: 40", "retry-after: 4000"), again("answered 503", 40)),
    "busy-until": (answering(503, on(0.25)), again("answered 503", DAY / 4)),
    "busy-until-past": (answering(429, on(-30)), again("answered 429")),
    "busy-until-year": (answering(429, on(365)), again("answered 429", DAY)),
    "busy-until-zone": (answering(429, on(0.5, "+0600")), again("answered 429", DAY / 4)),
    "busy-until-odd": (answering(429, on(1, "-99999999999999999999")), again("answered 429")),
}


@dataclass
class ByPath:
    """Wait for a short time only, where a long one changes nothing."""

    channel: WebhookChannel

    def deliver(self, message: Outgoing) -> Outcome:
        """Try once, by the real channel."""
        slow = EXPECTED.get(message.to.rpartition("/")[2]) == SLOW
        return (replace(self.channel, seconds=SECONDS) if slow else self.channel).deliver(message)


def really(office: Office) -> WebhookChannel:
    return WebhookChannel(office.clock.now, loopback=True)


@pytest.fixture
def bad(office: Office, tmp_path: Path) -> Iterator[Json]:
    """Run every bad receiver, add an endpoint for each, book Pia, and let her booking be told of to all of them."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate(tmp_path))
    sending_with(office, webhook=ByPath(really(office)))
    with receiving() as inner, receiving() as outer, receiving(tls=tls) as encrypted:
        urls = {name: f"http://127.0.0.1:{outer.port}/{name}" for name in CASES}
        urls |= {
            "down": f"http://127.0.0.1:{closed_port()}/",
            "plain-where-tls-is-asked": f"https://127.0.0.1:{outer.port}/",
            "tls-where-none-is": f"http://127.0.0.1:{encrypted.port}/",
            "of-a-stranger": f"https://127.0.0.1:{encrypted.port}/",
        }
        outer.ways = {f"/{name}": way for name, (way, _) in CASES.items()}
        for name, url in urls.items():
            office.endpoint(id=named(name), url=url, events=["procedure.booked"])
        procedure = office.house.person("Ana").book(patient=PIA_AGREED)
        yield {"procedure": procedure, "outer": outer, "inner": inner, "tried": later(office, UNDO), "urls": urls}


def named(name: str) -> str:
    """Give the id of the endpoint of a bad receiver."""
    return str(uuid5(NAMESPACE_URL, name))


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


EXPECTED = {name: expected for name, (_, expected) in CASES.items()} | {
    "down": again("no connection could be made"),
    "plain-where-tls-is-asked": again("no encrypted connection could be made"),
    "tls-where-none-is": BROKE_OFF,
    "of-a-stranger": again("its certificate is not to be trusted"),
}


FLOODS = {name for name in CASES if "2-gigabytes" in name or name == "early-hints"}


def test_each_misbehaviour_is_one_line_and_the_right_next_attempt(office: Office, bad: Json) -> None:
    assert bad["tried"] == len(bad["urls"])
    rows = office.rows(topic="procedure.booked")
    found = {row["endpoint_id"]: kept(row, office) for row in rows}
    assert {name: found.get(named(name)) for name in EXPECTED} == EXPECTED
    assert bad["inner"].connects == 0
    hold_all_are_shown(office, bad)
    hold_each_is_tried_again_in_its_time(office, bad)
    hold_floods_were_left(bad["outer"])


def hold_floods_were_left(outer: Receiver) -> None:
    """Hold that of 2 GB nothing was read but what the machine itself takes in for a connection."""
    deadline = monotonic() + 5
    while outer.left_alone < len(FLOODS) and monotonic() < deadline:
        sleep(0.01)
    assert outer.left_alone >= len(FLOODS) == 4
    assert outer.flooded < outer.left_alone * 20_000_000


def hold_all_are_shown(office: Office, bad: Json) -> None:
    """Hold that staff see the same at the endpoint, at the procedure, and on the worklist."""
    ana, ada = office.house.person("Ana"), office.house.person("Ada")
    rows = office.rows(topic="procedure.booked")
    hold_shown(ana.get(f"{bad['procedure']}/messages").json()["items"], rows)
    for row in rows:
        deliveries = ada.get(f"/v1/webhooks/{row['endpoint_id']}/deliveries").json()["items"]
        hold_shown(deliveries, [row])
    endpoints = {one["id"]: one for one in ada.get("/v1/webhooks", limit="100").json()["items"]}
    assert [name for name, one in endpoints.items() if not one["active"]] == [named("gone")]
    assert endpoints[named("gone")]["disabled_reason"] == "answered 410: it takes no more messages"
    (line,) = ana.get("/v1/worklist", within_days="60").json()["items"]
    assert line["failed_messages"] == sum(one.status == "failed" for one in EXPECTED.values()) == 1


def hold_each_is_tried_again_in_its_time(office: Office, bad: Json) -> None:
    """Hold that those whose time has come are tried once more, with one more line, and no other."""
    came = len(bad["outer"].requests)
    soon = {named(name) for name, one in EXPECTED.items() if one.wait == 5}
    assert later(office, timedelta(seconds=5)) == len(soon)
    for row in office.rows(topic="procedure.booked"):
        first, *more = row["history"]
        assert first.startswith(f"{TOLD_AT:%Y-%m-%dT%H:%M:%SZ} ")
        assert len(more) == row["attempts"] - 1 == (row["endpoint_id"] in soon)
    assert len(bad["outer"].requests) - came == len(soon) - 4  # nothing arrives of those of which TLS is asked, or none
