"""Every file in a mail is found, out of whatever it was wrapped in; what stays closed is named, with the reason."""

from __future__ import annotations

import base64
import binascii
import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.incoming import message, nature
from pipeline.incoming.mail import Mail
from pipeline.incoming.mime import archive, smime, winmail
from pipeline.model import Nature
from pipeline.words import LANGUAGES
from tests.incoming import samples

quick = settings(max_examples=100, deadline=None)


def found(mail: Mail) -> list[tuple[str, tuple[str, ...]]]:
    return [(file.name, file.path) for file in mail.files]


def mail_with(*parts: bytes) -> Mail:
    return message.read(samples.headers() + samples.multipart("b", samples.text("Zie bijlage."), *parts))


def zip_mail(packed: bytes, name: str = "papieren.zip") -> Mail:
    return mail_with(samples.attached(packed, name, "application/zip"))


@pytest.mark.parametrize(
    ("raw", "files"),
    [
        (samples.gmail, [("K7Q4-MX2P-1-v1.pdf", ())]),
        (samples.outlook, [("image001.jpg", ()), ("getekend.pdf", ())]),
        (samples.apple_mail, [("Offerte ondertekend € definitief.pdf", ())]),
        (samples.phone, [("IMG_4711.HEIC", ()), ("IMG_4712.HEIC", ())]),
        (samples.forwarded, [("van-peter.pdf", ("forwarded",))]),
        (samples.with_zip, [("offerte.pdf", ("zip",)), ("toestemming.pdf", ("zip",))]),
        (samples.outlook_winmail, [("Offerte ondertekend.pdf", ("winmail.dat",)),
                                   ("Toestemming é.pdf", ("winmail.dat",))]),
        (samples.smime, [("offerte.pdf", ("s/mime",))]),
        (samples.smime_beside, [("offerte.pdf", ())]),
        (samples.postfix_bounce, [("K7Q4-MX2P-1-v1.pdf", ("returned",))]),
        (samples.gmail_bounce, [("icon.png", ()), ("K7Q4-MX2P-1-v1.pdf", ("returned",))]),
        (samples.read_receipt, []),
    ],
)  # fmt: skip
def test_the_files_of_a_mail_and_what_they_came_out_of(raw: object, files: list[tuple[str, tuple[str, ...]]]) -> None:
    assert callable(raw)
    mail = message.read(raw())
    assert found(mail) == files
    assert mail.unread == ()
    assert all(file.data.startswith((samples.PDF, samples.JPEG)) for file in mail.files)


def test_the_text_of_a_forwarded_mail_is_not_the_writers_own() -> None:
    assert message.read(samples.forwarded()).text == "Zie hieronder."


def test_a_mail_attached_as_a_nameless_type_is_a_forwarded_mail() -> None:
    assert found(mail_with(samples.attached(samples.gmail(), "bericht.eml", "application/octet-stream"))) == [
        ("K7Q4-MX2P-1-v1.pdf", ("forwarded",))
    ]


def test_a_text_with_a_file_name_is_a_file_and_not_the_text() -> None:
    mail = mail_with(samples.attached(b"akkoord", "akkoord.txt", "text/plain"))
    assert mail.text == "Zie bijlage."
    assert found(mail) == [("akkoord.txt", ())]


def test_what_a_bounce_in_words_alone_carries_came_back_and_was_not_sent() -> None:
    wrapped = samples.lines("Content-Type: message/rfc822", "") + samples.our_mail()
    raw = samples.lines("Return-Path: <>", "From: postmaster@work.example", "Subject: Undeliverable: Documenten")
    assert found(message.read(raw + samples.multipart("b", samples.text("Sorry."), wrapped))) == [
        ("K7Q4-MX2P-1-v1.pdf", ("returned",))
    ]


def test_what_a_report_without_its_envelope_carries_came_back() -> None:
    report = samples.lines("Content-Type: message/delivery-status", "", "Action: failed")
    wrapped = samples.lines("Content-Type: message/rfc822", "") + samples.our_mail()
    assert found(mail_with(report, wrapped)) == [("K7Q4-MX2P-1-v1.pdf", ("returned",))]


def test_a_person_who_forwards_a_bounce_sends_no_bounce() -> None:
    wrapped = samples.lines("Content-Type: message/rfc822", "") + samples.postfix_bounce()
    mail = mail_with(wrapped, samples.attached(samples.PDF, "getekend.pdf"))
    assert mail.reports == ()
    assert nature.of(mail, samples.COACH) is Nature.LETTER
    assert found(mail)[1] == ("getekend.pdf", ())


def test_the_text_that_was_signed_is_the_mails_own() -> None:
    assert message.read(samples.smime()).text == "Getekend, met een kaartlezer."


def test_a_paper_signed_as_a_file_comes_out_of_its_wrapping() -> None:
    part = samples.attached(samples.p7m(samples.PDF), "offerte.pdf.p7m", "application/octet-stream")
    mail = mail_with(part)
    assert [(file.name, file.path, file.data) for file in mail.files] == [("offerte.pdf", ("s/mime",), samples.PDF)]


@given(st.binary(max_size=300), st.integers(1, 40))
@quick
def test_a_signed_text_in_pieces_of_any_length_is_put_together(inner: bytes, length: int) -> None:
    pieces = [inner[at : at + length] for at in range(0, len(inner), length)]
    octets = b"\x24\x80" + b"".join(b"\x04" + bytes([len(piece)]) + piece for piece in pieces) + b"\0\0"
    kind = bytes.fromhex("06092a864886f70d0107")
    content = b"\x30\x80" + kind + b"\x01\xa0\x80" + octets + b"\0\0\0\0"
    digests = b"\x31\x80\x30\x80\x06\x01\x2a\0\0\0\0"
    whole = b"\x30\x80" + kind + b"\x02\xa0\x80\x30\x80\x02\x01\x01" + digests + content + b"\0\0" * 3
    assert smime.unwrapped(whole) == (inner, "")


@given(st.binary(max_size=200))
@quick
def test_octets_that_are_no_wrapping_give_a_word(data: bytes) -> None:
    inner, word = smime.unwrapped(b"\x30\x80" + data)
    assert (inner is None) == (word != "")


@pytest.mark.parametrize(
    ("raw", "unread"),
    [
        (samples.smime(encrypted=True), [("unread_locked", "smime.p7m")]),
        (samples.headers() + samples.multipart("e", samples.attached(b"Version: 1", "v", "application/pgp-encrypted"),
                                               kind="encrypted"), [("unread_locked", "multipart/encrypted")]),
        (samples.headers() + samples.text("-----BEGIN PGP MESSAGE-----\n\nhQEM"), [("unread_locked", "text/plain")]),
        (samples.headers() + b"Content-Type: message/partial; id=a; number=1\r\n\r\nx",
         [("unread_partial", "message/partial")]),
        (samples.headers() + b"Content-Type: message/external-body; access-type=URL\r\n\r\nContent-Type: a/b\r\n\r\n",
         [("unread_external", "message/external-body")]),
        (samples.headers() + samples.attached(b"", "leeg.pdf"), [("unread_empty", "leeg.pdf")]),
        (samples.headers() + samples.attached(b"Rar!\x1a\x07\x00", "a.rar"), [("unread_archive", "a.rar")]),
        (samples.headers() + samples.attached(b"PK\x03\x04 broken", "a.zip"), [("unread_zip", "a.zip")]),
        (samples.headers() + samples.attached(b"broken", "winmail.dat", "application/ms-tnef"),
         [("unread_winmail", "winmail.dat")]),
        (samples.headers() + samples.attached(b"\x30\x80broken", "smime.p7m", "application/pkcs7-mime"),
         [("unread_smime", "smime.p7m")]),
    ],
)  # fmt: skip
def test_what_stays_closed_is_named_with_its_reason(raw: bytes, unread: list[tuple[str, str]]) -> None:
    mail = message.read(raw)
    assert list(mail.unread) == unread
    assert mail.files == ()
    assert all(unread[0][1] in words[unread[0][0]].format(name=unread[0][1]) for words in LANGUAGES.values())


class TestZip:
    """Zip files of strangers."""

    def test_folders_and_clutter_are_no_files(self) -> None:
        packed = samples.zipped(
            ("a/", b""), ("__MACOSX/._a.pdf", b"x"), ("a/.DS_Store", b"x"), ("a/a.pdf", samples.PDF)
        )
        assert found(zip_mail(packed)) == [("a.pdf", ("zip",))]

    def test_names_lead_nowhere(self) -> None:
        assert found(zip_mail(samples.zipped(("../../../etc/a.pdf", samples.PDF)))) == [("a.pdf", ("zip",))]

    def test_a_word_document_is_a_file_and_not_a_zip(self) -> None:
        packed = samples.zipped(("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"<x/>"))
        assert found(zip_mail(packed, "brief.docx")) == [("brief.docx", ())]

    def test_a_zip_in_a_zip_stays_closed(self) -> None:
        mail = zip_mail(samples.zipped(("in.zip", samples.zipped(("a.pdf", samples.PDF))), ("b.pdf", samples.PDF)))
        assert found(mail) == [("b.pdf", ("zip",))]
        assert mail.unread == (("unread_zip_in_zip", "in.zip"),)

    def test_a_password_keeps_one_file_closed_and_the_others_open(self) -> None:
        packed = bytearray(samples.zipped(("a.pdf", samples.PDF), ("b.pdf", samples.PDF)))
        packed[packed.rindex(b"PK\x01\x02") + 8] |= 1
        packed[packed.rindex(b"PK\x03\x04") + 6] |= 1
        mail = zip_mail(bytes(packed))
        assert found(mail) == [("a.pdf", ("zip",))]
        assert mail.unread == (("unread_locked_zip", "b.pdf"),)

    def test_a_link_is_not_followed(self) -> None:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as packing:
            link = zipfile.ZipInfo("a.pdf")
            link.external_attr = 0o120777 << 16
            packing.writestr(link, "/etc/passwd")
        mail = zip_mail(made.getvalue())
        assert (mail.files, mail.unread) == ((), (("unread_zip", "a.pdf"),))

    def test_a_bomb_is_counted_while_it_is_unpacked_whatever_it_says_of_itself(self) -> None:
        packed = bytearray(samples.zipped(("nul.pdf", bytes(5_000_000)), ("a.pdf", samples.PDF)))
        at = packed.index(b"PK\x01\x02")
        packed[at + 24 : at + 28] = struct.pack("<L", 100)
        mail = zip_mail(bytes(packed))
        assert ("nul.pdf", ("zip",)) not in found(mail)
        assert found(zip_mail(samples.zipped(("nul.pdf", bytes(5_000_000)), ("a.pdf", samples.PDF)))) == [
            ("a.pdf", ("zip",))
        ]

    def test_a_million_octets_may_be_as_empty_as_they_like(self) -> None:
        assert found(zip_mail(samples.zipped(("wit.pdf", bytes(1_000_000))))) == [("wit.pdf", ("zip",))]

    def test_too_many_entries_open_none(self) -> None:
        mail = zip_mail(samples.zipped(*((f"{number}.pdf", samples.PDF) for number in range(101))))
        assert (mail.files, mail.unread) == ((), (("unread_too_many", "papieren.zip"),))

    def test_a_directory_of_a_hundred_thousand_entries_is_not_read(self) -> None:
        entry = b"PK\x01\x02" + bytes(42)
        directory = entry * 100_000
        end = b"PK\x05\x06" + bytes(4) + struct.pack("<HHLLH", 1, 1, len(directory), 4, 0)
        mail = zip_mail(b"PK\x03\x04" + directory + end)
        assert (mail.files, mail.unread) == ((), (("unread_too_many", "papieren.zip"),))

    def test_entries_over_one_another_open_none(self) -> None:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as packing:
            packing.writestr("a.pdf", bytes(1000))
            packing.writestr("b.pdf", bytes(1000))
            packing.infolist()[1].header_offset = 0
            packing.infolist()[1].filename = "a.pdf"
        mail = zip_mail(made.getvalue())
        assert (mail.files, mail.unread) == ((), (("unread_zip", "papieren.zip"),))

    def test_together_they_give_fifty_megabytes_at_most(self) -> None:
        noise = b"".join(bytes([number % 251]) * 97 for number in range(120_000))
        packed = samples.zipped(*((f"{number}.bin", noise) for number in range(6)))
        unpacked = archive.unpack(packed, "a.zip")
        assert sum(len(data) for _, data in unpacked.files) <= archive.MOST_OUT
        assert unpacked.unread and {word for word, _ in unpacked.unread} == {"unread_too_big"}

    @given(st.binary(max_size=60), st.integers(0, 400), st.booleans())
    @quick
    def test_a_damaged_zip_never_raises(self, junk: bytes, at: int, cut: bool) -> None:
        packed = samples.zipped(("a.pdf", samples.PDF), ("b.pdf", samples.PDF))
        at %= len(packed)
        unpacked = archive.unpack(packed[:at] + junk + (b"" if cut else packed[at + len(junk) :]), "a.zip")
        assert len(unpacked.files) <= archive.MOST_ENTRIES


class TestWinmail:
    """Outlook's own wrapping."""

    def test_without_long_names_the_short_ones_show(self) -> None:
        assert winmail.files(samples.winmail(("Offerte.pdf", samples.PDF), long_names=False)) == [
            ("FILE0~1.PDF", samples.PDF)
        ]

    def test_it_is_known_by_its_octets_whatever_it_is_called(self) -> None:
        packed = samples.winmail(("Offerte.pdf", samples.PDF))
        assert found(mail_with(samples.attached(packed, "ATT00001.bin", "application/octet-stream"))) == [
            ("Offerte.pdf", ("winmail.dat",))
        ]

    def test_cut_off_it_gives_what_was_whole(self) -> None:
        packed = samples.winmail(("een.pdf", samples.PDF), ("twee.pdf", samples.PDF * 50))
        assert [name for name, _ in winmail.files(packed[:-3000])] == ["een.pdf"]

    def test_a_mail_within_it_gives_its_files(self) -> None:
        inner = bytes(16) + samples.winmail(("in.pdf", samples.PDF))
        properties = struct.pack("<LHHLL", 1, 0x000D, 0x3701, 1, len(inner)) + inner + bytes(-len(inner) % 4)
        packed = b"\x78\x9f\x3e\x22\x01\x00" + struct.pack("<BLLH", 2, 0x00069002, 0, 0)
        packed += struct.pack("<BLL", 2, 0x00069005, len(properties)) + properties + b"\0\0"
        assert winmail.files(packed) == [("in.pdf", samples.PDF)]

    @given(st.binary(max_size=40), st.integers(0, 2_000))
    @quick
    def test_damaged_it_never_raises(self, junk: bytes, at: int) -> None:
        packed = samples.winmail(("een.pdf", samples.PDF), ("twee.pdf", samples.PDF))
        at = 4 + at % (len(packed) - 4)
        assert len(winmail.files(packed[:at] + junk + packed[at + len(junk) :])) <= winmail.MOST_FILES


def test_a_hundred_files_are_kept_and_the_next_is_named() -> None:
    mail = mail_with(*(samples.attached(samples.PDF, f"{number}.pdf") for number in range(120)))
    assert len(mail.files) == 100
    assert ("unread_too_many", "100.pdf") in mail.unread


def test_a_hundred_files_are_kept_out_of_two_zips() -> None:
    packed = samples.zipped(*((f"{number}.pdf", samples.PDF) for number in range(60)))
    mail = mail_with(*(samples.attached(packed, f"{number}.zip", "application/zip") for number in range(2)))
    assert len(mail.files) == 100
    assert ("unread_too_many", "40.pdf") in mail.unread


@pytest.mark.parametrize(
    ("encoding", "encoded"),
    [
        ("base64", base64.encodebytes(samples.PDF).replace(b"\n", b" \r\n!")),
        ("base64", base64.b64encode(samples.PDF).rstrip(b"=")),
        ("BASE64", base64.b64encode(samples.PDF)),
        ("base64", b"".join(base64.b64encode(samples.PDF[at : at + 10]) + b"\r\n" for at in range(0, 90, 10))),
        ("binary", samples.PDF),
        ("nonsense", samples.PDF),
        ("x-uuencode", b"begin 644 a.pdf\r\n" + b"".join(
            binascii.b2a_uu(samples.PDF[at : at + 45]) for at in range(0, len(samples.PDF), 45)
        ) + b"`\r\nend\r\n"),
    ],
)  # fmt: skip
def test_a_file_is_read_out_of_any_encoding(encoding: str, encoded: bytes) -> None:
    head = f"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    assert message.read(head + encoded).files[0].data == samples.PDF
