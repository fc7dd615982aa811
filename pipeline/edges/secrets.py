"""Passwords: looked up when needed, never in a file of the practice, never printed, logged or passed as an argument.

In this order: a systemd credential, the desktop's password store, a file that only its owner can read, a prompt.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import sys
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.secret import Secret

SERVICE = "pipeline"
SECURE_STORES = {f"keyring.backends.{name}" for name in ("SecretService", "libsecret", "kwallet", "macOS", "Windows")}


def find(account: str) -> Secret:
    """Find the password of `account` (`user@host`), or raise `ConfigError` that says how to store it."""
    found = _from_systemd(account) or _from_keyring(account) or _from_file(account) or _from_prompt(account)
    if found is None:
        raise ConfigError(f"no password is known for {account}; type: pipeline password {account}")
    return Secret(found)


def store(account: str, password: Secret) -> str:
    """Keep a password in the desktop's store, else in a file for its owner only; gives where it is now."""
    import keyring
    import keyring.errors

    try:
        if _secure_keyring():
            keyring.set_password(SERVICE, account, password.reveal())
            return "the password store of this computer"
    except keyring.errors.KeyringError:
        pass
    path = secret_file(account)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(password.reveal())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return str(path)


def secret_file(account: str) -> Path:
    """Give the file that may hold the password of `account`, outside of every practice folder."""
    configured = os.environ.get("XDG_CONFIG_HOME", "")
    root = Path(configured) if configured.startswith("/") else Path.home() / ".config"
    return root / "pipeline" / "passwords" / _plain(account)


def _plain(account: str) -> str:
    return re.sub(r"[^A-Za-z0-9@._-]", "_", account)


def _from_systemd(account: str) -> str | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder) / _plain(account) if folder else None
    return path.read_text(encoding="utf-8").rstrip("\n") if path and path.is_file() else None


def _from_keyring(account: str) -> str | None:
    import keyring
    import keyring.errors

    with contextlib.suppress(keyring.errors.KeyringError):
        if _secure_keyring():
            found = keyring.get_password(SERVICE, account)
            return str(found) if found else None
    return None


def _secure_keyring() -> bool:
    """Tell whether the desktop has a real store; plain-text and null stores do not count."""
    import keyring

    chosen = keyring.get_keyring()
    stores = getattr(chosen, "backends", None) or [chosen]
    return all(type(store).__module__ in SECURE_STORES for store in stores)


def _from_file(account: str) -> str | None:
    path = secret_file(account)
    if not path.is_file():
        return None
    status = path.stat()
    if status.st_mode & 0o077 or status.st_uid != os.geteuid():
        raise ConfigError(f"{path} can be read by others; type: chmod 600 {path}")
    return path.read_text(encoding="utf-8").rstrip("\n")


def _from_prompt(account: str) -> str | None:
    return getpass.getpass(f"Password of {account}: ") or None if sys.stdin.isatty() else None
