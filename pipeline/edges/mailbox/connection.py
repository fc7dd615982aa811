"""One connection to the mail server: made, bounded, closed; and whatever a server answers ends in an expected error."""

from __future__ import annotations

import contextlib
import imaplib
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError
from imapclient.response_parser import parse_fetch_response

from pipeline.config.practice import Server
from pipeline.errors import LoginRefused, NotReachable, PipelineError, network_words
from pipeline.secret import Secret

logging.getLogger("imapclient").setLevel(logging.WARNING)  # at DEBUG it logs whole mails
PATIENCE = 60.0
LONGEST_LINE = 20 << 20
LARGEST_ANSWER = 64 << 20
FAILED = (IMAPClientError, OSError, UnicodeError)
# What taking apart a wrong answer raises, in imapclient and in imaplib.
GARBLED = (
    ValueError, IndexError, KeyError, TypeError, AttributeError, AssertionError, ArithmeticError, RecursionError,
    MemoryError,
)  # fmt: skip

# The structure of a mail with thousands of parts is one line of more than imaplib's one megabyte.
imaplib._MAXLINE = LONGEST_LINE  # type: ignore[attr-defined]  # noqa: SLF001 - it has no other setting


class Withheld(NotReachable):
    """The server answers, but does not give what was asked; another folder or message may be given."""


class CannotMove(PipelineError):
    """The server does not let a message be moved or marked as asked; trying again gives the same."""


class Connection(IMAPClient):  # type: ignore[misc]  # it ships no types
    """A connection whose answers have a largest size; times are aware, and FETCH takes ranges."""

    def __init__(self, server: Server, patience: float = PATIENCE) -> None:
        """Connect to `server`, without logging in."""
        self.place = f"{server.host}:{server.port}"
        encrypted = server.security == "tls"
        context = None if server.security == "plain-on-loopback" else ssl.create_default_context()
        super().__init__(server.host, server.port, ssl=encrypted, ssl_context=context, timeout=patience)
        self._imap.debug = 0  # imapclient has every line written out for its log, which nobody reads
        self.normalise_times = False
        try:
            if server.security == "starttls":
                self.starttls(context)
            # Without it each command that goes in two pieces waits 40 ms for an acknowledgement.
            self.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            with contextlib.suppress(*FAILED, *GARBLED):
                self.shutdown()
            raise

    def _create_IMAP4(self) -> Any:  # noqa: N802 - imapclient's name for it
        return _bounded(super()._create_IMAP4())

    def fetched(self, uids: str, items: str) -> dict[int, dict[bytes, Any]]:
        """Give `items` of the messages in `uids`, such as "3,7:*"; raises `Withheld` for a no or a garbled answer."""
        answer = self.answered(uids, items)
        try:
            return dict(parse_fetch_response(answer, normalise_times=False))
        except (*GARBLED, IMAPClientError) as error:
            raise Withheld(f"{self.place} gives an answer that cannot be read: {_kind(error)}") from None

    def answered(self, uids: str, items: str) -> list[Any]:
        """Give the answer to a FETCH as it came; raises `Withheld` when the server says no."""
        with self.asking():
            said, answer = self._imap.uid("FETCH", uids, items)
        if said != "OK":
            raise Withheld(f"{self.place} does not give a message")
        return list(answer)

    def named(self) -> list[Any]:
        """Give the folders as (flags, delimiter, name), each name in the bytes that the server uses."""
        self.folder_encode = False
        try:
            return list(self.list_folders())
        finally:
            self.folder_encode = True

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Turn what goes wrong while the block asks: a no is `Withheld`, anything else `NotReachable`."""
        try:
            yield
        except IMAPClientAbortError as error:
            raise unreachable(self.place, error) from None
        except IMAPClientError as error:
            raise Withheld(str(unreachable(self.place, error))) from None
        except (*FAILED, *GARBLED) as error:
            raise unreachable(self.place, error) from None


def _bounded(imap: Any) -> Any:
    """Let one answer be at most `LARGEST_ANSWER`: a server may announce a literal of any size, or never stop."""
    heard, read, readline, send = 0, imap.read, imap.readline, imap.send

    def count(size: int) -> None:
        nonlocal heard
        heard += size
        if heard > LARGEST_ANSWER:
            raise IMAPClientAbortError("the answer is too large")

    def bounded_read(size: int) -> Any:
        count(size)
        return read(size)

    def bounded_line() -> Any:
        try:
            line = readline()
        except IMAPClientError as error:  # what is left of the line would be taken for the next answer
            raise IMAPClientAbortError(str(error)) from None
        count(len(line))
        return line

    def anew(data: Any) -> Any:
        nonlocal heard
        heard = 0
        return send(data)

    imap.read, imap.readline, imap.send = bounded_read, bounded_line, anew
    return imap


Begun = Callable[[socket.socket], None]


@contextlib.contextmanager
def connected(
    server: Server, secret: Callable[[], Secret], patience: float = PATIENCE, begun: Begun | None = None
) -> Iterator[Connection]:
    """Log in for as long as the block lasts; raises `NotReachable` when the server is away or says no.

    `begun` is given the socket once the server has greeted.
    """
    place = f"{server.host}:{server.port}"
    client = None
    try:
        client = _logged_in(server, secret, patience, begun)
        yield client
    except FAILED as error:
        raise unreachable(place, error) from None
    finally:
        if client is not None:
            close(client)


def _logged_in(server: Server, secret: Callable[[], Secret], patience: float, begun: Begun | None) -> Connection:
    client = None
    try:
        client = Connection(server, patience)
        if begun is not None:
            begun(client.socket())
        if server.user:
            client.plain_login(server.user, secret().reveal())
    except (*FAILED, *GARBLED) as error:
        if client is not None:
            close(client)
        raise unreachable(f"{server.host}:{server.port}", error) from None
    return client


def close(client: Connection) -> None:
    """Say goodbye and close, whatever state the connection is in."""
    for last in (client.logout, client.shutdown):
        with contextlib.suppress(*FAILED, *GARBLED):
            last()


def unreachable(place: str, error: BaseException) -> NotReachable:
    """Give the expected error for what went wrong; a server's answer to a login may quote the account: left out."""
    if isinstance(error, LoginError) and "socket error" not in str(error):  # a line that broke refuses nothing
        return LoginRefused(f"{place} cannot be used for mail folders: it refuses the login; see: pipeline password")
    said = network_words(error)[:200] if isinstance(error, FAILED) else f"its answer is garbled ({_kind(error)})"
    return NotReachable(f"{place} cannot be used for mail folders: {said}")


def _kind(error: BaseException) -> str:
    return type(error).__name__
