"""A private Postfix: a port 25 for the world, two submission ports for the practice; delivers to our Dovecot.

Takes in a directory, a certificate and Dovecot's ports; leaves everything below the directory, for the
caller to remove. An ordinary user runs it by libuid-wrapper and libnss-wrapper (cwrap.org): Postfix's master
insists on uid 0 and on changing users, and the wrappers let it believe that it does.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.mailstack import postfix_texts as texts
from tests.mailstack.account import Account, dovecot_account, give, is_root, named
from tests.mailstack.certificate import Certificate
from tests.mailstack.dovecot import DovecotPorts
from tests.mailstack.install import postfix_programs, preload_library
from tests.mailstack.ports import wait_for_greeting, with_free_ports
from tests.mailstack.watched import Watched

_QUEUES = "active bounce corrupt defer deferred flush hold incoming maildrop pid private public saved trace"
# Postfix sleeps, several times, while its settings are younger than two seconds; so they are aged.
_AGE = 60


@dataclass(frozen=True)
class SmtpPorts:
    """TCP ports on 127.0.0.1: plain and without login; STARTTLS and login; TLS from the start and login."""

    smtp: int
    submission: int
    submissions: int


class Postfix:
    """One running Postfix; ``stop`` and ``start`` again keep ports and queue."""

    ports: SmtpPorts

    def __init__(
        self,
        root: Path,
        *,
        certificate: Certificate,
        dovecot: DovecotPorts,
        origin: str,
        reject: Mapping[str, str],
        files_sent: bool,
    ) -> None:
        """Prepare ``root/postfix``.

        ``origin`` is the domain bounces come from, ``reject`` maps a recipient to the answer RCPT gets, with
        ``files_sent`` a copy of what is submitted goes to the sender's ``+sent``.
        """
        self._root = root
        self._dir = root / "postfix"
        self._certificate = certificate
        self._dovecot = dovecot
        self._origin = origin
        self._files_sent = files_sent
        self._token = secrets.token_hex(8)
        self._owner = named("postfix") if is_root() else dovecot_account()
        self._server: Watched | None = None
        self._placed = False
        self._prepare(reject)

    def start(self) -> None:
        """Return when SMTP answers: on free ports the first time, on the same ones after a stop."""
        if self._placed:
            self._start_master()
        else:
            with_free_ports(3, self._start_on)
            self._placed = True

    def stop(self) -> None:
        """End all of Postfix's processes; the queue stays on disk."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def log(self) -> str:
        """Return Postfix's log so far."""
        logs = (self._dir / "postfix.log", self._dir / "output.log")
        return "".join(log.read_text("utf-8", "replace") for log in logs if log.exists())

    def _start_on(self, ports: list[int]) -> None:
        self.ports = SmtpPorts(*ports)
        for log in self._dir.glob("*.log"):
            log.unlink()
        self._write("etc/main.cf", self._main())
        self._write("etc/master.cf", self._master())
        self._start_master()

    def _start_master(self) -> None:
        self._server = Watched(
            [self._programs() / "master", "-c", self._dir / "etc", "-d"],
            directory=self._dir,
            remove=self._root,
            output=self._dir / "output.log",
            env={"PATH": os.defpath, "LANG": "C", "TZ": "UTC"} | self._wrappers(),
        )
        try:
            wait_for_greeting(self.ports.smtp, self._token, self._server.alive, self.log)
        except RuntimeError:
            self.stop()
            raise

    def _prepare(self, reject: Mapping[str, str]) -> None:
        (self._dir / "etc").mkdir(parents=True)
        (self._dir / "data").mkdir(mode=0o700)
        (self._dir / "queue").mkdir()
        for name in _QUEUES.split():
            (self._dir / "queue" / name).mkdir(mode=0o700)
            give(self._dir / "queue" / name, self._owner)
        give(self._dir / "data", self._owner)
        if is_root():
            give(self._dir / "queue/pid", named("root"))
        self._write("etc/domains", texts.DOMAINS)
        self._write("etc/sent_copies", texts.SENT_COPIES)
        self._write("etc/reject", "".join(f"{address} {answer}\n" for address, answer in reject.items()))
        if not is_root():
            self._write_accounts(self._owner)

    def _write_accounts(self, owner: Account) -> None:
        values = {"user": owner.name, "group": owner.group, "uid": owner.uid, "gid": owner.gid}
        self._write("etc/passwd", texts.PASSWD.substitute(values))
        self._write("etc/group", texts.GROUP.substitute(values))

    def _write(self, name: str, text: str) -> None:
        path = self._dir / name
        path.write_text(text, encoding="utf-8")
        then = path.stat().st_mtime - _AGE
        os.utime(path, (then, then))

    def _main(self) -> str:
        return texts.MAIN.substitute(
            dir=self._dir,
            programs=self._programs(),
            owner=self._owner.name,
            environment=" ".join(self._wrappers()),
            token=self._token,
            origin=self._origin,
            lmtp_port=self._dovecot.lmtp,
            sasl_port=self._dovecot.sasl,
            key=self._certificate.key,
            chain=self._certificate.chain,
        )

    def _master(self) -> str:
        return texts.MASTER.substitute(
            smtp_port=self.ports.smtp,
            submission_port=self.ports.submission,
            submissions_port=self.ports.submissions,
            sent_copies=f"regexp:{self._dir}/etc/sent_copies" if self._files_sent else "",
        )

    def _programs(self) -> Path:
        found = postfix_programs()
        if found is None:
            message = "Postfix is not installed; python tests/mailstack/install.py prints what to type"
            raise RuntimeError(message)
        return found

    def _wrappers(self) -> dict[str, str]:
        if is_root():
            return {}
        libraries = [preload_library(name) for name in ("libnss_wrapper.so", "libuid_wrapper.so")]
        if None in libraries:
            message = "without root Postfix needs libuid-wrapper and libnss-wrapper; see tests/mailstack/install.py"
            raise RuntimeError(message)
        return {
            "LD_PRELOAD": ":".join(map(str, libraries)),
            "UID_WRAPPER": "1",
            "UID_WRAPPER_ROOT": "1",
            "NSS_WRAPPER_PASSWD": str(self._dir / "etc/passwd"),
            "NSS_WRAPPER_GROUP": str(self._dir / "etc/group"),
        }
