"""Only what a person wrote is a letter; what a machine sent is told apart, with and without headers that say so."""

from __future__ import annotations

import pytest

from pipeline.incoming import message, nature
from pipeline.model import Nature
from tests.incoming import samples

KINDS = {
    "gmail": Nature.LETTER,
    "outlook": Nature.LETTER,
    "apple_mail": Nature.LETTER,
    "phone": Nature.LETTER,
    "forwarded": Nature.LETTER,
    "with_zip": Nature.LETTER,
    "outlook_winmail": Nature.LETTER,
    "smime": Nature.LETTER,
    "smime_beside": Nature.LETTER,
    "out_of_office": Nature.AUTO_REPLY,
    "our_mail": Nature.OWN,
    "postfix_bounce": Nature.BOUNCE,
    "exchange_bounce": Nature.BOUNCE,
    "gmail_bounce": Nature.BOUNCE,
    "qmail_bounce": Nature.BOUNCE,
    "read_receipt": Nature.RECEIPT,
}


def nature_of(*lines: str, sender: str = samples.CLIENT) -> Nature:
    raw = samples.lines(f"From: {sender}", *lines, "", "Tekst.")
    return nature.of(message.read(raw), samples.COACH)


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_what_each_program_sends_is_known_for_what_it_is(name: str, kind: Nature) -> None:
    assert nature.of(message.read(samples.MAILS[name]()), samples.COACH) is kind


def test_every_sample_is_named_above() -> None:
    assert set(samples.MAILS) == set(KINDS)


def test_our_header_on_anothers_mail_does_not_make_it_ours() -> None:
    assert nature_of("Subject: x", f"X-Pipeline-Token: {samples.TOKEN}") is Nature.LETTER
    assert nature_of("Subject: x", f"x-pipeline-token: {samples.TOKEN}", sender=samples.COACH.upper()) is Nature.OWN
    assert nature_of("Subject: x", sender=samples.COACH) is Nature.LETTER


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied", "auto-submitted: Auto-Generated; owner-email=x", "X-Autoreply: yes",
        "X-Autorespond: x", "Precedence: auto_reply", "Precedence: auto-reply", "X-Auto-Response-Suppress: All",
        "Return-Path: <>", "X-Vacation: 1",
    ],
)  # fmt: skip
def test_a_header_that_says_automatic_is_believed(header: str) -> None:
    assert nature_of("Subject: Re: Documenten", header) is Nature.AUTO_REPLY


@pytest.mark.parametrize("header", ["Auto-Submitted: no", "Return-Path: <sanne@home.example>", "Precedence: normal",
                                    "X-Auto-Response-Suppress: None", "Auto-Submitted: no (typed)"])  # fmt: skip
def test_a_header_that_says_typed_leaves_a_letter(header: str) -> None:
    assert nature_of("Subject: Re: Documenten", header) is Nature.LETTER


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("Automatisch antwoord: Documenten", Nature.AUTO_REPLY),
        ("Afwezig", Nature.AUTO_REPLY),
        ("Afwezig: tot 14 maart", Nature.AUTO_REPLY),
        ("Afwezigheidsbericht", Nature.AUTO_REPLY),
        ("Out of Office: Documenten", Nature.AUTO_REPLY),
        ("Out-of-office reply", Nature.AUTO_REPLY),
        ("Abwesenheitsnotiz: Documenten", Nature.AUTO_REPLY),
        ("=?utf-8?q?R=C3=A9ponse_automatique_=3A_Documenten?=", Nature.AUTO_REPLY),
        ("Automatic reply: Documenten", Nature.AUTO_REPLY),
        ("Autoreply: Documenten", Nature.AUTO_REPLY),
        ("Gelezen: Documenten", Nature.RECEIPT),
        ("Read: Documenten", Nature.RECEIPT),
        ("Niet gelezen: Documenten", Nature.RECEIPT),
        ("Leesbevestiging", Nature.RECEIPT),
        ("Undeliverable: Documenten", Nature.BOUNCE),
        ("Onbestelbaar: Documenten", Nature.BOUNCE),
        ("Undelivered Mail Returned to Sender", Nature.BOUNCE),
        ("Delivery Status Notification (Failure)", Nature.BOUNCE),
        ("Mail delivery failed: returning message to sender", Nature.BOUNCE),
        ("Re: Automatisch antwoord: Documenten", Nature.LETTER),
        ("RE: Out of office", Nature.LETTER),
        ("Fwd: Onbestelbaar: Documenten", Nature.LETTER),
        ("Afwezig bij de sessie van dinsdag", Nature.LETTER),
        ("Gelezen en akkoord", Nature.LETTER),
        ("Ready: here you go", Nature.LETTER),
        ("Failure notice of my car", Nature.LETTER),
        ("Delivery of the papers", Nature.LETTER),
    ],
)
def test_a_subject_alone_counts_by_how_it_begins(subject: str, kind: Nature) -> None:
    assert nature_of(f"Subject: {subject}") is kind


@pytest.mark.parametrize(
    ("sender", "subject", "kind"),
    [
        ("MAILER-DAEMON@old.example", "failure notice", Nature.BOUNCE),
        ("Mail Delivery System <Mailer-Daemon@old.example>", "Mail delivery failed", Nature.BOUNCE),
        ("Mailer-Daemon (Mail Delivery Subsystem)", "Returned mail: see transcript", Nature.BOUNCE),
        ("postmaster@work.example", "Uw e-mail kon niet worden afgeleverd", Nature.BOUNCE),
        ("postmaster@work.example", "Getekende offerte", Nature.LETTER),
        ('"mailer-daemon" <sanne@home.example>', "Getekende offerte", Nature.LETTER),
    ],
)
def test_a_daemon_bounces_and_a_postmaster_may_be_a_client(sender: str, subject: str, kind: Nature) -> None:
    assert nature_of(f"Subject: {subject}", sender=sender) is kind


def test_other_reports_are_automatic_and_no_bounce() -> None:
    kind = 'Content-Type: multipart/report; report-type="feedback-report"; boundary=x'
    assert nature_of("Subject: complaint", kind) is Nature.AUTO_REPLY


@pytest.mark.parametrize("header", ["List-Id: <nieuws.work.example>", "Precedence: bulk", "Precedence: list"])
def test_a_list_is_no_letter_unless_it_answers_a_mail_of_ours(header: str) -> None:
    assert nature_of("Subject: Nieuws", header) is Nature.LIST
    assert nature_of("Subject: Nieuws", header, "In-Reply-To: <x@work.example>") is Nature.LIST
    assert nature_of("Subject: Re: Documenten", header, f"In-Reply-To: {samples.OURS}") is Nature.LETTER


@pytest.mark.parametrize(
    ("part", "kind"),
    [("ACCEPTED", Nature.RECEIPT), ("TENTATIVE", Nature.RECEIPT), ("DECLINED", Nature.LETTER)],
)
def test_what_a_calendar_sends_by_itself_is_no_letter_unless_it_says_no(part: str, kind: Nature) -> None:
    calendar = (
        "BEGIN:VCALENDAR", "METHOD:REPLY", "BEGIN:VEVENT", f"ATTENDEE;PARTSTAT={part}:mailto:{samples.CLIENT}",
        "END:VEVENT", "END:VCALENDAR",
    )  # fmt: skip
    raw = samples.lines(
        f"From: {samples.CLIENT}", "Subject: Uw afspraak", "MIME-Version: 1.0",
        "Content-Type: multipart/alternative; boundary=b", "", "--b", "Content-Type: text/plain", "", "Ja.", "--b",
        "Content-Type: text/calendar; method=REPLY; charset=utf-8", "", *calendar, "--b--",
    )  # fmt: skip
    assert nature.of(message.read(raw), samples.COACH) is kind
