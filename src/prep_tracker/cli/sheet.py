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
from prep_tracker.domain.explain import Count, Day, Phrase

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.domain.explain import Value

Item = dict[str, Any]
WIDEST = 100
"""Lines longer than this are hard to read, however wide the terminal is."""
SOON = 7
"""What begins within so many days is next, the rest is later."""
LEVELS = {
    "ready": "bold green",
    "on-track": "bold green",
    "waiting": "bold yellow",
    "at-risk": "bold yellow",
    "blocked": "bold red",
    "past": "bold",
    "completed": "bold",
    "cancelled": "bold",
    "no-show": "bold",
}
STATES = {
    "closed": ("✗", "red"),
    "short": ("✗", "red"),
    "unknown": ("?", "yellow"),
    "late": ("!", "yellow"),
    "open": ("●", "cyan"),
    "upcoming": ("○", "dim"),
    "done": ("✓", "green"),
    "waived": ("✓", "green"),
    "over": ("✓", "dim"),
    None: ("–", "dim"),
}
GROUPS = ("today", "next", "later", "done", "left_out")
PARTS = {"morning", "midday", "evening", "bedtime"}
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
        at = self._say("at.time", time=procedure["at"]) if procedure["at"] else ""
        self.console.print(Text(title, "bold"))
        self.console.print(Text(f"{self._long(self.on)}{at} · {procedure['time_zone']} · {procedure['protocol']}"))
        self.console.print()
        style, today = LEVELS[standing["level"]], Day(self.today.toordinal(), year=True)
        self.console.print(Text.assemble((self._to_go(), "bold"), self._say("sheet.as_of", on=today)))
        self.console.print(Text(self._say(f"standing.{standing['level']}"), style))
        for reason in standing["reasons"]:
            who = self._say("sheet.who_by", who=self._say(f"who.{reason['who']}"), day=self._short(reason["act_by"]))
            line = Text.assemble(reason["text"], (f"  {who}", "dim"))
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
        groups: dict[str, list[Item]] = {name: [] for name in GROUPS}
        for item in self.document["items"]:
            groups[self._group(item)].append(item)
        for name, items in groups.items():
            if items:
                yield name, items

    def group(self, name: str, items: list[Item]) -> None:
        """Print one group; of what is to be done today everything, of the rest what it is and why then."""
        self.console.print()
        self.console.print(Text(self._say(f"group.{name}"), "bold underline"))
        for number, item in enumerate(items):
            if number and name == "today":
                self.console.print()
            self._item(item, full=name == "today")

    def _group(self, item: Item) -> str:
        state = item["state"]
        if state is None:
            return "left_out"
        if state != "upcoming":
            return "done" if state in BEHIND else "today"
        opens = item["opens_on"]
        return "next" if opens and (date.fromisoformat(opens) - self.today).days <= SOON else "later"

    def _item(self, item: Item, *, full: bool) -> None:
        sign, style = STATES[item["state"]]
        body = Text.assemble((item["title"], "bold"), (self._state(item), style))
        row = Table.grid(padding=(0, 2, 0, 0), expand=True)
        row.add_column(width=1)
        row.add_column(ratio=1)
        row.add_column(justify="right", no_wrap=True)
        row.add_row(Text(sign, style), body, Text(self._when(item)))
        self.console.print(row)
        for text, how in self._below(item, full=full):
            self.console.print(Padding(Text(text, how), (0, 0, 0, 3)))

    def _state(self, item: Item) -> str:
        """Say the state, and who has to do something about it; nothing of what is still ahead."""
        state = item["state"]
        if state == "upcoming":
            return ""
        said = self._say(f"state.{state or 'left_out'}")
        if state == "short" and item["days_short"]:
            said = self._say("state.short.days", days=Count("days", item["days_short"]))
        who = [self._say(f"who.{item['who']}")] if state in URGENT and item["who"] != "patient" else []
        return f"  {self._say('list.comma').join([said, *who])}"

    def _below(self, item: Item, *, full: bool) -> Iterator[tuple[str, str]]:
        if full and item["asks"]:
            yield f"→ {item['asks']['text']}", STATES[item["state"]][1]
        if full and item["detail"]:
            yield item["detail"], ""
        for cause in item["because"]:
            yield self._say("sheet.because", cause=cause), "dim"
        yield item["why"], "dim"

    def _when(self, item: Item) -> str:
        opens, due, closes = item["opens_on"], item["due_on"], item["closes_on"]
        times = "".join(f"{self._say('list.comma')}{self._time(time)}" for time in item["times"] or ())
        if opens is None and due is None:
            return self._say("sheet.to_follow")
        if item["kind"] in {"do", "review"} and due:
            return f"{self._say('sheet.by', day=self._short(due))}{times}"
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
        return self._say("sheet.ahead" if days >= 0 else "sheet.ago", days=Count("days", abs(days)))

    def _earliest(self) -> str:
        safe, preferred = self.document["earliest_safe_on"], self.document["earliest_preferred_on"]
        if safe is None:
            return self._say("sheet.earliest.none")
        if preferred in {None, safe}:
            return self._say("sheet.earliest", safe=self._short(safe))
        return self._say("sheet.earliest.better", safe=self._short(safe), preferred=self._short(preferred))

    def _say(self, key: str, **values: Value) -> str:
        return self.words.say(Phrase(key, values))

    def _time(self, time: str) -> str:
        """Say a part of the day; a time stays as it is."""
        return self._say(f"part.{time}") if time in PARTS else time

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
