"""Let one slow place not hold up all others: whoever goes there finds few threads free for it."""

from __future__ import annotations

import threading
from typing import Final


class Crowd:
    """The threads that send, and where each of them is."""

    SLOW: Final = 2.0
    """Seconds from which on a place counts as slow, until it takes something quickly again."""
    FEW: Final = 2
    """How many may be at one slow place."""

    def __init__(self, size: int) -> None:
        """Begin with nobody anywhere."""
        self.size = size
        self._lock = threading.Lock()
        self._at: dict[str, int] = {}
        self._slow: set[str] = set()

    def free(self) -> int:
        """Say how many threads have nothing to do."""
        with self._lock:
            return self.size - sum(self._at.values())

    def enter(self, place: str) -> bool:
        """Send one to a place. False: that place is slow, and enough are there, or half of all are at slow ones."""
        with self._lock:
            if place in self._slow:
                at_slow = sum(number for name, number in self._at.items() if name in self._slow)
                if self._at.get(place, 0) >= self.FEW or at_slow * 2 >= self.size:
                    return False
            self._at[place] = self._at.get(place, 0) + 1
            return True

    def leave(self, place: str, seconds: float) -> None:
        """Come back from a place after so many seconds."""
        with self._lock:
            self._at[place] -= 1
            if not self._at[place]:
                del self._at[place]
            if seconds >= self.SLOW:
                self._slow.add(place)
            else:
                self._slow.discard(place)
