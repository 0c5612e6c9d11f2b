"""Put the channels together by what whoever runs the service has set up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from prep_tracker.channels import Channel, NotSetUp, Outcome, Outgoing, Sent
from prep_tracker.channels.email import EmailChannel
from prep_tracker.channels.sms import SmsChannel
from prep_tracker.channels.webhook import WebhookChannel

if TYPE_CHECKING:
    from prep_tracker.clock import Clock
    from prep_tracker.settings import Settings

NO_MAIL_SERVER = "No mail server is set up."
NO_GATEWAY = "No gateway for text messages is set up."


class Shown:
    """Send nothing: in a demo, where everybody is invented, a message is only to be looked at."""

    def deliver(self, message: Outgoing) -> Outcome:  # noqa: ARG002 - a channel's shape
        """Say that it was taken."""
        return Sent("shown only: this is a demo")


def channels_of(settings: Settings, clock: Clock, *, demo: bool = False) -> Mapping[str, Channel]:
    """Give the channels by name. In a demo nobody is written to, and webhooks may lead to this machine."""
    webhook = WebhookChannel(clock.now, loopback=demo)
    if demo:
        return {"email": Shown(), "sms": Shown(), "webhook": webhook}
    return {"email": _email(settings), "sms": _sms(settings, clock), "webhook": webhook}


def _email(settings: Settings) -> Channel:
    if settings.smtp_host is None or settings.smtp_sender is None:
        return NotSetUp(NO_MAIL_SERVER)
    return EmailChannel(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_sender,
        settings.smtp_user,
        settings.smtp_password,
    )


def _sms(settings: Settings, clock: Clock) -> Channel:
    if settings.sms_url is None:
        return NotSetUp(NO_GATEWAY)
    return SmsChannel(settings.sms_url, clock.now, settings.sms_token)
