"""What was put in comes out the same, from both databases."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial

import pytest
from sqlalchemy import Connection

from prep_tracker.domain.entries import Answered, Booked, Entry, Exposed, ProductAdded
from prep_tracker.domain.errors import ConflictError, NotFoundError
from prep_tracker.store import access, audit, clinics, idempotency, patients, procedures, protocols
from prep_tracker.store.access import KeyRow
from prep_tracker.store.audit import AuditLine
from prep_tracker.store.idempotency import AnswerRow, Repeat
from prep_tracker.store.protocols import ProtocolRow, Status
from prep_tracker.store.session import EVERY, QueryError, Store
from tests.store.cast import (
    DAY,
    NOW,
    TODAY,
    Cast,
    booked,
    clinic_row,
    kept,
    patient_row,
    procedure_row,
    said,
    settle_aster,
    settle_birch,
)

HOSTILE = "Renée O'Brien \"; DROP TABLE patients; -- 💉 \\ % %s :name \u202e\n\tæ\u030a"


@pytest.fixture
def aster(store: Store) -> Cast:
    """Settle Aster, Ana and Pia."""
    return store.run_write(settle_aster)


def test_a_clinic_comes_back(store: Store) -> None:
    row = replace(clinic_row(HOSTILE), settings={"holidays": {"country": "NL"}, "ø": [1, None, True]})
    store.run_write(lambda c: clinics.add(c, row))
    assert store.run_read(lambda c: clinics.get(c, row.id)) == row
    changed = replace(row, name="Other", time_zone="America/Vancouver", settings={})
    store.run_write(lambda c: clinics.change(c, row.id, changed))
    assert store.run_read(clinics.every) == [changed]
    for fn in (lambda c: clinics.get(c, "none"), lambda c: clinics.change(c, "none", row)):
        with pytest.raises(NotFoundError):
            store.run_write(fn)


def test_a_patient_comes_back(store: Store, aster: Cast) -> None:
    row = replace(patient_row(HOSTILE, HOSTILE), time_zone="Asia/Kathmandu", phone="+31", erased_at=NOW)
    store.run_write(lambda c: patients.add(c, aster.clinic, row))
    assert store.run_read(lambda c: patients.get(c, aster.clinic, row.id)) == row
    assert store.run_read(lambda c: patients.find_by_reference(c, aster.clinic, HOSTILE)) == row
    assert store.run_read(lambda c: patients.find_by_reference(c, aster.clinic, "none")) is None
    changed = replace(row, name="R", birth_date=None, messages={}, version=2, erased_at=None)
    store.run_write(lambda c: patients.change(c, aster.clinic, changed))
    assert store.run_write(lambda c: patients.lock(c, aster.clinic, row.id)) == changed
    pia = store.run_read(lambda c: patients.get(c, aster.clinic, aster.patient))
    both = store.run_read(lambda c: patients.named(c, aster.clinic, [row.id, aster.patient, "none"]))
    assert both == {row.id: changed, aster.patient: pia}
    assert store.run_read(lambda c: patients.named(c, aster.clinic, [])) == {}


def test_a_reference_belongs_to_one_patient_of_the_clinic(store: Store, aster: Cast) -> None:
    birch = store.run_write(settle_birch)  # has its own patient 1001
    other = patient_row("1002", "Other")
    with pytest.raises(ConflictError) as caught:
        store.run_write(lambda c: patients.add(c, aster.clinic, patient_row("1001", "Canary")))
    assert caught.value.__context__ is None
    store.run_write(lambda c: patients.add(c, aster.clinic, other))
    with pytest.raises(ConflictError):
        store.run_write(lambda c: patients.change(c, aster.clinic, replace(other, reference="1001")))
    store.run_write(lambda c: patients.change(c, birch.clinic, replace(_patient(c, birch), reference="1002")))


def _patient(connection: Connection, cast: Cast) -> patients.PatientRow:
    return patients.get(connection, cast.clinic, cast.patient)


def test_a_procedure_comes_back(store: Store, aster: Cast) -> None:
    row = replace(procedure_row(aster.patient), at_risk_on=date(2026, 12, 10), clearance_void=True)
    store.run_write(lambda c: procedures.add(c, aster.clinic, row))
    assert store.run_read(lambda c: procedures.get(c, aster.clinic, row.id)) == row
    empty = store.run_read(lambda c: procedures.load(c, aster.clinic, row.id))
    assert (empty.row, empty.entries()) == (row, ())
    changed = replace(
        row, version=9, procedure_on=DAY + timedelta(1), start=None, waiting_on=None, ready=True, act_by=None,
        ended="no-show", clearance_void=False, booking_reference="B-8", protocol_number=2,
    )  # fmt: skip
    store.run_write(lambda c: procedures.save(c, aster.clinic, changed))
    assert store.run_read(lambda c: procedures.get(c, aster.clinic, row.id)) == changed
    store.run_write(lambda c: procedures.save(c, aster.clinic, replace(changed, version=10), was=changed))
    store.run_write(lambda c: procedures.save(c, aster.clinic, changed, was=changed))
    found = store.run_read(lambda c: procedures.find_by_booking(c, aster.clinic, "B-8"))
    assert found == replace(changed, version=10)
    assert store.run_read(lambda c: procedures.find_by_booking(c, aster.clinic, "none")) is None
    listed = store.run_read(lambda c: procedures.of_patient(c, aster.clinic, aster.patient))
    assert [each.id for each in listed] == [aster.procedure, row.id]


def test_what_never_changes_is_never_written(store: Store, aster: Cast) -> None:
    row = store.run_read(lambda c: procedures.get(c, aster.clinic, aster.procedure))
    forged = replace(row, patient_id="another", booked_on=DAY, created_at=NOW + timedelta(1), version=2)
    store.run_write(lambda c: procedures.save(c, aster.clinic, forged))
    assert store.run_read(lambda c: procedures.get(c, aster.clinic, row.id)) == replace(row, version=2)


def test_a_booking_reference_belongs_to_one_procedure_of_the_clinic(store: Store, aster: Cast) -> None:
    store.run_write(settle_birch)  # has its own B-7
    other = procedure_row(aster.patient)
    store.run_write(lambda c: procedures.add(c, aster.clinic, other))
    store.run_write(lambda c: procedures.add(c, aster.clinic, procedure_row(aster.patient)))  # several without one
    with pytest.raises(ConflictError):
        store.run_write(lambda c: procedures.add(c, aster.clinic, procedure_row(aster.patient, "B-7")))
    with pytest.raises(ConflictError):
        store.run_write(lambda c: procedures.save(c, aster.clinic, replace(other, booking_reference="B-7")))


def test_a_record_comes_back_in_its_order(store: Store, aster: Cast) -> None:
    row = procedure_row(aster.patient)
    record: list[Entry] = [
        Booked(**said(1), on=DAY, start=None, protocol="laser-resurfacing@1"),
        Answered(**said(2), answers={"pregnant": False, "weeks": 3, "why": HOSTILE, "which": ("a", "b"), "gone": None}),
        ProductAdded(
            **said(3),
            text=HOSTILE.replace("\u202e", ""),
            category="skincare",
            classes=("retinoid",),
            last_used_on=TODAY,
        ),
        Exposed(**said(4), to="sun", on=TODAY, special="sunburn", note=HOSTILE),
        *(kept(seq) for seq in range(5, 131)),  # beyond 9 and 99, where an order of texts would go wrong
    ]
    store.run_write(lambda c: procedures.add(c, aster.clinic, replace(row, version=130)))
    store.run_write(lambda c: procedures.add_entries(c, aster.clinic, row.id, record[:1]))
    store.run_write(lambda c: procedures.add_entries(c, aster.clinic, row.id, record[60:]))
    store.run_write(lambda c: procedures.add_entries(c, aster.clinic, row.id, record[1:60]))
    store.run_write(lambda c: procedures.add_entries(c, aster.clinic, row.id, []))
    assert store.run_read(lambda c: procedures.entries(c, aster.clinic, row.id)) == tuple(record)
    assert store.run_read(lambda c: procedures.load(c, aster.clinic, row.id)).entries() == tuple(record)
    assert store.run_write(lambda c: procedures.lock_and_load(c, aster.clinic, row.id)).entries() == tuple(record)


def test_an_entry_number_is_taken_once(store: Store, aster: Cast) -> None:
    """Whoever forgot the lock is refused, and overwrites nobody."""
    with pytest.raises(ConflictError):
        store.run_write(lambda c: procedures.add_entries(c, aster.clinic, aster.procedure, [kept(1)]))
    assert store.run_read(lambda c: procedures.entries(c, aster.clinic, aster.procedure)) == (booked(),)


def version(number: int, status: Status, cast: Cast | None = None, slug: str = "laser") -> ProtocolRow:
    """Give a version of a protocol, shipped or of a clinic."""
    whose = cast.clinic if cast else None
    return ProtocolRow(
        f"{whose}-{slug}-{number}"[-36:],
        whose,
        slug,
        number,
        status,
        '{"a":"ü"}',
        "0" * 64,
        "Ana",
        None,
        NOW,
        None,
    )


def test_a_clinics_own_protocol_comes_before_the_shipped_one_unless_it_is_a_draft(store: Store, aster: Cast) -> None:
    birch = store.run_write(settle_birch)
    shipped = [version(1, "published"), version(2, "published"), version(3, "draft")]
    own = [version(1, "published", aster), version(2, "draft", aster)]

    def fill(connection: Connection) -> None:
        for row in (*shipped, version(1, "published", slug="peel")):
            protocols.add_version(connection, None, row)
        for row in own:
            protocols.add_version(connection, aster.clinic, row)

    store.run_write(fill)

    def get(cast: Cast, number: int | None = None) -> ProtocolRow:
        return store.run_read(lambda c: protocols.get(c, cast.clinic, "laser", number))

    assert (get(aster), get(aster, 1), get(aster, 2), get(aster, 3)) == (own[0], own[0], shipped[1], shipped[2])
    assert (get(birch), get(birch, 1)) == (shipped[1], shipped[0])
    assert store.run_read(lambda c: protocols.every(c, aster.clinic, "laser")) == [*own, *shipped]
    assert [row.slug for row in store.run_read(lambda c: protocols.every(c, birch.clinic))] == ["laser"] * 3 + ["peel"]
    assert store.run_read(protocols.shipped) == [*shipped, version(1, "published", slug="peel")]
    for unknown in (
        lambda c: protocols.get(c, aster.clinic, "peel", 4),
        lambda c: protocols.get(c, aster.clinic, "no"),
    ):
        with pytest.raises(NotFoundError):
            store.run_read(unknown)
    with pytest.raises(ConflictError):
        store.run_write(lambda c: protocols.add_version(c, None, replace(shipped[0], id="again")))
    with pytest.raises(ConflictError):
        store.run_write(lambda c: protocols.add_version(c, aster.clinic, replace(own[0], id="again")))
    published = replace(own[1], status="published", published_by="Al", published_at=NOW, content="{}")
    store.run_write(lambda c: protocols.change(c, aster.clinic, published))
    assert get(aster) == published
    with pytest.raises(NotFoundError):
        store.run_write(lambda c: protocols.change(c, aster.clinic, replace(shipped[0], status="retired")))


def test_a_key_comes_back_and_is_revoked_once(store: Store, aster: Cast) -> None:
    row = KeyRow("k2", aster.clinic, "integration", ["read", "write"], "Portal", "a" * 64, NOW, NOW, None, None)
    store.run_write(lambda c: access.add_key(c, aster.clinic, row))
    assert store.run_read(lambda c: access.find_key(c, "k2")) == row
    assert store.run_read(lambda c: access.find_key(c, "k3")) is None
    store.run_write(lambda c: access.touch(c, aster.clinic, "k2", NOW))
    store.run_write(lambda c: access.revoke(c, aster.clinic, "k2", NOW))
    store.run_write(lambda c: access.revoke(c, aster.clinic, "k2", NOW + timedelta(1)))
    ended = replace(row, revoked_at=NOW, last_used_at=NOW)
    assert ended in store.run_read(lambda c: access.keys_of(c, aster.clinic))
    assert {key.id for key in store.run_read(lambda c: access.keys_of(c, aster.clinic))} == {"k2", aster.key}
    with pytest.raises(NotFoundError):
        store.run_write(lambda c: access.revoke(c, aster.clinic, "k3", NOW))
    with pytest.raises(ConflictError):
        store.run_write(lambda c: access.add_key(c, aster.clinic, row))


def test_the_audit_is_read_newest_first_by_page(store: Store, aster: Cast) -> None:
    lines = [
        AuditLine(NOW, "admin", "k", "Al", "R", f"read-{n}", "patient", 200, patient_id=f"p{n % 2}") for n in range(5)
    ]
    store.run_write(lambda c: audit.add(c, aster.clinic, *lines[:1]))
    store.run_write(lambda c: audit.add(c, aster.clinic, *lines[1:]))
    store.run_write(lambda c: audit.add(c, aster.clinic))
    store.run_write(lambda c: audit.add(c, None, replace(lines[0], credential_id="garbage")))
    first = store.run_read(lambda c: audit.lines(c, aster.clinic, limit=3))
    rest = store.run_read(lambda c: audit.lines(c, aster.clinic, limit=9, before=first[-1][0]))
    assert [line for _, line in (*first, *rest)][:5] == lines[::-1]
    assert len(first) + len(rest) == 6  # with the one of the booking
    of_one = store.run_read(lambda c: audit.lines(c, aster.clinic, limit=9, patient_id="p1"))
    assert [line.event for _, line in of_one] == ["read-3", "read-1"]


def test_a_request_that_comes_again_gets_the_stored_answer(store: Store, aster: Cast) -> None:
    repeat = Repeat(aster.key, "POST /v1/procedures", "k1", "f" * 64)

    def first(connection: Connection) -> AnswerRow | None:
        found = idempotency.claim(connection, aster.clinic, repeat, now=NOW)
        idempotency.finish(connection, aster.clinic, repeat, 201, {"etag": '"1"'}, b'{"a":\x00"\xff"}')
        return found

    def fails(connection: Connection) -> None:
        idempotency.claim(connection, aster.clinic, replace(repeat, key="k2"), now=NOW)
        raise NotFoundError

    assert store.run_write(first) is None
    answer = AnswerRow("f" * 64, 201, {"etag": '"1"'}, b'{"a":\x00"\xff"}', NOW)
    again = replace(repeat, fingerprint="another body")
    assert store.run_write(lambda c: idempotency.claim(c, aster.clinic, again, now=NOW + timedelta(1))) == answer
    assert store.run_read(lambda c: idempotency.find(c, aster.clinic, repeat)) == answer
    with pytest.raises(NotFoundError):
        store.run_write(fails)
    for other in (replace(repeat, key="k2"), replace(repeat, route="POST /v1/x"), replace(repeat, credential_id="k")):
        assert store.run_read(partial(idempotency.find, clinic_id=aster.clinic, repeat=other)) is None
    assert store.run_write(lambda c: idempotency.purge(c, before=NOW)) == 0
    assert store.run_write(lambda c: idempotency.purge(c, before=NOW + timedelta(seconds=1))) == 1
    assert store.run_read(lambda c: idempotency.find(c, aster.clinic, repeat)) is None


def test_an_instant_is_kept_in_utc_and_a_naive_one_is_refused(store: Store) -> None:
    there = datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=timezone(timedelta(hours=-5)))
    row = replace(clinic_row("Aster"), created_at=there)
    store.run_write(lambda c: clinics.add(c, row))
    found = store.run_read(lambda c: clinics.get(c, row.id)).created_at
    assert found == there
    assert found.tzinfo is UTC
    naive = replace(clinic_row("Birch"), created_at=there.replace(tzinfo=None))
    with pytest.raises(QueryError, match="StatementError"):
        store.run_write(lambda c: clinics.add(c, naive))
    assert len(store.run_read(clinics.every)) == 1


def test_both_doors_write_and_read_the_same(store: Store) -> None:
    """On the event loop hot statements go straight to the driver; what they keep and give is the same."""
    record = [booked(), *(kept(seq) for seq in range(2, 5))]

    def fill(connection: Connection) -> Cast:
        cast = settle_aster(connection)
        row = replace(procedure_row(cast.patient), version=4)
        procedures.add(connection, cast.clinic, row)
        procedures.add_entries(connection, cast.clinic, row.id, record)
        procedures.save(connection, cast.clinic, replace(row, act_by=None, ready=True, start=None))
        pia = patients.lock(connection, cast.clinic, cast.patient)
        changed = replace(pia, birth_date=None, messages={"sms": True}, erased_at=NOW, name=HOSTILE)
        patients.change(connection, cast.clinic, changed)
        audit.add(connection, cast.clinic, *[AuditLine(NOW, "admin", "k", "Al", "R", "read", "patient", 200)] * 2)
        return replace(cast, procedure=row.id)

    def everything(connection: Connection, cast: Cast) -> list[object]:
        found = procedures.load(connection, cast.clinic, cast.procedure)
        return [
            clinics.get(connection, cast.clinic),
            patients.get(connection, cast.clinic, cast.patient),
            patients.find_by_reference(connection, cast.clinic, "1001"),
            found.row,
            found.entries(),
            procedures.get(connection, cast.clinic, cast.procedure),
            access.find_key(connection, cast.key),
            audit.lines(connection, cast.clinic, limit=9),
        ]

    async def doors() -> tuple[Cast, list[object]]:
        cast = await store.write(fill, EVERY)
        found = await store.read(lambda c: everything(c, cast), EVERY)
        await store.aclose()
        return cast, found

    cast, found = asyncio.run(doors())
    assert found == store.run_read(lambda c: everything(c, cast))
    assert found[4] == tuple(record)
    assert len(found[7]) == 3  # type: ignore[arg-type]
    pia = found[1]
    assert isinstance(pia, patients.PatientRow)
    assert (pia.name, pia.messages, pia.erased_at) == (HOSTILE, {"sms": True}, NOW)
