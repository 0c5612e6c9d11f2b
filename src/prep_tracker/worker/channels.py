"""Put the channels together by what whoever runs the service has set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prep_tracker.channels import Channel, Failed, NotSetUp, Outcome, Outgoing, Sent
from prep_tracker.channels.email import EmailChannel
from prep_tracker.channels.sms import SmsChannel
from prep_tracker.channels.webhook import WebhookChannel
from prep_tracker.clock import SystemClock

if TYPE_CHECKING:
    from prep_tracker.settings import Settings

NO_MAIL_SERVER = "No mail server is set up."
NO_SENDER = "Nobody is named as the sender: PREP_SMTP_SENDER is not set, and the clinic has no sender of its own."
NO_GATEWAY = "No gateway for text messages is set up."


class Shown:
    """Send nothing: in a demo, where everybody is invented, a message is only to be looked at."""

    def deliver(self, message: Outgoing) -> Outcome:  # noqa: ARG002 - a channel's shape
        """Say that it was taken."""
        return Sent("shown only: this is a demo")


@dataclass(frozen=True, slots=True)
class ClinicsSenders:
    """Send what comes from a clinic's own address; the operator has set none for the others."""

    channel: EmailChannel

    def deliver(self, message: Outgoing) -> Outcome:
        """Send it, or say that it would come from nobody."""
        return Failed(NO_SENDER) if message.sender_address is None else self.channel.deliver(message)


def channels_of(settings: Settings, *, demo: bool = False) -> Mapping[str, Channel]:
    """Give the channels by name. In a demo nobody is written to, and webhooks may lead to this machine.

    The time that they go by is the real one, also where days pass in a demo: receivers look at their own clocks.
    """
    now = SystemClock().now
    webhook = WebhookChannel(now, loopback=demo)
    if demo:
        return {"email": Shown(), "sms": Shown(), "webhook": webhook}
    sms = NotSetUp(NO_GATEWAY) if settings.sms_url is None else SmsChannel(settings.sms_url, now, settings.sms_token)
    return {"email": _email(settings), "sms": sms, "webhook": webhook}


def _email(settings: Settings) -> Channel:
    if settings.smtp_host is None:
        return NotSetUp(NO_MAIL_SERVER)
    channel = EmailChannel(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_sender or "",
        settings.smtp_user,
        settings.smtp_password,
    )
    return channel if settings.smtp_sender is not None else ClinicsSenders(channel)
