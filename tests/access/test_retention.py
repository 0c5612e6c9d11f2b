"""How long data is kept: who goes and when, to the day; nobody by default, nobody with a booking, and never unseen."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from prep_tracker.api import retention as chore
from prep_tracker.api.app import create_app
from prep_tracker.desk import memory
from prep_tracker.desk.retaining import DAYS_TO_THINK
from prep_tracker.domain.days import add_months
from prep_tracker.services import retention
from prep_tracker.services.booking import NewPatient, Order, book
from tests.access.living import PIA, Life, whole_life
from tests.access.test_erasure import told
from tests.access.traces import begin_anew, in_files, in_memory, in_rows
from tests.api.deciding import change
from tests.api.house import BOOKED_AT, Caller, House, Json, hold, wrong
from tests.cli.terminal import lines, run, run_json

TODAY = BOOKED_AT.date()


def due(house: House, months: int, who: str = "Ada") -> dict[str, str]:
    """Ask who would go; give the last day of each, by reference."""
    answer = house.person(who).get("/v1/clinic/retention", months=str(months), limit="200")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["months"], told["next"]) == (months, None)
    return {one["reference"]: one["last_on"] for one in told["patients"]}


def goes_on(house: House, reference: str, months: int) -> date:
    """Give the first day on which a patient would go, found by asking on that day and on the day before."""
    house.go_to("2060-01-01")
    last = date.fromisoformat(due(house, months)[reference])
    first = date.fromordinal(add_months(last.toordinal(), months) + 1)
    house.go_to((first - timedelta(days=1)).isoformat())
    assert reference not in due(house, months)
    house.go_to(first.isoformat())
    assert reference in due(house, months)
    return first


def booked(house: House, reference: str = "A-1", **differing: Any) -> str:  # noqa: ANN401 - any field of a booking
    """Book somebody under a reference of their own."""
    return house.person("Ana").book(patient={"reference": reference, "name": "Mona"}, **differing)


def end(house: House, procedure: str, state: str) -> None:
    """Say how a procedure ended."""
    answer = change(house.person("Ana"), "PUT", procedure, "state", {"state": state})
    assert answer.status_code == 200, answer.text


def last_day_of(caller: Caller, procedure: str) -> date:
    """Work out the last day of the aftercare from the checklist as a patient reads it."""
    items = caller.get(f"{procedure}/checklist").json()["items"]
    assert items
    return max(date.fromisoformat(day) for item in items for day in (item["due_on"], item["closes_on"]) if day)


@pytest.mark.parametrize("protocol", ["laser-nonablative", "laser-fractional", "laser-ablative"])
def test_months_count_from_the_end_of_the_aftercare(house: House, protocol: str) -> None:
    """What ends when something heals has no known end, and does not keep anybody for ever."""
    procedure = booked(house, protocol=protocol)
    house.go_to("2026-12-18", 15)
    end(house, procedure, "completed")
    last = last_day_of(house.person("Ana"), procedure)
    assert last > date(2026, 12, 18)
    assert goes_on(house, "A-1", 24) == date.fromordinal(add_months(last.toordinal(), 24) + 1)


def test_what_was_said_later_counts_as_well(house: House) -> None:
    procedure = booked(house)
    house.go_to("2027-09-30")
    end(house, procedure, "completed")
    assert goes_on(house, "A-1", 12) == date(2028, 10, 1)


def test_a_procedure_that_nobody_finished_is_past_all_the_same(house: House) -> None:
    procedure = booked(house)
    last = last_day_of(house.person("Ana"), procedure)
    assert goes_on(house, "A-1", 1) == date.fromordinal(add_months(last.toordinal(), 1) + 1)


@pytest.mark.parametrize("state", ["cancelled", "no-show"])
def test_what_did_not_take_place_counts_from_when_that_was_said(house: House, state: str) -> None:
    """Its day may lie years ahead, and there is no aftercare."""
    procedure = booked(house, on="2027-11-01" if state == "cancelled" else "2026-12-18")
    said = "2027-01-15"
    house.go_to(said)
    end(house, procedure, state)
    assert goes_on(house, "A-1", 6) == date(2027, 7, 16)


def test_the_latest_procedure_decides(house: House) -> None:
    booked(house)
    second = booked(house, on="2027-06-01")
    house.go_to("2027-06-01")
    end(house, second, "completed")
    last = last_day_of(house.person("Ana"), second)
    assert goes_on(house, "A-1", 3) == date.fromordinal(add_months(last.toordinal(), 3) + 1)


def test_whoever_has_a_booking_stays(house: House) -> None:
    booked(house, on="2026-12-18")
    booked(house, on="2059-12-31")
    house.go_to("2059-12-31")
    assert due(house, 1) == {}


def test_whoever_was_added_and_never_booked_goes_by_the_day_they_were_added(house: House) -> None:
    house.person("Ana").post("/v1/patients", {"reference": "A-1", "name": "Mona"})
    assert goes_on(house, "A-1", 2) == date(2027, 1, 23)


def test_a_month_that_is_too_short_ends_on_its_last_day(house: House) -> None:
    house.go_to("2027-01-31")
    house.person("Ana").post("/v1/patients", {"reference": "A-1", "name": "Mona"})
    assert goes_on(house, "A-1", 1) == date(2027, 3, 1)


def test_the_day_is_the_clinics(house: House) -> None:
    """At half past eleven in the evening UTC it is tomorrow in Amsterdam."""
    house.person("Ana").post("/v1/patients", {"reference": "A-1", "name": "Mona"})
    house.clock.set(BOOKED_AT.replace(year=2026, month=12, day=22, hour=23))
    assert due(house, 1) == {"A-1": "2026-11-22"}
    house.clock.set(BOOKED_AT.replace(year=2026, month=12, day=22, hour=22))
    assert due(house, 1) == {}


days = st.dates(date(1990, 1, 1), date(2190, 1, 1)).map(date.toordinal)


@given(days, days, st.integers(1, 1200))
def test_the_query_leaves_nobody_out_who_is_due(last: int, today: int, months: int) -> None:
    """It asks for procedures after the day of so many months ago, and leaves out whoever has one."""
    if add_months(last, months) < today:
        assert last <= add_months(today, -months)


def test_nobody_goes_unless_the_clinic_says_so(house: House) -> None:
    booked(house)
    house.go_to("2060-01-01")
    answer = house.person("Ada").get("/v1/clinic/retention").json()
    assert answer == {
        "retention_months": None, "months": None, "acts_from": None,
        "as_of": "2060-01-01", "patients": [], "next": None,
    }  # fmt: skip
    before = house.rows()
    run_chore(house)
    assert house.rows() == before


def run_chore(house: House, done: chore.Days | None = None) -> None:
    """Do what the service does every minute."""
    house.wait(chore.keep(house.store, house.clock.now(), {} if done is None else done))


def set_months(house: House, months: int | None, who: str = "Ada") -> None:
    """Let the clinic say for how long it keeps data."""
    answer = house.person(who).send("PATCH", "/v1/clinic", json={"retention_months": months})
    assert answer.status_code == 200, answer.text
    assert answer.json()["retention_months"] == house.person(who).get("/v1/clinic").json()["retention_months"] == months


def patients_of(house: House) -> dict[str, Json]:
    """Give all patients by reference."""
    return {row["reference"]: row for row in told(house)["patients"]}


def test_a_setting_can_be_taken_back_before_it_erases_anybody(house: House) -> None:
    booked(house)
    house.go_to("2060-01-01")
    set_months(house, 1)
    first = date(2060, 1, 1) + timedelta(days=DAYS_TO_THINK)
    assert house.person("Ada").get("/v1/clinic/retention").json()["acts_from"] == first.isoformat()
    house.go_to((first - timedelta(days=1)).isoformat())
    run_chore(house)
    assert list(patients_of(house)) == ["A-1"]
    set_months(house, None)
    house.go_to((first + timedelta(days=99)).isoformat())
    run_chore(house)
    assert list(patients_of(house)) == ["A-1"]


def test_what_erases_more_begins_anew_and_what_erases_less_goes_on(house: House) -> None:
    days = {}
    for months, day in ((120, "2027-01-01"), (12, "2027-03-01"), (24, "2027-03-05"), (24, "2027-03-06")):
        house.go_to(day)
        set_months(house, months)
        days[months, day] = house.person("Ada").get("/v1/clinic/retention").json()["acts_from"]
    assert list(days.values()) == ["2027-01-08", "2027-03-08", "2027-03-08", "2027-03-08"]


def test_once_a_day_whoever_is_due_is_erased_and_the_audit_says_that_the_system_did_it(house: House) -> None:
    life = Life(house, "", [booked(house), booked(house, "A-2", on="2059-12-31")])
    house.person("Ben").book(patient={"reference": "B-1", "name": "Bo"})
    set_months(house, 12)
    house.go_to("2059-12-01")
    mona = patients_of(house)["A-1"]["id"]
    done: chore.Days = {}
    run_chore(house, done)
    left = patients_of(house)
    assert left.keys() == {f"erased-{mona}", "A-2", "B-1"}
    assert house.person("Ana").get(life.procedures[0]).status_code == 404
    (line,) = (line for line in told(house)["audit"] if line["event"] == "patient.erased")
    assert (line["actor_role"], line["person"], line["patient_id"]) == ("system", "prep-tracker retention", mona)
    assert line["clinic_id"] == house.clinics["Aster"]
    after = house.rows()
    run_chore(house, done)
    run_chore(house, {})
    assert house.rows() == after, "twice is the same as once"
    house.go_to("2061-12-01")
    run_chore(house, done)
    assert "A-2" not in patients_of(house)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_service_does_it_by_itself(house: House) -> None:
    booked(house)
    set_months(house, 12)
    house.go_to("2059-12-01")
    made = create_app(house.store, house.clock)

    async def run() -> None:
        async with made.router.lifespan_context(made):
            for _ in range(500):
                await asyncio.sleep(0.01)
                if "A-1" not in patients_of(house):
                    break

    house.wait(run())
    assert "A-1" not in patients_of(house)


def test_what_the_chore_erases_leaves_no_trace(house: House, database_url: str) -> None:
    begin_anew()
    set_months(house, 6)
    life = whole_life(house)
    cleo = house.person("Cleo")
    for procedure in life.procedures:
        assert cleo.get(f"{procedure}/checklist").status_code == 200
    house.go_to("2029-01-01")
    assert cleo.get("/v1/worklist", within_days="1").status_code == 200
    assert set(in_memory(house)) != set()
    assert set(in_rows(database_url)) != set()
    run_chore(house)
    assert (set(in_rows(database_url)), set(in_files(database_url)), set(in_memory(house))) == (set(), set(), set())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_process_forgets_once_a_day_what_another_may_have_erased(house: House) -> None:
    begin_anew()
    life = whole_life(house)
    house.person("Cleo").get(f"{life.procedures[0]}/checklist")
    assert set(in_memory(house)) != set()
    done: chore.Days = {}
    run_chore(house, done)
    assert set(in_memory(house)) == set()
    house.person("Cleo").get(f"{life.procedures[0]}/checklist")
    run_chore(house, done)
    assert set(in_memory(house)) != set(), "not every minute: it is there to be of use"


def test_a_file_that_could_not_be_cleansed_is_cleansed_the_next_day(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleansed = []
    monkeypatch.setattr(type(house.store), "cleanse", lambda _: cleansed.append(1))
    patient = house.person("Ana").post("/v1/patients", PIA).json()["id"]
    run_chore(house)
    assert len(cleansed) == 0
    house.person("Ada").send("DELETE", f"/v1/patients/{patient}")
    assert len(cleansed) == 1
    run_chore(house)
    assert len(cleansed) == 2
    house.go_to((TODAY + timedelta(days=3)).isoformat())
    run_chore(house)
    assert len(cleansed) == 2


def test_what_fails_for_one_clinic_is_logged_without_a_word_and_does_not_stop_the_others(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    booked(house)
    house.person("Ben").book(patient={"reference": "B-1", "name": "Bo"})
    set_months(house, 1)
    set_months(house, 1, "Bob")
    house.go_to("2059-12-01")
    real = retention.apply

    def failing(connection: Any, desk: Any, *args: Any) -> Any:  # noqa: ANN401 - as it comes
        if desk.clinic.id == house.clinics["Aster"]:
            raise RuntimeError("Mona A-1 canary")
        return real(connection, desk, *args)

    monkeypatch.setattr(retention, "apply", failing)
    run_chore(house)
    assert "A-1" in patients_of(house)
    assert "B-1" not in patients_of(house)
    said = capsys.readouterr()
    assert "retention failed" in said.out + said.err
    assert "RuntimeError" in said.out + said.err
    assert "Mona" not in said.out + said.err
    assert "canary" not in said.out + said.err


def test_whoever_is_booked_in_that_very_moment_stays(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the lock somebody books: looked at once more, the patient is not due."""
    booked(house)
    set_months(house, 1)
    house.go_to("2059-12-01")
    seen = retention.due

    def then_booked(connection: Any, desk: Any, *args: Any) -> Any:  # noqa: ANN401 - as it comes
        page = seen(connection, desk, *args)
        book(connection, desk, Order("laser-resurfacing", date(2060, 1, 1), patient=NewPatient("A-1", "Mona")))
        return page

    monkeypatch.setattr(retention, "due", then_booked)
    run_chore(house)
    assert "A-1" in patients_of(house)
    assert len(told(house)["procedures"]) == 2


@pytest.mark.parametrize("batch", [1, 3, 200])
def test_a_list_comes_in_pages_and_misses_nobody(house: House, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(retention, "BATCH", batch)
    monkeypatch.setattr(retention, "MOST_BATCHES", 2)
    for number in range(7):
        booked(house, f"A-{number}", on="2026-12-18" if number % 3 else "2059-12-31")
    house.go_to("2059-12-01")
    found: list[str] = []
    query = {"months": "12", "limit": "2"}
    for _ in range(20):
        answer = house.person("Ada").send("GET", "/v1/clinic/retention", params=query)
        page = answer.json()
        assert len(page["patients"]) <= 2
        found += [one["reference"] for one in page["patients"]]
        if page["next"] is None:
            assert "link" not in answer.headers
            break
        assert page["next"] in answer.headers["link"]
        query["cursor"] = page["next"]
    assert sorted(found) == ["A-1", "A-2", "A-4", "A-5"]
    set_months(house, 12)
    house.go_to("2059-12-30")
    run_chore(house)
    assert {one for one in patients_of(house) if one.startswith("A-")} == {"A-0", "A-3", "A-6"}


def test_a_cursor_belongs_to_its_question_and_its_clinic(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    for number in range(3):
        booked(house, f"A-{number}")
    house.go_to("2059-12-01")
    cursor = house.person("Ada").get("/v1/clinic/retention", months="12", limit="1").json()["next"]
    for who, months in (("Ada", "13"), ("Bob", "12")):
        answer = house.person(who).get("/v1/clinic/retention", months=months, cursor=cursor)
        assert answer.status_code == 400


def test_only_an_admin_sees_it_and_only_of_the_own_clinic(house: House) -> None:
    booked(house)
    house.go_to("2059-12-01")
    for who in ("Ana", "Cleo", "Iris"):
        assert house.person(who).get("/v1/clinic/retention", months="1").status_code == 403
    assert house.stranger().get("/v1/clinic/retention", months="1").status_code == 401
    assert due(house, 1, "Bob") == {}
    assert due(house, 1).keys() == {"A-1"}


def test_looking_changes_nothing_and_leaves_its_line_with_whom_it_showed(house: House) -> None:
    booked(house)
    house.go_to("2059-12-01")
    before = house.rows()
    answer = house.person("Ada").get("/v1/clinic/retention", months="1")
    (mona,) = (one["id"] for one in answer.json()["patients"])
    assert house.rows() == before
    house.wait(house.app.state.service.trail.flush(house.store))
    (line,) = (line for line in told(house)["audit"] if line["request_id"] == answer.headers["x-request-id"])
    assert line["seen"] == [mona]


@pytest.mark.parametrize("months", [0, -1, 1201, 10**9, "12", True, 1.5, [12]])
def test_a_setting_that_makes_no_sense_is_refused(house: House, months: object) -> None:
    before = house.rows()
    answer = house.person("Ada").send("PATCH", "/v1/clinic", json={"retention_months": months})
    assert set(wrong(answer)) == {"/retention_months"}
    assert house.rows() == before
    answer = house.person("Ada").get("/v1/clinic/retention", months=json.dumps(months))
    if not isinstance(months, str):
        assert answer.status_code == 422
        hold(answer)


def test_the_command_shows_who_goes_and_erases_when_told(house: House, database_url: str) -> None:
    """The command has the machine's clock, so what it looks at lies well back."""
    booked(house, on="2001-03-01", backdated=True)
    booked(house, "A-2", on="2199-12-01")
    house.clock.set(BOOKED_AT.replace(year=2001, month=3, day=2))
    at = {"PREP_DATABASE_URL": database_url}
    aster = ("--clinic", house.clinics["Aster"])
    code, said = lines("retention", *aster, **at)
    assert (code, "for ever" in said[0]) == (1, True)
    assert lines("retention", *aster, "--months", "3", "--apply", **at)[0] == 2
    old(house)
    shown = run("retention", *aster, "--months", "3", **at)
    assert (shown.exit_code, "1 patient would be erased" in shown.stdout, "A-1" in shown.stdout) == (0, True, True)
    assert "A-1" in patients_of(house)
    set_to = run("clinic", "set", *aster, "--retention-months", "3", **at)
    assert "prep-tracker retention" in set_to.stdout
    tried = run_json("retention", *aster, **at)
    assert (tried["erased"], [one["reference"] for one in tried["patients"]]) == (False, ["A-1"])
    done = run_json("retention", *aster, "--apply", **at)
    assert (done["erased"], done["retention_months"], done["patients"]) == (True, 3, tried["patients"])
    assert {one.partition("-")[0] for one in patients_of(house)} == {"erased", "A"}
    assert run_json("retention", *aster, "--apply", **at)["patients"] == []
    (line,) = (line for line in told(house)["audit"] if line["event"] == "patient.erased")
    assert (line["actor_role"], line["person"]) == ("system", "prep-tracker retention")
    assert run_json("clinic", "set", *aster, "--retention-months", "never", **at)["retention_months"] is None
    assert lines("retention", *aster, **at)[0] == 1


def old(house: House) -> None:
    """Let everything have been said long ago."""

    def age(connection: Any) -> None:  # noqa: ANN401 - a connection
        (first,) = connection.execute(text("SELECT id FROM patients WHERE reference = 'A-1'")).one()
        connection.execute(text("UPDATE patients SET created_at = '2001-03-01 00:00:00+00:00'"))
        connection.execute(
            text(
                "UPDATE entries SET body = replace(body, '2026-11-22', '2001-03-01') WHERE procedure_id IN"
                " (SELECT id FROM procedures WHERE patient_id = :first)"
            ),
            {"first": first},
        )

    house.store.run_write(age)
    memory.forget(None)


@pytest.mark.parametrize("months", ["0", "1201", "99999999999", "1.5", "x", "", "-3", "١٢"])
def test_the_command_refuses_a_number_of_months_that_makes_no_sense(months: str) -> None:
    code, (said,) = lines("clinic", "set", f"--retention-months={months}")
    assert code == 2
    assert "from 1 to 1200, or never" in said
