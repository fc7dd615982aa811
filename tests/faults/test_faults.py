"""The fault proxy breaks what it is told to break, on real servers, and nothing else."""

import contextlib
import imaplib
import smtplib
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from imapclient import IMAPClient

from tests.faults import FaultProxy, Rule
from tests.faults.rules import deny, hide_capability, lost_ack, lost_imap_ok
from tests.mailstack import MailStack
from tests.mailstack.fixtures import CLIENT, COACH, needs_servers

pytestmark = needs_servers

MESSAGE = b"From: <coach@practice.example>\r\nMessage-ID: <1@practice.example>\r\nSubject: Hello\r\n\r\nA line.\r\n"
_LOST = (smtplib.SMTPServerDisconnected, OSError)
_IMAP_LOST = (imaplib.IMAP4.abort, OSError)


@pytest.fixture(scope="module")
def stack() -> Iterator[MailStack]:
    """Give servers that behave."""
    with MailStack([COACH, CLIENT], smtp="aiosmtpd") as running:
        yield running


@pytest.fixture
def smtp(stack: MailStack) -> Iterator[FaultProxy]:
    """Give a proxy in front of the TLS submission port, and the client's mailbox empty."""
    stack.clear(CLIENT)
    with FaultProxy(stack.submissions_port, tls_to=stack.tls()) as proxy:
        yield proxy


@pytest.fixture
def imap(stack: MailStack) -> Iterator[FaultProxy]:
    """Give a proxy in front of the TLS IMAP port, and the coach's mailbox empty."""
    stack.clear(COACH)
    with FaultProxy(stack.imaps_port, tls_to=stack.tls()) as proxy:
        yield proxy


@pytest.fixture
def send(stack: MailStack, smtp: FaultProxy) -> Callable[[], None]:
    """Give a naive client that sends MESSAGE through the proxy."""

    def _send() -> None:
        line = smtplib.SMTP_SSL("localhost", smtp.port, context=smtp.tls(), timeout=3)
        try:
            line.login(COACH, stack.password(COACH))
            line.sendmail(COACH, [CLIENT], MESSAGE)
        finally:
            line.close()

    return _send


@contextlib.contextmanager
def _client(stack: MailStack, proxy: FaultProxy) -> Iterator[IMAPClient]:
    client = IMAPClient("localhost", proxy.port, ssl_context=proxy.tls(), timeout=3)
    try:
        client.login(COACH, stack.password(COACH))
        yield client
    finally:
        # Not a logout: the line may be dead, and imaplib leaves the socket of a dead line open.
        client.socket().close()


def test_without_rules_everything_passes_and_is_logged(
    stack: MailStack, smtp: FaultProxy, send: Callable[[], None]
) -> None:
    """The log has both directions, in clear."""
    send()
    assert len(stack.wait_for(CLIENT, 1)) == 1
    assert MESSAGE in smtp.said("to server")
    assert b"250 2.0.0 Ok: delivered\r\n" in smtp.said("to client")
    assert smtp.connections() == 1


@pytest.mark.parametrize("action", ["reset", "close", "stall", "drop"])
def test_a_lost_ack_means_delivered_though_the_client_saw_an_error(
    stack: MailStack, smtp: FaultProxy, send: Callable[[], None], action: str
) -> None:
    """The gap of RFC 1047, four ways; a naive second try makes two copies."""
    smtp.add(lost_ack(action=action))  # type: ignore[arg-type]  # parametrised strings
    with pytest.raises(_LOST):
        send()
    assert len(stack.wait_for(CLIENT, 1)) == 1
    send()
    assert len(stack.wait_for(CLIENT, 2)) == 2


@pytest.mark.parametrize("passed", [0, 1, 20, len(MESSAGE) - 1, len(MESSAGE) + 2])
def test_a_line_cut_before_the_final_dot_ends_delivers_nothing(
    stack: MailStack, smtp: FaultProxy, send: Callable[[], None], passed: int
) -> None:
    """At any byte after 354, up to the one before the last of the dot's CRLF."""
    smtp.add(Rule("to server", "close", at_byte=passed, after=rb"^354"))
    with pytest.raises(_LOST):
        send()
    assert stack.messages(CLIENT) == []


def test_an_answer_rewritten_lies_to_the_client(stack: MailStack, smtp: FaultProxy, send: Callable[[], None]) -> None:
    """250 becomes 451; the mail is there all the same."""
    smtp.add(Rule("to client", "rewrite", line=rb"^250 .*", after=rb"^\.\r\n$", text=b"451 4.3.0 later\r"))
    with pytest.raises(smtplib.SMTPDataError, match="451"):
        send()
    assert len(stack.wait_for(CLIENT, 1)) == 1


def test_an_answer_of_the_proxy_keeps_the_command_from_the_server(
    stack: MailStack, smtp: FaultProxy, send: Callable[[], None]
) -> None:
    """The second RCPT only, because of skip; the third passes, because of times."""
    smtp.add(Rule("to server", "reply", line=rb"(?i)^RCPT", text=b"450 4.2.0 later\r\n", skip=1, times=1))
    send()
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send()
    send()
    assert len(stack.wait_for(CLIENT, 2)) == 2


def test_a_delay_delays(smtp: FaultProxy, send: Callable[[], None]) -> None:
    """Within the client's patience all goes well."""
    smtp.add(Rule("to client", "delay", line=rb"^354", seconds=0.3))
    start = time.monotonic()
    send()
    assert time.monotonic() - start > 0.3


def test_refused_connections_are_refused_until_they_are_not(smtp: FaultProxy, send: Callable[[], None]) -> None:
    """On the same port."""
    smtp.refuse()
    with pytest.raises(ConnectionRefusedError):
        send()
    smtp.take_again()
    send()


def test_a_server_that_is_away_ends_the_connection(smtp: FaultProxy, stack: MailStack) -> None:
    """The proxy takes it and drops it."""
    stack.pause()
    with pytest.raises(_LOST):
        smtplib.SMTP_SSL("localhost", smtp.port, context=smtp.tls(), timeout=1)
    stack.resume()


def test_starttls_passes_through_unread(stack: MailStack) -> None:
    """Without TLS of its own the proxy carries the handshake, and the server's certificate holds."""
    with (
        FaultProxy(stack.submission_port) as proxy,
        smtplib.SMTP("localhost", proxy.port, timeout=5) as line,
    ):
        line.starttls(context=stack.tls())
        line.login(COACH, stack.password(COACH))
        assert b"STARTTLS" in proxy.said("to server")
        assert b"AUTH" not in proxy.said("to server")


def test_starttls_can_be_stripped_by_the_proxy(stack: MailStack) -> None:
    """As a man in the middle would."""
    with FaultProxy(stack.submission_port) as proxy:
        proxy.add(Rule("to client", "rewrite", line=rb"STARTTLS", text=b"XXXXXXXX", times=None))
        with smtplib.SMTP("localhost", proxy.port, timeout=5) as line:
            line.ehlo()
            assert not line.has_extn("starttls")


def test_a_lost_append_answer_leaves_the_message_there(stack: MailStack, imap: FaultProxy) -> None:
    """Append is not idempotent."""
    imap.add(lost_imap_ok(b"APPEND"))
    with _client(stack, imap) as client, pytest.raises(_IMAP_LOST):
        client.append("Sent", MESSAGE)
    assert stack.messages(COACH, "Sent") == [MESSAGE]


def test_a_lost_move_answer_leaves_the_message_moved(stack: MailStack, imap: FaultProxy) -> None:
    """Cut after the tagged command, before its OK."""
    stack.deliver(COACH, MESSAGE)
    imap.add(lost_imap_ok(b"MOVE"))
    with _client(stack, imap) as client:
        client.select_folder("INBOX")
        with pytest.raises(_IMAP_LOST):
            client.move([1], "Trash")
    assert stack.messages(COACH) == []
    assert len(stack.messages(COACH, "Trash")) == 1


@pytest.mark.parametrize("action", ["reset", "stall"])
def test_a_fetch_can_break_inside_the_literal(stack: MailStack, imap: FaultProxy, action: str) -> None:
    """The client sees an end or a timeout, never half a message as a whole one."""
    stack.deliver(COACH, MESSAGE * 50)
    rule = Rule("to client", action, at_byte=300, after=rb"FETCH")  # type: ignore[arg-type]  # parametrised
    imap.add(rule)
    with _client(stack, imap) as client:
        client.select_folder("INBOX", readonly=True)
        uids = client.search("ALL")
        with pytest.raises(_IMAP_LOST):
            client.fetch(uids, ["BODY.PEEK[]"])


def test_capabilities_can_be_hidden_and_commands_denied(stack: MailStack, imap: FaultProxy) -> None:
    """A server that really has no UIDPLUS and no MOVE."""
    imap.add(*hide_capability(b"UIDPLUS", b"MOVE"), deny(b"UID EXPUNGE"))
    with _client(stack, imap) as client:
        assert not {b"UIDPLUS", b"MOVE"} & set(client.capabilities())
        assert b"IDLE" in client.capabilities()
        client.select_folder("INBOX")
        with pytest.raises(IMAPClient.Error, match="MOVE"):
            client.move([1], "Trash")
        with pytest.raises(IMAPClient.Error, match="Unknown command"):
            # imapclient's own method refuses to send it to such a server.
            client._imap.uid("EXPUNGE", "1")  # noqa: SLF001
    assert b"UID EXPUNGE" in imap.said("to server")


def test_all_lines_can_be_cut_at_once(stack: MailStack, imap: FaultProxy) -> None:
    """Two connections end; a third comes through."""
    with _client(stack, imap) as one, _client(stack, imap) as other:
        imap.cut_all()
        for client in (one, other):
            with pytest.raises(_IMAP_LOST):
                client.noop()
    with _client(stack, imap) as third:
        assert third.noop()


def test_a_reset_is_a_reset(stack: MailStack) -> None:
    """And not an orderly end."""
    with FaultProxy(stack.smtp_port) as proxy:
        proxy.add(Rule("to server", "reset", line=b"NOOP"))
        with socket.create_connection((proxy.host, proxy.port), timeout=5) as line:
            line.recv(512)
            line.sendall(b"NOOP\r\n")
            with pytest.raises(ConnectionResetError):
                line.recv(512)


def test_a_rule_that_could_never_act_is_refused() -> None:
    """Neither line nor byte, both, or a rewrite at a byte."""
    with pytest.raises(ValueError, match="not both"):
        Rule("to client", "close")
    with pytest.raises(ValueError, match="not both"):
        Rule("to client", "close", line=b"a", at_byte=1)
    with pytest.raises(ValueError, match="needs a line"):
        Rule("to client", "rewrite", at_byte=1)
