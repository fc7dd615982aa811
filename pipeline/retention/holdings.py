"""What each part of a dossier is made of: the files that go with it, and what is done to the rows.

One table for all that is held, so that nothing can be forgotten: a test compares it with every column of the database
and every folder of the storage. What is in a row goes field by field; the row itself goes when the dossier does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.edges.database import Database
from pipeline.edges.storage import Storage
from pipeline.model import PAPER, Kind, message_file
from pipeline.practice import Practice
from pipeline.retention import learning, strays

Files = Callable[[Database, Storage, str], list[str]]
Outside = Callable[[Practice, str], None]


@dataclass(frozen=True)
class Part:
    """One part: the files that hold it, the statements that take it out of the rows, and the values to look for after.

    Everything is asked of one key: the dossier's reference, or the number of a mail that belongs to none. `outside`
    removes what lies outside the storage.
    """

    files: Files
    rows: tuple[str, ...]
    values: str = ""
    outside: Outside | None = None


def _client_files(_database: Database, storage: Storage, dossier: str) -> list[str]:
    return _named(storage, dossier, f"{dossier}-client-v*.yaml")


def _printed(kind: Kind) -> Files:
    def files(_database: Database, storage: Storage, dossier: str) -> list[str]:
        found = _named(storage, dossier, f"{dossier}-{kind.number}-v*.pdf")
        return [name for name in found if not name.endswith("-countersigned.pdf")]

    return files


def _returned(kind: Kind) -> Files:
    def files(database: Database, storage: Storage, dossier: str) -> list[str]:
        rows = database.rows("SELECT kind, files, picture FROM returns WHERE dossier = ?", dossier)
        named = [(row["kind"], name) for row in rows for name in (*json.loads(row["files"]), row["picture"]) if name]
        others = {name for of, name in named if of != kind}  # two papers scanned into one file go with the later
        kept = [name for of, name in named if of == kind and name not in others]
        return [*kept, *_named(storage, dossier, f"{dossier}-{kind.number}-v*-countersigned.pdf")]

    return files


def _frozen(database: Database, _storage: Storage, dossier: str) -> list[str]:
    rows = database.rows("SELECT token FROM messages WHERE dossier = ?", dossier)
    return [message_file(row["token"]) for row in rows]


def _raw_mails(database: Database, _storage: Storage, dossier: str) -> list[str]:
    return [row["file"] for row in database.rows("SELECT file FROM mails WHERE dossier = ? AND file <> ''", dossier)]


def _everything(_database: Database, storage: Storage, dossier: str) -> list[str]:
    folder = storage.path(f"dossiers/{dossier}")
    return sorted(str(path.relative_to(storage.root)) for path in folder.rglob("*") if not path.is_dir())


def _named(storage: Storage, dossier: str, pattern: str) -> list[str]:
    folder = storage.path(f"dossiers/{dossier}")
    return sorted(str(path.relative_to(storage.root)) for path in folder.glob(pattern) if path.is_file())


def _without(*fields: str) -> tuple[str, ...]:
    """Take fields out of the client file as it is kept in every revision."""
    return (
        # What cannot be made from whole facts is not made, and what was made from them and has not left does not leave.
        "UPDATE requests SET state = 'superseded' WHERE dossier = ? AND state IN ('accepted', 'failed', 'written')",
        "UPDATE messages SET state = 'superseded' WHERE dossier = ? AND state NOT IN ('accepted', 'refused')",
        (
            f"UPDATE requests SET facts = json_remove(facts, {_paths(*fields)}), reason = NULL, sha256 = ''"  # noqa: S608
            " WHERE dossier = ?"
        ),
    )


def _paths(*fields: str) -> str:
    return ", ".join(f"'$.{field}'" for field in fields)


def _texts(*fields: str) -> str:
    """Ask for every text under these fields of a client file, in every revision."""
    under = " OR ".join(f"found.fullkey = '$.{field}' OR found.fullkey LIKE '$.{field}.%'" for field in fields)
    return (
        "SELECT DISTINCT found.value FROM requests, json_tree(requests.facts) AS found"  # noqa: S608 - our own words
        f" WHERE requests.dossier = ?1 AND found.type = 'text' AND ({under})"
    )


IN_TOUCH = ("client.name", "client.email")
"""What stays of somebody who agreed to stay in touch, for as long as she does not take that back."""
CONTACT = ("client.formerly", "client.salutation", "client.phone")
EMPLOYER = ("client.role", "client.organisation")
PRINTED = "UPDATE documents SET sha256 = '', boxes = '{{}}' WHERE dossier = ? AND kind = '{kind}'"
UNASKED = "SET state = 'settled', settled_at = opened_at, decision = 'erased'"
OF_RETURNS = "return IN (SELECT number FROM returns WHERE dossier = ?1 AND kind = '{kind}')"
OF_MAILS = "(dossier = ?1 OR mail IN (SELECT number FROM mails WHERE dossier = ?1))"
RETURNED = (
    # What is gone is not asked about any more.
    f"UPDATE attention {UNASKED} WHERE state = 'open' AND {OF_RETURNS}",
    f"UPDATE attention SET return = NULL, reasons = '[]' WHERE {OF_RETURNS}",  # noqa: S608 - our own words
    "DELETE FROM returns WHERE dossier = ?1 AND kind = '{kind}'",
)

AGREED = "EXISTS (SELECT 1 FROM events WHERE dossier = ?1 AND event = 'consented')"
YES = "EXISTS (SELECT 1 FROM standing_consents WHERE dossier = ?1 AND purpose = 'keep_in_touch' AND given)"
STAYS = f"{AGREED} AND {YES}"
"""Closing has written down that she agreed to stay in touch; and she has not taken it back."""
LEAVES_TOUCH = (
    f"UPDATE requests SET facts = json_remove(facts, {_paths(*IN_TOUCH)}) WHERE dossier = ?1 AND NOT ({STAYS})",  # noqa: S608
    f"DELETE FROM consents WHERE dossier = ?1 AND purpose = 'keep_in_touch' AND {AGREED} AND NOT ({STAYS})",  # noqa: S608
    f"DELETE FROM events WHERE dossier = ?1 AND event = 'consented' AND NOT ({STAYS})",  # noqa: S608 - our own words
)
"""Name and address stay where she agreed to that; once she takes it back they go, with her yes and her no."""

PARTS: dict[str, Part] = {
    "client": Part(
        _client_files,
        (
            "UPDATE obligations SET state = 'superseded' WHERE dossier = ? AND state = 'awaited'",
            *_without(*CONTACT),
            *LEAVES_TOUCH,
            *learning.GOES_WITH_ITS_DOSSIER,
            "UPDATE dossiers SET client_key = '' WHERE reference = ?",
            "UPDATE holds SET reason = '' WHERE dossier = ? AND lifted_at IS NOT NULL",
            "UPDATE extensions SET reason = '' WHERE dossier = ? AND lifted_at IS NOT NULL",
        ),
        f"{_texts(*CONTACT)} UNION {_texts(*IN_TOUCH)} AND NOT ({STAYS}) UNION {learning.MARKED}",
    ),
    "employer": Part(_client_files, _without(*EMPLOYER), _texts(*EMPLOYER)),
    "sponsor": Part(
        _client_files,
        (
            "UPDATE obligations SET state = 'superseded' WHERE dossier = ? AND state = 'awaited' AND party = 'sponsor'",
            *_without("sponsor"),
        ),
        _texts("sponsor"),
    ),
    "goal": Part(_client_files, _without("goal"), _texts("goal")),
    "offer": Part(_client_files, _without("programme", "lines"), _texts("lines")),
    "quote": Part(_printed(Kind.QUOTE), (PRINTED.format(kind=Kind.QUOTE),)),
    "consent": Part(
        _printed(Kind.CONSENT),
        (
            PRINTED.format(kind=Kind.CONSENT),
            f"DELETE FROM consents WHERE dossier = ?1 AND NOT (purpose = 'keep_in_touch' AND {AGREED})",  # noqa: S608
            "DELETE FROM approvals WHERE dossier = ?",
        ),
    ),
    "signed_quote": Part(_returned(Kind.QUOTE), tuple(sql.format(kind=Kind.QUOTE) for sql in RETURNED)),
    "signed_consent": Part(_returned(Kind.CONSENT), tuple(sql.format(kind=Kind.CONSENT) for sql in RETURNED)),
    "mail_out": Part(
        _frozen,
        (
            "UPDATE messages SET state = 'superseded' WHERE dossier = ? AND state <> 'accepted'",
            (
                "UPDATE messages SET recipient = '', sha256 = '', reason = NULL, bounced = NULL, copy_state = CASE"
                " copy_state WHEN 'filed' THEN 'filed' ELSE 'none' END WHERE dossier = ?"
            ),
        ),
        "SELECT DISTINCT recipient FROM messages WHERE dossier = ? AND recipient <> ''",
    ),
    "mail_in": Part(
        _raw_mails,
        (
            f"UPDATE attention {UNASKED} WHERE state = 'open' AND mail IS NOT NULL AND {OF_MAILS}",
            f"UPDATE attention SET reasons = '[]' WHERE mail IS NOT NULL AND {OF_MAILS}",  # noqa: S608 - our own
            (
                "UPDATE mails SET file = '', mark = NULL, move = NULL,"
                " state = CASE WHEN state IN ('stored', 'waiting') THEN 'filed' ELSE state END WHERE dossier = ?"
            ),
        ),
    ),
}
"""The parts of a dossier, by the names that the plan gives them."""

SHELL = Part(
    _everything,
    (
        # Paper that is still to be destroyed stays a question; it knows the reference and nothing else.
        (
            f"DELETE FROM attention WHERE (dossier = ?1 AND NOT (what = '{PAPER}' AND state = 'open'))"  # noqa: S608
            " OR mail IN (SELECT number FROM mails WHERE dossier = ?1)"
            " OR return IN (SELECT number FROM returns WHERE dossier = ?1)"
        ),
        *learning.GOES_WITH_ITS_DOSSIER,
        "DELETE FROM extensions WHERE dossier = ?",
        "DELETE FROM consents WHERE dossier = ?",
        "DELETE FROM approvals WHERE dossier = ?",
        "DELETE FROM returns WHERE dossier = ?",
        # A mail that another dossier rests on as well stays with that one.
        (
            "UPDATE mails SET dossier = coalesce((SELECT dossier FROM consents WHERE mail = mails.number),"
            " (SELECT dossier FROM returns WHERE mail = mails.number)) WHERE dossier = ?1 AND number IN"
            " (SELECT mail FROM consents UNION SELECT mail FROM returns)"
        ),
        "DELETE FROM arrivals WHERE mail IN (SELECT number FROM mails WHERE dossier = ?)",
        "DELETE FROM purges WHERE dossier = ?",
        "DELETE FROM mails WHERE dossier = ?",
        "DELETE FROM copies WHERE token IN (SELECT token FROM messages WHERE dossier = ?)",
        "DELETE FROM messages WHERE dossier = ?",
        "DELETE FROM obligations WHERE dossier = ?",
        "DELETE FROM documents WHERE dossier = ?",
        "DELETE FROM requests WHERE dossier = ?",
        "DELETE FROM events WHERE dossier = ?",
        "DELETE FROM holds WHERE dossier = ?",
        "DELETE FROM erasures WHERE dossier = ?",
        "DELETE FROM dossiers WHERE reference = ?",
    ),
)
"""What is left when every part has gone: the rows that only say that there was a dossier."""


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


def _invoice_file(database: Database, _storage: Storage, number: str) -> list[str]:
    rows = database.rows("SELECT file FROM invoices WHERE number = ? AND file IS NOT NULL", number)
    return [row["file"] for row in rows]


INVOICES = {
    "rest": Part(
        _invoice_file,
        ("UPDATE invoices SET rest = NULL, file = NULL, sha256 = NULL WHERE number = ?",),
        "SELECT DISTINCT found.value FROM invoices, json_tree(coalesce(rest, '{}')) AS found"
        " WHERE number = ? AND found.type = 'text'",
    ),
    "statutory": Part(
        _invoice_file,
        ("DELETE FROM invoices WHERE number = ?",),
        "SELECT DISTINCT found.value FROM invoices, json_tree(statutory) AS found"
        " WHERE number = ? AND found.type = 'text'",
    ),
}
"""An invoice in two, known by its number: what the law names stays to the end of its duty, the rest goes on time."""

CASE = Part(
    lambda _database, _storage, _code: [],
    ("DELETE FROM cases WHERE code = ?",),
    learning.PIECES,
)
"""A case to learn from, known by its code; which dossier it came from nothing tells."""

NUMBERED = {"mail": UNFILED, "file": REFUSED, "daily": DAILY, "case": CASE, **INVOICES}
"""What is no part of a dossier, by the first word of its name; the second is its key."""
