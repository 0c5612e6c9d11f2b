"""The files of a checkout, with or without git: what the architecture tests read."""

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "prep_tracker"

MADE_BY_TOOLS = {
    ".git",
    ".venv",
    ".tools",
    ".uv_cache",
    "node_modules",
    "__pycache__",
    "dist",
    ".hypothesis",
    ".schemathesis",
}


def files(top: Path = ROOT, suffix: str = "") -> Iterator[Path]:
    """Yield every file below `top` that people wrote and whose name ends in `suffix`, in order of name."""
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in MADE_BY_TOOLS and not name.endswith("_cache"))
        for name in sorted(names):
            if name.endswith(suffix) and not name.endswith((".pyc", ".db", ".db-wal", ".db-shm", ".db-journal")):
                yield Path(folder, name)


def texts(top: Path = ROOT, suffix: str = "") -> Iterator[tuple[Path, str]]:
    """Yield every text file below `top` with what it says; files that are not UTF-8 are pictures and the like."""
    for path in files(top, suffix):
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
