"""The mail servers do what the other tests take for granted."""

import contextlib
import os
import re
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from imapclient import IMAPClient

from tests.mailstack import MailStack
from tests.mailstack.fixtures import CLIENT, COACH, needs_servers
from tests.mailstack.install import command, missing

pytestmark = needs_servers

MESSAGE = b"From: <coach@practice.example>\r\nMessage-ID: <1@practice.example>\r\nSubject: Hello\r\n\r\nA line.\r\n"
_IDLE_SECONDS = 2


@pytest.fixture(scope="module", params=["postfix", "aiosmtpd"])
def stack(request: pytest.FixtureRequest) -> Iterator[MailStack]:
    """Give a stack of either kind."""
    reject = {"grey@home.example": "450 4.2.0 Greylisted"}
    with MailStack([COACH, CLIENT], smtp=request.param, reject=reject) as running:
        yield running


@pytest.fixture
def coach(stack: MailStack) -> str:
    """Give the coach's address, the mailboxes empty."""
    stack.clear(COACH)
    stack.clear(CLIENT)
    return COACH


def _submission(stack: MailStack, login: str | None) -> smtplib.SMTP:
    line = smtplib.SMTP_SSL("localhost", stack.submissions_port, context=stack.tls())
    if login is not None:
        line.login(login, stack.password(login))
    return line


def test_mail_submitted_over_tls_with_a_login_arrives(stack: MailStack, coach: str) -> None:
    """The bytes sent are the end of the bytes found; servers only put headers in front."""
    with _submission(stack, coach) as line:
        line.sendmail(coach, [CLIENT], MESSAGE)
    assert b"Subject: Hello\r\n" in stack.wait_for(CLIENT, 1)[0]
    assert stack.messages(CLIENT)[0].endswith(b"\r\n\r\nA line.\r\n")


def test_mail_submitted_after_starttls_arrives(stack: MailStack, coach: str) -> None:
    """Port 587's stand-in offers login only inside TLS."""
    with smtplib.SMTP("localhost", stack.submission_port) as line:
        line.ehlo()
        assert not line.has_extn("auth")
        line.starttls(context=stack.tls())
        line.login(coach, stack.password(coach))
        line.sendmail(coach, [CLIENT], MESSAGE)
    assert len(stack.wait_for(CLIENT, 1)) == 1


def test_submission_without_login_is_refused(stack: MailStack) -> None:
    """Neither submission port takes mail from a stranger."""
    with _submission(stack, None) as line, pytest.raises(smtplib.SMTPException) as refusal:
        line.sendmail(COACH, [CLIENT], MESSAGE)
    assert re.search(r"\b5[35]\d\b", str(refusal.value))


def test_a_wrong_password_is_refused(stack: MailStack) -> None:
    """By SMTP and by IMAP."""
    with _submission(stack, None) as line, pytest.raises(smtplib.SMTPAuthenticationError):
        line.login(COACH, "wrong")
    with (
        IMAPClient("localhost", stack.imaps_port, ssl_context=stack.tls()) as client,
        pytest.raises(IMAPClient.Error, match=r"(?i)authentication"),
    ):
        client.login(COACH, "wrong")


def test_the_plain_port_takes_mail_for_our_addresses_only(stack: MailStack, coach: str) -> None:
    """As port 25: ours without login, nobody else's."""
    with smtplib.SMTP("localhost", stack.smtp_port) as line:
        line.sendmail(CLIENT, [coach], MESSAGE)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            line.sendmail(CLIENT, ["someone@outside.invalid"], MESSAGE)
    assert len(stack.wait_for(coach, 1)) == 1


def test_the_certificate_is_believed_only_with_its_own_authority(stack: MailStack) -> None:
    """A default context refuses it."""
    with pytest.raises(ssl.SSLCertVerificationError):
        smtplib.SMTP_SSL("localhost", stack.submissions_port, context=ssl.create_default_context())
    with pytest.raises(ssl.SSLCertVerificationError):
        IMAPClient("localhost", stack.imaps_port)


def test_a_scripted_refusal_is_given_at_rcpt(stack: MailStack) -> None:
    """With its very code."""
    with _submission(stack, COACH) as line, pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        line.sendmail(COACH, ["grey@home.example"], MESSAGE)
    assert refusal.value.recipients["grey@home.example"][0] == 450


def test_an_address_added_later_works_at_once(stack: MailStack) -> None:
    """At a domain not seen before, too."""
    stack.add_address("new@later.example")
    with _submission(stack, "new@later.example") as line:
        line.sendmail("new@later.example", ["new@later.example"], MESSAGE)
    assert len(stack.wait_for("new@later.example", 1)) == 1


def test_smtp_goes_away_and_comes_back_on_the_same_port(stack: MailStack, coach: str) -> None:
    """While it is away, connections are refused and IMAP answers."""
    stack.pause()
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP("localhost", stack.smtp_port)
    assert stack.messages(coach) == []
    stack.resume()
    with _submission(stack, coach) as line:
        line.sendmail(coach, [CLIENT], MESSAGE)
    assert len(stack.wait_for(CLIENT, 1)) == 1


def test_append_tells_the_uid_and_folders_tell_their_use(stack: MailStack, coach: str) -> None:
    """UIDPLUS (RFC 4315) and SPECIAL-USE (RFC 6154)."""
    with stack.imap(coach) as client:
        answer = client.append("Sent", MESSAGE)
        uses = {flag: name for flags, _, name in client.list_folders() for flag in flags}
        assert re.search(rb"APPENDUID \d+ \d+", answer)
    assert uses[b"\\Sent"] == "Sent"
    assert uses[b"\\Trash"] == "Trash"
    assert stack.messages(coach, "Sent") == [MESSAGE]


def test_uid_expunge_spares_what_others_marked(stack: MailStack, coach: str) -> None:
    """And MOVE moves."""
    for _ in range(3):
        stack.deliver(coach, MESSAGE)
    with stack.imap(coach) as client:
        client.select_folder("INBOX")
        first, second, third = client.search("ALL")
        client.add_flags([first, second], [b"\\Deleted"])
        client.uid_expunge([first])
        client.move([third], "Trash")
        assert client.search("ALL") == [second]
    assert len(stack.messages(coach, "Trash")) == 1


def test_idle_hears_of_new_mail(stack: MailStack, coach: str) -> None:
    """Dovecot collects changes for half a second."""
    with stack.imap(coach) as client:
        client.select_folder("INBOX")
        client.idle()
        stack.deliver(coach, MESSAGE)
        assert (1, b"EXISTS") in client.idle_check(timeout=_IDLE_SECONDS)
        client.idle_done()


def test_reading_leaves_mail_unseen(stack: MailStack, coach: str) -> None:
    """The stack's own looking changes nothing."""
    stack.deliver(coach, MESSAGE)
    stack.messages(coach)
    with stack.imap(coach) as client:
        client.select_folder("INBOX")
        assert len(client.search("UNSEEN")) == 1


def test_clear_makes_a_mailbox_as_new(stack: MailStack, coach: str) -> None:
    """Messages and extra folders go, the standard folders stay."""
    with stack.imap(coach) as client:
        client.create_folder("Returns/2026")
        client.append("Returns/2026", MESSAGE)
        client.append("Sent", MESSAGE)
        before = {name for _, _, name in client.list_folders()}
    stack.clear(coach)
    with stack.imap(coach) as client:
        after = {name for _, _, name in client.list_folders()}
    assert before - after == {"Returns/2026"}
    assert "Sent" in after
    assert stack.messages(coach, "Sent") == []


def test_waiting_in_vain_ends_with_the_logs(stack: MailStack, coach: str) -> None:
    """The error says how far it got and shows the servers' words."""
    with pytest.raises(TimeoutError, match=r"(?s)0 of 1 messages in INBOX.*Dovecot"):
        stack.wait_for(coach, 1, timeout=0.05)


def test_postfix_bounces_what_nobody_takes() -> None:
    """An unknown address comes back as a status, whatever its domain; the outside is refused at once."""
    with MailStack([COACH]) as stack:
        with _submission(stack, COACH) as line:
            line.sendmail(COACH, ["nobody@practice.example"], MESSAGE)
            line.sendmail(COACH, ["nobody@elsewhere.example"], MESSAGE)
            with pytest.raises(smtplib.SMTPRecipientsRefused, match="nothing leaves this machine"):
                line.sendmail(COACH, ["someone@outside.invalid"], MESSAGE)
        bounces = stack.wait_for(COACH, 2)
    assert all(b"Status: 5.1.1" in bounce for bounce in bounces)


def test_an_ordinary_profile_files_nothing(stack: MailStack, coach: str) -> None:
    """There the client appends."""
    with _submission(stack, coach) as line:
        line.sendmail(coach, [CLIENT], MESSAGE)
    stack.wait_for(CLIENT, 1)
    assert stack.messages(coach, "Sent") == []


def test_several_stacks_live_side_by_side() -> None:
    """Each has its own ports, passwords and authority."""
    with MailStack([COACH], smtp=None) as one, MailStack([COACH], smtp=None) as other:
        one.deliver(COACH, MESSAGE)
        assert len(one.messages(COACH)) == 1
        assert other.messages(COACH) == []
        assert one.imaps_port != other.imaps_port
        with pytest.raises(ssl.SSLCertVerificationError):
            IMAPClient("localhost", other.imaps_port, ssl_context=one.tls())


def test_nothing_listens_beyond_loopback(stack: MailStack) -> None:
    """The machine's other addresses refuse."""
    outside = "127.0.0.2"
    with contextlib.suppress(socket.gaierror):
        named = socket.gethostbyname(socket.gethostname())
        outside = outside if named.startswith("127.") else named
    for port in (stack.imap_port, stack.lmtp_port, stack.smtp_port, stack.submissions_port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((outside, port), timeout=2)


@pytest.mark.parametrize("address", ["coach@practice.org", "two@at@x.example", "../up@x.example", "x.example"])
def test_only_plain_addresses_at_example_domains_are_taken(address: str) -> None:
    """Nothing here can be somebody's real address."""
    with pytest.raises(ValueError, match="plain address"):
        MailStack([address])


def test_a_killed_test_run_leaves_no_server_behind() -> None:
    """The watchdogs end the servers and remove their files when the run dies by SIGKILL."""
    code = (
        "import sys, time\n"
        "from tests.mailstack import MailStack\n"
        "with MailStack(['a@b.example']) as stack:\n"
        "    print(stack.imap_port, stack.smtp_port, stack.cafile, flush=True)\n"
        "    time.sleep(60)\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        imap, smtp, cafile = run.stdout.readline().split()
        os.kill(run.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while Path(cafile).parent.exists() or _answers(int(imap)) or _answers(int(smtp)):
        assert time.monotonic() < deadline, "servers or files are still there"
        time.sleep(0.05)


def _answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def test_the_list_of_missing_packages_needs_python_alone() -> None:
    """The start script asks before anything is installed."""
    script = Path(__file__).with_name("install.py")
    done = subprocess.run([sys.executable, "-I", "-S", script], capture_output=True, check=False, text=True)
    assert done.stderr == ""
    assert (done.returncode, done.stdout) == ((1, command(missing()) + "\n") if missing() else (0, ""))


def test_the_missing_packages_become_one_line_to_type() -> None:
    """Postfix is kept from setting itself up for the whole machine."""
    assert set(missing()) <= {"strace"}
    assert "No configuration" in command(["postfix"])
    assert command(["strace"]).endswith(" strace")
