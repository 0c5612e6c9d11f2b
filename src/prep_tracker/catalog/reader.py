"""Read the YAML that a clinic writes by hand, and refuse what could mean something else than it says.

Stricter than YAML itself. Only ``true`` and ``false`` are booleans, only plain decimal digits are whole numbers, only
the word ``null`` is no value; everything else is text: ``18:00``, ``2026-12-18``, ``1.5``, ``yes``, ``no``.
A key with nothing after it is refused: what was meant, nothing or something forgotten, cannot be told.
Keys are text and come once. There are no anchors, aliases, tags, merge keys or second documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

LONGEST = 1024 * 1024
"""Characters of a text, bytes of a file."""
MOST_NODES = 100_000
DEEPEST = 32

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser written in C where there is one; both give the same events."""

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}", re.ASCII)
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_UNCLEAR = frozenset({"", "~", "Null", "NULL"})
_UNSEEN = re.compile("[^\t\n\r -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What no editor shows, and what only some programs take for the end of a line."""
_TAB = re.compile(r"^ *\t[ \t]*\S", re.MULTILINE)

_MENDS = (
    ("could not find expected ':'", "Put a colon and a space after the key, and begin it below the line above."),
    ("mapping values are not allowed", "Put a text with a colon in quotes, and check the spaces before the line."),
    ("unexpected end of stream", "Close the quote that was opened above."),
    ("cannot start any token", "Put a text that begins with a special sign in quotes."),
    (
        "did not find expected",
        "Check that the lines that belong together begin in one column, and that brackets close.",
    ),
    ("expected <block end>", "Check that the lines that belong together begin in one column."),
    ("unknown escape character", "Write the text in single quotes, or two backslashes for one."),
)


class ReadError(ValueError):
    """The text cannot be read: on which line (from 1), what is wrong, and how to mend it."""

    def __init__(self, line: int, message: str, mend: str) -> None:
        """Keep the parts, so that each door can show them in its own way."""
        super().__init__(line, message, mend)
        self.line = line
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        """Give the three in one sentence."""
        return f"line {self.line}: {self.message}. {self.mend}"


class _Place(NamedTuple):
    """Where a value begins, and where the values inside it begin; a value by its key's line."""

    line: int
    inside: dict[str, _Place] | list[_Place] | None = None


class _Node(NamedTuple):
    """A value and its place."""

    value: Any
    place: _Place


@dataclass(frozen=True, slots=True)
class Document:
    """What was read, as plain dicts, lists, texts, whole numbers, booleans and None; and on which line it stands."""

    data: Any
    _top: _Place

    def line(self, path: tuple[str | int, ...]) -> int:
        """Give the line, from 1, on which the value at ``path`` begins: its key's line, or its own in a list.

        Of a path that leads nowhere, the line of its last part that exists.
        """
        place = self._top
        for step in path:
            match place.inside, step:
                case dict() as keys, str() if step in keys:
                    place = keys[step]
                case list() as places, int() if 0 <= step < len(places):
                    place = places[step]
                case _:
                    break
        return place.line


def read(text: str | bytes) -> Document:
    """Read one document; whatever else is given, only a ``ReadError`` comes out.

    Bytes must be UTF-8; a byte order mark at the beginning and any kind of line ending will do.
    """
    clean = _clean(text)
    try:
        return _document(_events(clean))
    except ReadError as error:
        # The parser gives the end of a file a line of its own.
        error.line = min(error.line, clean.count("\n") + 1)
        raise


def _document(events: Iterator[yaml.Event]) -> Document:
    next(events)
    event = next(events)
    if not isinstance(event, yaml.DocumentStartEvent):
        raise ReadError(1, "the file is empty", "Write the protocol into it.")
    if event.version or event.tags:
        raise ReadError(1, "a line begins with %", "Remove the line: no YAML directive is needed.")
    first = next(events)
    node = _Composer(events).value(first, _line_of(first), 0)
    next(events)
    after = next(events)
    if not isinstance(after, yaml.StreamEndEvent):
        raise ReadError(_line_of(after), "a second document begins here", "Write one file for each.")
    return Document(node.value, node.place)


def _clean(given: str | bytes) -> str:
    """Give the text with plain line ends, so that lines count as in an editor; refuse what cannot be seen."""
    if len(given) > LONGEST:
        raise ReadError(1, "the file is larger than 1 MiB", "Split it: a protocol has a few hundred lines.")
    text = _decode(given) if isinstance(given, bytes) else given
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if found := _UNSEEN.search(text):
        raise ReadError(_line(text, found.start()), *_unseen(found))
    if found := _TAB.search(text):
        raise ReadError(_line(text, found.start()), "a tab stands before the text", "Begin the line with spaces.")
    return text


def _decode(given: bytes) -> str:
    try:
        return given.decode("utf-8")
    except UnicodeDecodeError as error:
        line = given.count(b"\n", 0, error.start) + 1
        raise ReadError(line, "the file is not in UTF-8", "Save it again with the encoding UTF-8.") from None


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _unseen(found: re.Match[str]) -> tuple[str, str]:
    return f"a character that cannot be seen: U+{ord(found[0]):04X}", "Remove it; typing the line anew helps."


def _events(text: str) -> Iterator[yaml.Event]:
    """Yield what the parser finds, one by one, so that nothing is read beyond the first fault."""
    try:
        yield from yaml.parse(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ReadError(mark.line + 1 if mark else 1, *_explain(error.problem or "")) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        # The parser in Python stumbles over impossible escapes and version numbers without saying where.
        raise ReadError(1, "the file cannot be read as YAML", "Look for an escape that names no character.") from None


def _explain(problem: str) -> tuple[str, str]:
    mend = next((mend for words, mend in _MENDS if words in problem), "Check the spaces, quotes and brackets here.")
    return f"this cannot be read: {problem}" if problem else "this cannot be read", mend


class _Composer:
    """Put the parser's events together, counting nodes and depth as they come."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._nodes = 0

    def value(self, event: yaml.Event, line: int, depth: int) -> _Node:
        """Compose the value that begins with ``event``; ``line`` is its key's."""
        self._check(event, depth)
        if isinstance(event, yaml.ScalarEvent):
            return _Node(_scalar(event.value, line, plain=event.implicit[0]), _Place(line))
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(line, depth)
        return self._mapping(line, depth)

    def _check(self, event: yaml.Event, depth: int) -> None:
        line = _line_of(event)
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise ReadError(line, f"there are more than {MOST_NODES:,} values", "Write a shorter file.")
        if depth > DEEPEST:
            raise ReadError(line, f"this is nested more than {DEEPEST} deep", "Write it flatter.")
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            raise ReadError(line, "a word with * points to another place", "Write the value out, or put it in quotes.")
        if event.anchor is not None:
            raise ReadError(line, f"&{_short(event.anchor)} names this place", "Remove it, or put the text in quotes.")
        if event.tag is not None:
            raise ReadError(
                line, f"the tag {_short(event.tag)} is not known here", "Remove it, or put the text in quotes."
            )

    def _list(self, line: int, depth: int) -> _Node:
        values: list[Any] = []
        places: list[_Place] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            node = self.value(event, _line_of(event), depth + 1)
            values.append(node.value)
            places.append(node.place)
        return _Node(values, _Place(line, places))

    def _mapping(self, line: int, depth: int) -> _Node:
        values: dict[str, Any] = {}
        places: dict[str, _Place] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            self._check(event, depth + 1)
            at = _line_of(event)
            key = _key(event, at)
            if key in values:
                raise ReadError(at, f"the key {_short(key)} comes twice", f"The first is on line {places[key].line}.")
            values[key], places[key] = self.value(next(self._events), at, depth + 1)
        return _Node(values, _Place(line, places))


def _line_of(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _key(event: yaml.Event, line: int) -> str:
    if not isinstance(event, yaml.ScalarEvent):
        raise ReadError(line, "a key must be one word", "Put a text that begins with a bracket in quotes.")
    if event.implicit[0] and event.value == "<<":
        raise ReadError(line, "<< merges another place", "Write the values out.")
    key = _scalar(event.value, line, plain=event.implicit[0])
    if not isinstance(key, str):
        raise ReadError(
            line, f"the key {event.value} is no text", f'If it is meant, put it in quotes: "{event.value}".'
        )
    return key


def _scalar(text: str, line: int, *, plain: bool) -> str | int | bool | None:
    """Give the value of one word or text; only a plain word, without quotes, can be anything but text."""
    if plain and text in _UNCLEAR:
        what = f"{text} stands here" if text else "nothing stands here"
        raise ReadError(line, what, "Write the value, or null for none, or leave the line out.")
    if plain and text in _WORDS:
        return _WORDS[text]
    if plain and _INTEGER.fullmatch(text):
        return int(text)
    if found := _UNSEEN.search(text):
        raise ReadError(line, *_unseen(found))
    return text


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004 - as much as a line of a message can hold
