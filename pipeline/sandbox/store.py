"""The store: one SQLite file with every account's mailboxes and mails.

Takes in a path, leaves behind `mail.db` (WAL, synchronous=FULL: what a caller was told is stored survives a
power cut). `Store.folders` keeps the mailboxes, `Store.mails` what is in them. All of it belongs to one
thread.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from pipeline.sandbox.folders import Folders
from pipeline.sandbox.mails import Mails

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SCHEMA = """
-- AUTOINCREMENT: no id is given out twice, so a session that lags behind finds nothing, and no other mail.
CREATE TABLE IF NOT EXISTS folder (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    special TEXT NOT NULL DEFAULT '',
    uidvalidity INTEGER NOT NULL UNIQUE,
    uidnext INTEGER NOT NULL DEFAULT 1,
    -- UIDs from here on have been announced to no session yet: they are \\Recent to the next one.
    recent_from INTEGER NOT NULL DEFAULT 1,
    UNIQUE (account, name)
) STRICT;
CREATE TABLE IF NOT EXISTS subscription (
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;
-- The octets stand apart so that a copy shares them and a changed flag does not write them again.
CREATE TABLE IF NOT EXISTS content (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    raw BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS mail (
    folder INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    uid INTEGER NOT NULL,
    flags TEXT NOT NULL,
    received TEXT NOT NULL,
    size INTEGER NOT NULL,
    content INTEGER NOT NULL REFERENCES content (id),
    PRIMARY KEY (folder, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mail_content ON mail (content);
CREATE TABLE IF NOT EXISTS keyword (
    folder INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (folder, name)
) STRICT, WITHOUT ROWID;
-- The last UIDVALIDITY given out: a mailbox made again under an old name must not get the old one back.
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
"""


class Store:
    """All accounts' mail in one file; a context manager that closes it."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises sqlite3.Error or OSError when that cannot be done."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(_SCHEMA)
        self.folders = Folders(self._db)
        self.mails = Mails(self._db)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything done inside, or nothing when an exception leaves the block."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.rollback()
            raise
        self._db.commit()

    def __enter__(self) -> Self:
        """Nothing more to do: the file is open since the constructor."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the file."""
        self._db.close()


def read_messages(path: Path, account: str, folder: str) -> list[bytes]:
    """Give the raw mails of one mailbox in UID order, from any thread, server running or not."""
    if not path.exists():
        return []
    db = sqlite3.connect(path)
    try:
        rows = db.execute(
            "SELECT raw FROM mail"
            " JOIN content ON content.id = mail.content JOIN folder ON folder.id = mail.folder"
            " WHERE folder.account = ? AND folder.name = ? ORDER BY uid",
            (account, folder),
        )
        return [row[0] for row in rows]
    finally:
        db.close()
