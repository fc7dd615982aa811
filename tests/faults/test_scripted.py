"""The scripted SMTP server says what the script says, and remembers what it took."""

import smtplib
import ssl
import threading
import time
from typing import get_args

import pytest

from tests.faults import ScriptedSmtp
from tests.faults.certificates import Kind

SENDER = "coach@practice.example"
RECIPIENT = "client@home.example"
MESSAGE = b"Subject: Hello\r\n\r\n.starts with a dot\r\nlast line\r\n"
_GONE = (smtplib.SMTPServerDisconnected, OSError)


def _line(server: ScriptedSmtp, *, timeout: float = 5) -> smtplib.SMTP:
    line = smtplib.SMTP("localhost", server.port, timeout=timeout)
    try:
        line.starttls(context=server.tls())
    except BaseException:
        line.close()
        raise
    return line


def _line_of_tls(server: ScriptedSmtp) -> smtplib.SMTP:
    return smtplib.SMTP_SSL("localhost", server.port, context=server.tls(), timeout=5)


def _send(server: ScriptedSmtp, *, timeout: float = 5) -> None:
    line = _line(server, timeout=timeout)
    try:
        line.sendmail(SENDER, [RECIPIENT], MESSAGE)
    finally:
        line.close()


def test_unscripted_it_takes_mail_and_keeps_envelope_and_bytes() -> None:
    """Dots are unstuffed, the login is known, TLS is noted."""
    with ScriptedSmtp(login=("coach", "secret")) as server:
        with _line(server) as line:
            line.login("coach", "secret")
            line.sendmail(SENDER, [RECIPIENT, "other@home.example"], MESSAGE)
        (taken,) = server.accepted
    assert (taken.sender, taken.recipients) == (SENDER, (RECIPIENT, "other@home.example"))
    assert taken.raw == MESSAGE
    assert taken.login == "coach"
    assert taken.encrypted


def test_a_demanded_login_is_demanded() -> None:
    """530 without, 535 with a wrong password."""
    with ScriptedSmtp(login=("coach", "secret")) as server:
        with pytest.raises(smtplib.SMTPSenderRefused, match="530"):
            _send(server)
        with _line(server) as line, pytest.raises(smtplib.SMTPAuthenticationError):
            line.login("coach", "wrong")
        assert server.accepted == []


CODES = [421, 450, 451, 452, 454, 500, 535, 550, 552, 554]
STAGES = ["mail", "rcpt", "data", "dot"]


@pytest.mark.parametrize(
    ("stage", "code"), [*zip(STAGES * 3, CODES, strict=False), *((stage, 421) for stage in STAGES[1:])]
)
def test_any_code_at_any_stage_of_a_message(stage: str, code: int) -> None:
    """The client hears it and nothing is taken; the next attempt goes through."""
    with ScriptedSmtp() as server:
        server.at(stage, f"{code} 4.0.0 scripted", times=1)  # type: ignore[arg-type]  # parametrised strings
        with pytest.raises(smtplib.SMTPException, match=str(code)):
            _send(server)
        assert server.accepted == []
        _send(server)
        assert len(server.accepted) == 1


def test_a_greeting_can_turn_the_client_away() -> None:
    """554 instead of 220."""
    with ScriptedSmtp() as server:
        server.at("connect", "554 5.3.2 not now")
        with pytest.raises(smtplib.SMTPConnectError, match="554"):
            _send(server)


@pytest.mark.parametrize(
    ("stage", "error"),
    [("ehlo", smtplib.SMTPHeloError), ("starttls", smtplib.SMTPResponseException)],
)
def test_the_beginning_can_fail(stage: str, error: type[Exception]) -> None:
    """EHLO (and HELO after it) and STARTTLS answered 454."""
    with ScriptedSmtp() as server:
        server.at(stage, "454 4.7.0 scripted")  # type: ignore[arg-type]  # parametrised strings
        server.at("helo", "454 4.7.0 scripted")
        with pytest.raises(error):
            _send(server)


def test_rset_and_quit_can_fail_too() -> None:
    """What has been taken stays taken."""
    with ScriptedSmtp() as server:
        server.at("rset", "421 4.3.2 closing")
        server.at("quit", drop="reset")
        line = _line(server)
        line.sendmail(SENDER, [RECIPIENT], MESSAGE)
        with pytest.raises(_GONE):
            line.quit()
        line.close()
        line = _line(server)
        assert line.docmd("RSET")[0] == 421
        line.close()
        assert len(server.accepted) == 1


@pytest.mark.parametrize("accept", [True, False])
@pytest.mark.parametrize("drop", ["close", "reset", "stall"])
def test_the_line_can_end_after_the_final_dot_with_or_without_the_message_taken(drop: str, *, accept: bool) -> None:
    """The client cannot tell the two apart; the test can."""
    with ScriptedSmtp() as server:
        server.at("dot", drop=drop, accept=accept)  # type: ignore[arg-type]  # parametrised strings
        with pytest.raises(_GONE):
            _send(server, timeout=0.5)
        assert len(server.accepted) == accept


def test_a_refusal_can_lie() -> None:
    """451 after the dot, and taken all the same."""
    with ScriptedSmtp() as server:
        server.at("dot", "451 4.3.0 later", accept=True)
        with pytest.raises(smtplib.SMTPDataError, match="451"):
            _send(server)
        assert len(server.accepted) == 1


def test_a_slow_answer_comes_after_the_message_is_taken() -> None:
    """The client gives up on a message that is there."""
    with ScriptedSmtp() as server:
        server.at("dot", delay=5)
        with pytest.raises(_GONE):
            _send(server, timeout=0.3)
        assert len(server.accepted) == 1


def test_steps_may_pick_a_recipient_and_count() -> None:
    """One of two recipients is refused, at the second message only."""
    with ScriptedSmtp() as server, _line(server) as line:
        server.at("rcpt", "550 5.1.1 nobody", matching="other@", skip=1, times=1)
        for _ in range(3):
            line.sendmail(SENDER, [RECIPIENT, "other@home.example"], MESSAGE)
        assert [len(taken.recipients) for taken in server.accepted] == [2, 1, 2]
        server.behave()


@pytest.mark.parametrize("kind", [kind for kind in get_args(Kind) if kind != "good"])
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_default_context_refuses_a_bad_certificate(kind: Kind, tls: str) -> None:
    """Even when the client trusts the test's authority."""
    connect = _line if tls == "starttls" else _line_of_tls
    with (
        ScriptedSmtp(certificate=kind, tls=tls) as server,  # type: ignore[arg-type]  # parametrised strings
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        connect(server)


def test_implicit_tls_with_a_good_certificate_works() -> None:
    """For port 465's stand-in."""
    with ScriptedSmtp(tls="implicit") as server:
        with _line_of_tls(server) as line:
            line.sendmail(SENDER, [RECIPIENT], MESSAGE)
        assert server.accepted[0].encrypted


def test_starttls_can_be_stripped() -> None:
    """It is not offered, while a login in the clear is; the dialogue shows what the client gave away."""
    with ScriptedSmtp(strip_starttls=True) as server:
        with smtplib.SMTP("localhost", server.port, timeout=5) as line:
            line.ehlo()
            assert not line.has_extn("starttls")
            assert line.has_extn("auth")
        assert not any("AUTH" in said for said in server.dialogue if said.startswith("C:"))


def test_many_clients_at_once_lose_nothing() -> None:
    """Each acceptance is one append."""
    with ScriptedSmtp() as server:
        clients = [threading.Thread(target=_send, args=(server,)) for _ in range(20)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        assert len(server.accepted) == 20


def _send_in_vain(server: ScriptedSmtp) -> None:
    with pytest.raises(_GONE):
        _send(server)


def test_the_end_of_the_block_ends_stalled_lines() -> None:
    """A stall does not hold the test up."""
    with ScriptedSmtp() as server:
        server.at("connect", drop="stall")
        waiting = threading.Thread(target=_send_in_vain, args=(server,))
        waiting.start()
        time.sleep(0.05)
    waiting.join(2)
    assert not waiting.is_alive()
