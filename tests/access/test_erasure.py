"""Erasing a patient leaves nothing behind, and giving out leaves nothing out: in rows, files, memory and answers."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Column, MetaData, Table, Text, text

from prep_tracker.desk import memory
from prep_tracker.domain.entries import ENTRY, Entry, Exposed, Said
from prep_tracker.store import Connection, erasure
from prep_tracker.store import patients as patient_rows
from prep_tracker.store import procedures as procedure_rows
from prep_tracker.store.session import Store
from prep_tracker.store.tables import METADATA
from tests.access.living import CANARY, PIA, Life, whole_life
from tests.access.traces import begin_anew, in_files, in_memory, in_rows, owner_engine
from tests.api.house import BOOKING, Caller, House, Json
from tests.store.cast import NOW, booked, patient_row, procedure_row, settle_aster

ID_COLUMNS = {"patient_id", "procedure_id"}
NOT_WORDS = {
    "by", "person", "credential_id", "on_behalf_of", "protocol", "step", "to", "special", "label", "event", "start",
}  # fmt: skip
"""Texts of entries that are chosen from a list, or that follow from others: nobody writes into them."""
NOT_ASKED = {("clearance-removed", "reason")}


def undecided(metadata: MetaData) -> list[str]:
    """Name what nobody has decided about: tables that are not declared, or are not declared well."""
    wrong = [f"{name} is not declared" for name in metadata.tables.keys() ^ erasure.TABLES.keys()]
    for name, table in metadata.tables.items():
        columns, handling = {column.name for column in table.columns}, erasure.TABLES.get(name)
        if handling is None:
            continue
        if not (handling.exported and handling.erased == "deleted") and len(handling.why) < 10:
            wrong.append(f"{name} needs a reason")
        if handling.by and handling.by not in columns:
            wrong.append(f"{name} has no {handling.by}")
        if ID_COLUMNS & columns and handling.erased == "none":
            wrong.append(f"{name} has {ID_COLUMNS & columns}, so its rows are about somebody")
    return sorted(wrong)


def test_every_table_is_declared() -> None:
    assert undecided(METADATA) == []


def test_a_new_table_fails_until_somebody_decides() -> None:
    more = MetaData()
    for table in METADATA.tables.values():
        table.to_metadata(more)
    Table("letters", more, Column("body", Text))
    assert undecided(more) == ["letters is not declared"]


def test_a_table_that_points_at_patients_cannot_be_declared_as_about_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = dict(erasure.TABLES) | {"entries": erasure.Handling("none", exported=False, why="nothing of interest")}
    monkeypatch.setattr(erasure, "TABLES", changed)
    assert undecided(METADATA) == ["entries has {'procedure_id'}, so its rows are about somebody"]


def test_pia_has_said_everything_that_there_is_to_say(house: House) -> None:
    """Or what follows would prove less than it seems: every kind of entry, every field of free text, every table."""
    life = whole_life(house)
    before = told(house)
    kinds = {entry["kind"]: entry for entry in before["entries"]}
    assert kinds.keys() == {kind for kind, _ in entry_models()}
    for kind, model in entry_models():
        for name in free_texts(model):
            if (kind, name) in NOT_ASKED:
                continue
            own = [ENTRY.validate_json(e["body"]) for e in before["entries"] if e["kind"] == kind]
            assert any(CANARY in str(getattr(entry, name)) for entry in own), f"{kind} has no {name}"
    for name, handling in erasure.TABLES.items():
        mine = [row for row in before[name] if any(one in str(row) for one in life.ids)]
        assert bool(mine) == (handling.erased != "none"), name
    (pia,) = (row for row in before["patients"] if row["id"] == life.patient)
    assert all(pia[name] for name in pia.keys() - {"erased_at"})


def entry_models() -> list[tuple[str, type[Said]]]:
    """Give every kind of entry with its model."""
    union = Entry.__origin__.__args__  # type: ignore[attr-defined]
    return [(model.model_fields["kind"].default, model) for model in union]


def free_texts(model: type[Said]) -> list[str]:
    """Name the fields of an entry in which anything may stand."""
    fields = {name: f.annotation for name, f in model.model_fields.items() if name not in NOT_WORDS}
    return [name for name, of in fields.items() if of in (str, str | None) or name in {"answers", "rule"}]


def told(house: House) -> dict[str, list[Json]]:
    """Give every row of every table, by column."""
    columns = {name: [column.name for column in table.columns] for name, table in METADATA.tables.items()}
    rows = house.rows()
    return {name: [dict(zip(columns[name], row, strict=True)) for row in rows[name]] for name in columns}


def look_around(house: House, life: Life) -> None:
    """Read whatever shows Pia, so that whoever remembers answers has them."""
    cleo, ada = house.person("Cleo"), house.person("Ada")
    for procedure in life.procedures:
        for path in ("", "/checklist", "/checklist?all=true", "/entries", "/products", "/questions"):
            assert cleo.get(f"{procedure}{path}").status_code == 200
    assert cleo.get("/v1/worklist", within_days="200").status_code == 200
    assert cleo.get("/v1/patients", reference=PIA["reference"]).json()["items"]
    assert ada.get(f"/v1/patients/{life.patient}/export").status_code == 200


def add_bystanders(house: House) -> None:
    """Book a few others, so that the database finds it worth while to remember what is usual."""
    for number in range(6):
        patient = {"reference": f"B-{number}", "name": f"Bystander {number}", "email": f"b{number}@example.org"}
        house.person("Ana").book(patient=patient, exposures=[{"to": "sun", "on": "2026-11-20", "note": f"n{number}"}])


def as_owner(url: str, *statements: str) -> None:
    """Run statements that only the owner of a PostgreSQL may; SQLite has none of them."""
    engine = owner_engine(url)
    with engine.connect() as connection:
        for statement in statements if engine.dialect.name == "postgresql" else ():
            connection.execute(text(statement))
    engine.dispose()


def traces(house: House, url: str) -> dict[str, list[str]]:
    """Say where Pia is still known, by kind of place."""
    found = {"rows": set(in_rows(url)), "files": set(in_files(url)), "memory": set(in_memory(house))}
    return {kind: sorted(names) for kind, names in found.items() if names}


def erased(house: House, url: str) -> dict[str, list[str]]:
    """Let Pia live, be looked at, and be erased; say what is left of her."""
    begin_anew()
    add_bystanders(house)
    life = whole_life(house)
    look_around(house, life)
    as_owner(url, "ANALYZE", "CHECKPOINT")
    before = traces(house, url)
    assert before.keys() == {"rows", "files", "memory"}, "or nothing was looked for"
    assert len(before["memory"]) >= 3, before["memory"]
    assert house.person("Ada").send("DELETE", f"/v1/patients/{life.patient}").status_code == 204
    as_owner(url, "VACUUM FULL", "CHECKPOINT")
    return traces(house, url)


def test_after_an_erasure_nothing_of_pia_is_left_anywhere(house: House, database_url: str) -> None:
    """Rows of all tables, PostgreSQL's statistics too; the files with free pages and logs; everything in memory."""
    assert erased(house, database_url) == {}


def nothing(*_: object, **__: object) -> None:
    """Do nothing, in place of what should be done."""


FORGOTTEN: dict[str, tuple[object, str, object, str]] = {
    "the answers that are kept for repeats": (erasure, "_naming", lambda *_: (text("1 = 0"),), "rows"),
    "what hangs on procedures": (erasure, "OF_PROCEDURES", (METADATA.tables["entries"],), "rows"),
    "the memory of plans and answers": (memory, "forget", nothing, "memory"),
}
"""What an erasure might forget: where it is done, and where the trace is then found."""


@pytest.mark.parametrize("what", FORGOTTEN)
def test_whatever_is_forgotten_is_found(
    house: House, database_url: str, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    place, name, instead, kind = FORGOTTEN[what]
    life = whole_life(house)
    look_around(house, life)
    monkeypatch.setattr(place, name, instead)
    answer = house.person("Ada").send("DELETE", f"/v1/patients/{life.patient}")
    found = traces(house, database_url) if answer.status_code == 204 else {"rows": ["it was refused"]}
    assert kind in found


@pytest.mark.parametrize("name", ["name", "birth_date", "messages", "language"])
def test_a_field_of_a_patient_that_is_not_emptied_is_found(
    house: House, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(erasure, "EMPTY", {n: v for n, v in erasure.EMPTY.items() if n != name})
        with pytest.raises(AssertionError):
            hold_empty(house)
    hold_empty(house)


def hold_empty(house: House) -> None:
    """Hold that of an erased patient's row nothing is left but what every tombstone has."""
    made = house.person("Ana").post("/v1/patients", PIA).json()["id"]
    house.person("Ada").send("DELETE", f"/v1/patients/{made}")
    (row,) = (row for row in told(house)["patients"] if row["id"] == made)
    assert row.keys() == erasure.STAYS | erasure.EMPTY.keys() | {"reference"}
    left = {name: value for name, value in row.items() if name not in erasure.STAYS and value}
    assert left == {"reference": f"erased-{made}", "language": "und"}


def test_what_was_erased_answers_like_what_never_was(house: House) -> None:
    """Also to whoever has the answer already, and from whatever is kept ready to be sent again."""
    life = whole_life(house)
    look_around(house, life)
    cleo, ana = house.person("Cleo"), house.person("Ana")
    tags = {p: cleo.get(f"{p}/checklist").headers["etag"] for p in life.procedures}
    for procedure, tag in tags.items():
        assert cleo.get(f"{procedure}/checklist", headers={"If-None-Match": tag}).status_code == 304
    house.person("Ada").send("DELETE", f"/v1/patients/{life.patient}")
    for procedure, tag in tags.items():
        for headers in ({}, {"If-None-Match": tag}, {"If-None-Match": "*"}):
            answer = cleo.get(f"{procedure}/checklist", headers=headers)
            assert answer.status_code == 404
        repeat = ana.post(f"{procedure}/marks", {"step": "call", "kind": "done"}, Idempotency_Key=f"{CANARY}-key-4")
        assert repeat.status_code == 404
    assert ana.get("/v1/worklist", within_days="700").json()["items"] == []


def test_what_was_done_once_for_others_is_not_done_twice(house: House, ana: Caller) -> None:
    """An erasure forgets the answers about the patient, and no others."""
    booking = BOOKING | {"patient": {"reference": "B-1", "name": "Bea"}}
    first = ana.post("/v1/procedures", booking, Idempotency_Key="of-bea")
    life = whole_life(house)
    house.person("Ada").send("DELETE", f"/v1/patients/{life.patient}")
    again = ana.post("/v1/procedures", booking, Idempotency_Key="of-bea")
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == first.content


def test_the_export_has_whatever_an_erasure_takes_and_the_lists_that_showed_pia(house: House) -> None:
    add_bystanders(house)
    life = whole_life(house)
    cleo = house.person("Cleo")
    listed = cleo.get("/v1/worklist", within_days="200").headers["x-request-id"]
    wait_for_the_audit(house)
    rows = told(house)
    given = house.person("Ada").get(f"/v1/patients/{life.patient}/export").json()["tables"]
    assert given.keys() == {name for name, handling in erasure.TABLES.items() if handling.exported}
    for name, handling in erasure.TABLES.items():
        mine = [row for row in rows[name] if any(one in str(row) for one in life.ids)]
        if handling.exported and name != "audit":
            assert len(given[name]) == len(mine) > 0, name
    (line,) = (line for line in given["audit"] if line["request_id"] == listed)
    assert line["seen"] == [life.patient]
    (kept,) = (line for line in rows["audit"] if line["request_id"] == listed)
    assert len(kept["seen"]) > 1, "others were on that list, and the export is silent about them"
    assert {line["id"] for line in given["audit"]} >= {
        line["id"] for line in rows["audit"] if any(one in str(line) for one in life.ids)
    }
    assert not any("Bystander" in str(row) for table in given.values() for row in table)
    for name in ("portal_links", "portal_sessions", "calendar_feeds"):
        assert {row.get("token_hash", row.get("secret_hash")) for row in given[name]} == {None}


def wait_for_the_audit(house: House) -> None:
    """Let what was read be written down now."""
    house.wait(house.app.state.service.trail.flush(house.store))


def crowd(connection: Connection, clinic: str) -> list[str]:
    """Add patients whose records have long notes; the same ones each time. Give those of every tenth."""
    dice = random.Random(7)
    victims = []
    for number in range(900):
        patient = replace(patient_row(f"{number:04d}", CANARY), id=str(UUID(int=dice.getrandbits(128))))
        row = replace(procedure_row(patient.id), id=str(UUID(int=dice.getrandbits(128))))
        mark = f"{CANARY}-{number:04d}-"
        patient_rows.add(connection, clinic, patient)
        procedure_rows.add(connection, clinic, row)
        notes = [exposed(seq, mark * dice.randint(1, 60)) for seq in range(2, dice.randint(3, 8))]
        procedure_rows.add_entries(connection, clinic, row.id, [booked(), *notes])
        victims += [patient.id] if number % 10 == 0 else []
    return victims


def exposed(seq: int, note: str) -> Entry:
    """Give an entry with a note."""
    return Exposed(
        seq=seq, said_on=NOW.date(), at=NOW, by="coordinator", to="sun", on=NOW.date(), note=note, person="Ana"
    )


def test_pages_that_were_split_keep_nothing_of_the_erased(tmp_path: Path, sqlite_template: Path) -> None:
    """SQLite overwrites what it deletes, but not the half of a page that it had moved away when the page was split."""
    path = tmp_path / "crowded.db"
    path.write_bytes(sqlite_template.read_bytes())
    store = Store.open(f"sqlite:///{path}")
    aster = store.run_write(settle_aster)
    victims = store.run_write(lambda c: crowd(c, aster.clinic))

    def erase(connection: Connection) -> None:
        for one in victims:
            erasure.erase(connection, aster.clinic, one, now=NOW)

    def left() -> int:
        held = b"".join(file.read_bytes() for file in tmp_path.glob("crowded.db*"))
        return sum(f"{CANARY}-{number:04d}-".encode() in held for number in range(0, 900, 10))

    store.run_write(erase)
    assert store.run_read(lambda c: c.execute(text("PRAGMA secure_delete")).scalar()) == 1
    store.run_read(lambda c: c.execute(text("SELECT 1")))
    assert left() > 0, "or the test shows nothing"
    store.cleanse()
    assert left() == 0
    assert [file.stat().st_size for file in tmp_path.glob("*-wal")] in ([0], [])
    store.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_somebody_else_holds_is_cleansed_when_they_have_let_go(
    house: House, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The erasure stands and is answered; what could not be cleared is logged, without a name."""
    life = whole_life(house)
    engine = owner_engine(database_url)
    with engine.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT * FROM patients").all()  # sees what was there, for as long as it reads on
        answer = house.person("Ada").send("DELETE", f"/v1/patients/{life.patient}")
        assert answer.status_code == 204
        reader.exec_driver_sql("ROLLBACK")
    engine.dispose()
    said = capsys.readouterr()
    assert "could not be cleared" in said.out + said.err
    assert CANARY not in said.out + said.err
    house.store.cleanse()
    assert list(in_files(database_url)) == []
