"""Choose what to write where: values at the bounds of what is allowed, and values that have broken programs before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.api.house import Json
from tests.contract.places import Place, options, sample

LONGEST = 4000
"""Fields without a bound are tried up to this many characters."""


class Raw:
    """A piece of JSON exactly as it is sent, because Python would write it otherwise or not at all."""

    def __init__(self, text: str) -> None:
        """Take the text."""
        self.text = text

    def __repr__(self) -> str:
        """Show it."""
        return f"Raw({self.text[:40]!r}, {len(self.text)})"


TEXTS = (
    "\x00",
    "a\x00b",
    "\x1b[31m",
    "\x7f",
    "\x85",
    "\u00a0",
    "\u200b",
    "\ufeff",
    "\u2028",
    "\u2029",
    "\ufffe",
    "\ufdd0",
    "\U0010ffff",
    "\ud800",
    "\udfff",
    "Pia \udc80",
    "\ud83d",
    "\U0001f469\u200d\U0001f680",
    "\U0001f1f3\U0001f1f1",
    "\U00020000\U0002a6d6",
    "\U0001d54f",
    "\u202egnp.exe",
    "\u2066x\u2069",
    "\u200fאבג",
    "\u0645\u0631\u062d\u0628\u0627",
    "Z" + "\u0335\u0321\u034f" * 40,
    "e\u0301",
    "\u00e9",
    "\u0130stanbul",
    "\u1e9e\u00df",
    "\ufb01\u017f",
    "\u00b2",
    "\u0663",
    "\u0967\u0968",
    "\uff12\uff10\uff12\uff16",
    "\u2163",
    "\u00bd",
    "\u0430\u0440\u0440\u04cf\u0435",
    "０",
    "-1",
    "1e309",
    "NaN",
    "0x1F",
    "1_000",
    "null",
    "None",
    "undefined",
    "true",
    " ",
    "\t\n",
    "a\r\nX-Evil: 1",
    "%00",
    "%s%n%p",
    "{0.__class__}",
    "${7*7}",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "'; DROP TABLE patients; --",
    '" OR ""="',
    "\\",
    "../../etc/passwd",
    "\\u0000",
    "*",
    "?",
    "[",
    "(" * 60,
    "a" * 60 + "!",
    "@",
    "2026-12-18",
)
"""Texts that one language, library or database or another has stumbled over."""
DAYS = (
    "2026-02-30",
    "2026-13-01",
    "2026-00-10",
    "0000-00-00",
    "0001-01-01",
    "1899-12-31",
    "1900-01-01",
    "2199-12-31",
    "2200-01-01",
    "9999-12-31",
    "10000-01-01",
    "-2026-12-18",
    "+2026-12-18",
    "2026-12-18T00:00:00Z",
    "2026-12-18 ",
    "2026-12-18\n",
    "2026-12-8",
    "20261218",
    "2026-W51-5",
    "2026-352",
    "18-12-2026",
    "２０２６-１２-１８",
    "٢٠٢٦-١٢-١٨",
    "2026‐12‐18",
    "0",
    "1766016000",
    "today",
)
"""Texts that somebody's program takes for a day."""
KINDS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -0.0,
    1,
    -1,
    1.5,
    2.0,
    1766016000,
    1766016000.5,
    2**31,
    2**63,
    2**64,
    10**40,
    Raw("1e400"),
    Raw("-1e400"),
    Raw("1" + "0" * 5000),
    Raw("NaN"),
    Raw("-Infinity"),
    "",
    [],
    {},
    [None],
    {"": ""},
    {"__proto__": {"x": 1}},
    Raw("[" * 2000 + "]" * 2000),
    Raw('{"a":' * 200 + "1" + "}" * 200),
)
"""A value of every other kind, and numbers that do not fit where numbers are kept."""


def within(place: Place) -> list[Any]:
    """List the values at the bounds of what a place may hold, and those just beyond."""
    return [value for option in options(place.schema) for value in bounds(option)]


def strange(place: Place) -> list[Any]:
    """List everything else that is tried in a place."""
    kinds = {option.get("type") for option in options(place.schema)}
    formats = {option.get("format") for option in options(place.schema)}
    texts = (DAYS if "date" in formats else TEXTS) if kinds & {"string", None} else ()
    return [*texts, *(KINDS if place.where == "body" else ())]


def bounds(schema: Json) -> Iterator[Any]:
    """Give values at the bounds of a schema, and one beyond each."""
    match schema.get("type"):
        case "string" if "format" not in schema and "enum" not in schema and "const" not in schema:
            least, most = schema.get("minLength", 0), schema.get("maxLength")
            lengths = {least - 1, least, least + 1}
            lengths |= {LONGEST} if most is None else {most - 1, most, most + 1}
            for length in sorted(one for one in lengths if one >= 0):
                yield text(length)
                if most is not None and length >= most:
                    yield "\U0001f469" * length  # characters are counted, not bytes or UTF-16
        case "integer":
            for bound in ("minimum", "maximum"):
                if bound in schema:
                    yield from (schema[bound] - 1, schema[bound], schema[bound] + 1)
        case "array":
            most = schema.get("maxItems")
            if most is not None:
                yield from ([sample(schema["items"])] * count for count in (0, most, most + 1))
        case "object":
            most = schema.get("maxProperties")
            if most is not None:
                yield from ({f"key-{number}": None for number in range(count)} for count in (0, most, most + 1))


def text(length: int) -> str:
    """Make a plain text of so many characters."""
    return ("Pia has eleven letters in her name " * (length // 35 + 1))[:length].rstrip().ljust(length, "x")


def written(value: object) -> bytes:
    """Write JSON, with lone surrogates as escapes and raw pieces as they are."""
    raws: list[str] = []

    def mark(one: object) -> str:
        assert isinstance(one, Raw)
        raws.append(one.text)
        return f"@raw{len(raws) - 1}@"

    found = json.dumps(value, default=mark)
    for number, raw in enumerate(raws):
        found = found.replace(f'"@raw{number}@"', raw)
    return found.encode()
