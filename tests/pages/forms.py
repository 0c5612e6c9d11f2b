"""Find the forms on a page, fill them in, and press a button, as somebody without scripts does."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

    from tests.pages.browser import Browser


@dataclass
class Form:
    """One form: where it goes, what stands in it, and its buttons."""

    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """Give its name on the page."""
        return self.fields.get("form", [""])[0]

    def value(self, name: str) -> str:
        """Give what stands in a field."""
        return self.fields.get(name, [""])[0]


class _Reader(HTMLParser):
    """Read forms. A select has its first option unless another is selected."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "form":
            self._form = Form(given.get("action", "").partition("#")[0])
            self.forms.append(self._form)
        if self._form is None:
            return
        if given.get("aria-invalid") == "true":
            self._form.wrong.add(name)
        if tag == "input" and name:
            if given.get("type") in {"checkbox", "radio"}:
                self._form.choices.setdefault(name, []).append(value)
                if "checked" not in given:
                    return
            self._form.fields.setdefault(name, []).append(value)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self._form.choices.setdefault(self._select, []).append(value)
            if "selected" in given or self._select not in self._form.fields:
                self._form.fields[self._select] = [value]
        elif tag == "textarea":
            self._area = name
            self._form.fields[name] = [""]
        elif tag == "button":
            self._form.buttons.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._form is not None:
            self._form.fields[self._area] = [self._form.fields[self._area][0].removeprefix("\n")]
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area and self._form is not None:
            self._form.fields[self._area][0] += data


def forms(answer: httpx.Response) -> dict[str, Form]:
    """Give the named forms of a page."""
    reader = _Reader()
    reader.feed(answer.text)
    named = [form for form in reader.forms if form.name]
    assert len({form.name for form in named}) == len(named), "two forms have the same name"
    return {form.name: form for form in named}


def press(browser: Browser, form: Form, button: tuple[str, str] | None = None, **changed: Any) -> httpx.Response:  # noqa: ANN401 - a text, or several
    """Change fields and press a button, the first if none is named; ``__`` in a name stands for a slash, None empties.

    A name with a colon or a hyphen is given as ``{"null:on": …}`` by ``more``.
    """
    more = changed.pop("more", {})
    fields: dict[str, Any] = dict(form.fields)
    for name, value in {**{name.replace("__", "/"): value for name, value in changed.items()}, **more}.items():
        if value is None:
            fields.pop(name, None)
        else:
            fields[name] = value
    assert form.buttons, form.name
    name, value = form.buttons[0] if button is None else button
    assert (name, value) in form.buttons, (button, form.buttons)
    if name:
        fields[name] = value
    return browser.post(form.action, fields)
