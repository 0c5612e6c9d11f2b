"""Ways to reach people and systems: the only package that sends.

A channel gets one ``Outgoing``, tries once, and says in an ``Outcome`` what became of it. It keeps nothing, decides
nothing about when to try again, and never raises for what the other side does: that is an outcome too. It is called in
a thread, outside any transaction, by several threads at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

ChannelName = Literal["email", "sms", "webhook"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, ready to be sent to one place.

    ``id`` is the same at every attempt, so that whoever gets a message twice can tell. ``to`` is an e-mail address, a
    phone number as the clinic wrote it, or the address of a webhook. ``sender_name`` and ``sender_address`` are the
    clinic's; without an address the channel uses its own. ``headers`` are to be sent along as they are.

    Of a webhook: ``payload`` is the body, to be sent byte for byte, and ``secrets`` sign it, newest first. Of the
    others: ``text``, with ``subject`` and ``html`` for e-mail, in ``language``.
    """

    id: str
    clinic_id: str
    topic: str
    to: str = field(repr=False)
    created_at: datetime
    attempt: int = 1
    sender_name: str = ""
    sender_address: str | None = None
    language: str = "en"
    subject: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    html: str | None = field(default=None, repr=False)
    payload: bytes = field(default=b"", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """It was taken. ``note`` is one short line for the history, as in ``250 queued`` or ``200``."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """It was not taken this time. ``after_seconds`` is how long the other side asked to be left alone."""

    reason: str
    after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """It will never be taken: somebody has to look at it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """Nothing will ever be taken there again: nothing more is sent to this webhook until somebody turns it on."""

    reason: str


Outcome = Sent | Retry | Failed | Gone
"""Reasons and notes are one line of plain English, for staff. They hold no address, no text of the message, no secret,
and of what the other side said nothing but status codes: a mail server quotes the recipient."""


class Channel(Protocol):
    """One way to send."""

    def deliver(self, message: Outgoing) -> Outcome:
        """Try once, for at most some seconds, and say what became of it."""
        ...


@dataclass(frozen=True, slots=True)
class NotSetUp:
    """Stand for a way to send that whoever runs the service has not set up; ``reason`` says so."""

    reason: str

    def deliver(self, message: Outgoing) -> Outcome:  # noqa: ARG002 - a channel's shape
        """Say what is missing."""
        return Failed(self.reason)
