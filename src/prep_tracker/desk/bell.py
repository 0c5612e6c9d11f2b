"""Wake whoever sends, in this process, as soon as there is something to be sent at once.

Others look every few seconds.
"""

from __future__ import annotations

from threading import Event
from weakref import WeakSet

_sleeping: WeakSet[Event] = WeakSet()


def hang(bell: Event) -> None:
    """Let this be set whenever it is rung, for as long as somebody holds it."""
    _sleeping.add(bell)


def ring() -> None:
    """Set all of them."""
    for bell in list(_sleeping):
        bell.set()
