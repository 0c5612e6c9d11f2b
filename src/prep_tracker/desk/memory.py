"""Let whoever remembers something about procedures forget it: at once what was erased, and all of it once a day.

Every process has a memory of its own. One that did not erase learns of it only by finding nothing in the database any
more; what it still holds is never shown again, and goes when it forgets everything.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection
from types import MethodType
from typing import TypeVar
from weakref import WeakMethod, ref

K = TypeVar("K")
V = TypeVar("V")
Forget = Callable[[Collection[str] | None], None]
_forgetting: list[ref[Forget]] = []


def keep_track(forget: Forget) -> None:
    """Let this be told which procedures to forget, by id, or None for everything.

    A method is told for as long as somebody else holds its object.
    """
    _forgetting.append(WeakMethod(forget) if isinstance(forget, MethodType) else ref(forget))


def forget(procedures: Collection[str] | None) -> None:
    """Forget these procedures, by id, wherever this process remembers something of them; None: everything."""
    for one in list(_forgetting):
        told = one()
        if told is None:
            _forgetting.remove(one)
        else:
            told(procedures)


class Remembered(OrderedDict[K, V]):
    """Remember things in the order in which they came, each by a key of which ``about`` gives the procedure's id."""

    def __init__(self, about: Callable[[K], str]) -> None:
        """Begin empty."""
        super().__init__()
        self._about = about
        keep_track(self.forget)

    def forget(self, procedures: Collection[str] | None) -> None:
        """Forget these procedures; None: everything."""
        if procedures is None:
            self.clear()
            return
        for key in list(self):  # all at once: another thread may remember something meanwhile
            if self._about(key) in procedures:
                self.pop(key, None)
