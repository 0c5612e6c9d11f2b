"""Make up protocols: steps of all six kinds and all severities that a linter would let pass."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from prep_tracker.domain.lexicon import ClassIn, Lexicon
from prep_tracker.domain.protocol import Protocol

BOOK: dict[str, dict[str, Any]] = {
    "sun": {},
    "sunburn": {"kind_of": ["sun"]},
    "tanning-bed": {},
    "aha": {},
    "retinoid": {},
    "tretinoin": {"kind_of": ["retinoid"], "medicine": True, "route": "topical"},
    "isotretinoin-oral": {"medicine": True, "route": "systemic"},
    "bleeding-risk": {},  # an umbrella that is no medicine itself, over what is one and what is not
    "fish-oil": {"kind_of": ["bleeding-risk"]},
    "warfarin": {"kind_of": ["bleeding-risk"], "medicine": True, "route": "systemic"},
    "nsaid": {"kind_of": ["bleeding-risk"], "medicine": True, "route": "systemic"},
}
LEXICON = Lexicon(
    {
        name: ClassIn.model_validate({"id": name, "title": name, "source": "made up"} | facts)
        for name, facts in BOOK.items()
    }
)
FACTS = (
    {"id": "cold-sores", "type": "yes-no", "ask": "Cold sores?"},
    {"id": "area", "type": "one-of", "options": ["face", "mouth", "neck"], "ask": "Area?"},
    {"id": "skin", "type": "many-of", "options": ["dry", "oily", "burnt"], "ask": "Skin?"},
)


def one_in(draw: st.DrawFn, count: int) -> bool:
    """Say yes once in ``count`` times, and no when shrinking."""
    return draw(st.integers(0, count - 1)) == count - 1


SEVERITY = st.sampled_from(["blocking", "clinician", "blocking", "advisory"])
NARROWER = {
    "sun": ["sunburn"],
    "retinoid": ["tretinoin"],
    "bleeding-risk": ["fish-oil", "warfarin", "nsaid"],
}
"""What people say that they used, where a step names the wider class."""
CLASSES = st.lists(
    st.sampled_from(
        ["sun", "tanning-bed", "aha", "retinoid", "tretinoin", "isotretinoin-oral", "nsaid", "bleeding-risk"]
    ),
    min_size=1,
    max_size=2,
    unique=True,
)


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    """Make a condition over facts, products and the time of day."""
    form = draw(
        st.sampled_from(["fact", "fact", "in", "many", "uses", "starts", "all", "any", "not"][: 9 if depth else 6])
    )
    match form:
        case "fact":
            return {"fact": "cold-sores", "is": draw(st.booleans())}
        case "in":
            return {"fact": "area", "in": draw(st.lists(st.sampled_from(["face", "mouth"]), min_size=1, unique=True))}
        case "many":
            return {"fact": "skin", "is": draw(st.sampled_from(["dry", "oily"]))}
        case "uses":
            return {"uses": draw(st.sampled_from(["nsaid", "retinoid", "bleeding-risk"]))}
        case "starts":
            return {"starts": {draw(st.sampled_from(["before", "from"])): "10:00"}}
        case "not":
            return {"not": draw(conditions(depth - 1))}
        case _:
            return {form: draw(st.lists(conditions(depth - 1), min_size=1, max_size=2))}


def point(draw: st.DrawFn, first: int, last: int, *, events: bool = False, after: bool = False) -> dict[str, Any]:
    """Make a point that lies between two offsets in days; business days and months stay on their side of D."""
    forms = ["days", "days", "days", "business_days", "months", "hours"]
    if events:
        forms += ["event", *(["done"] if after else [])]
    match draw(st.sampled_from(forms)):
        case "business_days" if -10 <= last < 0:
            return {"business_days": draw(st.integers(max(first, -10), last))}
        case "business_days" if first >= 1:
            return {"business_days": draw(st.integers(first, min(last, 10)))}
        case "months" if first <= -31 and last >= -60:
            return {"months": draw(st.integers(-2, -1))} if last >= -31 and last > -28 else {"months": -2}
        case "hours" if first <= 0 <= last:
            return {"hours": draw(st.sampled_from([-30, -2, 0]))}
        case "event":
            return {"event": draw(st.sampled_from(["healed", "tablets"])), "days": draw(st.integers(-2, 4))}
        case "done":
            return {"done": "s0", "days": draw(st.integers(-2, 4))}
        case _:
            return {"days": draw(st.integers(first, last))}


@st.composite
def steps(draw: st.DrawFn, name: str, kinds: tuple[str, ...]) -> dict[str, Any]:  # noqa: C901, PLR0912, PLR0915 - a flat case a kind
    """Make one step that a linter would let pass."""
    kind = draw(st.sampled_from(kinds))
    step: dict[str, Any] = {"id": name, "kind": kind, "title": name, "source": "made up", "severity": draw(SEVERITY)}
    if one_in(draw, 4):
        step["when"] = draw(conditions())
    match kind:
        case "avoid":
            step["of"] = draw(CLASSES)
            form = draw(st.sampled_from(["days"] * 6 + ["months", "from", "after"]))
            if form == "days":
                ask = draw(st.integers(1, 30))
                step["days_before"] = ask
                if draw(st.booleans()):
                    step["floor_days"] = draw(st.integers(0, ask))
            elif form == "months":
                step["days_before"] = {"months": draw(st.integers(1, 6))}
                if draw(st.booleans()):
                    step["floor_days"] = draw(st.sampled_from([{"months": 1}, 14, 0]))
            elif form == "from":
                step["from"] = {"days": draw(st.integers(-3, 0))}
                # From a time of the procedure day on, no whole day is left to be clear.
                if step["from"]["days"] < 0 and draw(st.booleans()):
                    step["from"]["time"] = "22:00"
            if form == "after" or one_in(draw, 4):
                if one_in(draw, 3):
                    step["until"] = draw(st.sampled_from(["healed", "tablets", "told"]))
                else:
                    step["days_after"] = draw(st.sampled_from([1, 3, 7, {"months": 1}]))
            if "days_before" in step and "sun" in step["of"] and draw(st.booleans()):
                step["longer"] = {"sunburn": draw(st.sampled_from([10, 28, {"months": 1}]))}
            if "days_before" in step and "retinoid" in step["of"] and draw(st.booleans()):
                step.setdefault("longer", {})["tretinoin"] = draw(st.sampled_from([10, 28, {"months": 1}]))
            elif "retinoid" in step["of"] and draw(st.booleans()):
                step["except"] = ["tretinoin"]
            elif "bleeding-risk" in step["of"] and one_in(draw, 3):
                step["except"] = [draw(st.sampled_from(["nsaid", "fish-oil"]))]
            if one_in(draw, 3):
                step["prescribed"] = draw(st.sampled_from(["review", "wait", "stop"]))
        case "do":
            step["by"] = draw(st.sampled_from(["patient", "staff", "clinician"]))
            lead = draw(st.sampled_from([None, None, 0, 1, 3]))
            if lead is not None:
                step["lead_days"] = lead
            if draw(st.booleans()):
                step["due"] = point(draw, -20, -(lead or 0), events=lead is None, after=name != "s0")
                if lead is None and one_in(draw, 4):
                    step["due"] = {"days": draw(st.integers(1, 9))}
            latest = step.get("due", {"days": -max(1, lead or 0)})
            if one_in(draw, 3):
                step["opens"] = {"days": draw(st.integers(-75, -62))}
                if set(latest) == {"days"}:
                    step["opens"] = {"days": draw(st.integers(latest["days"] - 10, latest["days"]))}
            if one_in(draw, 3):
                step["valid_days"] = draw(st.integers((lead or 0) + 1, 40))
        case "daily":
            early = draw(st.integers(-20, 0))
            if draw(st.booleans()):
                step["from"] = point(draw, early, early)
            ends = draw(st.sampled_from(["to", "to", "healed", "told"]))
            if ends == "to":
                step["to"] = {"days": draw(st.integers(early, 8))}
            else:
                step["until"] = ends
            if one_in(draw, 3):
                size = draw(st.integers(1, 10))
                step["at_least"] = {"of_last": size, "kept": draw(st.integers(1, size))}
            elif one_in(draw, 3):
                step["start_by"] = {"days": draw(st.integers(early, min(0, step.get("to", {"days": 0})["days"])))}
            if one_in(draw, 3):
                step["of"] = draw(CLASSES)
        case "gate":
            step |= {"ask": "?", "safe": draw(st.booleans()), "once": draw(st.booleans())}
            if draw(st.booleans()):
                step["opens"] = point(draw, -10, 0)
        case "review":
            step["of"] = draw(CLASSES)
            if "when" in step and draw(st.booleans()):
                del step["of"]
            if draw(st.booleans()):
                step["due"] = point(draw, -20, -1)
            if one_in(draw, 3):
                step["valid_days"] = draw(st.integers(5, 40))
        case _:
            if draw(st.booleans()):
                step["at"] = point(draw, -10, 2)
            if draw(st.booleans()):
                step["to"] = {"days": draw(st.integers(2, 8))}
            step["confirm"] = draw(st.booleans())
            if draw(st.booleans()):
                del step["severity"]
    return step


ALL = ("avoid", "do", "daily", "gate", "review", "note")


@st.composite
def protocols(draw: st.DrawFn, kinds: tuple[str, ...] = (*ALL, "avoid", "do"), most: int = 4) -> Protocol:
    """Make a protocol of a few steps."""
    count = draw(st.integers(1, most))
    return Protocol.model_validate(
        {
            "protocol": "made-up",
            "title": "Made up",
            "facts": FACTS,
            "events": [{"id": "tablets", "ask": "?"}],
            "clearance": "required" if one_in(draw, 6) else "none",
            "clearance_due": {"days": draw(st.integers(-3, 0))},
            "steps": [draw(steps(f"s{i}", kinds)) for i in range(count)],
        }
    )
