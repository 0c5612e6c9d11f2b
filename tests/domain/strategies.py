"""Make up records of made-up protocols: everything that can be said about a procedure, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st

from prep_tracker.domain import entries as e
from prep_tracker.domain.days import Calendar
from prep_tracker.domain.protocol import Protocol
from prep_tracker.domain.record import fold
from prep_tracker.domain.rules import Rules, prepare
from tests.domain.strategies_of_protocols import ALL, LEXICON, NARROWER, one_in, protocols

ZONE = "Europe/Amsterdam"
AT = datetime(2026, 1, 1, tzinfo=UTC)
ONE = timedelta(days=1)

# The same cases each time, so that a red test is red for everybody; `make soak` looks for new ones.
_PATIENT = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
QUICK = settings(max_examples=120, deadline=None, database=None, derandomize=True, suppress_health_check=_PATIENT)
SOAK = settings(max_examples=1500, deadline=None, database=None, suppress_health_check=_PATIENT, print_blob=True)


@dataclass(frozen=True, repr=False)
class Case:
    """A protocol, a record, and the days on which the clinic is closed."""

    protocol: Protocol
    entries: tuple[e.Entry, ...]
    closed: frozenset[date] = frozenset()

    @property
    def calendar(self) -> Calendar:
        return Calendar(ZONE, frozenset(day.toordinal() for day in self.closed))

    @property
    def rules(self) -> Rules:
        return prepared(self.protocol)

    @property
    def day(self) -> date:
        """The procedure day in the end."""
        return date.fromordinal(fold(self.entries).on)

    def with_entries(self, entries: tuple[e.Entry, ...]) -> Case:
        return Case(self.protocol, entries, self.closed)

    def __repr__(self) -> str:
        steps = [s.model_dump(exclude_defaults=True, exclude={"title", "source"}) for s in self.protocol.steps]
        said = [
            x.model_dump(exclude_defaults=True, exclude={"at", "by"}, mode="json") | {"kind": x.kind}
            for x in self.entries
        ]
        lines = [
            f"clearance: {self.protocol.clearance}",
            *map(str, steps),
            *map(str, said),
            str(sorted(map(str, self.closed))),
        ]
        return "\n".join(lines)


def prepared(protocol: Protocol) -> Rules:
    """Prepare a protocol."""
    return prepare(protocol, LEXICON, 1)


@st.composite
def cases(draw: st.DrawFn, kinds: tuple[str, ...] = (*ALL, "avoid", "do"), most: int = 4, longest: int = 8) -> Case:
    """Make a protocol with a record: said day by day, from the booking to a few days after the procedure."""
    protocol = draw(protocols(kinds, most))
    booked = date(2026, 1, 1) + draw(st.integers(0, 800)) * ONE
    day = booked + draw(st.integers(0, 40)) * ONE
    entries: list[e.Entry] = [
        e.Booked(
            seq=1,
            said_on=booked,
            at=AT,
            by="staff",
            on=day,
            protocol="made-up@1",
            start=draw(st.sampled_from([None, "09:30", "23:30"])),
        )
    ]
    said_on = booked
    for seq in range(2, draw(st.integers(0, longest)) + 2):
        said_on = min(said_on + draw(st.integers(0, 6)) * ONE, day + 6 * ONE)
        said_on = max(said_on, entries[-1].said_on)
        entry = draw(said(protocol, tuple(entries), seq, said_on))
        if isinstance(entry, e.Moved):
            day = entry.on
        entries.append(entry)
    closed = frozenset(day + n * ONE for n in draw(st.lists(st.integers(-10, 5), max_size=3)))
    case = Case(protocol, tuple(entries), closed)
    note(str(case))  # so that a red law shows what was written and said
    return case


@st.composite
def said(  # noqa: C901, PLR0912 - a flat case a kind of entry
    draw: st.DrawFn, protocol: Protocol, before: tuple[e.Entry, ...], seq: int, said_on: date
) -> e.Entry:
    """Make the next entry: something that people say about these steps on this day."""
    step = draw(st.sampled_from(protocol.steps))
    base: dict[str, Any] = {"seq": seq, "said_on": said_on, "at": AT, "by": "somebody"}
    ago = st.integers(0, 45).map(lambda n: said_on - n * ONE)
    lately = st.integers(0, 4).map(lambda n: said_on - n * ONE)
    products = [x.seq for x in before if isinstance(x, e.ProductAdded)]
    form = draw(
        st.sampled_from(
            ["step"] * 12 + ["facts", "facts", "move", "withdraw", "waive", "open", "clear", "event", "more", "end"]
        )
    )
    match form:
        case "facts":
            return e.Answered(
                **base,
                answers={
                    "cold-sores": draw(st.sampled_from([True, False, None])),
                    "area": draw(st.sampled_from(["face", "neck", None])),
                    "skin": draw(st.sampled_from([("dry",), ("oily", "burnt"), ()])),
                },
            )
        case "move":
            return e.Moved(
                **base, on=said_on + draw(st.integers(0, 40)) * ONE, start=draw(st.sampled_from([None, "09:30"]))
            )
        case "withdraw":
            open_to = [x.seq for x in before if x.kind not in e.NOT_WITHDRAWABLE]
            if open_to:
                return e.Withdrawn(**base, entry=draw(st.sampled_from(open_to)))
        case "waive":
            return e.Waived(**base, step=step.id, reason="so", days_short=draw(st.sampled_from([0, 0, 2, 10, 40])))
        case "open" if step.kind == "gate":
            return e.GateOpened(**base, step=step.id, reason="so")
        case "clear":
            days = [draw(st.sampled_from([None, before[0].said_on])) for _ in range(3)]
            now = [x.on for x in before if isinstance(x, e.Booked | e.Moved)][-1]
            if one_in(draw, 4):
                return e.ClearanceRemoved(**base)
            return e.Cleared(**base, on=now, waiting_on=days[0], at_risk_on=days[1], blocked_on=days[2])
        case "event":
            over = said_on > [x.on for x in before if isinstance(x, e.Booked | e.Moved)][-1]
            return e.EventRecorded(**base, event="healed" if over else "tablets", on=said_on if over else draw(lately))
        case "end" if one_in(draw, 4):
            return e.Ended(**base, state=draw(st.sampled_from(["cancelled", "completed", "no-show"])))
        case "more":
            return e.Marked(**base, mark="no_more_products")
        case _:
            pass
    match step.kind:
        case "do":
            return e.Marked(**base, step=step.id, mark="done", on=draw(lately))
        case "daily":
            kind = draw(st.sampled_from(["kept", "kept", "kept", "missed"]))
            return e.Marked.model_validate(base | {"step": step.id, "mark": kind, "on": draw(lately)})
        case "gate":
            now = [x.on for x in before if isinstance(x, e.Booked | e.Moved)][-1]
            of_day = draw(st.sampled_from([None, None, said_on, now]))
            kind = draw(st.sampled_from(["safe", "safe", "unsafe"]))
            return e.Marked.model_validate(base | {"step": step.id, "mark": kind, "on": of_day})
        case "note":
            return e.Marked(**base, step=step.id, mark="understood")
        case "review" if not step.of:
            return e.Marked(**base, step=step.id, mark="done", on=draw(lately))
        case _:
            pass
    of = sorted({*step.of, *(narrow for name in step.of for narrow in NARROWER.get(name, ()))})
    form = draw(
        st.sampled_from(["since", "since", "exposed", "exposed", "product", "product", "decide", "change", "more"])
    )
    match form:
        case "since" if step.kind == "avoid":
            return e.Marked(**base, step=step.id, mark="since", on=draw(st.one_of(st.none(), ago, ago)))
        case "exposed" if step.kind == "avoid":
            special = draw(st.sampled_from([None, None, "sunburn"])) if "sun" in of else None
            return e.Exposed(**base, to=draw(st.sampled_from(of)), on=draw(ago), special=special)
        case "decide" if products:
            return e.Decided(
                **base,
                product=draw(st.sampled_from(products)),
                decision=draw(st.sampled_from(["continue", "hold", "change", "stop_agreed", "ask_prescriber"])),
            )
        case "change" if products:
            change: dict[str, Any] = draw(
                st.sampled_from([{"prescribed": True}, {"prescribed": False}, {"rejected": tuple(of)}])
            )
            if draw(st.booleans()):
                change = {draw(st.sampled_from(["last_used_on", "stopped_on"])): draw(ago)}
            return e.ProductChanged(**base, product=draw(st.sampled_from(products)), **change)
        case "more":
            return e.Marked(**base, mark="no_more_products")
        case _:
            return e.ProductAdded(
                **base,
                text="something",
                category=draw(st.sampled_from(["skincare", "medicine"])),
                classes=tuple(draw(st.lists(st.sampled_from(of), min_size=1, max_size=2, unique=True))),
                prescribed=draw(st.sampled_from([None, True, False])),
                last_used_on=draw(st.one_of(st.none(), ago)),
            )
