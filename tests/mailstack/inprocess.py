"""SMTP without Postfix: aiosmtpd in this process, handing each message to Dovecot by LMTP before it answers.

Takes in a certificate, the passwords and the LMTP port; leaves nothing behind. Same ports and rules as
Postfix, but no queue and no bounces: what Dovecot refuses, the client hears at once.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.mailstack import lmtp
from tests.mailstack.certificate import Certificate
from tests.mailstack.ports import HOST, PortTakenError, with_free_ports
from tests.mailstack.postfix import SmtpPorts

_SIZE_LIMIT = 31_457_280


@dataclass(frozen=True)
class Rules:
    """Who is known, and what happens to mail.

    ``passwords`` by address is read live, so an address added later is known at once; ``reject`` maps a
    recipient to the answer RCPT gets; with ``files_sent`` a copy of what is submitted goes to the sender's
    ``+sent``.
    """

    passwords: Mapping[str, str]
    lmtp_port: int
    reject: Mapping[str, str]
    files_sent: bool


class Incoming:
    """What aiosmtpd calls at RCPT and after the final dot, on the port without login."""

    def __init__(self, rules: Rules) -> None:
        """Keep the rules."""
        self._rules = rules

    async def handle_RCPT(  # noqa: N802  # the name aiosmtpd looks for
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer 250, the scripted refusal, or 550 for an address nobody has."""
        if address.lower() in self._rules.reject:
            return self._rules.reject[address.lower()]
        if _plain(address) not in self._rules.passwords:
            return f"550 5.1.1 <{address}> nobody here has that address"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        # same
        """Answer 250 when Dovecot has taken the message for every recipient, else Dovecot's first refusal."""
        raw, sender = envelope.original_content or b"", envelope.mail_from or ""
        for recipient in self._recipients(envelope):
            refusal = await asyncio.to_thread(lmtp.deliver, self._rules.lmtp_port, recipient, raw, sender=sender)
            if refusal:
                return refusal
        return "250 2.0.0 Ok: delivered"

    def _recipients(self, envelope: Envelope) -> list[str]:
        return envelope.rcpt_tos


class Submitted(Incoming):
    """The same on the ports that demand a login."""

    async def handle_MAIL(  # noqa: N802  # the name aiosmtpd looks for
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer 250, or 530 before a login (RFC 4954, section 6)."""
        # Not aiosmtpd's auth_required: it warns at each connection that implicit TLS were no TLS.
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    def _recipients(self, envelope: Envelope) -> list[str]:
        copy = [(envelope.mail_from or "").replace("@", "+sent@")] if self._rules.files_sent else []
        return envelope.rcpt_tos + copy


class InProcessSmtp:
    """Three aiosmtpd servers; ``stop`` and ``start`` again keep the ports."""

    ports: SmtpPorts

    def __init__(self, rules: Rules, certificate: Certificate) -> None:
        """Prepare; ``start`` opens the ports."""
        self._rules = rules
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate.chain, certificate.key)
        self._placed = False
        self._running: list[Controller] = []

    def start(self) -> None:
        """Return when all three ports answer."""
        if self._placed:
            self._start_on([self.ports.smtp, self.ports.submission, self.ports.submissions])
        else:
            with_free_ports(3, self._start_on)
            self._placed = True

    def stop(self) -> None:
        """Close the ports and every connection."""
        while self._running:
            self._running.pop().stop()

    def log(self) -> str:
        """Return nothing: aiosmtpd speaks to logging ("mail.log")."""
        return ""

    def _start_on(self, ports: list[int]) -> None:
        self.ports = SmtpPorts(*ports)
        incoming, submitted = Incoming(self._rules), Submitted(self._rules)
        login = {"authenticator": self._check}
        try:
            self._open(incoming, self.ports.smtp)
            self._open(submitted, self.ports.submission, tls_context=self._tls, require_starttls=True, **login)
            # aiosmtpd counts only STARTTLS as TLS; this port is nothing but TLS.
            self._open(submitted, self.ports.submissions, ssl_context=self._tls, auth_require_tls=False, **login)
        except OSError as error:
            self.stop()
            raise PortTakenError(str(error)) from error

    def _open(self, mail: Incoming, port: int, **settings: Any) -> None:
        server = Controller(
            mail,
            hostname=HOST,
            port=port,
            server_hostname="localhost",
            enable_SMTPUTF8=True,
            data_size_limit=_SIZE_LIMIT,
            **settings,
        )
        server.start()
        self._running.append(server)

    def _check(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        known = self._rules.passwords.get(data.login.decode("utf-8", "replace").lower())
        good = known is not None and known.encode() == data.password
        return AuthResult(success=good, handled=False, auth_data=data.login)


def _plain(address: str) -> str:
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
