"""Send e-mail through the operator's mail server."""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import closing, suppress
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from time import monotonic
from typing import Any, Final, Literal

from prep_tracker.channels import Failed, Outcome, Outgoing, Retry, Sent
from prep_tracker.domain.people import is_email

SECONDS: Final = 12.0
TAKING: Final = 2
"""So many times as long as all the rest a server may take for its answer to a message that has been handed over.

Whoever hangs up then has it sent twice. RFC 5321, section 4.5.3.2.6, waits for ten minutes; a lease ends after one.
"""
SECONDS_GOODBYE: Final = 2.0
Security = Literal["starttls", "tls", "none"]
_PERMANENT: Final = 500
_CLOSING: Final = 421
"""Said in the place of any answer: it is not about the message (RFC 5321, section 3.8)."""
NO_ADDRESS: Final = "the address or the sender is not one that mail can be sent with"
NO_SERVER: Final = "what answered is no mail server"
_BLOCK: Final = 4096
_MOST_REPLIES: Final = 100_000


@dataclass(frozen=True, slots=True)
class EmailChannel:
    """One mail server. ``sender`` is the address that messages come from when the clinic has none of its own."""

    host: str
    port: int
    security: Security
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    seconds: float = SECONDS

    def deliver(self, message: Outgoing) -> Outcome:
        """Hand the message to the server, once."""
        if not (is_email(message.to) and is_email(message.sender_address or self.sender)):
            return Failed(NO_ADDRESS)
        try:
            written = _written(message, self.sender)
        except (ValueError, IndexError, MessageError):  # what the library says of addresses that are none
            return Failed(NO_ADDRESS)
        try:
            with closing(self._connected()) as server:
                refused = self._let_in(server)
                if refused is None:
                    server.send_message(written)
                    # It is theirs now, whatever they say to a goodbye.
                    with suppress(smtplib.SMTPException, OSError):
                        server.quit()
        except (smtplib.SMTPException, OSError) as error:
            return self._judge(error)
        return refused or Sent("taken by the mail server")

    def _connected(self) -> smtplib.SMTP:
        if self.security == "tls":
            return _BoundedTls(self.host, self.port, timeout=self.seconds, context=ssl.create_default_context())
        return _Bounded(self.host, self.port, timeout=self.seconds)

    def _let_in(self, server: smtplib.SMTP) -> Outcome | None:
        """Encrypt and sign in as far as that is set; None: done. What is set wrongly is no fault of the message."""
        if self.security == "starttls":
            server.ehlo_or_helo_if_needed()
            if not server.has_extn("starttls"):
                return Retry("the mail server offers no encryption (PREP_SMTP_SECURITY)")
            server.starttls(context=ssl.create_default_context())
        if self.user is not None:
            server.ehlo_or_helo_if_needed()
            if not server.has_extn("auth"):
                return Retry("the mail server offers no way to sign in (PREP_SMTP_USER)")
            server.login(self.user, self.password or "")
        return None

    def _judge(self, error: Exception) -> Outcome:
        """Say what became of a message that was not taken. Only what is said of it, or of who is in it, is for good."""
        match error:
            case smtplib.SMTPRecipientsRefused():
                return _refused("the recipient", max(code for code, _ in error.recipients.values()))
            case smtplib.SMTPSenderRefused():
                return _refused("the sender", error.smtp_code)
            case smtplib.SMTPDataError():
                return _refused("the message", error.smtp_code)
            case smtplib.SMTPAuthenticationError():
                return Retry(f"the mail server does not let us in ({error.smtp_code})")
            case smtplib.SMTPResponseException() if error.smtp_code > 0:
                return Retry(f"the mail server turns us away ({error.smtp_code})")
            case smtplib.SMTPResponseException():
                return Retry(NO_SERVER)
            case smtplib.SMTPNotSupportedError():
                return Failed("the mail server cannot do what this message needs")
            case ssl.SSLError():
                return Retry("no encrypted connection to the mail server could be made")
        if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
            return Retry("no answer from the mail server in time")
        if isinstance(error.__context__, _TooMuchError):
            return Retry(NO_SERVER)
        if isinstance(error, smtplib.SMTPServerDisconnected):
            return Retry("the mail server broke off the connection")
        return Retry("the mail server cannot be reached")


class _TooMuchError(OSError):
    """The server says more than any has to say."""


class _Replies:
    """Read what the server says line by line: not for longer than until an instant, and not more than so much."""

    def __init__(self, connection: socket.socket, ends: float) -> None:
        self._connection, self.ends = connection, ends
        self._kept, self._read = b"", 0

    def readline(self, limit: int) -> bytes:
        while b"\n" not in self._kept and len(self._kept) < limit:
            left = self.ends - monotonic()
            if left <= 0:
                raise TimeoutError
            self._connection.settimeout(left)
            got = self._connection.recv(_BLOCK)
            self._read += len(got)
            if self._read > _MOST_REPLIES:
                raise _TooMuchError
            if not got:
                break
            self._kept += got
        end = min(limit, self._kept.find(b"\n") + 1 or limit)
        line, self._kept = self._kept[:end], self._kept[end:]
        return line

    def close(self) -> None:
        """Leave the connection to whoever opened it."""


class _Bounded(smtplib.SMTP):
    """A conversation that ends after the time-out in all, from its first line, however slowly its bytes come.

    Only the answer to the message itself may take longer.
    """

    _ends: float | None = None

    def data(self, msg: Any) -> tuple[int, bytes]:  # noqa: ANN401 - the library's own
        replies = self.file
        if not isinstance(replies, _Replies):
            return super().data(msg)
        replies.ends += TAKING * self.timeout
        try:
            return super().data(msg)
        finally:
            replies.ends = monotonic() + SECONDS_GOODBYE

    def getreply(self) -> tuple[int, bytes]:
        if self._ends is None:
            self._ends = monotonic() + self.timeout
        if self.file is None and self.sock is not None:
            self.file = _Replies(self.sock, self._ends)
        return super().getreply()


class _BoundedTls(smtplib.SMTP_SSL, _Bounded):
    """The same, encrypted from the first byte."""


def _refused(what: str, code: int) -> Outcome:
    if code == _CLOSING:
        return Retry(f"the mail server turns us away ({code})")
    if code <= 0:
        return Retry(NO_SERVER)
    reason = f"the mail server refused {what} ({code})"
    return Failed(reason) if code >= _PERMANENT else Retry(reason)


class _Unfolded(EmailPolicy):
    """Write an address that programs read on one line: folded, it would come encoded, which RFC 2369 does not allow."""

    NAMES = frozenset({"list-unsubscribe", "message-id"})

    def fold(self, name: str, value: str) -> str:
        if name.lower() in self.NAMES:
            return f"{name}: {value}{self.linesep}"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in self.NAMES:
            return self.fold(name, value).encode("ascii")
        folded: bytes = super().fold_binary(name, value)
        return folded


def _written(message: Outgoing, sender: str) -> EmailMessage:
    written = EmailMessage(_Unfolded())
    address = message.sender_address or sender
    written["From"] = Address(_line(message.sender_name), addr_spec=address)
    written["To"] = Address(addr_spec=message.to)
    written["Subject"] = _line(message.subject)
    written["Date"] = format_datetime(message.created_at)
    written["Message-ID"] = f"<{message.id}@{address.rpartition('@')[2]}>"
    written["Auto-Submitted"] = "auto-generated"
    for name, value in message.headers.items():
        written[name] = _line(value)
    written.set_content(message.text)
    if message.html is not None:
        written.add_alternative(message.html, subtype="html")
    written["Content-Language"] = message.language  # setting the content takes away what is said of it
    return written


def _line(text: str) -> str:
    """Keep a header on one line: a name with a line end in it begins no header of its own."""
    return " ".join(text.split())
