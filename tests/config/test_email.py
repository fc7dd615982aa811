"""One address, strictly: nothing that could be read as two, as a name, or as another header (P3, B4, B5)."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from pipeline.config.fields import email

TRAPS = [
    "Sanne <s@home.example>", "<s@home.example>", "Alice, evil@x.example <a@x.example>",
    "s@home.example, t@home.example",
    "s@home.example;t@home.example", "s@home.example t@home.example", "s(c)@home.example", "(c)s@home.example",
    '"s j"@home.example', '"s"@home.example', "s@home.example.", "s@home..example", "s@.home.example", "s@home",
    "s@[127.0.0.1]", "s@127.0.0.1", "s..j@home.example", ".s@home.example", "s.@home.example", "ü@home.example",
    "s@home.example\nBcc: t@x.example", "s@home_x.example", "s@-home.example", "s@localhost",
    "mailto:s@home.example", "s@t@home.example", "s\u200b@home.example", "s@home.example\u202e", "s@xn--a.example",
    "@home.example", "s@", "s", "undisclosed-recipients:;", "s@home.example>", "s\x00@home.example", "s@home.ex ample",
    f"s@{'x' * 64}.example", f"s@{'x.' * 130}example", "s@home.local", "s@home.invalid",
]  # fmt: skip


@pytest.mark.parametrize("typed", TRAPS)
def test_what_is_not_exactly_one_address_is_refused(typed: str) -> None:
    with pytest.raises(PydanticCustomError):
        email(typed)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("s@home.example", "s@home.example"), ("  s@home.example ", "s@home.example"),
        ("Sanne.Jansen+pipeline@Home.Example", "Sanne.Jansen+pipeline@home.example"),
        ("s@münchen.example", "s@xn--mnchen-3ya.example"), ("s@xn--mnchen-3ya.example", "s@xn--mnchen-3ya.example"),
        ("o'brien@home.example", "o'brien@home.example"), ("s_j-1@a.b.home.example", "s_j-1@a.b.home.example"),
    ],
)  # fmt: skip
def test_an_address_keeps_its_local_part_and_gets_its_domain_in_ascii(typed: str, address: str) -> None:
    assert email(typed) == address


def test_a_local_part_longer_than_rfc_5321_allows_is_refused() -> None:
    with pytest.raises(PydanticCustomError):
        email(f"{'x' * 65}@home.example")


def test_an_encoded_word_is_no_address() -> None:
    with pytest.raises(PydanticCustomError):
        email("=?utf-8?q?evil?=@home.example")


@settings(deadline=None, max_examples=300)
@given(st.text(st.sampled_from('ab@.<>(),;:"\\ \n\t\x00é+-_%!=?[]'), max_size=30))
def test_an_address_that_is_taken_stands_alone_in_a_header(typed: str) -> None:
    try:
        address = email(f"{typed}@home.example")
    except PydanticCustomError:
        return
    letter = EmailMessage(policy=policy.SMTP)
    letter["To"] = Address(addr_spec=address)
    read = message_from_bytes(letter.as_bytes(), policy=policy.default)
    assert [one.addr_spec for one in read["To"].addresses] == [address] == [email(address)]
    assert len(read.keys()) == 1
