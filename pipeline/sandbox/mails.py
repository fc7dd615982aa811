"""The mails of the store: rows of `mail`, `content` and `keyword`.

Takes in mailbox ids, UIDs and octets, leaves behind rows; the caller opens the transactions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator, Sequence

SYSTEM_FLAGS = ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it stood when read, without its octets; `content` is their id."""

    uid: int
    flags: frozenset[str]
    received: datetime
    size: int
    content: int


class GoneError(Exception):
    """The mail has been expunged: there are no octets, which is not the same as an empty mail."""


class Mails:
    """What is in the mailboxes."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Work on an open store."""
        self._db = db

    def uids(self, folder: int) -> list[int]:
        """Give the UIDs of a mailbox in order."""
        return [row[0] for row in self._db.execute("SELECT uid FROM mail WHERE folder = ? ORDER BY uid", (folder,))]

    def read(self, folder: int, uids: Sequence[int]) -> Iterator[Mail]:
        """Give those of the mails (UIDs in order) that still exist, in order."""
        if not uids:
            return
        wanted = set(uids)
        rows = self._db.execute(
            "SELECT uid, flags, received, size, content FROM mail"
            " WHERE folder = ? AND uid BETWEEN ? AND ? ORDER BY uid",
            (folder, uids[0], uids[-1]),
        ).fetchall()
        for uid, flags, received, size, content in rows:
            if uid in wanted:
                yield Mail(uid, frozenset(flags.split()), datetime.fromisoformat(received), size, content)

    def raw(self, mail: Mail) -> bytes:
        """Give the octets of a mail as they came in; GoneError when it has been expunged meanwhile."""
        row = self._db.execute("SELECT raw FROM content WHERE id = ?", (mail.content,)).fetchone()
        if row is None:
            raise GoneError
        return bytes(row[0])

    def add(self, folder: int, raw: bytes, flags: Iterable[str], received: datetime) -> int:
        """Store a mail and give its UID. `received` carries its own time zone, which INTERNALDATE keeps."""
        content = self._db.execute("INSERT INTO content (raw) VALUES (?)", (raw,)).lastrowid or 0
        return self._insert(folder, Mail(0, frozenset(flags), received.replace(microsecond=0), len(raw), content))

    def copy(self, mails: Iterable[Mail], target: int) -> list[int]:
        """Copy mails with flags and INTERNALDATE; give their new UIDs in the same order."""
        return [self._insert(target, mail) for mail in mails]

    def _insert(self, folder: int, mail: Mail) -> int:
        flags = self._spell(folder, mail.flags)
        uid: int = self._db.execute(
            "UPDATE folder SET uidnext = uidnext + 1 WHERE id = ? RETURNING uidnext - 1", (folder,)
        ).fetchall()[0][0]
        self._db.execute(
            "INSERT INTO mail VALUES (?, ?, ?, ?, ?, ?)",
            (folder, uid, flags, mail.received.isoformat(), mail.size, mail.content),
        )
        return uid

    def set_flags(self, folder: int, uid: int, flags: Iterable[str]) -> None:
        """Replace the flags of one mail."""
        self._db.execute(
            "UPDATE mail SET flags = ? WHERE folder = ? AND uid = ?",
            (self._spell(folder, flags), folder, uid),
        )

    def _spell(self, folder: int, flags: Iterable[str]) -> str:
        """Note new keywords of a mailbox and write all flags the way they were first spelt there."""
        return " ".join(sorted(flag if flag in SYSTEM_FLAGS else self._keyword(folder, flag) for flag in flags))

    def _keyword(self, folder: int, name: str) -> str:
        self._db.execute("INSERT OR IGNORE INTO keyword VALUES (?, ?)", (folder, name))
        row = self._db.execute("SELECT name FROM keyword WHERE folder = ? AND name = ?", (folder, name)).fetchone()
        return str(row[0])

    def keywords(self, folder: int) -> list[str]:
        """Give the keywords ever used in a mailbox."""
        return [row[0] for row in self._db.execute("SELECT name FROM keyword WHERE folder = ?", (folder,))]

    def remove(self, folder: int, uids: Collection[int]) -> None:
        """Remove mails, and their octets where no copy shares them."""
        for uid in uids:
            rows = self._db.execute(
                "DELETE FROM mail WHERE folder = ? AND uid = ? RETURNING content", (folder, uid)
            ).fetchall()
            for row in rows:
                self._db.execute(
                    "DELETE FROM content WHERE id = ? AND id NOT IN (SELECT content FROM mail WHERE content = ?)",
                    (row[0], row[0]),
                )
