"""Lay a checklist out for people: how it stands, how many days to go, and what to do today, next and later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from prep_tracker.cli.out import say
from prep_tracker.cli.strip import strip

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words

Item = dict[str, Any]
WIDEST = 100
"""Lines longer than this are hard to read, however wide the terminal is."""
SOON = 7
"""What begins within so many days is next, the rest is later."""
LEVELS = {
    "ready": ("Ready", "bold green"),
    "on-track": ("On track", "bold green"),
    "waiting": ("Waiting for an answer", "bold yellow"),
    "at-risk": ("At risk: a clinician decides", "bold yellow"),
    "blocked": ("Blocked: it cannot go ahead on this day", "bold red"),
    "past": ("The day has passed", "bold"),
    "completed": ("Completed", "bold"),
    "cancelled": ("Cancelled", "bold"),
    "no-show": ("The patient did not come", "bold"),
}
STATES = {
    "closed": ("✗", "closed", "red"),
    "short": ("✗", "short", "red"),
    "unknown": ("?", "needs an answer", "yellow"),
    "late": ("!", "late", "yellow"),
    "open": ("●", "now", "cyan"),
    "upcoming": ("○", "", "dim"),
    "done": ("✓", "done", "green"),
    "waived": ("✓", "waived", "green"),
    "over": ("✓", "over", "dim"),
    None: ("–", "does not apply", "dim"),
}
ENDED = {"completed", "cancelled", "no-show"}
BEHIND = {"done", "waived", "over"}
URGENT = {"closed", "short", "unknown", "late"}


def show(document: dict[str, Any], title: str, words: Words) -> None:
    """Print the checklist that ``document`` holds; its texts are in the language of ``words``."""
    console = Console(markup=False, highlight=False, emoji=False)
    console.width = min(console.width, WIDEST)
    sheet = _Sheet(console, document, words)
    with console.capture() as capture:
        sheet.head(title)
        sheet.countdown()
        for heading, items in sheet.groups():
            sheet.group(heading, items)
    for line in capture.get().splitlines():
        say(line.rstrip())


class _Sheet:
    """One printed checklist."""

    def __init__(self, console: Console, document: dict[str, Any], words: Words) -> None:
        self.console, self.document, self.words = console, document, words
        self.today = date.fromisoformat(document["as_of"])
        self.on = date.fromisoformat(document["procedure"]["on"])

    def head(self, title: str) -> None:
        """Print what it is about, and how it stands with all reasons."""
        procedure, standing = self.document["procedure"], self.document["standing"]
        at = f" at {procedure['at']}" if procedure["at"] else ""
        self.console.print(Text(title, "bold"))
        self.console.print(Text(f"{self._long(self.on)}{at} · {procedure['time_zone']} · {procedure['protocol']}"))
        self.console.print()
        word, style = LEVELS[standing["level"]]
        self.console.print(Text.assemble((self._to_go(), "bold"), f", as of {self._long(self.today)}"))
        self.console.print(Text(word, style))
        for reason in standing["reasons"]:
            line = Text.assemble(reason["text"], (f"  {reason['who']}, by {self._short(reason['act_by'])}", "dim"))
            self.console.print(self._hung("·", style, line))
        if standing["level"] not in ENDED:
            self.console.print(Text(self._earliest()))

    def countdown(self) -> None:
        """Print the days to go as a line, unless there are none."""
        start, end = self.today.toordinal(), self.on.toordinal()
        if start >= end:
            return
        changes = {
            date.fromisoformat(day).toordinal() for item in self.document["items"] for day, _ in item["timeline"]
        }
        lines = strip(start, end, changes, lambda day: self._day(date.fromordinal(day)), self.console.width)
        self.console.print()
        for line, style in zip(lines, ("bold", "cyan", "dim"), strict=True):
            self.console.print(Text(line, style), no_wrap=True)

    def groups(self) -> Iterator[tuple[str, list[Item]]]:
        """Sort the items into what matters now, next, later, and what is done."""
        groups: dict[str, list[Item]] = {name: [] for name in ("Today", "Next", "Later", "Done", "Does not apply")}
        for item in self.document["items"]:
            groups[self._heading(item)].append(item)
        for heading, items in groups.items():
            if items:
                yield heading, items

    def group(self, heading: str, items: list[Item]) -> None:
        """Print one group; of what is to be done today everything, of the rest what it is and why then."""
        self.console.print()
        self.console.print(Text(heading, "bold underline"))
        for number, item in enumerate(items):
            if number and heading == "Today":
                self.console.print()
            self._item(item, full=heading == "Today")

    def _heading(self, item: Item) -> str:
        state = item["state"]
        if state is None:
            return "Does not apply"
        if state != "upcoming":
            return "Done" if state in BEHIND else "Today"
        opens = item["opens_on"]
        return "Next" if opens and (date.fromisoformat(opens) - self.today).days <= SOON else "Later"

    def _item(self, item: Item, *, full: bool) -> None:
        sign, word, style = STATES[item["state"]]
        if item["state"] == "short" and item["days_short"]:
            word = self.words.count("days", item["days_short"]) + " short"
        state = [word] if word else []
        if item["state"] in URGENT and item["who"] != "patient":
            state.append(item["who"])
        body = Text.assemble((item["title"], "bold"), (f"  {', '.join(state)}" if state else "", style))
        row = Table.grid(padding=(0, 2, 0, 0), expand=True)
        row.add_column(width=1)
        row.add_column(ratio=1)
        row.add_column(justify="right", no_wrap=True)
        row.add_row(Text(sign, style), body, Text(self._when(item)))
        self.console.print(row)
        for text, how in self._below(item, full=full):
            self.console.print(Padding(Text(text, how), (0, 0, 0, 3)))

    def _below(self, item: Item, *, full: bool) -> Iterator[tuple[str, str]]:
        if full and item["asks"]:
            yield f"→ {item['asks']['text']}", STATES[item["state"]][2]
        if full and item["detail"]:
            yield item["detail"], ""
        for cause in item["because"]:
            yield f"Because: {cause}", "dim"
        yield item["why"], "dim"

    def _when(self, item: Item) -> str:
        opens, due, closes = item["opens_on"], item["due_on"], item["closes_on"]
        times = f", {', '.join(item['times'])}" if item["times"] else ""
        if opens is None and due is None:
            return "day to follow"
        if item["kind"] in {"do", "review"} and due:
            return f"by {self._short(due)}{times}"
        if opens and closes and opens != closes:
            return f"{self._short(opens)} – {self._short(closes)}{times}"
        return f"{self._short(opens or due)}{times}"

    def _hung(self, sign: str, style: str, text: Text) -> Table:
        row = Table.grid(padding=(0, 1, 0, 0))
        row.add_column(width=1)
        row.add_column()
        row.add_row(Text(sign, style), text)
        return row

    def _to_go(self) -> str:
        days: int = self.document["days_to_go"]
        counted = self.words.count("days", abs(days))
        return f"{counted} to go" if days >= 0 else f"{counted} ago"

    def _earliest(self) -> str:
        safe, preferred = self.document["earliest_safe_on"], self.document["earliest_preferred_on"]
        if safe is None:
            return "Earliest safe day: no day can say"
        line = f"Earliest safe day: {self._short(safe)}"
        return line if preferred in {None, safe} else f"{line}, better {self._short(preferred)}"

    def _long(self, day: date) -> str:
        return self.words.day(day.toordinal(), year=True)

    def _short(self, day: str) -> str:
        """Write a day as "Fri 4 Dec", with its year where that is another one."""
        from babel.dates import format_date

        found = date.fromisoformat(day)
        pattern = "EEE d MMM" if found.year == self.on.year else "EEE d MMM y"
        return format_date(found, pattern, locale=self.words.language)

    def _day(self, day: date) -> str:
        from babel.dates import format_date

        return format_date(day, "d MMM", locale=self.words.language)
