"""Show how the service is set up: every setting, what holds now, and what may be written there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prep_tracker.cli.database import load_settings
from prep_tracker.cli.out import say, say_json

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from prep_tracker.settings import Settings

HIDDEN, NOTHING = "(set, not shown)", "-"


def show_settings(*, as_json: bool) -> None:
    """Show each setting by its variable; of what may hold a secret only whether it is set."""
    from prep_tracker.settings import PREFIX

    settings = load_settings()
    rows = [
        (f"{PREFIX}{name.upper()}", _shown(settings, name, field), field.description or "")
        for name, field in type(settings).model_fields.items()
    ]
    if as_json:
        say_json([{"name": name, "value": value, "help": text} for name, value, text in rows])
        return
    for name, value, text in rows:
        words = ", ".join(value) if isinstance(value, (list, tuple)) else value
        say(f"{name} = {NOTHING if words in (None, '') else words}\n    {text}")


def _shown(settings: Settings, name: str, field: FieldInfo) -> Any:  # noqa: ANN401 - a setting's own type
    value = getattr(settings, name)
    if not field.repr and value != field.default:
        return HIDDEN
    return list(value) if isinstance(value, tuple) else value
