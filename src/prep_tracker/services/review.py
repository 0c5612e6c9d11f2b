"""Name products and medicines, say more about them, and decide about them as a clinician."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from prep_tracker.desk.answers import day_faults
from prep_tracker.desk.case import Case, Desk, keep, note, open_case, open_to_change, require_match, require_open
from prep_tracker.desk.products import product_fields
from prep_tracker.domain import entries as e
from prep_tracker.domain.errors import Fault, InvalidError, NotFoundError

if TYPE_CHECKING:
    from prep_tracker.desk.case import Versions
    from prep_tracker.desk.ordering import NewProduct
    from prep_tracker.domain.entries import Decision
    from prep_tracker.store import Connection


def add_product(connection: Connection, desk: Desk, procedure_id: str, product: NewProduct) -> Case:
    """Name a product or medicine; it keeps the classes that its text matches today."""
    case = open_to_change(connection, desk, procedure_id)
    require_open(case)
    faults = tuple(day_faults("/last_used_on", product.last_used_on, desk.today))
    if faults:
        raise InvalidError(*faults)
    entry = e.ProductAdded(
        **desk.said(case.row.version + 1),
        **product_fields(product.text, product.kind),
        prescribed=product.prescribed,
        last_used_on=product.last_used_on,
    )
    after = keep(connection, desk, case, [entry])
    note(connection, desk, "C", "product.added", after.row, 201)
    return after


@dataclass(frozen=True, slots=True)
class More:
    """What more is said about a product; None and nothing: not said."""

    prescribed: bool | None = None
    last_used_on: date | None = None
    stopped_on: date | None = None
    confirm: tuple[str, ...] = ()
    """Classes that staff say it belongs to."""
    reject: tuple[str, ...] = ()
    """Classes that staff say it does not belong to, for good."""


def change_product(connection: Connection, desk: Desk, procedure_id: str, number: int, more: More) -> Case:
    """Say more about a product: prescribed or not, last used, stopped; staff confirm or reject classes."""
    case = open_to_change(connection, desk, procedure_id)
    require_open(case)
    if number not in case.checklist.record.products:
        raise NotFoundError
    faults = [
        *day_faults("/last_used_on", more.last_used_on, desk.today),
        *day_faults("/stopped_on", more.stopped_on, desk.today),
    ]
    if more == More():
        faults.append(Fault("", "empty", "Send at least one field to change."))
    for pointer, names in (("/confirm", more.confirm), ("/reject", more.reject)):
        strange = [name for name in names if name not in case.lexicon]
        if strange:
            faults.append(Fault(pointer, "unknown-class", f"The lexicon has no class {strange[0][:64]}."))
    if set(more.confirm) & set(more.reject):
        faults.append(Fault("/reject", "both", "A class is either confirmed or rejected."))
    if faults:
        raise InvalidError(*faults)
    product = case.checklist.record.products[number]
    # Whoever says that it is no retinoid says too that it is none of the kinds of retinoid.
    kinds = (product.classes | product.minor | product.doubtful) & case.lexicon.members(more.reject)
    entry = e.ProductChanged(
        **desk.said(case.row.version + 1),
        product=number,
        prescribed=more.prescribed,
        last_used_on=more.last_used_on,
        stopped_on=more.stopped_on,
        confirmed=more.confirm,
        rejected=(*more.reject, *sorted(kinds - {*more.reject, *more.confirm})),
    )
    after = keep(connection, desk, case, [entry])
    note(connection, desk, "U", "product.changed", after.row)
    return after


def decide(
    connection: Connection,
    desk: Desk,
    procedure_id: str,
    number: int,
    decision: Decision,
    words: str,
    *,
    if_match: Versions,
) -> Case:
    """Decide about a product as a clinician; only then does the patient read what to do.

    The decision is about what was known: if anything was said in between, it is a ``StaleError``.
    """
    case = open_to_change(connection, desk, procedure_id)
    require_match(case, if_match)
    require_open(case)
    if number not in case.checklist.record.products:
        raise NotFoundError
    entry = e.Decided(**desk.said(case.row.version + 1), product=number, decision=decision, note=words)
    after = keep(connection, desk, case, [entry])
    note(connection, desk, "U", "product.decided", after.row, 201)
    return after


def read_products(connection: Connection, desk: Desk, procedure_id: str) -> Case:
    """Read the procedure whose products are to be listed. Raises ``NotFoundError``."""
    return open_case(connection, desk, procedure_id)
