"""A bounce names the mail of ours that it is about, whom it did not reach, and whether it ever will."""

from __future__ import annotations

import pytest

from pipeline.incoming import bounces, message
from pipeline.incoming.mail import Bounce
from tests.incoming import samples


def bounce_of(raw: bytes) -> Bounce | None:
    return bounces.of(message.read(raw))


@pytest.mark.parametrize("whole", [True, False])
def test_postfix_names_all_with_the_mail_and_with_its_header_alone(whole: bool) -> None:
    assert bounce_of(samples.postfix_bounce(whole=whole)) == Bounce(
        message_ids=(samples.OURS,),
        tokens=(samples.TOKEN,),
        recipients=(samples.CLIENT,),
        permanent=True,
        said="550 5.1.1 <sanne@home.example>: Recipient address rejected: User unknown",
    )


def test_a_delay_is_for_now() -> None:
    bounce = bounce_of(samples.postfix_bounce(action="delayed", status="4.4.1"))
    assert bounce is not None and not bounce.permanent
    assert bounce.tokens == (samples.TOKEN,)


@pytest.mark.parametrize("action", ["delivered", "Relayed", "expanded (to a list)"])
def test_a_report_that_it_arrived_is_no_bounce(action: str) -> None:
    assert bounce_of(samples.postfix_bounce(action=action, status="2.0.0")) is None


def test_exchange_says_it_in_words_alone() -> None:
    assert bounce_of(samples.exchange_bounce()) == Bounce(
        message_ids=(samples.OURS,),
        recipients=("peter@work.example",),
        permanent=True,
        said="Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'",
    )


def test_gmail_gives_the_mail_back() -> None:
    bounce = bounce_of(samples.gmail_bounce())
    assert bounce is not None and bounce.permanent
    assert (bounce.message_ids, bounce.tokens) == ((samples.OURS,), (samples.TOKEN,))
    assert bounce.said == "552-5.2.2 The recipient's inbox is full."


def test_qmail_writes_the_mail_below_its_words() -> None:
    assert bounce_of(samples.qmail_bounce()) == Bounce(
        message_ids=(samples.OURS,),
        tokens=(samples.TOKEN,),
        recipients=("jan@old.example",),
        permanent=True,
        said="Sorry, no mailbox here by that name. (#5.1.1)",
    )


def test_exim_names_whom_it_could_not_reach_in_a_header() -> None:
    raw = samples.lines(
        "Return-Path: <>", f"X-Failed-Recipients: {samples.CLIENT}", "Auto-Submitted: auto-replied",
        "From: Mail Delivery System <Mailer-Daemon@host.example>", f"To: {samples.COACH}",
        "Subject: Warning: message 1tpABC-000 delayed 24 hours", "",
        "The message has not yet been delivered.", "------ This is a copy of your message. ------",
        f"X-Pipeline-Token: {samples.TOKEN}",
    )  # fmt: skip
    bounce = bounce_of(raw)
    assert bounce is not None and not bounce.permanent
    assert (bounce.tokens, bounce.recipients) == ((samples.TOKEN,), (samples.CLIENT,))


def test_one_of_two_recipients_refused_is_for_good() -> None:
    raw = samples.postfix_bounce().replace(
        b"Reporting-MTA",
        b"Final-Recipient: rfc822; jan@old.example\r\nAction: delayed\r\nStatus: 4.2.2\r\n\r\nReporting-MTA",
    )
    bounce = bounce_of(raw)
    assert bounce is not None and bounce.permanent
    assert set(bounce.recipients) == {samples.CLIENT, "jan@old.example"}


@pytest.mark.parametrize("name", ["gmail", "outlook", "out_of_office", "read_receipt", "our_mail", "forwarded"])
def test_other_mail_is_no_bounce(name: str) -> None:
    assert bounces.of(message.read(samples.MAILS[name]())) is None


def test_a_token_that_could_be_no_token_is_left_out() -> None:
    raw = samples.postfix_bounce().replace(f"X-Pipeline-Token: {samples.TOKEN}".encode(), b"X-Pipeline-Token: a' OR 1")
    bounce = bounce_of(raw)
    assert bounce is not None and bounce.tokens == ()
