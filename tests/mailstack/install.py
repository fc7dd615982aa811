"""What of the mail servers is missing on this machine, and the one line that installs it.

Takes in the file system; leaves nothing behind. ``python tests/mailstack/install.py`` prints the line and
exits with 1 when something is missing. It does not look at dpkg, so servers installed by other means count.
Run as a file it needs Python alone, no package of ours or others.
"""

import shutil
import subprocess
import sys
from pathlib import Path

# Debian keeps servers out of an ordinary user's PATH.
_PLACES = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Asked nothing, the package would set up and start a mail server for the whole machine.
_NO_SYSTEM_POSTFIX = "echo 'postfix postfix/main_mailer_type select No configuration' | sudo debconf-set-selections"
_DOVECOT_PROGRAMS = ("/usr/lib/dovecot", "/usr/libexec/dovecot")
_POSTFIX_PROGRAMS = ("/usr/lib/postfix/sbin", "/usr/libexec/postfix")


def program(name: str) -> Path | None:
    """Return where the named program is, looking in the sbin directories too; None when it is nowhere."""
    found = shutil.which(name, path=_PLACES)
    return None if found is None else Path(found)


def postfix_programs() -> Path | None:
    """Return the directory of Postfix's own programs (``master``, ``smtpd`` ...); None without Postfix."""
    return next((path for path in map(Path, _POSTFIX_PROGRAMS) if (path / "master").exists()), None)


def preload_library(name: str) -> Path | None:
    """Return a wrapper library such as ``libuid_wrapper.so``; None when it is not installed."""
    places = (
        *Path("/usr/lib").glob("*-linux-gnu*"),
        Path("/usr/lib64"),
        Path("/usr/lib"),
        Path("/usr/local/lib"),
    )
    return next((place / name for place in places if (place / name).exists()), None)


def missing() -> list[str]:
    """Return the names of the Debian or Ubuntu packages that are absent, in the order to install them."""
    there = {
        "dovecot-imapd": program("dovecot") is not None and _dovecot_has("imap"),
        "dovecot-lmtpd": _dovecot_has("lmtp"),
        "dovecot-sieve": program("sievec") is not None,
        "postfix": postfix_programs() is not None,
        "libuid-wrapper": preload_library("libuid_wrapper.so") is not None,
        "libnss-wrapper": preload_library("libnss_wrapper.so") is not None,
        "strace": program("strace") is not None,
    }
    return [package for package, present in there.items() if not present]


def wrong_version() -> str:
    """Return why the Dovecot that is here will not do, or "": 2.3 and 2.4 share few settings."""
    dovecot = program("dovecot")
    if dovecot is None:
        return ""
    told = subprocess.run([dovecot, "--version"], capture_output=True, text=True, check=False).stdout
    if told.startswith("2.3."):
        return ""
    return f"the mail servers of the tests need Dovecot 2.3; here is {told.strip()}"


def command(packages: list[str]) -> str:
    """Return the line that installs these packages, asking nothing and starting no Postfix."""
    install = f"sudo DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {' '.join(packages)}"
    return f"{_NO_SYSTEM_POSTFIX} && {install}" if "postfix" in packages else install


def _dovecot_has(name: str) -> bool:
    return any((Path(place) / name).exists() for place in _DOVECOT_PROGRAMS)


def main() -> int:
    """Print the line to type, if any; return 0 when everything is there, 1 otherwise."""
    packages = missing()
    if packages:
        sys.stdout.write(command(packages) + "\n")
    return 1 if packages else 0


if __name__ == "__main__":
    raise SystemExit(main())
