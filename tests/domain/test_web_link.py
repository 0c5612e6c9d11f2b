"""Where a clinic sends its patients is a web address that they can open safely; else a sentence says what to send."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep_tracker.domain.web_link import LONGEST, PATTERN, fault_of_link
from tests.domain.strategies import QUICK

GOOD = (
    "https://portal.clinic.example",
    "https://portal.clinic.example/",
    "https://portal.clinic.example:8443/my-list?from=mail#/today",
    "https://xn--klnik-kva.example/%C3%A1",
    f"https://portal.example/{'x' * (LONGEST - 23)}",
)


@pytest.mark.parametrize("url", GOOD)
def test_an_https_address_will_do(url: str) -> None:
    assert fault_of_link(url) is None
    assert re.search(PATTERN, url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"https://portal.example/{'x' * (LONGEST - 22)}", "at most 500"),
        ("http://portal.example/", "begins with https://"),
        ("javascript:alert(1)", "begins with https://"),
        ("portal.example", "begins with https://"),
        ("HTTPS://portal.example", "begins with https://"),
        ("", "begins with https://"),
        ("https://portal.example/my list", "without spaces"),
        ("https://portal.example/\n", "without spaces"),
        ("https://klínik.example/", "in ASCII"),
        ("https://pia:secret@portal.example/", "without a user name"),
        ("https://", "name of a host"),
        ("https:///list", "name of a host"),
        ("https://.example/", "name of a host"),
        ("https://-x.example/", "name of a host"),
        ("https://portal.example:0/", "name of a host"),
        ("https://portal.example:65536/", "name of a host"),
        ("https://[::1]/", "name of a host"),
        ('https://portal.example/"><script>', "name of a host"),
    ],
)
def test_what_patients_could_not_open_safely_is_refused_with_what_to_send(url: str, said: str) -> None:
    fault = fault_of_link(url)
    assert fault is not None
    assert said in fault


def test_a_demo_takes_http() -> None:
    assert fault_of_link("http://127.0.0.1:8000/list", demo=True) is None
    assert fault_of_link("ftp://portal.example/", demo=True) is not None


@QUICK
@given(st.from_regex(PATTERN, fullmatch=True) | st.text(max_size=60) | st.from_regex("https://.*", fullmatch=True))
def test_the_pattern_that_is_told_is_what_is_taken(url: str) -> None:
    assert (fault_of_link(url) is None) == (len(url) <= LONGEST and re.fullmatch(PATTERN[1:-1], url) is not None)
