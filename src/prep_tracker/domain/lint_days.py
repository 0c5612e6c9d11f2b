"""Find steps that land on days on which they can no longer be done, or on no day at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prep_tracker.domain.days import before
from prep_tracker.domain.lint_calendar import FAR, example, laid, samples
from prep_tracker.domain.lint_finding import Finding, Spot, spots
from prep_tracker.domain.protocol import Avoid, Daily, Do, Gate, Note, Protocol, Review
from prep_tracker.domain.terms import Point

_BACK = "Count back from the procedure: use a minus sign."
_NOT_COUNTED = "Aftercare is advisory: nothing after the procedure can stop it."


def day_findings(protocol: Protocol) -> Iterator[Finding]:
    """Yield what cannot be kept on at least one of the days for which a procedure may be booked."""
    yield from _after(protocol.clearance_due, Spot(("clearance_due",)), "a clinician clears before", _BACK)
    for spot, step in spots(protocol.steps):
        match step:
            case Avoid():
                yield from _avoid(step, spot)
            case Do():
                yield from _do(step, spot)
            case Daily():
                yield from _daily(step, spot)
            case Gate():
                yield from _after(step.opens, spot / "opens", "the answer lets the procedure go ahead", _BACK)
            case Review():
                yield from _review(step, spot)
            case Note():
                yield from _note(step, spot)


def _after(point: Point | None, spot: Spot, why: str, mend: str) -> Iterator[Finding]:
    """Yield what lands after the procedure day and would never count."""
    day = point and _first_day((point,), lambda on: _last(point, on) > on)
    if point and day:
        message = f"{spot.path[-1]} lands after the procedure: {why}{example(day, point)}"
        yield spot.fault("after-procedure", message, mend)


def _first_day(points: tuple[Point | None, ...], wrong: Callable[[int], bool]) -> int | None:
    return next((on for on in samples(*points) if wrong(on)), None)


def _first(point: Point | None, on: int, otherwise: int = -FAR) -> int:
    """Give the first day on which a point can lie; ``otherwise`` while nobody can know."""
    days = laid(point, on) if point else None
    return days.first if days else otherwise


def _last(point: Point | None, on: int, otherwise: int = -FAR) -> int:
    days = laid(point, on) if point else None
    return days.last if days else otherwise


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _avoid(step: Avoid, spot: Spot) -> Iterator[Finding]:
    yield from _after(step.from_, spot / "from", "from is about the days before", "For aftercare write days_after.")
    ask, floor = step.days_before, step.floor_days
    if ask is not None and floor is not None:
        day = next((on for on in samples(ask, floor) if before(on, floor) < before(on, ask)), None)
        if day:
            yield (spot / "floor_days").fault(
                "floor-above-ask",
                f"floor_days is longer than days_before{example(day, ask, floor)}",
                "The floor is the least that may be left: make it shorter, or ask for more days_before.",
            )
    least = floor if floor is not None else ask
    for name, longer in step.longer.items():
        if least is not None and all(before(on, longer) >= before(on, least) for on in samples(longer, least)):
            yield (spot / "longer" / name).note(
                "not-longer", f"after {name} no more days are needed than without", "Write more days, or remove it."
            )
    if ask is None and step.from_ is None and step.severity != "advisory":
        yield (spot / "severity").note(
            "without-effect", f"{step.severity} changes nothing: it begins on the day itself", "Write advisory."
        )


def _do(step: Do, spot: Spot) -> Iterator[Finding]:
    lead, due, opens = step.lead_days or 0, step.due, step.opens
    found: list[Finding] = []
    if step.severity != "advisory" or step.lead_days is not None or step.valid_days is not None:
        found += [*_in_time(due, lead, spot / "due"), *_in_time(opens, lead, spot / "opens")]
    yield from found

    def due_on(on: int) -> int:
        return _last(due, on, FAR) if due else on - max(1, lead)

    if opens and not found and (day := _first_day((opens, due), lambda on: _first(opens, on) > due_on(on))):
        yield (spot / "opens").fault(
            "opens-after-due", f"it opens only after it is due{example(day, opens, due)}", "Open it earlier."
        )
    yield from _valid(step.valid_days, due, spot)
    if step.valid_days is not None and step.valid_days < lead:
        yield (spot / "valid_days").fault(
            "impossible",
            f"nobody can do this in time: {_days(lead)} before the procedure, done on that day, it is too old",
            "Make valid_days at least as many as lead_days.",
        )


def _in_time(point: Point | None, lead: int, spot: Spot) -> Iterator[Finding]:
    """Yield what is asked for when the procedure can no longer take place."""
    if lead == 0:
        yield from _after(point, spot, "the step is there to be done before", f"{_BACK} {_NOT_COUNTED}")
    elif point and (day := _first_day((point,), lambda on: _last(point, on) > on - lead)):
        yield spot.fault(
            "too-late",
            f"{spot.path[-1]} is later than lead_days allows: {_days(lead)} before the procedure{example(day, point)}",
            "Move it to an earlier day, or make lead_days smaller.",
        )


def _valid(valid: int | None, due: Point | None, spot: Spot) -> Iterator[Finding]:
    """Yield a due day on which it is too early to count."""
    if valid is not None and due and (day := _first_day((due,), lambda on: _last(due, on, FAR) < on - valid)):
        yield (spot / "due").fault(
            "due-before-valid",
            f"done when it is due, it no longer counts: it is valid for {_days(valid)}{example(day, due)}",
            "Move due closer to the procedure, or make valid_days larger.",
        )


def _daily(step: Daily, spot: Spot) -> Iterator[Finding]:
    begin, end, by = step.from_, step.to, step.start_by
    yield from _order(begin, end, spot / "to", "to lies before from")
    if step.at_least is None and by is None:
        if step.severity != "advisory":
            yield (spot / "severity").note(
                "without-effect",
                f"{step.severity} changes nothing: any day may be missed",
                "Write at_least or start_by, or make it advisory.",
            )
        return
    found = [
        *_after(begin, spot / "from", "the days before it are counted", f"{_BACK} {_NOT_COUNTED}"),
        *_after(by, spot / "start_by", "a later start is no longer enough", _BACK),
        *_order(begin, by, spot / "start_by", "start_by lies before from"),
        *_order(by, end, spot / "start_by", "start_by lies after to"),
    ]
    yield from found
    if step.at_least is not None and not found:
        yield from _kept(step, step.at_least.kept, spot)


def _kept(step: Daily, kept: int, spot: Spot) -> Iterator[Finding]:
    """Yield days to be kept of which there are not so many."""
    begin, end, by = step.from_, step.to, step.start_by

    def left(point: Point, on: int) -> int:
        last = min(_last(end, on, FAR), on) if end else on - 1
        return last - _first(point, on) + 1

    if begin and (day := _first_day((begin, end), lambda on: left(begin, on) < kept)):
        yield (spot / "at_least").fault(
            "impossible",
            f"nobody can keep {_days(kept)}: fewer lie between the first and the last{example(day, begin, end)}",
            "Begin earlier, or ask for fewer days.",
        )
    elif by and (day := _first_day((by, end), lambda on: left(by, on) < kept)):
        yield (spot / "start_by").fault(
            "impossible",
            f"whoever begins on the last day of start_by cannot keep {_days(kept)}{example(day, by, end)}",
            "Make start_by earlier, or ask for fewer days.",
        )


def _order(one: Point | None, other: Point | None, spot: Spot, message: str) -> Iterator[Finding]:
    """Yield two points of which the second lies before the first."""
    if one and other and (day := _first_day((one, other), lambda on: _last(other, on, FAR) < _first(one, on))):
        yield spot.fault("wrong-order", f"{message}{example(day, one, other)}", "Change one of the two.")


def _review(step: Review, spot: Spot) -> Iterator[Finding]:
    if step.severity != "advisory":
        yield from _after(step.due, spot / "due", "a clinician decides before", f"{_BACK} {_NOT_COUNTED}")
    yield from _valid(step.valid_days, step.due, spot)


def _note(step: Note, spot: Spot) -> Iterator[Finding]:
    yield from _order(step.at, step.to, spot / "to", "to lies before at")
    if step.confirm:
        yield from _after(step.at, spot / "at", "confirm asks before", "Show it earlier, or leave out confirm.")
