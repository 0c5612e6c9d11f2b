"""Say in plain words what does not fit the protocol language, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from prep_tracker.domain.lint import MOST_FINDINGS
from prep_tracker.domain.lint_finding import Finding, Path, near
from prep_tracker.domain.protocol import KINDS, Protocol

_SHAPES = {
    "Point": "{days: -7}",
    "When": "{fact: …, is: …}",
    "Starts": '{before: "10:00"}',
    "AtLeast": "{of_last: 14, kept: 11}",
}
_MENDS = {
    "recursion_depth_exceeded": "Write it flatter.",
    "bool_type": "Write true or false, without quotes.",
    "int_type": "Write a whole number, without quotes.",
    "int_from_float": "Write a whole number, without quotes.",
    "string_type": "Write a text; put it in quotes if it looks like a number, or is true, false or null.",
    "string_too_long": "Write at most {max_length} characters.",
    "tuple_type": "Write a list: [one, two], or one line for each that begins with a hyphen.",
    "too_short": "Write at least one.",
    "too_long": "Write at most {max_length}.",
    "greater_than_equal": "Write at least {ge}.",
    "less_than_equal": "Write at most {le}.",
    "string_pattern_mismatch": "Use small letters, digits and single hyphens.",
    "dict_type": "Write a text in quotes, or a text for each language: {{en: …}}.",
}
_LONGEST_SHOWN = 40


class _Place(NamedTuple):
    """Where in the file something is wrong."""

    path: Path
    data: object

    @property
    def name(self) -> str:
        """Give what a person would call the place: its key, or "number 2 of times"."""
        match self.path:
            case ():
                return "the file"
            case ("steps", int()):
                return "this step"
            case (*_, str() as key, int() as number):
                return f"number {number + 1} of {_show(key)}"
            case _:
                return _show(self.path[-1])


def faults(error: ValidationError, data: object) -> Iterator[Finding]:
    """Yield a finding for each place that does not fit the language, so many at most; ``data`` is what was checked."""
    places: dict[Path, list[ErrorDetails]] = {}
    for one in error.errors(include_url=False):
        if len(places) >= MOST_FINDINGS:
            break
        if one["type"] != "too_short" or not one["input"]:  # a list whose only item is wrong is not too short
            places.setdefault(_path(one, data), []).append(one)
    for path, errors in places.items():
        place = _Place(path or _second_of_two(data), data)
        said = [_SAYINGS.get(one["type"], _misfit)(one, place) for one in errors]
        mends = dict.fromkeys(mend for _, mend in said)
        code = _CODES.get(errors[0]["type"], "wrong-value")
        yield Finding(code, "fault", _step(place), place.path, said[0][0], " Or: ".join(mends))


def _path(error: ErrorDetails, data: object) -> Path:
    """Give the place in the file: what the checker adds for itself, a kind or a type's name, is left out."""
    path: list[str | int] = []
    for part in error["loc"]:
        inner = _inside(data, part)
        if inner is not _NOTHING:
            path.append(part)
            data = inner
    return (*path, error["loc"][-1]) if error["type"] == "missing" else tuple(path)


_NOTHING = object()


def _inside(data: object, part: str | int) -> object:
    if isinstance(data, dict):
        return data.get(part, _NOTHING)
    if isinstance(data, list) and isinstance(part, int) and part < len(data):
        return data[part]
    return _NOTHING


def _second_of_two(data: object) -> Path:
    """Give the place of the first id that comes twice, the second time: the checker only says that there is one."""
    for group in ("steps", "facts", "events"):
        seen: set[object] = set()
        number = 0
        while (one := _inside(_inside(data, group), number)) is not _NOTHING:
            name = _inside(one, "id")
            if isinstance(name, str) and name in seen:
                return (group, number, "id")
            seen.add(name if isinstance(name, str) else None)
            number += 1
    return ()


def _step(place: _Place) -> str | None:
    """Give the id of the step in which the place lies, as far as it has one."""
    if place.path[:1] != ("steps",) or len(place.path) == 1:
        return None
    name = _inside(_inside(_inside(place.data, "steps"), place.path[1]), "id")
    return name if isinstance(name, str) else None


def _misfit(error: ErrorDetails, place: _Place) -> tuple[str, str]:
    """Say what stands there, and what should."""
    shown = _show(error["input"])
    message = f"{shown} does not fit here" if shown == place.name else f"{place.name}: {shown} does not fit here"
    mend = _MENDS.get(error["type"])
    return message, mend.format(**error.get("ctx", {})) if mend else f"{error['msg']}."


def _sentence(error: ErrorDetails, place: _Place) -> tuple[str, str]:
    """Repeat the language's own sentence: it says what to write."""
    sentence = error["msg"].removeprefix("Value error, ")
    return f"{place.name} does not fit", f"{sentence[:1].upper()}{sentence[1:]}."


def _missing(_error: ErrorDetails, place: _Place) -> tuple[str, str]:
    """Say what the missing key is for."""
    model = _model_at(place.path[:-1], place.data)
    found = _keys(model).get(str(place.path[-1])) if model else None
    return f"{place.name} is missing", f"Add it: {found.description}" if found and found.description else "Add it."


def _unknown(_error: ErrorDetails, place: _Place) -> tuple[str, str]:
    """Say which key may have been meant, and which kinds of step do have this one."""
    message = f"the key {place.name} is not known here"
    model = _model_at(place.path[:-1], place.data)
    key, known = str(place.path[-1]), _keys(model) if model else {}
    if meant := near(key, known):
        return message, meant.strip()
    kinds = _models(Protocol.model_fields["steps"].annotation)
    others = [kind for kind, other in kinds.items() if kind and key in _keys(other)]
    belongs = f"It belongs to {' and '.join(others)}." if "severity" in known and others else "Remove it."
    return message, f"{belongs} Known here: {', '.join(known)}."


def _no_kind(_error: ErrorDetails, _place: _Place) -> tuple[str, str]:
    return "kind is missing", f"Add kind: {', '.join(KINDS)}."


def _unknown_kind(error: ErrorDetails, _place: _Place) -> tuple[str, str]:
    kind = str(error["ctx"]["tag"])
    return f"there is no kind of step called {_show(kind)}", f"Write one of {', '.join(KINDS)}.{near(kind, KINDS)}"


def _choice(error: ErrorDetails, place: _Place) -> tuple[str, str]:
    shown, expected = _show(error["input"]), str(error["ctx"]["expected"]).replace("'", "")
    return (
        f"{place.name} cannot be {shown}",
        f"Write {expected}.{near(shown, expected.replace(' or ', ', ').split(', '))}",
    )


def _group(error: ErrorDetails, place: _Place) -> tuple[str, str]:
    shape = _SHAPES.get(error.get("ctx", {}).get("class_name", ""), "keys with their values")
    return _misfit(error, place)[0], f"Write it as {shape}."


def _pattern(error: ErrorDetails, place: _Place) -> tuple[str, str]:
    message, mend = _misfit(error, place)
    is_language = error["loc"][-1] == "[key]" and "longer" not in place.path
    return message, "Write the language as en, es or pt-BR." if is_language else mend


def _dict(error: ErrorDetails, place: _Place) -> tuple[str, str]:
    message, mend = _misfit(error, place)
    return message, "Write a class and its days: {sunburn: 28}." if place.path[-1] == "longer" else mend


_SAYINGS: dict[str, Callable[[ErrorDetails, _Place], tuple[str, str]]] = {
    "dict_type": _dict,
    "extra_forbidden": _unknown,
    "literal_error": _choice,
    "missing": _missing,
    "model_attributes_type": _group,
    "model_type": _group,
    "string_pattern_mismatch": _pattern,
    "union_tag_invalid": _unknown_kind,
    "union_tag_not_found": _no_kind,
    "value_error": _sentence,
}
_CODES = {
    "extra_forbidden": "unknown-key",
    "missing": "missing-key",
    "union_tag_invalid": "unknown-kind",
    "union_tag_not_found": "missing-key",
}


def _keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_at(path: Path, data: object) -> type[BaseModel] | None:
    """Give the model of the group of keys at ``path``; which of the six steps it is, its kind says."""
    models: dict[str | None, type[BaseModel]] = {None: Protocol}
    for part in path:
        if isinstance(part, str):
            model = _chosen(models, data)
            field = _keys(model).get(part) if model else None
            models = _models(field.annotation) if field else {}
        data = _inside(data, part)
    return _chosen(models, data)


def _chosen(models: dict[str | None, type[BaseModel]], data: object) -> type[BaseModel] | None:
    kind = data.get("kind") if isinstance(data, dict) else None
    return models.get(kind if isinstance(kind, str) else None) or models.get(None)


def _models(annotation: object) -> dict[str | None, type[BaseModel]]:
    """Give the models inside an annotation, by kind; other models under None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get("kind")
        kind = next(iter(get_args(field.annotation)), None) if field else None
        return {kind if kind in KINDS else None: annotation}
    found: dict[str | None, type[BaseModel]] = {}
    for inner in get_args(annotation):
        found |= _models(inner)
    return found


def _show(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "a group of keys"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
