"""An address that is taken anywhere can be sent to: by the mail channel, to the letter."""

from __future__ import annotations

from datetime import UTC, datetime
from email.headerregistry import Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep_tracker.channels import Failed, Outgoing, Sent
from prep_tracker.channels.email import NO_ADDRESS, EmailChannel
from prep_tracker.domain.people import EMAIL, LONGEST_EMAIL, is_email, is_phone
from tests.channels.mailing import posting

GOOD = [
    "pia@clinic.example",
    "Pia.van-der_Berg+lasers@mail.clinic.example",
    "o'brien@x1.example",
    "a@b.co",
    "postmaster@xn--mnchen-3ya.example",
    "1@2.example",
]
BAD = [
    "",
    "pia",
    "pia@clinic",
    "@clinic.example",
    "pia@",
    "a@b.example;c",
    "a@b.example,c@d.example",
    'a"b@y.example',
    '"a b"@y.example',
    "a b@y.example",
    "a@b@c.example",
    "a@b..example",
    "a@.example",
    "a@b.example.",
    ".a@b.example",
    "a.@b.example",
    "a..b@b.example",
    "a@-b.example",
    "a@b-.example",
    "a@b_c.example",
    "a@10.1.2.3",
    "a@[10.1.2.3]",
    "Pia <pia@clinic.example>",
    "pia@clinic.example\n",
    "pia@clinic.example\nBcc: b@c.example",
    "jörg@clinic.example",
    "jorg@münchen.example",
    "a\\@b.example",
    "a(b)@c.example",
    "a@" + "b" * 64 + ".example",
    "a" * (LONGEST_EMAIL - len("@b.example") + 1) + "@b.example",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_is_an_address_is_taken(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize("text", BAD)
def test_what_is_none_is_not(text: str) -> None:
    assert not is_email(text)


@given(st.from_regex(EMAIL, fullmatch=True).filter(is_email))
def test_every_one_that_is_taken_can_be_written_on_an_envelope(text: str) -> None:
    """The library that writes the letter reads it as nothing else: no second address, no name, no comment."""
    written = Address(addr_spec=text)
    assert (written.addr_spec, written.display_name) == (text, "")


@pytest.mark.parametrize("text", GOOD)
def test_it_reaches_the_server_as_it_was_taken(text: str) -> None:
    message = Outgoing("msg_1", "clinic", "test", text, datetime(2026, 12, 4, 8, tzinfo=UTC), subject="s", text="t")
    with posting() as postbox:
        assert isinstance(EmailChannel("127.0.0.1", postbox.port, "none", text).deliver(message), Sent)
    assert f"To: {text}".encode() in postbox.taken[0]


@pytest.mark.parametrize("text", BAD)
def test_whatever_is_none_never_reaches_a_server(text: str) -> None:
    message = Outgoing("msg_1", "clinic", "test", text, datetime(2026, 12, 4, 8, tzinfo=UTC), subject="s", text="t")
    with posting() as postbox:
        assert EmailChannel("127.0.0.1", postbox.port, "none", "a@b.example").deliver(message) == Failed(NO_ADDRESS)
    assert postbox.connects == 0


def test_telephone_numbers_are_digits_and_what_stands_between_them() -> None:
    assert all(map(is_phone, ("+31 20 123 4567", "(020) 123-45.67", "12345")))
    assert not any(map(is_phone, ("", "1234", "pia@clinic.example", "1" * 33, "+31 20 123 4567\n", "١٢٣٤٥٦")))
