"""Seal lines of the audit into a chain: what was sealed cannot be changed afterwards without its being seen.

Each seal covers a batch of lines and the seal before it. With a key that the database does not hold, nobody who has
only the database can make a seal; without one anybody can, and only a seal that was kept elsewhere (an anchor) tells.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from pydantic_core import to_json

Verdict = Literal["right", "wrong", "unknown-key"]
_FORM = "prep-tracker audit seal 1"
_KEY_ID = 8
"""How many hexadecimal digits of its hash name a key."""


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal of a clinic's chain, numbered from 1; the clinic is empty for lines that belong to none.

    ``sealed_at`` as ``iso`` writes it. ``hash`` is 64 hexadecimal digits, or the key's id, a colon, and 43 signs of
    base64.
    """

    clinic_id: str
    number: int
    sealed_at: str
    lines: int
    hash: str

    @property
    def key_id(self) -> str | None:
        """Give the id of the key that it was made with; None: made without one."""
        key_id, colon, _ = self.hash.partition(":")
        return key_id if colon else None


class Digest:
    """The digest of a batch of lines, which are added in the order of their numbers."""

    def __init__(self) -> None:
        """Begin without a line."""
        self._hash = hashlib.sha256()
        self.lines = 0

    def add(self, line: bytes) -> None:
        """Add a line as ``written`` writes it."""
        self._hash.update(line)
        self.lines += 1

    def hex(self) -> str:
        """Give the digest of the lines so far."""
        return self._hash.hexdigest()


def written(values: Iterable[object]) -> bytes:
    """Write values, texts and numbers or none, in the one way in which they are sealed: a JSON list, and a line's end.

    Bytes, which only somebody who changed the file can have put there, are written as no text is.
    """
    return to_json(list(values), bytes_mode="hex") + b"\n"


def iso(at: datetime) -> str:
    """Write an instant with its microseconds, also when they are none, so that equal instants are equal texts."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Keys:
    """The keys with which seals are made and proven: new ones with the first, old ones with whichever it was."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        """Take the secrets, newest first; none is the chain without a key."""
        self._by_id = {_id_of(secret): secret.encode() for secret in secrets}
        self.newest = next(iter(self._by_id), None)

    def seal(self, after: Seal | None, clinic_id: str, at: datetime, digest: Digest) -> Seal:
        """Make the seal that follows another, or the first of a clinic's chain."""
        number, before = (1, "") if after is None else (after.number + 1, after.hash)
        header = _header(before, clinic_id, number, iso(at), digest.lines, digest)
        made = _hash(self._by_id.get(self.newest or ""), self.newest, header)
        return Seal(clinic_id, number, iso(at), digest.lines, made)

    def judge(self, before: str, seal: Seal, digest: Digest) -> Verdict:
        """Say whether a seal was made of just these lines, in this order, after the seal with the hash ``before``."""
        if seal.key_id is not None and seal.key_id not in self._by_id:
            return "unknown-key"
        return "right" if hmac.compare_digest(self.made(before, seal, digest).encode(), seal.hash.encode()) else "wrong"

    def made(self, before: str, seal: Seal, digest: Digest) -> str:
        """Give the hash that a seal would have, were it made of these lines after the seal with the hash ``before``."""
        header = _header(before, seal.clinic_id, seal.number, seal.sealed_at, seal.lines, digest)
        return _hash(self._by_id.get(seal.key_id or ""), seal.key_id, header)

    def may_follow(self, seal: Seal) -> bool:
        """Say whether a new seal may stand after this one: nobody goes on without a key where there was one."""
        return seal.key_id is None or self.newest is not None

    def vouch(self, seal: Seal) -> str:
        """Make the mark of whoever takes away everything up to a seal: its number, and proof that they had the key."""
        if self.newest is None:
            return str(seal.number)
        return f"{seal.number}.{_mark(self._by_id[self.newest], seal)}"

    def vouched(self, mark: str, seal: Seal) -> bool:
        """Say whether a mark is of somebody who was allowed to take everything up to this seal away."""
        if seal.key_id is None:
            return mark.partition(".")[0] == str(seal.number)
        return any(hmac.compare_digest(mark, f"{seal.number}.{_mark(key, seal)}") for key in self._by_id.values())


def _header(before: str, clinic_id: str, number: int, at: str, lines: int, digest: Digest) -> bytes:
    return written([_FORM, before, clinic_id, number, at, lines, digest.hex()])


def _hash(key: bytes | None, key_id: str | None, header: bytes) -> str:
    if key is None:
        return hashlib.sha256(header).hexdigest()
    return f"{key_id}:{urlsafe_b64encode(hmac.digest(key, header, 'sha256')).rstrip(b'=').decode()}"


def _mark(key: bytes, seal: Seal) -> str:
    return hmac.digest(key, written(["pruned", seal.clinic_id, seal.number, seal.hash]), "sha256").hex()[:32]


def _id_of(secret: str) -> str:
    return hashlib.sha256(f"prep-tracker audit key {secret}".encode()).hexdigest()[:_KEY_ID]
