"""The address of a webhook is looked at before it is kept: what can never be reached is refused, with what is wrong."""

from __future__ import annotations

import pytest

from prep_tracker.channels.endpoints import LONGEST, NOT_PUBLIC, fault_of

GOOD = [
    "https://clinic.example/hooks/prep?of=1",
    "HTTPS://Clinic.example:8443",
    "https://clinic.example:65535/",
    "https://xn--mnchen-3ya.example/",
    "https://clinic.example./",
    "https://a_b.example/",
    "https://93.184.215.14/",
    "https://[2606:4700::1111]/",
    "https://256.1.1.1/",  # a name, though no good one
]
INSIDE = [
    "https://10.1.2.3/",
    "https://10.1.2.3./",
    "https://192.168.1.1:8443/x",
    "https://169.254.169.254/latest",
    "https://100.64.0.1/",
    "https://0/",
    "https://0x0a010203/",
    "https://167838211/",
    "https://012.1.2.3/",
    "https://10.66051/",
    "https://[fd00::1]/",
    "https://[fe80::1%eth0]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:0a01:0203::]/",
    "https://[::ffff:10.1.2.3]/",
]
HERE = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://017700000001/",
    "https://[::1]/",
    "https://localhost:8080/",
    "https://LOCALHOST./",
    "https://hooks.localhost/",
]
HIDDEN = "https://[::ffff:127.0.0.1]/"


@pytest.mark.parametrize("url", GOOD)
def test_what_may_do_is_taken(url: str) -> None:
    assert [fault_of(url), fault_of(url, demo=True)] == [None, None]


@pytest.mark.parametrize("url", [*INSIDE, *HERE, HIDDEN])
def test_what_lies_inside_is_refused_however_it_is_written(url: str) -> None:
    assert fault_of(url) == NOT_PUBLIC


@pytest.mark.parametrize("url", INSIDE)
def test_a_demo_does_not_reach_inside_either(url: str) -> None:
    assert fault_of(url, demo=True) == NOT_PUBLIC


@pytest.mark.parametrize("url", HERE)
def test_a_demo_may_tell_this_machine(url: str) -> None:
    assert fault_of(url, demo=True) is None
    assert fault_of(url.replace("https", "http", 1), demo=True) is None


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://clinic.example/" + "x" * LONGEST, "at most 500 characters"),
        ("https://clinic.example/a b", "without spaces"),
        ("https://clinic.example/\n", "without spaces"),
        ("https://clinic.example/\x00", "in ASCII"),
        ("https://münchen.example/", "xn--"),
        ("https://clinic.example/ä", "percent-encoded"),
        ("http://clinic.example/", "begins with https://."),
        ("clinic.example", "begins with https://."),
        ("javascript:alert(1)", "begins with https://."),
        ("https://ana:geheim@clinic.example/", "without a user name"),
        ("https://clinic.example:0/", "port from 1 to 65535"),
        ("https://clinic.example:65536/", "port from 1 to 65535"),
        ("https://clinic.example:http/", "port from 1 to 65535"),
        ("https://", "Name the host"),
        ("https:///hooks", "Name the host"),
        ("https://a..b/", "Name the host"),
        ("https://" + "a" * 64 + ".example/", "Name the host"),
        ("https://" + "abc." * 80 + "example/", "Name the host"),
        ("https://a\\b/", "Name the host"),
        ("https://[::1", "Name the host"),
        ("https://[]/", "Name the host"),
    ],
)
def test_each_fault_is_named_for_what_it_is(url: str, says: str) -> None:
    fault = fault_of(url)
    assert fault is not None
    assert says in fault
    assert "geheim" not in fault


def test_in_a_demo_both_schemes_are_named() -> None:
    assert fault_of("ftp://clinic.example/", demo=True) == "Send an address that begins with https:// or http://."
