"""Give the rules of a published protocol version, spread out by the lexicon; each is prepared once."""

from __future__ import annotations

from functools import lru_cache

from prep_tracker.catalog.lexicons import lexicon
from prep_tracker.domain.protocol import Protocol
from prep_tracker.domain.rules import Rules, prepare


@lru_cache(maxsize=512)
def published(slug: str, number: int, content_hash: str, content: str) -> Rules:  # noqa: ARG001 - the hash is the key
    """Prepare one version from its stored JSON; a published version never changes, so it is kept."""
    return prepare(Protocol.model_validate_json(content), lexicon(), number)
