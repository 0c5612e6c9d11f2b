"""Talk to the terminal: results on standard output, what went wrong on standard error, one line each."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from typer.core import TyperGroup
from typer.exceptions import TyperException

from prep_tracker.domain.errors import InvalidError, PrepError, UnavailableError

BEGIN = "prep-tracker: "
FAILED, MISUSED = 1, 2
"""Exit codes: it could not be done; or the command line or a setting has to be corrected."""


class RefusedError(Exception):
    """The command ends here; ``lines`` say why, one reason each, and ``code`` is what it exits with.

    ``located``: each line begins with file and line, as editors expect it, and nothing may stand before.
    """

    def __init__(self, *lines: str, code: int = MISUSED, located: bool = False) -> None:
        """Keep the lines in the order in which they are to be read."""
        super().__init__("\n".join(lines))
        self.lines = lines
        self.code = code
        self.located = located


class Commands(TyperGroup):
    """Commands whose expected errors are one line each on standard error, never a stack trace."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Run a command and exit with its code."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # a terminal without our signs shows others, and no error
        try:
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)  # noqa: FBT003
        except TyperException as error:
            where = getattr(getattr(error, "ctx", None), "command_path", prog_name)
            message = error.format_message().replace("Value error, ", "")
            complain(f"{message}{'' if message.endswith(('.', '?')) else '.'} See {where} --help.")
            code = error.exit_code
        except RefusedError as error:
            complain(*error.lines, begin="" if error.located else BEGIN)
            code = error.code
        except InvalidError as error:
            complain(*(f"{fault.pointer.removeprefix('/')}: {fault.message}" for fault in error.faults))
            code = MISUSED
        except PrepError as error:
            complain(f"{error.detail}{reason_of(error)}")
            code = FAILED
        if standalone_mode:
            sys.exit(code)
        return code


def complain(*lines: str, begin: str = BEGIN) -> None:
    """Write to standard error, each line on one line whatever it holds."""
    for line in lines:
        print(f"{begin}{' '.join(line.split())}", file=sys.stderr)


def say(line: str = "") -> None:
    """Write a line to standard output."""
    print(line)


def say_json(document: object) -> None:
    """Write one JSON document to standard output."""
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    say(json.dumps(document, indent=2, ensure_ascii=plain))


def count(number: int, noun: str, nouns: str | None = None) -> str:
    """Say a number with its noun: "1 clinic", "2 clinics"; ``nouns`` where an s alone does not make the plural."""
    return f"{number} {noun if number == 1 else nouns or f'{noun}s'}"


def reason_of(error: PrepError) -> str:
    """Give the database's own first line, which an operator needs: where it was looked for, what is missing."""
    cause = error.__cause__ if isinstance(error, UnavailableError) else None
    lines = str(getattr(cause, "orig", None) or cause or "").splitlines()
    line = lines[0].strip().rstrip(".") if lines else ""
    return f" {line[:1].upper()}{line[1:]}." if line else ""
