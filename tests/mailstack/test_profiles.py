"""Each profile behaves like its kind of provider, as far as Dovecot can."""

import smtplib

import pytest

from tests.mailstack import MailStack
from tests.mailstack.fixtures import CLIENT, COACH, needs_servers
from tests.mailstack.profiles import Name
from tests.mailstack.stack import Smtp

pytestmark = needs_servers

MESSAGE = b"From: <coach@practice.example>\r\nMessage-ID: <1@practice.example>\r\nSubject: Hello\r\n\r\nA line.\r\n"


def _submission(stack: MailStack, login: str) -> smtplib.SMTP:
    line = smtplib.SMTP_SSL("localhost", stack.submissions_port, context=stack.tls())
    line.login(login, stack.password(login))
    return line


@pytest.mark.parametrize("smtp", ["postfix", "aiosmtpd"])
def test_gmail_files_sent_mail_itself_and_expunge_archives(smtp: Smtp) -> None:
    """Sent Mail and All Mail have the copy unasked; what is expunged from INBOX stays in All Mail."""
    with MailStack([COACH, CLIENT], smtp=smtp, profile="gmail") as stack:
        with _submission(stack, COACH) as line:
            line.sendmail(COACH, [CLIENT], MESSAGE)
        assert len(stack.wait_for(COACH, 1, "[Gmail]/Sent Mail")) == 1
        assert stack.messages(COACH) == []
        with stack.imap(COACH) as client:
            all_mail = next(name for flags, _, name in client.list_folders() if b"\\All" in flags)
        assert len(stack.messages(COACH, all_mail)) == 1
        _expunge_inbox(stack, CLIENT)
        assert len(stack.messages(CLIENT, all_mail)) == 1
        _move_all_to_trash(stack, CLIENT, all_mail)
        assert stack.messages(CLIENT, all_mail) == []
        assert len(stack.messages(CLIENT, "[Gmail]/Trash")) == 1
        stack.clear(CLIENT)
        stack.clear(COACH)
        assert stack.messages(COACH, all_mail) == []


@pytest.mark.parametrize("smtp", ["postfix", "aiosmtpd"])
def test_exchange_files_sent_mail_itself(smtp: Smtp) -> None:
    """Only what was submitted: mail that merely names the coach as its sender is not filed."""
    with MailStack([COACH, CLIENT], smtp=smtp, profile="exchange") as stack:
        with smtplib.SMTP("localhost", stack.smtp_port) as line:
            line.sendmail(COACH, [CLIENT], MESSAGE)
        with _submission(stack, COACH) as line:
            line.sendmail(COACH, [CLIENT], MESSAGE)
        stack.wait_for(CLIENT, 2)
        assert len(stack.wait_for(COACH, 1, "Sent Items")) == 1
        with stack.imap(COACH) as client:
            client.select_folder("Sent Items")
            assert len(client.search("SEEN")) == 1


@pytest.mark.parametrize(
    ("profile", "announced", "hidden", "uses"),
    [
        (
            "exchange",
            {b"UIDPLUS", b"MOVE"},
            {b"SPECIAL-USE", b"CONDSTORE"},
            {b"\\Trash", b"\\Drafts", b"\\Junk"},
        ),
        ("bare", {b"IMAP4REV1"}, {b"UIDPLUS", b"MOVE", b"IDLE", b"SPECIAL-USE"}, set()),
    ],
)
def test_weaker_servers_announce_less(
    profile: Name, announced: set[bytes], hidden: set[bytes], uses: set[bytes]
) -> None:
    """Exchange has no special use for Sent; the bare server has nothing but IMAP4rev1."""
    with MailStack([COACH], smtp=None, profile=profile) as stack, stack.imap(COACH) as client:
        there = set(client.capabilities())
        marked = {flag for flags, _, _ in client.list_folders() for flag in flags}
    assert announced <= there
    assert not hidden & there
    assert uses == marked & {b"\\Sent", b"\\Trash", b"\\Drafts", b"\\Junk", b"\\All", b"\\Archive"}


def _expunge_inbox(stack: MailStack, address: str) -> None:
    stack.wait_for(address, 1)
    with stack.imap(address) as client:
        client.select_folder("INBOX")
        uids = client.search("ALL")
        client.delete_messages(uids)
        client.uid_expunge(uids)


def _move_all_to_trash(stack: MailStack, address: str, folder: str) -> None:
    with stack.imap(address) as client:
        client.select_folder(folder)
        client.move(client.search("ALL"), "[Gmail]/Trash")
