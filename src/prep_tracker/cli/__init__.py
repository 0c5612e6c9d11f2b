"""Work with prep-tracker from a terminal. ``main`` is the command ``prep-tracker``.

Heavy libraries are imported inside the commands that need them, so that ``--help`` answers at once.
"""

import sys

from prep_tracker.cli.app import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command with what stands after it on the command line; exits with 0, 1 or 2.

    A fault of ours is one line without the error's own words: they may name a patient, and terminals are logged too.
    """
    try:
        app(prog_name="prep-tracker")
    except Exception as error:  # noqa: BLE001 - whatever it is
        from prep_tracker.api.logs import told
        from prep_tracker.cli.out import FAILED, complain

        found = told(error)
        complain(f"This is a fault of ours, please report it: {found['error']} at {', '.join(found['places'])}.")
        sys.exit(FAILED)
