"""The mailboxes of the store: rows of `folder` and `subscription`.

Takes in account addresses and decoded names, leaves behind rows; the caller opens the transactions.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.sandbox.names import DELIMITER

if TYPE_CHECKING:
    import sqlite3

INBOX = "INBOX"
SPECIAL_USE = {
    "Archive": "\\Archive",
    "Drafts": "\\Drafts",
    "Junk": "\\Junk",
    "Sent": "\\Sent",
    "Trash": "\\Trash",
}

_SELECT = "SELECT id, name, special, uidvalidity, uidnext, recent_from FROM folder "


@dataclass(frozen=True, slots=True)
class Folder:
    """One mailbox as it stood when read."""

    id: int
    name: str
    special: str
    uidvalidity: int
    uidnext: int
    recent_from: int


class Folders:
    """What mailboxes there are."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work on an open store."""
        self._db = db

    def open_account(self, account: str) -> None:
        """Give a new account its INBOX and its special-use mailboxes (RFC 6154).

        Leave a known one as it is.
        """
        if self.find(account, INBOX):
            return
        for name, special in [(INBOX, ""), *SPECIAL_USE.items()]:
            self.create(account, name, special)
            self.subscribe(account, name)

    def all(self, account: str) -> list[Folder]:
        """Give every mailbox of an account, sorted by name."""
        rows = self._db.execute(_SELECT + "WHERE account = ? ORDER BY name", (account,))
        return [Folder(*row) for row in rows]

    def find(self, account: str, name: str) -> Folder | None:
        """Give one mailbox, or None when there is none of that name."""
        row = self._db.execute(_SELECT + "WHERE account = ? AND name = ?", (account, name)).fetchone()
        return Folder(*row) if row else None

    def by_id(self, number: int) -> Folder:
        """Give a mailbox that is known to exist."""
        return Folder(*self._db.execute(_SELECT + "WHERE id = ?", (number,)).fetchone())

    def create(self, account: str, name: str, special: str = "") -> None:
        """Make an empty mailbox with a UIDVALIDITY never given out before.

        Raises sqlite3.IntegrityError if it exists.
        """
        row = self._db.execute(
            "INSERT INTO counter VALUES ('uidvalidity', ?)"
            " ON CONFLICT (name) DO UPDATE SET value = max(value + 1, excluded.value) RETURNING value",
            (int(time.time()),),
        ).fetchall()[0]
        self._db.execute(
            "INSERT INTO folder (account, name, special, uidvalidity) VALUES (?, ?, ?, ?)",
            (account, name, special, row[0]),
        )

    def delete(self, folder: Folder) -> None:
        """Remove a mailbox and the mails in it; those below it stay."""
        self._db.execute("DELETE FROM folder WHERE id = ?", (folder.id,))
        self._db.execute("DELETE FROM content WHERE id NOT IN (SELECT content FROM mail)")

    def rename(self, account: str, old: str, new: str) -> None:
        """Rename a mailbox and all below it; UIDs and UIDVALIDITY stay."""
        for folder in self.all(account):
            if folder.name == old or folder.name.startswith(old + DELIMITER):
                self._db.execute("UPDATE folder SET name = ? WHERE id = ?", (new + folder.name[len(old) :], folder.id))

    def claim_recent(self, folder: Folder) -> None:
        r"""Note that every mail so far has been announced to a session (\Recent, RFC 3501 section 2.3.2)."""
        self._db.execute("UPDATE folder SET recent_from = uidnext WHERE id = ?", (folder.id,))

    def subscribe(self, account: str, name: str) -> None:
        """Note a subscription; a name may be subscribed before or after its mailbox exists."""
        self._db.execute("INSERT OR IGNORE INTO subscription VALUES (?, ?)", (account, name))

    def unsubscribe(self, account: str, name: str) -> None:
        """Forget a subscription."""
        self._db.execute("DELETE FROM subscription WHERE account = ? AND name = ?", (account, name))

    def subscribed(self, account: str) -> list[str]:
        """Give the subscribed names, sorted."""
        rows = self._db.execute("SELECT name FROM subscription WHERE account = ? ORDER BY name", (account,))
        return [row[0] for row in rows]
