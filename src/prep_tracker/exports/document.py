"""Write a checklist as the JSON object of the API: the same for HTTP, the command line and the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from prep_tracker.domain import explain
from prep_tracker.domain.standing import act_by_on, who, worst_case
from prep_tracker.exports.outbox import digest_document
from prep_tracker.exports.sayings import Words, saying

if TYPE_CHECKING:
    from prep_tracker.domain.change import Change
    from prep_tracker.domain.items import Item, State
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.domain.standing import Reason, Status

Own = Callable[[str], bool]
"""Says of the role that said something whether whoever reads the checklist may take it back."""
URGENT, TODAY, AHEAD, BEHIND = range(4)
ORDER: dict[State, int] = {
    "closed": URGENT,
    "short": URGENT,
    "unknown": URGENT,
    "late": URGENT,
    "open": TODAY,
    "upcoming": AHEAD,
    "done": BEHIND,
    "waived": BEHIND,
    "over": BEHIND,
}
COUNTED = frozenset({"avoid", "do", "daily"})
"""The kinds of step that can be short by a number of days."""


@lru_cache(maxsize=4096)
def iso(day: int | None) -> str | None:
    """Write an ordinal as YYYY-MM-DD."""
    return None if day is None else date.fromordinal(day).isoformat()


def checklist_document(
    checklist: Checklist,
    status: Status,
    words: Words,
    *,
    procedure_id: str | None = None,
    everything: bool = False,
    own: Own | None = None,
) -> dict[str, Any]:
    """Write the checklist of one day; ``everything`` shows the steps that were left out as well, with why."""
    record = checklist.record
    items = sorted(
        (item_document(checklist, item, status.day, words, own) for item in checklist.items),
        key=lambda i: (ORDER[i["state"]], i["opens_on"] or "9999", i["due_on"] or "9999"),
    )
    if everything:
        items += [
            item_document(checklist, item, status.day, words, own)
            | {"state": None, "timeline": [], "asks": None, "applies": False}
            for item in checklist.left_out
        ]
    return {
        "procedure": {
            "id": procedure_id,
            "on": iso(record.on),
            "at": record.start,
            "time_zone": checklist.calendar.zone,
            "protocol": checklist.rules.name,
        },
        "as_of": iso(status.day),
        "days_to_go": record.on - status.day,
        "language": words.language,
        "standing": standing_document(checklist, status, words),
        "earliest_safe_on": iso(status.earliest_safe),
        "earliest_preferred_on": iso(status.earliest_preferred),
        "items": items,
    }


def standing_document(checklist: Checklist, status: Status, words: Words) -> dict[str, Any]:
    """Write the standing with its reasons, worst first."""
    return {
        "level": status.level,
        "reasons": [reason_document(checklist, reason, words) for reason in status.reasons],
    }


def reason_document(checklist: Checklist, reason: Reason, words: Words) -> dict[str, Any]:
    """Write one reason of a standing."""
    if reason.item is None:
        text = words.say(explain.reason(checklist, reason))
    else:
        text = saying(checklist, reason.item, words).reason(checklist, reason, reason.item)
    return {
        "step": reason.step,
        "fact": reason.fact.id if reason.fact else None,
        "state": reason.state,
        "text": text,
        "who": reason.who,
        "act_by": iso(reason.act_by),
        "days_short": reason.days_short,
        "floor_days_short": reason.floor_days_short,
        "worst_case_days_short": reason.worst_case_days_short,
    }


def item_document(checklist: Checklist, item: Item, day: int, words: Words, own: Own | None = None) -> dict[str, Any]:
    """Write one item as it stands on a day; for a patient, ``own`` tells which marks they may take back."""
    rule, record = item.rule, checklist.record
    step, state, said = rule.step, item.state_on(day), saying(checklist, item, words)
    unknown, avoid = state == "unknown", step.kind == "avoid"
    ask, floor = item.short_on(day)
    counts = step.kind in COUNTED and not (item.provisional and item.opens is None)
    asked = said.asks(item, state)
    title, detail = said.reviewing if item.reviewing else (said.title, said.detail)
    because = explain.because(checklist, item) if item.causes or item.missing or rule.added or record.products else ()
    return {
        "step": step.id,
        "kind": step.kind,
        "title": title,
        "detail": detail,
        "language": words.language if item.reviewing else said.language,
        "who": who(item),
        "severity": step.severity,
        "opens_on": iso(item.opens),
        "due_on": iso(item.due),
        "closes_on": iso(item.closes),
        "times": _times(item, words),
        "again": said.again,
        "state": state,
        "days_short": None if not counts or (unknown and avoid) else ask,
        "floor_days_short": None if unknown or not avoid else floor,
        "worst_case_days_short": worst_case(checklist, item, day) if unknown else None,
        "days_done": item.days_done,
        "act_by": iso(act_by_on(checklist, item, state, day)),
        "timeline": [[iso(start), name] for start, name in item.timeline],
        "asks": None if asked is None else _asks(item, *asked),
        "provisional": item.provisional,
        "because": [words.say(phrase) for phrase in because],
        "why": said.why(checklist, item),
        "source": step.source,
        "marks": [
            {"entry": m.seq, "kind": m.mark, "on": m.on.isoformat() if m.on else None, "said_on": m.said_on.isoformat()}
            | ({} if own is None else {"own": own(m.by)})
            for m in record.marks.get(step.id, ())
        ],
    }


def _asks(item: Item, kind: str, text: str) -> dict[str, Any]:
    """Write what an item waits for; of a gate's question, which answer is the safe one: true is yes."""
    step = item.rule.step
    return {"kind": kind, "text": text} | ({"safe": step.safe} if step.kind == "gate" else {})


def _times(item: Item, words: Words) -> list[str] | None:
    """Say at what times of day: those of a daily step, or those of its points; times to follow are said so."""
    step = item.rule.step
    if not item.moments and step.kind != "daily":
        return None
    times: list[str] = list(step.times) if step.kind == "daily" else []
    for moment in item.moments:
        if moment.to_follow:
            times.append(words.say(explain.Phrase("time.to_follow")))
        elif moment.time or moment.part:
            times.append(str(moment.time or moment.part))
    return list(dict.fromkeys(times)) or None


def change_document(change: Change, words: Words) -> dict[str, Any]:
    """Write what a move would do, or has done: the same object for the preview and for the answer."""
    before, after = change.before, change.after

    def side(item: Item | None, day: int) -> dict[str, Any] | None:
        if item is None:
            return None
        return {
            "opens_on": iso(item.opens),
            "due_on": iso(item.due),
            "closes_on": iso(item.closes),
            "state": item.state_on(day),
            "days_short": item.short_on(day)[0],
        }

    def end(checklist: Checklist, status: Status) -> dict[str, Any]:
        return {
            "on": iso(checklist.record.on),
            "at": checklist.record.start,
            "protocol": checklist.rules.name,
            "days_to_go": checklist.record.on - status.day,
        }

    day = change.status_after.day
    return {
        "as_of": iso(day),
        "from": end(before, change.status_before),
        "to": end(after, change.status_after),
        "standing": {
            "before": standing_document(before, change.status_before, words),
            "after": standing_document(after, change.status_after, words),
        },
        "earliest_safe_on": iso(change.status_after.earliest_safe),
        "earliest_preferred_on": iso(change.status_after.earliest_preferred),
        "steps": [
            {
                "step": s.step,
                "title": words.text((s.after or s.before).rule.step.title),  # type: ignore[union-attr]
                "change": s.change,
                "before": side(s.before, day),
                "after": side(s.after, day),
            }
            for s in change.steps
        ],
        "messages": {
            "dropped": [digest_document(digest, before, words) for digest in change.dropped],
            "planned": [digest_document(digest, after, words) for digest in change.planned],
        },
    }
