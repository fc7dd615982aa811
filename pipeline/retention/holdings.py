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
from pipeline.model import PAPER, AttentionState, Kind, message_file
from pipeline.practice import Practice
from pipeline.retention import course, learning, strays
from pipeline.retention.course import UNASKED

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


def _whole(kind: Kind) -> Files:
    """Give the files of a kind of document that came in the course of a coaching, and of what came back of it."""
    back = _returned(kind)

    def files(database: Database, storage: Storage, dossier: str) -> list[str]:
        own = course.whole_files(database, storage, dossier, kind)
        return [*own, *(name for name in back(database, storage, dossier) if name not in own)]

    return files


def _drafts(database: Database, storage: Storage, dossier: str) -> list[str]:
    own = course.draft_files(database, storage, dossier)
    back = _returned(Kind.REPORT)(database, storage, dossier)
    return [*own, *(name for name in back if name not in own)]


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


UNQUOTED = "UPDATE obligations SET question = NULL WHERE dossier = ?"
"""What was asked of her names her, and who pays."""
IN_TOUCH = ("client.name", "client.email")
"""What stays of somebody who agreed to stay in touch, for as long as she does not take that back."""
CONTACT = ("client.formerly", "client.salutation", "client.phone")
EMPLOYER = ("client.role", "client.organisation")
PRINTED = "UPDATE documents SET sha256 = '', boxes = '{{}}' WHERE dossier = ? AND kind = '{kind}'"
OF_RETURNS = "return IN (SELECT number FROM returns WHERE dossier = ?1 AND kind = '{kind}')"
OF_MAILS = "(dossier = ?1 OR mail IN (SELECT number FROM mails WHERE dossier = ?1))"
RETURNED = (
    # What is gone is not asked about any more.
    f"UPDATE attention SET {UNASKED} WHERE state = 'open' AND {OF_RETURNS}",  # noqa: S608 - our own words
    f"UPDATE attention SET return = NULL, reasons = '[]' WHERE {OF_RETURNS}",  # noqa: S608 - our own words
    "DELETE FROM returns WHERE dossier = ?1 AND kind = '{kind}'",
)
WORDS = {Kind.APPROVAL: ("DELETE FROM approvals WHERE dossier = ?1",)}
"""What goes with a kind of document beside its own rows: with the forms her word on what they are about."""


def back(kind: Kind) -> tuple[str, ...]:
    """Give what removes that a kind of document came back."""
    return tuple(sql.format(kind=kind) for sql in RETURNED)


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
            UNQUOTED,
            *_without(*CONTACT),
            *LEAVES_TOUCH,
            *learning.GOES_WITH_ITS_DOSSIER,
            "UPDATE dossiers SET client_key = '' WHERE reference = ?",
            "UPDATE holds SET reason = '' WHERE dossier = ? AND lifted_at IS NOT NULL",
            "UPDATE extensions SET reason = '' WHERE dossier = ? AND lifted_at IS NOT NULL",
            # What was asked about a dossier and is answered tells nothing that is still needed.
            f"UPDATE attention SET reasons = '[]' WHERE dossier = ? AND state = '{AttentionState.SETTLED}'",  # noqa: S608
        ),
        f"{_texts(*CONTACT)} UNION {_texts(*IN_TOUCH)} AND NOT ({STAYS}) UNION {learning.MARKED}",
    ),
    "employer": Part(_client_files, _without(*EMPLOYER), _texts(*EMPLOYER)),
    "sponsor": Part(
        _client_files,
        (
            "UPDATE obligations SET state = 'superseded' WHERE dossier = ? AND state = 'awaited' AND party = 'sponsor'",
            UNQUOTED,
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
        ),
    ),
    "signed_quote": Part(_returned(Kind.QUOTE), back(Kind.QUOTE)),
    "signed_consent": Part(_returned(Kind.CONSENT), back(Kind.CONSENT)),
    **{
        part: Part(_whole(kind), (*course.whole_rows(kind), *back(kind), *WORDS.get(kind, ())))
        for part, (_, kind) in course.WHOLE.items()
    },
    course.REPORT: Part(course.report_files, course.REPORT_ROWS),
    course.DRAFTS: Part(_drafts, (*course.DRAFTS_ROWS, *back(Kind.REPORT))),
    course.RETURNED_INVOICE: Part(_returned(Kind.INVOICE), back(Kind.INVOICE)),
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
            f"UPDATE attention SET {UNASKED} WHERE state = 'open' AND mail IS NOT NULL AND {OF_MAILS}",  # noqa: S608
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
        "DELETE FROM closings WHERE dossier = ?",
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
