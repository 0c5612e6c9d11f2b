"""The tables of settings name every setting there is, with what holds when it is left out."""

import re

from prep_tracker.settings import PREFIX, Settings
from tests.architecture.tree import ROOT
from tests.docs.pages import README

OPERATING = ROOT / "docs" / "operating.md"
_ROW = re.compile(r"^\| `(PREP_[A-Z_]+)` \| ([^|]+) \| .+ \|$", re.MULTILINE)


def left_out(default: object) -> str:
    """Write a default as the tables do."""
    match default:
        case None | ():
            return "none"
        case bool():
            return f"`{str(default).lower()}`"
        case tuple():
            return f"`{','.join(default)}`"
    return f"`{default}`"


def test_operators_find_every_setting() -> None:
    rows = dict(_ROW.findall(OPERATING.read_text(encoding="utf-8")))
    expected = {f"{PREFIX}{name.upper()}": left_out(field.default) for name, field in Settings.model_fields.items()}
    assert rows.pop("PREP_DATABASE_URL").startswith(expected.pop("PREP_DATABASE_URL"))
    assert rows == expected


def test_the_readme_names_only_settings_that_there_are() -> None:
    named = set(re.findall(r"\bPREP_[A-Z_]+\b", README.read_text(encoding="utf-8")))
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert named
    assert {name.removesuffix("_FILE") for name in named} <= known
