"""Whether anything is left of what was erased: no grade says more than the search could see."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.edges.database import Database
from pipeline.edges.storage import Storage
from pipeline.model import message_file
from pipeline.policy.schema.base import Grade
from pipeline.retention.holdings import PARTS
from pipeline.retention.mail_text import said
from pipeline.retention.traces import PIECE, Left, Values
from tests.retention.scene import Scene
from tests.world import CLIENT

HERS = "Kanáriename Zilverberk"
WHERE = ("K7Q4-MX2P", "client")
FOLDER = f"dossiers/{WHERE[0]}"


@contextmanager
def practice(root: Path) -> Iterator[tuple[Storage, Database]]:
    """Give a storage with a database in which nothing stands yet."""
    storage = Storage(root / "storage")
    database = Database(storage.path("state.db"))
    try:
        yield storage, database
    finally:
        database.close()


def seen(root: Path, *values: str, files: dict[str, bytes], going: tuple[str, ...] = ()) -> tuple[Grade, list[Left]]:
    """Give what is proved of a part that held these values, while these files are kept."""
    with practice(root) as (storage, database):
        for name, data in files.items():
            storage.write(name, data)
        went = Values({WHERE: set(values)})
        sight = went.look(storage, database, going)
        return went.grade(WHERE, sight), went.left(WHERE, sight)


def letter(text: str = "Dag.", cte: str = "8bit", charset: str = "utf-8", **headers: str) -> bytes:
    """Give a mail with this text, in a transfer encoding."""
    mail = EmailMessage()
    for name, value in headers.items():
        mail[name] = value
    mail.set_content(text, cte=cte, charset=charset)
    return mail.as_bytes(policy=SMTP)


def forwarded(inner: bytes) -> bytes:
    """Give a mail that has another one in it, beside a text."""
    head = b'Subject: Fwd\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    return head + b"--b\r\n\r\nZie onder.\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--b--\r\n"


def with_pdf(text: str) -> bytes:
    mail = EmailMessage()
    mail.set_content(text)
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="a.pdf")
    return mail.as_bytes(policy=SMTP)


def both(text: str) -> bytes:
    mail = EmailMessage()
    mail.set_content("Zie de opmaak.")
    mail.add_alternative(f"<p>{text}</p>", subtype="html", cte="base64")
    return mail.as_bytes(policy=SMTP)


KEPT: dict[str, Callable[[], bytes]] = {
    "in a plain text": lambda: letter(f"Beste {HERS},"),
    "in base64": lambda: letter(f"Beste {HERS},", "base64"),
    "in quoted-printable": lambda: letter(f"Beste {HERS},", "quoted-printable"),
    "in another alphabet": lambda: letter(f"Beste {HERS},", "base64", "iso-8859-1"),
    "over two lines": lambda: letter(f"Beste {HERS.replace(' ', chr(10))},"),
    "in a header": lambda: letter(To=f"{HERS} <x@y.example>"),
    "in a header in another alphabet": lambda: b"Subject: " + Header(HERS, "iso-8859-1").encode().encode() + b"\n\n.",
    "in HTML beside a text": lambda: both(HERS),
    "in HTML as it writes letters": lambda: both("Kan&aacute;riename Zilverberk"),
    "in a mail within a mail": lambda: forwarded(letter(HERS, "base64")),
    "in a mail within a mail within a mail": lambda: forwarded(forwarded(letter(HERS, "quoted-printable"))),
    "beside a PDF": lambda: with_pdf(HERS),
}  # fmt: skip


@pytest.mark.parametrize("how", KEPT)
def test_a_value_that_stands_in_a_kept_mail_is_seen_however_it_is_written(tmp_path: Path, how: str) -> None:
    grade, left = seen(tmp_path, HERS, files={"mail/1.eml": KEPT[how]()})
    assert (grade, left) == (Grade.COMMANDED, [Left.SEEN])


@pytest.mark.parametrize("file", ["outbox/t.eml", "mail/1.eml", f"{FOLDER}/x.xml", "receipts/x.json"])
def test_a_value_that_stands_in_no_file_any_more_is_gone(tmp_path: Path, file: str) -> None:
    kept = letter("Dag Iemand Anders,") if file.endswith(".eml") else b"<a>Iemand Anders</a>"
    assert seen(tmp_path, HERS, files={file: kept}) == (Grade.UNRECOVERABLE_INSIDE, [])


@pytest.mark.parametrize("written", [HERS, json.dumps(HERS)])
@pytest.mark.parametrize("before", [0, PIECE - 5, PIECE, 2 * PIECE - 20])
def test_a_value_is_seen_wherever_it_stands_in_a_large_file(tmp_path: Path, written: str, before: int) -> None:
    data = b"x" * before + written.encode() + b"x" * 10
    assert seen(tmp_path, HERS, files={f"{FOLDER}/notes.txt": data})[1] == [Left.SEEN]


def test_of_a_part_that_was_files_alone_it_is_seen_that_they_are_gone_and_no_more(tmp_path: Path) -> None:
    assert seen(tmp_path, files={}) == (Grade.OBSERVED_ABSENT, [])


def test_a_file_that_is_still_there_is_no_proof_at_all(tmp_path: Path) -> None:
    with practice(tmp_path) as (storage, database):
        storage.write(f"{FOLDER}/x.pdf", b"%PDF")
        went = Values({WHERE: set()}, {WHERE: [storage.path(f"{FOLDER}/x.pdf")]})
        assert went.left(WHERE, went.look(storage, database, ())) == [Left.FILE]


PAPERS = {f"{FOLDER}/x-quote-v1.pdf": b"%PDF-1.7", f"{FOLDER}/x.jpg": b"\xff\xd8", f"{FOLDER}/x.docx": b"PK"}


@pytest.mark.parametrize("name", PAPERS)
def test_while_its_dossier_keeps_a_paper_that_no_search_can_read_nothing_is_proved_gone(
    tmp_path: Path, name: str
) -> None:
    assert seen(tmp_path / "a", HERS, files={name: PAPERS[name]}) == (Grade.COMMANDED, [Left.UNREAD])
    assert seen(tmp_path / "b", HERS, files={name: PAPERS[name]}, going=(name,))[0] == Grade.UNRECOVERABLE_INSIDE
    other = name.replace(WHERE[0], "AAAA-AAAA")
    assert seen(tmp_path / "c", HERS, files={other: PAPERS[name]})[0] == Grade.UNRECOVERABLE_INSIDE


# In a practice.


def erased(dossier: Scene, part: str) -> tuple[Grade, list[Left]]:
    """Erase one part of the dossier, as the road does; gives what is proved of it."""
    practice, where, went = dossier.practice, (dossier.reference, part), Values()
    practice.storage.erase(went.remember(practice, PARTS[part], dossier.reference, where))
    for sql in PARTS[part].rows:
        dossier.run(sql, dossier.reference)
    practice.database.compact()
    sight = went.look(practice.storage, practice.database, ())
    return went.grade(where, sight), went.left(where, sight)


def test_an_address_to_which_mail_is_kept_is_not_counted_as_gone_with_the_client_file(dossier: Scene) -> None:
    assert dossier.practice.database.value("SELECT 1 FROM messages WHERE recipient = ?", CLIENT)
    assert erased(dossier, "client") == (Grade.COMMANDED, [Left.HELD, Left.SEEN, Left.UNREAD])


def test_once_nothing_else_is_kept_all_of_the_client_file_is_proved_gone(dossier: Scene) -> None:
    for part in ("quote", "consent", "mail_out", "employer", "sponsor", "goal"):
        erased(dossier, part)
    assert erased(dossier, "client") == (Grade.UNRECOVERABLE_INSIDE, [])


def test_what_another_dossier_holds_too_cannot_be_proved_gone_of_this_one(dossier: Scene) -> None:
    dossier.run("INSERT INTO dossiers SELECT 'AAAA-AAAA', 'other', '2026-0002', opened_at FROM dossiers")
    dossier.run("CREATE TEMP TABLE other AS SELECT * FROM requests")
    dossier.run("UPDATE other SET dossier = 'AAAA-AAAA'")
    dossier.run("INSERT INTO requests SELECT * FROM other")
    for part in ("quote", "consent", "mail_out", "client"):
        erased(dossier, part)
    assert erased(dossier, "goal") == (Grade.COMMANDED, [Left.HELD])


def test_a_mail_with_a_paper_in_it_is_kept_and_cannot_be_read(dossier: Scene) -> None:
    for part in ("quote", "consent"):
        erased(dossier, part)
    token = dossier.practice.database.value("SELECT token FROM messages")
    dossier.practice.storage.write(message_file(token), with_pdf("Dag."))
    assert erased(dossier, "goal") == (Grade.COMMANDED, [Left.UNREAD])


def test_what_the_practice_says_of_itself_is_nobodys_and_not_looked_for(dossier: Scene) -> None:
    city, sender = dossier.practice.file.practice.city, dossier.practice.file.mail.sender
    dossier.run("UPDATE requests SET facts = json_set(facts, '$.sponsor.address', ?)", city)
    went = Values()
    went.remember(dossier.practice, PARTS["sponsor"], dossier.reference, WHERE)
    assert went.of[WHERE] and not went.of[WHERE] & {city, sender}


# What others write.


@given(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=5, max_size=40),
    st.sampled_from(["8bit", "base64", "quoted-printable"]),
    st.integers(0, 3),
)
@settings(deadline=None, max_examples=60)
def test_any_text_is_read_from_any_encoding_at_any_depth(text: str, cte: str, depth: int) -> None:
    mail = letter(text, cte)
    for _ in range(depth):
        mail = forwarded(mail)
    assert any(text in one for one in said(mail) if one)


ODDITIES = [
    b"Content-Type: multipart/mixed; boundary=b\r\n", b"Content-Type: message/rfc822\r\n", b"\r\n", b"--b\r\n",
    b"--b--\r\n", b"Content-Transfer-Encoding: base64\r\n", b"Subject: =?utf-8?b?====?=\r\n", b"=", b"\xff\xfe",
    b"Content-Type: text/plain; charset=idna\r\n", b"Content-Type: multipart/mixed; boundary*=idna''b\r\n",
    b"Content-Type: text/html; charset*0*=x''%\r\n", b"Content-Transfer-Encoding: x-uuencode\r\n", b"begin 1 x\r\n",
    b"Content-Type: multipart/mixed; boundary*99999999999=\xe9\r\n", b"Subject: =?x?q?=?=\r\n\t=?", b"&#xD800;",
]  # fmt: skip


@given(st.lists(st.sampled_from(ODDITIES) | st.binary(max_size=8), max_size=14).map(b"".join))
@settings(deadline=None, max_examples=150)
def test_no_mail_can_make_the_search_fail(data: bytes) -> None:
    assert all(one is None or one.encode("utf-8", "replace") is not None for one in said(data))


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Type: message/rfc822\r\n\r\n" * 500,
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 5000,
        b"Subject: " + b"=?" * 40_000 + b"\r\n\r\n.",
        b"X: " + b"y" * 100_000 + b"\r\n\r\n.",
        letter("Dag.").replace(b"utf-8", b"punycode"),
    ],
    ids=["too deep", "too many", "a header too long", "a head too long", "no alphabet"],
)
def test_what_is_too_odd_to_be_read_is_said_to_be(data: bytes) -> None:
    assert None in list(said(data))
