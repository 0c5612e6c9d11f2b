"""Change the audit as an intruder would who may write to the database: one tampering each, drawn by dice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, func, insert, select, update

from prep_tracker.desk.proving import Anchor, What
from prep_tracker.domain.chain import Digest, Keys, Seal, written
from prep_tracker.store import seals
from prep_tracker.store.tables import audit, audit_seals
from tests.access.auditing import ASTER, BIRCH, NO_KEYS

CLINICS = (ASTER, BIRCH, "")
NEWER = {
    "at": "2031-01-01T00:00:00+00:00",
    "sealed_at": "2031-01-01T00:00:00+00:00",
    "action": "D",
    "outcome": 999,
    "seen": ["somebody-else"],
}
"""Other values, where a text would not do."""


@dataclass(frozen=True, slots=True)
class Done:
    """What an intruder did: which chain it concerns, from which seal on, and what a proof has to call it.

    No seal: where it begins cannot be told, for an anchor knows one seal only.
    """

    clinic: str
    seal: int | None
    what: frozenset[What]


Tamper = Callable[[Connection, Random], Done]


def edit_a_line(connection: Connection, dice: Random) -> Done:
    """Change one column of a line that is sealed."""
    line = a_line(connection, dice)
    column = dice.choice([name for name in audit.c.keys() if name not in {"id", "clinic_id", "seal"}])  # noqa: SIM118 - columns
    value = None if line[column] is not None and audit.c[column].nullable and dice.random() < 0.5 else other(column)
    connection.execute(update(audit).where(audit.c.id == line["id"]).values({column: value}))
    return Done(line["clinic_id"] or "", line["seal"], frozenset({"changed"}))


def renumber_a_line(connection: Connection, dice: Random) -> Done:
    """Give a line another number, beyond all others."""
    line = a_line(connection, dice)
    last = connection.execute(select(func.max(audit.c.id))).scalar_one()
    connection.execute(update(audit).where(audit.c.id == line["id"]).values(id=last + 7))
    return Done(line["clinic_id"] or "", line["seal"], frozenset({"changed"}))


def edit_a_seal(connection: Connection, dice: Random) -> Done:
    """Change one column of a seal."""
    seal = a_seal(connection, dice)
    column = dice.choice(["sealed_at", "lines", "hash"])
    value = {"sealed_at": other("sealed_at"), "lines": seal["lines"] + 1, "hash": f"{dice.getrandbits(256):064x}"}
    connection.execute(update(audit_seals).where(is_seal(seal)).values({column: value[column]}))
    return Done(seal["clinic_id"], seal["number"], frozenset({"changed", "missing"}))


def delete_lines(connection: Connection, dice: Random) -> Done:
    """Delete one line, or several of one seal."""
    line = a_line(connection, dice)
    of_seal = lines_of(connection, line["clinic_id"], line["seal"])
    gone = dice.sample(of_seal, dice.randint(1, len(of_seal)))
    connection.execute(delete(audit).where(audit.c.id.in_(gone)))
    return Done(line["clinic_id"] or "", line["seal"], frozenset({"missing"}))


def delete_a_seal(connection: Connection, dice: Random) -> Done:
    """Delete a seal and leave its lines."""
    seal = a_seal(connection, dice)
    connection.execute(delete(audit_seals).where(is_seal(seal)))
    return Done(seal["clinic_id"], seal["number"], frozenset({"missing"}))


def delete_a_link(connection: Connection, dice: Random) -> Done:
    """Delete a seal with its lines, at the beginning or in the middle."""
    seal = a_seal(connection, dice, at_end=False)
    connection.execute(delete(audit).where(of(seal["clinic_id"]), audit.c.seal == seal["number"]))
    connection.execute(delete(audit_seals).where(is_seal(seal)))
    return Done(seal["clinic_id"], seal["number"], frozenset({"missing"}))


def insert_a_line(connection: Connection, dice: Random) -> Done:
    """Add a line to what was sealed, like another but for who did it."""
    line = a_line(connection, dice)
    connection.execute(insert(audit).values({**without_id(line), "person": "Nobody"}))
    return Done(line["clinic_id"] or "", line["seal"], frozenset({"added"}))


def insert_under_no_seal(connection: Connection, dice: Random) -> Done:
    """Add a line that names a seal that is not there."""
    line = a_line(connection, dice)
    last = seals.head(connection, line["clinic_id"] or "")
    assert last is not None
    connection.execute(insert(audit).values({**without_id(line), "seal": last.number + 3}))
    return Done(line["clinic_id"] or "", last.number + 3, frozenset({"missing"}))


def swap_two_lines(connection: Connection, dice: Random) -> Done:
    """Let two lines of one seal change places, all but their numbers."""
    line = a_line(connection, dice)
    one, two = dice.sample(lines_of(connection, line["clinic_id"], line["seal"]), 2)
    first, second = row(connection, audit, one), row(connection, audit, two)
    for number, values in ((one, second), (two, first)):
        connection.execute(update(audit).where(audit.c.id == number).values(without_id(values)))
    return Done(line["clinic_id"] or "", line["seal"], frozenset({"reordered"}))


def swap_two_hashes(connection: Connection, dice: Random) -> Done:
    """Let two seals of a chain change their hashes."""
    clinic = dice.choice(CLINICS)
    one, two = dice.sample(all_seals(connection, clinic), 2)
    for seal, made in ((one, two["hash"]), (two, one["hash"])):
        connection.execute(update(audit_seals).where(is_seal(seal)).values(hash=made))
    return Done(clinic, min(one["number"], two["number"]), frozenset({"reordered"}))


def move_to_another_clinic(connection: Connection, dice: Random) -> Done:
    """Give a line to another clinic, or to none."""
    line = a_line(connection, dice)
    others = [each for each in CLINICS if each != (line["clinic_id"] or "")]
    connection.execute(update(audit).where(audit.c.id == line["id"]).values(clinic_id=dice.choice(others) or None))
    return Done(line["clinic_id"] or "", line["seal"], frozenset({"missing"}))


def move_to_another_seal(connection: Connection, dice: Random) -> Done:
    """Let a line be covered by another seal, or by none yet."""
    line = a_line(connection, dice)
    numbers = [seal["number"] for seal in all_seals(connection, line["clinic_id"] or "")]
    chosen = dice.choice([number for number in numbers if number != line["seal"]])
    where = None if dice.random() < 0.3 else chosen
    connection.execute(update(audit).where(audit.c.id == line["id"]).values(seal=where))
    first = line["seal"] if where is None else min(line["seal"], where)
    return Done(line["clinic_id"] or "", first, frozenset({"missing", "added"}))


def move_a_seal(connection: Connection, dice: Random) -> Done:
    """Give a seal to another clinic, at the end of its chain."""
    seal = a_seal(connection, dice, at_end=False)
    to = dice.choice([each for each in CLINICS if each != seal["clinic_id"]])
    number = max(each["number"] for each in all_seals(connection, to)) + 1
    connection.execute(update(audit_seals).where(is_seal(seal)).values(clinic_id=to, number=number))
    return Done(seal["clinic_id"], seal["number"], frozenset({"missing"}))


PLAINLY_SEEN: tuple[Tamper, ...] = (
    edit_a_line,
    edit_a_line,
    renumber_a_line,
    edit_a_seal,
    delete_lines,
    delete_a_seal,
    delete_a_link,
    insert_a_line,
    insert_under_no_seal,
    swap_two_lines,
    swap_two_hashes,
    move_to_another_clinic,
    move_to_another_seal,
    move_a_seal,
)
"""What is found without a key and without an anchor."""


def cut_off(connection: Connection, dice: Random) -> Done:
    """Take the end of a chain away, lines and seals; or all of it."""
    clinic = dice.choice(CLINICS)
    first = dice.randint(1, len(all_seals(connection, clinic)))
    connection.execute(delete(audit).where(of(clinic), audit.c.seal >= first))
    connection.execute(delete(audit_seals).where(audit_seals.c.clinic_id == clinic, audit_seals.c.number >= first))
    return Done(clinic, first, frozenset({"missing"}))


def write_anew(connection: Connection, dice: Random, keys: Keys = NO_KEYS) -> Done:
    """Change a line and make all seals from there on anew, as whoever knows how it is done can."""
    done = edit_a_line(connection, dice)
    assert done.seal is not None
    before, digests = None, digests_of(connection, done.clinic)
    for seal in seals.after(connection, done.clinic, 0, 1000):
        if seal.number >= done.seal:
            fits = and_(audit_seals.c.clinic_id == done.clinic, audit_seals.c.number == seal.number)
            at = connection.execute(select(audit_seals.c.sealed_at).where(fits)).scalar_one()
            seal = keys.seal(before, done.clinic, at, digests[seal.number])  # noqa: PLW2901 - in its place
            connection.execute(update(audit_seals).where(fits).values(hash=seal.hash))
        before = seal
    return Done(done.clinic, None, done.what)


def digests_of(connection: Connection, clinic: str) -> dict[int, Digest]:
    """Reckon the digests of a chain's lines."""
    found: dict[int, Digest] = {}
    for line in seals.lines(connection, 0, 10_000):
        if line.clinic_id == clinic and line.seal is not None:
            found.setdefault(line.seal, Digest()).add(written(line.values))
    return found


def anchors_of(connection: Connection) -> list[Anchor]:
    """Keep the heads of all chains elsewhere."""
    heads = (seals.head(connection, clinic) for clinic in CLINICS)
    return [Anchor(head.clinic_id, head.number, head.hash) for head in heads if isinstance(head, Seal)]


def a_line(connection: Connection, dice: Random) -> dict[str, Any]:
    """Choose a line that is sealed."""
    ids = connection.execute(select(audit.c.id).where(audit.c.seal.is_not(None)).order_by(audit.c.id)).scalars().all()
    return row(connection, audit, dice.choice(ids))


def a_seal(connection: Connection, dice: Random, *, at_end: bool = True) -> dict[str, Any]:
    """Choose a seal; without ``at_end``, not the last of its chain."""
    found = all_seals(connection, dice.choice(CLINICS))
    return dice.choice(found if at_end else found[:-1])


def all_seals(connection: Connection, clinic: str) -> list[dict[str, Any]]:
    """Give the seals of a chain."""
    query = select(audit_seals).where(audit_seals.c.clinic_id == clinic).order_by(audit_seals.c.number)
    return [dict(found) for found in connection.execute(query).mappings()]


def lines_of(connection: Connection, clinic: str | None, seal: int) -> list[int]:
    """Give the numbers of the lines that a seal covers."""
    query = select(audit.c.id).where(of(clinic or ""), audit.c.seal == seal).order_by(audit.c.id)
    return list(connection.execute(query).scalars())


def row(connection: Connection, table: Table, number: int) -> dict[str, Any]:
    """Give one row."""
    return dict(connection.execute(select(table).where(table.c.id == number)).mappings().one())


def without_id(values: dict[str, Any]) -> dict[str, Any]:
    """Give everything but the number."""
    return {name: value for name, value in values.items() if name != "id"}


def of(clinic: str) -> Any:  # noqa: ANN401 - SQL
    """Keep to a chain."""
    return audit.c.clinic_id == clinic if clinic else audit.c.clinic_id.is_(None)


def is_seal(seal: dict[str, Any]) -> Any:  # noqa: ANN401 - SQL
    """Keep to a seal."""
    return and_(audit_seals.c.clinic_id == seal["clinic_id"], audit_seals.c.number == seal["number"])


def other(column: str) -> Any:  # noqa: ANN401 - of any column
    """Give another value for a column."""
    from datetime import datetime

    value = NEWER.get(column, "another")
    return datetime.fromisoformat(str(value)) if column in {"at", "sealed_at"} else value
