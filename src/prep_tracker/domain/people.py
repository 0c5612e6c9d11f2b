"""Say what names, languages, addresses and numbers of people look like, wherever they come in."""

from __future__ import annotations

LONGEST_NAME = 200
"""Characters of a name or a reference."""
LONGEST_EMAIL = 254
LONGEST_PHONE = 32
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
PHONE = r"^\+?[0-9 ()\-.]{5,31}$"
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z]{2,8})?$"
"""A language tag as patients have it: nl, or pt-BR."""
