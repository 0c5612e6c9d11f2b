"""The protocols that ship: what each asks for, what it never says, and that every name in it is known."""

import re
from collections.abc import Iterator

import pytest

from prep_tracker.catalog import lexicon, load_protocol, protocol, read, slugs, source
from prep_tracker.domain.days import Span
from prep_tracker.domain.protocol import Avoid, Daily, Gate, Protocol, Review, Step
from prep_tracker.domain.rules import conditions
from tests.data.patient_texts import texts_in, texts_of

LANGUAGES = {"en", "es", "nl", "ar"}
TYPED = ("laser-nonablative", "laser-fractional", "laser-ablative")
GIVE_UP = re.compile(
    r"\b(stop|quit|give up|skip|leave off|do not take|don't take|come off|discontinu|withhold)"
    r"|\b(dej(e|ar|a) de|suspend|abandon|interrump|no tome|evite tomar)"
    r"|\b(stop|staak|staken|neem geen|niet (meer )?(in)?nemen|(sla|laat) (\w+ ){1,3}(over|staan|weg)\b)"
    r"|(توقف|أوقف|إيقاف|امتنع|لا تتناول|لا تأخذ|اترك|كفّوا|تخلّ)",
    re.IGNORECASE,
)


def steps(one: Protocol) -> dict[str, Step]:
    """Give the steps by their id."""
    return {step.id: step for step in one.steps}


def avoid(slug: str, step: str) -> Avoid:
    """Give one avoid step of a protocol."""
    found = steps(protocol(slug))[step]
    assert isinstance(found, Avoid)
    return found


def names_in(step: Step) -> Iterator[str]:
    """Yield every name of the lexicon that a step uses."""
    if isinstance(step, Avoid | Daily | Review):
        yield from step.of
    if isinstance(step, Avoid):
        yield from step.except_
        yield from step.longer
    for condition in conditions(step.when):
        if condition.uses:
            yield condition.uses


def about_systemic_medicines(step: Step) -> bool:
    """Say whether a step's classes hold a medicine that acts on the whole body, or the step is one to take."""
    if isinstance(step, Avoid | Review):
        known = lexicon()
        return any(known.is_systemic(name) and known.is_medicine(name) for name in known.members(step.of))
    return step.id == "antiviral"


def test_the_four_protocols_ship() -> None:
    assert set(slugs()) >= {"laser-resurfacing", *TYPED}


@pytest.mark.parametrize("slug", slugs())
def test_a_protocol_loads_without_a_fault(slug: str) -> None:
    found, findings = load_protocol(source(slug), lexicon(), f"{slug}.yaml")
    assert found is not None
    assert found.protocol == slug
    assert [str(one) for one in findings if one.finding.level == "fault"] == []


@pytest.mark.parametrize("slug", slugs())
def test_every_name_is_in_the_lexicon(slug: str) -> None:
    named = {name for step in protocol(slug).steps for name in names_in(step)}
    assert named
    assert {name for name in named if name not in lexicon()} == set()


@pytest.mark.parametrize("slug", slugs())
def test_every_text_is_there_in_every_language(slug: str) -> None:
    for text in texts_in(protocol(slug)):
        assert set(text) >= LANGUAGES, text
        assert all(words.strip() for words in text.values()), text
        assert len(set(text.values())) == len(text), text


@pytest.mark.parametrize("slug", slugs())
def test_every_step_begins_with_its_id_and_names_its_source(slug: str) -> None:
    data = read(source(slug)).data
    assert isinstance(data, dict)
    assert [next(iter(step)) for step in data["steps"]] == ["id"] * len(data["steps"])
    assert [step["id"] for step in data["steps"] if "<http" not in step["source"]] == []


@pytest.mark.parametrize("slug", slugs())
def test_no_text_about_systemic_medicines_tells_anybody_to_give_them_up(slug: str) -> None:
    watched = [step for step in protocol(slug).steps if about_systemic_medicines(step)]
    assert watched
    said = [(step.id, words) for step in watched for text in texts_of(step) for words in text.values()]
    assert [(step, words) for step, words in said if GIVE_UP.search(words)] == []


@pytest.mark.parametrize(
    "words",
    [
        *("Stop aspirin a week before.", "Skip your pills.", "Deje de tomar la aspirina.", "Suspenda la aspirina."),
        *(
            "Stop een week ervoor met aspirine.",
            "Neem geen aspirine.",
            "Laat uw tabletten staan.",
            "Niet meer innemen.",
        ),
        *("توقفوا عن الأسبرين قبل أسبوع.", "لا تتناولوا الأسبرين.", "أوقفوا الحبوب.", "امتنعوا عن الأسبرين."),
    ],
)
def test_a_text_that_does_would_be_found(words: str) -> None:
    assert GIVE_UP.search(words)


@pytest.mark.parametrize("slug", slugs())
def test_only_what_acts_on_the_skin_alone_is_stopped_when_prescribed(slug: str) -> None:
    known = lexicon()
    stopped = [step for step in protocol(slug).steps if isinstance(step, Avoid) and step.prescribed == "stop"]
    assert [step.id for step in stopped] == ["no-retinoids"]
    assert not any(known.is_systemic(name) for name in known.members(stopped[0].of))


def test_the_plain_sheet_avoids_four_things_and_no_more() -> None:
    found = {
        step.id: (step.of, step.days_before, step.severity, step.prescribed)
        for step in protocol("laser-resurfacing").steps
        if isinstance(step, Avoid)
    }
    assert found == {
        "no-sun": (("sun", "tanning-bed"), Span(14), "blocking", None),
        "no-retinoids": (("retinoid",), Span(7), "clinician", "stop"),
        "no-aha": (("aha",), Span(7), "clinician", None),
        "no-bha": (("bha",), Span(7), "clinician", None),
    }


def test_the_plain_sheet_blocks_exactly_below_what_it_asks_and_ends_on_the_day() -> None:
    for step in protocol("laser-resurfacing").steps:
        if isinstance(step, Avoid):
            assert (step.floor_days, step.days_after, step.longer, step.when) == (None, None, {}, None), step.id


def test_the_plain_sheet_reviews_medicines_two_weeks_before_and_asks_nothing_else() -> None:
    plain = protocol("laser-resurfacing")
    review = steps(plain)["medication-review"]
    assert isinstance(review, Review)
    assert review.due is not None
    assert (review.of, review.due.days, review.severity) == (("medicine",), -14, "clinician")
    assert (plain.facts, plain.clearance) == ((), "none")
    assert not any(isinstance(step, Gate) for step in plain.steps)


@pytest.mark.parametrize(
    ("slug", "sun", "after", "retinoids", "smoking", "treatments", "isotretinoin"),
    [
        ("laser-nonablative", (28, 14), 14, 5, (14, "advisory"), Span(28), "clinician"),
        ("laser-fractional", (28, 14), 28, 7, (14, "clinician"), Span(28), "clinician"),
        ("laser-ablative", (28, 14), 28, 7, (28, "clinician"), Span(0, 3), "blocking"),
    ],
)
def test_windows_follow_the_type_of_laser(
    slug: str,
    sun: tuple[int, int],
    after: int,
    retinoids: int,
    smoking: tuple[int, str],
    treatments: Span,
    isotretinoin: str,
) -> None:
    no_sun = avoid(slug, "no-sun")
    assert (no_sun.days_before, no_sun.floor_days, no_sun.days_after) == (Span(sun[0]), Span(sun[1]), Span(after))
    assert no_sun.severity == "blocking"
    assert avoid(slug, "no-retinoids").days_before == Span(retinoids)
    smoke = avoid(slug, "no-smoking")
    assert (smoke.days_before, smoke.severity) == (Span(smoking[0]), smoking[1])
    assert avoid(slug, "no-other-treatments").days_before == treatments
    look_back = avoid(slug, "isotretinoin")
    assert (look_back.days_before, look_back.prescribed) == (Span(0, 6), "wait")
    assert look_back.severity == isotretinoin


@pytest.mark.parametrize("slug", TYPED)
def test_a_sunburn_waits_at_least_as_long_as_the_ask(slug: str) -> None:
    no_sun = avoid(slug, "no-sun")
    assert no_sun.longer == {"sunburn": no_sun.days_before}


@pytest.mark.parametrize("slug", TYPED)
def test_gates_ask_again_about_what_changes_and_unsafe_is_yes(slug: str) -> None:
    gates = {step.id: step for step in protocol(slug).steps if isinstance(step, Gate)}
    assert set(gates) >= {"cold-sore-now", "tan-now", "skin-is-whole", "pregnancy"}
    assert {name for name, gate in gates.items() if gate.safe} == set()
    assert {name for name, gate in gates.items() if gate.once} <= {"raised-scars"}


def test_the_antiviral_is_for_those_at_risk() -> None:
    asked = {
        slug: {c.fact: (c.is_, c.in_) for c in conditions(steps(protocol(slug))["antiviral"].when) if c.fact}
        for slug in TYPED
    }
    assert asked == {
        "laser-nonablative": {"cold-sores": (True, None), "area": ("perioral", None)},
        "laser-fractional": {"cold-sores": (True, None), "area": (None, ("full-face", "perioral"))},
        "laser-ablative": {"cold-sores": (True, None), "area": (None, ("full-face", "perioral"))},
    }


@pytest.mark.parametrize(("slug", "last"), [("laser-nonablative", 5), ("laser-fractional", 8), ("laser-ablative", 9)])
def test_the_antiviral_starts_on_the_day_before(slug: str, last: int) -> None:
    step = steps(protocol(slug))["antiviral"]
    assert isinstance(step, Daily)
    assert step.from_ is not None
    assert step.to is not None
    assert (step.from_.days, step.to.days) == (-1, last)


@pytest.mark.parametrize("slug", TYPED)
def test_painkillers_are_reviewed_when_prescribed(slug: str) -> None:
    step = avoid(slug, "painkillers")
    assert (step.of, step.days_before, step.prescribed) == (("aspirin", "nsaid"), Span(7), "review")


@pytest.mark.parametrize("slug", TYPED)
def test_care_goes_on_for_three_months(slug: str) -> None:
    step = steps(protocol(slug))["sunscreen-after"]
    assert isinstance(step, Daily)
    assert step.to is not None
    assert step.to.months == 3


def test_only_the_ablative_laser_needs_a_clinicians_clearance() -> None:
    assert {slug for slug in slugs() if protocol(slug).clearance == "required"} == {"laser-ablative"}
