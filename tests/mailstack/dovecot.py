"""A private Dovecot 2.3: IMAP, LMTP, and the place where Postfix asks about passwords.

Takes in a directory, a certificate and a profile; leaves everything below the directory, for the caller
to remove.
"""

import os
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.mailstack import dovecot_texts as texts
from tests.mailstack.account import dovecot_account, give, is_root
from tests.mailstack.certificate import Certificate
from tests.mailstack.install import program
from tests.mailstack.ports import wait_for_greeting, with_free_ports
from tests.mailstack.profiles import Profile
from tests.mailstack.watched import Watched


@dataclass(frozen=True)
class DovecotPorts:
    """TCP ports on 127.0.0.1."""

    imap: int
    imaps: int
    lmtp: int
    sasl: int


class Dovecot:
    """One running Dovecot."""

    ports: DovecotPorts

    def __init__(self, root: Path, certificate: Certificate, profile: Profile) -> None:
        """Prepare ``root/dovecot``; root itself is what the watchdog removes when the test run dies."""
        self._root = root
        self._dir = root / "dovecot"
        self._certificate = certificate
        self._profile = profile
        self._account = dovecot_account()
        self._token = secrets.token_hex(8)
        self._server: Watched | None = None
        self._prepare()

    def start(self) -> None:
        """Return when IMAP and LMTP answer; RuntimeError with the log when they do not."""
        with_free_ports(4, self._start_on)

    def stop(self) -> None:
        """End all of Dovecot's processes; does nothing when it does not run."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def add_user(self, address: str, password: str) -> None:
        """Let this full address in lower case log in from now on and receive by LMTP."""
        # A file each: Dovecot looks at a common file's time once a second, and would refuse the new user.
        entry = self._dir / "users" / address
        entry.touch(mode=0o600)
        entry.write_text(f"{address}:{{PLAIN}}{password}::::::\n", encoding="utf-8")
        give(entry, self._account)

    def doveadm(self, *args: str) -> str:
        """Return what ``doveadm`` prints on this server; RuntimeError with its words when it fails."""
        root = is_root()
        done = subprocess.run(
            [_required("doveadm"), "-c", self._dir / "dovecot.conf", *args],
            capture_output=True,
            check=False,
            cwd=self._dir,
            env=_env(self._dir),
            user=self._account.uid if root else None,
            group=self._account.gid if root else None,
            extra_groups=[] if root else None,
        )
        if done.returncode != 0:
            message = f"doveadm {' '.join(args)}: {done.stderr.decode('utf-8', 'replace')}"
            raise RuntimeError(message)
        return done.stdout.decode("utf-8", "replace")

    def log(self) -> str:
        """Return Dovecot's log so far."""
        logs = (self._dir / "dovecot.log", self._dir / "output.log")
        return "".join(log.read_text("utf-8", "replace") for log in logs if log.exists())

    def _start_on(self, ports: list[int]) -> None:
        self.ports = DovecotPorts(*ports)
        (self._dir / "dovecot.conf").write_text(self._configuration(), encoding="utf-8")
        for log in self._dir.glob("*.log"):
            log.unlink()
        self._server = Watched(
            [_required("dovecot"), "-F", "-c", self._dir / "dovecot.conf"],
            directory=self._dir,
            remove=self._root,
            output=self._dir / "output.log",
            env=_env(self._dir),
            account=self._account,
        )
        try:
            for port in (self.ports.imap, self.ports.lmtp):
                wait_for_greeting(port, self._token, self._server.alive, self.log)
        except RuntimeError:
            self.stop()
            raise

    def _prepare(self) -> None:
        for name in ("", "users", "mail", "run", "state", "sieve", "virtual/Mail"):
            (self._dir / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = self._profile.files_sent_in
        sieve = texts.FILE_NOTHING if folder is None else texts.FILE_SENT.substitute(folder=folder)
        (self._dir / "sieve/before.sieve").write_text(sieve, encoding="utf-8")
        (self._dir / "virtual/Mail/dovecot-virtual").write_text(texts.ALL_MAIL, encoding="utf-8")
        give(self._dir, self._account)

    def _configuration(self) -> str:
        main = texts.MAIN.substitute(
            dir=self._dir,
            token=self._token,
            user=self._account.name,
            group=self._account.group,
            uid=self._account.uid,
            gid=self._account.gid,
            imap_port=self.ports.imap,
            imaps_port=self.ports.imaps,
            lmtp_port=self.ports.lmtp,
            sasl_port=self.ports.sasl,
            chain=self._certificate.chain,
            key=self._certificate.key,
            plugins=" ".join(self._profile.plugins),
            folders=texts.folders(self._profile),
            capability=texts.capability(self._profile),
        )
        return main + (texts.GMAIL.substitute(dir=self._dir) if self._profile.name == "gmail" else "")


def _required(name: str) -> Path:
    found = program(name)
    if found is None:
        message = f"{name} is not installed; python tests/mailstack/install.py prints what to type"
        raise RuntimeError(message)
    return found


def _env(home: Path) -> dict[str, str]:
    return {"PATH": os.defpath + ":/usr/sbin:/sbin", "HOME": str(home), "LANG": "C", "TZ": "UTC"}
