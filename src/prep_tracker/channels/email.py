"""Send e-mail through the operator's mail server."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final, Literal

from prep_tracker.channels import Failed, Outcome, Outgoing, Retry, Sent

SECONDS: Final = 12.0
Security = Literal["starttls", "tls", "none"]
_PERMANENT: Final = 500


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
        try:
            written = _written(message, self.sender)
        except (ValueError, IndexError, MessageError):  # what the library says of addresses that are none
            return Failed("the address or the sender is not one that mail can be sent with")
        try:
            with self._connected() as server:
                if self.security == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if self.user is not None:
                    server.login(self.user, self.password or "")
                server.send_message(written)
        except smtplib.SMTPRecipientsRefused as error:
            return _refused("the recipient", max(code for code, _ in error.recipients.values()))
        except smtplib.SMTPSenderRefused as error:
            return _refused("the sender", error.smtp_code)
        except smtplib.SMTPAuthenticationError as error:
            return Retry(f"the mail server does not let us in ({error.smtp_code})")
        except smtplib.SMTPNotSupportedError:
            return Failed("the mail server cannot do what this message needs")
        except smtplib.SMTPResponseException as error:
            return _refused("the message", error.smtp_code)
        except (smtplib.SMTPException, OSError) as error:
            return Retry(f"the mail server cannot be reached ({type(error).__name__})")
        return Sent("taken by the mail server")

    def _connected(self) -> smtplib.SMTP:
        if self.security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.seconds, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=self.seconds)


def _refused(what: str, code: int) -> Outcome:
    reason = f"the mail server refused {what} ({code})"
    return Failed(reason) if code >= _PERMANENT else Retry(reason)


def _written(message: Outgoing, sender: str) -> EmailMessage:
    written = EmailMessage()
    address = message.sender_address or sender
    written["From"] = Address(_line(message.sender_name), addr_spec=address)
    written["To"] = Address(addr_spec=message.to)
    written["Subject"] = _line(message.subject)
    written["Date"] = format_datetime(message.created_at)
    written["Message-ID"] = f"<{message.id}@{address.rpartition('@')[2]}>"
    written["Content-Language"] = message.language
    written["Auto-Submitted"] = "auto-generated"
    for name, value in message.headers.items():
        written[name] = _line(value)
    written.set_content(message.text)
    if message.html is not None:
        written.add_alternative(message.html, subtype="html")
    return written


def _line(text: str) -> str:
    """Keep a header on one line: a name with a line end in it begins no header of its own."""
    return " ".join(text.split())
