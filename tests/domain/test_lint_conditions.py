"""Whether conditions can hold together: the search agrees with trying every answer there is."""

from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from prep_tracker.domain.lexicon import ClassIn, Lexicon
from prep_tracker.domain.lint_conditions import MOST_ANSWERS, Possible
from prep_tracker.domain.protocol import Fact
from prep_tracker.domain.terms import When

FACTS = {
    "sores": Fact(id="sores", type="yes-no", ask={"en": "?"}),
    "area": Fact(id="area", type="one-of", options=("face", "neck", "hand"), ask={"en": "?"}),
    "skin": Fact(id="skin", type="many-of", options=("dry", "oily"), ask={"en": "?"}),
    "age": Fact(id="age", type="number", ask={"en": "?"}),
}
LEXICON = Lexicon(
    {
        name: ClassIn.model_validate({"id": name, "title": name, "source": "S", "kind_of": wider})
        for name, wider in {"retinoid": [], "tretinoin": ["retinoid"]}.items()
    }
)
# Every answer that matters: each option, each set of options, and an age that no condition names.
ANSWERS: dict[str, list[Any]] = {
    "sores": [True, False],
    "area": ["face", "neck", "hand"],
    "skin": [(), ("dry",), ("oily",), ("dry", "oily")],
    "age": [17, 18, 99],
    "used": [(), ("retinoid",), ("retinoid", "tretinoin")],
    "start": ["00:00", "09:59", "10:00", "11:00"],
}
ATOMS: list[dict[str, Any]] = [
    {"fact": "sores", "is": True},
    {"fact": "sores", "in": [False]},
    {"fact": "area", "in": ["face", "neck"]},
    {"fact": "area", "is": "hand"},
    {"fact": "skin", "is": "dry"},
    {"fact": "skin", "in": ["dry", "oily"]},
    {"fact": "age", "is": 17},
    {"fact": "age", "in": [17, 18]},
    {"uses": "retinoid"},
    {"uses": "tretinoin"},
    {"starts": {"before": "10:00"}},
    {"starts": {"from": "10:00"}},
    {"starts": {"before": "11:00"}},
    {"starts": {"from": "09:59"}},
]
WHENS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.builds(lambda part: {"not": part}, inner),
        st.dictionaries(
            st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3), min_size=1, max_size=1
        ),
    ),
    max_leaves=8,
)


def holds(when: dict[str, Any], answers: dict[str, Any]) -> bool:
    """Judge a condition the plain way, when everything is known."""
    ((form, inner), *rest) = when.items()
    match form:
        case "all":
            return all(holds(part, answers) for part in inner)
        case "any":
            return any(holds(part, answers) for part in inner)
        case "not":
            return not holds(inner, answers)
        case "uses":
            return inner in answers["used"]
        case "starts":
            before = inner.get("before")
            return bool(answers["start"] < before if before else answers["start"] >= inner["from"])
    wanted = rest[0][1] if rest[0][0] == "in" else [rest[0][1]]
    given_answer = answers[inner]
    return any(value in wanted for value in (given_answer if isinstance(given_answer, tuple) else (given_answer,)))


@given(WHENS, WHENS)
def test_the_search_agrees_with_trying_everything(one: dict[str, Any], other: dict[str, Any]) -> None:
    tried = any(
        holds(one, answers) and holds(other, answers)
        for answers in (dict(zip(ANSWERS, values, strict=True)) for values in product(*ANSWERS.values()))
    )
    assert Possible(FACTS, LEXICON).together(When.model_validate(one), When.model_validate(other)) is tried


def test_a_missing_condition_always_holds() -> None:
    assert Possible(FACTS, LEXICON).together(None, None)


def test_a_condition_too_large_to_try_counts_as_possible() -> None:
    """Rather one finding too many than minutes of search; the limits hold whatever is written."""
    contradictory = [{"fact": "sores", "is": True}, {"fact": "sores", "is": False}]
    many = [{"any": [{"fact": f"f{n}", "is": True}, {"fact": f"g{n}", "is": True}]} for n in range(3 * MOST_ANSWERS)]
    small, large = ({"all": [*parts, *contradictory]} for parts in ([], many))
    possible = Possible(FACTS, LEXICON)
    assert not possible.together(When.model_validate(small))
    assert possible.together(When.model_validate(large))


def test_a_condition_on_very_many_facts_does_not_run_out_of_stack() -> None:
    many = {"all": [{"fact": f"f{n}", "is": True} for n in range(450)]}
    assert Possible(FACTS, LEXICON).together(When.model_validate(many))
