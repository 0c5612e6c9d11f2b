"""Give what ships as data, read and checked: protocols, the lexicon, and texts. Nobody else reads those files."""

from prep_tracker.catalog.lexicons import lexicon
from prep_tracker.catalog.locales import UnknownLanguageError, languages, texts
from prep_tracker.catalog.protocols import (
    Located,
    UnknownProtocolError,
    check_protocol,
    load_protocol,
    protocol,
    slugs,
    source,
)
from prep_tracker.catalog.reader import Document, ReadError, read
from prep_tracker.catalog.schema import json_schema

__all__ = [
    "Document",
    "Located",
    "ReadError",
    "UnknownLanguageError",
    "UnknownProtocolError",
    "check_protocol",
    "json_schema",
    "languages",
    "lexicon",
    "load_protocol",
    "protocol",
    "read",
    "slugs",
    "source",
    "texts",
]
