"""Play the stories of the demo: every act goes through the services, on its own day, as if staff had done it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from prep_tracker.desk.case import Case, Desk, open_to_change
from prep_tracker.desk.ordering import Known
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.protocol import Avoid, Daily, Do, Gate, Note, Review
from prep_tracker.services import booking, clinical, marking
from prep_tracker.services.booking import Move, NewPatient, Order
from prep_tracker.services.clinic import calendar_of

if TYPE_CHECKING:
    from prep_tracker.demo.people import Story
    from prep_tracker.domain.actor import Role
    from prep_tracker.domain.entries import MarkKind
    from prep_tracker.domain.items import Item
    from prep_tracker.store import Connection
    from prep_tracker.store.clinics import ClinicRow

WHO: dict[str, tuple[Role, str]] = {
    "waive": ("clinician", "Cleo"),
    "open": ("clinician", "Cleo"),
    "clear": ("clinician", "Cleo"),
}
SOURCE = "The clinician's own instruction"


def play(connection: Connection, clinic: ClinicRow, story: Story, noon: datetime) -> None:
    """Book a story and do what was done since, oldest first. ``noon`` is today's in the clinic's zone."""
    today = noon.date()
    desk = _desk(clinic, noon, story.booked, "book")
    order = Order(
        protocol=story.protocol,
        on=today + timedelta(days=story.on),
        at=story.at,
        patient=NewPatient(story.reference, story.name, story.language),
        known=Known(answers=dict(story.answers)),
    )
    procedure_id = booking.book(connection, desk, order).row.id
    for act in story.acts:
        ago, verb, *rest = act
        _do(connection, _desk(clinic, noon, ago, verb), procedure_id, verb, rest, today)


def _desk(clinic: ClinicRow, noon: datetime, ago: int, verb: str) -> Desk:
    role, person = WHO.get(verb, ("coordinator", "Ana"))
    house = clinic.name.partition(" ")[0]
    actor = Actor(clinic.id, role, "demo", f"{person} of {house}" if house == "Aster" else f"Ben of {house}")
    return Desk(actor, clinic, calendar_of(clinic), noon - timedelta(days=ago), "demo")


def _do(connection: Connection, desk: Desk, procedure_id: str, verb: str, rest: list[Any], today: date) -> None:  # noqa: C901, PLR0912 - one case an act
    case = open_to_change(connection, desk, procedure_id)
    match = (case.row.version,)
    match verb, rest:
        case "everything", []:
            for item in case.checklist.items:
                _say_well(connection, desk, case, item)
            marking.mark(connection, desk, procedure_id, "no_more_products", None, None)
        case "no-more", []:
            marking.mark(connection, desk, procedure_id, "no_more_products", None, None)
        case "since", [step, ago]:
            marking.mark(connection, desk, procedure_id, "since", step, today - timedelta(days=ago))
        case "done", [step]:
            marking.mark(connection, desk, procedure_id, "done", step, desk.today)
        case "unsafe", [step]:
            marking.mark(connection, desk, procedure_id, "unsafe", step, desk.today)
        case "exposed", [to, ago, *kind]:
            day = today - timedelta(days=ago)
            marking.expose(connection, desk, procedure_id, to, day, kind[0] if kind else None, None)
        case "withdraw", []:
            marking.withdraw(connection, desk, procedure_id, case.row.version, "Tapped by mistake")
        case "move", [on, reason]:
            move = Move(today + timedelta(days=on), reason=reason)
            booking.apply_move(connection, desk, procedure_id, move, if_match=match)
        case "waive", [step, reason]:
            clinical.waive(connection, desk, procedure_id, step, reason, if_match=match)
        case "open", [step, reason]:
            clinical.open_gate(connection, desk, procedure_id, step, reason, if_match=match)
        case "clear", []:
            clinical.clear(connection, desk, procedure_id, (), "Seen in the clinic", if_match=match)
        case "step", [step]:
            clinical.add_step(connection, desk, procedure_id, {"source": SOURCE, **step}, if_match=match)
        case "state", [state, *reason]:
            clinical.set_state(connection, desk, procedure_id, state, reason[0] if reason else None, if_match=match)
        case _:
            msg = f"the demo has no act {verb}"
            raise ValueError(msg)


def _say_well(connection: Connection, desk: Desk, case: Case, item: Item) -> None:
    """Say the good thing about one step, as far as its day has come."""
    step, today = item.rule.step, desk.today
    opens = date.fromordinal(item.opens) if item.opens is not None else today

    def say(kind: MarkKind, on: date | None) -> None:
        marking.mark(connection, desk, case.row.id, kind, step.id, on)

    if isinstance(step, Avoid) and step.days_before is not None:
        say("since", min(opens, today) - timedelta(days=1))
    elif isinstance(step, Do) and opens <= today:
        say("done", today)
    elif isinstance(step, Gate) and opens <= today:
        say("safe", today)
    elif isinstance(step, Note) and step.confirm:
        say("understood", today)
    elif isinstance(step, Daily) and opens <= today:
        for back in range(min(3, (today - opens).days + 1)):
            say("kept", today - timedelta(days=back))
    elif isinstance(step, Review) and not step.of:
        say("done", today)
