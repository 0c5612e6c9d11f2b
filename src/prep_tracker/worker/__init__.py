"""Send what is due: inside ``serve``, or as ``prep-tracker work`` in any number of processes beside it."""

from __future__ import annotations

from prep_tracker.worker.loop import Worker

__all__ = ["Worker"]
