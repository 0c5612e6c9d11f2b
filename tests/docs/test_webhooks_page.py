"""What the page about webhooks says is what is sent, and its few lines know a signature."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from prep_tracker.channels.webhook import SECONDS_IN_ALL, signature
from prep_tracker.clock import SystemClock
from prep_tracker.domain.backoff import WAITS
from prep_tracker.domain.events import EVENTS
from prep_tracker.services.webhooks import MOST
from prep_tracker.worker.loop import KEPT
from tests.architecture.tree import ROOT
from tests.docs.pages import blocks

PAGE = ROOT / "docs" / "webhooks.md"
TEXT = PAGE.read_text(encoding="utf-8")
OLD, NEW = "whsec_b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQ=", "whsec_bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXc="
BODY = '{"type":"procedure.moved","name":"Ågot"}'.encode()


@pytest.fixture
def is_ours() -> Callable[[dict[str, str], bytes, str], bool]:
    """Give what the page tells receivers to do."""
    found: dict[str, Any] = {}
    [block] = blocks(PAGE, "python")
    exec(compile(block.body, str(block), "exec"), found)  # noqa: S102 - our own page
    check: Callable[[dict[str, str], bytes, str], bool] = found["is_ours"]
    return check


def sent(at: datetime, *secrets: str) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": stamp,
        "webhook-signature": signature("msg_1", at, BODY, secrets),
    }


def test_the_lines_of_python_know_what_we_sign(is_ours: Callable[[dict[str, str], bytes, str], bool]) -> None:
    now = SystemClock().now()
    assert is_ours(sent(now, NEW), BODY, NEW)
    assert is_ours(sent(now, NEW, OLD), BODY, OLD)
    assert not is_ours(sent(now, OLD), BODY, NEW)
    assert not is_ours(sent(now, NEW), BODY + b" ", NEW)
    assert not is_ours(sent(now, NEW) | {"webhook-id": "msg_2"}, BODY, NEW)
    assert not is_ours(sent(now - timedelta(minutes=6), NEW), BODY, NEW)


def test_every_event_is_told_of() -> None:
    assert re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", TEXT, re.MULTILINE) == list(EVENTS)


def test_the_waits_are_those_that_are_kept() -> None:
    listed = re.search(r"again after (.+?), each a fifth", TEXT)
    assert listed is not None
    units = {"s": 1, "min": 60, "h": 3600}
    said = [
        86_400 if one == "a day" else int(one.split(" ")[0]) * units[one.split(" ")[1]]
        for one in re.split(r", | and ", listed[1])
    ]
    assert said == [wait.total_seconds() for wait in WAITS]


def test_the_bounds_are_those_that_hold() -> None:
    assert f"has at most {MOST} |" in TEXT
    assert f"within {SECONDS_IN_ALL:.0f} seconds" in TEXT
    assert f"kept for {KEPT.days} days" in TEXT.replace("\n", " ")
