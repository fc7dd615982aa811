"""A mail says what was planned, to whom it was planned, in lines that no server misreads: P3, and P2 on the wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import unquote
from hashlib import sha256

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from pipeline.config import fields
from pipeline.edges.smtp import dot_stuffed
from pipeline.outgoing.mail.letter import LetterPlan, differences, make
from pipeline.words import say
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.prepared import after, frozen
from tests.world import CLIENT, World, client_file

AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PDF = {"AAAA-BBBB-1-v1.pdf": b"%PDF-1.7 quote\r\n.\r\n\x00\xff", "AAAA-BBBB-2-v1.pdf": b"%PDF-1.7 consent"}
OTHER = {
    "From": "Praktijk De Linde <other@practice.example>", "To": "other@home.example",
    "Subject": "Documents from Praktijk De Linde", "Message-ID": "<0123456789abcdefghjm@practice.example>",
    "Auto-Submitted": "no", "X-Pipeline-Token": "0123456789abcdefghjm",
}  # fmt: skip
TEXTS = ("Beste Sanne,\n\nHierbij.\n", "<p>Beste Sanne,</p>\n")
FIRST = "<9876543210zyxwvtsrqp@practice.example>"
ordinary = settings(deadline=None, max_examples=40)


def fingerprint(data: bytes) -> str:
    """Stand in for the name inside a PDF."""
    return f"document {sha256(data).hexdigest()[:8]}"


def valid(check: Callable[[object], str]) -> Callable[[str], bool]:
    """Tell of a text whether the program would take it from a file."""

    def fits(text: str) -> bool:
        try:
            return check(text) == text
        except PydanticCustomError:
            return False

    return fits


names = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=120).filter(valid(fields.line))
labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?", fullmatch=True)
addresses = st.builds(
    lambda local, labels: f"{local}@{'.'.join(labels)}.example",
    st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}", fullmatch=True),
    st.lists(labels, min_size=1, max_size=4),
).filter(valid(fields.email))
texts = st.lists(
    st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=1200), max_size=6
)


def planned(name: str = "Praktijk De Linde", sender: str = "coach@practice.example", to: str = CLIENT) -> LetterPlan:
    """Give the plan of a mail, as `compose` makes it."""
    return LetterPlan(
        token="0123456789abcdefghjk",
        message_id=f"<0123456789abcdefghjk@{sender.rpartition('@')[2]}>",
        sender=sender,
        recipient=to,
        subject=say("nl", "subject", practice=name, reference="AAAA-BBBB"),
        attachments={file: (fingerprint(data), sha256(data).hexdigest()) for file, data in PDF.items()},
    )


def made(plan: LetterPlan, name: str = "Praktijk De Linde") -> bytes:
    """Make a mail with the usual texts and documents."""
    return make(plan, name, AT, TEXTS, PDF)


def parsed(data: bytes) -> EmailMessage:
    """Read a mail as a receiver does."""
    return message_from_bytes(data, policy=policy.default)


def body(data: bytes, kind: str) -> str:
    """Give one of a mail's two texts."""
    part = parsed(data).get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def sender_name(data: bytes) -> str:
    """Give the name that a receiver is shown (RFC 2047; what stands between encoded words does not count)."""
    said = str(message_from_bytes(data, policy=policy.compat32)["From"]).rpartition("<")[0].strip()
    return unquote(said) if said.startswith('"') else str(make_header(decode_header(said)))


def sound_on_the_wire(data: bytes) -> bool:
    """Tell whether only CRLF ends a line, and no line is longer than RFC 5321 section 4.5.3.1.6 allows."""
    bare = data.replace(b"\r\n", b"")
    short = all(len(line) <= 998 for line in data.split(b"\r\n"))
    return data.endswith(b"\r\n") and b"\r" not in bare and b"\n" not in bare and short


@given(name=names.filter(lambda name: "=?" not in name))
@example(name='"Aandacht", (coach) & <zn>; de Ünie\\')
@example(name='Loopbaan- en jobcoaching "Élan" Zuid-Limburg en Oost-Brabant, Maastricht')
@example(name="A" * 120)
@example(name="Æ" * 120)
@ordinary
def test_a_practice_of_any_name_says_its_name_and_nothing_else(name: str) -> None:
    data = made(planned(name), name)
    assert differences(data, planned(name), fingerprint) == []
    assert parsed(data)["Subject"] == planned(name).subject
    assert sender_name(data).split() == name.split()
    assert sound_on_the_wire(data)


@pytest.mark.parametrize("name", ["=?utf-8?q?x?=", "=?utf-8?q?=0D=0ABcc:_o@home.example?=", "=?utf-8?b?CkJjYzogeA==?="])
def test_a_name_that_a_reader_would_decode_is_not_sent_as_something_else(name: str) -> None:
    data = made(planned(name))
    assert differences(data, planned(name), fingerprint) != []


@given(sender=addresses, to=addresses)
@ordinary
def test_any_address_reads_back_as_itself(sender: str, to: str) -> None:
    plan = planned(sender=sender, to=to)
    data = made(plan)
    assert differences(data, plan, fingerprint) == []
    assert sound_on_the_wire(data)


@given(lines=texts)
@example(
    lines=[
        ".",
        "..",
        ".hidden",
        "From here",
        " " * 90,
        "x" * 1200,
        "\x0b\x0c\x1c\x85\u2028",
        "-" * 76 + "=",
        "--=AB=0=",
    ]
)
@ordinary
def test_any_text_reads_back_as_itself(lines: list[str]) -> None:
    plain = "\n".join([*lines, "end"]) + "\n"
    data = make(planned(), "Praktijk De Linde", AT, (plain, f"<pre>{plain}</pre>\n"), PDF)
    assert [body(data, kind) for kind in ("plain", "html")] == [plain, f"<pre>{plain}</pre>\n"]
    assert differences(data, planned(), fingerprint) == []
    assert sound_on_the_wire(data)


@given(files=st.dictionaries(st.sampled_from([f"AAAA-BBBB-{n}-v1.pdf" for n in range(1, 5)]), st.binary(), min_size=1))
@ordinary
def test_any_attachment_reads_back_byte_for_byte(files: dict[str, bytes]) -> None:
    plan = replace(planned(), attachments={n: (fingerprint(d), sha256(d).hexdigest()) for n, d in files.items()})
    data = make(plan, "Praktijk De Linde", AT, TEXTS, files)
    assert {part.get_filename(): part.get_payload(decode=True) for part in parsed(data).iter_attachments()} == files
    assert differences(data, plan, fingerprint) == []
    assert data == make(plan, "Praktijk De Linde", AT, TEXTS, files)


@pytest.mark.parametrize("header", OTHER)
@pytest.mark.parametrize("fault", ["other", "gone", "twice", "empty"])
def test_a_header_that_is_not_as_planned_is_reported(header: str, fault: str) -> None:
    letter = message_from_bytes(made(planned()), policy=policy.compat32)
    value = str(letter[header])
    if fault == "twice":
        letter[header] = value
    else:
        del letter[header]
    if fault in {"other", "empty"}:
        letter[header] = OTHER[header] if fault == "other" else ""
    assert any(header in reason for reason in differences(letter.as_bytes(), planned(), fingerprint))


@pytest.mark.parametrize("domain", ["practice.example", f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.example"])
def test_a_mail_under_an_earlier_one_says_so_on_one_line_and_a_first_one_never(domain: str) -> None:
    plan = replace(planned(), answers=f"<{'9' * 20}@{domain}>")
    data = made(plan)
    assert [parsed(data)[name] for name in ("In-Reply-To", "References")] == [plan.answers, plan.answers]
    assert f"\r\nIn-Reply-To: {plan.answers}\r\nReferences: {plan.answers}\r\n".encode() in data
    assert differences(data, plan, fingerprint) == []
    assert differences(data, planned(), fingerprint) != []
    assert differences(made(planned()), plan, fingerprint) != []


@pytest.mark.parametrize("header", ["In-Reply-To", "References"])
@pytest.mark.parametrize("value", ["", "<other@practice.example>", f"{FIRST} <other@practice.example>"])
def test_a_mail_under_another_than_was_planned_is_reported(header: str, value: str) -> None:
    plan = replace(planned(), answers=FIRST)
    letter = message_from_bytes(made(plan), policy=policy.compat32)
    letter.replace_header(header, value)
    assert any(header in reason for reason in differences(letter.as_bytes(), plan, fingerprint))


def test_a_note_has_its_two_texts_and_nothing_attached() -> None:
    plan = replace(planned(), attachments={})
    data = make(plan, "Praktijk De Linde", AT, TEXTS, {})
    assert differences(data, plan, fingerprint) == []
    assert differences(made(planned()), plan, fingerprint) != []


@pytest.mark.parametrize("header", ["Cc", "Bcc", "Reply-To", "Sender", "Resent-To", "Return-Path", "X-Mailer",
                                    "Disposition-Notification-To", "List-Unsubscribe", "to ", "DATE"])  # fmt: skip
def test_a_header_that_nobody_planned_is_reported(header: str) -> None:
    data = f"{header}: other@home.example\r\n".encode() + made(planned())
    assert differences(data, planned(), fingerprint) != []


@pytest.mark.parametrize(
    "to",
    [
        "",
        "other@home.example",
        f"{CLIENT}, other@home.example",
        f"all: {CLIENT}, other@home.example;",
        f"other@home.example <{CLIENT}>, <other@home.example>",
        f"{CLIENT}.evil.example",
    ],
)
def test_a_recipient_too_many_or_another_is_reported(to: str) -> None:
    data = made(planned()).replace(f"To: {CLIENT}".encode(), f"To: {to}".encode())
    assert differences(data, planned(), fingerprint) != []


def attached(letter: EmailMessage, fault: str) -> None:
    """Do something to the attachments that nobody planned."""
    parts = list(letter.iter_attachments())
    if fault == "one more":
        letter.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="extra.pdf")
    elif fault == "one without a name":
        letter.add_attachment(b"%PDF", maintype="application", subtype="pdf")
    elif fault == "the same once more":
        letter.add_attachment(PDF["AAAA-BBBB-1-v1.pdf"], maintype="application", subtype="pdf",
                              filename="AAAA-BBBB-1-v1.pdf")  # fmt: skip
    elif fault == "one less":
        letter.get_payload().remove(parts[0])  # type: ignore[union-attr]  # a list of parts
    elif fault == "other bytes":
        parts[0].set_payload("AAAA")
    elif fault == "names swapped":
        for part, name in zip(parts, reversed(PDF), strict=True):
            part.replace_header("Content-Disposition", f'attachment; filename="{name}"')
    else:
        body = letter.get_body(("html",))
        assert body is not None
        next(part for part in letter.walk() if part.get_content_subtype() == "alternative").attach(parts[0])


@pytest.mark.parametrize(
    "fault",
    [
        "one more", "one without a name", "the same once more", "one less", "other bytes", "names swapped",
        "one among the texts",
    ],
)  # fmt: skip
def test_attachments_other_than_planned_are_reported(fault: str) -> None:
    letter = parsed(made(planned()))
    attached(letter, fault)
    assert differences(letter.as_bytes(policy=policy.SMTP), planned(), fingerprint) != []


def test_a_document_of_another_name_inside_is_reported() -> None:
    assert differences(made(planned()), planned(), lambda _: "document of another") != []


@given(data=st.lists(st.sampled_from([b".", b"..", b"a", b"", b".a", b"\r\n"[:0], b"a."]), max_size=12))
@ordinary
def test_dots_are_doubled_so_that_only_our_dot_ends_the_mail(data: list[bytes]) -> None:
    mail = b"".join(line + b"\r\n" for line in [*data, b"end"])
    wire = dot_stuffed(mail)
    assert b"\r\n.\r\n" not in b"\r\n" + wire
    assert b"".join(line.removeprefix(b".") for line in wire.splitlines(keepends=True)) == mail


@pytest.mark.parametrize("data", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\n.\n\r\n", b"a\r\n.\r\r\n", b"a", b"a\n"])
def test_bytes_that_could_smuggle_a_second_mail_are_refused(data: bytes) -> None:
    with pytest.raises(AssertionError):
        dot_stuffed(data)


def test_what_is_on_the_wire_are_the_frozen_bytes(sending: World, server: ScriptedSmtp) -> None:
    text = f".\n..\n.hidden\nFrom Sanne: é ß 日本 🙂\n{'x' * 3000}\n\n{{{{ greeting }}}}\n.\n"
    (sending.folder / "templates" / "nl" / "mail" / "quote_and_consent.txt").write_text(text, "utf-8")
    sending.drop(client_file("Zoë 'O.' d'Été-ß", more="goal: |\n  .\n  ..\n"))
    sending.work(after())
    (mail,) = server.accepted
    assert mail.raw == frozen(sending)[CLIENT].read_bytes()
    assert sound_on_the_wire(mail.raw)
    assert ".hidden\nFrom Sanne: é ß 日本 🙂\n" + "x" * 3000 in body(mail.raw, "plain")
