"""What is held and is no part of a dossier: a mail of nobody's, a refused file, a daily note, an invoice, a case.

Each is known by a number, a token or a code of its own; with `holdings` it is all that is held, so that nothing can be
forgotten.
"""

from __future__ import annotations

from pipeline.edges.database import Database
from pipeline.edges.storage import Storage
from pipeline.model import Kind, message_file
from pipeline.retention import course, learning, strays
from pipeline.retention.part import Part


def _unfiled_file(database: Database, _storage: Storage, number: str) -> list[str]:
    rows = database.rows("SELECT file FROM mails WHERE number = ? AND dossier IS NULL AND file <> ''", number)
    return [row["file"] for row in rows]


UNFILED = Part(
    _unfiled_file,
    (
        "DELETE FROM attention WHERE mail = ?",
        "DELETE FROM arrivals WHERE mail = ?",
        "UPDATE mails SET file = '', mark = NULL, move = NULL WHERE number = ?",
        (
            "DELETE FROM mails WHERE number = ? AND number NOT IN (SELECT mail FROM consents"
            " UNION SELECT mail FROM returns UNION SELECT mail FROM purges WHERE mail IS NOT NULL)"
        ),
    ),
)
"""A mail that belongs to no dossier, known by its number; its row stays where somebody's consent rests on it."""


REFUSED = Part(lambda _database, _storage, _key: [], (), outside=strays.remove)
"""A file in the drop folder that was never taken in, and its note; known by the keyed hash of its name."""

DAILY = Part(
    lambda _database, _storage, token: [message_file(token)],
    ("UPDATE messages SET recipient = '', sha256 = '', reason = NULL, bounced = NULL WHERE token = ?",),
)
"""A daily note to the coach, known by its token; its row stays, so that none is written for that day again."""


def _rest_files(database: Database, _storage: Storage, number: str) -> list[str]:
    rows = database.rows("SELECT file FROM invoices WHERE number = ? AND rest IS NOT NULL AND file IS NOT NULL", number)
    return [row["file"] for row in rows]


def _statutory_files(database: Database, _storage: Storage, number: str) -> list[str]:
    rows = database.rows("SELECT file, books FROM invoices WHERE number = ?", number)
    return [name for row in rows for name in (row["file"], row["books"]) if name]


def _without_pdf(which: str, empty: str) -> tuple[str, ...]:
    """Give what takes the PDF of an invoice out of the rows, and keeps in what was still to be mailed with it."""
    these = f"(SELECT dossier, version FROM invoices WHERE number = ?1{which})"  # noqa: S608 - our own words
    return (
        *course.no_more_mail(f"{course.carries(Kind.INVOICE)} AND (dossier, round) IN {these}"),
        f"UPDATE documents SET {empty} WHERE kind = '{Kind.INVOICE}' AND (dossier, version) IN {these}",  # noqa: S608
    )


INVOICES = {
    "rest": Part(
        _rest_files,
        (
            *_without_pdf(" AND rest IS NOT NULL", course.EMPTY),
            "UPDATE invoices SET rest = NULL, file = NULL, sha256 = NULL WHERE number = ? AND rest IS NOT NULL",
        ),
        "SELECT DISTINCT found.value FROM invoices, json_tree(coalesce(rest, '{}')) AS found"
        " WHERE number = ? AND found.type = 'text'",
    ),
    "statutory": Part(
        _statutory_files,
        (*_without_pdf("", f"{course.EMPTY}, source = NULL"), "DELETE FROM invoices WHERE number = ?"),
        "SELECT DISTINCT found.value FROM invoices, json_tree(statutory) AS found"
        " WHERE number = ? AND found.type = 'text'",
    ),
}
"""An invoice in two, known by its number: what the law names stays to the end of its duty, the rest goes on time.

The PDF shows both, so it goes with the rest; the file for the books stays. Where there is no rest the PDF stays too.
"""

CASE = Part(
    lambda _database, _storage, _code: [],
    ("DELETE FROM cases WHERE code = ?",),
    learning.PIECES,
)
"""A case to learn from, known by its code; which dossier it came from nothing tells."""

NUMBERED = {"mail": UNFILED, "file": REFUSED, "daily": DAILY, "case": CASE, **INVOICES}
"""What is no part of a dossier, by the first word of its name; the second is its key."""
