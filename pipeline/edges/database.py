"""What happened: one SQLite file, made so that what was committed survives a power cut.

WAL, `synchronous=FULL`, `secure_delete`; a step's transition is one transaction, and a unique constraint, not an `if`,
makes it happen once. Reading needs no transaction. The first I/O error is raised as `StorageFailed`: nothing that was
asked counts as done (an fsync that failed is not repeated, "fsyncgate").
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.edges.migrations import MIGRATIONS
from pipeline.errors import StorageFailed

FULL = 2
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
NO_ROOM = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN}


class Database:
    """The practice's state; open it once and use it in one thread."""

    def __init__(self, path: Path) -> None:
        """Open or make the database at `path` and bring its tables up to date."""
        self.path, self._as_ours = path, _AsOurs(path)
        with self._as_ours:
            self._sql = sqlite3.connect(path, isolation_level=None, timeout=30)
            path.chmod(0o600)
            self._sql.row_factory = sqlite3.Row
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",
                "secure_delete=ON",
                "temp_store=MEMORY",  # what is sorted or written anew must not lie about in the computer's /tmp
                "foreign_keys=ON",
                "recursive_triggers=ON",
            ):
                self._sql.execute(f"PRAGMA {pragma}")
        self._check()
        self._migrate()

    def _check(self) -> None:
        if self.value("PRAGMA synchronous") != FULL or self.value("PRAGMA journal_mode") != "wal":
            raise StorageFailed(
                f"{self.path}: this disk cannot keep a database safely; move the practice to a local disk"
            )

    def _migrate(self) -> None:
        with self.transaction():
            self.run("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY) STRICT")
            for name, statements in MIGRATIONS.items():
                if not self.value("SELECT 1 FROM migrations WHERE name = ?", name):
                    for statement in statements:
                        self.run(statement)
                    self.run("INSERT INTO migrations VALUES (?)", name)

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Give all rows of a query."""
        with self._as_ours:
            return self._sql.execute(sql, values).fetchall()

    def each(self, sql: str, *values: object) -> Iterator[sqlite3.Row]:
        """Give the rows of a query one by one, where there are too many to hold; what is read is of one moment."""
        with self._as_ours:
            cursor = self._sql.execute(sql, values)
            try:
                yield from cursor
            finally:
                cursor.close()

    def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        """Give the first row of a query, or None."""
        return next(iter(self.rows(sql, *values)), None)

    def value(self, sql: str, *values: object) -> Any:
        """Give the first column of the first row, or None."""
        row = self.row(sql, *values)
        return None if row is None else row[0]

    def run(self, sql: str, *values: object) -> int:
        """Carry out one statement; gives how many rows it changed."""
        with self._as_ours:
            return self._sql.execute(sql, values).rowcount

    def run_each(self, sql: str, each: Iterable[Sequence[object]]) -> int:
        """Carry out one statement once for each of the rows of values; gives how many rows were changed in all."""
        with self._as_ours:
            return self._sql.executemany(sql, each).rowcount

    def setting(self, name: str) -> str | None:
        """Give what was kept under a name, or None."""
        value: str | None = self.value("SELECT value FROM settings WHERE name = ?", name)
        return value

    def keep_setting(self, name: str, value: str) -> None:
        """Keep a value under a name, in place of the one before."""
        self.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, value)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all that happens inside durable together, or not at all."""
        self.run("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._sql.rollback()
            raise
        self.run("COMMIT")

    def settle(self) -> None:
        """Bring everything into the main file: after a failed sync, what the log seems to hold may not be on disk."""
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def compact(self) -> None:
        """Leave nothing behind of what was deleted: the file is written anew without free pages, the log is emptied."""
        self.settle()
        self.run("VACUUM")
        self.settle()

    def close(self) -> None:
        """Let the file go."""
        self._sql.close()


class _AsOurs:
    """What SQLite raises inside the block, in our own words; made once, since it stands around every statement."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        """Nothing is needed."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.IntegrityError):
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # what the module itself objects to has none
            if code in DAMAGED:
                raise StorageFailed(f"{self.path} is damaged; stop, keep it, and put a back-up in its place") from error
            if code in NO_ROOM:
                raise StorageFailed(
                    f"{self.path}: {error}; nothing was taken as done. Make room or check the disk"
                ) from error
