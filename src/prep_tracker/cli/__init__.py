"""Work with prep-tracker from a terminal. ``main`` is the command ``prep-tracker``.

Heavy libraries are imported inside the commands that need them, so that ``--help`` answers at once.
"""

from prep_tracker.cli.app import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command with what stands after it on the command line; exits with 0, 1 or 2."""
    app(prog_name="prep-tracker")
