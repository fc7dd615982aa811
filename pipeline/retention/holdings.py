"""What each part of a dossier is made of: the files that go with it, and what is done to the rows.

One table for all that is held, with `numbered` for what is in no dossier, so that nothing can be forgotten: a test
compares them with every column of the database and every folder of the storage. What is in a row goes field by field;
the row itself goes when the dossier does.
"""

from __future__ import annotations

from pipeline.model import PAPER, AttentionState, Kind
from pipeline.retention import course, held_files, learning
from pipeline.retention.course import UNASKED
from pipeline.retention.part import Part


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
        held_files.client_file,
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
    "employer": Part(held_files.client_file, _without(*EMPLOYER), _texts(*EMPLOYER)),
    "sponsor": Part(
        held_files.client_file,
        (
            "UPDATE obligations SET state = 'superseded' WHERE dossier = ? AND state = 'awaited' AND party = 'sponsor'",
            UNQUOTED,
            *_without("sponsor"),
        ),
        _texts("sponsor"),
    ),
    "goal": Part(held_files.client_file, _without("goal"), _texts("goal")),
    "offer": Part(held_files.client_file, _without("programme", "lines"), _texts("lines")),
    "quote": Part(held_files.printed(Kind.QUOTE), (PRINTED.format(kind=Kind.QUOTE),)),
    "consent": Part(
        held_files.printed(Kind.CONSENT),
        (
            PRINTED.format(kind=Kind.CONSENT),
            f"DELETE FROM consents WHERE dossier = ?1 AND NOT (purpose = 'keep_in_touch' AND {AGREED})",  # noqa: S608
        ),
    ),
    "signed_quote": Part(held_files.returned(Kind.QUOTE), back(Kind.QUOTE)),
    "signed_consent": Part(held_files.returned(Kind.CONSENT), back(Kind.CONSENT)),
    **{
        part: Part(held_files.whole(kind), (*course.whole_rows(kind), *back(kind), *WORDS.get(kind, ())))
        for part, (_, kind) in course.WHOLE.items()
    },
    course.REPORT: Part(course.report_files, course.REPORT_ROWS),
    course.DRAFTS: Part(held_files.drafts, (*course.DRAFTS_ROWS, *back(Kind.REPORT))),
    course.RETURNED_INVOICE: Part(held_files.returned(Kind.INVOICE), back(Kind.INVOICE)),
    "mail_out": Part(
        held_files.frozen,
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
        held_files.raw_mails,
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
    held_files.everything,
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
