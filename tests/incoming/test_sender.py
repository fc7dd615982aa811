"""The sender is authenticated only by what our own provider wrote topmost; all else proves nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.incoming import message, sender
from pipeline.incoming.mail import Standing
from tests.incoming import samples

OURS = "mx.practice.example"
PASS = f"{OURS}; dmarc=pass header.from=home.example"


def standing(
    *results: str, from_: str = "sanne@home.example", provider: str | None = OURS, body: bytes = b""
) -> Standing:
    fields = [f"Authentication-Results: {result}" for result in results]
    return sender.standing(message.read(samples.lines(*fields, f"From: {from_}") + (body or b"\r\nhi")), provider)


@pytest.mark.parametrize(
    "result",
    [
        PASS,
        f"{OURS} 1; dmarc=pass header.from=home.example",
        f"{OURS}; dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=HOME.example",
        f'"{OURS}"; dmarc=pass header.from="home.example"',
        f"{OURS}; dkim=pass (2048-bit key) header.d=home.example header.i=@home.example header.b=aB/c+d=",
        f"{OURS}; dkim=pass header.i=@home.example",
        f"{OURS}; dkim=fail header.d=list.example; dkim=pass header.d=mail.home.example",
        f"{OURS}; spf=pass smtp.mailfrom=sanne@home.example",
        f"{OURS}; spf=pass smtp.mailfrom=home.example; dmarc=none",
        f'{OURS}; dkim/1 = pass reason="good; signature" header.d = home.example',
        f"{OURS}; spf=fail smtp.mailfrom=x.example; dkim=none;dmarc=pass header.from=home.example",
        f"{OURS}\r\n\t; dmarc=pass\r\n\t (policy (nested \\) comment) here)\r\n header.from=home.example",
    ],
)
def test_what_proves_the_sender(result: str) -> None:
    assert standing(result) is Standing.AUTHENTICATED


@pytest.mark.parametrize(
    "result",
    [
        f"{OURS}; none",
        OURS,
        "",
        f"{OURS}; dmarc=pass header.from=other.example",
        f"{OURS}; dmarc=pass",
        f"{OURS}; dkim=pass",
        f"{OURS}; spf=pass",
        f"{OURS}; dmarc=none header.from=home.example",
        f"{OURS}; dkim=pass header.d=other.example",
        f"{OURS}; dkim=pass header.d=example",
        f"{OURS}; dkim=pass header.d=evilhome.example",
        f"{OURS}; dkim=fail header.d=home.example",
        f"{OURS}; spf=pass smtp.mailfrom=mail.home.example",
        f"{OURS}; spf=softfail smtp.mailfrom=home.example",
        f"{OURS}; spf=pass smtp.helo=home.example",
        f"{OURS}; x=y (dmarc=pass header.from=home.example)",
        f'{OURS}; spf=none smtp.mailfrom="; dmarc=pass header.from=home.example;"',
        f"{OURS}; dmarc=pass header.from=home.example (never closed",
        f'{OURS}; dmarc=pass header.from=home.example "never closed',
        f"{OURS}; dmarc=pass header.from=home.example; nonsense",
        f"{OURS} x; dmarc=pass header.from=home.example",
        "dmarc=pass header.from=home.example",
        "mx.practice.example.evil.example; dmarc=pass header.from=home.example",
        "evil.mx.practice.example; dmarc=pass header.from=home.example",
        f"(x) ; {PASS}",
        f"{OURS}; =?utf-8?q?dmarc=3Dpass?= header.from=home.example",
        f"{OURS}; spf=pass smtp.mailfrom=home.example; {'x=none; ' * 600} dmarc=fail",
        f"{OURS}; dkim=pass header.d=home.example header.d=evil.example",
    ],
)
def test_what_proves_nothing(result: str) -> None:
    assert standing(result) is Standing.UNPROVEN


@pytest.mark.parametrize(
    "result",
    [
        f"{OURS}; dmarc=fail header.from=home.example",
        f"{OURS}; dkim=pass header.d=home.example; spf=pass smtp.mailfrom=home.example; DMARC = FAIL (p=none)",
        f"{OURS}; dmarc=pass header.from=home.example; dmarc=fail header.from=home.example",
    ],
)
def test_a_failed_policy_outweighs_all(result: str) -> None:
    assert standing(result) is Standing.FAILED


def test_without_a_provider_nothing_is_proven() -> None:
    assert standing(PASS, provider=None) is Standing.UNPROVEN
    assert standing(PASS, provider="") is Standing.UNPROVEN


def test_only_the_topmost_counts_and_a_lower_one_is_never_looked_for() -> None:
    assert standing(PASS, f"{OURS}; dmarc=fail header.from=home.example") is Standing.AUTHENTICATED
    assert standing(f"{OURS}; none", PASS) is Standing.UNPROVEN
    assert standing("relay.example; none", PASS) is Standing.UNPROVEN
    assert standing("((broken", PASS) is Standing.UNPROVEN


def test_a_header_within_the_body_proves_nothing() -> None:
    inner = samples.multipart("x", f"Authentication-Results: {PASS}\r\n\r\nhi".encode())
    assert standing(body=inner) is Standing.UNPROVEN
    assert standing(body=f"\r\nAuthentication-Results: {PASS}\r\n".encode()) is Standing.UNPROVEN


def test_the_verdict_of_a_chain_of_relays_is_not_looked_at() -> None:
    raw = samples.lines(
        f"ARC-Authentication-Results: i=1; {PASS}", f"X-Authentication-Results: {PASS}", "From: a@home.example", ""
    )
    assert sender.standing(message.read(raw), OURS) is Standing.UNPROVEN


def test_a_name_that_looks_like_an_address_does_not_stand_for_it() -> None:
    assert standing(PASS, from_='"sanne@home.example" <x@evil.example>') is Standing.UNPROVEN
    assert standing(PASS, from_="sanne@home.example, x@evil.example") is Standing.UNPROVEN
    assert standing(PASS, from_="sanne@home.example\r\nFrom: x@evil.example") is Standing.UNPROVEN


def test_gmail_as_it_writes_it() -> None:
    assert sender.standing(message.read(samples.gmail()), "MX.Practice.Example") is Standing.AUTHENTICATED


_SPACE = st.sampled_from(["", " ", "\t", "\r\n ", "(a comment)", " (dmarc=fail; (nested)) ", "\r\n\t(x)\r\n "])
_GAP = _SPACE.map(lambda space: f" {space}")


@given(st.data())
def test_case_folding_and_comments_change_nothing(data: st.DataObject) -> None:
    def cased(word: str) -> str:
        ups = data.draw(st.lists(st.booleans(), min_size=len(word), max_size=len(word)))
        return "".join(letter.upper() if up else letter for letter, up in zip(word, ups, strict=True))

    space = [data.draw(_SPACE) for _ in range(4)]
    name = cased("authentication-results")
    written = f"{space[0]}{cased(OURS)}{space[1]};{space[2]}{cased('dmarc')}={cased('pass')}{data.draw(_GAP)}"
    raw = samples.lines(
        f"{name}:{written}{cased('header.from')}={cased('home.example')}{space[3]}", f"From: {samples.CLIENT}", ""
    )
    assert sender.standing(message.read(raw), OURS) is Standing.AUTHENTICATED


@given(st.text(st.sampled_from('();"\\= \t@.abcdmrpkifsn/1'), max_size=80))
def test_what_a_stranger_writes_in_a_comment_or_quotes_never_proves_him(words: str) -> None:
    hidden = words.replace("\\", "").replace('"', "").replace("(", "").replace(")", "")
    for written in (f"({hidden}; {PASS})", f'"{hidden}; {PASS}"'):
        assert standing(f"{OURS}; spf=none {written} smtp.mailfrom=evil.example") is Standing.UNPROVEN


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(words: str) -> None:
    assert standing(f"{OURS}; " + " ".join(words.split())) is not None
    found = sender.results(words)
    assert found is None or found[0] == found[0].lower()


MICROSOFT = (
    "spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=home.example; dkim=pass (signature was verified)\r\n"
    " header.d=home.example;dmarc=pass action=none header.from=home.example;compauth=pass reason=100"
)


def test_a_provider_that_leaves_its_name_out_is_believed_only_where_the_practice_says_it_is_that_one() -> None:
    assert standing(MICROSOFT, provider="outlook.com") is Standing.AUTHENTICATED
    assert standing(MICROSOFT, provider=OURS) is Standing.UNPROVEN
    assert standing(MICROSOFT, provider=None) is Standing.UNPROVEN
    assert standing(PASS, MICROSOFT, provider="outlook.com") is Standing.UNPROVEN
    assert standing(MICROSOFT.replace("from=home", "from=evil"), provider="outlook.com", from_="a@x.example") is (
        Standing.UNPROVEN
    )
