"""Every query keeps to one clinic: by its signature, by its statement, and by what Ben sees of Pia."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Connection, Delete, Select, Update

import prep_tracker.store
from prep_tracker.domain.errors import ConflictError, NotFoundError
from prep_tracker.store import access, audit, clinics, idempotency, identity, patients, procedures, protocols
from prep_tracker.store.identity import IdentityProviderRow
from prep_tracker.store.protocols import ProtocolRow
from prep_tracker.store.session import Store
from tests.store.cast import NOW, Cast, kept, procedure_row, settle_aster, settle_birch

NOT_QUERIES = {
    "access_tables",
    "message_rows",
    "message_tables",
    "metadata",
    "backup",
    "engine",
    "hot",
    "migrate",
    "owner",
    "postgresql",
    "roles",
    "rows",
    "session",
    "sqlite",
    "tables",
    "types",
}
ACROSS_CLINICS = {
    "clinics.add": "makes the clinic",
    "clinics.every": "for the worker and whoever runs the service",
    "protocols.shipped": "what ships belongs to no clinic",
    "protocols.highest": "a newly shipped version must not get the number of any clinic's draft",
    "access.find_key": "tells which clinic the caller belongs to",
    "access.find_caller": "tells which clinic the caller belongs to",
    "identity.find_trusted": "tells which clinic the caller belongs to",
    "staff_sessions.find": "tells whose the browser is",
    "staff_sessions.purge": "forgets what has ended, whosever it was",
    "seals.waiting": "for the service, which seals whatever is there",
    "seals.chains": "for whoever proves the audit as a whole",
    "seals.lines": "for whoever proves the audit as a whole: one walk for all clinics",
    "identity.find_only": "for a page that nobody has signed in to",
    "calendars.find": "tells what the address leads to",
    "portal.find_link": "tells where somebody wants to come in",
    "portal.find_session": "tells who calls",
    "portal.purge": "forgets what has ended, whosever it was",
    "idempotency.purge": "forgets what is a day old, whosever it is",
    "claims.claim": "for the worker, which sends whatever is due",
    "claims.claim_some": "for the worker, which sends whatever is due",
    "claims.next_due": "for the worker, which waits for whatever is due next",
    "claims.queue": "for whoever watches over the service",
    "claims.old": "forgets what is a month old, whosever it is",
    "claims.forget": "forgets what is a month old, whosever it is",
    "attending.due": "for the worker, which attends to whatever is due",
    "attending.next_due": "for the worker, which waits for whatever is due next",
}
STATEMENTS_ACROSS_CLINICS = {
    "clinics._ALL": "clinics.every",
    "clinics._ADD": "clinics.add",
    "protocols._SELECT": "a beginning, never run by itself",
    "protocols._SHIPPED": "protocols.shipped",
    "protocols._HIGHEST": "protocols.highest",
    "access._SELECT": "a beginning, never run by itself",
    "access._FIND": "access.find_key",
    "access._CALLER": "access.find_caller",
    "identity._TRUSTED": "identity.find_trusted",
    "staff_sessions._FIND": "staff_sessions.find",
    "staff_sessions._PURGE": "staff_sessions.purge",
    "seals._STARTED": "takes a lock, reads nothing",
    "protocols._LOCK_SHIPPED": "takes a lock, reads nothing",
    "seals._WAITING": "seals.waiting",
    "seals._COVER_NOBODYS": "for lines that belong to no clinic",
    "seals._LINES": "seals.lines",
    "identity._OFFERED": "identity.find_only",
    "calendars._FIND": "calendars.find",
    "portal._LINK": "a beginning, never run by itself",
    "portal._FIND_LINK": "portal.find_link",
    "portal._FIND_SESSION": "portal.find_session",
    "portal._PURGE_LINKS": "portal.purge",
    "portal._PURGE_SESSIONS": "portal.purge",
    "idempotency._PURGE": "idempotency.purge",
    "claims._LOOK": "claims.claim",
    "claims._TAKE": "claims.claim",
    "claims._ASIDE": "claims.claim",
    "claims._NEXT": "claims.next_due",
    "claims._OLD": "claims.old",
    "claims._RELEASE": "a beginning, never run by itself",
    "attending._DUE": "attending.due",
    "attending._NEXT": "attending.next_due",
}


def modules() -> Iterator[ModuleType]:
    """Yield the modules of query functions: whatever is in the store and not listed above."""
    for found in pkgutil.iter_modules(prep_tracker.store.__path__):
        if found.name not in NOT_QUERIES:
            yield importlib.import_module(f"prep_tracker.store.{found.name}")


def name_in(module: ModuleType, name: str) -> str:
    return f"{module.__name__.rpartition('.')[2]}.{name}"


def queries() -> dict[str, Callable[..., Any]]:
    """Give the public functions of these modules by name."""
    return {
        name_in(module, name): function
        for module in modules()
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


def statements() -> dict[str, Select[Any] | Update | Delete]:
    """Give the statements of these modules by name."""
    found = {name_in(module, name): value for module in modules() for name, value in vars(module).items()}
    found["procedures._save"] = procedures._save(("version",))
    bare = {name: getattr(value, "statement", value) for name, value in found.items()}
    return {name: value for name, value in bare.items() if isinstance(value, Select | Update | Delete)}


def test_every_query_takes_the_connection_and_the_clinic_first() -> None:
    found = queries()
    assert len(found) > 25
    assert ACROSS_CLINICS.keys() <= found.keys()
    for name, function in found.items():
        first, *rest = inspect.signature(function).parameters.values()
        assert (first.name, first.annotation) == ("connection", "Connection"), name
        if name not in ACROSS_CLINICS:
            assert rest, name
            assert rest[0].name == "clinic_id", name
            assert rest[0].default is inspect.Parameter.empty, name


def test_every_statement_names_the_clinic() -> None:
    found = statements()
    assert len(found) > 25
    assert STATEMENTS_ACROSS_CLINICS.keys() - {"clinics._ADD"} <= found.keys()
    without = {name for name, statement in found.items() if "this_clinic" not in statement.compile().params}
    assert without == STATEMENTS_ACROSS_CLINICS.keys() - {"clinics._ADD"}


def test_ben_finds_nothing_of_pia(store: Store) -> None:
    """What belongs to another clinic answers like what does not exist, and stays as it is."""
    aster, birch = store.run_write(settle_aster), store.run_write(settle_birch)
    store.run_write(lambda c: protocols.add_version(c, aster.clinic, protocol(aster)))
    store.run_write(lambda c: identity.add(c, aster.clinic, provider(aster)))
    store.run_write(lambda c: idempotency.claim(c, aster.clinic, REPEAT, now=NOW))
    store.run_write(lambda c: idempotency.finish(c, aster.clinic, REPEAT, 201, {"etag": '"1"'}, b"kept"))
    before = store.run_read(lambda c: everything_of(c, aster))
    pia = store.run_read(lambda c: patients.get(c, aster.clinic, aster.patient))
    booked_for_pia = store.run_read(lambda c: procedures.get(c, aster.clinic, aster.procedure))

    missing: list[Callable[[Connection], object]] = [
        lambda c: patients.get(c, birch.clinic, aster.patient),
        lambda c: patients.lock(c, birch.clinic, aster.patient),
        lambda c: patients.change(c, birch.clinic, replace(pia, name="Overwritten", reference="free")),
        lambda c: procedures.get(c, birch.clinic, aster.procedure),
        lambda c: procedures.lock(c, birch.clinic, aster.procedure),
        lambda c: procedures.load(c, birch.clinic, aster.procedure),
        lambda c: procedures.lock_and_load(c, birch.clinic, aster.procedure),
        lambda c: procedures.save(c, birch.clinic, replace(booked_for_pia, ready=True, booking_reference=None)),
        lambda c: protocols.get(c, birch.clinic, "own", 1),
        lambda c: protocols.get(c, birch.clinic, "own"),
        lambda c: protocols.change(c, birch.clinic, replace(protocol(aster), status="retired")),
        lambda c: access.revoke(c, birch.clinic, aster.key, NOW),
        lambda c: identity.remove(c, birch.clinic),
        lambda c: identity.change(c, birch.clinic, provider(aster)),
    ]
    for fn in missing:
        with pytest.raises(NotFoundError):
            store.run_write(fn)

    nothing: list[Callable[[Connection], object]] = [
        lambda c: patients.named(c, birch.clinic, [aster.patient]),
        lambda c: procedures.of_patient(c, birch.clinic, aster.patient),
        lambda c: procedures.entries(c, birch.clinic, aster.procedure),
        lambda c: protocols.every(c, birch.clinic, "own"),
        lambda c: audit.lines(c, birch.clinic, limit=10, patient_id=aster.patient),
        lambda c: idempotency.find(c, birch.clinic, REPEAT),
        lambda c: identity.find(c, birch.clinic),
        lambda c: access.touch(c, birch.clinic, aster.key, NOW),
        lambda c: idempotency.finish(c, birch.clinic, REPEAT, 500, {}, b"overwritten"),
    ]
    for number, fn in enumerate(nothing):
        assert not store.run_write(fn), number

    assert len(store.run_read(lambda c: audit.lines(c, birch.clinic, limit=10))) == 1
    assert [key.id for key in store.run_read(lambda c: access.keys_of(c, birch.clinic))] == [birch.key]
    found = store.run_read(lambda c: patients.find_by_reference(c, birch.clinic, "1001"))
    assert found is not None
    assert found.id == birch.patient
    by_booking = store.run_read(lambda c: procedures.find_by_booking(c, birch.clinic, "B-7"))
    assert by_booking is not None
    assert by_booking.id == birch.procedure
    assert store.run_read(lambda c: everything_of(c, aster)) == before


def test_no_row_crosses_over(store: Store) -> None:
    """Nothing of Birch can hang on something of Aster, whatever a query does wrong: the keys hold the clinic."""
    aster, birch = store.run_write(settle_aster), store.run_write(settle_birch)
    with pytest.raises(ConflictError):
        store.run_write(lambda c: procedures.add(c, birch.clinic, procedure_row(aster.patient)))
    with pytest.raises(ConflictError):
        store.run_write(lambda c: procedures.add_entries(c, birch.clinic, aster.procedure, [kept(2)]))


REPEAT = idempotency.Repeat("key-of-Ana", "POST /v1/procedures", "k1", "f" * 64)


def protocol(cast: Cast) -> ProtocolRow:
    """Give Aster's own protocol."""
    return ProtocolRow(
        f"protocol-of-{cast.key}", cast.clinic, "own", 1, "published", "{}", "0" * 64, "Ana", "Al", NOW, NOW
    )


def provider(cast: Cast) -> IdentityProviderRow:
    """Give the identity provider that Aster trusts."""
    return IdentityProviderRow(cast.clinic, "https://id.aster.example", "prep-tracker", None, {"roles": []}, NOW)


def everything_of(connection: Connection, cast: Cast) -> list[object]:
    """Read all that a clinic has, in one list."""
    return [
        clinics.get(connection, cast.clinic),
        patients.get(connection, cast.clinic, cast.patient),
        procedures.load(connection, cast.clinic, cast.procedure),
        protocols.every(connection, cast.clinic),
        access.keys_of(connection, cast.clinic),
        audit.lines(connection, cast.clinic, limit=10),
        idempotency.find(connection, cast.clinic, REPEAT),
        identity.find(connection, cast.clinic),
    ]
