"""Begin a protocol, and say what changed between two."""

from __future__ import annotations

import re
from typing import Any

from prep_tracker import catalog
from prep_tracker.catalog.speaking import words
from prep_tracker.cli.out import RefusedError, say, say_json
from prep_tracker.cli.planning import load_rules
from prep_tracker.domain.differences import TEXTS, Difference, differences

SCHEMA = "protocol.schema.json"
HEADER = f"""\
# yaml-language-server: $schema={SCHEMA}
# With that line an editor completes and checks while you write. Make the schema beside this file:
#   prep-tracker protocol schema > {SCHEMA}
# Check this file with prep-tracker protocol lint, and look at it with prep-tracker protocol try.
"""
TEMPLATE = """\
protocol: {slug}
title: {title}
steps:
  - id: no-sun
    kind: avoid
    of: [sun, tanning-bed]
    days_before: 14          # clear days before the procedure; 28 days before and a floor: floor_days
    severity: blocking       # blocking, clinician or advisory
    title: No sun and no tanning beds
    detail: >-
      Say what counts, and what to do instead.
    source: Your own sheet, and its date

  - id: ride-home
    kind: do
    due: {{days: -3}}          # three days before the procedure
    severity: clinician
    title: Arrange a ride home
    source: Your own sheet, and its date

  - id: sunscreen
    kind: daily
    from: {{days: 1}}          # the day after the procedure
    to: {{days: 28}}
    times: [morning]
    severity: advisory
    title: Sunscreen every morning
    source: Your own sheet, and its date

examples:
  - title: In the sun ten days before
    on: 2026-12-18
    booked: 2026-11-22
    as_of: 2026-12-08
    said:
      - {{exposed: sun, on: 2026-12-08}}
    expect:
      standing: blocked
      opens: {{no-sun: 2026-12-04}}
"""
"""What a protocol needs and no more; the linter finds nothing in it."""
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_SLUG = 64


def show_template(slug: str, begin_with: str | None, *, as_json: bool) -> None:
    """Print a protocol of this name to begin with: a short one, or a copy of one that ships."""
    if not _SLUG.fullmatch(slug) or len(slug) > _LONGEST_SLUG:
        msg = f"SLUG {slug[:_LONGEST_SLUG]}: write small letters, digits and single hyphens, for example our-peel."
        raise RefusedError(msg)
    text = HEADER + (_short(slug) if begin_with is None else _copy(slug, begin_with))
    if as_json:
        say_json({"protocol": slug, "from": begin_with, "schema": SCHEMA, "text": text})
        return
    say(text.rstrip("\n"))


def show_differences(old: str, new: str, language: str, *, as_json: bool) -> None:
    """Print what changed, one sentence a step: as the JSON object of the API, or for people."""
    if language not in catalog.languages():
        raise RefusedError(f"--lang {language}: there are texts in {', '.join(catalog.languages())}.")
    before, after = load_rules(old).protocol, load_rules(new).protocol
    spoken = words(language)
    found = [(one, spoken.say(one.phrase)) for one in differences(before, after)]
    if as_json:
        say_json({"protocol": after.protocol, "from": old, "to": new, "steps": [_step(*one) for one in found]})
        return
    for one, sentence in found:
        say(f"{one.step}: {sentence}")
        rules = [field for field in one.fields if field[0] not in TEXTS]
        for field, was, is_now in rules:
            say(f"  {field}: {_value(was)} → {_value(is_now)}")
        if rules and len(rules) < len(one.fields):
            say("  its words changed as well")
    if not found:
        say("No step differs.")


def _short(slug: str) -> str:
    return TEMPLATE.format(slug=slug, title=slug.replace("-", " ").capitalize())


def _copy(slug: str, built_in: str) -> str:
    """Copy a built-in protocol under another name; its texts, sources and comments stay."""
    try:
        text = catalog.source(built_in)
    except catalog.UnknownProtocolError as error:
        raise RefusedError(f"--from: {error} Write one of {', '.join(catalog.slugs())}.") from None
    return re.sub(r"(?m)^protocol: *\S+", f"protocol: {slug}", text, count=1)


def _step(one: Difference, sentence: str) -> dict[str, Any]:
    return {
        "step": one.step,
        "change": one.kind,
        "sentence": sentence,
        "only_texts": one.only_texts,
        "fields": [{"field": field, "from": was, "to": is_now} for field, was, is_now in one.fields],
    }


def _value(value: object) -> str:
    """Write a field as it stands in a protocol; what was not there is a dash."""
    match value:
        case None:
            return "-"
        case bool():
            return str(value).lower()
        case dict():
            return f"{{{', '.join(f'{key}: {_value(one)}' for key, one in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(_value(one) for one in value)}]"
        case _:
            return str(value)
