"""Give the words of a language, and choose the language that a caller reads best."""

from __future__ import annotations

from functools import cache, lru_cache

from prep_tracker.catalog.lexicons import lexicon
from prep_tracker.catalog.locales import languages, staff_texts, texts
from prep_tracker.catalog.words import Words

FALLBACK = "en"


@cache
def words(language: str) -> Words:
    """Give the words of a language that patients can read; another one is an ``UnknownLanguageError``.

    What only staff read is among them; where the language lacks it, the whole sentence is English.
    """
    english = None if language == FALLBACK else words(FALLBACK)
    return Words(language, {**staff_texts(language), **texts(language)}, lexicon(), english)


def choose_language(wanted: str | None, accepted: str | None) -> str:
    """Choose by an explicit wish first, then by an ``Accept-Language`` header; English when nothing fits.

    Order and quality are respected as in RFC 9110, section 12.5.4; ``nl-BE`` is content with ``nl``.
    """
    return _chosen(wanted, (accepted or "")[:500])


@lru_cache(maxsize=1024)
def _chosen(wanted: str | None, accepted: str) -> str:
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted.split(",")):
        tag, _, rest = part.strip().partition(";")
        quality = rest.strip().removeprefix("q=").strip() if rest.strip().startswith("q=") else "1"
        try:
            ranked.append((-float(quality), place, tag.strip().lower()))
        except ValueError:
            continue
    tags = [wanted.lower()] if wanted else []
    tags += [tag for negative, _, tag in sorted(ranked) if negative < 0]
    known = {language.lower(): language for language in languages()}
    for tag in tags:
        for candidate in (tag, tag.partition("-")[0]):
            if candidate in known:
                return known[candidate]
    return FALLBACK
