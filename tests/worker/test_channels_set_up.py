"""The channels are those that whoever runs the service has set up; in a demo nobody is written to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from prep_tracker.channels import Failed, Outgoing, Sent
from prep_tracker.clock import SystemClock
from prep_tracker.settings import Settings
from prep_tracker.worker import Worker
from prep_tracker.worker.channels import NO_GATEWAY, NO_MAIL_SERVER, channels_of
from tests.channels.receiver import receiving
from tests.worker.office import Office

AT = datetime(2027, 6, 1, 8, tzinfo=UTC)
MESSAGE = Outgoing("msg_1", "clinic", "test", "ada@aster.example", AT, text="t", subject="s")


def test_without_any_setting_each_says_what_is_missing() -> None:
    channels = channels_of(Settings())
    assert channels["email"].deliver(MESSAGE) == Failed(NO_MAIL_SERVER)
    assert channels["sms"].deliver(MESSAGE) == Failed(NO_GATEWAY)


def test_in_a_demo_nobody_is_written_to_whatever_is_set() -> None:
    with receiving() as gateway:
        channels = channels_of(Settings(sms_url=gateway.url, smtp_host="127.0.0.1", smtp_port=gateway.port), demo=True)
        for name in ("email", "sms"):
            assert channels[name].deliver(MESSAGE) == Sent("shown only: this is a demo")
    assert gateway.connects == 0


def test_a_demo_that_has_gone_days_ahead_signs_with_the_real_time(office: Office) -> None:
    """Receivers look at their own clocks, and refuse what is older or younger than five minutes."""
    with receiving() as receiver:
        endpoint = office.endpoint(url=receiver.url)
        worker = Worker(office.house.store, office.clock, channels_of(Settings(), demo=True))
        office.clock.set(SystemClock().now() + timedelta(days=14))
        office.house.person("Ada").post(f"/v1/webhooks/{endpoint}/test")
        assert worker.drain() == 1
    [(headers, _)] = receiver.requests
    signed_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert abs(SystemClock().now() - signed_at) < timedelta(minutes=2)


def test_no_line_of_the_log_holds_what_could_stop_messages(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The id of an e-mail stands in the link that ends all of them."""

    def break_off(_: Outgoing) -> Sent:
        msg = "geheim"
        raise RuntimeError(msg)

    monkeypatch.setattr(office.webhook, "answers", break_off)
    endpoint = office.endpoint()
    office.house.person("Ada").post(f"/v1/webhooks/{endpoint}/test")
    with capture_logs() as lines:
        office.worker.drain()
    [row] = office.rows()
    said = repr(lines)
    assert [(line["event"], line["number"]) for line in lines] == [("a channel failed", row["number"])]
    assert row["id"] not in said
    assert "geheim" not in said
