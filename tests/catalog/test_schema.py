"""The published schema is the language: what the one takes the other takes, and nothing makes either fall over."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from prep_tracker.catalog import check_protocol, json_schema, lexicon, read, slugs, source
from prep_tracker.domain.protocol import Protocol

VALIDATOR = jsonschema.Draft202012Validator(json_schema())
FULL: dict[str, Any] = read("""
protocol: p
title: {en: P, es: P}
clearance: required
clearance_due: {business_days: -1}
facts:
  - {id: area, type: one-of, options: [face, neck], by: staff, ask: Where?}
  - {id: sores, type: yes-no, ask: Sores?}
events:
  - {id: tablets, ask: When?}
steps:
  - {id: no-sun, kind: avoid, title: T, source: S, severity: blocking, of: [sun], except: [tan], days_before: 42,
     floor_days: {months: 1}, longer: {sunburn: 42}, days_after: 7,
     when: {any: [{fact: sores, is: true}, {not: {fact: area, in: [face]}}, {uses: retinoid}]}}
  - {id: task, kind: do, title: T, source: S, severity: clinician, due: {days: -7, time: "18:00"}, opens: {months: -1},
     lead_days: 3, valid_days: 30, assumed: A}
  - {id: cream, kind: daily, title: T, source: S, severity: advisory, from: {done: task, days: 1}, to: {hours: -2},
     times: [morning, "18:00"], at_least: {of_last: 14, kept: 11}, start_by: {days: -12}, of: [retinoid], again: Often}
  - {id: ointment, kind: daily, title: T, source: S, severity: advisory, until: tablets}
  - {id: fever, kind: gate, title: T, source: S, severity: blocking, ask: Fever?, safe: false}
  - {id: pills, kind: review, title: T, source: S, severity: clinician, of: [medicine]}
  - {id: leaflet, kind: note, title: T, source: S, at: {event: healed}, when: {starts: {before: "10:00"}}}
examples:
  - {title: E, on: 2026-12-18, at: "09:00", booked: 2026-11-22, as_of: 2026-12-10,
     said: [{day: 2026-12-01, exposed: sun, kind: sunburn, on: 2026-11-30, answers: {sores: true, area: face}},
            {since: {no-sun: 2026-12-01}, done: {task: 2026-12-02}, kept: {cream: [2026-12-03]}, safe: [fever],
             understood: [leaflet], product: [nsaid], prescribed: true, last_used: 2026-12-01,
             events: {tablets: 2026-12-05}},
            {unsafe: [fever], opened: [fever], waived: [no-sun], no_more_products: true, moved_to: 2026-12-22}],
     expect: {standing: blocked, states: {no-sun: short}, opens: {no-sun: 2026-11-10}, closes: {no-sun: 2026-12-29},
              earliest_safe_on: 2027-01-12}}
""").data


def test_the_published_schema_is_the_language() -> None:
    """Make it again with: prep-tracker protocol schema > docs/protocol.schema.json."""
    written = (Path(__file__).parents[2] / "docs" / "protocol.schema.json").read_text(encoding="utf-8")
    assert written == json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_the_protocol_that_is_spoilt_below_has_no_fault_itself() -> None:
    checked, found = check_protocol(FULL, lexicon())
    assert checked is not None
    assert [one.message for one in found if one.level == "fault"] == []


@pytest.mark.parametrize("slug", slugs())
def test_what_ships_fits_the_schema(slug: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(read(source(slug)).data)] == []


@pytest.mark.parametrize(
    ("step", "change"),
    [
        (0, {"days_befor": 3}),
        (0, {"source": None}),
        (0, {"kind": "aviod"}),
        (0, {"of": []}),
        (0, {"floor_days": "14"}),
        (1, {"due": -7}),
        (1, {"due": {"days": "-7"}}),
        (1, {"due": {"days": -7, "time": "9:30"}}),
        (1, {"lead_days": 1.5}),
        (4, {"safe": "no"}),
    ],
)
def test_the_schema_finds_a_slip_of_the_pen(step: int, change: dict[str, Any]) -> None:
    data = deepcopy(FULL)
    assert VALIDATOR.is_valid(data)
    data["steps"][step] |= change
    assert not VALIDATOR.is_valid(data)
    assert check_protocol(data, lexicon())[0] is None


KEYS = sorted({str(key) for one in (FULL, *FULL["steps"], *FULL["facts"]) for key in one})
WORDS = st.one_of(
    st.sampled_from(
        [*KEYS, "sun", "no-sun", "task", "healed", "told", "true", "2026-12-18", "en", "morning", "face", ""]
    ),
    st.text(max_size=5),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-40, 40), st.integers(), st.floats(), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=6,
)


def places(data: object) -> list[tuple[Any, Any]]:
    """List every container of the data with each of its keys or numbers."""
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place for key, value in inside for place in [(data, key), *places(value)]]


@st.composite
def nearly(draw: st.DrawFn) -> dict[str, Any]:
    """Make a protocol in which a few values were changed, taken away or moved to another place."""
    data = deepcopy(FULL)
    for _ in range(draw(st.integers(1, 4))):
        holder, key = draw(st.sampled_from(places(data)))
        other_holder, other_key = draw(st.sampled_from(places(data)))
        match draw(st.sampled_from(["change", "remove", "copy", "add"])):
            case "change":
                holder[key] = draw(VALUES)
            case "remove":
                del holder[key]
            case "copy":
                holder[key] = deepcopy(other_holder[other_key])
            case _ if isinstance(holder, dict):
                holder[draw(WORDS)] = draw(VALUES)
    return data


@given(st.one_of(nearly(), nearly(), VALUES))
def test_whatever_comes_in_there_is_an_answer(data: Any) -> None:  # noqa: ANN401 - just that
    """Either a protocol, or faults that point into what was given; never an exception, and the schema agrees."""
    checked, found = check_protocol(data, lexicon())
    assert checked is not None or found
    for one in found:
        assert (one.message.strip(), one.mend.strip(), one.code.strip()) != ("", "", "")
        inner = data
        for part in one.path[:-1]:
            inner = inner[part]
    if checked is not None:
        assert VALIDATOR.is_valid(data)
        assert Protocol.model_validate_json(checked.model_dump_json()) == checked
    else:
        with pytest.raises(ValidationError):
            Protocol.model_validate(data, by_alias=True, by_name=False)
