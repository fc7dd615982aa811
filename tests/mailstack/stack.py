"""``MailStack``: real mail servers for as long as a ``with`` block, each stack private and all on loopback.

Takes in addresses; leaves nothing behind, no process and no file, not even when the test run is killed.
"""

import re
import secrets
import shutil
import ssl
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Literal, Self

from imapclient import IMAPClient

from tests.mailstack import certificate, lmtp, reading
from tests.mailstack.account import dovecot_account, give
from tests.mailstack.dovecot import Dovecot
from tests.mailstack.inprocess import InProcessSmtp, Rules
from tests.mailstack.ports import HOST
from tests.mailstack.postfix import Postfix
from tests.mailstack.profiles import PROFILES, Name

Smtp = Literal["postfix", "aiosmtpd"]

_ADDRESS = re.compile(r"[a-z0-9._-]+@[a-z0-9.-]+\.example")
# Not TMPDIR: a Unix socket's path holds 107 bytes, and some places for temporary files are deep.
_SHORT_ROOT = "/tmp"  # mkdtemp below makes a private directory in it


class MailStack:
    """Dovecot, and Postfix or aiosmtpd in front of it, with these addresses.

    ``imap_port`` is plain and offers STARTTLS, ``imaps_port`` is TLS; ``smtp_port`` takes mail for our
    addresses without login, as port 25 does; ``submission_port`` demands STARTTLS and a login,
    ``submissions_port`` is TLS and demands a login; with ``smtp=None`` there are none of the three.
    All on 127.0.0.1. ``cafile`` is the PEM of the authority behind the servers' certificate, which is for
    localhost and 127.0.0.1.
    """

    host = HOST
    cafile: str
    imap_port: int
    imaps_port: int
    lmtp_port: int
    smtp_port: int
    submission_port: int
    submissions_port: int

    def __init__(
        self,
        addresses: Sequence[str],
        *,
        smtp: Smtp | None = "postfix",
        profile: Name = "generic",
        reject: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Prepare; ``with`` starts it.

        ``addresses`` are full addresses at any ``.example`` domains; mail to any other top-level domain
        is refused and never leaves. ``reject`` maps a recipient to what RCPT is answered:
        ``{"a@b.example": "450 4.2.0 later"}``. ``profile`` is the kind of provider; ``gmail`` and
        ``exchange`` file submitted mail in Sent themselves. ValueError for an address elsewhere.
        """
        self._passwords: dict[str, str] = {}
        self._addresses = [_checked(address) for address in addresses]
        self._kind = smtp
        self._profile = PROFILES[profile]
        self._reject = {address.lower(): answer for address, answer in reject.items()}
        self._smtp: Postfix | InProcessSmtp | None = None

    def __enter__(self) -> Self:
        """Start the servers and make the mailboxes; half a second at most on an idle machine."""
        self._root = Path(tempfile.mkdtemp(prefix="mail-", dir=_SHORT_ROOT))
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop the servers and remove their files."""
        self._stop()

    def password(self, address: str) -> str:
        """Return the address's password; KeyError for an address this stack does not have."""
        return self._passwords[address.lower()]

    def tls(self) -> ssl.SSLContext:
        """Return a client context that trusts this stack's authority and no other."""
        return ssl.create_default_context(cafile=self.cafile)

    def imap(self, address: str) -> IMAPClient:
        """Return an IMAP connection over TLS, logged in as the address; the caller closes it (``with``)."""
        return reading.logged_in(self.imaps_port, address, self.password(address), self.tls())

    def add_address(self, address: str) -> None:
        """Let this address log in and receive from now on; a few milliseconds."""
        known = _checked(address)
        self._passwords[known] = secrets.token_urlsafe(12)
        self._dovecot.add_user(known, self._passwords[known])
        # INBOX is made now: were it made by the first delivery and the first SELECT at once, one would fail.
        with self._reader(known) as client:
            client.select_folder("INBOX")

    def deliver(self, address: str, raw: bytes, *, sender: str = "") -> None:
        """Put a message into the address's INBOX by LMTP; RuntimeError with the refusal."""
        refusal = lmtp.deliver(self.lmtp_port, address, raw, sender=sender)
        if refusal:
            message = f"LMTP refused mail to {address}: {refusal}"
            raise RuntimeError(message)

    def messages(self, address: str, folder: str = "INBOX") -> list[bytes]:
        """Return the folder's messages as stored, oldest first, left unseen; [] without such a folder."""
        with self._reader(address) as client:
            return reading.all_messages(client, folder)

    def wait_for(self, address: str, count: int, folder: str = "INBOX", timeout: float = 10) -> list[bytes]:
        """Return the folder's messages once there are count of them; TimeoutError with the logs otherwise."""
        deadline = time.monotonic() + timeout
        with self._reader(address) as client:
            while (there := reading.message_count(client, folder)) < count:
                if time.monotonic() > deadline:
                    message = f"{address} has {there} of {count} messages in {folder}\n{self.logs()}"
                    raise TimeoutError(message)
                time.sleep(0.01)
        return self.messages(address, folder)

    def clear(self, address: str) -> None:
        """Make the mailbox as new: no messages, and no folders but those of a new account."""
        with self._reader(address) as client:
            reading.drop_extra_folders(client, keep={name for name, _ in self._profile.folders})
        # Without the setting, Gmail's imitation would keep in All Mail what is expunged here.
        self.doveadm("-o", "plugin/lazy_expunge=", "expunge", "-u", address.lower(), "mailbox", "*", "all")

    def doveadm(self, *args: str) -> str:
        """Return what ``doveadm`` prints on this stack; RuntimeError with its words when it fails."""
        return self._dovecot.doveadm(*args)

    def logs(self) -> str:
        """Return what the servers logged so far."""
        return self._dovecot.log() + ("" if self._smtp is None else self._smtp.log())

    def pause(self) -> None:
        """Take SMTP away: connections are refused, open ones are cut. IMAP stays, Postfix's queue too."""
        if self._smtp is not None:
            self._smtp.stop()

    def resume(self) -> None:
        """Bring SMTP back on the same ports."""
        if self._smtp is not None:
            self._smtp.start()

    def _start(self) -> None:
        made = certificate.make(self._root)
        give(self._root, dovecot_account())
        self._root.chmod(0o711)
        self.cafile = str(made.ca)
        self._dovecot = Dovecot(self._root, made, self._profile)
        self._dovecot.start()
        ports = self._dovecot.ports
        self.imap_port, self.imaps_port, self.lmtp_port = ports.imap, ports.imaps, ports.lmtp
        for address in self._addresses:
            self.add_address(address)
        self._start_smtp(made)

    def _start_smtp(self, made: certificate.Certificate) -> None:
        files_sent = self._profile.files_sent_in is not None
        if self._kind == "postfix":
            self._smtp = Postfix(
                self._root,
                certificate=made,
                dovecot=self._dovecot.ports,
                origin=self._addresses[0].rpartition("@")[2] if self._addresses else "invalid.example",
                reject=self._reject,
                files_sent=files_sent,
            )
        elif self._kind == "aiosmtpd":
            rules = Rules(self._passwords, self.lmtp_port, self._reject, files_sent)
            self._smtp = InProcessSmtp(rules, made)
        else:
            return
        self._smtp.start()
        ports = self._smtp.ports
        self.smtp_port, self.submission_port, self.submissions_port = (
            ports.smtp,
            ports.submission,
            ports.submissions,
        )

    def _stop(self) -> None:
        self.pause()
        if hasattr(self, "_dovecot"):
            self._dovecot.stop()
        shutil.rmtree(self._root, ignore_errors=True)

    def _reader(self, address: str) -> IMAPClient:
        return reading.logged_in(self.imap_port, address, self.password(address), None)


def _checked(address: str) -> str:
    if not _ADDRESS.fullmatch(address.lower()):
        message = f"{address!r} is not a plain address at a .example domain"
        raise ValueError(message)
    return address.lower()
