"""Read what stands around a name: a polymer, another word, a form that says how a medicine is used."""

from __future__ import annotations

from prep_tracker.domain.lexicon import Route
from prep_tracker.domain.matching_text import COLON, HARD, HYPHEN, NEWLINE, PAREN, PERCENT, SLASH, TERM, Words, bag

_CLOSE = 8
"""Words. What says more about a name stands as near as this."""
_POLYMERS = bag(
    "copolymer copolymers crosspolymer polymer polymers terpolymer ester esters bacillus bacteria bacterium ferment "
    "ferments binding dehydrogenase peptide polypeptide"
)
_DERIVED = bag(
    "poly acetyl ethyl methyl propyl butyl amyl hexyl octyl lauryl myristyl cetyl stearyl isostearyl menthyl phenyl "
    "phenylethyl tert amino methoxy glyceryl polyglyceryl dehydro sulfo nitro chloro thio"
)
_TOPICAL = bag(
    "cream creams creme gel gels lotion lotions ointment serum serums foam wash cleanser toner shampoo spray pads pad "
    "wipes wipe mask moisturizer moisturiser topical topically emulsion solution swab pommade crema locion pomada "
    "unguento salbe lozione schiuma mousse schaum tube pump face skin apply applied cutanea cutanee haut"
)
_SYSTEMIC = bag(
    "tablet tablets tab tabs capsule capsules cap caps pill pills oral orally mouth softgel softgels mg po injection "
    "injected infusion iv suppository comprime comprimes gelule gelules comprimido comprimidos capsula capsulas "
    "pastilla pastillas tablette tabletten kapsel kapseln compressa compresse capsule inyeccion iniezione spritze "
    "dose daily bid swallow"
)
_WEAK_SYSTEMIC = frozenset({"daily", "dose", "bid"})
_FORMS = _TOPICAL | _SYSTEMIC
SMALL = (
    _TOPICAL
    | _SYSTEMIC
    | bag(
        "i my me we take taking takes took use using used uses am on the a an and or with for of to in at per as every "
        "day days night nightly morning evening week weeks weekly month once twice three times since last ago now also "
        "prescribed prescription strength low high extra mild new old product products medicine medicines meds "
        "medication ug mcg g ml iu units unit percent x n s t y et und e o con por para tomo uso cada dia noche je "
        "prends utilise par jour ich nehme benutze tag taglich uso prendo al giorno is it yes no not none was been "
        "have had about only some any this that from by oil size travel skincare treatment daily acne anti aging"
    )
)
"""Words that say how, when and how much, and name nothing."""
_PREPOSITIONS = frozenset({"in", "of", "from", "with", "to", "by", "for", "con", "para", "de"})
"""Beside these a word is told about, not listed."""
_LABEL = bag(
    "aqua glycerin glycerine glycerol phenoxyethanol parfum fragrance dimethicone tocopherol tocopheryl xanthan "
    "carbomer edta inci ingredients ingredient ingredientes ingredienti petrolatum paraffinum denat propanediol "
    "cetearyl cetyl stearyl glyceryl butylene propylene caprylic triglyceride squalane hyaluronate allantoin "
    "methylparaben ethylhexylglycerin panthenol sorbate benzoate limonene linalool eau leaf peg laureth"
)

_SKINCARE = bag(
    "jojoba simmondsia beeswax alba cera shea butyrospermum lanolin balm lip candelilla carnauba argan squalane "
    "retinyl tocopheryl glycerin petrolatum dimethicone"
)
"""What is seldom swallowed. Two of these make a short list one of skincare."""
_SKINCARE_TOGETHER = (bag("white tea extract"),)


def is_label(words: Words) -> bool:
    """Say whether the text looks like a list of ingredients: two of the words that only these have."""
    return len(_LABEL.intersection(words.words)) > 1


def is_skincare(words: Words) -> bool:
    """Say whether a shorter list is one of oils and waxes for the skin, and names no dose or form to swallow.

    Less sure than ``is_label``: ask whether a medicine stands beside it.
    """
    named = set(words.words)
    return named.isdisjoint(_SYSTEMIC) and (
        len(_SKINCARE.intersection(named)) > 1 or any(some <= named for some in _SKINCARE_TOGETHER)
    )


def is_other_substance(words: Words, first: int, last: int) -> bool:
    """Say whether the words are only a part of a polymer, an ester or another derivative."""
    list_, gaps = words.words, words.gaps
    n = len(list_)
    after = last + 1
    if after < n and gaps[after] < HARD and list_[after] in _POLYMERS:
        return True
    if _is_within_polymer(words, first):
        return True
    if first and gaps[first] < NEWLINE + 1 and list_[first - 1] in _DERIVED:
        return True
    if first and gaps[first] == HYPHEN and list_[first - 1] in _DERIVED:
        return True
    if (after < n and gaps[after] == SLASH) or (first and gaps[first] == SLASH):
        for i in range(after, min(after + _CLOSE, n)):
            if gaps[i] >= HARD:
                break
            if list_[i] in {"copolymer", "crosspolymer", "polymer"}:
                return True
    return False


def _is_within_polymer(words: Words, first: int) -> bool:
    """Say whether "copolymer of" stands before the words."""
    for i in range(first - 1, max(0, first - _CLOSE), -1):
        if words.gaps[i + 1] >= HARD:
            return False
        if words.words[i] == "of" and words.words[i - 1] in {"copolymer", "copolymers", "polymer", "polymers"}:
            return words.gaps[i] < HARD
    return False


def route(words: Words, first: int, last: int) -> Route | None:
    """Tell from the form and strength near a medicine's name how it is used; None when nothing says it."""
    start, end = _line(words, first, last)
    near = set(words.words[start : end + 1])
    by_percent = any(words.gaps[i] == PERCENT for i in range(last + 1, min(end + 2, len(words.words)))) or (
        "%" in words.plain[words.ends[last] : words.ends[min(last + 2, end)] + 2]
    )
    if near & (_SYSTEMIC - _WEAK_SYSTEMIC) and not near & {"cream", "gel", "ointment", "lotion", "topical"}:
        return "systemic"
    if near & _TOPICAL or by_percent:
        return "topical"
    return "systemic" if near & _WEAK_SYSTEMIC else None


def _line(words: Words, first: int, last: int) -> tuple[int, int]:
    """Give the first and last word of what is said about one medicine: its line, or its part between commas."""
    start, end = first, last
    while start > max(0, first - _CLOSE) and words.gaps[start] < HARD and words.gaps[start] != NEWLINE:
        start -= 1
    n = len(words.words)
    while end + 1 < min(n, last + _CLOSE) and words.gaps[end + 1] != NEWLINE:
        gap = words.gaps[end + 1]
        word = words.words[end + 1]
        goes_on = gap < HARD or gap in {PERCENT, COLON} or word.isdigit()
        if not goes_on and not (gap == TERM and word in _FORMS):
            break
        end += 1
    return start, end


def is_alone(words: Words, first: int, last: int) -> bool:
    """Say whether the words are a whole ingredient, or a whole product but for its form, strength and small words."""
    list_, gaps = words.words, words.gaps
    after = last + 1
    return (first == 0 or _ends(gaps[first]) or _is_small(list_[first - 1])) and (
        after == len(list_) or _ends(gaps[after]) or gaps[after] == PAREN or _is_small(list_[after])
    )


def is_gloss(words: Words, first: int, last: int) -> bool:
    """Say whether the words explain what stands before them, or are explained by what follows in parentheses."""
    before = words.plain[words.ends[first - 1] : words.starts[first]] if first else ""
    after = words.plain[words.ends[last] : words.starts[last + 1]] if last + 1 < len(words.words) else ""
    return "(" in before or "[" in before or "(" in after or "[" in after


def _ends(gap: int) -> bool:
    return gap >= HARD or gap in {NEWLINE, SLASH}


def _is_small(word: str) -> bool:
    return word.isdigit() or (word in SMALL and word not in _PREPOSITIONS)
