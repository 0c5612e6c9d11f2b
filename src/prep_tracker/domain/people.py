"""Say what names, languages, addresses and numbers of people look like, wherever they come in."""

from __future__ import annotations

import re

LONGEST_NAME = 200
"""Characters of a name or a reference."""
LONGEST_EMAIL = 254
LONGEST_PHONE = 32
_ATOM, _LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?$"
"""An address that any mail server takes: nothing quoted, nothing but ASCII (RFC 5321, section 4.1.2, Dot-string)."""
PHONE = r"^\+?[0-9 ()\-.]{5,31}$"
EMAIL_LIKE = "Send an e-mail address in ASCII, as in pia@clinic.example; a domain with other letters in its xn-- form."
PHONE_LIKE = "Send a telephone number in digits, as in +31 20 123 4567."
"""What to send instead of what is none."""
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z]{2,8})?$"
"""A language tag as patients have it: nl, or pt-BR."""
LANGUAGE_LIKE = "Send a language tag, as in nl or pt-BR."


def is_email(text: str) -> bool:
    """Say whether a text is an e-mail address that can be sent to."""
    return len(text) <= LONGEST_EMAIL and re.fullmatch(EMAIL, text) is not None


def is_phone(text: str) -> bool:
    """Say whether a text looks like a telephone number."""
    return len(text) <= LONGEST_PHONE and re.fullmatch(PHONE, text) is not None
