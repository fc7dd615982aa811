"""One client's conversation with a scripted SMTP server (RFC 5321, 3207, 4954).

Takes in a connected socket; leaves messages in ``Settings.accepted`` and every line in ``Settings.dialogue``.
"""

import base64
import binascii
import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO, Literal

from tests.faults.script import Drop, Script, Stage, Step

_PATH = re.compile(r"(?:FROM|TO):\s*<([^>]*)>", re.IGNORECASE)
# No line of SMTP is longer than this, message lines included (RFC 5321, 4.5.3.1); long enough to record
# abuse.
_LONGEST = 1_000_000
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_TAKEN = "250 2.0.0 Ok: taken"


@dataclass(frozen=True)
class Accepted:
    """A message the server took: envelope, bytes with dots unstuffed, who was logged in, was it over TLS."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    login: str | None
    encrypted: bool


@dataclass
class Settings:
    """What every conversation of one server shares.

    ``login`` is the user and password demanded before MAIL, None for no demand. ``over`` is set when the
    server stops. ``accepted`` and ``dialogue`` only ever grow, by one append each.
    """

    tls: Literal["none", "starttls", "implicit"]
    context: ssl.SSLContext
    login: tuple[str, str] | None
    features: tuple[str, ...]
    strip_starttls: bool
    script: Script = field(default_factory=Script)
    accepted: list[Accepted] = field(default_factory=list)
    dialogue: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


class _OverError(Exception):
    """The conversation ends here."""


class Session:
    """The server's side of one connection."""

    def __init__(self, line: socket.socket, settings: Settings) -> None:
        """Take over the socket."""
        self._line = line
        # Without it an answer waits 40 ms for the client to acknowledge what came before.
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._input: BinaryIO = BytesIO()
        self._settings = settings
        self._encrypted = False
        self._login: str | None = None
        self._sender: str | None = None
        self._recipients: list[str] = []

    def run(self) -> None:
        """Talk until the client leaves, the script ends it or the server stops; then the socket is closed."""
        with contextlib.suppress(OSError, ValueError, _OverError):
            if self._settings.tls == "implicit":
                self._encrypt()
            self._input = self._line.makefile("rb")
            self._answer("connect", "220 localhost ESMTP scripted")
            self._converse()
        with contextlib.suppress(OSError):
            # The reader first: a socket closes only after the files made of it.
            self._input.close()
            self._line.close()

    def cut(self) -> None:
        """End the conversation from another thread; the client sees the end of the line."""
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def _converse(self) -> None:
        while True:
            line = self._read()
            verb, _, rest = line.partition(" ")
            self._command(verb.upper())(rest)

    def _command(self, verb: str) -> Callable[[str], None]:
        known: dict[str, Callable[[str], None]] = {
            "EHLO": self._ehlo,
            "HELO": lambda rest: self._simple("helo", "250 localhost", rest),
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": lambda rest: self._simple("noop", "250 2.0.0 Ok", rest),
            "QUIT": self._quit,
        }
        return known.get(verb, lambda _rest: self._send("502 5.5.2 Command not recognised"))

    def _simple(self, stage: Stage, usual: str, rest: str) -> None:
        self._answer(stage, usual, rest)

    def _ehlo(self, rest: str) -> None:
        offered = list(self._settings.features)
        if self._settings.tls == "starttls" and not self._encrypted and not self._settings.strip_starttls:
            offered.append("STARTTLS")
        if self._encrypted or self._settings.tls == "none" or self._settings.strip_starttls:
            offered.append("AUTH PLAIN LOGIN")
        lines = ["localhost", *offered]
        usual = "\n".join([*(f"250-{text}" for text in lines[:-1]), f"250 {lines[-1]}"])
        self._answer("ehlo", usual, rest)

    def _starttls(self, rest: str) -> None:
        if self._answer("starttls", "220 2.0.0 Ready to start TLS", rest) == "220":
            self._encrypt()
            # A fresh reader: what came in the clear before the handshake must not count as said inside it.
            self._input = self._line.makefile("rb")

    def _auth(self, rest: str) -> None:
        user, password = self._credentials(rest)
        good = self._settings.login in (None, (user, password))
        usual = "235 2.7.0 Welcome" if good else "535 5.7.8 Authentication credentials invalid"
        if self._answer("auth", usual, rest) == "235":
            self._login = user

    def _credentials(self, rest: str) -> tuple[str, str]:
        mechanism, _, initial = rest.partition(" ")
        if mechanism.upper() == "LOGIN":
            user = _decoded(initial) if initial else self._ask("VXNlcm5hbWU6")
            return user, self._ask("UGFzc3dvcmQ6")
        told = _decoded(initial) if initial else self._ask("")
        parts = told.split("\0")
        return (parts[-2], parts[-1]) if len(parts) > 1 else (told, "")

    def _ask(self, prompt: str) -> str:
        self._send(f"334 {prompt}")
        return _decoded(self._read())

    def _mail(self, rest: str) -> None:
        if self._settings.login is not None and self._login is None:
            self._send("530 5.7.0 Authentication required")
        elif self._answer("mail", "250 2.1.0 Ok", rest).startswith("2"):
            self._sender, self._recipients = _path(rest), []

    def _rcpt(self, rest: str) -> None:
        if self._sender is None:
            self._send("503 5.5.1 MAIL first")
        elif self._answer("rcpt", "250 2.1.5 Ok", rest).startswith("2"):
            self._recipients.append(_path(rest))

    def _data(self, rest: str) -> None:
        if not self._recipients:
            self._send("503 5.5.1 RCPT first")
        elif self._answer("data", "354 End with a dot on a line by itself", rest) == "354":
            self._dot(self._read_message())

    def _dot(self, raw: bytes) -> None:
        step = self._settings.script.take("dot", "")
        if step.accepts(_TAKEN):
            taken = Accepted(self._sender or "", tuple(self._recipients), raw, self._login, encrypted=self._encrypted)
            # Before the answer, as a real server: what happens to the answer changes nothing about it.
            self._settings.accepted.append(taken)
        self._sender, self._recipients = None, []
        self._carry_out(step, _TAKEN)

    def _rset(self, rest: str) -> None:
        self._sender, self._recipients = None, []
        self._answer("rset", "250 2.0.0 Ok", rest)

    def _quit(self, rest: str) -> None:
        self._answer("quit", "221 2.0.0 Bye", rest)
        raise _OverError

    def _answer(self, stage: Stage, usual: str, line: str = "") -> str:
        return self._carry_out(self._settings.script.take(stage, line), usual)

    def _carry_out(self, step: Step, usual: str) -> str:
        if step.delay:
            self._settings.over.wait(step.delay)
        reply = step.reply if step.reply is not None else usual
        if step.reply is not None or step.drop is None:
            self._send(reply)
        if step.drop is not None:
            self._drop(step.drop)
        # After 421 a server closes (RFC 5321, 3.8).
        if reply.startswith("421"):
            raise _OverError
        return reply[:3]

    def _drop(self, how: Drop) -> None:
        if how == "stall":
            self._settings.over.wait()
        elif how == "reset":
            self._line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        raise _OverError

    def _encrypt(self) -> None:
        self._line = self._settings.context.wrap_socket(self._line, server_side=True)
        self._encrypted = True

    def _send(self, text: str) -> None:
        self._settings.dialogue.append(f"S: {text}")
        self._line.sendall("".join(f"{each}\r\n" for each in text.split("\n")).encode("utf-8", "surrogateescape"))

    def _read(self) -> str:
        raw = self._input.readline(_LONGEST)
        if not raw:
            raise _OverError
        line = raw.decode("utf-8", "surrogateescape").rstrip("\r\n")
        self._settings.dialogue.append(f"C: {line}")
        return line

    def _read_message(self) -> bytes:
        lines: list[bytes] = []
        while (line := self._input.readline(_LONGEST)) != b".\r\n":
            if not line:
                raise _OverError
            lines.append(line[1:] if line.startswith(b".") else line)
        self._settings.dialogue.append("C: .")
        return b"".join(lines)


def _path(rest: str) -> str:
    found = _PATH.search(rest)
    return found[1] if found else rest


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except binascii.Error:
        return text
