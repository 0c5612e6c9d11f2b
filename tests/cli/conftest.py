"""Give every test of the command line an environment without settings, and a terminal that runs commands."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """Forget whatever settings the person who tests has, and work in an empty folder."""
    for name in os.environ:
        if name.startswith("PREP_") and not name.startswith("PREP_TEST_"):
            monkeypatch.delenv(name)
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(str(tmp_path))
