"""What counts as a copy of ours, also one that the coach sent from her own program, and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from pipeline.model import Kind
from tests.edges.mailboxes import Accounts
from tests.mailstack.fixtures import needs_servers
from tests.retention.purging import ACCEPTED, Desk, desk
from tests.world import CLIENT, COACH, SPONSOR, World

pytestmark = [needs_servers, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]
NOW = ACCEPTED + timedelta(minutes=5)
on = pytest.mark.parametrize


@pytest.fixture
def mail(composed: World, tmp_path: Path, accounts: Accounts, request: pytest.FixtureRequest) -> Iterator[Desk]:
    with accounts.on(getattr(request, "param", "full")) as account, desk(composed, tmp_path, account) as made:
        yield made
        assert made.whole()


def paper(mail: Desk, number: int) -> tuple[str, bytes]:
    """Give a document of the dossier: 1 the quote, 2 the consent declaration."""
    name = f"{mail.reference}-{number}-v1.pdf"
    return name, mail.practice.storage.read(f"dossiers/{mail.reference}/{name}")


def by_hand(mail: Desk, *to: str, number: int = 2, sender: str = COACH, folder: str = "") -> bytes:
    """Let the coach send a document from her own program; gives the mail's bytes."""
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = f"Marjan <{sender}>", ", ".join(to), "Nogmaals"
    made["Message-ID"] = f"<{number}.{len(to)}.{len(sender)}@laptop.example>"
    made.set_content("Hierbij.\n")
    name, data = paper(mail, number)
    made.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    mail.account.put(made.as_bytes(), folder or mail.account.provider.sent)
    return made.as_bytes()


@on("mail", ["full", "gmail", "without UIDPLUS"], indirect=True)
def test_a_document_that_the_coach_sent_herself_goes_with_the_mail_that_carried_it(mail: Desk) -> None:
    data, quote = by_hand(mail, CLIENT), by_hand(mail, SPONSOR, number=1)
    mail.keep(NOW)
    copies = mail.practice.database.rows("SELECT token, by_hand FROM copies WHERE token = ?", mail.one("quote")[0])
    assert {tuple(row) for row in copies} == {(mail.one("quote")[0], 1)}
    gone = [mail.account.provider.trash] if "UIDPLUS" in str(mail.account.provider.lacks) else []
    assert mail.account.holds(data) == gone
    assert mail.account.provider.sent in mail.account.holds(quote)
    assert (mail.purges()["consent"][0], mail.questions()) == (
        ("kept", ["copy_in_trash"]) if gone else ("gone", [])
    )  # fmt: skip


def test_one_that_she_sends_after_the_purge_goes_too(mail: Desk) -> None:
    mail.keep(NOW)
    data = by_hand(mail, CLIENT, COACH)
    mail.keep(NOW + timedelta(minutes=10))
    assert mail.account.holds(data) == []


@on("to", [("stranger@elsewhere.example",), (CLIENT, "stranger@elsewhere.example"), (SPONSOR,), ()])
def test_one_to_anybody_else_is_not_touched_and_shown_once(mail: Desk, to: tuple[str, ...]) -> None:
    data = by_hand(mail, *to)
    mail.keep(NOW)
    assert (mail.account.holds(data), mail.questions()) == (["Sent"], ["sent_to_another"])
    mail.run("UPDATE attention SET state = 'settled'")
    with mail.account.person() as client:  # its folder is numbered anew, and so looked through from the start
        client.rename_folder("Sent", "Aside")
        client.create_folder("Sent")
    by_hand(mail, *to)
    mail.settled("fulfilled", NOW)
    mail.keep(NOW + timedelta(days=1))
    assert mail.questions() == []


@on("kind", [Kind.PROFILE, Kind.REPORT, Kind.INVOICE])
def test_a_paper_of_the_coaching_that_she_sent_to_another_is_shown_and_one_to_its_reader_is_a_copy(
    mail: Desk, kind: Kind
) -> None:
    mail.document(kind, 1, data=b"%PDF-1.7 what somebody else made")
    token = mail.course_mail(kind, 1, state="accepted")
    right = by_hand(mail, CLIENT, number=kind.number)
    mail.keep(NOW)
    noted = mail.practice.database.rows("SELECT token FROM copies WHERE by_hand AND token = ?", token)
    assert (len(noted), mail.questions(), mail.account.holds(right)) == (1, [], ["Sent"])
    wrong = by_hand(mail, SPONSOR, CLIENT, number=kind.number)
    mail.keep(NOW + timedelta(minutes=10))
    assert (mail.questions(), mail.account.holds(wrong)) == (["sent_to_another"], ["Sent"])


def test_what_another_sent_or_lies_elsewhere_or_carries_something_else_is_left_alone(mail: Desk) -> None:
    kept = [by_hand(mail, CLIENT, sender="other@practice.example"), by_hand(mail, CLIENT, folder="Work")]
    plain = EmailMessage(policy=SMTP)
    plain["From"], plain["To"] = COACH, CLIENT
    plain.set_content(f"About {mail.reference}-2 v1.\n")
    plain.add_attachment(b"%PDF-1.7 broken", maintype="application", subtype="pdf", filename="broken.pdf")
    mail.account.put(plain.as_bytes(), "Sent")
    around = EmailMessage(policy=SMTP)
    around["From"], around["To"] = COACH, CLIENT
    around.set_content("Forwarded.\n")
    inner = EmailMessage(policy=SMTP)
    inner.set_content("See it.\n")
    inner.add_attachment(paper(mail, 2)[1], maintype="application", subtype="pdf", filename="x.pdf")
    around.add_attachment(inner)
    mail.account.put(around.as_bytes(), "Sent")
    mail.keep(NOW)
    assert [mail.account.holds(one) for one in [*kept, plain.as_bytes(), around.as_bytes()]] == [
        ["Sent"], ["Work"], ["Sent"], ["Sent"],
    ]  # fmt: skip
    assert mail.questions() == []


NESTED = b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (at, at) for at in range(2000))
ODD = {
    "nested": NESTED,
    "no boundary": b"Content-Type: multipart/mixed\r\n\r\n--x\r\nContent-Type: application/pdf\r\n\r\n%PDF-\r\n",
    "a name in no charset": b"Content-Type: application/pdf; name*=nonsense'x'%FF.pdf\r\n\r\n%PDF-1.7\r\n",
    "broken base64": b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%=\r\n",
    "nothing": b"Content-Type: application/pdf\r\n\r\n",
    "binary": b"To: \xff\xfe<a@b\r\nDate: \x00\xff\r\nContent-Type: application/pdf\r\n\r\n\x80\x81\r\n",
}


@on("odd", ODD)
def test_a_mail_of_hers_that_nothing_can_be_made_of_stays_and_stops_nothing(mail: Desk, odd: str) -> None:
    data = f"From: {COACH}\r\nSubject: {odd}\r\n".encode() + ODD[odd].replace(b"\x00", b"")
    mail.account.put(data)
    ours = mail.put("consent")
    mail.keep(NOW)
    assert (mail.account.holds(data), mail.account.holds(ours)) == (["Sent"], [])


def test_what_a_person_took_away_is_not_noted_any_more(mail: Desk) -> None:
    mail.put("quote", "Sent", "Archive")
    mail.keep(NOW)
    count = "SELECT count(*) FROM copies"
    assert mail.practice.database.value(count) == 2
    with mail.account.person("Sent") as client:
        client.delete_messages(client.search("ALL"))
        client.expunge()
    with mail.account.person() as client:
        client.delete_folder("Archive")
    mail.keep(NOW + timedelta(minutes=10))
    assert mail.practice.database.value(count) == 0


def test_a_folder_that_is_numbered_anew_is_looked_through_anew(mail: Desk) -> None:
    data = mail.put("quote")
    mail.keep(NOW)
    with mail.account.person() as client:
        client.rename_folder("Sent", "Aside")
        client.create_folder("Sent")
        client.append("Sent", b"Subject: another\r\n\r\nnot ours\r\n")
    mail.settled("fulfilled", NOW)
    mail.keep(NOW + timedelta(days=1))
    assert mail.account.holds(data) == [] and len(mail.account.listing()["Sent"]) == 1
