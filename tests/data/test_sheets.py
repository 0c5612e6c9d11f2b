"""The instruction sheets of real clinics: nothing of them is lost in the language, and each can be planned."""

import re
from collections.abc import Callable, Iterable
from datetime import date, time, timedelta

import pytest

from prep_tracker.catalog import lexicon
from prep_tracker.domain.days import Calendar
from prep_tracker.domain.lint_finding import points
from prep_tracker.domain.plan import plan
from prep_tracker.domain.protocol import Avoid, Daily, Do, Gate, Note, Review, Step
from prep_tracker.domain.record import fold
from prep_tracker.domain.rules import prepare
from prep_tracker.domain.standing import on
from tests.data.sheets import Booking, Instruction, answer, first_keys, loaded, names, table

COUNTS = {
    "L01": 6, "L02": 4, "L04": 10, "L06": 10, "L07": 7, "L08": 8, "L09": 9, "L10": 11, "L12": 10, "L13": 9,
    "L17": 7, "L18": 5, "L23": 6, "L24": 7, "L25": 7, "L26": 6, "L28": 9, "L29": 10, "L30": 6, "L31": 7,
    "L33": 5, "L36": 6, "L39": 6, "L40": 8, "L42": 2, "L43": 5, "S02": 6, "S03": 5, "S04": 5, "S05": 8,
    "S10": 6, "S11": 5, "S12": 8, "S15": 7, "S16": 3, "S19": 3, "S20": 7, "S21": 6, "S22": 2, "S23": 2,
}  # fmt: skip
"""How many instructions each sheet has."""
SHEETS = names()

AMSTERDAM, NEW_YORK = "Europe/Amsterdam", "America/New_York"
DAYS = (
    (date(2026, 12, 18), AMSTERDAM),
    (date(2027, 3, 28), AMSTERDAM),  # clocks go forward
    (date(2026, 10, 25), AMSTERDAM),  # and back
    (date(2027, 3, 14), NEW_YORK),
    (date(2026, 11, 1), NEW_YORK),
    (date(2028, 2, 29), AMSTERDAM),
    (date(2028, 3, 1), NEW_YORK),
    (date(2027, 3, 31), AMSTERDAM),  # a month before is no such day
)
BEFORE = {"early": 200, "late": 3, "on the day": 0}


def carried(row: Instruction) -> list[Step]:
    """Give the steps that carry an instruction."""
    steps = {step.id: step for step in loaded(row.sheet)[0].steps}
    return [steps[name] for name in row.steps]


def has_window(step: Step) -> bool:
    return isinstance(step, Avoid | Daily) or (isinstance(step, Do) and bool(step.due or step.opens or step.lead_days))


def has_time(step: Step) -> bool:
    if isinstance(step, Daily) and step.times:
        return True
    return any(p.by_clock or p.time or p.part or p.business_days is not None for _, p in points(step))


def is_after(step: Step) -> bool:
    """Say whether some day of it lies after the procedure."""
    booking = Booking(date(2026, 12, 18), date(2026, 12, 1), time(10), {}, {"healed": date(2026, 12, 28)})
    last = booking.window(step)[1]
    return last is None or last > booking.on


def is_conditional(step: Step) -> bool:
    """Say whether it is not the same for everybody: a condition, a question, or more days after one kind of contact."""
    return step.when is not None or isinstance(step, Gate) or (isinstance(step, Avoid) and bool(step.longer))


def rounds_hours(step: Step) -> bool:
    """Say whether a sheet's hours before became clear days, and the step says so."""
    return isinstance(step, Avoid) and step.days_before is not None and "hours" in (step.assumed or "")


def ends_before(step: Step) -> bool:
    booking = Booking(date(2026, 12, 18), date(2026, 12, 1), time(10))
    last = booking.window(step)[1]
    return last is not None and last < booking.on


KEPT: dict[str, Callable[[Step], bool]] = {
    "AB": has_window,
    "ABA": has_window,
    "LB": has_window,
    "GT": lambda step: isinstance(step, Gate | Avoid | Review),
    "CD": is_conditional,
    "RP": lambda step: isinstance(step, Daily),
    "PR": lambda step: isinstance(step, Daily) and (bool(step.of) or ends_before(step)),
    "PO": is_after,
    "TD": lambda step: has_time(step) or rounds_hours(step),
    "RX": lambda step: step.when is not None or isinstance(step, Avoid | Review | Gate),
    "NT": lambda step: not isinstance(step, Note) or step.confirm,
}
"""What at least one step must be that carries an instruction of this code."""


def test_all_sheets_are_there_and_each_is_in_the_table() -> None:
    assert {row.sheet for row in table()} == set(SHEETS)
    assert set(SHEETS) == set(COUNTS)
    assert sum(COUNTS.values()) == 259


def test_protocols_have_names_of_their_own() -> None:
    slugs = [loaded(sheet)[0].protocol for sheet in SHEETS]
    assert len(set(slugs)) == len(slugs)
    assert [slug for sheet, slug in zip(SHEETS, slugs, strict=True) if not slug.startswith(sheet.lower())] == []


@pytest.mark.parametrize("sheet", SHEETS)
def test_no_instruction_is_lost(sheet: str) -> None:
    rows = [row for row in table() if row.sheet == sheet]
    assert [row.number for row in rows] == list(range(1, COUNTS[sheet] + 1))
    assert [row.number for row in rows if not row.steps or not row.codes] == []
    assert [row.about for row in rows if not 2 <= len(row.about.split()) <= 6] == []
    assert {name for row in rows for name in row.steps} - {step.id for step in loaded(sheet)[0].steps} == set()


@pytest.mark.parametrize("sheet", SHEETS)
def test_nothing_is_invented(sheet: str) -> None:
    named = {name for row in table() if row.sheet == sheet for name in row.steps}
    assert [step.id for step in loaded(sheet)[0].steps if step.id not in named] == []


@pytest.mark.parametrize("row", table(), ids=lambda row: f"{row.sheet}-{row.number}")
def test_an_instruction_is_carried_by_a_step_that_can_hold_it(row: Instruction) -> None:
    steps = carried(row)
    lost = [code for code in row.codes if code in KEPT and not any(map(KEPT[code], steps))]
    assert lost == [], [step.id for step in steps]


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_sheet_has_no_fault_and_no_line_without_effect(sheet: str) -> None:
    findings = loaded(sheet)[1]
    assert [str(one) for one in findings if one.finding.level == "fault" or one.finding.code != "assumed"] == []


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_step_begins_with_its_id_and_names_where_it_is_from(sheet: str) -> None:
    steps = loaded(sheet)[0].steps
    assert first_keys(sheet) == ["id"] * len(steps)
    assert [step.id for step in steps if not re.fullmatch(r".*\w.* <https?://\S+>", step.source)] == []


def bookings(sheet: str) -> Iterable[tuple[Booking, str]]:
    """Book a sheet on every kind of day, early and late, with all answers, their opposite, and none."""
    protocol = loaded(sheet)[0]
    for day, zone in DAYS:
        for before in BEFORE.values():
            events = {event.id: day + timedelta(days=5) for event in protocol.events} | {
                "healed": day + timedelta(days=10)
            }
            for start, answers, happened in (
                (time(10, 30), {fact.id: answer(fact, first=True) for fact in protocol.facts}, events),
                (time(0, 15), {fact.id: answer(fact, first=False) for fact in protocol.facts}, {}),
                (None, {}, {}),
            ):
                yield Booking(day, day - timedelta(days=before), start, answers, happened), zone


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_sheet_lies_where_its_steps_say_on_every_kind_of_day(sheet: str) -> None:
    rules = prepare(loaded(sheet)[0], lexicon(), 1)
    for booking, zone in bookings(sheet):
        checklist = plan(rules, fold(booking.entries()), Calendar(zone))
        items = {item.rule.step.id: item for item in (*checklist.items, *checklist.left_out)}
        assert sorted(items) == sorted(step.id for step in rules.protocol.steps)
        for step in rules.protocol.steps:
            item = items[step.id]
            found = tuple(None if day is None else date.fromordinal(day) for day in (item.opens, item.closes))
            assert found == booking.window(step), (booking, step.id)
            applies = booking.applies(step.when)
            assert (item in checklist.left_out) == (applies is False), (booking, step.id)
            assert applies is not None or item.provisional, (booking, step.id)


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_sheet_stands_somehow_on_every_day(sheet: str) -> None:
    """Before, on and after the day: there is a standing, and nothing left out is among its reasons."""
    rules = prepare(loaded(sheet)[0], lexicon(), 1)
    for booking, zone in bookings(sheet):
        checklist = plan(rules, fold(booking.entries()), Calendar(zone))
        steps = {item.rule.step.id for item in checklist.items}
        for day in sorted({booking.booked, booking.on - timedelta(days=1), booking.on, booking.on + timedelta(days=1)}):
            if day < booking.booked:
                continue
            status = on(checklist, day.toordinal())
            assert (status.level == "past") == (day > booking.on)
            assert {reason.step for reason in status.reasons} - steps <= {"clearance"}
