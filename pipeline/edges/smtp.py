"""The mail server that takes our mail: one conversation, one recipient a mail, and the final dot in our own hands.

The caller's mark is made durable before the final dot leaves, so a crash before it means *not sent*, and only a missing
reply after it means *in doubt* (RFC 5321 section 4.5.3.2.6: ten minutes for that reply; RFC 1047 on the gap).
"""

from __future__ import annotations

import base64
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

from pipeline.config.practice import Server
from pipeline.errors import LoginRefused, NotReachable, network_words
from pipeline.secret import Secret

CALLED = "[127.0.0.1]"
"""How we call ourselves (RFC 5321, 4.1.4): the name of the coach's computer is no business of the mail server."""
PATIENCE = 60.0
PATIENCE_FOR_THE_DOT = 600.0
CODES = re.compile(r"\d{3}(?:[ -]\d\.\d{1,3}\.\d{1,3})?")
YES, START_MAIL_INPUT = range(200, 300), {354}
LOGIN_WANTED = 530  # RFC 4954 section 6
DROPPED = (smtplib.SMTPServerDisconnected, OSError)


class Verdict(StrEnum):
    """What became of one offer."""

    ACCEPTED = "accepted"
    LATER = "later"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True)
class Outcome:
    """The verdict and the server's own words (code first), or why there are none."""

    verdict: Verdict
    reply: str

    @property
    def code(self) -> str:
        """Give the reply's codes only (RFC 3463): a server's words may quote an address, and go in no log."""
        found = CODES.match(self.reply)
        return found[0] if found else "no reply"


class Conversation:
    """One connection to the practice's mail server, encrypted unless it is this very computer."""

    def __init__(self, server: Server, secret: Callable[[], Secret]) -> None:
        """Connect and log in; raises `NotReachable` with what the server said."""
        self._smtp = _connect(server)
        try:
            if server.user:
                _log_in(self._smtp, server.user, secret().reveal())
        except (smtplib.SMTPException, ValueError, *DROPPED) as error:
            self._smtp.close()
            refused = isinstance(error, smtplib.SMTPAuthenticationError)
            kind = LoginRefused if refused else NotReachable
            raise kind(f"{server.host} refuses the login: {_said(error)}") from None
        except BaseException:
            self._smtp.close()
            raise

    def __enter__(self) -> Self:
        """Use it for a number of mails."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up: politely when all went well, at once otherwise."""
        try:
            if kind is None and self.alive:
                self._smtp.quit()
        except (smtplib.SMTPException, *DROPPED):
            pass
        self._smtp.close()

    def offer(self, sender: str, recipient: str, data: bytes, before_dot: Callable[[], None]) -> Outcome:
        """Offer one mail of CRLF lines; `before_dot` makes the mark durable, an exception from it ends the offer.

        Raises `LoginRefused` when the server wants a login after all: that is about the account, not the mail.
        """
        try:
            for command in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA"):
                code, text = self._smtp.docmd(command)
                if code == LOGIN_WANTED:
                    self._smtp.close()
                    raise LoginRefused(f"the mail server wants a login ({_line(code, text)[:3]})")
                if code not in (START_MAIL_INPUT if command == "DATA" else YES):
                    return self._refusal(code, text)
            self._smtp.send(dot_stuffed(data))
        except DROPPED as error:
            self._smtp.close()
            return Outcome(Verdict.LATER, _said(error))
        try:
            before_dot()
        except BaseException:
            self._smtp.close()
            raise
        return self._finish()

    def _finish(self) -> Outcome:
        """Send the dot and wait; only a clear yes or a clear no is an answer, all else leaves the mail in doubt."""
        try:
            assert self._smtp.sock is not None
            self._smtp.sock.settimeout(PATIENCE_FOR_THE_DOT)
            self._smtp.send(b".\r\n")
            code, text = self._smtp.getreply()
            self._smtp.sock.settimeout(PATIENCE)
        except (smtplib.SMTPException, *DROPPED, AttributeError) as error:
            self._smtp.close()
            return Outcome(Verdict.IN_DOUBT, f"no reply after the final dot ({_said(error)})")
        if 200 <= code < 300:
            return Outcome(Verdict.ACCEPTED, _line(code, text))
        if 400 <= code < 600:
            return self._refusal(code, text)
        self._smtp.close()
        return Outcome(Verdict.IN_DOUBT, f"no clear reply after the final dot ({_line(code, text)})")

    def _refusal(self, code: int, text: bytes) -> Outcome:
        verdict = Verdict.REFUSED if 500 <= code < 600 else Verdict.LATER
        if code == 421 or not self._reset():
            self._smtp.close()
        return Outcome(verdict, _line(code, text))

    def _reset(self) -> bool:
        try:
            return self._smtp.rset()[0] == 250
        except (smtplib.SMTPException, *DROPPED):
            return False

    @property
    def encryption(self) -> str:
        """Say how the connection is encrypted."""
        sock = self._smtp.sock
        return f"encrypted by {sock.version()}" if isinstance(sock, ssl.SSLSocket) else "not encrypted (this computer)"

    @property
    def certificate(self) -> dict[str, object] | None:
        """Give the server's certificate, as Python's ssl describes it, or None without encryption."""
        sock = self._smtp.sock
        return dict(sock.getpeercert() or {}) if isinstance(sock, ssl.SSLSocket) else None

    @property
    def alive(self) -> bool:
        """Tell whether another mail can be offered over this connection."""
        return self._smtp.sock is not None


def dot_stuffed(data: bytes) -> bytes:
    """Give a mail as it goes over the wire, without the final dot (RFC 5321 section 4.5.2); only CRLF ends a line."""
    assert data.endswith(b"\r\n"), "a mail ends with a line"
    bare = data.replace(b"\r\n", b"")
    assert b"\r" not in bare and b"\n" not in bare, "a bare CR or LF can smuggle a second mail (CVE-2023-51764)"
    stuffed = data.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def _connect(server: Server) -> smtplib.SMTP:
    smtp: smtplib.SMTP | None = None
    try:
        if server.security == "tls":
            context = ssl.create_default_context()
            smtp = smtplib.SMTP_SSL(server.host, server.port, CALLED, timeout=PATIENCE, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, CALLED, timeout=PATIENCE)
        _greeted(smtp)
        if server.security == "starttls":
            smtp.starttls(context=ssl.create_default_context())
            _greeted(smtp)
        assert smtp.sock is not None
        # The final dot is a small piece that must not wait for the answer to the last one (Nagle, 43 ms a mail).
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except (smtplib.SMTPException, *DROPPED) as error:
        if smtp is not None:
            smtp.close()
        raise NotReachable(f"{server.host}:{server.port} cannot be used: {_said(error)}") from None
    return smtp


def _log_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    """Log in; smtplib can say ASCII only, and takes 503 for a yes, so PLAIN is said here (RFC 4616, in UTF-8)."""
    if "PLAIN" not in smtp.esmtp_features.get("auth", "").upper().split():
        smtp.login(user, password)
        return
    said = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, text = smtp.docmd("AUTH", f"PLAIN {said}")
    if code == 334:
        code, text = smtp.docmd(said)
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, text)


def _greeted(smtp: smtplib.SMTP) -> None:
    code, text = smtp.ehlo()
    if not 200 <= code < 300:
        raise smtplib.SMTPHeloError(code, text)


def _line(code: int, text: bytes) -> str:
    """Give a reply as one line that cannot steer a terminal."""
    words = " ".join(text.decode("ascii", "replace").split())
    return "".join(character if character.isprintable() else "?" for character in f"{code} {words}")[:300]


def _said(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        found = CODES.match(_line(error.smtp_code, said if isinstance(said, bytes) else str(said).encode()))
        return found[0] if found else "no reply"
    return network_words(error)[:300]
