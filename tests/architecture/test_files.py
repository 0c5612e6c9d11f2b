"""What holds for every file: short, explained, deaf to the clock, and free of the machine it was written on."""

import ast
import os
import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, SOURCE, files, texts

MOST_LINES = 300
CLOCK = {("datetime", "now"), ("datetime", "today"), ("datetime", "utcnow"), ("date", "today"), ("time", "time")}
SHARED_FOLDERS = {Path(name) for name in ("/", "/home", "/opt", "/srv", "/tmp", "/usr/src", "/var/tmp")}


def clock_reads(text: str) -> list[int]:
    """List the lines that ask what time or day it is, whether `datetime` or its module was imported."""
    lines = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute):
            base = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if (base, node.attr) in CLOCK:
                lines.append(node.lineno)
    return lines


def machine_paths(text: str, checkout: Path, home: Path) -> list[str]:
    """List what `text` says about the machine of whoever wrote it: home folders, this checkout, and its neighbours.

    A top folder is a common word (`/app`, `/work`), so below one of these only what exists on this machine counts.
    """
    found = re.findall(r"(?<![\w.:/<-])/(?:home|Users)/[\w.-]+/", text)
    found += re.findall(re.escape("../") + "shared", text)
    for place in {checkout, checkout.parent, home} - SHARED_FOLDERS:
        is_top = place.parent == place.parent.parent
        tail = r"/[\w./-]*\w" if is_top else r"(?![\w-])"
        hits = re.findall(rf"(?<![\w.:/<-]){re.escape(str(place))}{tail}", text)
        found += [hit for hit in hits if not is_top or Path(hit).exists()]
    return sorted(found)


def modules() -> Iterator[tuple[Path, str]]:
    """Yield every Python file of the checkout."""
    yield from texts(suffix=".py")


def test_no_module_is_longer_than_a_sitting() -> None:
    """A module over 300 lines is two modules."""
    lengths = {path.relative_to(ROOT): len(text.splitlines()) for path, text in texts(SOURCE, ".py")}
    assert lengths
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_every_module_says_what_it_is_for() -> None:
    """Each Python file begins with a docstring; the empty files that only make a folder a package need none."""
    silent = [
        path.relative_to(ROOT) for path, text in modules() if text.strip() and not ast.get_docstring(ast.parse(text))
    ]
    assert silent == []


def test_only_the_clock_asks_for_the_time() -> None:
    """Everybody else is given `now` or the day."""
    asking = {
        path.relative_to(ROOT): clock_reads(text) for path, text in texts(SOURCE, ".py") if path.name != "clock.py"
    }
    assert {path: lines for path, lines in asking.items() if lines} == {}


@pytest.mark.parametrize(
    "line", ["datetime.now(UTC)", "dt.datetime.utcnow()", "date.today()", "dt.date.today", "time.time()"]
)
def test_a_question_to_the_clock_is_found(line: str) -> None:
    assert clock_reads(f"\nx = {line}\n") == [2]


@pytest.mark.parametrize("line", ["func.now()", "clock.now()", "procedure.date", "time.monotonic()"])
def test_other_nows_are_left_alone(line: str) -> None:
    assert clock_reads(f"x = {line}") == []


def test_locks_name_no_registry() -> None:
    """A lock holds versions and hashes; where to fetch from is the reader's business."""
    locks = [
        path for path in files() if path.parent.name == "requirements" or re.search(r"\block\b|-lock\.", path.name)
    ]
    assert {path.name for path in locks} >= {"runtime.txt", "dev.txt", "browser.txt", "build.txt", "uv.txt"}
    assert [path for path in locks if "://" in path.read_text(encoding="utf-8")] == []


def test_every_locked_package_has_its_hash() -> None:
    """Without hashes a lock would take whatever it is given under that name."""
    for path in files(ROOT / "requirements", ".txt"):
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
        pins = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
        assert pins, path
        assert [line for line in pins if "--hash=sha256:" not in line] == []


def test_no_file_names_the_machine_it_was_written_on() -> None:
    """A path that exists on one desk only misleads everybody else."""
    home = Path(os.environ.get("HOME", "/"))
    named = {path.relative_to(ROOT): machine_paths(text, ROOT, home) for path, text in texts()}
    assert {path: found for path, found in named.items() if found} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see /desks/ana/checkout/README.md", ["/desks/ana", "/desks/ana/checkout"]),
        ("see /desks/ana/other", ["/desks/ana"]),
        ("see /desks/anabel and /v1/desks/ana", []),
        ("open('/usr/bin/env')", ["/usr/bin/env"]),
        ("GET /usr/of-another-machine", []),
        ("/" + "home/ben/notes", ["/" + "home/ben/"]),
        ("../" + "shared/notes", ["../" + "shared"]),
    ],
)
def test_a_machine_path_is_found(text: str, found: list[str]) -> None:
    assert machine_paths(text, Path("/desks/ana/checkout"), Path("/usr")) == found


def test_the_command_is_the_one_the_readme_names() -> None:
    """`prep-tracker` is installed with the package."""
    (command,) = entry_points(group="console_scripts", name="prep-tracker")
    assert command.value == "prep_tracker.cli:main"
