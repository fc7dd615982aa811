"""Which account of this machine the mail servers run as, for root and ordinary users alike.

Takes in the uid of the process and the system's passwd file; leaves nothing behind.
"""

import grp
import os
import pwd
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Account:
    """A user of this machine with its group, as passwd(5) knows them."""

    name: str
    group: str
    uid: int
    gid: int


def is_root() -> bool:
    """Whether this process may change owners and uids."""
    return os.geteuid() == 0


def named(name: str) -> Account:
    """Return the account of that name; KeyError when passwd does not know it."""
    return _account(pwd.getpwnam(name))


def dovecot_account() -> Account:
    """Return who runs Dovecot: ``dovecot`` when we are root (it never needs to be), otherwise ourselves.

    RuntimeError for a uid without a passwd entry (``docker run -u 12345``): Dovecot insists on names.
    """
    if is_root():
        return named("dovecot")
    try:
        return _account(pwd.getpwuid(os.geteuid()))
    except KeyError:
        message = f"uid {os.geteuid()} has no passwd entry, and Dovecot insists on a name; run as a named user"
        raise RuntimeError(message) from None


def give(path: Path, owner: Account) -> None:
    """Make path and everything below it the owner's; does nothing unless we are root."""
    if not is_root():
        return
    os.chown(path, owner.uid, owner.gid)
    for inside in path.rglob("*"):
        os.chown(inside, owner.uid, owner.gid)


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, grp.getgrgid(entry.pw_gid).gr_name, entry.pw_uid, entry.pw_gid)
