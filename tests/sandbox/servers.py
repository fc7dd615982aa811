"""The two servers of the contract, each as a mailbox of its own to try things on.

Takes in nothing, leaves nothing behind: the sandbox is started for one test, the real servers once for all.
"""

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from imapclient import IMAPClient

from pipeline.sandbox import SandboxServer
from tests.mailstack.stack import MailStack
from tests.sandbox.rawimap import RawImap

CLIENT = "client@home.example"
_NUMBERS = count()


@dataclass(frozen=True)
class Mailbox:
    """One account on one of the servers."""

    host: str
    imap_port: int
    smtp_port: int
    address: str
    password: str
    idle_seconds: float
    """How long a delivery may take to show in IDLE."""

    @contextmanager
    def imap(self) -> Iterator[IMAPClient]:
        """Give a connection that is logged in."""
        client = IMAPClient(self.host, port=self.imap_port, ssl=False, timeout=10)
        # Otherwise each APPEND and SEARCH, sent in two pieces, waits 40 ms for an acknowledgement.
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            client.login(self.address, self.password)
            yield client
        finally:
            client.shutdown()

    @contextmanager
    def raw(self) -> Iterator[RawImap]:
        """Give a raw connection that is logged in."""
        with RawImap(self.host, self.imap_port) as raw:
            raw.run(b"LOGIN ~ ~", self.address.encode(), self.password.encode())
            yield raw

    def deliver(self, octets: bytes, *, to: str = "") -> None:
        """Send a mail from outside by SMTP; when this returns, the server has acknowledged it."""
        with smtplib.SMTP(self.host, self.smtp_port, local_hostname="laptop.example", timeout=10) as smtp:
            smtp.sendmail(CLIENT, [to or self.address], octets, mail_options=["BODY=8BITMIME"])


@contextmanager
def sandbox_mailbox(folder: Path) -> Iterator[Mailbox]:
    """Start a sandbox with one account."""
    address, password = "coach@practice.example", 'pass "word" \\'
    with SandboxServer(folder, {address: password}) as server:
        yield Mailbox(server.host, server.imap_port, server.smtp_port, address, password, 0.05)


def stack_mailbox(stack: MailStack) -> Mailbox:
    """Add an account to running real servers. Dovecot gathers news for half a second before it tells them."""
    address = f"coach{next(_NUMBERS)}@practice.example"
    stack.add_address(address)
    return Mailbox(stack.host, stack.imap_port, stack.smtp_port, address, stack.password(address), 2.0)
