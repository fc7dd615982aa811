"""What only the sandbox promises: it restarts, it keeps what it acknowledged, and who may send."""

import re
import smtplib
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from imapclient import IMAPClient

from pipeline.sandbox import SandboxServer
from tests.sandbox.rawimap import RawImap, status
from tests.sandbox.samples import SIGNED_RETURN, SIMPLE, mail

COACH = "coach@practice.example"
CLIENT = "Client@home.example"
ACCOUNTS = {COACH: "secret", CLIENT: 'pass "word" \\'}

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SandboxServer]:
    """Give a running sandbox with two accounts."""
    with SandboxServer(tmp_path, ACCOUNTS) as running:
        yield running


class Callers:
    """Makes connections, and closes them after the test."""

    def __init__(self, open_until_the_end: ExitStack) -> None:
        """Hang up when this stack is closed."""
        self._stack = open_until_the_end

    def imap(self, server: SandboxServer, address: str = COACH) -> IMAPClient:
        """Log in and select INBOX."""
        client = IMAPClient(server.host, port=server.imap_port, ssl=False, timeout=10)
        self._stack.callback(client.shutdown)
        client.plain_login(address, ACCOUNTS[address])
        client.select_folder("INBOX")
        return client

    def raw(self, server: SandboxServer) -> RawImap:
        """Log in without further help."""
        raw = self._stack.enter_context(RawImap(server.host, server.imap_port))
        raw.run(b"LOGIN coach@practice.example secret")
        return raw

    def smtp(self, server: SandboxServer, login: str = "") -> smtplib.SMTP:
        """Connect, and log in when an address is given."""
        client = smtplib.SMTP(server.host, server.smtp_port, local_hostname="laptop.example", timeout=10)
        self._stack.callback(client.close)
        client.ehlo()
        if login:
            client.login(login, ACCOUNTS[login])
        return client


@pytest.fixture
def call() -> Iterator[Callers]:
    """Give a maker of connections."""
    with ExitStack() as stack:
        yield Callers(stack)


class TestRestart:
    """State is in the folder and nowhere else."""

    def test_uids_flags_keywords_dates_and_octets_survive_a_restart(self, tmp_path: Path, call: Callers) -> None:
        items = ["FLAGS", "INTERNALDATE", "BODY.PEEK[]"]
        with SandboxServer(tmp_path, ACCOUNTS) as server:
            client = call.imap(server)
            for flag in (b"\\Seen", b"$Filed"):
                client.append("INBOX", SIGNED_RETURN, [flag], datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC))
            client.delete_messages([1])
            client.expunge()
            client.create_folder("Zoë")
            validity = client.select_folder("INBOX")[b"UIDVALIDITY"]
            before = client.fetch([2], items)
        with SandboxServer(tmp_path, ACCOUNTS) as server:
            client = call.imap(server)
            selected = client.select_folder("INBOX")
            assert (selected[b"UIDVALIDITY"], selected[b"UIDNEXT"]) == (validity, 3)
            assert client.fetch([2], items) == before
            assert client.folder_exists("Zoë")

    def test_the_same_server_can_be_stopped_and_started_again(self, tmp_path: Path, call: Callers) -> None:
        server = SandboxServer(tmp_path, ACCOUNTS)
        for round_number in (1, 2):
            server.start()
            call.smtp(server).sendmail("x@y.example", [COACH], SIMPLE)
            server.stop()
            assert len(server.messages(COACH)) == round_number
            with pytest.raises(OSError, match="refused"):
                socket.create_connection((server.host, server.imap_port), timeout=1)

    def test_stopping_hangs_up_on_waiting_clients_at_once(self, tmp_path: Path, call: Callers) -> None:
        with SandboxServer(tmp_path, ACCOUNTS) as server:
            raw = call.raw(server)
            raw.send(b"T IDLE\r\n")
            raw.response()
            call.smtp(server, COACH)
            started = time.monotonic()
        assert time.monotonic() - started < 1
        assert raw.response().startswith(b"* BYE")
        assert raw.response() == b""

    def test_a_folder_that_can_not_be_used_fails_at_start(self, tmp_path: Path) -> None:
        (tmp_path / "mail.db").mkdir()
        with pytest.raises(sqlite3.Error):
            SandboxServer(tmp_path, ACCOUNTS).start()


class TestSending:
    """Who may send what to whom."""

    def test_only_what_is_really_done_is_announced(self, server: SandboxServer, call: Callers) -> None:
        features = call.smtp(server).esmtp_features
        assert features.keys() == {"size", "8bitmime", "auth", "help"}
        assert set(features["auth"].split()) == {"PLAIN", "LOGIN"}

    @pytest.mark.parametrize("mechanism", ["auth_plain", "auth_login"])
    def test_both_ways_of_logging_in_work_and_a_wrong_password_does_not(
        self, server: SandboxServer, mechanism: str, call: Callers
    ) -> None:
        client = call.smtp(server)
        client.user, client.password = COACH, "secret"
        name = mechanism.removeprefix("auth_").upper()
        assert client.auth(name, getattr(client, mechanism))[0] == 235
        with pytest.raises(smtplib.SMTPAuthenticationError):
            call.smtp(server).login(COACH, "wrong")

    def test_nobody_sends_in_an_accounts_name_without_its_login(self, server: SandboxServer, call: Callers) -> None:
        with pytest.raises(smtplib.SMTPSenderRefused, match=r"5\.7\.0"):
            call.smtp(server).sendmail(COACH, [CLIENT], SIMPLE)
        with pytest.raises(smtplib.SMTPSenderRefused, match=r"5\.7\.1"):
            call.smtp(server, CLIENT).sendmail(COACH, [CLIENT], SIMPLE)
        assert server.messages(CLIENT) == []

    def test_a_login_sends_and_so_does_a_stranger(self, server: SandboxServer, call: Callers) -> None:
        call.smtp(server, COACH).sendmail(COACH, [CLIENT], mail("from us"))
        call.smtp(server).sendmail("stranger@elsewhere.example", [CLIENT], mail("from outside"))
        call.smtp(server).sendmail("", [CLIENT], mail("a bounce"))
        first, second, third = server.messages(CLIENT)
        assert b"with ESMTPA id" in first and b"; spf=pass smtp.mailfrom=" in first
        assert b"with ESMTP id" in second and b"Authentication-Results: localhost; none" in second
        assert third.startswith(b"Return-Path: <>\r\n")

    def test_a_mail_is_on_disk_before_the_250(self, server: SandboxServer, tmp_path: Path, call: Callers) -> None:
        client = call.smtp(server)
        client.mail("x@y.example")
        client.rcpt(COACH)
        code, text = client.data(SIMPLE)
        with closing(sqlite3.connect(tmp_path / "mail.db")) as db:
            [(raw,)] = db.execute("SELECT raw FROM content").fetchall()
        assert (code, raw.endswith(SIMPLE)) == (250, True)
        assert re.search(rb"queued as (\w+)", text)[1] in raw  # type: ignore[index]  # must match

    def test_one_mail_to_one_account_by_two_addresses_is_one_mail(self, server: SandboxServer, call: Callers) -> None:
        call.smtp(server).sendmail("x@y.example", [COACH, "coach+tag@practice.example", CLIENT], SIMPLE)
        assert [len(server.messages(account)) for account in ACCOUNTS] == [1, 1]

    @pytest.mark.parametrize("false_end", [b"\n.\r\n", b"\n.\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r"])
    def test_nothing_but_a_dot_on_its_own_line_ends_a_mail(self, server: SandboxServer, false_end: bytes) -> None:
        hidden = b"MAIL FROM:<coach@practice.example>\r\nRCPT TO:<coach@practice.example>\r\n"
        address = (server.host, server.smtp_port)
        with socket.create_connection(address, timeout=5) as raw, raw.makefile("rb") as file:
            for line in (b"HELO x", b"MAIL FROM:<x@y.example>", b"RCPT TO:<coach@practice.example>", b"DATA"):
                file.readline()
                raw.sendall(line + b"\r\n")
            file.readline()
            raw.sendall(b"Subject: a\r\n\r\nbody" + false_end + hidden + b"\r\n.\r\n")
            assert file.readline().startswith(b"250 ")
        [stored] = server.messages(COACH)
        assert hidden in stored

    def test_a_mail_that_is_too_large_is_refused_before_it_is_sent(self, server: SandboxServer, call: Callers) -> None:
        client = call.smtp(server)
        assert client.docmd("MAIL FROM:<x@y.example> SIZE=99999999")[0] == 552


class TestDelivery:
    """From the 250 to the reader."""

    def test_idle_tells_of_a_delivery_within_fifty_milliseconds(self, server: SandboxServer, call: Callers) -> None:
        client = call.imap(server)
        client.idle()
        sender = call.smtp(server)
        delays = []
        for _ in range(5):
            sender.sendmail("x@y.example", [COACH], SIMPLE)
            accepted = time.monotonic()
            assert client.idle_check(timeout=5)
            delays.append(time.monotonic() - accepted)
        # The best of five: the machine may be busy, a server that polls would be late every time.
        assert min(delays) < 0.05

    def test_arrival_times_come_from_the_given_clock(self, tmp_path: Path, call: Callers) -> None:
        moment = datetime(2031, 3, 4, 5, 6, 7, tzinfo=UTC)
        with SandboxServer(tmp_path, ACCOUNTS, clock=lambda: moment) as server:
            call.smtp(server).sendmail("x@y.example", [COACH], SIMPLE)
            client = call.imap(server)
            client.normalise_times = False
            assert client.fetch([1], ["INTERNALDATE"])[1][b"INTERNALDATE"] == moment
            assert client.search(["SINCE", "4-Mar-2031"]) == [1]
            assert b"; Tue, 04 Mar 2031 05:06:07 +0000\r\n" in server.messages(COACH)[0]

    def test_each_account_sees_its_own_mail_only(self, server: SandboxServer, call: Callers) -> None:
        call.smtp(server).sendmail("x@y.example", [CLIENT], SIMPLE)
        assert call.imap(server).search() == []
        assert call.imap(server, CLIENT).search() == [1]

    def test_a_session_in_a_deleted_folder_is_told_and_ended(self, server: SandboxServer, call: Callers) -> None:
        call.imap(server).create_folder("gone")
        raw = call.raw(server)
        raw.run(b"SELECT gone")
        call.imap(server).delete_folder("gone")
        raw.send(b"T NOOP\r\n")
        assert b"BYE" in b"".join(raw.responses(b"never"))

    def test_synchronising_twice_changes_nothing_the_second_time(
        self, server: SandboxServer, tmp_path: Path, call: Callers
    ) -> None:
        """Do what a synchronising mail program does: compare UIDs and flags of both sides, and apply the difference."""
        for number in range(30):
            call.smtp(server).sendmail("x@y.example", [COACH], mail(str(number)))
        copy: dict[int, bytes] = {}
        client = call.imap(server)

        def sync() -> int:
            client.select_folder("INBOX")
            there = set(client.search())
            new = there - copy.keys()
            copy.update(
                {uid: data[b"BODY[]"] for uid, data in client.fetch(new, ["BODY.PEEK[]"]).items()} if new else {}
            )
            return len(new)

        assert (sync(), sync()) == (30, 0)
        client.delete_messages(list(copy)[:10])
        client.uid_expunge(list(copy)[:10])
        for uid in list(copy)[:10]:
            del copy[uid]
        client.append("INBOX", mail("local"))
        assert (sync(), sync()) == (1, 0)
        assert list(copy.values()) == server.messages(COACH)


def test_an_appended_mail_with_a_nul_is_refused(server: SandboxServer, call: Callers) -> None:
    """Such octets can not be fetched again as a literal (RFC 3501 section 9, CHAR8)."""
    assert status(call.raw(server).run(b"APPEND INBOX ~", b"A: b\r\n\r\n\0")) == "NO"


def test_a_mail_expunged_while_others_are_fetched_is_left_out_and_never_given_as_empty(
    server: SandboxServer, call: Callers
) -> None:
    large = mail("large", b"x" * 70 + b"\r\n") * 40_000
    writer, reader = call.imap(server), call.raw(server)
    for _ in range(4):
        writer.append("INBOX", large)
    reader.run(b"SELECT INBOX")
    reader.send(b"T FETCH 1:* BODY.PEEK[]\r\n")
    # The answers do not fit into the socket's buffers, so the server now waits for this reader.
    first = reader.response()
    writer.select_folder("INBOX")
    writer.delete_messages([4])
    writer.expunge()
    answers = [first, *reader.responses(b"T")]
    assert [len(answer) > len(large) for answer in answers[:-1]] == [True, True, True]
    assert answers[-1].startswith(b"T OK [EXPUNGEISSUED]")


def test_a_name_in_brackets_is_a_name(server: SandboxServer, call: Callers) -> None:
    raw = call.raw(server)
    assert status(raw.run(b"CREATE [Gmail]/All")) == "OK"
    assert status(raw.run(b"SELECT [Gmail]/All")) == "OK"
