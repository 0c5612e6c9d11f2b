"""Protocols of the clinic's own: drafted, linted, published by another person, compared, tried, moved to, retired."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import yaml
from sqlalchemy import text
from structlog.testing import capture_logs

from tests.api.deciding import change, level
from tests.api.house import BOOKING, Caller, House, Json, wrong

PEEL: Json = {
    "protocol": "our-peel",
    "title": "Our peel",
    "steps": [
        {
            "id": "no-sun",
            "kind": "avoid",
            "of": ["sun", "tanning-bed"],
            "days_before": 14,
            "severity": "blocking",
            "title": "No sun and no tanning beds",
            "source": "Our own sheet",
        },
        {
            "id": "call",
            "kind": "do",
            "due": {"days": -3},
            "severity": "advisory",
            "title": "Call us",
            "source": "Our own sheet",
        },
    ],
}
DRAFTS = "/v1/protocols/our-peel/drafts"


@pytest.fixture
def cleo(house: House) -> Caller:
    """Give Aster's clinician."""
    return house.person("Cleo")


@pytest.fixture
def ada(house: House) -> Caller:
    """Give Aster's admin."""
    return house.person("Ada")


def peel(days: int = 14, **differing: Any) -> Json:  # noqa: ANN401 - any key of a protocol
    first, second = PEEL["steps"]
    return PEEL | {"steps": [first | {"days_before": days}, second]} | differing


def draft(caller: Caller, content: Json, kind: str = "yaml", slug: str = "our-peel", **headers: str) -> httpx.Response:
    body = yaml.safe_dump(content, sort_keys=False) if kind == "yaml" else json.dumps(content)
    sent = {"Content-Type": f"application/{kind}"} | {n.replace("_", "-"): v for n, v in headers.items()}
    return caller.send("POST", f"/v1/protocols/{slug}/drafts", content=body, headers=sent)


def publish(house: House, days: int = 14, **differing: Any) -> int:  # noqa: ANN401
    """Let Cleo draft and Ada publish; give the version."""
    made = draft(house.person("Cleo"), peel(days, **differing))
    assert made.status_code == 201, made.text
    number: int = made.json()["draft"]
    answer = house.person("Ada").post(f"{DRAFTS}/{number}/publish")
    assert answer.status_code == 200, answer.text
    return number


@pytest.mark.parametrize("kind", ["yaml", "json"])
def test_a_draft_is_kept_with_its_report_and_read_again(cleo: Caller, kind: str) -> None:
    made = draft(cleo, peel(), kind)
    assert made.status_code == 201
    told = made.json()
    assert (told["slug"], told["draft"], told["status"], told["created_by"]) == ("our-peel", 1, "draft", "Cleo")
    assert told["publishable"] is True
    assert made.headers["location"] == f"{DRAFTS}/1"
    again = cleo.get(f"{DRAFTS}/1").json()
    assert again["content"]["steps"][0]["days_before"] == 14
    assert again["content_hash"] == told["content_hash"]
    assert draft(cleo, peel(), kind).json()["draft"] == 2


def test_yaml_and_json_of_one_content_are_one_content(cleo: Caller) -> None:
    hashes = {draft(cleo, peel(), kind).json()["content_hash"] for kind in ("yaml", "json")}
    assert len(hashes) == 1


def test_a_draft_with_faults_says_where_they_stand(cleo: Caller) -> None:
    content = peel()
    content["steps"][0] = content["steps"][0] | {"days_before": -3, "colour": "red"}
    answer = draft(cleo, content)
    assert answer.status_code == 422
    told = {fault["pointer"]: fault["message"] for fault in answer.json()["errors"]}
    lines = yaml.safe_dump(content, sort_keys=False).splitlines()
    assert told.keys() == {"/steps/0/days_before", "/steps/0/colour"}
    for name in ("days_before", "colour"):
        line = next(n for n, said in enumerate(lines, 1) if name in said)
        assert told[f"/steps/0/{name}"].startswith(f"Line {line}: ")


def test_notes_come_with_the_line_and_forbid_nothing(cleo: Caller) -> None:
    content = peel()
    content["steps"][0] = content["steps"][0] | {"assumed": "Two weeks is our reading."}
    answer = draft(cleo, content)
    assert answer.status_code == 201
    notes = [f for f in answer.json()["findings"] if f["level"] == "note"]
    assert [f["step"] for f in notes] == ["no-sun"]
    assert all(isinstance(f["line"], int) for f in notes)
    assert answer.json()["publishable"] is True


def test_what_can_be_read_but_not_published_is_kept_as_a_draft_with_its_faults(house: House, cleo: Caller) -> None:
    """The linter's own rules, beyond the shape: here a class that the lexicon does not have."""
    content = peel()
    content["steps"][0] = content["steps"][0] | {"of": ["sun", "no-such-class"]}
    answer = draft(cleo, content)
    if answer.status_code == 201:
        assert answer.json()["publishable"] is False
        refused = house.person("Ada").post(f"{DRAFTS}/1/publish")
        assert "/steps/0/of" in "".join(wrong(refused))
    else:
        assert "/steps/0/of" in "".join(wrong(answer))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"- just\n- a list",
        b"protocol: our-peel\nprotocol: again\n",
        b"a: &a [1]\nb: *a\n",
        b"!!python/object/apply:os.system ['true']",
        b"protocol:\tour-peel",
        b"a: b: c",
        b"\xff\xfe\x00",
        b"[" * 5000,
        b"{" * 5000,
    ],
)
@pytest.mark.parametrize("kind", ["yaml", "json"])
def test_what_is_no_protocol_is_refused(house: House, cleo: Caller, kind: str, content: bytes) -> None:
    rows = house.rows()
    answer = cleo.send("POST", DRAFTS, content=content, headers={"Content-Type": f"application/{kind}"})
    assert answer.status_code in {400, 422}, answer.text
    assert house.rows() == rows


def test_a_draft_that_is_too_large_is_refused(cleo: Caller) -> None:
    answer = cleo.send("POST", DRAFTS, content=b"# " + b"x" * 300_000, headers={"Content-Type": "application/yaml"})
    assert answer.status_code == 413


def test_a_draft_goes_to_its_own_name(cleo: Caller) -> None:
    assert "/protocol" in wrong(draft(cleo, peel(), slug="another"))
    assert draft(cleo, peel(), slug="Not-A-Slug").status_code in {404, 422}


def test_only_another_person_publishes(house: House, cleo: Caller, ada: Caller) -> None:
    assert draft(cleo, peel()).status_code == 201
    own = cleo.post(f"{DRAFTS}/1/publish")
    assert own.status_code == 403
    assert "Another person" in own.json()["detail"]
    namesake = ada.post("/v1/keys", {"role": "admin", "person": " CLEO "}).json()["key"]
    assert Caller(house, namesake).post(f"{DRAFTS}/1/publish").status_code == 403
    assert house.person("Ana").post("/v1/procedures", BOOKING | {"protocol": "our-peel"}).status_code == 422
    done = ada.post(f"{DRAFTS}/1/publish")
    assert (done.status_code, done.json()["status"], done.json()["published_by"]) == (200, "published", "Ada")
    assert house.person("Ana").post("/v1/procedures", BOOKING | {"protocol": "our-peel"}).status_code == 201


def test_of_two_who_publish_one_draft_at_once_one_is_told(house: House, cleo: Caller) -> None:
    for number in range(1, 6):
        assert draft(cleo, peel(10 + number)).status_code == 201
        answers = house.person("Ada").together([("POST", f"{DRAFTS}/{number}/publish", {})] * 2)
        assert sorted(answer.status_code for answer in answers) == [200, 409]


def test_an_older_draft_is_not_published_over_a_newer_version(cleo: Caller, ada: Caller) -> None:
    for days in (14, 21):
        draft(cleo, peel(days))
    assert ada.post(f"{DRAFTS}/2/publish").status_code == 200
    assert ada.post(f"{DRAFTS}/1/publish").status_code == 409


def test_what_is_published_is_never_published_or_drafted_again(house: House, cleo: Caller, ada: Caller) -> None:
    publish(house)
    assert ada.post(f"{DRAFTS}/1/publish").status_code == 409
    assert ada.post(f"{DRAFTS}/2/publish").status_code == 404
    assert cleo.get("/v1/protocols/our-peel@1").json()["content"]["steps"][0]["days_before"] == 14


def test_a_published_content_that_was_tampered_with_serves_nobody(house: House, ada: Caller) -> None:
    publish(house, title="A peel that nobody has booked before")
    tampered = "UPDATE protocol_versions SET content = replace(content, '14', '1') WHERE slug = 'our-peel'"
    house.store.run_write(lambda c: c.execute(text(tampered)))
    with capture_logs() as said:
        answers = (
            ada.post("/v1/procedures", BOOKING | {"protocol": "our-peel"}),
            ada.post("/v1/feasibility", {"protocol": "our-peel"}),
            ada.get("/v1/protocols/our-peel@1"),
        )
    for answer, line in zip(answers, said, strict=True):
        assert (answer.status_code, answer.json()["type"]) == (500, "/v1/problems/internal")
        assert (line["event"], line["request_id"]) == ("request failed", answer.json()["request_id"])
    assert ada.post("/v1/procedures", BOOKING).status_code == 201


def test_a_booking_keeps_its_version_when_a_newer_one_comes(house: House, ada: Caller) -> None:
    publish(house, 14)
    old = ada.book(protocol="our-peel")
    assert publish(house, 21) == 2
    new = ada.book(protocol="our-peel")
    first = ada.book(protocol="our-peel@1")
    found = [ada.get(one).json()["protocol"] for one in (old, new, first)]
    assert found == ["our-peel@1", "our-peel@2", "our-peel@1"]
    assert ada.item(old, "no-sun")["opens_on"] == "2026-12-04"
    assert ada.item(new, "no-sun")["opens_on"] == "2026-11-27"


def test_a_difference_is_said_in_a_sentence_with_how_many_start_earlier(house: House, ada: Caller) -> None:
    publish(house, 14)
    for on in ("2026-12-18", "2027-01-20", "2027-02-20"):
        ada.book(protocol="our-peel", on=on)
    publish(house, 28)
    told = ada.send("GET", "/v1/protocols/our-peel/diff", params={"from": "1", "to": "2"}).json()
    assert (told["protocol"], told["from"], told["to"]) == ("our-peel", 1, 2)
    (step,) = told["steps"]
    assert (step["step"], step["change"], step["patients_earlier"]) == ("no-sun", "changed", 3)
    assert step["fields"] == [{"field": "days_before", "from": 14, "to": 28}]
    assert "14" in step["sentence"]
    assert "28" in step["sentence"]
    assert "3 patients" in step["sentence"]
    back = ada.send("GET", "/v1/protocols/our-peel/diff", params={"from": "2", "to": "1"}).json()
    assert back["steps"][0]["patients_earlier"] == 0
    assert ada.send("GET", "/v1/protocols/our-peel/diff", params={"from": "1", "to": "1"}).json()["steps"] == []
    assert ada.send("GET", "/v1/protocols/our-peel/diff", params={"from": "1", "to": "9"}).status_code == 404


def simulate(caller: Caller, number: int) -> list[Json]:
    answer = caller.send("POST", f"{DRAFTS}/{number}/simulate", check=False)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_draft_is_tried_on_everything_that_is_booked_and_nothing_is_stored(house: House, cleo: Caller) -> None:
    publish(house, 14)
    exposed = {"exposures": [{"to": "sun", "on": "2026-11-21"}]}
    booked = [cleo.book(protocol="our-peel", on=on, **exposed) for on in ("2026-12-08", "2026-12-18", "2027-03-01")]
    cleo.book(protocol="laser-resurfacing", on="2027-03-02")
    draft(cleo, peel(21))
    house.person("Ben").book()
    rows = house.rows()
    lines = simulate(cleo, 2)
    assert house.rows() == rows
    assert [line["line"] for line in lines[-2:]] == ["progress", "summary"]
    assert lines[-2] == {"line": "progress", "done": 3, "total": 3}
    changed = {line["procedure_id"]: line for line in lines if line["line"] == "procedure"}
    assert changed.keys() == {one.rsplit("/", 1)[-1] for one in booked}
    summary = lines[-1]
    assert (summary["changed"], summary["total"]) == (3, 3)
    # What it says is what moving each would do.
    assert house.person("Ada").post(f"{DRAFTS}/2/publish").status_code == 200
    worse = 0
    for one in booked:
        said = changed[one.rsplit("/", 1)[-1]]
        assert said["moved"] == ["no-sun"]
        assert level(cleo, one) == said["standing"]["before"]
        assert change(cleo, "POST", one, "protocol", {"version": 2}).status_code == 200
        assert level(cleo, one) == said["standing"]["after"]
        worse += said["worse"]
    assert worse == summary["worse"] > 0
    assert summary["becomes"] == {"blocked": worse}


def test_an_empty_clinic_is_tried_in_no_time(house: House, cleo: Caller) -> None:
    draft(cleo, peel(21))
    lines = simulate(cleo, 1)
    counts = dict.fromkeys(("done", "total", "changed", "worse", "messaged"), 0)
    assert lines[-1] == {"line": "summary", "becomes": {}, **counts}
    assert cleo.send("POST", f"{DRAFTS}/7/simulate").status_code == 404
    assert house.person("Ana").send("POST", f"{DRAFTS}/1/simulate").status_code == 403


def test_more_procedures_than_one_batch_are_all_tried(house: House, cleo: Caller) -> None:
    publish(house, 14)
    bookings = [("POST", "/v1/procedures", {"json": BOOKING | {"protocol": "our-peel"}})] * 230
    assert {a.status_code for a in cleo.together(bookings)} == {201}
    draft(cleo, peel(21))
    lines = simulate(cleo, 2)
    assert [line["done"] for line in lines if line["line"] == "progress"] == [100, 200, 230]
    tried = [line["procedure_id"] for line in lines if line["line"] == "procedure"]
    assert len(tried) == len(set(tried)) == lines[-1]["changed"] == 230


def test_a_preview_of_a_migration_is_what_the_migration_does(house: House, ada: Caller) -> None:
    publish(house, 14)
    procedure = ada.book(protocol="our-peel", on="2026-12-10", exposures=[{"to": "sun", "on": "2026-11-21"}])
    publish(house, 28)
    rows = house.rows()
    preview = ada.post(f"{procedure}/protocol?preview=true", {"version": 2})
    assert preview.status_code == 200
    assert house.rows() == rows
    applied = change(ada, "POST", procedure, "protocol", {"version": 2})
    assert applied.status_code == 200
    assert applied.json() == preview.json()
    assert {one["step"]: one["change"] for one in applied.json()["steps"]}["no-sun"] == "newly_short"
    assert ada.get(procedure).json()["protocol"] == "our-peel@2"
    assert ada.get(f"{procedure}/entries").json()["items"][-1]["kind"] == "protocol-changed"


def test_forth_and_back_gives_the_same_checklist_and_marks_survive(house: House, ada: Caller) -> None:
    publish(house, 14)
    procedure = ada.book(protocol="our-peel")
    ada.post(f"{procedure}/marks", {"step": "no-sun", "kind": "since", "on": "2026-11-20"})
    ada.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-21"})
    before = ada.get(f"{procedure}/checklist").json()
    publish(house, 28)
    for version in (2, 1):
        assert change(ada, "POST", procedure, "protocol", {"version": version}).status_code == 200
        assert len(ada.item(procedure, "no-sun")["marks"]) == 1
    assert ada.get(f"{procedure}/checklist").json() == before


@pytest.mark.parametrize("body", [{}, {"version": 9}, {"version": 0}, {"version": "1"}, {"version": 2}, {"slug": "x"}])
def test_a_version_that_nobody_published_is_no_place_to_go(house: House, ada: Caller, body: Json) -> None:
    publish(house, 14)
    procedure = ada.book(protocol="our-peel")
    draft(ada, peel(21))
    assert "/version" in wrong(change(ada, "POST", procedure, "protocol", body))
    assert ada.get(procedure).json()["protocol"] == "our-peel@1"


def test_what_is_retired_is_booked_no_more_and_stays_what_it_was(house: House, ada: Caller) -> None:
    publish(house, 14)
    procedure = ada.book(protocol="our-peel")
    retired = ada.post(f"{DRAFTS}/1/retire")
    assert (retired.status_code, retired.json()["status"]) == (200, "retired")
    assert ada.post(f"{DRAFTS}/1/retire").status_code == 409
    for name in ("our-peel", "our-peel@1"):
        assert "/protocol" in wrong(ada.post("/v1/procedures", BOOKING | {"protocol": name}))
    assert ada.item(procedure, "no-sun")["opens_on"] == "2026-12-04"
    assert ada.move(procedure, "2026-12-20").status_code == 200
    assert "our-peel" not in {row["slug"] for row in ada.get("/v1/protocols").json()["items"]}
    draft(ada, peel(21))
    assert ada.post(f"{DRAFTS}/2/retire").status_code == 409


def test_what_ships_is_nobodys_to_publish_or_retire(ada: Caller) -> None:
    for what in ("publish", "retire", "simulate"):
        assert ada.send("POST", f"/v1/protocols/laser-resurfacing/drafts/1/{what}").status_code == 404


def test_a_clinics_own_version_of_what_ships_is_its_own(house: House, cleo: Caller, ada: Caller) -> None:
    content = peel(21, protocol="laser-resurfacing")
    number = draft(cleo, content, slug="laser-resurfacing").json()["draft"]
    assert ada.post(f"/v1/protocols/laser-resurfacing/drafts/{number}/publish").status_code == 200
    assert ada.get(ada.book()).json()["protocol"] == f"laser-resurfacing@{number}"
    assert house.person("Ben").get(house.person("Ben").book()).json()["protocol"] == "laser-resurfacing@1"


def test_every_change_of_a_protocol_is_told_in_the_audit(house: House, ada: Caller) -> None:
    publish(house)
    ada.post(f"{DRAFTS}/1/retire")
    lines = [row for row in house.rows()["audit"] if "our-peel@1" in row]
    events = [next(word for word in row if str(word).startswith("protocol.")) for row in lines]
    assert events == ["protocol.drafted", "protocol.published", "protocol.retired"]
    assert ["Cleo" in row for row in lines] == [True, False, False]


def test_a_repeated_draft_is_one_draft(cleo: Caller) -> None:
    first, again = draft(cleo, peel(), Idempotency_Key="once"), draft(cleo, peel(), Idempotency_Key="once")
    assert first.content == again.content
    assert cleo.get(f"{DRAFTS}/2").status_code == 404
