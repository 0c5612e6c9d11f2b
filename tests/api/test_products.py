"""Products and medicines: what a text brings in, who decides, and what the patient reads meanwhile."""

from __future__ import annotations

import re
from typing import Any

import pytest

from prep_tracker.catalog.lexicons import lexicon, matcher
from prep_tracker.catalog.locales import languages
from prep_tracker.desk.ordering import find_rules
from tests.api.deciding import change, key_for, level, reasons
from tests.api.house import Caller, House, Json, wrong

DIFFERIN: Json = {"text": "Differin gel", "kind": "skincare"}
WARFARIN: Json = {"text": "warfarin 5 mg", "kind": "medicine"}
PROTOCOLS = ("laser-resurfacing", "laser-ablative", "laser-fractional", "laser-nonablative")
STOP = re.compile(
    r"\b(stop|stopp\w*|quit|discontinue|leave off|do not take|don't take|avoid)\b"
    r"|\b(dej[ae]r?|suspend\w*|interrump\w*|pare|no tome)\b"
    r"|\b(staak|staken|neem geen|niet (meer )?(in)?nemen)\b|توقف|أوقف|امتنع|لا تتناول|لا تأخذ",
    re.IGNORECASE,
)
"""Words that tell somebody to end a medicine, in every language that there is."""


@pytest.fixture
def cleo(house: House) -> Caller:
    """Give Aster's clinician."""
    return house.person("Cleo")


def name(caller: Caller, procedure: str, product: Json) -> int:
    answer = caller.post(f"{procedure}/products", product)
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["n"]
    return number


def product(caller: Caller, procedure: str, number: int) -> Json:
    found: Json = next(p for p in caller.get(f"{procedure}/products").json()["items"] if p["n"] == number)
    return found


def decide(caller: Caller, procedure: str, number: int, decision: str, note: str = "") -> Any:  # noqa: ANN401
    return change(caller, "POST", procedure, f"products/{number}/decision", {"decision": decision, "note": note})


def test_a_brand_brings_its_step_in_and_says_because_of_what(house: House, ana: Caller) -> None:
    procedure = ana.book()
    answer = ana.post(f"{procedure}/products", DIFFERIN | {"last_used_on": "2026-11-21"})
    told = answer.json()
    assert answer.status_code == 201
    assert told["label"] == "Differin gel (adapalene)"
    assert ("retinoid" in told["classes"], told["steps"]) == (True, ["no-retinoids"])
    assert {m["entry"] for m in told["matches"]} == {"adapalene"}
    assert ana.item(procedure, "no-retinoids")["because"] == ["Differin gel (adapalene)"]
    house.go_to("2026-12-16")
    used = ana.send("PATCH", f"{procedure}/products/{told['n']}", json={"last_used_on": "2026-12-15"})
    assert used.status_code == 200
    assert ana.item(procedure, "no-retinoids")["state"] == "short"
    assert "no-retinoids" in reasons(ana, procedure)


def test_a_sunscreen_brings_nothing_in(ana: Caller) -> None:
    procedure = ana.book()
    told = ana.post(f"{procedure}/products", {"text": "SPF 50: homosalate, octisalate", "kind": "skincare"}).json()
    assert (told["classes"], told["steps"], told["matches"]) == ([], [], [])
    assert ana.get(f"{procedure}/products").json()["items"][0]["text"] == "SPF 50: homosalate, octisalate"


def test_a_medicine_waits_for_a_clinician_by_its_day(cleo: Caller) -> None:
    procedure = cleo.book()
    number = name(cleo, procedure, WARFARIN)
    cleo.post(f"{procedure}/marks", {"kind": "no_more_products"})
    item = cleo.item(procedure, "medication-review")
    assert (item["due_on"], item["who"]) == ("2026-12-04", "clinician")
    assert item["because"] == [product(cleo, procedure, number)["label"]]
    assert reasons(cleo, procedure)["medication-review"]["who"] == "clinician"
    assert decide(cleo, procedure, number, "continue", "Low dose").status_code == 201
    assert cleo.item(procedure, "medication-review")["state"] == "done"
    told = product(cleo, procedure, number)
    assert (told["decision"], told["decided_on"]) == ("continue", "2026-11-22")
    entry = cleo.get(f"{procedure}/entries").json()["items"][-1]
    assert (entry["kind"], entry["note"], entry["actor"]["person"]) == ("decided", "Low dose", "Cleo")


@pytest.mark.parametrize("decision", ["continue", "hold", "change", "ask_prescriber", "stop_agreed"])
def test_every_decision_is_kept_and_shown_and_may_be_made_again(cleo: Caller, decision: str) -> None:
    procedure = cleo.book(products=[WARFARIN])
    cleo.post(f"{procedure}/marks", {"kind": "no_more_products"})
    number = cleo.get(f"{procedure}/products").json()["items"][0]["n"]
    assert decide(cleo, procedure, number, decision, "Agreed by phone").status_code == 201
    assert product(cleo, procedure, number)["decision"] == decision
    is_open = decision in {"ask_prescriber", "change"}
    assert (cleo.item(procedure, "medication-review")["state"] != "done") == is_open
    assert ("medication-review" in reasons(cleo, procedure)) == is_open
    assert decide(cleo, procedure, number, "continue").status_code == 201
    assert product(cleo, procedure, number)["decision"] == "continue"


def test_a_decision_is_about_what_was_read(cleo: Caller) -> None:
    procedure = cleo.book(products=[WARFARIN])
    tag = cleo.get(procedure).headers["etag"]
    body = {"decision": "hold", "note": ""}
    assert cleo.post(f"{procedure}/products/2/decision", body).status_code == 428
    cleo.send("PATCH", f"{procedure}/products/2", json={"prescribed": False})
    stale = cleo.post(f"{procedure}/products/2/decision", body, If_Match=tag)
    assert stale.status_code == 412
    assert product(cleo, procedure, 2)["decision"] is None


def test_a_decision_that_is_none_or_about_nothing_is_refused(cleo: Caller) -> None:
    procedure = cleo.book(products=[WARFARIN])
    assert "/decision" in wrong(decide(cleo, procedure, 2, "stop"))
    for number in (1, 3, 99):
        assert decide(cleo, procedure, number, "hold").status_code == 404
    assert "/note" in wrong(decide(cleo, procedure, 2, "hold", "x" * 2001))


def test_a_medicine_that_is_named_after_the_review_opens_it_again(cleo: Caller) -> None:
    procedure = cleo.book(products=[WARFARIN])
    cleo.post(f"{procedure}/marks", {"kind": "no_more_products"})
    decide(cleo, procedure, 2, "continue")
    assert cleo.item(procedure, "medication-review")["state"] == "done"
    name(cleo, procedure, {"text": "ibuprofen 400 mg", "kind": "medicine"})
    assert cleo.item(procedure, "medication-review")["state"] != "done"


def test_no_medicines_must_be_said(house: House, cleo: Caller) -> None:
    procedure = cleo.book()
    house.go_to("2026-12-05")
    assert "medication-review" in reasons(cleo, procedure)
    cleo.post(f"{procedure}/marks", {"kind": "no_more_products"})
    assert "medication-review" not in reasons(cleo, procedure)


def medicines() -> list[str]:
    """Give a name for every class of medicines, and names of substances that belong to it."""
    classes = {c for c in lexicon().classes if lexicon().classes[c].medicine} - {"medicine"}
    on_skin = lexicon().members([name for name, c in lexicon().classes.items() if c.route == "topical"] + ["retinoid"])
    found = []
    for one in sorted(classes):
        members = lexicon().members((one,))
        entries = [e for e in matcher().entries.values() if set(e.classes) & members - on_skin and e.names]
        found += [entry.names[0] for entry in entries[:3]]
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # it is about words, whatever keeps them
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nobody_is_told_to_stop_a_systemic_medicine_while_it_is_undecided(
    house: House, cleo: Caller, protocol: str
) -> None:
    """Every built-in protocol, every class of medicines, every language: nothing that the patient reads says stop."""
    texts = medicines()
    assert len(texts) >= 20
    answers: dict[str, object] = {}
    rules, _ = house.store.run_read(lambda c: find_rules(c, _desk(house), protocol))
    assert rules is not None
    for fact in rules.protocol.facts:
        answers[fact.id] = True if fact.type == "yes-no" else fact.options[0]
    given = [{"text": f"{text} 10 mg tablets", "kind": "medicine", "prescribed": True} for text in texts]
    looked = 0
    for decision in (None, "ask_prescriber"):
        procedure = cleo.book(protocol=protocol, answers=answers, products=given)
        named = cleo.get(f"{procedure}/products").json()["items"]
        for one in named:
            if decision:
                assert decide(cleo, procedure, one["n"], decision).status_code == 201
        labels = {one["label"] for one in named if "retinoid" not in one["classes"]}
        for language in languages():
            for day in ("2026-11-22", "2026-12-10", "2026-12-17"):
                told = cleo.get(f"{procedure}/checklist", lang=language, as_of=day).json()
                for item in told["items"]:
                    if labels & set(item["because"]):
                        looked += 1
                        asked = (item["asks"] or {}).get("text", "")
                        for text in (item["title"], item["detail"] or "", asked, item["why"] or ""):
                            assert not STOP.search(text), (language, item["step"], text)
                for reason in told["standing"]["reasons"]:
                    if reason["step"] == "medication-review":
                        assert not STOP.search(reason["text"])
    assert looked > 0


def _desk(house: House) -> Any:  # noqa: ANN401
    from prep_tracker.desk.case import Desk
    from prep_tracker.domain.actor import Actor
    from prep_tracker.services.clinic import calendar_of
    from prep_tracker.store import clinics

    clinic = house.store.run_read(lambda c: clinics.get(c, house.clinics["Aster"]))
    return Desk(Actor(clinic.id, "coordinator", "", "Ana"), clinic, calendar_of(clinic), house.clock.now())


def test_a_prescribed_cream_is_stopped_where_the_protocol_says_so(cleo: Caller) -> None:
    procedure = cleo.book(products=[{"text": "tretinoin 0.05% cream", "kind": "medicine", "prescribed": True}])
    item = cleo.item(procedure, "no-retinoids")
    assert item["because"] == [product(cleo, procedure, 2)["label"]]
    assert item["who"] == "patient"
    assert "creams from a doctor" in item["detail"]


DOUBTFUL: Json = {"text": "adapalane", "kind": "skincare"}


def test_a_doubtful_match_asks_and_staff_answer(ana: Caller) -> None:
    procedure = ana.book()
    told = ana.post(f"{procedure}/products", DOUBTFUL).json()
    assert told["matches"] == []
    assert [q["suggestion"] for q in told["questions"]] == ["adapalene"]
    assert "retinoid" in told["doubtful"]
    assert "retinoid" not in told["classes"]
    confirmed = ana.send("PATCH", f"{procedure}/products/{told['n']}", json={"confirm": ["retinoid"]})
    assert confirmed.status_code == 200
    now = product(ana, procedure, told["n"])
    assert ("retinoid" in now["classes"], "retinoid" in now["doubtful"], now["steps"]) == (
        True,
        False,
        ["no-retinoids"],
    )


def test_what_was_rejected_stays_rejected(ana: Caller) -> None:
    procedure = ana.book()
    told = ana.post(f"{procedure}/products", DIFFERIN).json()
    number = told["n"]
    assert ana.send("PATCH", f"{procedure}/products/{number}", json={"reject": ["retinoid"]}).status_code == 200
    assert product(ana, procedure, number)["steps"] == []
    for more in ({"last_used_on": "2026-11-21"}, {"prescribed": True}, {"stopped_on": "2026-11-22"}):
        assert ana.send("PATCH", f"{procedure}/products/{number}", json=more).status_code == 200
    assert product(ana, procedure, number)["classes"] == []
    assert ana.item(procedure, "no-retinoids")["because"] == []
    ana.move(procedure, "2026-12-28")
    assert product(ana, procedure, number)["classes"] == []


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({}, ""),
        ({"confirm": ["no-such-class"]}, "/confirm"),
        ({"reject": ["no-such-class"]}, "/reject"),
        ({"confirm": ["retinoid"], "reject": ["retinoid"]}, "/reject"),
        ({"last_used_on": "2026-11-23"}, "/last_used_on"),
        ({"stopped_on": "2026-11-23"}, "/stopped_on"),
        ({"text": "Something else"}, "/text"),
        ({"prescribed": "yes"}, "/prescribed"),
    ],
)
def test_more_about_a_product_that_makes_no_sense_is_refused(ana: Caller, sent: Json, pointer: str) -> None:
    procedure = ana.book(products=[DIFFERIN])
    assert pointer in wrong(ana.send("PATCH", f"{procedure}/products/2", json=sent))
    assert ana.get(procedure).json()["version"] == 2


def test_more_about_nothing_is_not_found(ana: Caller) -> None:
    procedure = ana.book()
    assert ana.send("PATCH", f"{procedure}/products/1", json={"prescribed": True}).status_code == 404
    assert ana.send("PATCH", f"{procedure}/products/0", json={"prescribed": True}).status_code == 422


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"text": "", "kind": "skincare"}, "/text"),
        ({"text": "x" * 20_001, "kind": "skincare"}, "/text"),
        ({"text": "a\x00b", "kind": "skincare"}, "/text"),
        ({"text": "Differin", "kind": "food"}, "/kind"),
        ({"text": "Differin"}, "/kind"),
        (DIFFERIN | {"last_used_on": "2026-11-23"}, "/last_used_on"),
    ],
)
def test_a_product_that_makes_no_sense_is_refused(ana: Caller, sent: Json, pointer: str) -> None:
    procedure = ana.book()
    assert pointer in wrong(ana.post(f"{procedure}/products", sent))
    assert ana.get(procedure).json()["version"] == 1


def test_a_long_label_is_kept_whole(ana: Caller) -> None:
    """What somebody pastes is kept as pasted, so that it can be read again when the lexicon knows more."""
    procedure = ana.book()
    text = "Aqua, Glycerin, " + ", ".join(f"Extract Number {n}" for n in range(200)) + ", Glycolic Acid"
    number = name(ana, procedure, {"text": text, "kind": "skincare"})
    assert product(ana, procedure, number)["text"] == text
    assert level(ana, procedure) in {"waiting", "on-track"}


def test_systems_name_products_and_do_not_decide(house: House, cleo: Caller) -> None:
    procedure = cleo.book()
    portal = key_for(house, "integration", "portal", "procedures:write")
    number = name(portal, procedure, WARFARIN)
    body = {"decision": "continue", "note": ""}
    for other in (portal, house.person("Ana"), house.person("Ada")):
        refused = other.post(f"{procedure}/products/{number}/decision", body, If_Match='"2"')
        assert refused.status_code == 403
    assert product(cleo, procedure, number)["decision"] is None


def test_text_that_is_no_name_at_all_never_harms(ana: Caller) -> None:
    procedure = ana.book()
    for text in ("😀" * 50, "\u202eecnegni", "a\u200bd\u200bapalene", "ретинол", "."):
        answer = ana.post(f"{procedure}/products", {"text": text, "kind": "skincare"})
        assert answer.status_code in {201, 422}, text
    assert "safe" not in ana.get(f"{procedure}/products").text
