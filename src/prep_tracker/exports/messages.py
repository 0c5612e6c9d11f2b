"""Write what a patient is reminded of: a short e-mail as text and HTML, and a text message without a word of health."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from prep_tracker.domain.explain import Count, Day, Joined, Phrase, Value
from prep_tracker.exports.headings import HEADINGS, heading_of, is_question
from prep_tracker.exports.sayings import saying

if TYPE_CHECKING:
    from prep_tracker.domain.items import Item
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.domain.reminders import Digest, Line
    from prep_tracker.exports.sayings import Words

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
MOST_LINES = 5
"""So many lines stand under a heading; more is a wall, and the list itself says it better."""
MOST_QUESTIONS = 5
"""So many questions are asked one by one; of more only the number is told."""
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""What a text message holds in seven bits each (3GPP TS 23.038); anything else makes all of it sixteen bits each."""
LONGEST_GSM, LONGEST_OTHER = 160, 134
"""One segment, and two of sixteen bits each: an address in Latin letters leaves no room in one of those."""
SHORTEST_NAME = 12
"""A clinic's name is cut to so many letters, and not further: who writes must be known."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes to whom, and the addresses that stand in a message; whichever is not known is left out."""

    clinic: str
    name: str
    phone: str | None = None
    url: str | None = None
    stop_url: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A message in one language, for each way to send it."""

    subject: str
    text: str
    html: str
    sms: str


def write(digest: Digest, checklist: Checklist, words: Words, head: Letterhead, *, plain_subject: bool) -> Written:
    """Write a digest. With ``plain_subject`` the subject says nothing about what it is about."""
    record = checklist.record
    paragraphs = [
        _say(words, "message.hello", name=head.name),
        _opening(digest, checklist, words),
    ]
    lists = _lists(digest, checklist, words)
    closing = [] if head.phone is None else [_say(words, "message.call", phone=head.phone)]
    kind = "plain" if plain_subject else "eve" if digest.day == record.on - 1 else "other"
    subject = _say(words, f"message.subject.{kind}", clinic=head.clinic)
    return Written(
        " ".join(subject.split()),
        _text(paragraphs, lists, closing, words, head),
        _html(paragraphs, lists, closing, words, head),
        sms(words, head),
    )


def sms(words: Words, head: Letterhead) -> str:
    """Write a text message: whom it is from, where to look, and how to end them, in one message if that can be.

    What is too long first loses the end of the clinic's name, then the link to end them, for a sentence that says how.
    """
    key = "message.sms" if head.url else "message.sms.no_link"
    by_link = [] if head.stop_url is None else [_say(words, "message.sms.stop", url=head.stop_url)]
    text = ""
    for stop in (*by_link, _say(words, "message.sms.stop.clinic")):
        for length in range(max(len(head.clinic), SHORTEST_NAME), SHORTEST_NAME - 1, -1):
            text = f"{_say(words, key, clinic=_cut(head.clinic, length), url=head.url or '')} {stop}"
            if len(text) <= (LONGEST_GSM if GSM.issuperset(text) else LONGEST_OTHER):
                return text
    return text


def _cut(name: str, length: int) -> str:
    return name if len(name) <= length else f"{name[: length - 1].rstrip()}."


def write_test(words: Words, head: Letterhead) -> Written:
    """Write a message with which a clinic tries out whether messages arrive."""
    text = _say(words, "message.test.text", clinic=head.clinic)
    subject = _say(words, "message.test.subject", clinic=head.clinic)
    return Written(" ".join(subject.split()), f"{text}\n", f"<p>{escape(text)}</p>", text[:LONGEST_OTHER])


def _opening(digest: Digest, checklist: Checklist, words: Words) -> str:
    record = checklist.record
    to_go = record.on - digest.day
    if to_go > 1:
        return _say(words, "message.before", days=Count("days", to_go), on=Day(record.on, year=True))
    if to_go == 1:
        at: Value = Joined((Phrase("at.time", {"time": record.start}),)) if record.start else ""
        return _say(words, "message.eve", on=Day(record.on, year=True), at=at)
    return _say(words, "message.day" if to_go == 0 else "message.after", on=Day(record.on, year=True))


def _lists(digest: Digest, checklist: Checklist, words: Words) -> list[tuple[str, list[str]]]:
    """Give each heading with its lines, shortened; many questions are a heading without any."""
    items = {item.rule.step.id: item for item in checklist.items}
    told: dict[str, dict[str, None]] = {}
    for line in digest.lines:
        if line.step:
            item = items[line.step]
            heading = "answer" if line.fact is not None else heading_of(line, item, digest.day)
            told.setdefault(heading, {})[_told(line, heading, item, digest, checklist, words)] = None
    return [_shortened(heading, list(told[heading]), words) for heading in HEADINGS if heading in told]


def _shortened(heading: str, told: list[str], words: Words) -> tuple[str, list[str]]:
    if heading == "answer" and len(told) > MOST_QUESTIONS:
        return _say(words, "text", text=Count("message.asks", len(told))), []
    if len(told) > MOST_LINES + 1:  # "and 1 more" takes as much room as that one
        more = _say(words, "text", text=Count("message.more", len(told) - MOST_LINES))
        told = [*told[:MOST_LINES], more]
    return _say(words, f"message.part.{heading}"), told


def _told(line: Line, heading: str, item: Item, digest: Digest, checklist: Checklist, words: Words) -> str:
    """Say one line: the question where an answer is missing, else the title, with the day that matters."""
    if line.fact is not None:
        fact = next(fact for fact in checklist.rules.protocol.facts if fact.id == line.fact)
        return words.text(fact.ask)
    said = saying(checklist, item, words)
    title = said.reviewing[0] if item.reviewing else said.title
    if is_question(heading):
        asked = said.asks(item, "unknown")
        return asked[1] if asked is not None else title
    if item.rule.step.kind == "do":
        by = _by(line, item, digest.day)
        return title if by is None else _say(words, "message.by", title=title, day=Day(by))
    if line.kind == "aftercare" and line.on is not None:
        return _say(words, "message.until", title=title, day=Day(line.on))
    return title


def _by(line: Line, item: Item, day: int) -> int | None:
    """Give the last day for a task, where it is a later one than the heading speaks of."""
    by = line.on if line.kind == "late" else item.due
    spoken = line.on if line.kind == "tomorrow" else day
    if line.kind in {"last-day", "day-before"} or by is None or spoken is None:
        return None
    return by if by > spoken else None


def _text(
    paragraphs: list[str], lists: list[tuple[str, list[str]]], closing: list[str], words: Words, head: Letterhead
) -> str:
    blocks = list(paragraphs)
    blocks += ["\n".join([heading, *(f"- {one}" for one in told)]) for heading, told in lists]
    blocks.append(_say(words, "message.link", url=head.url) if head.url else _say(words, "message.no_link"))
    blocks += [*closing, head.clinic, f"--\n{_stop(words, head, head.stop_url)}"]
    return "\n\n".join(blocks) + "\n"


def _html(
    paragraphs: list[str], lists: list[tuple[str, list[str]]], closing: list[str], words: Words, head: Letterhead
) -> str:
    parts = [f"<p>{escape(one)}</p>" for one in paragraphs]
    for heading, told in lists:
        items = "".join(f"<li>{escape(one)}</li>" for one in told)
        parts.append(f"<p><strong>{escape(heading)}</strong></p>{f'<ul>{items}</ul>' if items else ''}")
    if head.url:
        parts.append(f'<p><a href="{escape(head.url)}">{escape(_say(words, "message.go"))}</a></p>')
    else:
        parts.append(f"<p>{escape(_say(words, 'message.no_link'))}</p>")
    parts += [f"<p>{escape(one)}</p>" for one in (*closing, head.clinic)]
    stop = escape(_stop(words, head, head.stop_url))
    if head.stop_url:
        address = escape(head.stop_url)
        stop = stop.replace(address, f'<a href="{address}">{address}</a>')
    parts.append(f'<hr><p style="color:#555;font-size:smaller">{stop}</p>')
    direction = "rtl" if words.language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"
    return (
        f'<!doctype html><html lang="{words.language}" dir="{direction}"><head><meta charset="utf-8"></head>'
        '<body style="font-family:sans-serif;line-height:1.5;max-width:36em">'
        f"{''.join(parts)}</body></html>"
    )


def _stop(words: Words, head: Letterhead, url: str | None) -> str:
    if url is None:
        return _say(words, "message.stop.clinic", clinic=head.clinic)
    return _say(words, "message.stop", clinic=head.clinic, url=url)


def _say(words: Words, key: str, **values: Value) -> str:
    """Make a sentence. Of an address nothing invisible may stand beside it, or a reader takes that for a part of it."""
    said, url = words.say(Phrase(key, values)), values.get("url")
    return said.replace(f"\u2068{url}\u2069", str(url)) if url else said
