"""The plan of a day, as a document: what is said on the command line counts as said on the as-of day."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prep_tracker.clock import SetClock, SystemClock
from prep_tracker.store import migrate
from prep_tracker.store.session import Store
from tests.api.house import BOOKED_AT, BOOKING, House
from tests.cli.terminal import SHEET, lines, program, run_json


def item(document: dict[str, Any], step: str) -> dict[str, Any]:
    """Give one item of a checklist."""
    (found,) = (one for one in document["items"] if one["step"] == step)
    return dict(found)


def test_two_weeks_before_the_sun_has_to_be_left() -> None:
    """The installed program, in a process of its own, without a database."""
    ended = program(*SHEET, "--as-of", "2026-12-04", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    document = json.loads(ended.stdout)
    assert document["days_to_go"] == 14
    assert item(document, "no-sun")["opens_on"] == "2026-12-04"
    assert item(document, "no-sun")["state"] == "unknown"
    assert document["procedure"] == {
        "id": None,
        "on": "2026-12-18",
        "at": None,
        "time_zone": "UTC",
        "protocol": "laser-resurfacing",
    }
    assert list(Path().iterdir()) == []


def test_the_terminal_and_the_api_give_the_same_checklist(tmp_path: Path) -> None:
    """Booked on 22 November, in the sun on 5 December: the same object, but for the id and the version's number."""
    url = f"sqlite:///{tmp_path / 'house.db'}"
    migrate.upgrade(url)
    house = House(Store.open(url), SetClock(BOOKED_AT))
    try:
        ana = house.person("Ana")
        where = ana.post("/v1/procedures", BOOKING).headers["location"]
        house.go_to("2026-12-05")
        ana.post(f"{where}/exposures", {"to": "sun", "on": "2026-12-05"})
        over_http = ana.get(f"{where}/checklist").json()
    finally:
        house.close()
    said = ("--at", "10:30", "--zone", "Europe/Amsterdam", "--exposed", "sun=2026-12-05")
    document = run_json(*SHEET, "--as-of", "2026-12-05", *said)
    over_http["procedure"] |= {"id": None, "protocol": "laser-resurfacing"}
    assert document == over_http


def test_sun_thirteen_days_before_blocks() -> None:
    document = run_json(*SHEET, "--as-of", "2026-12-05", "--exposed", "sun=2026-12-05")
    assert document["standing"]["level"] == "blocked"
    assert item(document, "no-sun")["days_short"] == 2
    assert document["earliest_safe_on"] == "2026-12-20"


def test_a_sunburn_is_a_kind_of_sun() -> None:
    said = ("--as-of", "2026-11-25", "--booked", "2026-11-22", "--exposed", "sun:sunburn=2026-11-25")
    assert run_json("plan", "laser-ablative", "2026-12-18", *said)["earliest_safe_on"] >= "2026-12-24"


@pytest.mark.parametrize(("since", "state"), [("2026-12-02", "open"), ("never", "open"), ("2026-12-06", "short")])
def test_kept_since_a_day_is_an_answer(since: str, state: str) -> None:
    document = run_json(*SHEET, "--as-of", "2026-12-06", "--since", f"no-sun={since}")
    assert item(document, "no-sun")["state"] == state


def test_everything_said_makes_the_plain_sheet_ready() -> None:
    said = [word for step in ("no-sun", "no-retinoids", "no-aha", "no-bha") for word in ("--since", f"{step}=never")]
    said += ["--done", "provider-instructions=2026-12-01", "--no-products"]
    assert run_json(*SHEET, "--as-of", "2026-12-04", *said)["standing"] == {"level": "ready", "reasons": []}


def test_a_gate_is_answered_either_way() -> None:
    plan = ("plan", "laser-ablative", "2026-12-18", "--as-of", "2026-12-16", "--booked", "2026-11-22")
    safe = run_json(*plan, "--safe", "pregnancy=2026-12-16")
    unsafe = run_json(*plan, "--unsafe", "pregnancy=2026-12-16")
    assert (item(safe, "pregnancy")["state"], item(unsafe, "pregnancy")["state"]) == ("done", "closed")


def test_a_daily_step_and_a_task_are_marked_with_their_day() -> None:
    said = ("--done", "sunscreen-before=2026-12-03", "--done", "driver=2026-12-01")
    document = run_json("plan", "laser-ablative", "2026-12-18", "--as-of", "2026-12-04", *said)
    marks = [
        (mark["kind"], mark["on"]) for step in ("sunscreen-before", "driver") for mark in item(document, step)["marks"]
    ]
    assert marks == [("kept", "2026-12-03"), ("done", "2026-12-01")]
    assert item(document, "driver")["state"] == "done"


def test_an_answer_brings_steps_in_or_leaves_them_out() -> None:
    plan = ("plan", "laser-ablative", "2026-12-18", "--as-of", "2026-12-04")
    steps = {
        answer: {one["step"] for one in run_json(*plan, "--fact", f"sedation={answer}")["items"]}
        for answer in ("yes", "no")
    }
    assert "no-food" in steps["yes"] - steps["no"]
    left_out = run_json(*plan, "--fact", "sedation=no", "--all")
    assert item(left_out, "no-food")["applies"] is False


def test_it_counts_as_booked_on_the_as_of_day() -> None:
    document = run_json("plan", "laser-resurfacing", "2026-12-18", "--as-of", "2026-12-04")
    assert item(document, "no-sun")["timeline"][0][0] == "2026-12-04"


def test_it_looks_at_today_where_the_clinic_is() -> None:
    """Fourteen hours ahead of UTC and eleven behind it are never on one day."""
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        before = SystemClock().today(zone)
        document = run_json("plan", "laser-resurfacing", "2026-12-18", "--zone", zone)
        assert before.isoformat() <= document["as_of"] <= SystemClock().today(zone).isoformat()


def test_past_days_are_never_refused() -> None:
    document = run_json("plan", "laser-resurfacing", "2020-01-01", "--as-of", "2026-12-04")
    assert document["standing"]["level"] == "past"
    assert document["days_to_go"] < -2000


def test_a_clinics_own_file_is_planned(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN, encoding="utf-8")
    document = run_json("plan", "own.yaml", "2026-12-18", "--as-of", "2026-12-04")
    assert document["procedure"]["protocol"] == "own"
    assert [one["step"] for one in document["items"]] == ["no-tan"]


OWN = """\
protocol: own
title: Our own
steps:
  - id: no-tan
    kind: avoid
    of: [tanning-bed]
    days_before: 3
    severity: blocking
    title: "[red]No[/red] tanning beds"
    source: our own clinic
"""


def test_a_file_with_faults_names_file_line_and_step(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN.replace("tanning-bed]", "taning-bed]"), encoding="utf-8")
    code, said = lines("plan", "own.yaml", "2026-12-18")
    assert code == 1
    assert [line.split(" the lexicon")[0] for line in said] == ["own.yaml:6: fault: no-tan:"]
    assert "tanning-bed" in said[0]


def test_a_file_that_cannot_be_read_as_yaml_says_where(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_bytes(b"protocol: own\n\ttitle: \xff")
    code, (said,) = lines("plan", "own.yaml", "2026-12-18")
    assert (code, said[:9]) == (1, "own.yaml:")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("laser-resurfacin", "Did you mean laser-resurfacing"),
        ("laser-resurfacing@1", "one of laser-ablative"),
        ("missing.yaml", "missing.yaml: No such file"),
        (".", "Is a directory"),
        ("", "Write a file"),
    ],
)
def test_an_unknown_protocol_names_those_there_are(name: str, says: str) -> None:
    code, (said,) = lines("plan", name, "2026-12-18")
    assert code == 2
    assert says in said


WRONG = [
    (["--fact", "smoker=yes"], "--fact smoker: the protocol asks no such fact. It asks cold-sores, area, sedation."),
    (["--fact", "sedation=maybe"], "--fact sedation: Write yes or no."),
    (["--fact", "sedation"], "--fact sedation: write FACT=ANSWER"),
    (["--exposed", "sunn=2026-12-01"], "--exposed sunn: there is no class sunn. Did you mean sun"),
    (["--exposed", "sun:sunbrn=2026-12-01"], "--exposed sun:sunbrn: there is no class sunbrn. Did you mean sunburn"),
    (["--exposed", "sun:aha=2026-12-01"], "--exposed sun:aha: aha is no kind of sun"),
    (["--exposed", "sun=2026-12-05"], "--exposed sun: 2026-12-05 lies after the as-of day 2026-12-04"),
    (["--exposed", "sun=5.12.2026"], "--exposed sun: write the day as YYYY-MM-DD"),
    (["--since", "no-suns=never"], "--since no-suns: the protocol has no such step. Did you mean no-sun"),
    (["--since", "driver=never"], "--since driver: a step of kind do takes --done"),
    (["--since", "no-sun="], "--since no-sun=: write STEP=DAY or STEP=never"),
    (["--since", "no-sun=never", "--since", "no-sun=2026-12-01"], "--since no-sun: it is said twice"),
    (["--done", "no-sun=2026-12-01"], "--done no-sun: a step of kind avoid takes --since"),
    (["--done", "pregnancy=2026-12-01"], "--done pregnancy: a step of kind gate takes --safe or --unsafe"),
    (["--done", "medication-review=2026-12-01"], "--done medication-review: it is done when a clinician"),
    (["--done", "call-us-after=2026-12-01"], "--done call-us-after: it is there to be read"),
    (["--safe", "pregnancy=2026-12-01"], "--safe pregnancy: This is asked from the booking on; send 2026-12-02"),
    (["--booked", "2026-12-05"], "--booked 2026-12-05: it lies after the as-of day 2026-12-04"),
    (["--booked", "2026-02-30"], "--booked 2026-02-30: there is no day 2026-02-30"),
    (["--at", "25:00"], '--at 25:00: write the time as "HH:MM"'),
    (["--zone", "Mars"], "--zone Mars: write a time zone by its IANA name"),
    (["--lang", "xx"], "--lang xx: there are texts in ar, en, es, nl"),
]


@pytest.mark.parametrize(("args", "says"), WRONG)
def test_a_wrong_value_is_one_line_that_says_what_to_send(args: list[str], says: str) -> None:
    booked = [] if "--booked" in args else ["--booked", "2026-12-02"]
    code, (said,) = lines("plan", "laser-ablative", "2026-12-18", "--as-of", "2026-12-04", *booked, *args)
    assert code == 2
    assert said.startswith(f"prep-tracker: {says}")


def test_every_wrong_value_is_named_at_once() -> None:
    code, said = lines(
        *SHEET, "--as-of", "2026-12-04", "--fact", "x=y", "--exposed", "y=2026-12-01", "--since", "z=never"
    )
    assert code == 2
    assert [line.split()[1] for line in said] == ["--fact", "--exposed", "--since"]


def test_every_wrong_day_is_named_at_once() -> None:
    code, said = lines("plan", "laser-resurfacing", "18-12-2026", "--as-of", "today", "--at", "noon")
    assert (code, [line.split()[1] for line in said]) == (2, ["DAY", "--at", "--as-of"])
