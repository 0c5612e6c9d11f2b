"""Lay the steps that are answered or read: gates, reviews and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prep_tracker.domain.avoiding import OUTSTANDING
from prep_tracker.domain.items import Change, Item, timeline
from prep_tracker.domain.points import Moment, resolve
from prep_tracker.domain.protocol import Gate, Note, Review
from prep_tracker.domain.tasks import FAR, undated

if TYPE_CHECKING:
    from prep_tracker.domain.days import Calendar
    from prep_tracker.domain.record import Product, Record
    from prep_tracker.domain.rules import Rule


def lay_gate(rule: Rule, record: Record, calendar: Calendar) -> Item:
    """Lay a gate: no answer is not safe; once closed, only a clinician opens it."""
    step = rule.step
    assert isinstance(step, Gate)  # noqa: S101 - the caller picks the function by kind
    on, start = record.on, record.booked_on
    opens = Moment(start) if step.opens is None else resolve(step.opens, record, calendar)
    opened = record.opened.get(step.id)
    if record.unsafe.get(step.id, 0) > (opened.seq if opened else 0):
        # Reported at any time, also before the question is asked or has a day.
        closed = timeline(start, [(start, "closed")])
        return Item(rule, closed, opens=opens.day if opens else None, due=on, closes=on, last_chance=on)
    if opens is None:
        return undated(rule, record)
    item = Item(rule, (), opens=opens.day, due=on, closes=on, last_chance=on)
    item.silent = opens.to_follow or opens.day > on
    item.counted = not item.silent and opens.day < on
    answers = [*record.safe.get(step.id, ()), *([opened] if opened else [])]
    days = [a.said_on for a in answers if a.said_on >= opens.day]
    if record.assumed_from is not None:
        days.append(on)
    if days and (step.once or max(days) >= on):
        item.settled = True
        item.timeline = timeline(start, [(start, "done")])
    elif days:
        item.settled = True
        item.timeline = timeline(start, [(start, "done"), (on, "unknown")])
    else:
        item.timeline = timeline(start, [(start, "upcoming"), (opens.day, "unknown")])
    return item


def lay_review(rule: Rule, record: Record, calendar: Calendar) -> Item:
    """Lay a review: a decision for everything flagged, and "no (more) products" said after the last one named."""
    step = rule.step
    assert isinstance(step, Review)  # noqa: S101 - the caller picks the function by kind
    on, start = record.on, record.booked_on
    oldest = None if step.valid_days is None else on - step.valid_days
    flagged = [p for p in record.products.values() if (p.classes | p.doubtful) & rule.members]
    item = Item(rule, (), opens=start, closes=on)
    item.undecided = tuple(p.number for p in flagged if not _decided(p, oldest))
    if step.due is not None:
        due = resolve(step.due, record, calendar)
        if due is None:
            return undated(rule, record)
        item.due = due.day
    elif item.undecided:
        item.due = min(p.named_on for p in flagged if p.number in item.undecided)
    item.silent = (item.due or start) > on and step.due is not None
    item.counted = not item.silent
    item.last_chance = item.due if item.due is not None else on
    if step.of:
        named = max(record.products, default=0)
        complete = not item.undecided and record.no_more is not None and record.no_more[0] > named
    else:
        complete = any(oldest is None or d.on >= oldest for d in record.done.get(step.id, ()))
    if complete or record.assumed_from is not None:
        item.settled = True
        item.timeline = timeline(start, [(start, "done")])
    else:
        late: list[Change] = [] if item.due is None else [(item.due + 1, "late")]
        item.timeline = timeline(start, [(start, "unknown"), *late])
    return item


def _decided(product: Product, oldest: int | None) -> bool:
    return product.decision not in OUTSTANDING and (oldest is None or product.decided_on >= oldest)


def lay_note(rule: Rule, record: Record, calendar: Calendar) -> Item:
    """Lay an instruction to read; with ``confirm`` it waits for "I understand" up to the procedure day."""
    step = rule.step
    assert isinstance(step, Note)  # noqa: S101 - the caller picks the function by kind
    on, start = record.on, record.booked_on
    at = Moment(start) if step.at is None else resolve(step.at, record, calendar)
    to = None if step.to is None else resolve(step.to, record, calendar)
    if at is None:
        return undated(rule, record)
    # Until its end is recorded, a note goes on.
    last = to.day if to is not None else FAR if step.to is not None else on if step.at is None else at.day
    item = Item(rule, (), opens=at.day, due=on if step.confirm else None, closes=None if last == FAR else last)
    item.moments = tuple(m for m in (at, to) if m is not None and (m.time or m.part or m.to_follow))
    item.silent = not step.confirm or at.day > on or at.to_follow
    item.counted = not item.silent and at.day < on
    if step.confirm and step.id in record.understood:
        item.settled = True
        item.timeline = timeline(start, [(start, "done"), (max(last, on) + 1, "over")])
    elif step.confirm and not item.silent and record.assumed_from is None:
        item.last_chance = on
        item.timeline = timeline(start, [(start, "upcoming"), (at.day, "unknown"), (max(last, on) + 1, "over")])
    else:
        item.timeline = timeline(start, [(start, "upcoming"), (at.day, "open"), (last + 1, "over")])
    item.timeline = tuple(change for change in item.timeline if change[0] < FAR)
    return item
