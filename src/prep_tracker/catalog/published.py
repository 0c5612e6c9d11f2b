"""Give the rules of a published protocol version, spread out by the lexicon; each is prepared once."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from prep_tracker.catalog.lexicons import lexicon
from prep_tracker.domain.protocol import Protocol
from prep_tracker.domain.rules import Rules, prepare


def content_of(protocol: Protocol) -> tuple[str, str]:
    """Write a protocol as the JSON that is stored, and give its hash: equal contents have equal hashes."""
    content = protocol.model_dump_json(by_alias=True, exclude_none=True)
    return content, hashlib.sha256(content.encode()).hexdigest()


_prepared: dict[tuple[str, int, str], Rules] = {}


def prepared(slug: str, number: int, content_hash: str) -> Rules | None:
    """Give the rules of a version that was prepared before, so that its content need not be read; else None."""
    return _prepared.get((slug, number, content_hash))


@lru_cache(maxsize=512)
def published(slug: str, number: int, content_hash: str, content: str) -> Rules:
    """Prepare one version from its stored JSON; a published version never changes, so it is kept.

    Content that is no longer what was published is a ``RuntimeError``: nobody may be told rules that nobody checked.
    """
    if hashlib.sha256(content.encode()).hexdigest() != content_hash:
        msg = f"the stored content of {slug}@{number} is not what was published"
        raise RuntimeError(msg)
    rules = prepare(Protocol.model_validate_json(content), lexicon(), number)
    _prepared[slug, number, content_hash] = rules
    return rules
