"""The SMTP half: takes mail in for the accounts, from them (after AUTH) and from anybody else.

Takes in SMTP sessions by way of aiosmtpd, leaves behind committed mails in INBOXes. There is no world behind
this server: an address that is no account is refused at RCPT.
"""

from __future__ import annotations

import logging
import re
import secrets
import sqlite3
from email.utils import format_datetime
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from aiosmtpd.smtp import Session as SmtpSession

from pipeline.sandbox.access import check_password
from pipeline.sandbox.channel import MAX_LINE, MAX_MAIL
from pipeline.sandbox.folders import INBOX

if TYPE_CHECKING:
    from pipeline.sandbox.session import Site

HOSTNAME = "localhost"
_LOG = logging.getLogger(__name__)
_UNSAFE = re.compile(r"[^A-Za-z0-9.:\[\]_-]")
_UNSAFE_ADDRESS = re.compile(r"[^A-Za-z0-9.+@_-]")


class _Client(SmtpSession):
    # A property in aiosmtpd, which warns on the console about every login that aiosmtpd itself notes there.
    login_data = None


class Protocol(SMTP):
    """aiosmtpd's protocol, taking lines as long as mail programs in fact send them."""

    line_length_limit = MAX_LINE

    def _create_session(self) -> SmtpSession:
        return _Client(self.loop)


def protocol(site: Site) -> Protocol:
    """Make the protocol of one connection."""
    reception = Reception(site)
    return Protocol(
        reception,
        data_size_limit=MAX_MAIL,
        hostname=HOSTNAME,
        ident="ESMTP pipeline sandbox",
        # Without TLS on purpose: the port is bound to the loopback address and leaves the machine never.
        auth_require_tls=False,
        authenticator=reception.authenticate,
    )


class Reception:
    """The hooks aiosmtpd calls."""

    def __init__(self, site: Site) -> None:
        """Deliver to the accounts of this site."""
        self._site = site

    def _account(self, address: str) -> str:
        """Give the account an address belongs to, plus-addressing (RFC 5233) resolved, or an empty string."""
        local, _, domain = address.lower().rpartition("@")
        account = f"{local.partition('+')[0]}@{domain}"
        return account if account in self._site.accounts else ""

    def authenticate(
        self, _server: SMTP, _session: SmtpSession, _envelope: Envelope, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        """Check a login (RFC 4954); the session then knows its account."""
        login, password = data.login.decode("utf-8", "replace"), data.password.decode("utf-8", "replace")
        account = check_password(self._site.accounts, login, password)
        return AuthResult(success=bool(account), handled=False, auth_data=account or None)

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's name for the hook
        self, _server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Let nobody send in an account's name without having logged in to it."""
        owner = self._account(address)
        if owner and not session.authenticated:
            return "530 5.7.0 Authentication required"
        # The empty sender belongs to nobody: it is that of receipts and bounces (RFC 5321 section 4.5.5).
        if session.authenticated and address != "<>" and owner != session.auth_data:
            return "553 5.7.1 Sender address rejected: not owned by user"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name for the hook
        self, _server: SMTP, _session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the accounts' addresses, and no others (RFC 3463: 5.1.1)."""
        if not self._account(address):
            return "550 5.1.1 Recipient address rejected: no such user here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name for the hook
        self, _server: SMTP, session: SmtpSession, envelope: Envelope
    ) -> str:
        """Commit the mail to every recipient's INBOX, then say so.

        After the 250 it is ours to keep (RFC 5321 6.1).
        """
        queued_as = secrets.token_hex(5).upper()
        recipients = {self._account(address): address for address in envelope.rcpt_tos}
        try:
            touched = self._deliver(session, envelope, recipients, queued_as)
        except sqlite3.Error:
            _LOG.exception("sandbox: mail not stored")
            return "451 4.3.0 Mail not stored, try again later"
        for folder in touched:
            self._site.hub.announce(folder)
        return f"250 2.0.0 Ok: queued as {queued_as}"

    def _deliver(
        self, session: SmtpSession, envelope: Envelope, recipients: dict[str, str], queued_as: str
    ) -> list[int]:
        store, touched = self._site.store, []
        with store.transaction():
            for account, address in recipients.items():
                folder = store.folders.find(account, INBOX)
                if folder:
                    trace = self._trace(session, envelope, address, queued_as)
                    store.mails.add(folder.id, trace + (envelope.original_content or b""), (), self._site.clock())
                    touched.append(folder.id)
        return touched

    def _trace(self, session: SmtpSession, envelope: Envelope, recipient: str, queued_as: str) -> bytes:
        """Write the fields every delivery puts in front (RFC 5321 section 4.4, RFC 8601): who sent it, and how sure."""
        sender = (envelope.mail_from or "").removeprefix("<").removesuffix(">")
        greeting = _UNSAFE.sub("?", session.host_name or "")[:255] or "unknown"
        protocol_name = "ESMTPA" if session.authenticated else "ESMTP" if session.extended_smtp else "SMTP"
        found = f"spf=pass smtp.mailfrom={_UNSAFE_ADDRESS.sub('?', sender)}" if session.authenticated else "none"
        return (
            f"Return-Path: <{sender}>\r\n"
            f"Authentication-Results: {HOSTNAME}; {found}\r\n"
            f"Received: from {greeting} ([127.0.0.1])\r\n"
            f"\tby {HOSTNAME} (pipeline sandbox) with {protocol_name} id {queued_as}\r\n"
            f"\tfor <{recipient}>; {format_datetime(self._site.clock())}\r\n"
        ).encode("ascii", "replace")

    async def handle_exception(self, error: Exception) -> str:
        """Answer a failure without telling the client what it was."""
        _LOG.error("sandbox: SMTP command failed", exc_info=error)
        return "451 4.3.0 Internal error"
