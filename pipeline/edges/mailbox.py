"""The practice's mailbox over IMAP: finding our own mail in it, and putting a copy of what was sent in Sent.

Only what carries our own header is ever recognised as ours. Every text that reaches a command passes `imap_safe`. Our
looking leaves no trace: folders are opened read-only and contents are peeked at.
"""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from pipeline.config.practice import Server
from pipeline.errors import LoginRefused, NotReachable, network_words
from pipeline.model import OWN_HEADER
from pipeline.secret import Secret

logging.getLogger("imapclient").setLevel(logging.WARNING)  # at DEBUG it logs whole mails
PATIENCE = 60.0
NEWEST = 20
SPECIAL = (b"\\Sent", b"\\All", b"\\Drafts", b"\\Trash", b"\\Junk", b"\\Archive")
FAILED = (IMAPClientError, OSError, UnicodeError)
APPENDED = re.compile(r"\[APPENDUID (\d+) (\d+)\]")


def imap_safe(text: str) -> str:
    """Give `text` if it can stand in a command; raises `ValueError` for what could begin another (RFC 3501, 9)."""
    if not text.isascii() or not text.isprintable() or '"' in text or "\\" in text:
        raise ValueError("this text cannot be sent to a mail server")
    return text


class Mailbox:
    """One logged-in connection."""

    def __init__(self, client: IMAPClient) -> None:
        """Use `client`, which is logged in."""
        self._client = client

    def special_folders(self) -> dict[str, list[str]]:
        r"""Give the folders by their special use (RFC 6154), such as {"\Sent": ["Sent"]}."""
        found: dict[str, list[str]] = {}
        for flags, _, name in self._client.list_folders():
            for flag in flags:
                if flag in SPECIAL:
                    found.setdefault(flag.decode(), []).append(name)
        return found

    def sent_folder(self, configured: str | None) -> str | None:
        """Give the folder for copies: as configured, else the one that the server calls its Sent, else None."""
        if configured:
            return configured
        found = self.special_folders().get("\\Sent", [])
        return found[0] if len(found) == 1 else None

    def find(self, folder: str, token: str, message_id: str) -> list[int]:
        """Give the UIDs in `folder` of the mail that carries our `token`; the header is compared, not only searched."""
        following = int(self._client.select_folder(folder, readonly=True).get(b"UIDNEXT", 1))
        found = set(self._client.search(["HEADER", OWN_HEADER, imap_safe(token)]))
        found |= set(self._client.search(["HEADER", "Message-ID", imap_safe(message_id)]))
        # Some servers search an index that lags behind (Exchange): the newest are looked at one by one.
        found |= set(self._client.search(["UID", f"{max(1, following - NEWEST)}:*"]))
        section = f"BODY.PEEK[HEADER.FIELDS ({OWN_HEADER})]"
        held = self._client.fetch(sorted(found), [section]) if found else {}
        return [uid for uid, parts in sorted(held.items()) if _carries(parts, token)]

    def append(self, folder: str, data: bytes, at: datetime) -> int | None:
        """Put a mail in `folder` as read; gives its UID where the server tells (RFC 4315)."""
        said = self._client.append(folder, data, flags=[b"\\Seen"], msg_time=at)
        found = APPENDED.search(said.decode("ascii", "replace") if isinstance(said, bytes) else str(said))
        return int(found[2]) if found else None


@contextlib.contextmanager
def opened(server: Server, secret: Callable[[], Secret]) -> Iterator[Mailbox]:
    """Log in for as long as the block lasts; raises `NotReachable` when the server is away or says no."""
    client = None
    try:
        client = _connect(server)
        if server.user:
            client.plain_login(server.user, secret().reveal())
        yield Mailbox(client)
    except FAILED as error:
        kind = LoginRefused if isinstance(error, LoginError) else NotReachable
        raise kind(f"{server.host}:{server.port} cannot be used for mail folders: {_said(error)}") from None
    finally:
        if client is not None:
            with contextlib.suppress(*FAILED):
                client.logout()
            with contextlib.suppress(*FAILED):
                client.shutdown()


def _connect(server: Server) -> IMAPClient:
    encrypted = server.security == "tls"
    context = None if server.security == "plain-on-loopback" else ssl.create_default_context()
    client = IMAPClient(server.host, server.port, ssl=encrypted, ssl_context=context, timeout=PATIENCE)
    if server.security == "starttls":
        client.starttls(context)
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def _said(error: Exception) -> str:
    """Say what went wrong; a server's answer to a login may quote the account and is left out."""
    if isinstance(error, LoginError):
        return "it refuses the login; see: pipeline password"
    return network_words(error)[:200]


def _carries(parts: dict[bytes, object], token: str) -> bool:
    return any(isinstance(part, bytes) and token.encode() in part.split() for part in parts.values())
