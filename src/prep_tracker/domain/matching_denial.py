"""Find what a label says it does not hold: "free of …", "ohne …", "…-free"."""

from __future__ import annotations

import re

from prep_tracker.domain.matching_text import BLANK, COLON, DOT, HARD, NEWLINE, PERCENT, SEMICOLON, Words, bag

# The first word of a denial, and what must follow it. `True` for those that reach over commas.
_DENIALS: dict[str, tuple[tuple[tuple[str, ...], bool], ...]] = {
    "free": ((("of",), True), (("from",), True)),
    "without": (((), False),),
    "formulated": ((("without",), True),),
    "made": ((("without",), True),),
    "no": ((("contiene",), True), (("contienen",), True), (("added",), False), ((), False)),
    "not": (
        (("contain",), True),
        (("containing",), True),
        (("use", "with"), True),
        (("combine", "with"), True),
        (("recommended", "with"), True),
        (("recommended", "for", "use", "with"), True),
        (("mix", "with"), True),
        (("pair", "with"), True),
        (("layer", "with"), True),
        (("a",), False),
    ),
    "doesn": ((("t", "contain"), True),),
    "don": ((("t", "use", "with"), True), (("t", "combine", "with"), True), (("t", "mix", "with"), True)),
    "contains": ((("no",), True), (("zero",), True), (("none", "of"), True)),
    "contain": ((("no",), True), (("any",), True)),
    "excludes": (((), True),),
    "excluding": (((), True),),
    "exclude": (((), True),),
    "non": ((("contiene",), True), (("contient",), True), ((), False)),
    "zero": (((), False),),
    "never": (((), False),),
    "avoid": (
        (("use", "with"), True),
        (("using", "with"), True),
        (("combining", "with"), True),
        (("mixing", "with"), True),
        ((), True),
    ),
    "instead": ((("of",), False),),
    "alternative": ((("to",), False), (("for",), False)),
    "alternatives": ((("to",), False),),
    "replacement": ((("for",), False),),
    "substitute": ((("for",), False),),
    "than": (((), False),),
    "sans": (((), False),),
    "exempt": ((("de",), True), (("d",), True)),
    "depourvu": ((("de",), True),),
    "contient": ((("pas",), True), (("ni",), True), (("aucun",), True)),
    "sin": (((), False),),
    "libre": ((("de",), True),),
    "libres": ((("de",), True),),
    "exento": ((("de",), True),),
    "ohne": (((), False),),
    "frei": ((("von",), True),),
    "kein": (((), False),),
    "keine": (((), False),),
    "keinen": (((), False),),
    "enthalt": ((("kein",), True), (("keine",), True), (("keinen",), True), (("nicht",), True)),
    "senza": (((), False),),
    "privo": ((("di",), True),),
    "priva": ((("di",), True),),
    "esente": ((("da",), True),),
    "sem": (((), False),),
    "livre": ((("de",), True),),
    "zonder": (((), False),),
    "vrij": ((("van",), True),),
}
_DENIERS = frozenset(_DENIALS)
_OR = frozenset({"or", "nor", "ou", "ni", "o", "oder", "noch", "e", "of"})
_ABSENT = bag(
    "paraben parabens parabenes parabenos parabene parabeni sulfate sulfates sulfatos sulfaten sls sles phthalate "
    "phthalates formaldehyde formaldehydes silicone silicones silikone siliconas gluten dyes dye mineral fragrances "
    "petrolatum petroleum triclosan oxybenzone colorants colorantes parfums"
)
"""What makers boast to leave out: beside these, a denial is a list."""
_RESUMES = bag(
    "but contains containing includes including featuring features with ingredients ingredient ingredientes "
    "ingredienti inhaltsstoffe inci actives active aqua eau mais pero aber ma sondern contient contiene enthalt avec "
    "con mit instead"
)
_FREE_AFTER = bag("free frei freie freies freier alternative alternatives substitute substitutes replacement like")
_FREE_ENDS = ("frei", "freie", "freies", "freier")
_ZERO_AFTER = re.compile(r"\s*[(:]?\s*0(?:[.,]0+)?\s*%(?!\s*[A-Za-z])")
"""A zero percent that belongs to what stands before it: no word follows that it could deny instead."""
_LINKS = frozenset({"and", "or", "und", "oder", "et", "y", "e"})


def denied(words: Words) -> frozenset[int]:
    """Give the words that stand within a denial such as "free of …", up to where it ends."""
    list_ = words.words
    if _DENIERS.isdisjoint(list_):
        return frozenset()
    found: set[int] = set()
    for i, word in enumerate(list_):
        if word in _DENIALS and i not in found:
            for tail, is_wide in _DENIALS[word]:
                first = i + 1 + len(tail)
                if tuple(list_[i + 1 : first]) == tail:
                    found.update(_reach(words, first, is_wide=is_wide))
                    break
    return frozenset(found)


def _reach(words: Words, first: int, *, is_wide: bool) -> range:
    """Follow a denial from its first word to the end of the sentence, or, if it is narrow, of the ingredient."""
    list_, gaps = words.words, words.gaps
    if first >= len(list_) or list_[first].isdigit():
        return range(0)
    if gaps[first] == COLON:
        is_wide = True
    elif gaps[first] in {DOT, BLANK, SEMICOLON}:
        return range(0)
    end = comma = first
    for end in range(first, len(list_)):
        gap = gaps[end]
        if end > first:
            if gap in {DOT, BLANK, COLON, SEMICOLON}:
                break
            if gap == NEWLINE and not _goes_on(words, end):
                break
            if list_[end] in _RESUMES:
                break
            if list_[end] == "water" and gap >= HARD:
                break
        if gap >= HARD and comma == first and end > first:
            comma = end
    else:
        end = len(list_)
    if not is_wide and comma > first:
        rest = list_[first:end]
        is_wide = not _OR.isdisjoint(rest[comma - first :]) or not _ABSENT.isdisjoint(rest)
        if not is_wide:
            return range(first, comma)
    return range(first, end)


def _goes_on(words: Words, i: int) -> bool:
    """Say whether the line before word i breaks within a list, not at its end."""
    return words.plain[words.ends[i - 1] : words.starts[i]].lstrip().startswith((",", "and", "or")) or (
        words.words[i - 1] in _OR or words.words[i - 1] in _LINKS or words.plain[words.starts[i]].islower()
    )


def is_denied_after(words: Words, first: int, last: int) -> bool:
    """Say whether "-free" or "alternative" follows the words, or a zero percent stands beside them."""
    list_, gaps = words.words, words.gaps
    n = len(list_)
    after = last + 1
    if after < n and gaps[after] < HARD:
        if list_[after] in _FREE_AFTER:
            return not (after + 1 < n and list_[after] == "free" and list_[after + 1] in {"of", "from"})
        if words.plain[words.ends[last] : words.starts[after]].startswith("-") and list_[after] in _LINKS:
            # German writes the last of them in one: "Paraben-, Retinol- und Parfümfrei".
            return any(word in _FREE_AFTER or word.endswith(_FREE_ENDS) for word in list_[after + 1 : after + 4])
    if _ZERO_AFTER.match(words.plain, words.ends[last]):
        return True
    if first and gaps[first] == PERCENT and list_[first - 1] == "0":
        return first == 1 or words.plain[words.starts[first - 1] - 1] not in ".,"
    return False
