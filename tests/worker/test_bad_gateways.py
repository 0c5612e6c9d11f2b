"""Text messages through gateways that misbehave in every way: one true line an attempt, and the right next one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from prep_tracker.channels import Outcome, Outgoing
from prep_tracker.channels.sms import SmsChannel
from tests.channels.receiver import Receiver, Way, drip, flood, hang, hang_up, receiving, reset, say
from tests.worker.keeping import SAID_BY_THEM, Kept, again, failed, hold_shown, kept, later, sending_with, sent
from tests.worker.office import PIA_AGREED, Office
from tests.worker.test_bad_receivers import BOMB, answering, closed_port
from tests.worker.test_reminding import at

SECONDS = 0.4
REMINDED_AT = at("2026-11-25", 8)
DAY = timedelta(days=1).total_seconds()
BROKE_OFF = again("the gateway: the connection broke off before an answer")
NOT_HTTP = again("the gateway: what came back is not HTTP")
SLOW = again("the gateway: no answer within 0.4 seconds")


def until(hours: float) -> str:
    return f"retry-after: {REMINDED_AT + timedelta(hours=hours):%a, %d %b %Y %H:%M:%S GMT}"


CASES: dict[str, tuple[Way, Kept]] = {
    "good": (answering(202), sent("202")),
    "hang": (hang, SLOW),
    "drip": (drip, SLOW),
    "closes": (hang_up, BROKE_OFF),
    "half-head": (say(b"HTTP/1.1 200 OK\r\nconte"), BROKE_OFF),
    "reset": (reset, BROKE_OFF),
    "half-body": (say(b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\nhalf"), sent("200")),
    "2-gigabytes": (flood(b"HTTP/1.1 200 OK\r\ncontent-length: 2147483648\r\n\r\n"), sent("200")),
    "2-gigabytes-of-head": (flood(b"HTTP/1.1 200 OK\r\n", b"x: " + b"y" * 60_000 + b"\r\n"), NOT_HTTP),
    "gzip-bomb": (answering(200, "content-encoding: gzip", body=BOMB), sent("200")),
    "not-http": (say(b"220 smsc ESMTP\r\n\r\n"), NOT_HTTP),
    "moved": (
        answering(307, "location: http://127.0.0.1:1/"),
        again("the gateway answered 307: it stands elsewhere, and redirects are not followed"),
    ),
    "no-400": (answering(400), failed("the gateway refused it (400)")),
    "no-401": (answering(401), again("the gateway answered 401")),
    "no-410": (answering(410), failed("the gateway refused it (410)")),
    "no-500": (answering(500), again("the gateway answered 500")),
    "busy-45": (answering(429, "retry-after: 45"), again("the gateway answered 429", 45)),
    "busy-garbage": (answering(503, f"retry-after: {SAID_BY_THEM}"), again("the gateway answered 503")),
    "busy-until": (answering(503, until(2)), again("the gateway answered 503", 7200)),
    "busy-until-past": (answering(503, until(-2)), again("the gateway answered 503")),
    "busy-year": (
        answering(503, "retry-after: 31536000"),
        Kept("dropped", "no time left: the gateway answered 503"),
    ),
    "down": (hang_up, again("the gateway: no connection could be made")),
    "plain-where-tls-is-asked": (hang_up, again("the gateway: no encrypted connection could be made")),
}
NUMBERS = {f"+31600000{number:03}": name for number, name in enumerate(CASES)}


@dataclass
class ByNumber:
    """Send each message through the gateway of its recipient."""

    channels: dict[str, SmsChannel]

    def deliver(self, message: Outgoing) -> Outcome:
        """Try once, by the real channel."""
        return self.channels[NUMBERS[message.to.replace(" ", "")]].deliver(message)


@pytest.fixture
def gateway(office: Office) -> Iterator[Receiver]:
    """Run a gateway that is bad in a way of its own for each patient, and book them."""
    with ExitStack() as stack:
        gateway = stack.enter_context(receiving())
        gateway.ways = {f"/{name}": way for name, (way, _) in CASES.items()}
        channel = SmsChannel("", office.clock.now, "the-token-of-the-gateway")
        urls = {name: f"http://127.0.0.1:{gateway.port}/{name}" for name in CASES}
        urls["down"] = f"http://127.0.0.1:{closed_port()}/"
        urls["plain-where-tls-is-asked"] = f"https://127.0.0.1:{gateway.port}/"
        channels = {name: replace(channel, url=url) for name, url in urls.items()}
        for name in (name for name, (_, one) in CASES.items() if one == SLOW):
            channels[name] = replace(channels[name], seconds=SECONDS)
        sending_with(office, sms=ByNumber(channels))
        for number, name in NUMBERS.items():
            consent = {"email": False, "sms": True}
            patient = PIA_AGREED | {"reference": f"A-10-{name}", "phone": f"{number[:4]} {number[4:]}"}
            office.house.person("Ana").book(patient=patient | {"messages": consent})
        yield gateway


def test_each_misbehaviour_is_one_line_and_the_right_next_attempt(office: Office, gateway: Receiver) -> None:
    assert office.go_to(REMINDED_AT) == len(CASES)
    ana = office.house.person("Ana")
    items = ana.get("/v1/worklist", within_days="60", limit="200").json()["items"]
    names = {item["procedure_id"]: item["patient"]["reference"].removeprefix("A-10-") for item in items}
    rows = {names[row["procedure_id"]]: row for row in office.rows(topic="reminder")}
    expected = {name: one for name, (_, one) in CASES.items()}
    assert {name: kept(row, office) for name, row in rows.items()} == expected
    for row in rows.values():
        hold_shown(ana.get(f"/v1/procedures/{row['procedure_id']}/messages").json()["items"], [row])
    marked = {names[item["procedure_id"]]: item["failed_messages"] for item in items}
    assert marked == {name: int(one.status == "failed") for name, one in expected.items()}
    soon = {name for name, one in expected.items() if one.wait == 5}
    assert later(office, timedelta(seconds=5)) == len(soon)
    for row in office.rows(topic="reminder", channel="sms"):
        assert len(row["history"]) == row["attempts"] == 1 + (names[row["procedure_id"]] in soon)
    keys = [headers["idempotency-key"] for headers, _ in gateway.requests]
    assert len(keys) > len(set(keys))
    assert set(keys) == {json.loads(body)["id"] for _, body in gateway.requests} <= {row["id"] for row in rows.values()}
    assert {headers["authorization"] for headers, _ in gateway.requests} == {"Bearer the-token-of-the-gateway"}
