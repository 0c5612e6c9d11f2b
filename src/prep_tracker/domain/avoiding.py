"""Lay an avoid step on the calendar: the laws of clear days (what counts as a contact, what is still unknown)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prep_tracker.domain.days import Span, after, allowed_from, before
from prep_tracker.domain.items import Change, Item, timeline
from prep_tracker.domain.points import resolve
from prep_tracker.domain.protocol import Avoid, Daily

if TYPE_CHECKING:
    from prep_tracker.domain.days import Calendar
    from prep_tracker.domain.record import Product, Record, Since
    from prep_tracker.domain.rules import Rule

OUTSTANDING = frozenset({None, "change", "ask_prescriber"})
"""Decisions after which a clinician still has to say how it goes on."""


@dataclass(slots=True)
class Said:
    """What the record says about one avoid step."""

    contacts: list[tuple[int, str, str | None]]
    """Days of contact with what it was, and of which kind."""
    since: Since | None
    """The last "kept since", with its entry; the day None means never."""
    heard: bool = False
    """Something was said about it, be it of a day after the procedure: a fact of the record, not of D's window."""
    asks_again: bool = False
    undecided: tuple[int, ...] = ()
    advised: bool = False
    """A product of its classes is known to be sold freely, or a clinician decided to stop it."""
    continued: bool = False
    """A clinician lets a medicine of its classes go on."""


def lay_avoid(rule: Rule, record: Record, calendar: Calendar, uses: tuple[Rule, ...]) -> Item:
    """Lay an avoid step; ``uses`` are the daily steps whose days count as contacts with a class."""
    step = rule.step
    assert isinstance(step, Avoid)  # noqa: S101 - the caller picks the function by kind
    said = hear(rule, record, uses)
    on = record.on
    closes, tail = _aftercare(step, record)
    if step.days_before is not None:
        item = _window(rule, step, said, record, step.days_before, tail)
    elif step.from_ is not None:
        item = _from_point(rule, step, said, record, calendar, tail)
    else:
        item = Item(rule, (), opens=on, due=None, silent=True, counted=False)
        item.timeline = timeline(record.booked_on, [(record.booked_on, "upcoming"), (on, "open"), *tail])
    item.closes = closes
    item.undecided = said.undecided
    unsaid = rule.medicine and rule.prescribed in {None, "review"} and not said.advised
    item.reviewing = bool(said.undecided) or said.continued or unsaid
    return item


def hear(rule: Rule, record: Record, uses: tuple[Rule, ...]) -> Said:
    """Collect what was said about the classes of an avoid step, up to and including the procedure day."""
    members, on = rule.members, record.on
    said = Said([], record.sinces.get(rule.step.id))
    said.heard = said.since is not None
    if not (record.contacts or record.products or uses):
        return said
    met = [
        (c.on, c.to, c.special)
        for c in record.contacts
        if c.to in members or (c.special is not None and c.special in members)
    ]
    for daily in uses:
        if isinstance(daily.step, Daily) and daily.members & members:
            days = record.kept.get(daily.step.id, {})
            used = [day for day, (_, kept) in days.items() if kept]
            met += [(day, name, None) for day in used for name in daily.members & members]
    since_entry = said.since.seq if said.since else 0
    for product in record.products.values():
        if product.classes & members:
            met += _hear_product(rule, said, product, since_entry)
        if product.doubtful & members and product.decision in OUTSTANDING:
            said.undecided = tuple(dict.fromkeys((*said.undecided, product.number)))
    if met:
        said.heard = True
        said.contacts = [contact for contact in met if contact[0] <= on]
    return said


def _hear_product(rule: Rule, said: Said, product: Product, since_entry: int) -> list[tuple[int, str, str | None]]:
    if product.decision == "continue":
        said.continued = said.continued or bool(product.classes & (rule.medicines | rule.systemic))
        return []
    if _reviewed(rule, product) and product.decision in OUTSTANDING:
        said.undecided = (*said.undecided, product.number)
        return []
    said.advised = True
    if product.last_contact is None:
        said.asks_again = said.asks_again or product.number > since_entry
    # Each day counts: one that was named for after the procedure must not hide the one before it. So does each class.
    days = [day for day in (product.last_used, product.stopped) if day is not None]
    return [(day, name, None) for day in days for name in product.classes & rule.members]


def _reviewed(rule: Rule, product: Product) -> bool:
    """Say whether a clinician's decision rules over a product: a medicine, or what acts on the whole body by script."""
    if product.prescribed is False or rule.prescribed in {"wait", "stop"}:
        return False
    by_script = product.prescribed is True or product.category == "medicine"
    return (
        rule.prescribed == "review"
        or bool(product.classes & rule.medicines)
        or (by_script and bool(product.classes & rule.systemic))
    )


def _bound(rule: Rule, said: Said, span: Span) -> int | None:
    """Give the first procedure day that what was said allows; None when nothing said fixes one."""
    found: int | None = None
    if said.since is not None and said.since.on is not None:
        found = allowed_from(said.since.on - 1, span)
    for day, to, special in said.contacts:
        allowed = allowed_from(day, span)
        for kinds, longer in rule.longer:
            if to in kinds or special in kinds:
                allowed = max(allowed, allowed_from(day, longer))
        found = allowed if found is None else max(found, allowed)
    return found


def _aftercare(step: Avoid, record: Record) -> tuple[int | None, list[Change]]:
    """Give the last day, None while the event that ends it is not recorded, and the changes after the procedure."""
    on = record.on
    if step.until is not None:
        last = record.events.get(step.until)
        if last is None:
            return None, [(on + 1, "open")]
        last = max(on, last)
    elif step.days_after is not None:
        last = after(on, step.days_after)
    else:
        return on, []
    return last, [(on + 1, "open"), (last + 1, "over")]


def _window(rule: Rule, step: Avoid, said: Said, record: Record, ask: Span, tail: list[Change]) -> Item:
    on, start = record.on, record.booked_on
    floor = ask if step.floor_days is None else step.floor_days
    opens = before(on, ask)
    open_ask = not said.heard or said.asks_again
    bound_ask = _bound(rule, said, ask)
    bound = bound_ask if floor is ask else _bound(rule, said, floor)
    assumed = record.assumed_from
    if assumed is not None and open_ask:
        bound_ask = max(allowed_from(assumed - 1, ask), bound_ask or 0)
        bound = max(allowed_from(assumed - 1, floor), bound or 0)
    item = Item(rule, (), opens=opens, due=on, bound=bound, bound_ask=bound_ask, open_ask=open_ask)
    item.last_chance = opens if floor is ask else before(on, floor)
    if bound_ask is not None and bound_ask > on:
        item.shorts = ((start, bound_ask - on, max(0, (bound or 0) - on)),)
        item.timeline = timeline(start, [(start, "short"), *tail])
    elif assumed is not None or _is_answered(said, opens):
        item.settled = True
        item.timeline = timeline(start, [(start, "upcoming"), (opens, "open"), *(tail or [(on + 1, "done")])])
    else:
        asked = start if said.undecided else opens
        item.timeline = timeline(start, [(start, "upcoming"), (asked, "unknown"), *tail])
    return item


def _is_answered(said: Said, opens: int) -> bool:
    """Say whether nothing is left to ask: "kept since" was said, or a contact lies in the window or just before it."""
    if said.asks_again or said.undecided:
        return False
    return said.since is not None or any(day >= opens - 1 for day, _, _ in said.contacts)


def _from_point(rule: Rule, step: Avoid, said: Said, record: Record, calendar: Calendar, tail: list[Change]) -> Item:
    """Lay "nothing from this point on": asked on the procedure day, answered by a "since" said on it."""
    on, start = record.on, record.booked_on
    point = step.from_
    assert point is not None  # noqa: S101 - the caller looked
    moment = resolve(point, record, calendar)
    if moment is None:
        return Item(rule, timeline(start, [(start, "upcoming")]), provisional=True, silent=True, counted=False)
    # A day named with a time of day is not clear as a whole: only the days after it must be.
    clear = Span(max(0, on - moment.day - (1 if moment.time or moment.part else 0)))
    bound = _bound(rule, Said(said.contacts, None), clear)
    short = max(0, (bound or 0) - on)
    item = Item(
        rule,
        (),
        opens=moment.day,
        due=on,
        bound=bound,
        bound_ask=bound,
        last_chance=on,
        moments=(moment,),
        counted=False,
    )
    item.silent = moment.to_follow
    answered = record.assumed_from is not None or (
        said.since is not None and said.since.said_on >= on and not said.asks_again and not said.undecided
    )
    if short:
        item.shorts = ((start, short, short),)
        item.timeline = timeline(start, [(start, "short"), *tail])
    else:
        # A clinician's decision is waited for as soon as the product is named.
        begin: list[Change] = [(start, "unknown")] if said.undecided else [(start, "upcoming"), (moment.day, "open")]
        asked: list[Change] = [] if answered else [(on, "unknown")]
        tail = tail or ([(on + 1, "done")] if answered else [])
        item.timeline = timeline(start, [*begin, *asked, *tail])
        item.settled = answered
    return item
