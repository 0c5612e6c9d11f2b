"""Take forms apart and hand them back: what was typed, what is wrong with it, and beside which field that is said.

A field is named like the place of its value in the body that the API takes, without the first slash: ``patient/name``.
What is no text says so before a colon: ``bool:``, ``int:``, ``list:``, and ``null:`` for a button that means "nothing".
Beside a field there may be ``was:`` with its name: what stood there when the page was made; unchanged is not sent.
Forms are checked by the same models as the API's bodies, and say the same about themselves.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from prep_tracker.api.door import ALSO_CHECKED
from prep_tracker.api.pages.gate import read
from prep_tracker.api.pages.uploads import form_of
from prep_tracker.api.problems import faults_of
from prep_tracker.api.repeating import repeat_of
from prep_tracker.catalog.locales import staff_texts
from prep_tracker.catalog.telling import told
from prep_tracker.domain.errors import Fault, InvalidError
from prep_tracker.domain.explain import Phrase

if TYPE_CHECKING:
    from fastapi import Request
    from starlette.datastructures import FormData

    from prep_tracker.catalog.words import Words
    from prep_tracker.store.idempotency import Repeat

B = TypeVar("B", bound=BaseModel)
OWN = frozenset({"csrf", "form", "once", "made", "do", "seen", "pick"})
"""Fields that are about the form itself."""
WAS = "was:"
_TRUE, _FALSE = "true", "false"


class Sent:
    """A form as it came. ``form`` is its name on the page, ``versions`` what it was made for, ``do`` its button."""

    def __init__(self, fields: FormData) -> None:
        """Keep the texts; a file is none."""
        self.texts: dict[str, list[str]] = {}
        for name, value in fields.multi_items():
            if isinstance(value, str):
                self.texts.setdefault(name, []).append(value.replace("\r\n", "\n"))
        self.form, self.do, self.seen = self.text("form"), self.text("do"), self.text("seen")
        made = self.text("made")
        self.versions = frozenset({int(made)}) if made.isascii() and made.isdecimal() and len(made) < 10 else None  # noqa: PLR2004 - no record is longer

    def text(self, name: str) -> str:
        """Give the text of a field, empty when it did not come."""
        return self.texts.get(name, [""])[0].strip()

    def body(self) -> dict[str, Any]:
        """Give what was typed as the body that the API would get; empty fields are left out."""
        body: dict[str, Any] = {}
        was = {name.removeprefix(WAS): texts[0] for name, texts in self.texts.items() if name.startswith(WAS)}
        for name in dict.fromkeys((*self.texts, *was)):
            if name in OWN or name.startswith(WAS):
                continue
            kind, _, place = name.rpartition(":")
            texts = [text.strip() for text in self.texts.get(name, ()) if text.strip()]
            if name in was and ",".join(texts) == was[name]:
                continue
            if texts or name in was:
                _put(body, place.split("/"), _value(kind, texts))
        return body

    def repeat(self, request: Request) -> Repeat | None:
        """Name the form by its key: sent twice, it is done once. What hides in it anew each time is left out."""
        key = self.text("once")
        told = {name: texts for name, texts in self.texts.items() if name not in {"csrf", "once"}}
        return repeat_of(request, key, to_json(told)) if key else None


async def sent_by(request: Request) -> Sent:
    """Give the form that was sent."""
    return Sent(await form_of(request))


async def taken(request: Request, shape: type[B], body: dict[str, Any], operation: str | None = None) -> B:
    """Check a body by its model. Raises ``InvalidError`` with every fault.

    With the name of an ``operation``, what that looks at beyond single fields is looked at as well, as the API does.
    """
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        placed = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        wrong = faults_of(RequestValidationError(placed))
        more: list[Fault] = []
        if operation is not None:
            fields = {fault.pointer.split("/")[1] for fault in wrong if fault.pointer}
            sound = {name: value for name, value in body.items() if name not in fields}
            also, path = ALSO_CHECKED[operation], request.path_params
            more = await read(request, lambda c, d: also(c, d, sound, path))
        raise InvalidError(*wrong, *more) from None


class Form:
    """A form on a page: empty, or filled in as it came, with what is wrong beside the fields that it shows."""

    def __init__(self, name: str, made: int | None, sent: Sent | None = None, faults: Iterable[Fault] = ()) -> None:
        """Begin with a key of its own."""
        self.id, self.made, self.sent = name, made, sent
        self.once = secrets.token_urlsafe(12)
        self.faults = tuple(faults)
        self._shown: set[str] = set()

    def value(self, name: str, default: object = "") -> str:
        """Give what stands in a field: what was typed, else ``default``."""
        typed = self._typed(name)
        if typed is not None:
            return typed[0] if typed else ""
        return "" if default is None else str(default)

    def has(self, name: str, value: str, default: object = "") -> bool:
        """Say whether this is the choice of several. One that was not on the page when it was sent has its default."""
        typed = self._typed(name)
        return value in typed if typed else value == default

    def ticked(self, name: str, value: str, default: object = ()) -> bool:
        """Say whether a box is ticked; ``default`` is the value, or the values, for which it is from the beginning."""
        typed = self._typed(name)
        if typed is not None:
            return value in typed
        return value in default if isinstance(default, tuple | list) else value == default

    def _typed(self, name: str) -> list[str] | None:
        """Give what stood in a field when it was sent; None where nobody touched it, so that it shows what is kept."""
        if self.sent is None:
            return None
        texts = self.sent.texts.get(name, [])
        return None if self.sent.texts.get(f"{WAS}{name}") == [",".join(texts)] else texts

    def wrong(self, name: str) -> list[Fault]:
        """Give what is wrong with a field, which is now shown beside it."""
        pointer = f"/{name.rpartition(':')[2]}"
        self._shown.add(pointer)
        return [fault for fault in self.faults if fault.pointer == pointer]

    def rest(self) -> list[Fault]:
        """Give what is wrong and stands beside no field; to be asked once all fields are shown."""
        return [fault for fault in self.faults if fault.pointer not in self._shown]

    def key_of(self, name: str) -> str:
        """Give the id of a field on the page, where many forms may have the same field."""
        return f"{self.id}-{name}".replace("/", "-").replace(":", "-")


class Forms:
    """All forms of a page: each is empty but the one that came back."""

    def __init__(self, made: int | None, sent: Sent | None = None, faults: Iterable[Fault] = ()) -> None:
        """Keep what came back; ``made`` is the version that the page shows."""
        self._made, self.sent, self._faults = made, sent, tuple(faults)
        self._found = False

    def __call__(self, name: str, *, of_record: bool = True) -> Form:
        """Give the form of this name; one that is not ``of_record`` is about no version of the page."""
        back = self.sent is not None and self.sent.form == name
        self._found = self._found or back
        return Form(name, self._made if of_record else None, self.sent if back else None, self._faults if back else ())

    @property
    def is_lost(self) -> bool:
        """Say whether a form came back that the page does not show any more; to be asked once all forms are shown."""
        return self.sent is not None and not self._found

    def is_back(self, *beginnings: str) -> bool:
        """Say whether the form that came back has one of these names, or one that begins so."""
        return self.sent is not None and self.sent.form.startswith(beginnings)


def worded(words: Words, fault: Fault) -> str:
    """Say a fault as people on a page need it; where there are no such words, as the service says it."""
    key = f"action.fault.{fault.code}"
    if key in staff_texts("en"):
        return words.say(Phrase(key))
    return told(fault.message, words.language) or fault.message


def _value(kind: str, texts: list[str]) -> Any:  # noqa: ANN401 - whatever a body may hold
    """Read a field; what cannot be read stays a text, so that it is said what should stand there."""
    if not texts or kind == "null":
        return None
    if kind == "list":
        return texts
    text = texts[0]
    if kind == "bool" and text in {_TRUE, _FALSE}:
        return text == _TRUE
    if kind == "int" and text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 10:  # noqa: PLR2004 - of what is counted
        return int(text)
    return text


def _put(body: dict[str, Any], path: list[str], value: object) -> None:
    """Put a value where its name says."""
    for part in path[:-1]:
        inner = body.get(part)
        if not isinstance(inner, dict):
            inner = body[part] = {}
        body = inner
    body[path[-1]] = value


def listed(rows: Mapping[str, Any] | None, needed: str) -> list[Any]:
    """Make a list of numbered rows; a row without its most important field was not filled in."""
    found = rows if isinstance(rows, Mapping) else {}
    return [row for _, row in sorted(found.items()) if isinstance(row, Mapping) and needed in row]
