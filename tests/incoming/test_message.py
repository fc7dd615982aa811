"""A mail is read whatever its octets are; what it gives is decoded, bounded and cleaned."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.incoming import message
from pipeline.incoming.mail import Mail
from tests.incoming import samples
from tests.incoming.fuzz import beyond_bounds, mutated

quick = settings(max_examples=120, deadline=None)


def with_from(*values: str) -> str:
    raw = b"".join(f"From: {value}\r\n".encode() for value in values) + b"\r\nhello\r\n"
    return message.read(raw).sender


def test_a_reply_by_gmail_gives_who_what_when_and_to_which_mail() -> None:
    mail = message.read(samples.gmail())
    assert (mail.sender, mail.sender_name, mail.recipients) == (samples.CLIENT, "Sanne Jansen", (samples.COACH,))
    assert mail.message_id == "<CAF8=abc+def.123@mail.home.example>"
    assert mail.in_reply_to == mail.references == (samples.OURS,)
    assert mail.date == datetime(2025, 3, 4, 8, 31, 12, tzinfo=UTC)
    assert mail.text.startswith("Beste Marieke,\n\nHierbij de getekende papieren.")
    assert [(file.name, file.type, file.data) for file in mail.files] == [
        ("K7Q4-MX2P-1-v1.pdf", "application/pdf", samples.PDF)
    ]


def test_a_mail_in_html_alone_reads_as_it_looks() -> None:
    assert message.read(samples.outlook()).text == (
        "Beste Marieke,\n\nZie bijlage, één handtekening.\n\nVan: Praktijk Voorbeeld <coach@practice.example>\n"
        "Verzonden: maandag 3 maart 2025 14:02\nAan: Sanne Jansen\nOnderwerp: Documenten\n\nGaat u akkoord? Ja of nee."
    )


def alternative(plain: str, html: str) -> Mail:
    return message.read(samples.headers() + samples.multipart(
        "b", samples.text(plain), samples.text(html, "html"), kind="alternative"
    ))  # fmt: skip


def test_of_a_mail_with_a_stub_as_its_text_the_html_is_read_too() -> None:
    mail = alternative("This mail needs HTML.", "<p>Beste Marieke,</p><p>Ik trek mijn <b>toe&shy;stemming</b> in.</p>")
    assert mail.text == "This mail needs HTML."
    assert mail.html_text == "Beste Marieke,\n\nIk trek mijn toe\u00adstemming in."


@pytest.mark.parametrize(
    ("plain", "html"),
    [("Ik ga akkoord.", "<p>Ik ga <i>akkoord</i>.</p>"), ("", "<p>Akkoord.</p>"), ("Akkoord.", ""), ("", "")],
)
def test_html_that_says_what_the_text_says_is_not_given_twice(plain: str, html: str) -> None:
    mail = alternative(plain, html)
    assert mail.html_text == "" and ("kkoord" in mail.text or not plain + html)


def test_html_of_a_forwarded_mail_or_a_file_is_nothing_that_the_sender_says() -> None:
    inner = samples.headers() + samples.text("<p>Ik trek mijn toestemming in.</p>", "html")
    forwarded = samples.lines("Content-Type: message/rfc822", "") + inner
    mail = message.read(samples.headers() + samples.multipart("b", samples.text("Zie hieronder."), forwarded))
    assert (mail.text, mail.html_text) == ("Zie hieronder.", "")
    page = samples.attached(b"<p>Ik trek mijn toestemming in.</p>", "brief.html", "text/html")
    mail = message.read(samples.headers() + samples.multipart("b", samples.text("Zie hieronder."), page))
    assert (mail.text, mail.html_text) == ("Zie hieronder.", "")


@pytest.mark.parametrize("name", ["section", "article", "header", "center", "address", "form", "dl", "main"])
def test_two_blocks_of_a_page_are_two_lines(name: str) -> None:
    html = f"Content-Type: text/html\r\n\r\n<{name}>Ik trek mijn</{name}><{name}>toestemming in</{name}>"
    assert message.read(html.encode()).text == "Ik trek mijn\ntoestemming in"


def test_headers_stand_in_their_order_and_only_what_people_read_is_decoded() -> None:
    raw = b"Subject: =?utf-8?q?H=C3=A9?=\r\nX-Odd: =?utf-8?q?=3B?=\r\nReceived: one\r\nreceived: two\r\n\r\n"
    mail = message.read(raw)
    assert mail.subject == "Hé" and mail.header("SUBJECT") == ["Hé"]
    assert mail.header("X-Odd") == ["=?utf-8?q?=3B?="]
    assert mail.header("Received") == ["one", "two"]


@pytest.mark.parametrize(
    ("written", "sender"),
    [
        ("sanne@home.example", "sanne@home.example"),
        ("Sanne <SANNE@Home.Example>", "sanne@home.example"),
        ('"coach@practice.example" <sanne@home.example>', "sanne@home.example"),
        ("=?utf-8?q?coach=40practice=2Eexample_=3Ccoach=40practice=2Eexample=3E?= <sanne@home.example>",
         "sanne@home.example"),
        ("sanne@home.example (coach@practice.example)", "sanne@home.example"),
        ('"Jansen, Sanne (\\"San\\")" <sanne@home.example>', "sanne@home.example"),
        ("Sanne\r\n <sanne@home.example>", "sanne@home.example"),
        ("sanne@home.example, coach@practice.example", ""),
        ("coach@practice.example: sanne@home.example;", ""),
        ("<coach@practice.example> <sanne@home.example>", ""),
        ("<coach@practice.example>, Sanne", ""),
        ("<sanne@home.example", ""),
        ("sanne@home.example\0", "sanne@home.example"),
        ("san\0ne@home.example", ""),
        ("Sanne", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_the_sender_is_the_one_address_of_from_whatever_the_name_looks_like(written: str, sender: str) -> None:
    assert with_from(written) == sender


def test_two_from_headers_leave_no_sender() -> None:
    assert with_from("sanne@home.example", "sanne@home.example") == ""


def test_a_header_too_long_to_know_leaves_no_sender() -> None:
    raw = b"From: sanne@home.example\r\n" + b"X: y\r\n" * 100_000 + b"From: coach@practice.example\r\n\r\n"
    mail = message.read(raw)
    assert mail.sender == "" and len(mail.headers) == 500


@pytest.mark.parametrize(
    "written",
    ['<a"b@c>', "<a b@c>", "<a\\b@c>", "<" + "a" * 400 + "@c>", "a@b", "<é@c>", "<a\tb@c>", "<>", "<a@b\r\n A1 LOGOUT"],
)
def test_a_message_id_that_could_carry_a_command_is_none(written: str) -> None:
    assert message.read(f"Message-ID: {written}\r\n\r\n".encode()).message_id == ""


def test_of_many_references_the_last_hundred_are_kept() -> None:
    raw = b"References:" + b"".join(b"\r\n <%d@x.example>" % number for number in range(300)) + b"\r\n\r\n"
    assert message.read(raw).references == tuple(f"<{number}@x.example>" for number in range(200, 300))


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        ("text/plain; charset=iso-8859-1", b"\x80 10, caf\xe9", "€ 10, café"),
        ("text/plain; charset=no-such-charset", "café".encode(), "café"),
        ("text/plain; charset=punycode", b"akkoord-", "akkoord-"),
        ("text/plain", b"caf\xe9", "café"),
        ('text/plain; charset="utf-8"', b"ja\0nee\x1b[31m", "ja nee [31m"),
        ("text/plain; charset=utf-16", "ja".encode("utf-16"), "ja"),
        ("multipart/mixed", b"no boundary", "no boundary"),
        ("multipart/mixed; boundary=x", b"no parts", "no parts"),
        ("nonsense", b"plain", "plain"),
        ("text/html", b"<p>1 &lt; 2<br>&euro;&#8364;&#99999999999;<script>x</script>", "1 < 2\n€€�"),
        ("text/html", b"a<!-- b --><b>c</b><!-- never ends", "ac"),
    ],
)
def test_text_is_decoded_as_far_as_it_goes(head: str, body: bytes, text: str) -> None:
    assert message.read(b"Content-Type: " + head.encode() + b"\r\n\r\n" + body).text == text


@pytest.mark.parametrize(
    "date", ["", "Tue", "99 Foo 2025", "Tue, 4 Mar 99999 09:31:12 +0100", "4 Mar 2025 09:31:12 +9999999", "é" * 999]
)
def test_a_date_that_makes_no_sense_is_none(date: str) -> None:
    assert message.read(f"Date: {date}\r\n\r\n".encode()).date is None


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('filename="../../etc/passwd"', "passwd"),
        ('filename="C:\\\\temp\\\\a.pdf"', "a.pdf"),
        ("filename*=utf-8''%E2%80%AEfdp.exe", "fdp.exe"),
        ('filename="=?utf-8?b?aMOpLnBkZg==?="', "hé.pdf"),
        ('filename="a\x07\x00b.pdf"', "a b.pdf"),
        ('filename="' + "x" * 300 + '.pdf"', "x" * 109 + ".pdf"),
        ('filename="a;b.pdf"', "a;b.pdf"),
        ("filename*0=een; filename*1=twee.pdf", "eentwee.pdf"),
        ('filename=".."', ""),
    ],
)
def test_a_file_name_can_be_shown(written: str, shown: str) -> None:
    raw = f"Content-Type: application/pdf\r\nContent-Disposition: attachment; {written}\r\n\r\n".encode() + samples.PDF
    assert [file.name for file in message.read(raw).files] == [shown]


@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]) | st.just(" "), max_size=200
    )
)
@quick
def test_what_the_standard_library_writes_is_read_back(words: str) -> None:
    letter = EmailMessage()
    letter["From"], letter["Subject"] = "Sanne <sanne@home.example>", " ".join(words.split())
    letter.set_content(words)
    letter.add_attachment(words.encode("utf-8", "replace"), maintype="application", subtype="pdf", filename="a.pdf")
    mail = message.read(letter.as_bytes())
    assert mail.sender == "sanne@home.example"
    assert "=?" in words or "".join(mail.subject.split()) == "".join(words.split())
    assert "".join(mail.text.split()) == "".join(words.split())
    found = [file.data for file in mail.files]
    assert found == ([words.encode()] if words else [])


@given(st.binary(max_size=2_000))
@quick
def test_any_octets_are_a_mail_within_bounds(raw: bytes) -> None:
    mail = message.read(raw)
    assert beyond_bounds(mail) == [] and len(mail.html_text) <= 200_000


@given(st.sampled_from(sorted(samples.MAILS)), st.randoms(use_true_random=False))
@quick
def test_a_damaged_mail_is_still_a_mail_within_bounds(name: str, random: object) -> None:
    assert beyond_bounds(message.read(mutated(seed_of(name), random))) == []


SEEDS: dict[str, bytes] = {}


def seed_of(name: str) -> bytes:
    if name not in SEEDS:
        SEEDS[name] = samples.MAILS[name]()
    return SEEDS[name]


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * 100_000,
        b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (level, level) for level in range(3_000)),
        b"Content-Type: message/rfc822\r\n\r\n" * 50_000,
        b"Content-Type: text/html\r\n\r\n" + b"<!--" * 500_000,
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
        + b"--x\r\nContent-Type: text/html\r\n\r\n<p>aaaaaaaa</p>\r\n" * 50_000,
        b"Content-Type: text/html\r\n\r\n<p>&#" + b"9" * 900_000 + b";",
        b"Subject: " + b"a" * 3_000_000,
        b"Content-Type: text/plain" + b";a*0*=b" * 100_000 + b"\r\n\r\n",
        b"From: " + b',"(<a@b.c>' * 100_000 + b"\r\n\r\n",
        b"X: y\r\n" * 300_000,
    ],
)
def test_mail_that_is_made_to_cost_much_stays_within_bounds(raw: bytes) -> None:
    mail = message.read(raw)
    assert beyond_bounds(mail) == [] and len(mail.html_text) <= 200_000
