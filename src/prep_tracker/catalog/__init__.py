"""Give what ships as data, read and checked: protocols, the lexicon, and texts. Nobody else reads those files."""

from prep_tracker.catalog.lexicons import lexicon
from prep_tracker.catalog.locales import UnknownLanguageError, languages, texts
from prep_tracker.catalog.protocols import (
    Located,
    UnknownProtocolError,
    check_protocol,
    json_schema,
    load_protocol,
    protocol,
    slugs,
    source,
)
from prep_tracker.catalog.reader import Document, ReadError, read

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
