"""PostgreSQL itself keeps each clinic to its own rows, whatever a query forgets: row-level security, tried directly."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Engine,
    Executable,
    ForeignKeyConstraint,
    NullPool,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    and_,
    create_engine,
    delete,
    func,
    insert,
    make_url,
    select,
    text,
    update,
)

from prep_tracker.store import roles
from prep_tracker.store.roles import SERVICE, STEP_DOWN
from prep_tracker.store.session import EVERY, QueryError, Store
from prep_tracker.store.tables import METADATA
from prep_tracker.store.types import Instant, Json
from tests.store.cast import NOW

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
TABLES = tuple(METADATA.sorted_tables)
KEPT = frozenset({"audit", "audit_seals"})
"""Nobody may change or delete these rows, not even of one's own clinic."""
AUDIT = METADATA.tables["audit"]
ASTER, BIRCH = "aster", "birch"
FORBIDDEN, TIED = "42501", "23503"
"""PostgreSQL's codes: insufficient privilege, which row-level security gives too, and foreign key violation."""
Row = dict[str, Any]
Rows = dict[str, dict[str, Row]]


def whose(table: Table) -> str:
    """Give the column that says whose a row is."""
    return "id" if table.name == "clinics" else "clinic_id"


def row_of(clinic: str, table: Table, rows: dict[str, Row]) -> Row:
    """Make up a row of any table that belongs to a clinic, hanging on the clinic's other rows."""
    made = {c.name: _value(clinic, c) for c in table.columns if not c.nullable and c.autoincrement is not True}
    for check in (c for c in table.constraints if isinstance(c, CheckConstraint)):
        if chosen := re.match(r"(\w+) IN \('([^']+)'", str(check.sqltext)):
            made |= {chosen[1]: chosen[2]}
    for constraint in table.foreign_key_constraints:
        for local, foreign in zip(constraint.columns, constraint.elements, strict=True):
            made[local.name] = rows[constraint.referred_table.name][foreign.column.name]
    return made | {whose(table): clinic}


def _value(clinic: str, column: Column[Any]) -> object:
    """Make up a value for a column."""
    match column.type:
        case Instant():
            return NOW
        case Json():
            return {}
        case String():
            return f"{clinic} {column.table.name} {column.name}"[: column.type.length]
    simple: dict[type, object] = {int: 1, bool: False, bytes: b"", date: NOW.date()}
    return simple[column.type.python_type]


def another(value: object) -> object:
    """Give another value for a key."""
    return 999 if isinstance(value, int) else "another"


def fill(connection: Connection) -> Rows:
    """Give both clinics a row in every table there is; return them by clinic and table."""
    made: Rows = {}
    for clinic in (ASTER, BIRCH):
        rows: dict[str, Row] = {}
        for table in TABLES:
            row = row_of(clinic, table, rows)
            key = connection.execute(insert(table).values(row)).inserted_primary_key
            rows[table.name] = row | dict(zip(table.primary_key.columns.keys(), key or (), strict=True))
        made[clinic] = rows
    return made


@dataclass(frozen=True, slots=True)
class House:
    """A database with a row of each clinic in every table."""

    store: Store
    rows: Rows

    def is_row(self, table: Table, clinic: str) -> Any:  # noqa: ANN401 - a predicate
        """Name the row of a clinic by its key alone, as a query does that forgot the clinic."""
        return and_(*(column == self.rows[clinic][table.name][column.name] for column in table.primary_key.columns))

    def do(self, statement: Executable, clinic: str) -> Any:  # noqa: ANN401 - rows, or how many they are
        """Run a statement for a clinic, and keep what it does."""

        def run(connection: Connection) -> Any:  # noqa: ANN401 - as above
            result = connection.execute(statement)
            return result.freeze()() if result.returns_rows else result

        return self.store.run_write(run, clinic)

    def refused(self, code: str, statement: Executable, clinic: str = ASTER) -> None:
        """Hold that PostgreSQL refuses this."""
        with pytest.raises(QueryError, match=code):
            self.do(statement, clinic)

    def all_rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Give every row of every table."""
        read = {t.name: select(t).order_by(*t.primary_key.columns) for t in TABLES}
        return self.store.run_read(lambda c: {n: [tuple(r) for r in c.execute(q)] for n, q in read.items()})


@pytest.fixture
def house(store: Store) -> House:
    """Fill every table."""
    return House(store, store.run_write(fill))


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """Connect as whoever the address names, beside the store."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_every_table_of_the_schema_has_a_policy_that_binds_its_owner_too(database_url: str) -> None:
    with connected(database_url) as connection:
        bound = connection.execute(
            text(
                "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class"
                " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            )
        )
        found = {name: is_bound for name, is_bound in bound if name != "alembic_version"}
        policies = connection.execute(
            text("SELECT tablename, cmd, qual, with_check, permissive FROM pg_policies WHERE schemaname = 'public'")
        ).all()
    assert found == {table.name: True for table in TABLES}
    for table in TABLES:
        own = [p for p in policies if p.tablename == table.name and p.cmd == "ALL"]
        assert len(own) == 1, table.name
        named = f"(({whose(table)})::text = current_setting('prep.clinic'::text, true))"
        assert own[0].qual == f"({named} OR (current_setting('prep.clinic'::text, true) = '*'::text))"
        assert own[0].with_check is None, "what may be seen is what may be written"
    others = [(p.tablename, p.cmd, p.qual) for p in policies if p.cmd != "ALL"]
    assert others == [("protocol_versions", "SELECT", "(clinic_id IS NULL)")]


def test_whoever_names_no_clinic_sees_nothing_and_adds_nothing(house: House, database_url: str) -> None:
    new = house.rows[ASTER]["keys"] | {"id": "another"}
    count = {table.name: select(func.count()).select_from(table) for table in TABLES}
    for clinic in ("", "nobody", f"{ASTER},{BIRCH}", "%", "NULL"):
        seen = house.store.run_read(lambda c: {name: c.execute(q).scalar_one() for name, q in count.items()}, clinic)
        assert seen == dict.fromkeys(count, 0), clinic
        house.refused(FORBIDDEN, insert(METADATA.tables["keys"]).values(new), clinic)
    with connected(database_url) as connection:
        connection.exec_driver_sql(STEP_DOWN)
        assert connection.execute(text("SELECT current_setting('prep.clinic', true)")).scalar() is None
        assert {name: connection.execute(query).scalar_one() for name, query in count.items()} == dict.fromkeys(
            count, 0
        )


def test_within_one_clinic_no_row_of_another_is_read_or_changed(house: House) -> None:
    before = house.all_rows()
    for table in TABLES:
        theirs, own = house.is_row(table, BIRCH), table.c[whose(table)]
        seen = house.do(select(own), ASTER).scalars().all()
        assert seen == [ASTER], table.name
        assert house.do(select(own).where(theirs), ASTER).all() == [], table.name
        for change in (update(table).where(theirs).values({own.name: ASTER}), delete(table).where(theirs)):
            if table.name in KEPT:
                house.refused(FORBIDDEN, change)
            else:
                assert house.do(change, ASTER).rowcount == 0, table.name
    assert house.all_rows() == before


def test_within_one_clinic_no_row_is_added_or_moved_to_another(house: House) -> None:
    before = house.all_rows()
    for table in TABLES:
        for column in table.primary_key.columns:
            row = house.rows[BIRCH][table.name]
            house.refused(FORBIDDEN, insert(table).values(row | {column.name: another(row[column.name])}))
        move = update(table).where(house.is_row(table, ASTER)).values({whose(table): BIRCH})
        house.refused(FORBIDDEN, move)
    assert house.all_rows() == before


def test_everybody_reads_what_ships_and_no_clinic_writes_it(house: House) -> None:
    versions = METADATA.tables["protocol_versions"]
    ship = insert(versions).values(house.rows[ASTER]["protocol_versions"] | {"id": "shipped", "clinic_id": None})
    house.refused(FORBIDDEN, ship)
    house.do(ship, EVERY)
    before = house.all_rows()
    is_shipped, own = versions.c.id == "shipped", versions.c.clinic_id
    for clinic in (ASTER, BIRCH):
        assert sorted(house.do(select(own), clinic).scalars(), key=str) == [None, clinic]
        assert house.do(update(versions).where(is_shipped).values(status="retired"), clinic).rowcount == 0
        assert house.do(delete(versions).where(is_shipped), clinic).rowcount == 0
        house.refused(FORBIDDEN, update(versions).where(own == clinic).values(clinic_id=None), clinic)
    assert house.all_rows() == before


def tied() -> list[ForeignKeyConstraint]:
    """List the foreign keys between rows that both belong to a clinic."""
    return [
        constraint
        for table in TABLES
        for constraint in sorted(table.foreign_key_constraints, key=str)
        if "clinic_id" in constraint.referred_table.columns
    ]


def test_no_row_hangs_on_another_clinics_not_even_for_the_service_itself(house: House) -> None:
    """The keys hold the clinic, so this is refused where row-level security looks away: foreign keys do not obey it."""
    assert len(tied()) > 4
    for constraint in tied():
        table, mine = constraint.table, house.rows[ASTER][constraint.table.name]
        assert "clinic_id" in constraint.columns, "a key without the clinic would tell what another clinic has"
        parent = house.rows[BIRCH][constraint.referred_table.name]
        pairs = [(c.name, e.column.name) for c, e in zip(constraint.columns, constraint.elements, strict=True)]
        crossing = {local: parent[foreign] for local, foreign in pairs if local != "clinic_id"}
        keys = [key for key in table.constraints if isinstance(key, PrimaryKeyConstraint | UniqueConstraint)]
        free = {column.name: another(mine[column.name]) for key in keys for column in key.columns}
        free = {name: value for name, value in free.items() if name != "clinic_id" and name not in crossing}
        for clinic in (ASTER, EVERY):
            house.refused(TIED, insert(table).values(mine | free | crossing), clinic)
            house.refused(TIED, update(table).where(house.is_row(table, ASTER)).values(free | crossing), clinic)


@pytest.mark.usefixtures("house")
def test_the_clinic_of_one_transaction_is_not_the_next_ones(database_url: str) -> None:
    """Connections are shared, so what was said on one must be forgotten, after a success as after a failure."""
    store = Store.open(database_url, connections=1)
    told = text("SELECT pg_backend_pid(), current_user, current_setting('prep.clinic', true), count(*) FROM patients")

    def fail(connection: Connection) -> None:
        connection.execute(told)
        raise LookupError

    def named(clinic: str) -> tuple[object, ...]:
        return (SERVICE, clinic, 2 if clinic == EVERY else 1)

    async def awaited() -> None:
        for run, engine in ((store.read, store._reads), (store.write, store._writes)):  # type: ignore[attr-defined]
            connections = set()
            for clinic in (ASTER, EVERY, BIRCH):
                first, *found = await run(lambda c: c.execute(told).one(), clinic)
                assert tuple(found) == named(clinic)
                with pytest.raises(LookupError):
                    await run(fail, clinic)
                async with engine.connect() as connection:
                    later, *found = (await connection.execute(told)).one()
                    assert tuple(found) == (SERVICE, "", 0)
                connections |= {first, later}
            assert len(connections) == 1
        await store.aclose()

    asyncio.run(awaited())
    for run in (store.run_read, store.run_write):
        connections = set()
        for clinic in (ASTER, EVERY, BIRCH):
            first, *found = run(lambda c: c.execute(told).one(), clinic)
            assert tuple(found) == named(clinic)
            with pytest.raises(LookupError):
                run(fail, clinic)
            with store._engine().connect() as connection:  # type: ignore[attr-defined]
                later, *found = connection.execute(told).one()
                assert tuple(found) == (SERVICE, "", 0)
            connections |= {first, later}
        assert len(connections) == 1
    store.close()


def test_only_the_seal_of_an_audit_line_can_be_filled_in(house: House) -> None:
    before = house.all_rows()
    for name in sorted(KEPT):
        table = METADATA.tables[name]
        for clinic in (ASTER, EVERY):
            house.refused(FORBIDDEN, delete(table), clinic)
            house.refused(FORBIDDEN, text(f"TRUNCATE {name}"), clinic)
            for column in table.columns:
                if column is not AUDIT.c.seal:
                    house.refused(FORBIDDEN, update(table).values({column.name: column}), clinic)
    assert house.all_rows() == before
    assert house.do(update(AUDIT).values(seal=1), ASTER).rowcount == 1
    assert house.do(select(AUDIT.c.seal).order_by(AUDIT.c.id), EVERY).scalars().all() == [1, None]


def test_the_service_cannot_give_itself_more(house: House) -> None:
    for sql in (
        "ALTER TABLE patients DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE patients NO FORCE ROW LEVEL SECURITY",
        "ALTER POLICY of_clinic ON patients USING (true)",
        "CREATE POLICY open ON patients USING (true)",
        "DROP POLICY of_clinic ON patients",
        "DROP TABLE audit",
        "CREATE TABLE aside (id int)",
        "DELETE FROM alembic_version",
        f"ALTER ROLE {SERVICE} BYPASSRLS",
    ):
        house.refused(FORBIDDEN, text(sql), EVERY)


@pytest.mark.parametrize("attribute", ["SUPERUSER", "BYPASSRLS", "NOSUPERUSER"])
def test_who_is_not_bound_is_named(database_url: str, postgres_admin: Engine, attribute: str) -> None:
    """A superuser, a role that may look past the policies, and the owner, who could take them away."""
    name = f"prep_{attribute.lower()}_{secrets.token_hex(4)}"
    with postgres_admin.connect() as admin:
        admin.execute(text(f"CREATE ROLE {name} LOGIN {attribute}"))
    try:
        with connected(database_url) as owner:
            owner.execute(text(f"GRANT {SERVICE} TO {name}"))
            for table in TABLES if attribute == "NOSUPERUSER" else ():
                owner.execute(text(f"ALTER TABLE {table.name} OWNER TO {name}"))
            owner.commit()
        with connected(make_url(database_url).set(username=name).render_as_string(hide_password=False)) as somebody:
            found = roles.faults(somebody)
            somebody.exec_driver_sql(STEP_DOWN)
            assert roles.faults(somebody) == [], "whoever steps down is bound"
    finally:
        with connected(database_url) as owner:
            owner.execute(text(f"REASSIGN OWNED BY {name} TO CURRENT_USER"))
            owner.execute(text(f"DROP OWNED BY {name}"))
            owner.execute(text(f"DROP ROLE {name}"))
            owner.commit()
    means = {"SUPERUSER": "is a superuser", "BYPASSRLS": "has BYPASSRLS", "NOSUPERUSER": "owns the tables"}
    assert f"the role {name} {means[attribute]}" in found


def test_a_table_that_is_not_bound_is_named(database_url: str) -> None:
    with connected(database_url) as connection:
        for table in TABLES:
            for what, again in (("NO FORCE", "FORCE"), ("DISABLE", "ENABLE")):
                connection.exec_driver_sql(f"ALTER TABLE {table.name} {what} ROW LEVEL SECURITY")
                connection.exec_driver_sql(f"SET ROLE {SERVICE}")
                assert roles.faults(connection) == [f"the table {table.name} has no forced row-level security"]
                connection.exec_driver_sql("RESET ROLE")
                connection.exec_driver_sql(f"ALTER TABLE {table.name} {again} ROW LEVEL SECURITY")
        connection.exec_driver_sql(f"SET ROLE {SERVICE}")
        assert roles.faults(connection) == []
