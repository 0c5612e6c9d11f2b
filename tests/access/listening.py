"""Listen to everything that is written while something is done, and hold it against what nobody may read there."""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

import httpx
import pytest
import structlog

from prep_tracker.api import logs
from tests.access.living import TRACES
from tests.api.house import House

Form = Literal["console", "json"]
FORMS: tuple[Form, ...] = ("console", "json")
OWN = ("httpx", "httpcore", "hypothesis")
"""Loggers of the tests' own tools: the one that sends the requests writes down where to."""


class Handler(logging.Handler):
    """Keep whatever any library logs, with the text of errors and the values that were to be filled in."""

    def __init__(self) -> None:
        """Hear every level."""
        super().__init__(logging.NOTSET)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        if record.name.partition(".")[0] not in OWN:
            error = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
            self.heard.append(f"{record.name} {record.getMessage()} {record.args!r} {error}")


class Ear:
    """What was written since it began to listen: on both outputs, to any logger, as a warning, in answers."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Listen where pytest does."""
        self._capfd = capfd
        self._handler = Handler()
        self.warned: list[warnings.WarningMessage] = []
        self.answers: list[httpx.Response] = []

    @contextmanager
    def listening(self, form: Form, house: House) -> Iterator[Ear]:
        """Listen for as long as the block takes; our own log is written in this form."""
        before = structlog.get_config()
        root = logging.getLogger()
        with ExitStack() as stack:
            self.warned = stack.enter_context(warnings.catch_warnings(record=True))
            warnings.simplefilter("always")
            stack.callback(structlog.configure, **before)
            stack.callback(root.removeHandler, self._handler)
            stack.callback(setattr, house.client, "event_hooks", {})
            root.addHandler(self._handler)
            house.client.event_hooks = {"response": [self.hear]}
            self._capfd.readouterr()
            logs.configure(form, sys.stderr)
            yield self

    async def hear(self, answer: httpx.Response) -> None:
        """Keep an answer."""
        await answer.aread()
        self.answers.append(answer)

    def written(self) -> dict[str, str]:
        """Give everything that was written, by where. Once read, outputs are empty."""
        out, err = self._capfd.readouterr()
        told = {"standard output": out, "standard error": err, "loggers": "\n".join(self._handler.heard)}
        told["warnings"] = "\n".join(str(one.message) for one in self.warned)
        told["headers"] = "\n".join(f"{name}: {value}" for a in self.answers for name, value in a.headers.items())
        told["problems"] = "\n".join(answer.text for answer in self.answers if answer.is_error)
        return told


def overheard(written: dict[str, str], words: Iterable[str]) -> list[str]:
    """Say where which word was overheard, with the line."""
    return [
        f"{place}: {line.strip()[:300]}"
        for place, text in written.items()
        for line in text.splitlines()
        if any(word in line for word in words)
    ]


def words_of(house: House, *more: str) -> list[str]:
    """Give all that nobody may read outside of a rightful answer: Pia's words, and every key's secret part."""
    return [*TRACES, *(secret_of(token) for token in house.tokens.values()), *more]


def lines_of(text: str) -> list[Any]:
    """Read the lines of a log in JSON."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def secret_of(token: str) -> str:
    """Give the part of a token that opens doors; the rest is public. It may have the sign in it that parts them."""
    return token.split("_", 3)[-1]
