"""Hold what is said about a file beside what stands in it, and what a clinic said the last time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prep_tracker.domain.errors import Fault
from prep_tracker.imports.headers import FIXABLE, NAMES
from prep_tracker.imports.rows import language_of
from prep_tracker.imports.text import ENCODINGS
from prep_tracker.imports.values import ORDERS

MOST_WORDS = 500
"""Words for protocols that a clinic may give a meaning to."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What is said about a file.

    ``columns``: the header of a field's column. ``fixed``: what holds for all rows. ``protocols``: what a word of the
    file means; None: rows with it are left out. ``remember``: use what was said last time, and keep what is said now.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    protocols: Mapping[str, str | None] = field(default_factory=dict)
    date_order: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    remember: bool = True


def choice_faults(choices: Choices) -> Iterator[Fault]:
    """Name what cannot be chosen, with what can."""
    for name in choices.columns:
        if name not in NAMES:
            yield Fault("/columns", "unknown-field", f"Name columns for {', '.join(NAMES)}.")
    for name in choices.fixed:
        if name not in FIXABLE:
            yield Fault("/fixed", "unknown-field", f"The same for all rows may be {' or '.join(FIXABLE)}.")
        elif name in choices.columns:
            yield Fault(f"/fixed/{name}", "together", "Say either a column or what holds for all rows.")
    if language_of(choices.fixed.get("language", "en")) is None:
        yield Fault("/fixed/language", "not-a-language", "Say a language by its code, such as en, es or nl.")
    if len(choices.protocols) > MOST_WORDS:
        yield Fault("/protocols", "too-many", f"Give a meaning to at most {MOST_WORDS} words.")
    if choices.date_order not in {None, *ORDERS}:
        yield Fault("/date_order", "unknown-order", f"Say one of {', '.join(ORDERS)}.")
    if choices.encoding not in {None, *ENCODINGS}:
        yield Fault("/encoding", "unknown-encoding", f"Say one of {', '.join(ENCODINGS)}.")


def recalled(kept: Mapping[str, Any] | None) -> Choices:
    """Read what was kept of an earlier import; None is a clinic that never had one."""
    known = kept or {}
    return Choices(
        columns=known.get("columns", {}),
        fixed=known.get("fixed", {}),
        protocols=known.get("protocols", {}),
        date_order=known.get("date_order"),
        encoding=known.get("encoding"),
    )


def to_keep(known: Choices, said: Choices) -> dict[str, Any]:
    """Write what is to be kept for the next time: what is said now goes before what was known."""
    words = {**known.protocols, **said.protocols}
    return {
        "columns": {**known.columns, **said.columns},
        "fixed": {**{name: value for name, value in known.fixed.items() if name not in said.columns}, **said.fixed},
        "protocols": dict(list(words.items())[-MOST_WORDS:]),
        "date_order": said.date_order or known.date_order,
        "encoding": said.encoding or known.encoding,
    }
